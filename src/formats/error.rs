//! What keeps a file from being read or written.

use std::convert::Infallible;
use std::fmt;
use std::io;

use crate::diagnostics::Words;

use super::columns::listed;
use super::refused::{refusal, refusal_hint};

/// An error of the world at a file: what happened, which file, and what to do about it.
///
/// A single row that cannot be read is not an error but a set-aside.
#[derive(Debug)]
pub enum FormatsError {
    /// The system refused.
    Io {
        /// The file as the user named it.
        file: String,
        /// What was being done.
        doing: Doing,
        /// The system's reason.
        source: io::Error,
    },
    /// A folder in place of a file.
    Directory {
        /// The folder.
        file: String,
        /// What was to be done to the file.
        doing: Doing,
    },
    /// What has to wait for the end of the run cannot be kept.
    Waiting {
        /// In which folder.
        folder: Words,
        /// The system's reason.
        source: io::Error,
    },
    /// Results are whole, and one cannot come into its place.
    Placing {
        /// That file.
        file: String,
        /// The system's reason.
        source: io::Error,
        /// Results that are in their places, from which they could not be taken back.
        placed: Vec<String>,
    },
    /// A name with `*` for which there is no file.
    NoMatch {
        /// The name.
        pattern: String,
    },
    /// A file without a byte (or with blanks alone).
    Empty {
        /// The file.
        file: String,
    },
    /// A file that is no text.
    Binary {
        /// The file.
        file: String,
        /// What it seems to be.
        what: Words,
        /// How to get a text of it.
        hint: Words,
    },
    /// A workbook that cannot be read or written.
    Workbook {
        /// The file.
        file: String,
        /// What is wrong with it.
        what: Words,
        /// How to mend it.
        hint: Words,
    },
    /// Bytes that are text in neither accepted encoding.
    NotText {
        /// The file.
        file: String,
        /// Line of the first such byte.
        line: u64,
        /// Its place in the line, in bytes from 1.
        column: u64,
    },
    /// A file that began as UTF-8 and turned out to be GB18030.
    Mixed {
        /// The file.
        file: String,
    },
    /// A file that may be text in either encoding.
    Either {
        /// The file.
        file: String,
        /// Its first text outside ASCII, if it is UTF-8.
        utf8: String,
        /// The same, if it is GB18030.
        gb18030: String,
    },
    /// The head of a table cannot be read.
    Header {
        /// The file.
        file: String,
        /// What is wrong with it.
        what: Words,
        /// How to mend it.
        hint: Words,
    },
    /// A line so long that it is no table.
    LineTooLong {
        /// The file.
        file: String,
        /// The line.
        line: u64,
    },
    /// A file that is not the JSON expected.
    Json {
        /// The file.
        file: String,
        /// Where.
        line: u64,
        /// Where in the line, in characters from 1.
        column: u64,
        /// What is wrong.
        what: Words,
    },
    /// Fields without a column, or with two.
    Columns {
        /// The file.
        file: String,
        /// What is wrong.
        what: Words,
        /// How to mend it.
        hint: Words,
    },
    /// It cannot be told which event kind a file holds.
    WhichEvent {
        /// The file.
        file: String,
        /// What is wrong.
        what: Words,
        /// How to say it.
        hint: Words,
    },
    /// A mapping or project file that says something impossible.
    Mapping {
        /// The file.
        file: String,
        /// What is wrong.
        what: Words,
        /// How to mend it.
        hint: Words,
    },
    /// Rows of a register that cannot be read; no event may be allocated without them.
    Register {
        /// The file.
        file: String,
        /// How many rows.
        rows: u64,
        /// What is wrong with the first ones.
        first: Vec<Words>,
    },
    /// A total beyond the supported range.
    TotalTooLarge,
    /// The user wanted no more.
    Interrupted,
    /// The program found itself at fault.
    Internal(String),
    /// Whoever read the standard output has gone: no fault of anybody.
    Closed,
}

/// What was being done to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doing {
    /// Opening or reading it.
    Reading,
    /// Making or writing it.
    Writing,
}

/// A listener that cannot fail stops no run.
impl From<Infallible> for FormatsError {
    fn from(never: Infallible) -> FormatsError {
        match never {}
    }
}

impl FormatsError {
    /// Reading a file failed.
    pub fn reading(file: &str, source: io::Error) -> FormatsError {
        FormatsError::Io { file: file.to_owned(), doing: Doing::Reading, source }
    }

    /// Writing a file failed.
    pub fn writing(file: &str, source: io::Error) -> FormatsError {
        FormatsError::Io { file: file.to_owned(), doing: Doing::Writing, source }
    }

    /// The same with another way to mend it, where there is one.
    pub(super) fn with_hint(mut self, better: Words) -> FormatsError {
        if let FormatsError::Binary { hint, .. }
        | FormatsError::Workbook { hint, .. }
        | FormatsError::Header { hint, .. }
        | FormatsError::Columns { hint, .. }
        | FormatsError::WhichEvent { hint, .. }
        | FormatsError::Mapping { hint, .. } = &mut self
        {
            *hint = better;
        }
        self
    }

    /// The sentence, in both languages.
    pub fn words(&self) -> Words {
        let Words { en, mut zh } = self.sentence();
        for name in [STANDARD_INPUT, STANDARD_OUTPUT] {
            let quoted = |name| format!("「{name}」");
            zh = zh.replace(&quoted(name), &quoted(stream_in_chinese(name)));
        }
        Words { en, zh }
    }

    fn sentence(&self) -> Words {
        match self {
            FormatsError::Io { file, doing, source } => io_words(file, *doing, source),
            FormatsError::Directory { file, .. } => {
                about(file, "is a folder, not a file", "是文件夹，不是文件")
            }
            FormatsError::Waiting { folder, source } => {
                let why = refusal(Doing::Writing, source);
                Words::new(
                    format!("rows that have to wait cannot be kept in {}: {}", folder.en, why.en),
                    format!("待处理的行无法暂存于{}：{}", folder.zh, why.zh),
                )
            }
            FormatsError::Placing { file, source, .. } => io_words(file, Doing::Writing, source),
            FormatsError::NoMatch { pattern } => {
                about(pattern, "matches no file", "没有匹配的文件")
            }
            FormatsError::Empty { file } => about(file, "is empty", "是空文件"),
            FormatsError::Binary { file, what, .. }
            | FormatsError::Workbook { file, what, .. }
            | FormatsError::Header { file, what, .. }
            | FormatsError::Columns { file, what, .. }
            | FormatsError::WhichEvent { file, what, .. }
            | FormatsError::Mapping { file, what, .. } => {
                Words::new(format!("`{file}`: {}", what.en), format!("「{file}」：{}", what.zh))
            }
            FormatsError::NotText { file, line, column } => Words::new(
                format!(
                    "`{file}`: byte {column} of line {line} is text neither in UTF-8 nor in GB18030"
                ),
                format!(
                    "「{file}」：第 {line} 行第 {column} 个字节既不是 UTF-8 也不是 GB18030 文字"
                ),
            ),
            FormatsError::Mixed { file } => Words::new(
                format!("`{file}`: its first rows are text in UTF-8, the whole of it in GB18030"),
                format!("「{file}」：开头各行是 UTF-8 文字，整个文件则是 GB18030 文字"),
            ),
            FormatsError::Either { file, utf8, gb18030 } => Words::new(
                format!("`{file}` may be UTF-8, where it says `{utf8}`, or GB18030: `{gb18030}`"),
                format!(
                    "「{file}」可能是 UTF-8（其中有「{utf8}」），也可能是 GB18030（「{gb18030}」）"
                ),
            ),
            FormatsError::LineTooLong { file, line } => Words::new(
                format!("`{file}`: line {line} is longer than 16 MiB, so this is no table"),
                format!("「{file}」：第 {line} 行超过 16 MiB，不像是表格"),
            ),
            FormatsError::Json { file, line, column, what } => Words::new(
                format!("`{file}`: line {line}, column {column}: {}", what.en),
                format!("「{file}」：第 {line} 行第 {column} 列：{}", what.zh),
            ),
            FormatsError::Register { file, rows, .. } => Words::new(
                match rows {
                    1 => format!("`{file}`: a row of the register cannot be read"),
                    _ => format!("`{file}`: {rows} rows of the register cannot be read"),
                },
                format!("「{file}」：登记簿有 {rows} 行无法读取"),
            ),
            FormatsError::TotalTooLarge => {
                Words::new("a total is beyond the supported range", "合计超出支持的范围")
            }
            FormatsError::Interrupted => {
                Words::new("interrupted; no file was written", "已中断，未写出任何文件")
            }
            FormatsError::Internal(what) => Words::new(
                format!("internal error, please report it: {what}"),
                format!("内部错误，请报告此问题：{what}"),
            ),
            FormatsError::Closed => Words::new("the output was closed", "输出已关闭"),
        }
    }

    /// What to do about it, in both languages.
    pub fn hint(&self) -> Option<Words> {
        match self {
            FormatsError::Binary { hint, .. }
            | FormatsError::Workbook { hint, .. }
            | FormatsError::Header { hint, .. }
            | FormatsError::Columns { hint, .. }
            | FormatsError::WhichEvent { hint, .. }
            | FormatsError::Mapping { hint, .. } => Some(hint.clone()),
            FormatsError::Io { doing, source, .. } => refusal_hint(*doing, source.kind()),
            FormatsError::NoMatch { .. } => Some(Words::new(
                "is it spelled so? patterns are looked for from the folder where the command runs",
                "请核对写法；相对路径从运行命令的目录算起",
            )),
            FormatsError::Directory { doing: Doing::Reading, .. } => Some(Words::new(
                "name the files in it, for example with `folder/*.csv`",
                "请写出其中的文件，例如 folder/*.csv",
            )),
            FormatsError::Directory { file, doing: Doing::Writing } => Some(Words::new(
                format!(
                    "name a file in it, for example `{}/results.csv`",
                    file.trim_end_matches('/')
                ),
                format!("请写出其中的文件名，例如 {}/results.csv", file.trim_end_matches('/')),
            )),
            FormatsError::Waiting { .. } => Some(Words::new(
                "free some space there and run again; with more `--memory` fewer rows have to wait on disk",
                "请腾出空间后重新运行；加大 --memory 可减少暂存到磁盘的行",
            )),
            FormatsError::Placing { placed, .. } => Some(placing_hint(placed)),
            FormatsError::Empty { file } if is_called_json(file) => Some(Words::new(
                "a list without records is `[]`; was the export interrupted?",
                "没有记录的列表写作 []；导出是否中断了？",
            )),
            FormatsError::Empty { .. } => Some(Words::new(
                "a table starts with a line of column names; was the export interrupted?",
                "表格的第一行应是列名；导出是否中断了？",
            )),
            FormatsError::NotText { .. } => Some(Words::new(
                "save the file as UTF-8, or name its encoding with `--encoding`",
                "请另存为 UTF-8，或用 --encoding 指明编码",
            )),
            FormatsError::Mixed { .. } | FormatsError::Either { .. } => Some(Words::new(
                "name its encoding with `--encoding gb18030`, or `utf-8`",
                "请用 --encoding gb18030（或 utf-8）指明编码",
            )),
            FormatsError::LineTooLong { .. } => Some(Words::new(
                "save it with line ends (LF or CRLF), one row a line",
                "请用 LF 或 CRLF 换行保存，一行一条",
            )),
            FormatsError::Register { first, .. } => {
                let joined = |word: fn(&Words) -> &String| {
                    first.iter().map(|words| word(words).as_str()).collect::<Vec<_>>().join("\n")
                };
                Some(Words::new(joined(|words| &words.en), joined(|words| &words.zh)))
            }
            FormatsError::Json { .. }
            | FormatsError::TotalTooLarge
            | FormatsError::Interrupted
            | FormatsError::Internal(_)
            | FormatsError::Closed => None,
        }
    }
}

impl fmt::Display for FormatsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words().en)
    }
}

impl std::error::Error for FormatsError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            FormatsError::Io { source, .. }
            | FormatsError::Waiting { source, .. }
            | FormatsError::Placing { source, .. } => Some(source),
            _ => None,
        }
    }
}

/// Streams have names that nobody gave them: in Chinese they are Chinese.
pub fn stream_in_chinese(name: &str) -> &str {
    match name {
        STANDARD_INPUT => "标准输入",
        STANDARD_OUTPUT => "标准输出",
        other => other,
    }
}

/// What is read from the standard input is called so.
pub const STANDARD_INPUT: &str = "standard input";
/// What goes to the standard output.
pub const STANDARD_OUTPUT: &str = "standard output";

fn about(file: &str, en: &str, zh: &str) -> Words {
    Words::new(format!("`{file}` {en}"), format!("「{file}」{zh}"))
}

fn io_words(file: &str, doing: Doing, source: &io::Error) -> Words {
    let Words { en, zh } = refusal(doing, source);
    match doing {
        Doing::Reading => {
            Words::new(format!("cannot read `{file}`: {en}"), format!("无法读取「{file}」：{zh}"))
        }
        Doing::Writing => {
            Words::new(format!("cannot write `{file}`: {en}"), format!("无法写入「{file}」：{zh}"))
        }
    }
}

/// What stands where after results could not all come into their places.
fn placing_hint(placed: &[String]) -> Words {
    if placed.is_empty() {
        return Words::new(
            "no result came into its place: what stood there before still stands",
            "没有任何结果就位：原有的文件仍在",
        );
    }
    let (en, zh) = listed(placed);
    Words::new(
        format!(
            "of this run are {en}; all others are what they were before: do not use them together"
        ),
        format!("{zh}为本次运行的结果，其余文件仍为原有内容：请勿一并使用"),
    )
}

fn is_called_json(file: &str) -> bool {
    let ending = file.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
    matches!(ending.as_deref(), Some("json" | "ndjson" | "jsonl"))
}
