//! `fenshui book replay` and `fenshui book correct`.

use std::path::PathBuf;

use clap::Args;
use serde_json::{Value as Json, json};

use crate::app::book::{
    self, Access, BookPlace, Correcting, Difference, Owed, OwedChange, Replay, Replayed,
};
use crate::book::Because;
use crate::diagnostics::Words;
use crate::formats::{read_text, write_text};
use crate::report::table::{Align, Table};
use crate::report::values::money_label;

use super::super::console::Console;
use super::super::exit::{Exit, Stop};
use super::super::job;
use super::other::{self, OtherArgs};
use super::{AnswerFormat, Failed, secret};

#[derive(Debug, Args)]
pub(super) struct ReplayArgs {
    /// The first entry
    #[arg(long, value_name = "ENTRY", default_value_t = 0, conflicts_with = "with")]
    from: u64,
    /// The first entry that is left out [default: none]
    #[arg(long, value_name = "ENTRY", conflicts_with = "with")]
    to: Option<u64>,
    /// Only events with this key
    #[arg(long, value_name = "KEY", conflicts_with = "with")]
    event: Option<String>,
    /// Only events that give to this account
    #[arg(long, conflicts_with = "with")]
    account: Option<String>,
    /// Only what the book had learnt of by the end of this day
    #[arg(long, value_name = "DATE")]
    as_known_on: Option<String>,
    /// By these rules instead, a file or an edition of the book: who owes whom
    #[arg(long, value_name = "RULES")]
    with: Option<String>,
    #[command(flatten)]
    other: OtherArgs,
    /// Write the corrections that would make the book stand so, to be reviewed and posted
    #[arg(long, value_name = "FILE", requires = "with")]
    corrections: Option<PathBuf>,
    /// How the answer is written
    #[arg(long, value_enum, default_value = "table")]
    format: AnswerFormat,
}

#[derive(Debug, Args)]
pub(super) struct CorrectArgs {
    /// The rules by which the book is to stand: a file or an edition of the book
    #[arg(long, value_name = "RULES")]
    with: String,
    #[command(flatten)]
    other: OtherArgs,
    /// The corrections as they were reviewed
    #[arg(long, value_name = "FILE")]
    corrections: PathBuf,
    /// Why
    #[arg(long, value_name = "TEXT")]
    because: String,
    /// Who posts, for the book to name
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
}

pub(super) fn run(console: &Console, place: &BookPlace, args: &ReplayArgs) -> Result<Exit, Failed> {
    let known_on = args.as_known_on.as_deref().map(job::date).transpose()?;
    let mut open = place.open(Access::Read)?;
    if let Some(with) = &args.with {
        let rules = other::read(console, &mut open, with, &args.other)?;
        let owed = book::owed(&mut open, &rules.other(console, known_on))?;
        if let Some(file) = &args.corrections {
            let origin = open.opening().origin.clone();
            let text = format!("{:#}\n", corrections(&origin, open.size()?, &owed.changes));
            write_text(file, &text)?;
        }
        console.print(&match args.format {
            AnswerFormat::Table => owed_text(console, &owed),
            AnswerFormat::Json => format!("{:#}\n", owed_record(&owed)),
        })?;
        return Ok(Exit::Done);
    }
    let asked = Replay {
        range: args.from..args.to.unwrap_or(u64::MAX),
        event: args.event.clone(),
        account: args.account.clone(),
        known_on,
        language: console.language,
    };
    let replayed = book::replay(&mut open, &asked)?;
    if replayed.compared == 0 && (asked.event.is_some() || asked.account.is_some()) {
        return Err(nothing_of(&asked).into());
    }
    console.print(&match args.format {
        AnswerFormat::Table => text(console, &replayed),
        AnswerFormat::Json => format!("{:#}\n", record(&replayed)),
    })?;
    Ok(if replayed.differences.is_empty() { Exit::Done } else { Exit::Failed })
}

/// A name that stands nowhere in the book is no clean bill.
fn nothing_of(asked: &Replay) -> Stop {
    let of = [asked.event.as_deref(), asked.account.as_deref()];
    let of: Vec<&str> = of.into_iter().flatten().collect();
    let of = of.join(", ");
    Stop::error(
        Words::new(
            format!("nothing in these entries is of `{of}`: nothing was compared"),
            format!("这些条目中没有「{of}」：未作任何比较"),
        ),
        Some(Words::new(
            "write an event by its key and an account as `book show` does",
            "请按 book show 的写法写事项的键与账户",
        )),
    )
}

fn text(console: &Console, replayed: &Replayed) -> String {
    let mut out = String::new();
    for difference in &replayed.differences {
        out.push_str(&difference_text(console, difference));
    }
    let (events, batches) = (replayed.compared, replayed.batches);
    let count = replayed.differences.len();
    let words = match count {
        0 => Words::new(
            format!("{events} outcomes of {batches} batches come out as they are stored\n"),
            format!("{batches} 个批次的 {events} 条结果重算后与所存一致\n"),
        ),
        _ => Words::new(
            format!(
                "{events} outcomes of {batches} batches were worked out again; {count} differ\n"
            ),
            format!("重算 {batches} 个批次的 {events} 条结果，{count} 条不同\n"),
        ),
    };
    out.push_str(words.in_language(console.language));
    out
}

fn difference_text(console: &Console, difference: &Difference) -> String {
    let nothing = |text: &str| match text {
        "" => console.pick("nothing", "无").to_owned(),
        text => text.to_owned(),
    };
    let head = match difference.entry {
        Some(entry) => {
            format!("{} {entry}{}", console.pick("entry", "第"), console.pick("", " 条"))
        }
        None => console.pick("not in the book", "账簿中没有").to_owned(),
    };
    let mut out = format!("{head} ({})\n", difference.key);
    let stored = console.pick("stored:    ", "所存：");
    let now = console.pick("comes out: ", "重算：");
    out.push_str(&format!("  {stored}{}\n", nothing(&difference.stored)));
    out.push_str(&format!("  {now}{}\n", nothing(&difference.now)));
    for (account, had, has) in &difference.accounts {
        out.push_str(&format!("    {account}  {had} → {has}\n"));
    }
    if let Some(story) = difference.story(console.language) {
        let indented = story.lines().map(|line| format!("  {line}").trim_end().to_owned() + "\n");
        out.extend(indented);
    }
    out
}

fn record(replayed: &Replayed) -> Json {
    let differences = replayed.differences.iter().map(|it| {
        json!({
            "entry": it.entry, "key": it.key, "stored": it.stored, "now": it.now,
            "accounts": it.accounts.iter().map(|(account, had, has)| {
                json!({ "account": account, "stored": had, "now": has })
            }).collect::<Json>(),
        })
    });
    json!({
        "compared": replayed.compared,
        "batches": replayed.batches,
        "differences": differences.collect::<Json>(),
    })
}

fn owed_text(console: &Console, owed: &Owed) -> String {
    let heading = |en, zh, align| (console.pick(en, zh).to_owned(), align);
    let several = owed
        .lines
        .iter()
        .any(|line| owed.lines.first().is_some_and(|first| first.currency != line.currency));
    let mut headings = vec![
        heading("account", "账户", Align::Left),
        heading("year", "年度", Align::Left),
        heading("has", "现有", Align::Right),
        heading("would have", "应有", Align::Right),
        heading("difference", "差额", Align::Right),
    ];
    if several {
        headings.insert(2, heading("currency", "币种", Align::Left));
    }
    let mut table = Table::new(headings);
    for line in &owed.lines {
        let scale = line.currency.scale;
        let difference = line.after.checked_sub(line.before).unwrap_or_default();
        let mut cells = vec![
            line.account.clone(),
            line.year.to_string(),
            money_label(line.before, scale),
            money_label(line.after, scale),
            money_label(difference, scale),
        ];
        if several {
            cells.insert(2, line.currency.code.clone());
        }
        table.add(cells);
    }
    let (changed, compared) = (owed.changes.len(), owed.compared);
    let words = Words::new(
        format!("{changed} of {compared} events come out otherwise\n"),
        format!("{compared} 条事项中有 {changed} 条结果不同\n"),
    );
    let table = if owed.lines.is_empty() { String::new() } else { table.draw() };
    format!("{table}{}", words.in_language(console.language))
}

fn owed_record(owed: &Owed) -> Json {
    let lines = owed.lines.iter().map(|line| {
        let scale = line.currency.scale;
        let difference = line.after.checked_sub(line.before).unwrap_or_default();
        json!({
            "account": line.account, "year": line.year, "currency": line.currency.code,
            "has": line.before.format(scale), "would_have": line.after.format(scale),
            "difference": difference.format(scale),
        })
    });
    json!({
        "compared": owed.compared,
        "accounts": lines.collect::<Json>(),
        "changes": changes(&owed.changes),
    })
}

fn changes(changes: &[OwedChange]) -> Json {
    let change = |it: &OwedChange| json!({ "entry": it.entry, "key": it.key, "before": it.before, "after": it.after });
    changes.iter().map(change).collect()
}

const FORMAT: &str = "fenshui.corrections/1";

/// Corrections as a file to be reviewed.
fn corrections(origin: &str, size: u64, all: &[OwedChange]) -> Json {
    json!({ "format": FORMAT, "book": origin, "entries": size, "corrections": changes(all) })
}

/// Reads what was reviewed.
pub(super) fn reviewed(file: &std::path::Path) -> Result<Vec<OwedChange>, Failed> {
    let text = read_text(file)?;
    let parsed: Option<Json> = serde_json::from_str(&text).ok();
    let list = parsed.as_ref().filter(|it| it.get("format") == Some(&json!(FORMAT)));
    let list = list.and_then(|it| it.get("corrections")).and_then(Json::as_array);
    let change = |it: &Json| {
        let text = |name: &str| it.get(name).and_then(Json::as_str).map(str::to_owned);
        let entry = it.get("entry").and_then(Json::as_u64)?;
        Some(OwedChange::reviewed(entry, text("key")?, text("after")?))
    };
    let changes = list.and_then(|list| list.iter().map(change).collect::<Option<Vec<_>>>());
    Ok(changes.ok_or_else(|| {
        let file = file.display();
        Stop::error(
            Words::new(
                format!("`{file}` holds no corrections"),
                format!("「{file}」中没有更正内容"),
            ),
            Some(Words::new(
                "`fenshui book replay --with RULES --corrections FILE` writes them",
                "用 fenshui book replay --with 规则 --corrections 文件 生成",
            )),
        )
    })?)
}

pub(super) fn correct(
    console: &Console,
    place: &BookPlace,
    args: &CorrectArgs,
) -> Result<Exit, Failed> {
    let changes = reviewed(&args.corrections)?;
    let mut open = place.open(Access::Write)?;
    let rules = other::read(console, &mut open, &args.with, &args.other)?;
    let correcting = Correcting {
        by: args.by.clone(),
        learnt: secret::now(),
        because: Because::Stated { reason: args.because.clone() },
        only: changes.iter().map(|it| it.entry).collect(),
    };
    let entries =
        book::correct(&mut open, &rules.other(console, None), &correcting, Some(&changes))?;
    for (change, entry) in changes.iter().zip(entries) {
        let words = Words::new(
            format!("entry {entry} corrects {}\n", change.entry),
            format!("第 {entry} 条更正第 {} 条\n", change.entry),
        );
        console.print(words.in_language(console.language))?;
    }
    Ok(Exit::Done)
}
