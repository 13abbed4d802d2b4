//! `fenshui book replay`.

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::Args;
use serde_json::{Value as Json, json};

use crate::app::book::{self, Access, Asked, Difference, Replay, Replayed};
use crate::base::Date;
use crate::diagnostics::{Words, pictured};
use crate::report::book::{Apart, LegNames};
use crate::report::table::{Align, Table};

use super::super::console::Console;
use super::super::exit::{Exit, Stop};
use super::super::job;
use super::entries::StretchArgs;
use super::other::{self, OtherArgs};
use super::place::{Named, check_outputs};
use super::{AnswerFormat, Failed, owed};

#[derive(Debug, Args)]
pub(super) struct ReplayArgs {
    #[command(flatten)]
    stretch: StretchArgs,
    /// Only events with this key; may be given again
    #[arg(long, value_name = "KEY")]
    event: Vec<String>,
    /// Only events that give to this account
    #[arg(long)]
    account: Option<String>,
    /// Only what the book had learnt of by the end of this day, in UTC
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
    /// Write over a file that is there already
    #[arg(long, requires = "corrections")]
    replace: bool,
    /// How the answer is written
    #[arg(long, value_enum, default_value = "table")]
    format: AnswerFormat,
}

impl ReplayArgs {
    /// Whether it is asked if the book holds, and not what other rules would give.
    pub(super) fn is_by_own_rules(&self) -> bool {
        self.with.is_none()
    }
}

pub(super) fn run(console: &Console, named: &Named, args: &ReplayArgs) -> Result<Exit, Failed> {
    let place = &named.place;
    let known_on = args.as_known_on.as_deref().map(job::date).transpose()?;
    let mut open = place.open(Access::Read)?;
    let of = Asked {
        range: args.stretch.range()?,
        events: args.event.clone(),
        account: args.account.clone(),
    };
    if let Some(with) = &args.with {
        let rules = other::read(console, &mut open, with, &args.other)?;
        let read = rules.sources(with, &args.other);
        check_outputs(named, args.corrections.as_slice(), args.replace, read)?;
        let rules = rules.other(console, known_on);
        let owed = book::owed(&mut open, &rules, &of, true, &[])?;
        if owed.compared == 0 && (of != Asked::ALL || known_on.is_some()) {
            return Err(nothing_of(&of, known_on).into());
        }
        all_met(&of, &owed.met)?;
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
    let nothing = replayed.compared == 0 && replayed.differences.is_empty();
    if nothing && (asked.of != Asked::ALL || known_on.is_some()) {
        return Err(nothing_of(&asked.of, known_on).into());
    }
    all_met(&asked.of, &replayed.met)?;
    console.print(&match args.format {
        AnswerFormat::Table => text(console, &replayed),
        AnswerFormat::Json => format!("{:#}\n", record(&replayed)),
    })?;
    Ok(if replayed.differences.is_empty() { Exit::Done } else { Exit::Failed })
}

/// A name that stands nowhere in the book is no clean bill.
fn nothing_of(asked: &Asked, known_on: Option<Date>) -> Stop {
    if let Some(day) = known_on.filter(|_| *asked == Asked::ALL) {
        let words = Words::new(
            format!("the book had learnt of no event by the end of {day}: nothing was compared"),
            format!("至 {day} 日终，账簿尚无任何事项：未作任何比较"),
        );
        return Stop::error(
            words,
            Some(Words::new(
                "`fenshui book log --kind batch` tells when each batch was posted",
                "用 fenshui book log --kind batch 查看各批次的过账时间",
            )),
        );
    }
    if asked.events.is_empty() && asked.account.is_none() {
        let words = Words::new(
            "none of these entries is an event: nothing was compared",
            "这些条目中没有事项：未作任何比较",
        );
        return Stop::error(
            words,
            Some(Words::new(
                "`fenshui book log --kind event` lists the events, with the numbers of their entries",
                "用 fenshui book log --kind event 列出各事项及其条号",
            )),
        );
    }
    let of = asked.events.iter().chain(&asked.account);
    none_of(&of.map(String::as_str).collect::<Vec<&str>>())
}

/// A key that no event has is not passed over because others were found.
fn all_met(asked: &Asked, met: &BTreeSet<String>) -> Result<(), Stop> {
    let unmet = asked.unmet(met);
    if unmet.is_empty() { Ok(()) } else { Err(none_of(&unmet)) }
}

fn none_of(names: &[&str]) -> Stop {
    let (en, zh) = (names.join("`, `"), names.join("」「"));
    Stop::error(
        Words::new(
            format!("nothing in these entries is of `{en}`: nothing was compared"),
            format!("这些条目中没有「{zh}」：未作任何比较"),
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
    let (events, batches) = (replayed.compared, replayed.batches.len());
    let count = replayed.differences.len();
    let (outcomes, come, were) = match events {
        1 => ("outcome", "comes out as it is", "was"),
        _ => ("outcomes", "come out as they are", "were"),
    };
    let of = if batches == 1 { "batch" } else { "batches" };
    let words = match count {
        0 => Words::new(
            format!("{events} {outcomes} of {batches} {of} {come} stored\n"),
            format!("{batches} 个批次的 {events} 条结果重算后与所存一致\n"),
        ),
        _ => Words::new(
            format!(
                "{events} {outcomes} of {batches} {of} {were} worked out again; {count} {}\n",
                if count == 1 { "differs" } else { "differ" },
            ),
            format!("重算 {batches} 个批次的 {events} 条结果，{count} 条不同\n"),
        ),
    };
    out.push_str(words.in_language(console.language));
    let untold = |it: &&Difference| it.entry.is_some() && it.story(console.language).is_none();
    if replayed.differences.iter().any(|it| untold(&it)) {
        out.push_str(console.pick(
            "`fenshui book explain ENTRY` tells why the others come out as they do\n",
            "其余各条重算结果的由来，用 fenshui book explain 条号 查看\n",
        ));
    }
    out
}

fn difference_text(console: &Console, difference: &Difference) -> String {
    let mut table = Table::headed(
        console.language,
        [
            ("account", "账户", Align::Left),
            ("rule", "规则", Align::Left),
            ("leg", "分项", Align::Left),
            ("clause", "依据", Align::Left),
            ("in the book", "账簿所存", Align::Right),
            ("comes out", "重算所得", Align::Right),
        ],
    );
    let mut out = format!("{}\n", head(console, difference));
    for it in &difference.apart {
        let (stored, now) = (&it.stored, &it.now);
        match &it.leg {
            Some(LegNames { label, place, clause, .. }) => {
                table.add([&it.what, label, place, clause, stored, now]);
            }
            None => out.push_str(&format!(
                "  {}\n    {}{stored}\n    {}{now}\n",
                it.what,
                console.pick("in the book: ", "账簿所存："),
                console.pick("comes out:   ", "重算所得："),
            )),
        }
    }
    if difference.apart.iter().any(|it| it.leg.is_some()) {
        out.push_str(&indented(&table.draw()));
    }
    if let Some(story) = difference.story(console.language) {
        out.push_str(console.pick("  why it comes out so:\n", "  重算结果的由来：\n"));
        out.push_str(&indented(&story));
    }
    out
}

/// Which entry, and of which event.
fn head(console: &Console, difference: &Difference) -> String {
    let Difference { event, date, .. } = difference;
    let key = pictured(&difference.key);
    let entry = match difference.entry {
        Some(entry) => Words::new(format!("entry {entry}"), format!("第 {entry} 条")),
        None => Words::new("not in the book", "账簿中没有"),
    };
    let booked = match difference.booked {
        Some(day) => Words::new(format!(", booked {day}"), format!("，入账 {day}")),
        None => Words::new("", ""),
    };
    let batch = match difference.batch {
        Some(batch) => Words::new(format!(", batch {batch}"), format!("，批次 {batch}")),
        None => Words::new("", ""),
    };
    let words = Words::new(
        format!("{}: {event} `{key}` of {date}{}{}", entry.en, booked.en, batch.en),
        format!("{}：{event}「{key}」{date}{}{}", entry.zh, booked.zh, batch.zh),
    );
    words.in_language(console.language).to_owned()
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("  {line}").trim_end().to_owned() + "\n").collect()
}

fn record(replayed: &Replayed) -> Json {
    let differences = replayed.differences.iter().map(|it| {
        json!({
            "entry": it.entry, "batch": it.batch, "event": it.kind, "key": it.key,
            "date": it.date.to_string(), "booked": it.booked.map(|day| day.to_string()),
            "stored": it.stored, "now": it.now,
            "apart": it.apart.iter().map(apart).collect::<Json>(),
        })
    });
    json!({
        "compared": replayed.compared,
        "batches": replayed.batches.len(),
        "differences": differences.collect::<Json>(),
    })
}

fn apart(it: &Apart) -> Json {
    let what = it.leg.as_ref().map_or(&it.what, |leg| &leg.account);
    let mut record = json!({
        "thing": it.thing, "what": what, "stored": it.stored, "now": it.now,
    });
    if let (Json::Object(record), Some(leg)) = (&mut record, &it.leg) {
        for (name, value) in [("rule", &leg.rule), ("leg", &leg.place), ("clause", &leg.clause)] {
            record.insert(name.to_owned(), json!(value));
        }
    }
    record
}
