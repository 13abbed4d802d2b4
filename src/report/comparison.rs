//! A comparison as tables for people, and as JSON and CSV for machines.

use serde_json::{Value as Json, json};

use crate::base::Money;
use crate::desk::{Comparison, Mover, Payee};
use crate::diagnostics::Language;

use super::names::Names;
use super::table::{Align, Table};
use super::values::{account_label, account_text, file_text, money_label};

/// The decimals amounts are shown with: those of the first event's currency.
fn scale(names: &Names) -> u8 {
    names.events.first().map_or(2, |event| event.currency.scale)
}

/// The comparison as two tables: accounts and years, then the events that moved most.
pub fn draw(
    comparison: &Comparison,
    names: &Names,
    titles: [&str; 2],
    language: Language,
) -> String {
    let words = Heads::of(language);
    let scale = scale(names);
    let mut table = Table::new([
        (words.account.to_owned(), Align::Left),
        (words.year.to_owned(), Align::Left),
        (titles[0].to_owned(), Align::Right),
        (titles[1].to_owned(), Align::Right),
        (words.difference.to_owned(), Align::Right),
    ]);
    for line in &comparison.lines {
        table.add([
            payee_label(&line.payee, names, language),
            line.year.to_string(),
            money_label(line.before, scale),
            money_label(line.after, scale),
            difference(line.before, line.after, scale),
        ]);
    }
    let mut out = table.draw();
    out.push_str(&summary(comparison, scale, language));
    if !comparison.movers.is_empty() {
        out.push_str(&movers(comparison, names, language));
    }
    out
}

struct Heads {
    account: &'static str,
    year: &'static str,
    difference: &'static str,
}

impl Heads {
    fn of(language: Language) -> Heads {
        match language {
            Language::English => {
                Heads { account: "account", year: "year", difference: "difference" }
            }
            Language::Chinese => Heads { account: "账户", year: "年度", difference: "增减" },
        }
    }
}

fn summary(comparison: &Comparison, scale: u8, language: Language) -> String {
    let moved = money_label(comparison.moved, scale);
    let changed = comparison.events_changed;
    let (before, after) = comparison.set_aside;
    let mut out = match language {
        Language::English => {
            format!("\n{changed} events give something else; {moved} changes hands\n")
        }
        Language::Chinese => format!("\n{changed} 笔事项结果不同；易手金额 {moved}\n"),
    };
    if before != after {
        out.push_str(&match language {
            Language::English => format!("set aside: {before} before, {after} after\n"),
            Language::Chinese => format!("搁置：之前 {before} 笔，之后 {after} 笔\n"),
        });
    }
    if !comparison.whole {
        out.push_str(match language {
            Language::English => "a sum left the supported range: the totals above are not whole\n",
            Language::Chinese => "有合计超出可表示范围：以上合计不完整\n",
        });
    }
    out
}

fn movers(comparison: &Comparison, names: &Names, language: Language) -> String {
    let (title, moved_head, event, date, account, difference_head) = match language {
        Language::English => ("largest movers", "moved", "event", "date", "account", "difference"),
        Language::Chinese => ("变动最大的事项", "易手", "事项", "日期", "账户", "增减"),
    };
    let mut table = Table::new([
        (event.to_owned(), Align::Left),
        (date.to_owned(), Align::Left),
        (moved_head.to_owned(), Align::Right),
        (account.to_owned(), Align::Left),
        (difference_head.to_owned(), Align::Right),
    ]);
    let scale = scale(names);
    for mover in &comparison.movers {
        for (place, change) in mover.changes.iter().enumerate() {
            let first = place == 0;
            table.add([
                if first { key_text(mover, names) } else { String::new() },
                if first { mover.date.to_string() } else { String::new() },
                if first { money_label(mover.moved, scale) } else { String::new() },
                payee_label(&change.payee, names, language),
                difference(change.before, change.after, scale),
            ]);
        }
    }
    format!("\n{title}\n{}", table.draw())
}

/// The lines as CSV: account, year, before, after, difference.
pub fn csv(comparison: &Comparison, names: &Names) -> Vec<[String; 5]> {
    let scale = scale(names);
    comparison
        .lines
        .iter()
        .map(|line| {
            [
                payee_text(&line.payee, names),
                line.year.to_string(),
                line.before.format(scale),
                line.after.format(scale),
                plain_difference(line.before, line.after, scale),
            ]
        })
        .collect()
}

/// The comparison as one JSON object; amounts are strings.
pub fn json(comparison: &Comparison, names: &Names) -> Json {
    let scale = scale(names);
    let amounts = |before: Money, after: Money| {
        json!({
            "before": before.format(scale),
            "after": after.format(scale),
            "difference": plain_difference(before, after, scale),
        })
    };
    let line = |payee: &Payee, before: Money, after: Money| {
        let mut object = amounts(before, after);
        if let Some(object) = object.as_object_mut() {
            object.insert("account".to_owned(), Json::String(payee_text(payee, names)));
        }
        object
    };
    let lines: Vec<Json> = comparison
        .lines
        .iter()
        .map(|entry| {
            let mut object = line(&entry.payee, entry.before, entry.after);
            if let Some(object) = object.as_object_mut() {
                object.insert("year".to_owned(), Json::from(entry.year));
            }
            object
        })
        .collect();
    let movers: Vec<Json> = comparison
        .movers
        .iter()
        .map(|mover| {
            let changes: Vec<Json> = mover
                .changes
                .iter()
                .map(|change| line(&change.payee, change.before, change.after))
                .collect();
            json!({
                "event": event_name(mover.event, names),
                "key": key_text(mover, names),
                "date": mover.date.to_string(),
                "moved": mover.moved.format(scale),
                "changes": changes,
            })
        })
        .collect();
    json!({
        "lines": lines,
        "movers": movers,
        "events_changed": comparison.events_changed,
        "moved": comparison.moved.format(scale),
        "set_aside_before": comparison.set_aside.0,
        "set_aside_after": comparison.set_aside.1,
        "whole": comparison.whole,
    })
}

fn difference(before: Money, after: Money, scale: u8) -> String {
    match after.checked_sub(before) {
        Some(difference) if difference.is_zero() => "–".to_owned(),
        Some(difference) if difference.is_negative() => money_label(difference, scale),
        Some(difference) => format!("+{}", money_label(difference, scale)),
        None => "…".to_owned(),
    }
}

fn plain_difference(before: Money, after: Money, scale: u8) -> String {
    after.checked_sub(before).map_or(String::new(), |difference| difference.format(scale))
}

fn payee_label(payee: &Payee, names: &Names, language: Language) -> String {
    let Some((account, key)) = payee else {
        return match language {
            Language::English => "undetermined".to_owned(),
            Language::Chinese => "待定".to_owned(),
        };
    };
    let at = usize::try_from(*account).unwrap_or(usize::MAX);
    names
        .accounts
        .get(at)
        .map_or(String::new(), |account| account_label(account, key, names, language))
}

fn payee_text(payee: &Payee, names: &Names) -> String {
    let Some((account, key)) = payee else { return "undetermined".to_owned() };
    let at = usize::try_from(*account).unwrap_or(usize::MAX);
    names.accounts.get(at).map_or(String::new(), |account| account_text(account, key, names))
}

fn event_name(event: u32, names: &Names) -> String {
    let table = usize::try_from(event).ok().and_then(|at| names.events.get(at));
    table.map_or(String::new(), |table| table.name.text.clone())
}

/// The parts of the key, without the date that only tells calendar events apart.
fn key_text(mover: &Mover, names: &Names) -> String {
    let table = usize::try_from(mover.event).ok().and_then(|at| names.events.get(at));
    let Some(table) = table else { return String::new() };
    let parts: Vec<String> = mover
        .key
        .iter()
        .zip(&table.key)
        .filter_map(|(cell, field)| Some(file_text(cell, &table.fields.get(*field)?.kind, names)))
        .filter(|part| !part.is_empty())
        .collect();
    parts.join("/")
}
