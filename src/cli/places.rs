//! Where results go: never onto a file that is read, nor onto a key or a book, never two onto one file,
//! never under an ending that promises another layout.

use std::collections::BTreeSet;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::app::book::Irreplaceable;
use crate::diagnostics::Words;
use crate::formats::{ResultLayout, file_of, left_behind, unpacked_name};

use super::args::OutputFormat;
use super::console::Console;
use super::exit::Stop;
use super::job::Prepared;

/// A file that is read, and what it is to the user.
pub(super) struct Source {
    path: PathBuf,
    what: (&'static str, &'static str),
}

impl Source {
    pub(super) fn new(path: impl Into<PathBuf>, en: &'static str, zh: &'static str) -> Source {
        Source { path: path.into(), what: (en, zh) }
    }

    pub(super) fn rules(path: impl Into<PathBuf>) -> Source {
        Source::new(path, "a file of rules", "规则文件")
    }
}

/// All files that a job reads.
pub(super) fn sources(prepared: &Prepared, rules: &Path) -> Vec<Source> {
    let events = prepared.events.iter().filter_map(|file| file.input.path());
    let mut sources: Vec<Source> =
        events.map(|path| Source::new(path, "a file of events", "事项文件")).collect();
    let registers = prepared.register_files.iter().filter_map(|file| file.split_once('='));
    let register = |file| Source::new(file_of(file), "a register", "登记簿文件");
    sources.extend(registers.map(|(_, file)| register(file)));
    sources.extend(prepared.loaded.files.iter().map(|file| Source::rules(&file.path)));
    sources.extend(prepared.map.iter().map(|map| Source::new(map, "the mapping", "列对照文件")));
    let project = rules.join("fenshui.toml");
    sources.push(Source::new(project, "the project file", "项目文件"));
    sources
}

/// Sees to it that nothing is overwritten that is read or cannot be made again, and that no two outputs
/// are one file.
pub(super) fn check_places(outputs: &[&str], sources: &[Source]) -> Result<(), Stop> {
    let sources: Vec<(Place, &Source)> =
        sources.iter().map(|source| (Place::of(&source.path), source)).collect();
    let mut taken: Vec<(Place, &str)> = Vec::new();
    for file in outputs.iter().filter(|file| **file != "/dev/null") {
        let place = match *file {
            "-" => Place::Stdout,
            file => Place::of(Path::new(file)),
        };
        let words = if taken.iter().any(|(other, _)| *other == place) {
            Words::new(
                format!("`{file}` is named for two outputs"),
                format!("「{file}」被指定为两个输出"),
            )
        } else if let Some((_, source)) = sources.iter().find(|(other, _)| *other == place) {
            overwritten(file, source.what)
        } else if let Some(what) = Irreplaceable::in_file(Path::new(file)) {
            overwritten(file, irreplaceable(what))
        } else {
            taken.push((place, file));
            continue;
        };
        return Err(Stop::error(words, Some(Words::new("name another file", "请另指定文件"))));
    }
    Ok(())
}

fn overwritten(file: &str, (en, zh): (&str, &str)) -> Words {
    Words::new(
        format!("`{file}` is {en} and would be overwritten"),
        format!("「{file}」是{zh}，会被覆盖"),
    )
}

fn irreplaceable(what: Irreplaceable) -> (&'static str, &'static str) {
    match what {
        Irreplaceable::Book => ("a book", "账簿"),
        Irreplaceable::Key => ("a private key", "私钥文件"),
    }
}

/// A file on disk, whatever links lead to it.
#[derive(Debug, PartialEq, Eq)]
enum Place {
    Stdout,
    /// A file that is there: its device and number.
    There(u64, u64),
    /// A file that is not there yet.
    New(PathBuf),
}

impl Place {
    fn of(path: &Path) -> Place {
        if let Ok(metadata) = std::fs::metadata(path) {
            return Place::There(metadata.dev(), metadata.ino());
        }
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = std::fs::canonicalize(folder.unwrap_or(Path::new(".")));
        match (folder, path.file_name()) {
            (Ok(folder), Some(name)) => Place::New(folder.join(name)),
            _ => Place::New(path.to_owned()),
        }
    }
}

/// Says what runs that were killed have left where results go.
pub(super) fn say_left_behind(console: &Console, outputs: &[&str]) {
    let files = outputs.iter().filter(|file| **file != "-");
    let left: BTreeSet<(PathBuf, u64)> = files.flat_map(|file| left_behind(file)).collect();
    let size = left.iter().map(|(_, size)| *size).fold(0, u64::saturating_add);
    let size = indicatif::DecimalBytes(size);
    let words = match (left.first(), left.len()) {
        (None, _) => return,
        (Some((file, _)), 1) => Words::new(
            format!(
                "`{}` ({size}) is left of a run that was killed; it can be deleted",
                file.display()
            ),
            format!("「{}」（{size}）是被强行终止的运行留下的，可以删除", file.display()),
        ),
        (Some((file, _)), count) => Words::new(
            format!(
                "`{}` and {} more like it ({size} in all) are left of runs that were killed; they can be \
                 deleted",
                file.display(),
                count - 1
            ),
            format!(
                "「{}」等 {count} 个文件（共 {size}）是被强行终止的运行留下的，可以删除",
                file.display()
            ),
        ),
    };
    console.note(&words);
}

/// The layout of a file: that of its ending, else the one asked for; else a table on the standard
/// output and CSV in a file. An ending nobody knows is no CSV unless somebody says so.
pub(super) fn layout(asked: Option<OutputFormat>, file: &str) -> Result<ResultLayout, Stop> {
    let asked = asked.map(named);
    if file == "-" {
        return Ok(asked.unwrap_or(ResultLayout::Table));
    }
    match (ResultLayout::by_ending(file), asked, ending(Path::new(file))) {
        (Some(layout), _, _) | (None, Some(layout), _) => Ok(layout),
        (None, None, None) => Ok(ResultLayout::Csv),
        (None, None, Some(ending)) => Err(unknown_ending(
            file,
            &ending,
            &[".csv", ".tsv", ".json", ".ndjson", ".jsonl", ".xlsx"],
            Words::new("; or say the layout with `--format`", "；或用 --format 指定格式"),
        )),
    }
}

/// Refuses a layout that no output has, since all their endings say another.
pub(super) fn check_layout(asked: Option<OutputFormat>, files: &[&str]) -> Result<(), Stop> {
    let Some(asked) = asked else { return Ok(()) };
    let other = |file: &&&str| {
        **file != "-"
            && ResultLayout::by_ending(file).is_some_and(|by_ending| by_ending != named(asked))
    };
    match files.iter().find(other) {
        Some(file) if files.iter().all(|file| other(&file)) => Err(contradicted(file)),
        _ => Ok(()),
    }
}

/// The ending of a file and `--format` say two things.
pub(super) fn contradicted(file: &str) -> Stop {
    Stop::error(
        Words::new(
            format!("the ending of `{file}` and `--format` name two layouts"),
            format!("「{file}」的扩展名与 --format 指定的格式不一致"),
        ),
        Some(Words::new("leave one of them out", "请去掉其中之一")),
    )
}

/// Nothing is written under such an ending.
pub(super) fn unknown_ending(file: &str, ending: &str, known: &[&str], or: Words) -> Stop {
    Stop::error(
        Words::new(
            format!("`{file}`: no layout has the ending `.{ending}`"),
            format!("「{file}」：没有扩展名为 .{ending} 的格式"),
        ),
        Some(Words::new(
            format!("endings are {}{}", known.join(", "), or.en),
            format!("可用扩展名：{}{}", known.join("、"), or.zh),
        )),
    )
}

/// The ending of a file's name, in small letters.
pub(super) fn ending(file: &Path) -> Option<String> {
    let name = file.to_string_lossy();
    let name = Path::new(unpacked_name(&name));
    name.extension().map(|ending| ending.to_string_lossy().to_ascii_lowercase())
}

fn named(format: OutputFormat) -> ResultLayout {
    match format {
        OutputFormat::Table => ResultLayout::Table,
        OutputFormat::Csv => ResultLayout::Csv,
        OutputFormat::Tsv => ResultLayout::Tsv,
        OutputFormat::Json => ResultLayout::Json,
        OutputFormat::Ndjson => ResultLayout::Ndjson,
        OutputFormat::Xlsx => ResultLayout::Xlsx,
        OutputFormat::Parquet => ResultLayout::Parquet,
        OutputFormat::Arrow => ResultLayout::Arrow,
    }
}
