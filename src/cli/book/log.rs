//! `fenshui book log` and `fenshui book show`.

use clap::{Args, ValueEnum};

use crate::app::book::{self, Access, BookPlace, BookTrouble, Reader};
use crate::book::Entry;
use crate::diagnostics::Words;
use crate::formats::{Output, Records, ResultColumn, ResultLayout};
use crate::report::book::{Called, LogLine, entry_json, entry_page, log_line, log_table};

use super::super::console::Console;
use super::super::exit::Exit;
use super::entries::{EntriesArgs, StretchArgs};
use super::{AnswerFormat, Failed, ListFormat};

#[derive(Debug, Args)]
pub(super) struct LogArgs {
    #[command(flatten)]
    stretch: StretchArgs,
    /// Only entries of this kind; may be given again
    #[arg(long, value_enum)]
    kind: Vec<EntryKind>,
    /// Only events with this key
    #[arg(long, value_name = "KEY")]
    event: Option<String>,
    /// Layout of the list; `json` and `ndjson` give entries whole
    #[arg(long, value_enum, default_value = "table")]
    format: ListFormat,
}

#[derive(Debug, Args)]
pub(super) struct ShowArgs {
    #[command(flatten)]
    entries: EntriesArgs,
    /// How they are written
    #[arg(long, value_enum, default_value = "table")]
    format: AnswerFormat,
}

/// A kind of entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum EntryKind {
    /// The first of a book
    Opening,
    /// Rules, whole
    Edition,
    /// Rows of a register
    Register,
    /// The beginning of a batch
    Batch,
    /// An event and what became of it
    Event,
    /// A row that could not be read
    Unread,
    /// What became of an earlier event, anew
    Correction,
    /// The end of a batch
    Close,
    /// A party's objection
    Dispute,
    /// How a dispute ended
    Resolution,
    /// A checkpoint that was signed
    Checkpoint,
    /// A key that begins or ceases to sign
    Signer,
}

impl EntryKind {
    /// As entries name it.
    fn name(self) -> String {
        self.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
    }
}

pub(super) fn run(console: &Console, place: &BookPlace, args: &LogArgs) -> Result<Exit, Failed> {
    let asked = args.stretch.range()?;
    let mut open = place.open(Access::Read)?;
    // Read through a book of their own, so that one can be walked while names are looked up.
    let mut names = place.open(Access::Read)?;
    let mut reader = Reader::new(console.language);
    let size = open.size()?;
    let kinds: Vec<String> = args.kind.iter().map(|kind| kind.name()).collect();
    let mut list = List::new(args.format)?;
    let mut found = false;
    let called = if args.format == ListFormat::Table { Called::ByPeople } else { Called::InFiles };
    book::walk(&mut open, asked.start..asked.end.min(size), |number, entry| {
        let kind = Entry::kind_name(entry.kind()).unwrap_or_default();
        if !kinds.is_empty() && !kinds.iter().any(|it| it == kind) {
            return Ok(());
        }
        let named = reader.named(&mut names, &entry)?;
        let line = log_line(number, &entry, named.names(), (console.language, called));
        if args.event.as_ref().is_some_and(|key| *key != line.key) {
            return Ok(());
        }
        found = true;
        list.add(line, || entry_json(number, &entry, named.names()))
    })?;
    list.finish(console)?;
    if let Some(key) = args.event.as_ref().filter(|_| !found) {
        console.note(&Words::new(
            format!(
                "none of these entries is of an event with the key `{key}`; \
                 `fenshui book show NUMBER` shows an entry by its number"
            ),
            format!("这些条目中没有键为「{key}」的事项；按条号查看用 fenshui book show 条号"),
        ));
    }
    Ok(Exit::Done)
}

/// A list of entries under way.
enum List {
    Table(Vec<LogLine>),
    Csv(Box<Records>),
    Json(Output, bool),
    Ndjson(Output),
}

impl List {
    fn new(format: ListFormat) -> Result<List, Failed> {
        let output = Output::stdout();
        Ok(match format {
            ListFormat::Table => List::Table(Vec::new()),
            ListFormat::Ndjson => List::Ndjson(output),
            ListFormat::Json => List::Json(output, false),
            ListFormat::Csv => {
                let columns = ["entry", "kind", "batch", "when", "key", "amount", "what"];
                let columns = columns.map(|name| ResultColumn::new(name, name, false));
                let layout = ResultLayout::Csv;
                List::Csv(Box::new(Records::new(output, layout, columns.to_vec(), "{}")?))
            }
        })
    }

    fn add(
        &mut self,
        line: LogLine,
        whole: impl Fn() -> serde_json::Value,
    ) -> Result<(), BookTrouble> {
        match self {
            List::Table(lines) => lines.push(line),
            List::Ndjson(output) => output.write(format!("{}\n", whole()).as_bytes())?,
            List::Json(output, begun) => {
                let before = if *begun { ",\n" } else { "[\n" };
                *begun = true;
                output.write(format!("{before}{}", whole()).as_bytes())?;
            }
            List::Csv(records) => {
                records.bare(&line.entry.to_string());
                records.text(line.kind);
                match line.batch {
                    Some(batch) => records.bare(&batch.to_string()),
                    None => records.missing(),
                }
                for cell in [&line.when, &line.key, &line.amount, &line.what] {
                    records.text(cell);
                }
                records.end_row()?;
            }
        }
        Ok(())
    }

    fn finish(self, console: &Console) -> Result<(), Failed> {
        match self {
            List::Table(lines) => console.print(&log_table(&lines, console.language))?,
            List::Ndjson(output) => output.finish()?,
            List::Json(mut output, begun) => {
                output.write(if begun { b"\n]\n" } else { b"[]\n" })?;
                output.finish()?;
            }
            List::Csv(records) => records.finish()?,
        }
        Ok(())
    }
}

pub(super) fn show(console: &Console, place: &BookPlace, args: &ShowArgs) -> Result<Exit, Failed> {
    let mut open = place.open(Access::Read)?;
    let mut reader = Reader::new(console.language);
    let mut out = Vec::new();
    for number in args.entries.numbers(console, &mut open)? {
        let entry = open.entry(number)?;
        let named = reader.named(&mut open, &entry)?;
        out.push(match args.format {
            AnswerFormat::Table => entry_page(number, &entry, named.names(), console.language),
            AnswerFormat::Json => format!("{}\n", entry_json(number, &entry, named.names())),
        });
    }
    let between = if args.format == AnswerFormat::Table { "\n" } else { "" };
    console.print(&out.join(between))?;
    Ok(Exit::Done)
}
