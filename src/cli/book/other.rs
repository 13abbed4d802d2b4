//! Rules beside those of the book: from a file, or of another edition that the book holds.

use std::path::Path;

use clap::Args;

use crate::app::book::{self, Other};
use crate::app::{self, Loaded};
use crate::base::Date;
use crate::book::Book;
use crate::check::Checked;
use crate::diagnostics::{Diagnostic, Words};
use crate::formats::{InputOptions, Mapping, Project, file_of};
use crate::plan::Choices;
use crate::report::names::Names;
use crate::rows::RegisterTable;

use super::super::console::Console;
use super::super::exit::Stop;
use super::super::places::Source;
use super::super::{job, rules};
use super::Failed;

/// Which rules, and what they read besides events.
#[derive(Debug, Args)]
pub(super) struct OtherArgs {
    /// Rows of a register [default: those of the book's last batch that has them]
    #[arg(long, value_name = "NAME=FILE", requires = "with")]
    register: Vec<String>,
    /// With the amendments of this scenario
    #[arg(long, value_name = "NAME", requires = "with")]
    scenario: Option<String>,
    /// Choose an option of a reading
    #[arg(long, value_name = "NAME=OPTION", requires = "with")]
    reading: Vec<String>,
}

/// The other rules, ready.
pub(super) struct OtherRules {
    loaded: Loaded,
    checked: Checked,
    warnings: Vec<Diagnostic>,
    names: Names,
    choices: Choices,
    registers: Vec<(u32, RegisterTable)>,
}

impl OtherRules {
    /// The files that were read.
    pub(super) fn sources(&self, with: &str, args: &OtherArgs) -> Vec<Source> {
        let registers = args.register.iter().filter_map(|named| named.split_once('='));
        let register = |file| Source::new(file_of(file), "a register", "登记簿文件");
        let mut sources: Vec<Source> = registers.map(|(_, file)| register(file)).collect();
        sources.extend(self.loaded.files.iter().map(|file| Source::rules(&file.path)));
        let project = Path::new(with).join("fenshui.toml");
        sources.push(Source::new(project, "the project file", "项目文件"));
        sources
    }

    /// What the book is asked about.
    pub(super) fn other(&self, console: &Console, known_on: Option<Date>) -> Other<'_> {
        Other {
            loaded: &self.loaded,
            checked: &self.checked,
            names: &self.names,
            choices: &self.choices,
            registers: self.registers.clone(),
            known_on,
            language: console.language,
            folder: std::env::temp_dir(),
        }
    }
}

/// Reads the rules by which something is posted, and says what `check` would warn of.
pub(super) fn read_to_post(
    console: &Console,
    open: &mut Book,
    with: &str,
    args: &OtherArgs,
) -> Result<OtherRules, Failed> {
    let rules = read(console, open, with, args)?;
    rules::warn(console, &rules.loaded, &rules.warnings);
    Ok(rules)
}

/// Reads the rules: a file or folder, else an edition by its entry or digest.
pub(super) fn read(
    console: &Console,
    open: &mut Book,
    with: &str,
    args: &OtherArgs,
) -> Result<OtherRules, Failed> {
    let path = Path::new(with);
    let (loaded, scenario) = if path.exists() {
        (rules::load_project(console, path, &Project::of(path)?)?, None)
    } else {
        book::texts_of_edition(open, with)?.ok_or_else(|| none_such(with))?
    };
    let scenario = args.scenario.as_deref().or(scenario.as_deref());
    let (checked, warnings) = rules::compile_to_run(console, &loaded, scenario)?;
    let names = app::names(checked.rule_set(), console.language);
    let choices = app::choices(checked.rule_set(), &args.reading)
        .map_err(|words| Stop::error(words, None))?;
    let options = InputOptions::default();
    let (registers, remarks) =
        app::read_registers(&names, &args.register, options, &Mapping::default())?;
    // The others are those of the book.
    let registers = app::only_named(&registers, &names, &args.register);
    job::say_remarks(console, &remarks);
    Ok(OtherRules { loaded, checked, warnings, names, choices, registers })
}

/// What was named as rules is neither.
pub(super) fn none_such(with: &str) -> Stop {
    Stop::error(
        Words::new(
            format!("`{with}` is no file of rules and no edition of the book"),
            format!("「{with}」不是规则文件，也不是账簿中的规则版本"),
        ),
        Some(Words::new(
            "an edition is named by its entry or the beginning of its digest",
            "规则版本用其条号或摘要的开头指定",
        )),
    )
}
