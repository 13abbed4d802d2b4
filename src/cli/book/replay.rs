//! `fenshui book replay`.

use std::path::PathBuf;

use clap::Args;
use serde_json::{Value as Json, json};

use crate::app::book::{self, Access, Asked, BookPlace, Difference, Replay, Replayed};
use crate::diagnostics::Words;

use super::super::console::Console;
use super::super::exit::{Exit, Stop};
use super::super::job;
use super::other::{self, OtherArgs};
use super::{AnswerFormat, Failed, owed};

#[derive(Debug, Args)]
pub(super) struct ReplayArgs {
    /// The first entry
    #[arg(long, value_name = "ENTRY", default_value_t = 0)]
    from: u64,
    /// The first entry that is left out [default: none]
    #[arg(long, value_name = "ENTRY")]
    to: Option<u64>,
    /// Only events with this key; may be given again
    #[arg(long, value_name = "KEY")]
    event: Vec<String>,
    /// Only events that give to this account
    #[arg(long)]
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

pub(super) fn run(console: &Console, place: &BookPlace, args: &ReplayArgs) -> Result<Exit, Failed> {
    let known_on = args.as_known_on.as_deref().map(job::date).transpose()?;
    let mut open = place.open(Access::Read)?;
    let of = Asked {
        range: args.from..args.to.unwrap_or(u64::MAX),
        events: args.event.clone(),
        account: args.account.clone(),
    };
    if let Some(with) = &args.with {
        let rules = other::read(console, &mut open, with, &args.other)?;
        let rules = rules.other(console, known_on);
        let owed = book::owed(&mut open, &rules, &of, true)?;
        if owed.compared == 0 && of != Asked::ALL {
            return Err(nothing_of(&of).into());
        }
        if let Some(file) = &args.corrections {
            owed::write_corrections(&mut open, &rules, &of, file)?;
        }
        console.print(&match args.format {
            AnswerFormat::Table => owed::text(console, &owed),
            AnswerFormat::Json => format!("{:#}\n", owed::record(&owed)),
        })?;
        return Ok(Exit::Done);
    }
    let folder = std::env::temp_dir();
    let asked = Replay { of, known_on, language: console.language, folder };
    let replayed = book::replay(&mut open, &asked)?;
    if replayed.compared == 0 && (!asked.of.events.is_empty() || asked.of.account.is_some()) {
        return Err(nothing_of(&asked.of).into());
    }
    console.print(&match args.format {
        AnswerFormat::Table => text(console, &replayed),
        AnswerFormat::Json => format!("{:#}\n", record(&replayed)),
    })?;
    Ok(if replayed.differences.is_empty() { Exit::Done } else { Exit::Failed })
}

/// A name that stands nowhere in the book is no clean bill.
fn nothing_of(asked: &Asked) -> Stop {
    let of = asked.events.iter().chain(&asked.account);
    let of: Vec<&str> = of.map(String::as_str).collect();
    if of.is_empty() {
        let words = Words::new(
            "none of these entries is an event: nothing was compared",
            "这些条目中没有事项：未作任何比较",
        );
        return Stop::error(words, None);
    }
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
