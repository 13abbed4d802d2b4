//! An edition of rules on its way into a book, and out of it.

use crate::base::FileId;
use crate::book::{Edition, SourceText};
use crate::check::Checked;
use crate::diagnostics::{Language, Words};
use crate::model::{self, Choice, RuleSet};
use crate::report::names::Names;

use super::super::load::{Loaded, LoadedFile};
use super::BookTrouble;
use super::schema::schema;

/// What stands between the name of the main module and that of a scenario in an edition's name.
const WITH: &str = " with ";

/// The edition of rules that were read and compiled.
pub(super) fn edition(loaded: &Loaded, rules: &RuleSet) -> Edition {
    let texts = (0_u32..)
        .zip(&loaded.files)
        .map(|(at, file)| SourceText::new(path(file), loaded.sources.text(FileId(at)).to_owned()));
    Edition { name: name(rules), texts: texts.collect(), schema: schema(rules) }
}

/// The name of the main module, and that of the scenario.
fn name(rules: &RuleSet) -> String {
    let mut name = rules.modules.last().map_or_else(String::new, |it| it.name.text.clone());
    if let Some(scenario) = &rules.scenario {
        name.push_str(WITH);
        name.push_str(scenario);
    }
    name
}

/// The path of a text: as the user named it; of one that is there because a module is used, by the
/// module, since where a library lies on this machine is no part of the rules.
fn path(file: &LoadedFile) -> String {
    match file.modules.first().filter(|_| !file.named) {
        Some(module) => {
            let name = file.path.to_string_lossy();
            let ending = if name.ends_with(".md") { "fen.md" } else { "fen" };
            format!("{}.{ending}", module.replace('.', "/"))
        }
        None => file.path.display().to_string(),
    }
}

/// The texts of an edition, parsed, and its scenario.
pub(super) fn texts_of(edition: &Edition) -> (Loaded, Option<String>) {
    let texts = edition.texts.iter().map(|it| (it.path.as_str(), it.text.as_str()));
    let scenario = edition.name.split_once(WITH).map(|(_, scenario)| scenario.to_owned());
    (Loaded::from_texts(texts), scenario)
}

/// Which kinds of events data send by an edition, if it declares what its texts do, as this version reads
/// them.
pub(super) fn sent_by_its_texts(edition: &Edition) -> Option<Vec<bool>> {
    let (loaded, scenario) = texts_of(edition);
    let compiled = crate::app::compile(&loaded, &Choice { scenario });
    let rules = compiled.checked.as_ref().map(Checked::rule_set)?;
    let declared = name(rules) == edition.name && schema(rules) == edition.schema;
    let sent = |event: &model::Event| matches!(event.source, model::EventSource::Sent);
    declared.then(|| rules.events.iter().map(sent).collect())
}

/// The rules of an edition, compiled anew.
#[derive(Debug)]
pub(super) struct Rules {
    pub(super) loaded: Loaded,
    pub(super) checked: Checked,
    pub(super) names: Names,
}

impl Rules {
    /// Compiles the texts of an edition.
    ///
    /// # Errors
    /// This version finds errors in them, or gives other positions to what they declare.
    pub(super) fn of(edition: &Edition, language: Language) -> Result<Rules, BookTrouble> {
        let (loaded, scenario) = texts_of(edition);
        let compiled = crate::app::compile(&loaded, &Choice { scenario });
        let Some(checked) = compiled.checked else {
            let errors = compiled.findings.into_iter();
            let errors = errors.filter(|it| it.severity == crate::diagnostics::Severity::Error);
            return Err(BookTrouble::Rules(Box::new((loaded.sources, errors.collect()))));
        };
        if schema(checked.rule_set()) != edition.schema {
            return Err(BookTrouble::refused(
                Words::new(
                    format!(
                        "this version reads the rules `{}` of the book otherwise than their edition tells",
                        edition.name
                    ),
                    format!("本版本对账簿中规则「{}」的读法与其规则版本所载不同", edition.name),
                ),
                Some(Words::new(
                    "use the version that the batch names as its evaluator; if that is this one, what the \
                     edition tells was not made of its texts",
                    "请使用该批次所记的求值器版本；若即本版本，则规则版本所载并非由其文本而来",
                )),
            ));
        }
        let names = crate::app::names(checked.rule_set(), language);
        Ok(Rules { loaded, checked, names })
    }
}
