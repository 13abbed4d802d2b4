//! Who owes whom by other rules, and `fenshui book correct`.

use std::path::{Path, PathBuf};

use clap::Args;
use clap::builder::NonEmptyStringValueParser;
use serde_json::{Value as Json, json};

use crate::app::book::{
    self, Access, Asked, Besides, BookPlace, Corrected, Correcting, NotHeld, Other, Owed,
    OwedChange, OwedMade, Review, Shift, Unsure,
};
use crate::book::{Because, Book};
use crate::diagnostics::{Language, Words, pictured, pictured_lines};
use crate::formats::{read_text, write_text};
use crate::report::book::OutcomeTold;
use crate::report::table::{Align, Table};
use crate::report::values::money_label;

use super::super::console::Console;
use super::super::exit::{Exit, Stop};
use super::other::{self, OtherArgs};
use super::{AnswerFormat, Failed, secret};

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
    #[arg(long, value_name = "TEXT", value_parser = NonEmptyStringValueParser::new())]
    because: String,
    /// Who posts, for the book to name
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
    /// How the answer is written
    #[arg(long, value_enum, default_value = "table")]
    format: AnswerFormat,
}

pub(super) fn text(console: &Console, owed: &Owed) -> String {
    let several = owed
        .lines
        .iter()
        .any(|line| owed.lines.first().is_some_and(|first| first.currency != line.currency));
    let mut headings = vec![
        ("account", "账户", Align::Left),
        ("year", "年度", Align::Left),
        ("has", "现有", Align::Right),
        ("would have", "应有", Align::Right),
        ("difference", "差额", Align::Right),
    ];
    if several {
        headings.insert(2, ("currency", "币种", Align::Left));
    }
    let mut table = Table::headed(console.language, headings);
    let aside = console.pick("(set aside)", "（搁置）");
    for line in &owed.lines {
        let scale = line.currency.scale;
        let difference = line.after.checked_sub(line.before).unwrap_or_default();
        let mut cells = vec![
            line.label.clone().unwrap_or_else(|| aside.to_owned()),
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
    let changed = owed.changes.iter().filter(|it| it.dispute.is_none()).count();
    let compared = owed.compared;
    let events = if compared == 1 { "event comes" } else { "events come" };
    let words = Words::new(
        format!("{changed} of {compared} {events} out otherwise\n"),
        format!("{compared} 条事项中有 {changed} 条结果不同\n"),
    );
    let table = if owed.lines.is_empty() { String::new() } else { table.draw() };
    let beside = beside(console, owed);
    format!("{table}{}{}", words.in_language(console.language), pictured_lines(&beside))
}

/// So many are told of each kind.
const SHOWN_MAX: usize = 20;

/// What is set aside on either side, what disputes settled, and what no rules can be held against.
fn beside(console: &Console, owed: &Owed) -> String {
    let mut out = String::new();
    let mut say = |words: Words| out.push_str(words.in_language(console.language));
    let (has, would) = owed.aside;
    if has > 0 || would > 0 {
        say(Words::new(
            format!("set aside: {has} in the book, {would} by these rules\n"),
            format!("搁置：账簿中 {has} 条，按此规则 {would} 条\n"),
        ));
    }
    let unknown = owed.aside_unknown;
    if unknown != (0, 0) {
        let (has, would) = unknown;
        say(Words::new(
            format!("  with no known amount: {has} in the book, {would} by these rules\n"),
            format!("  其中金额不明：账簿中 {has} 条，按此规则 {would} 条\n"),
        ));
    }
    let shifted: Vec<&OwedChange> =
        owed.changes.iter().filter(|it| it.shift != Shift::None).collect();
    for change in shifted.iter().take(SHOWN_MAX) {
        let (entry, key) = (change.entry, pictured(&change.key));
        let (before, after) = change.lines();
        say(Words::new(
            format!("  entry {entry} ({key}): {before} → {after}\n"),
            format!("  第 {entry} 条（{key}）：{before} → {after}\n"),
        ));
    }
    if let Some(more @ 1..) = shifted.len().checked_sub(SHOWN_MAX) {
        say(Words::new(format!("  and {more} more\n"), format!("  另有 {more} 条\n")));
    }
    for OwedMade { kind, key, after, .. } in owed.made.iter().take(SHOWN_MAX) {
        let (key, after) = (pictured(key), &after.text);
        say(Words::new(
            format!("{kind} {key} comes into being: {after}\n"),
            format!("将生成{kind} {key}：{after}\n"),
        ));
    }
    if let Some(more @ 1..) = owed.made.len().checked_sub(SHOWN_MAX) {
        say(Words::new(format!("and {more} more\n"), format!("另有 {more} 条\n")));
    }
    for unsure in &owed.unsure {
        let it = unsure.words();
        say(Words::new(
            format!("{}; what shares these may come out otherwise than is said here\n", it.en),
            format!("{}；与之共用台账者，结果可能与此不同\n", it.zh),
        ));
    }
    let settled = owed.changes.iter().filter_map(|it| Some((it, it.dispute?)));
    for (change, dispute) in settled {
        let (entry, key) = (change.entry, pictured(&change.key));
        say(Words::new(
            format!(
                "entry {entry} ({key}) stands as dispute {dispute} was settled: \
                 corrections leave it\n"
            ),
            format!("第 {entry} 条（{key}）系异议（第 {dispute} 条）了结后的结果：更正不涉及\n"),
        ));
    }
    not_held_told(owed, &mut say);
    out
}

/// What is set aside and these rules cannot be held against.
fn not_held_told(owed: &Owed, say: &mut dyn FnMut(Words)) {
    let count = owed.not_held.len();
    if count > 0 {
        say(Words::new(
            match count {
                1 => "1 more is set aside, and these rules cannot be held against it\n".to_owned(),
                _ => format!(
                    "{count} more are set aside, and these rules cannot be held against them\n"
                ),
            },
            format!("另有 {count} 条搁置，无法按此规则比较\n"),
        ));
    }
    for NotHeld { entry, place, said } in owed.not_held.iter().take(SHOWN_MAX) {
        let place =
            place.as_ref().map_or_else(String::new, |(file, line)| format!("{file}:{line}"));
        say(Words::new(
            format!("  entry {entry} ({place}): {said}\n"),
            format!("  第 {entry} 条（{place}）：{said}\n"),
        ));
    }
    if let Some(more @ 1..) = count.checked_sub(SHOWN_MAX) {
        say(Words::new(format!("  and {more} more\n"), format!("  另有 {more} 条\n")));
    }
}

pub(super) fn record(owed: &Owed) -> Json {
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
        "changes": owed.changes.iter().map(change).collect::<Json>(),
        "made": owed.made.iter().map(made).collect::<Json>(),
        "set_aside": { "has": owed.aside.0, "would_have": owed.aside.1 },
        "not_held": owed.not_held.iter().map(not_held).collect::<Json>(),
        "unsure": owed.unsure.iter().map(unsure).collect::<Json>(),
    })
}

fn unsure(it: &Unsure) -> Json {
    json!({ "entry": it.entry, "key": it.key, "dispute": it.dispute })
}

fn not_held(it: &NotHeld) -> Json {
    let (file, line) =
        it.place.as_ref().map_or((None, None), |(file, line)| (Some(file), Some(line)));
    json!({ "entry": it.entry, "file": file, "line": line, "set_aside": it.said })
}

pub(super) fn change(it: &OwedChange) -> Json {
    json!({
        "entry": it.entry, "key": it.key,
        "before": came_out(&it.before), "after": it.after.as_ref().map(came_out),
        "set_aside": match it.shift {
            Shift::None => Json::Null,
            Shift::ToAside => json!("newly"),
            Shift::FromAside => json!("no longer"),
        },
        "dispute": it.dispute,
        "besides": it.besides.iter().map(Besides::from).collect::<Vec<_>>(),
    })
}

pub(super) fn made(it: &OwedMade) -> Json {
    json!({ "event": it.kind, "key": it.key, "after": came_out(&it.after) })
}

fn came_out(it: &OutcomeTold) -> Json {
    let allocation =
        |(account, amount): &(String, String)| json!({ "account": account, "amount": amount });
    json!({
        "text": it.text,
        "allocations": it.amounts.iter().map(allocation).collect::<Json>(),
        "set_aside": it.set_aside,
    })
}

/// Writes corrections as a file to be reviewed.
pub(super) fn write_corrections(
    open: &mut Book,
    rules: &Other<'_>,
    of: &Asked,
    file: &Path,
) -> Result<(), Failed> {
    // In one language, so that whoever posts them may read another.
    let rules = Other { language: Language::English, ..rules.clone() };
    let list = json!(Review::list(open, &rules, of)?);
    Ok(write_text(file, &format!("{list:#}\n"))?)
}

/// Reads what was reviewed.
fn reviewed(file: &Path) -> Result<Review, Failed> {
    let text = read_text(file)?;
    let why = match serde_json::from_str::<Review>(&text) {
        Ok(review) if review.is_known() => return Ok(review),
        Ok(_) => Words::new("its `format` is another", "其 format 不同"),
        Err(error) => {
            let (line, column) = (error.line(), error.column());
            Words::new(
                format!("it ends or says something else at line {line}, column {column}"),
                format!("第 {line} 行第 {column} 列处中断或有不应有的内容"),
            )
        }
    };
    let file = file.display();
    Err(Failed::from(Stop::error(
        Words::new(
            format!("`{file}` is no list of corrections: {}", why.en),
            format!("「{file}」不是更正清单：{}", why.zh),
        ),
        Some(Words::new(
            "`fenshui book replay --with RULES --corrections FILE` writes them",
            "用 fenshui book replay --with 规则 --corrections 文件 生成",
        )),
    )))
}

pub(super) fn correct(
    console: &Console,
    place: &BookPlace,
    args: &CorrectArgs,
) -> Result<Exit, Failed> {
    let review = reviewed(&args.corrections)?;
    let mut open = place.open(Access::Write)?;
    let rules = other::read_to_post(console, &mut open, &args.with, &args.other)?;
    let correcting = Correcting {
        by: args.by.clone(),
        clock: secret::now,
        because: Because::Stated { reason: args.because.clone() },
        only: review.entries().collect(),
    };
    let other = Other { language: Language::English, ..rules.other(console, None) };
    let posted = book::correct(&mut open, &other, &correcting, Some(&review))?;
    let (mut text, mut record) = (String::new(), Vec::new());
    for Corrected { entry, of, key } in posted.corrected {
        let words = Words::new(
            format!("entry {entry} corrects {of}\n"),
            format!("第 {entry} 条更正第 {of} 条\n"),
        );
        text.push_str(words.in_language(console.language));
        record.push(json!({ "entry": entry, "of": of, "key": key }));
    }
    let mut made = Vec::new();
    for (entry, kind, key) in posted.made {
        let words = Words::new(
            format!("entry {entry}: {kind} {} comes into being\n", pictured(&key)),
            format!("第 {entry} 条：生成{kind} {}\n", pictured(&key)),
        );
        text.push_str(&pictured_lines(words.in_language(console.language)));
        made.push(json!({ "entry": entry, "event": kind, "key": key }));
    }
    let record = json!({ "corrections": record, "made": made });
    console.print_kept(&args.format.choose(text, &record))?;
    Ok(Exit::Done)
}
