//! `fenshui book export` and `fenshui book import`.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use serde_json::{Map, Value as Json, json};

use crate::app::book::{self, Access, BookPlace, Imported};
use crate::book::{Book, Checkpoint, Note, SigningKey};
use crate::diagnostics::Words;
use crate::formats::{Output, ResultLayout};

use super::super::console::Console;
use super::super::exit::{Exit, Stop};
use super::super::places::Source;
use super::place::{Named, check_outputs, say_left_behind};
use super::secret::{self, PassphraseArgs};
use super::verify::{unsigned_record, unsigned_words};
use super::{AnswerFormat, Failed, notes};

#[derive(Debug, Args)]
pub(super) struct ExportArgs {
    /// What to write
    #[arg(value_enum)]
    what: What,
    /// The file of a journal, or the folder of tables or tiles
    out: PathBuf,
    /// What `mapped` writes: which of our fields stands under which name, in TOML
    #[arg(long, value_name = "FILE", required_if_eq("what", "mapped"))]
    map: Option<PathBuf>,
    /// Write over files that are there already
    #[arg(long)]
    replace: bool,
    /// Sign the checkpoint of tiles with this key [default: the latest that the book notes]
    #[arg(long, value_name = "FILE")]
    sign: Option<PathBuf>,
    /// Tiles of the whole book, under a checkpoint that nobody has signed
    #[arg(long, conflicts_with = "sign")]
    unsigned: bool,
    #[command(flatten)]
    passphrase: PassphraseArgs,
    /// How the answer is written
    #[arg(long, value_enum, default_value = "table")]
    format: AnswerFormat,
}

/// In which form a book goes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum What {
    /// A journal for hledger: a transaction an event
    Journal,
    /// Tables in CSV with a Frictionless data package
    Csv,
    /// The same tables in Parquet, with amounts as decimals
    Parquet,
    /// The same tables, in files of XML or CSV that `--map` lays out, as a standard asks for
    Mapped,
    /// The whole book as a tiled log, from which it can be made again
    Tiles,
}

#[derive(Debug, Args)]
pub(super) struct ImportArgs {
    /// A folder of tiles
    folder: PathBuf,
    /// How the answer is written
    #[arg(long, value_enum, default_value = "table")]
    format: AnswerFormat,
}

pub(super) fn run(console: &Console, named: &Named, args: &ExportArgs) -> Result<Exit, Failed> {
    let place = &named.place;
    check_options(args)?;
    let mut open = place.open(Access::Read)?;
    let files = files(args)?;
    let key = args.sign.iter().map(|file| Source::new(file, "a key", "密钥文件"));
    let map = args.map.iter().map(|file| Source::new(file, "the mapping", "列对照文件"));
    let read = key.chain(map).chain(args.passphrase.source());
    // Tiles of two states of a book must not stand in one folder.
    let replace = args.replace && args.what != What::Tiles;
    check_outputs(named, &files, replace, read.collect())?;
    if args.what == What::Tiles {
        must_have_no_tiles(&args.out)?;
    }
    let missing = missing_folders(&args.out);
    console.mind_interrupts();
    open.mind(console.interrupted.clone());
    let written = write(console, &mut open, args).inspect_err(|_| clear(args, &missing));
    let mut record = written?;
    let what = args.what.to_possible_value();
    record.insert("what".to_owned(), json!(what.map(|it| it.get_name().to_owned())));
    let files = files.iter().map(|file| file.display().to_string());
    record.insert("files".to_owned(), files.collect());
    console.print(&args.format.choose(String::new(), &Json::Object(record)))?;
    Ok(Exit::Done)
}

/// Refuses options that say nothing of what is written.
fn check_options(args: &ExportArgs) -> Result<(), Stop> {
    let tiles = args.what == What::Tiles;
    let idle = [
        ("--map", args.map.is_some() && args.what != What::Mapped, "mapped"),
        ("--sign", args.sign.is_some() && !tiles, "tiles"),
        ("--unsigned", args.unsigned && !tiles, "tiles"),
    ];
    if args.what != What::Journal && args.out.as_os_str() == "-" {
        return Err(Stop::error(
            Words::new(
                "these are several files, and `-` is no folder",
                "此导出为多个文件，- 不是文件夹",
            ),
            Some(Words::new("name a folder for them", "请指定文件夹")),
        ));
    }
    match idle.into_iter().find(|(_, given, _)| *given) {
        None => Ok(()),
        Some((option, _, of)) => Err(Stop::error(
            Words::new(
                format!("`{option}` says nothing of this export: it is for `{of}`"),
                format!("{option} 与此导出无关：仅用于 {of}"),
            ),
            Some(Words::new(
                format!("leave `{option}` out, or export `{of}`"),
                format!("请去掉 {option}，或改为导出 {of}"),
            )),
        )),
    }
}

/// Writes what is asked for; gives what programs are told of it.
fn write(
    console: &Console,
    open: &mut Book,
    args: &ExportArgs,
) -> Result<Map<String, Json>, Failed> {
    match args.what {
        What::Journal => {
            let mut output = Output::create(&args.out.display().to_string())?;
            book::journal(open, secret::now(), &mut output)?;
            output.finish()?;
        }
        What::Csv => book::tables(open, secret::now(), &args.out, ResultLayout::Csv)?,
        What::Parquet => book::tables(open, secret::now(), &args.out, ResultLayout::Parquet)?,
        What::Mapped => {
            let map = args.map.as_deref().unwrap_or(Path::new(""));
            book::mapped(open, map, &args.out)?;
        }
        What::Tiles => {
            let checkpoint = checkpoint(console, open, args)?;
            book::tiles(open, &checkpoint, &args.out)?;
            return notes::record(&checkpoint);
        }
    }
    Ok(Map::new())
}

/// Takes away what an export left that failed: tiles, which would be published with others, and folders that
/// it made, if nothing stands in them.
fn clear(args: &ExportArgs, made: &[PathBuf]) {
    if args.what == What::Tiles {
        for name in TILES {
            let _ = std::fs::remove_dir_all(args.out.join(name));
        }
    }
    for folder in made {
        let _ = std::fs::remove_dir(folder);
    }
}

/// The folders of tiles, beside their checkpoint.
const TILES: [&str; 2] = ["tile", "body"];

/// The folders to a place that are not there, the innermost first.
fn missing_folders(place: &Path) -> Vec<PathBuf> {
    let folders = place.ancestors().filter(|it| !it.as_os_str().is_empty());
    folders.take_while(|folder| !folder.exists()).map(Path::to_owned).collect()
}

/// Sees to it that a folder holds no tiles: those of another book, or of an export that was killed, would be
/// published with these.
fn must_have_no_tiles(folder: &Path) -> Result<(), Stop> {
    let Some(file) = TILES.iter().find_map(|name| first_file(&folder.join(name))) else {
        return Ok(());
    };
    let (folder, file) = (folder.display(), file.display());
    Err(Stop::error(
        Words::new(
            format!("`{folder}` holds tiles already: `{file}`"),
            format!("「{folder}」中已有日志分片：「{file}」"),
        ),
        Some(Words::new(
            "name another folder, or empty this one: tiles of two books, or of two states of one, \
             must not be published together",
            "请另指定目录，或先清空此目录：两本账簿或同一账簿两个时点的分片不可一并发布",
        )),
    ))
}

/// The first file in a folder or in those within it; nothing, if there is none or no such folder.
fn first_file(folder: &Path) -> Option<PathBuf> {
    let mut within: Vec<PathBuf> =
        std::fs::read_dir(folder).ok()?.filter_map(|it| Some(it.ok()?.path())).collect();
    within.sort();
    within.into_iter().find_map(|it| if it.is_dir() { first_file(&it) } else { Some(it) })
}

/// The checkpoint under which tiles are published.
fn checkpoint(console: &Console, open: &mut Book, args: &ExportArgs) -> Result<Note, Failed> {
    if let Some(file) = &args.sign {
        let key: SigningKey = args.passphrase.load(console, file)?;
        return Ok(book::sign(open, &[key], secret::now, false)?);
    }
    if args.unsigned {
        return Ok(book::checkpoint(open)?.note());
    }
    if let Some(note) = book::latest_checkpoint(open)? {
        say_left_out(console, open, &Checkpoint::of(&note)?)?;
        return Ok(note);
    }
    console.note(&Words::new(
        "the checkpoint is not signed: `--sign KEY` signs it",
        "检查点未签名：加 --sign 密钥 可签名",
    ));
    Ok(book::checkpoint(open)?.note())
}

/// Says what a book has beyond its latest checkpoint, but for the entry that keeps it and says nothing
/// more. It stands behind what it signs, so that no checkpoint that the book notes is of the whole book.
fn say_left_out(console: &Console, open: &mut Book, latest: &Checkpoint) -> Result<(), Failed> {
    let keeps = latest.root.size;
    let after = open.size()?.saturating_sub(keeps.saturating_add(1));
    let mut en = Vec::new();
    let mut zh = Vec::new();
    if after > 0 {
        en.push(format!(
            "the latest checkpoint is older than the book: {after} entries after it are not in the \
             tiles"
        ));
        zh.push(format!("最近的检查点早于账簿现状：其后的 {after} 条不在导出之内"));
    }
    if !latest.extension.is_empty() {
        en.push(format!(
            "entry {keeps}, which signs changes of keys, is not in the tiles: in a book made of them \
             these are of no effect"
        ));
        zh.push(format!(
            "第 {keeps} 条（签署密钥变更）不在导出之内：据此重建的账簿中，该变更不生效"
        ));
    }
    if en.is_empty() {
        return Ok(());
    }
    let signs = book::keys_of(open)?.iter().any(|key| key.retired.is_none());
    let (sign, sign_zh) = match signs {
        true => ("`--sign KEY` signs a new one, ", "加 --sign 密钥 可签新检查点，"),
        false => ("", ""),
    };
    console.message(console.pick(
        &format!("note: {}; {sign}`--unsigned` takes the whole book", en.join("; ")),
        &format!("说明：{}；{sign_zh}加 --unsigned 则不签名而导出全簿", zh.join("；")),
    ));
    Ok(())
}

/// The files that will be written; of tiles the one that every folder of them has.
fn files(args: &ExportArgs) -> Result<Vec<PathBuf>, Failed> {
    let names = match args.what {
        What::Journal => return Ok(vec![args.out.clone()]),
        What::Csv => ["amounts.csv", "events.csv", "datapackage.json"].map(str::to_owned).to_vec(),
        What::Parquet => ["amounts.parquet", "events.parquet"].map(str::to_owned).to_vec(),
        What::Mapped => book::mapped_files(args.map.as_deref().unwrap_or(Path::new("")))?,
        What::Tiles => vec!["checkpoint".to_owned()],
    };
    Ok(names.iter().map(|name| args.out.join(name)).collect())
}

pub(super) fn import(
    console: &Console,
    place: &BookPlace,
    args: &ImportArgs,
) -> Result<Exit, Failed> {
    say_left_behind(console, place);
    console.mind_interrupts();
    let imported = book::import(&args.folder, place, &console.interrupted)?;
    let Imported { checkpoint, signed, strangers, unsigned } = &imported;
    let record = json!({
        "origin": checkpoint.origin, "size": checkpoint.root.size,
        "root": checkpoint.root.digest.to_string(),
        "signed_by": signed.iter().map(ToString::to_string).collect::<Vec<String>>(),
        "not_checked": strangers,
        "unsigned_key_changes": unsigned_record(unsigned),
    });
    console.print_kept(&args.format.choose(made(console, &imported), &record))?;
    Ok(Exit::Done)
}

/// What was made, and who answers for it.
fn made(console: &Console, imported: &Imported) -> String {
    let Imported { checkpoint, signed, strangers, unsigned } = imported;
    let (size, root) = (checkpoint.root.size, checkpoint.root.digest);
    let by: Vec<String> = signed.iter().map(ToString::to_string).collect();
    let mut words =
        Words::new(format!("{size} entries, root {root}\n"), format!("{size} 条，树根 {root}\n"));
    let mut say = |en: String, zh: String| {
        words.en.push_str(&en);
        words.zh.push_str(&zh);
    };
    if !signed.is_empty() {
        let by = by.join(", ");
        say(format!("checkpoint signed by {by}\n"), format!("检查点签名 {by}\n"));
    }
    if !strangers.is_empty() {
        let by = strangers.join(", ");
        say(
            format!("not checked: signatures of {by}, which do not sign for this book\n"),
            format!("未核对：{by} 的签名，不是本账簿的签名密钥\n"),
        );
    }
    if signed.is_empty() && strangers.is_empty() {
        say("the checkpoint is not signed\n".to_owned(), "检查点未签名\n".to_owned());
    }
    for (entry, signer) in unsigned {
        let words = unsigned_words(*entry, signer);
        say(words.en, words.zh);
    }
    words.in_language(console.language).to_owned()
}
