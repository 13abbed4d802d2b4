//! The rules and data that several verbs ask for: raw flags become one checked object.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::app::{self, EventFile, Loaded, Remark};
use crate::base::Date;
use crate::check::Checked;
use crate::diagnostics::{Diagnostic, Words};
use crate::formats::{
    Encoding, FormatsError, InputOptions, Layout, Mapping, Project, encoding_words, read_text,
};
use crate::plan::Choices;
use crate::report::names::Names;
use crate::rows::RegisterTable;

use super::args::{InputFormat, JobArgs};
use super::console::Console;
use super::exit::Stop;
use super::rules;

/// Everything a run needs but its outputs.
pub(super) struct Prepared {
    pub(super) loaded: Loaded,
    pub(super) checked: Checked,
    pub(super) names: Names,
    pub(super) choices: Choices,
    pub(super) events: Vec<EventFile>,
    pub(super) registers: Vec<(u32, RegisterTable)>,
    /// `NAME=FILE` of each register file, in the order read.
    pub(super) register_files: Vec<String>,
    /// How files are read.
    options: InputOptions,
    pub(super) mapping: Mapping,
    /// The file of the mapping.
    pub(super) map: Option<PathBuf>,
    pub(super) through: Option<Date>,
    /// What `check` would warn of.
    pub(super) warnings: Vec<Diagnostic>,
    /// What is worth saying of the registers.
    pub(super) remarks: Vec<Remark>,
}

impl Prepared {
    /// The run these make, for a verb that runs them without giving them away.
    pub(super) fn job<'p>(&'p self, console: &'p Console) -> app::Job<'p> {
        app::Job {
            checked: &self.checked,
            names: &self.names,
            choices: &self.choices,
            events: &self.events,
            registers: &self.registers,
            mapping: &self.mapping,
            through: self.through,
            language: console.language,
            threads: console.threads,
            interrupted: &console.interrupted,
        }
    }

    /// The same with the rows of registers.
    fn with_registers(mut self) -> Result<Prepared, Stop> {
        (self.registers, self.remarks) = self.read_registers()?;
        Ok(self)
    }

    /// Reads the rows of registers.
    pub(super) fn read_registers(&self) -> Result<app::Registers, FormatsError> {
        app::read_registers(&self.names, &self.register_files, self.options, &self.mapping)
    }
}

/// Reads rules and the heads of the event files, for a verb that reads registers itself.
pub(super) fn prepare_to_run(console: &Console, args: &JobArgs) -> Result<Prepared, Stop> {
    let prepared = unread(console, args, one_scenario(args)?)?;
    rules::warn(console, &prepared.loaded, &prepared.warnings);
    Ok(prepared)
}

/// Reads rules, registers and the heads of the event files.
pub(super) fn prepare(console: &Console, args: &JobArgs) -> Result<Prepared, Stop> {
    let prepared = prepare_with(console, args, one_scenario(args)?)?;
    rules::warn(console, &prepared.loaded, &prepared.warnings);
    say_remarks(console, &prepared.remarks);
    Ok(prepared)
}

/// The same for a verb that only looks: what `check` would warn of is said where money moves.
pub(super) fn prepare_to_look(console: &Console, args: &JobArgs) -> Result<Prepared, Stop> {
    let prepared = prepare_with(console, args, one_scenario(args)?)?;
    say_remarks(console, &prepared.remarks);
    Ok(prepared)
}

/// The scenario of a verb that takes one.
pub(super) fn one_scenario(args: &JobArgs) -> Result<Option<&str>, Stop> {
    match args.scenario.as_slice() {
        [] => Ok(None),
        [only] => Ok(Some(only)),
        _ => Err(Stop::error(
            Words::new("a run takes one scenario", "一次运行只能用一个方案"),
            Some(Words::new(
                "`fenshui compare` holds two against each other",
                "比较两个方案请用 fenshui compare",
            )),
        )),
    }
}

/// The same with a scenario chosen by the verb, which also says what is worth saying.
pub(super) fn prepare_with(
    console: &Console,
    args: &JobArgs,
    scenario: Option<&str>,
) -> Result<Prepared, Stop> {
    unread(console, args, scenario)?.with_registers()
}

/// The same of rules that were read already.
pub(super) fn prepare_loaded(
    console: &Console,
    args: &JobArgs,
    scenario: Option<&str>,
    rules: (&Project, Loaded),
) -> Result<Prepared, Stop> {
    without_registers(console, args, scenario, rules)?.with_registers()
}

/// All but the rows of registers.
fn unread(console: &Console, args: &JobArgs, scenario: Option<&str>) -> Result<Prepared, Stop> {
    let project = Project::of(&args.rules)?;
    let loaded = rules::load_project(console, &args.rules, &project)?;
    without_registers(console, args, scenario, (&project, loaded))
}

fn without_registers(
    console: &Console,
    args: &JobArgs,
    scenario: Option<&str>,
    (project, loaded): (&Project, Loaded),
) -> Result<Prepared, Stop> {
    let (checked, warnings) = rules::compile_to_run(console, &loaded, scenario)?;
    let names = app::names(checked.rule_set(), console.language);
    let choices = app::choices(checked.rule_set(), &args.reading)
        .map_err(|words| Stop::error(words, None))?;
    let map = args.map.clone().or_else(|| project.map.as_ref().map(PathBuf::from));
    let mapping = mapping(map.as_deref(), &names)?;
    let options = input_options(args)?;
    let through = args.through.as_deref().map(date).transpose()?;
    let from_project = args.events.is_empty();
    let files = if from_project { &project.events } else { &args.events };
    let files = app::named_files(files)?;
    if files.is_empty() {
        return Err(Stop::error(
            Words::new("no files of events", "没有事项文件"),
            Some(Words::new(
                "name them after the rules, or in `fenshui.toml` (`events = […]`)",
                "请写在规则之后，或写入 fenshui.toml（events = […]）",
            )),
        ));
    }
    let events = app::open_events(&names, &files, options)?;
    let register_files = registers(args, project)?;
    Ok(Prepared {
        loaded,
        checked,
        names,
        choices,
        events,
        registers: Vec::new(),
        register_files,
        options,
        mapping,
        map,
        through,
        warnings,
        remarks: Vec::new(),
    })
}

/// Says what is worth knowing of the files read: a line each.
pub(super) fn say_remarks(console: &Console, remarks: &[Remark]) {
    remarks.iter().filter_map(remark_words).for_each(|words| console.note(&words));
}

fn remark_words(remark: &Remark) -> Option<Words> {
    Some(match remark {
        Remark::NoRows(file) => {
            Words::new(format!("`{file}` has no rows"), format!("「{file}」没有数据行"))
        }
        Remark::NoFile(register) => Words::new(
            format!(
                "register `{register}` has no rows: name its file with \
                 `--register {register}=FILE` or in `fenshui.toml`"
            ),
            format!(
                "登记簿「{register}」没有数据：\
                 请用 --register {register}=文件 指定其文件，或写入 fenshui.toml"
            ),
        ),
        Remark::Undated(file) => Words::new(
            format!(
                "`{file}`: no column says from or until when the dated fields hold, so they hold \
                 always; a mapping can name them (`from`, `until`)"
            ),
            format!(
                "「{file}」：没有表示起止日期的列，按始终有效处理；可在列对照中指定（from、until）"
            ),
        ),
        Remark::Unended(file, line) => Words::new(
            format!(
                "`{file}`: line {line}, the last, has no line end; if the file was cut off, what \
                 stands there is not whole"
            ),
            format!(
                "「{file}」：末行（第 {line} 行）没有换行符；若文件曾被截断，该行内容可能不完整"
            ),
        ),
        Remark::Misread(file, found) => {
            let words = encoding_words(*found);
            Words::new(format!("`{file}`: {}", words.en), format!("「{file}」：{}", words.zh))
        }
        Remark::Lookalikes { file, count, place, column, text } => Words::new(
            format!(
                "`{file}`: {count} {texts} blanks at their ends, letters in full width or an apostrophe \
                 before a sign, the first at {}, column `{column}`: `{text}`; to the rules these are other \
                 texts (keys, payees) than those without",
                place.en,
                texts = if *count == 1 { "text has" } else { "texts have" },
            ),
            format!(
                "「{file}」：{count} 个文本首尾有空白、含全角字母或数字、或以撇号加符号开头，首个在 {}「{column}」列：\
                 「{text}」；规则视其为与不带者不同的文本（键值、收款方）",
                place.zh
            ),
        ),
        Remark::Repeated(file, count, place) => Words::new(
            format!(
                "`{file}`: {count} {rows} set aside before because another event has the key (S03), the first \
                 at {}; they are events like any other here, so delete those that say the same twice",
                place.en,
                rows = if *count == 1 { "row was" } else { "rows were" },
            ),
            format!(
                "「{file}」：有 {count} 行曾因键值重复被搁置（S03），首个在 {}；此处按普通事项处理，重复的请删去",
                place.zh
            ),
        ),
        Remark::Ignored(file, columns) => return ignored_words(file, columns),
    })
}

fn ignored_words(file: &str, columns: &[String]) -> Option<Words> {
    const SHOWN_MAX: usize = 12;
    let more = if columns.len() > SHOWN_MAX { ", …" } else { "" };
    let shown: Vec<&str> = columns.iter().map(String::as_str).take(SHOWN_MAX).collect();
    (!columns.is_empty()).then(|| {
        Words::new(
            format!("`{file}`: columns not used: {}{more}", shown.join(", ")),
            format!("「{file}」：未使用的列：{}{more}", shown.join("、")),
        )
    })
}

pub(super) fn input_options(args: &JobArgs) -> Result<InputOptions, Stop> {
    let delimiter = args.delimiter.as_deref().map(delimiter).transpose()?;
    let layout = match (args.input_format, delimiter) {
        (Some(InputFormat::Json), _) => Some(Layout::Json),
        (Some(InputFormat::Ndjson), _) => Some(Layout::Ndjson),
        (Some(InputFormat::Csv), None) => Some(Layout::Csv { delimiter: b',' }),
        (_, Some(delimiter)) => Some(Layout::Csv { delimiter }),
        (None, None) => None,
    };
    let encoding = args.encoding.as_deref().and_then(Encoding::named);
    Ok(InputOptions { layout, encoding, ..InputOptions::default() })
}

fn delimiter(text: &str) -> Result<u8, Stop> {
    match text.as_bytes() {
        _ if text.eq_ignore_ascii_case("tab") || text == "\\t" => Ok(b'\t'),
        [byte] if !byte.is_ascii_alphanumeric() && *byte != b'"' => Ok(*byte),
        _ => Err(Stop::error(
            Words::new(
                format!("`{text}` cannot stand between cells"),
                format!("「{text}」不能作为分隔符"),
            ),
            Some(Words::new("write one sign such as `;`, or `tab`", "请写一个符号，如 ; 或 tab")),
        )),
    }
}

pub(super) fn date(text: &str) -> Result<Date, Stop> {
    Date::parse(text).ok_or_else(|| {
        Stop::error(
            Words::new(format!("`{text}` is not a date"), format!("「{text}」不是日期")),
            Some(Words::new("write `2024-03-01`", "请写成 2024-03-01")),
        )
    })
}

fn mapping(file: Option<&Path>, names: &Names) -> Result<Mapping, Stop> {
    let Some(file) = file else { return Ok(Mapping::default()) };
    let text = read_text(file)?;
    Ok(Mapping::parse(&text, &file.display().to_string(), names)?)
}

/// Registers of the flags, and those of the project that no flag names: a file each.
pub(super) fn registers(args: &JobArgs, project: &Project) -> Result<Vec<String>, Stop> {
    let mut by_name: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for flag in &args.register {
        let name = flag.split_once('=').map_or(flag.as_str(), |(name, _)| name);
        by_name.entry(name).or_default().push(flag.clone());
    }
    for (name, file) in &project.registers {
        by_name.entry(name).or_insert_with(|| vec![format!("{name}={file}")]);
    }
    let named: Vec<String> = by_name.into_values().flatten().collect();
    Ok(app::named_files(&named)?)
}
