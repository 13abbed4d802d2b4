//! Which names a module sees: its own and those of the modules it uses, directly or through others.

use std::collections::BTreeMap;

use crate::base::Span;
use crate::diagnostics::{Diagnostic, Words};
use crate::syntax::{ast, function_name};

use super::{Reported, Resolved, Resolver, words};
use crate::model::ModuleId;

/// What a name may stand for. Each kind is a space of its own: a tally and a field may share a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Kind {
    Law,
    Enumeration,
    Account,
    Pool,
    Event,
    Register,
    Parameter,
    Schedule,
    Reading,
    Tally,
    Carry,
    Rule,
    Levy,
    Figure,
}

#[derive(Debug, Clone, Copy)]
struct Declared {
    module: ModuleId,
    id: u32,
    span: Span,
}

/// All declared names of a compilation.
#[derive(Debug, Default)]
pub(super) struct Names<'a> {
    declared: BTreeMap<(Kind, String), Vec<Declared>>,
    /// For each module, the modules whose names it sees, itself first.
    pub(super) visible: Vec<Vec<ModuleId>>,
    /// The key of each carry as written.
    pub(super) carry_keys: Vec<Vec<&'a ast::Expr>>,
    /// Module names, by id.
    pub(super) modules: Vec<&'a ast::Name>,
}

impl<'a> Resolver<'a> {
    /// Enters a name; one declared twice in a module is reported.
    pub(super) fn enter(&mut self, kind: Kind, module: ModuleId, name: &ast::Name, id: u32) {
        self.enter_as(kind, module, &name.text, name.span, id);
    }

    pub(super) fn enter_as(
        &mut self,
        kind: Kind,
        module: ModuleId,
        text: &str,
        span: Span,
        id: u32,
    ) {
        if kind == Kind::Schedule && function_name(text).is_some() {
            let words = Words::new(
                format!("`{text}` is the name of a function"),
                format!("「{text}」是函数名"),
            );
            let help = Words::new("call the schedule otherwise", "请为税率表另取名称");
            self.report(Diagnostic::error(words::DECLARED_TWICE, span, words).with_help(help));
            return;
        }
        let entries = self.names.declared.entry((kind, text.to_owned())).or_default();
        if let Some(first) = entries.iter().find(|entry| entry.module == module) {
            let first = first.span;
            let what = words::kind(kind);
            self.report(
                Diagnostic::error(
                    words::DECLARED_TWICE,
                    span,
                    Words::new(
                        format!("{} `{text}` is declared twice", what.en),
                        format!("{}「{text}」声明了两次", what.zh),
                    ),
                )
                .with_note(first, Words::new("first declared here", "首次声明在这里")),
            );
            return;
        }
        entries.push(Declared { module, id, span });
    }

    /// What a name stands for in a module, if anything.
    pub(super) fn find(&self, kind: Kind, module: ModuleId, text: &str) -> Option<u32> {
        let (path, last) = match text.rsplit_once('.') {
            Some((path, last)) => (Some(path), last),
            None => (None, text),
        };
        let entries = self.names.declared.get(&(kind, last.to_owned()))?;
        let visible = self.names.visible.get(module.index())?;
        visible
            .iter()
            .filter(|seen| path.is_none_or(|path| self.module_name(**seen) == Some(path)))
            .find_map(|seen| entries.iter().find(|entry| entry.module == *seen))
            .map(|entry| entry.id)
    }

    fn module_name(&self, module: ModuleId) -> Option<&str> {
        self.names.modules.get(module.index()).map(|name| name.text.as_str())
    }

    /// What a name stands for, or a report with the nearest known one.
    pub(super) fn need(&mut self, kind: Kind, module: ModuleId, name: &ast::Name) -> Resolved<u32> {
        match self.find(kind, module, &name.text) {
            Some(id) => Ok(id),
            None => {
                let known = self.known(&[kind], module);
                Err(self.unknown(&words::kind(kind), name, &known))
            }
        }
    }

    /// All names of some kinds that a module sees.
    pub(super) fn known(&self, kinds: &[Kind], module: ModuleId) -> Vec<String> {
        let Some(visible) = self.names.visible.get(module.index()) else { return Vec::new() };
        self.names
            .declared
            .iter()
            .filter(|((kind, _), entries)| {
                kinds.contains(kind) && entries.iter().any(|entry| visible.contains(&entry.module))
            })
            .map(|((_, text), _)| text.clone())
            .collect()
    }

    /// Whether a name stands in a declaration that could not be read.
    pub(super) fn is_broken(&self, text: &str) -> bool {
        let last = text.rsplit_once('.').map_or(text, |(_, last)| last);
        self.broken.contains(last)
    }

    /// Reports an unknown name with the nearest known one.
    pub(super) fn unknown(&mut self, what: &Words, name: &ast::Name, known: &[String]) -> Reported {
        self.unknown_else(what, name, known, None)
    }

    /// The same, with a help of its own where no known name is near.
    pub(super) fn unknown_else(
        &mut self,
        what: &Words,
        name: &ast::Name,
        known: &[String],
        else_help: Option<Words>,
    ) -> Reported {
        let text = &name.text;
        if self.is_broken(text) {
            return Reported;
        }
        if let Some(removed) = self.removed_by_scenario(name) {
            return self.report(removed);
        }
        let near = nearest(text, known);
        if near.is_none() && self.missing.contains(&name.span.file) {
            return Reported;
        }
        let mut diagnostic = Diagnostic::error(
            words::UNKNOWN_NAME,
            name.span,
            Words::new(
                format!("there is no {} named `{text}` here", what.en),
                format!("这里没有名为「{text}」的{}", what.zh),
            ),
        );
        if let Some((meant, help)) = self.meant(text) {
            return self.report(diagnostic.with_help(help).with_fix(name.span, meant));
        }
        match near {
            Some(near) => {
                diagnostic = diagnostic
                    .with_help(Words::new(
                        format!("did you mean `{near}`?"),
                        format!("是否想写「{near}」？"),
                    ))
                    .with_fix(name.span, near);
            }
            None if else_help.is_some() => {
                diagnostic = else_help.into_iter().fold(diagnostic, Diagnostic::with_help);
            }
            None if !known.is_empty() && known.len() <= 12 => {
                diagnostic = diagnostic.with_help(Words::new(
                    format!("known here: {}", quoted(known, "`", "`", ", ")),
                    format!("此处可用：{}", quoted(known, "「", "」", "、")),
                ));
            }
            None => {}
        }
        self.report(diagnostic)
    }
}

impl Resolver<'_> {
    /// What a word means that is no name, but one knows well: the label of something, a Chinese word that
    /// is nearly one of the language, or tenths (`六成`).
    fn meant(&self, text: &str) -> Option<(String, Words)> {
        let set = &self.set;
        let members = set.enumerations.iter().flat_map(|tree| &tree.members).map(|it| &it.name);
        let names = members
            .chain(set.accounts.iter().map(|it| &it.name))
            .chain(set.pools.iter().map(|it| &it.name))
            .chain(set.events.iter().map(|it| &it.name))
            .chain(set.registers.iter().map(|it| &it.name))
            .chain(set.rules.iter().map(|it| &it.name));
        let labelled = |name: &&crate::model::Name| {
            name.text != text && [&name.zh, &name.en].into_iter().flatten().any(|it| it == text)
        };
        if let Some(name) = names.into_iter().find(labelled).map(|name| name.text.clone()) {
            let help = Words::new(
                format!("`{text}` is the label of `{name}`: write `{name}`"),
                format!("「{text}」是「{name}」的标签：请写「{name}」"),
            );
            return Some((name, help));
        }
        let ours = match text {
            "其它" => "其他".to_owned(),
            "剩余" | "余额" | "余下" => "其余".to_owned(),
            _ => tenths(text)?,
        };
        let help = Words::new(format!("write `{ours}`"), format!("请写「{ours}」"));
        Some((ours, help))
    }
}

/// `六成` is `60%`, `六成五` is `65%`.
fn tenths(text: &str) -> Option<String> {
    let digit = |c: char| "零一二三四五六七八九".chars().position(|it| it == c);
    let mut letters = text.chars();
    let tens = digit(letters.next()?)?;
    (letters.next()? == '成').then_some(())?;
    let ones = match letters.next() {
        None => 0,
        Some(c) => digit(c)?,
    };
    letters.next().is_none().then(|| format!("{}%", tens * 10 + ones))
}

fn quoted(names: &[String], open: &str, close: &str, between: &str) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("{open}{name}{close}")).collect();
    quoted.join(between)
}

/// The known name a misspelt one most likely meant.
pub(super) fn nearest<'n>(text: &str, known: &'n [String]) -> Option<&'n str> {
    let length = text.chars().count();
    let allowed = if length <= 3 { 1 } else { 1 + length / 4 };
    known
        .iter()
        .map(|name| (strsim::damerau_levenshtein(text, name), name.as_str()))
        // The same word is known, and cannot be what is missing here.
        .filter(|(distance, _)| *distance > 0)
        .filter(|(distance, name)| *distance <= allowed && *distance < name.chars().count())
        .min()
        .map(|(_, name)| name)
}
