//! `fenshui book`: the journal of allocations, a file a verb.

mod checkpoint;
mod dispute;
mod entries;
mod explain;
mod export;
mod init;
mod key;
mod log;
mod notes;
mod other;
mod owed;
mod place;
mod post;
mod prove;
mod replay;
mod secret;
mod verify;

use std::path::Path;

use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Map, Value as Json, json};

use crate::app::Loaded;
use crate::app::book::{self, Access, AccountChanged, BookTrouble, Refusal};
use crate::base::Date;
use crate::book::{Book, BookError};
use crate::diagnostics::{Words, pictured, pictured_lines};
use crate::formats::write_text;
use crate::report;

use super::console::Console;
use super::exit::{Exit, Stop, error_text};
use super::set_aside::{SetAsideFile, say_first};

#[derive(Debug, Args)]
pub(super) struct BookArgs {
    /// The book: a file, `postgres://…`, or `@FILE` that holds an address [also: FENSHUI_BOOK]
    #[arg(long, global = true, value_name = "PLACE")]
    book: Option<String>,
    #[command(subcommand)]
    verb: BookVerb,
}

/// What can be asked of a book.
#[derive(Debug, Subcommand)]
enum BookVerb {
    /// Make a new book
    Init(init::InitArgs),
    /// Allocate events and keep what each gave, all of them or none
    Post(Box<post::PostArgs>),
    /// List the entries of a book
    Log(log::LogArgs),
    /// Show entries whole
    Show(log::ShowArgs),
    /// Tell why an entry came out as it did, by the rules and registers of its batch
    Explain(explain::ExplainArgs),
    /// Work everything out again from the book's own rules and inputs, and compare
    Replay(Box<replay::ReplayArgs>),
    /// Post corrections by which the book stands as other rules would have had it
    Correct(Box<owed::CorrectArgs>),
    /// Hold a settlement table that somebody else made against the rules, row by row
    Audit(Box<super::audit::AuditArgs>),
    /// Hold what is stored against chain, tree and signed checkpoints
    Verify(verify::VerifyArgs),
    /// Print the checkpoint of a book as it stands, sign it, or cosign one as a witness
    Checkpoint(checkpoint::CheckpointArgs),
    /// Write a bundle that proves entries to somebody without the book: `fenshui-verify` checks it
    Prove(prove::ProveArgs),
    /// Write the book for other programs
    Export(export::ExportArgs),
    /// Make a book again from its tiles, with the same root
    Import(export::ImportArgs),
    /// Raise, show and settle objections
    Dispute(Box<dispute::DisputeArgs>),
    /// Make keys, and say which sign for a book
    Key(key::KeyArgs),
}

/// Layout of lists of the book.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ListFormat {
    /// Aligned columns for people
    Table,
    /// A line of column names, then a row a line
    Csv,
    /// An array of records
    Json,
    /// A record a line
    Ndjson,
}

/// Layout of one answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum AnswerFormat {
    /// For people
    Table,
    /// One JSON object
    Json,
}

impl AnswerFormat {
    /// One of two answers, the second a line for programs.
    fn choose(self, text: String, record: &Json) -> String {
        match self {
            AnswerFormat::Table => text,
            AnswerFormat::Json => format!("{record}\n"),
        }
    }
}

pub(super) fn run(console: &Console, args: &BookArgs) -> Result<Exit, Stop> {
    let named = || place::place(args.book.as_deref());
    let place = || named().map(|it| it.place);
    let done = match &args.verb {
        BookVerb::Init(own) => init::run(console, &place()?, own),
        BookVerb::Post(own) => return post::run(console, &place()?, own),
        BookVerb::Log(own) => log::run(console, &place()?, own),
        BookVerb::Show(own) => log::show(console, &place()?, own),
        BookVerb::Explain(own) => explain::run(console, &place()?, own),
        BookVerb::Replay(own) => {
            let done = replay::run(console, &named()?, own);
            let of_itself = own.is_by_own_rules();
            done.or_else(|failed| if of_itself { unsound(console, failed) } else { Err(failed) })
        }
        BookVerb::Correct(own) => owed::correct(console, &place()?, own),
        BookVerb::Audit(own) => return super::audit::of_book(console, own, args.book.as_deref()),
        BookVerb::Verify(own) => {
            verify::run(console, &place()?, own).or_else(|failed| unsound(console, failed))
        }
        BookVerb::Checkpoint(own) => checkpoint::run(console, &named()?, own),
        BookVerb::Prove(own) => prove::run(console, &named()?, own),
        BookVerb::Export(own) => export::run(console, &named()?, own),
        BookVerb::Import(own) => export::import(console, &place()?, own),
        BookVerb::Dispute(own) => dispute::run(console, &place()?, own),
        BookVerb::Key(own) => key::run(console, &place, own),
    };
    done.or_else(|failed| failed.said(console))
}

/// Writes what a verb makes to a file, or prints it; programs are told of it besides, or find it there.
fn written(
    console: &Console,
    file: Option<&Path>,
    format: AnswerFormat,
    text: String,
    mut record: Map<String, Json>,
) -> Result<(), Failed> {
    if let Some(file) = file {
        write_text(file, &text)?;
        record.insert("file".to_owned(), json!(file.display().to_string()));
    }
    match (format, file) {
        (AnswerFormat::Table, Some(_)) => {}
        _ => console.print(&format.choose(text, &Json::Object(record)))?,
    }
    Ok(())
}

/// Opens a book that a verb outside of these reads too.
pub(super) fn open_to_read(named: Option<&str>) -> Result<Book, Stop> {
    place::place(named)?.place.open(Access::Read).map_err(stop)
}

/// The texts of an edition that a book holds, for a verb outside of these, and the scenario they were
/// compiled with.
pub(super) fn edition_of(open: &mut Book, named: &Path) -> Result<(Loaded, Option<String>), Stop> {
    let named = named.to_string_lossy();
    let texts = book::texts_of_edition(open, &named).map_err(stop)?;
    texts.ok_or_else(|| other::none_such(&named))
}

/// The end of a verb outside of these that a book keeps from its work.
pub(super) fn stop(trouble: BookTrouble) -> Stop {
    let (words, hint) = trouble.words();
    match trouble {
        BookTrouble::Formats(error) => (*error).into(),
        _ => Stop::error(words, hint),
    }
}

/// Why a verb of the book stops.
#[derive(Debug)]
enum Failed {
    Trouble(BookTrouble),
    Stop(Stop),
}

impl<T: Into<BookTrouble>> From<T> for Failed {
    fn from(trouble: T) -> Failed {
        Failed::Trouble(trouble.into())
    }
}

impl From<Stop> for Failed {
    fn from(stop: Stop) -> Failed {
        Failed::Stop(stop)
    }
}

impl Failed {
    /// Says why, and how the verb ends.
    fn said(self, console: &Console) -> Result<Exit, Stop> {
        match self {
            Failed::Stop(stop) => Err(stop),
            Failed::Trouble(trouble) => said(console, trouble),
        }
    }
}

/// Whoever asks whether a book holds is answered, where it is too damaged to be read.
fn unsound(console: &Console, failed: Failed) -> Result<Exit, Failed> {
    match failed {
        Failed::Trouble(trouble) if trouble.is_damage() => {
            let (words, hint) = trouble.words();
            console.message(&error_text(&words, hint.as_ref(), console.language));
            Ok(Exit::Failed)
        }
        other => Err(other),
    }
}

fn said(console: &Console, trouble: BookTrouble) -> Result<Exit, Stop> {
    let (words, hint) = trouble.words();
    let text = error_text(&words, hint.as_ref(), console.language);
    match trouble {
        BookTrouble::Formats(error) => Err((*error).into()),
        BookTrouble::Book(error) if matches!(*error, BookError::Interrupted) => {
            Err(Stop::Interrupted(words))
        }
        BookTrouble::Refused(_) => {
            console.message(&text);
            Ok(Exit::Failed)
        }
        BookTrouble::Rules(found) => {
            let (sources, findings) = *found;
            let (language, color) = (console.language, console.color.on_stderr());
            let drawing = report::Drawing { language, color, width: super::language::width() };
            for found in &findings {
                console.message(&report::draw(found, &sources, drawing));
            }
            console.message(&text);
            Ok(Exit::RulesBroken)
        }
        BookTrouble::Book(_) | BookTrouble::Said(_) => Err(Stop::error(words, hint)),
    }
}

/// So many of a kind are told one by one.
const SHOWN_MAX: usize = 10;

/// Why nothing was posted into a book, for people; calendar events were asked for up to a day.
fn refused(console: &Console, through: Option<Date>, refusal: Refusal) -> Result<Exit, Stop> {
    let (late, changed, aside, disputes, can_be_posted) = match refusal {
        Refusal::Trouble(trouble) => return said(console, trouble),
        Refusal::Differ(words) => {
            console.message(&error_text(&words, None, console.language));
            return Ok(Exit::Failed);
        }
        Refusal::Unsettled { late, changed, aside, disputes, can_be_posted } => {
            (late, changed, aside, disputes, can_be_posted)
        }
    };
    if late.is_empty() && can_be_posted {
        let words = Words::new(
            "with these events what stages and calendars made comes out otherwise, as do entries after it",
            "加入这些事项后，阶段与日历所生成的及其后的条目结果不同",
        );
        console.message(&error_text(&words, None, console.language));
    }
    for it in late.iter().take(SHOWN_MAX) {
        let place = it.place.as_ref();
        let place = place.map_or_else(String::new, |(file, line)| format!("{file}:{line}: "));
        let (key, behind) = (pictured(&it.key), it.behind);
        let words = Words::new(
            format!("{place}event `{key}` comes late: entry {behind} stands after it"),
            format!("{place}事项「{key}」来迟：账簿第 {behind} 条在它之后"),
        );
        console.message(&error_text(&words, None, console.language));
    }
    if let Some(more @ 1..) = late.len().checked_sub(SHOWN_MAX) {
        let words =
            Words::new(format!("{more} more events come late"), format!("另有 {more} 条事项来迟"));
        console.message(&error_text(&words, None, console.language));
    }
    if !changed.is_empty() {
        console.message(&changes_text(console, &changed));
    }
    let count = u64::try_from(aside.len()).unwrap_or(u64::MAX);
    say_first(console, (&aside, count), None, SetAsideFile::InBook);
    let (words, hint) = if can_be_posted {
        (
            Words::new("nothing was posted", "未过账"),
            Words::new(
                "`--recompute-late` posts the events, and corrects the entries after them",
                "加 --recompute-late 可过账，并更正其后的各条",
            ),
        )
    } else {
        let words = Words::new(
            "by these rules and registers entries of the book come out otherwise; nothing was posted",
            "按此规则与登记簿，账簿中已有各条的结果不同；未过账",
        );
        (words, what_is_behind(&disputes, through))
    };
    console.message(&error_text(&words, Some(&hint), console.language));
    Ok(Exit::Failed)
}

/// What may be behind entries that come out otherwise, and what to do.
fn what_is_behind(disputes: &[u64], through: Option<Date>) -> Words {
    if let (Some(day), true) = (through, disputes.is_empty()) {
        let other = what_is_behind(disputes, None);
        return Words::new(
            format!(
                "`--through {day}` makes calendar events up to that day, or up to the day that an earlier \
                 batch said: those of the book after it come out again by a later day, or without it; {}",
                other.en
            ),
            format!(
                "--through {day} 只生成至该日（或以前批次所定之日）的日历事项：账簿中其后的日历事项须用更晚的日期，\
                 或不加此项，才会再产生；{}",
                other.zh
            ),
        );
    }
    if disputes.is_empty() {
        return Words::new(
            "if the rules, readings and registers are those of the book (one that `--register` does not \
             name has no rows), a new event that is set aside, or a dispute that was settled, is behind \
             it; else `fenshui book replay --with \
             RULES --corrections FILE` shows all differences and writes corrections, and `fenshui \
             book correct` posts them",
            "若规则、读法与登记簿同账簿（未以 --register 指明的登记簿没有行），则系搁置的新事项或已了结的异议所致；否则用 \
             fenshui book replay --with 规则 --corrections 文件 查看全部差异并生成更正，\
             再用 fenshui book correct 过账",
        );
    }
    let several = if disputes.len() == 1 { "dispute" } else { "disputes" };
    let named: Vec<String> = disputes.iter().map(u64::to_string).collect();
    Words::new(
        format!(
            "what {several} {} settled shares running totals with them, or is undone by one of them; \
             `fenshui book replay --with RULES --corrections FILE` shows all differences and writes \
             corrections, and `fenshui book correct` posts them",
            named.join(", ")
        ),
        format!(
            "异议（第 {} 条）了结的各条与之共用台账，或为其所冲销；用 fenshui book replay --with 规则 \
             --corrections 文件 查看全部差异并生成更正，再用 fenshui book correct 过账",
            named.join("、")
        ),
    )
}

/// What entries gave and would give.
fn changes_text(console: &Console, changed: &[crate::app::book::Changed]) -> String {
    let mut text = String::new();
    for it in changed.iter().take(SHOWN_MAX) {
        let entry = console.pick("entry", "第");
        let end = console.pick("", " 条");
        text.push_str(&format!("  {entry} {}{end} ({})\n", it.entry, pictured(&it.key)));
        if let Some(aside) = &it.aside {
            let (word, what) = (console.pick("set aside", "搁置"), &aside.what);
            let what = what.in_language(console.language);
            text.push_str(&format!("    {word}[{}]: {what}\n", aside.code));
        }
        for AccountChanged { label, had, has, .. } in &it.accounts {
            text.push_str(&format!("    {label}  {had} → {has}\n"));
        }
        for (what, said, says) in &it.besides {
            text.push_str(&format!("    {what}  {said} → {says}\n"));
        }
    }
    if let Some(more) = changed.len().checked_sub(SHOWN_MAX).filter(|more| *more > 0) {
        let words = console.pick("more entries", "条未列出");
        text.push_str(&format!("  {more} {words}\n"));
    }
    pictured_lines(&text).into_owned()
}
