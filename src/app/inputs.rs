//! The data of a run: events in batches, registers whole.

use std::collections::BTreeSet;

use crate::diagnostics::Words;
use crate::formats::{
    Encoding, FormatsError, Input, InputOptions, Lookalikes, Mapping, event_hint, event_named,
    file_of, matching_files, read_register,
};
use crate::report::names::{Names, nearest};
use crate::rows::RegisterTable;

/// A file of events, and the event kind if the user said it.
#[derive(Debug)]
pub struct EventFile {
    /// The event kind.
    pub kind: Option<String>,
    /// The file.
    pub input: Input,
}

/// Opens the files of events named `FILE` or `EVENT=FILE`.
///
/// # Errors
/// A file cannot be opened.
pub fn open_events(
    names: &Names,
    arguments: &[String],
    options: InputOptions,
) -> Result<Vec<EventFile>, FormatsError> {
    let is_stdin = |argument: &&String| kind_and_file(names, argument).1 == "-";
    if arguments.iter().filter(is_stdin).count() > 1 {
        return Err(stdin_twice());
    }
    let mut seen = BTreeSet::new();
    arguments
        .iter()
        .map(|argument| {
            let (kind, file) = kind_and_file(names, argument);
            let kind = kind.map(str::to_owned);
            if let (None, Some((word, rest))) = (&kind, argument.split_once('='))
                && !std::path::Path::new(argument).exists()
                && std::path::Path::new(file_of(rest)).exists()
            {
                return Err(FormatsError::WhichEvent {
                    file: argument.clone(),
                    what: Words::new(
                        format!("there is no event `{word}`"),
                        format!("没有事项「{word}」"),
                    ),
                    hint: event_hint(names, word),
                });
            }
            let input = Input::open(file, options)?;
            if let Some(path) = input.path().and_then(|path| std::fs::canonicalize(path).ok())
                && !seen.insert((kind.clone(), path, input.sheet().map(str::to_owned)))
            {
                return Err(FormatsError::WhichEvent {
                    file: argument.clone(),
                    what: Words::new("the file is named twice", "该文件被指定了两次"),
                    hint: Words::new(
                        "its events would be allocated twice; name it once",
                        "其中的事项会被分配两次，请只指定一次",
                    ),
                });
            }
            Ok(EventFile { kind, input })
        })
        .collect()
}

/// Arguments `FILE` or `NAME=FILE`, a file each: where a name has `*`, `?` or `[…]` and no file is
/// called so, those it stands for, in order.
///
/// # Errors
/// It stands for none.
pub fn named_files(arguments: &[String]) -> Result<Vec<String>, FormatsError> {
    let mut named = Vec::new();
    for argument in arguments {
        let (before, pattern) = match argument.split_once('=') {
            Some((name, file)) if !name.contains(['*', '?', '[', '/']) => {
                (format!("{name}="), file)
            }
            _ => (String::new(), argument.as_str()),
        };
        match matching_files(pattern)? {
            Some(files) => named.extend(files.iter().map(|file| format!("{before}{file}"))),
            None => named.push(argument.clone()),
        }
    }
    Ok(named)
}

/// Files of events are numbered from zero, those of registers from here: they never meet.
pub(super) const FIRST_REGISTER_FILE: u32 = u32::MAX / 2;

/// What is worth saying of a file that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Remark {
    /// Columns that nobody asked for.
    Ignored(String, Vec<String>),
    /// It has no rows.
    NoRows(String),
    /// So many of its rows were set aside before, since another event has their key; and where the first
    /// of them stands.
    Repeated(String, u64, Words),
    /// A register without rows, in which events looked for one.
    NoFile(String),
    /// A register with dated fields has no column that says when they hold.
    Undated(String),
    /// Its last line, which is this one, has no line end.
    Unended(String, u64),
    /// It was read in the encoding that the user said, and seems to be in another.
    Misread(String, (Encoding, Encoding)),
    /// So many of its texts look like others: the place, column and text of the first.
    Lookalikes {
        /// The file.
        file: String,
        /// How many.
        count: u64,
        /// Where the first stands.
        place: Words,
        /// In which column.
        column: String,
        /// The first.
        text: String,
    },
}

impl Remark {
    /// That nothing ends the last line of a file, if it is so.
    pub(super) fn unended(input: &Input, line: Option<u64>) -> Option<Remark> {
        line.map(|line| Remark::Unended(input.name().to_owned(), line))
    }

    /// That texts of a file look like others, if any do.
    pub(super) fn lookalikes(input: &Input, found: &Lookalikes) -> Option<Remark> {
        let (line, column, text) = found.first.clone()?;
        let place = input.place(line, Some(&column));
        Some(Remark::Lookalikes {
            file: input.name().to_owned(),
            count: found.count,
            place,
            column,
            text,
        })
    }
}

/// Rows of registers, and what is worth saying of their files.
pub type Registers = (Vec<(u32, RegisterTable)>, Vec<Remark>);

/// Reads registers named `NAME=FILE`; several files of one register add up.
///
/// # Errors
/// There is no such register, or a file cannot be read.
pub fn read_registers(
    names: &Names,
    arguments: &[String],
    options: InputOptions,
    mapping: &Mapping,
) -> Result<Registers, FormatsError> {
    let mut registers: Vec<(u32, RegisterTable)> =
        (0_u32..).take(names.registers.len()).map(|at| (at, RegisterTable::default())).collect();
    let mut remarks = Vec::new();
    let mut seen = BTreeSet::new();
    for (number, argument) in (FIRST_REGISTER_FILE..).zip(arguments) {
        let (name, file) = argument.split_once('=').unwrap_or((argument, ""));
        let at = names
            .registers
            .iter()
            .position(|table| table.name.spellings().any(|spelling| spelling == name));
        let found = at.and_then(|at| Some((names.registers.get(at)?, registers.get_mut(at)?)));
        let (table, (_, rows)) = found.ok_or_else(|| no_register(name, names))?;
        if file.is_empty() {
            return Err(no_file(name));
        }
        let input = Input::open(file, options)?;
        if let Some(path) = input.path().and_then(|path| std::fs::canonicalize(path).ok())
            && !seen.insert((table.name.text.as_str(), path, input.sheet().map(str::to_owned)))
        {
            return Err(named_twice(name, file));
        }
        let read = read_register(names, table, &input, number, mapping)?;
        if read.rows.is_empty() {
            remarks.push(Remark::NoRows(file.to_owned()));
        }
        if read.undated {
            remarks.push(Remark::Undated(file.to_owned()));
        }
        remarks.extend(Remark::unended(&input, read.unended));
        remarks.extend(Remark::lookalikes(&input, &read.lookalikes));
        rows.append(read.rows);
        if !read.ignored.is_empty() {
            remarks.push(Remark::Ignored(file.to_owned(), read.ignored));
        }
    }
    Ok((registers, remarks))
}

/// Of registers those that arguments name, with rows or without.
pub fn only_named(
    registers: &[(u32, RegisterTable)],
    names: &Names,
    arguments: &[String],
) -> Vec<(u32, RegisterTable)> {
    let named = |at: u32| {
        let table = usize::try_from(at).ok().and_then(|at| names.registers.get(at));
        let mut given = arguments.iter().filter_map(|it| it.split_once('='));
        table.is_some_and(|it| given.any(|(name, _)| it.name.spellings().any(|own| own == name)))
    };
    registers.iter().filter(|(at, _)| named(*at)).cloned().collect()
}

/// The event kind of a file, where `KIND=FILE` names one, and the file.
fn kind_and_file<'a>(names: &Names, argument: &'a str) -> (Option<&'a str>, &'a str) {
    let named = argument.split_once('=').filter(|(kind, _)| event_named(names, kind).is_some());
    named.map_or((None, argument), |(kind, file)| (Some(kind), file))
}

fn stdin_twice() -> FormatsError {
    FormatsError::WhichEvent {
        file: "-".to_owned(),
        what: Words::new("the standard input is named twice", "标准输入被指定了两次"),
        hint: Words::new("it can be read once; name a file", "它只能读一次，另一处请用文件"),
    }
}

fn named_twice(name: &str, file: &str) -> FormatsError {
    FormatsError::Mapping {
        file: "--register".to_owned(),
        what: Words::new(
            format!("`{file}` is named twice for register `{name}`"),
            format!("「{file}」被两次指定为登记簿「{name}」的文件"),
        ),
        hint: Words::new("every row would stand there twice; name it once", "请只指定一次"),
    }
}

fn no_file(name: &str) -> FormatsError {
    FormatsError::Mapping {
        file: "--register".to_owned(),
        what: Words::new(
            format!("no file is named for register `{name}`"),
            format!("没有指定登记簿「{name}」的文件"),
        ),
        hint: Words::new(format!("write `{name}=FILE`"), format!("请写成 {name}=文件")),
    }
}

fn no_register(name: &str, names: &Names) -> FormatsError {
    let known = || names.registers.iter().map(|table| table.name.text.as_str());
    let list: Vec<&str> = known().collect();
    let hint = match (nearest(name, known()), list.is_empty()) {
        (Some(near), _) => {
            Words::new(format!("did you mean `{near}`?"), format!("是否应为「{near}」？"))
        }
        (None, true) => Words::new("the rules declare none", "规则未声明任何登记簿"),
        (None, false) => Words::new(
            format!("write `NAME=FILE`; there are: {}", list.join(", ")),
            format!("请写成 名称=文件；现有：{}", list.join("、")),
        ),
    };
    FormatsError::Mapping {
        file: "--register".to_owned(),
        what: Words::new(format!("there is no register `{name}`"), format!("没有登记簿「{name}」")),
        hint,
    }
}
