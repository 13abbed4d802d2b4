//! A comparison as tables for people, and as JSON and CSV for machines.

use serde_json::{Value as Json, json};

use crate::base::Money;
use crate::desk::{Change, Comparison, Line, Mover, Payee};
use crate::diagnostics::Language;

use super::names::{Currency, Names};
use super::table::{Align, Table};
use super::values::{account_label, account_text, file_text, money_label};

/// The comparison as two tables: accounts and years, then the events that moved most.
pub fn draw(
    comparison: &Comparison,
    names: &Names,
    titles: [&str; 2],
    language: Language,
) -> String {
    let words = Heads::of(language);
    let mut heads = vec![
        (words.account.to_owned(), Align::Left),
        (words.year.to_owned(), Align::Left),
        (titles[0].to_owned(), Align::Right),
        (titles[1].to_owned(), Align::Right),
        (words.difference.to_owned(), Align::Right),
    ];
    let has_currencies = names.has_currencies();
    if has_currencies {
        heads.insert(1, (words.currency.to_owned(), Align::Left));
    }
    let mut table = Table::new(heads);
    let mut add = |line: &Line, year: String| {
        let currency = names.currency(line.currency);
        let mut cells = vec![
            payee_label(&line.payee, names, language),
            year,
            money_label(line.before, currency.scale),
            money_label(line.after, currency.scale),
            difference(line.before, line.after, currency.scale),
        ];
        if has_currencies {
            cells.insert(1, currency.code);
        }
        table.add(cells);
    };
    let same =
        |one: &Line, other: &Line| (&one.payee, one.currency) == (&other.payee, other.currency);
    for years in comparison.lines.chunk_by(same) {
        years.iter().for_each(|line| add(line, line.year.to_string()));
        if let Some(total) = over_years(years) {
            add(&total, words.all_years.to_owned());
        }
    }
    let mut out = table.draw();
    out.push_str(&summary(comparison, names, language));
    if !comparison.movers.is_empty() {
        out.push_str(&movers(comparison, names, language));
    }
    out
}

/// What an account gets in all of several years; nothing for one, or where a sum leaves the range.
fn over_years(years: &[Line]) -> Option<Line> {
    let [first, others @ ..] = years else { return None };
    let sum = |total: Line, line: &Line| {
        let before = total.before.checked_add(line.before)?;
        Some(Line { before, after: total.after.checked_add(line.after)?, ..total })
    };
    if others.is_empty() { None } else { others.iter().try_fold(first.clone(), sum) }
}

struct Heads {
    account: &'static str,
    currency: &'static str,
    year: &'static str,
    all_years: &'static str,
    difference: &'static str,
}

impl Heads {
    fn of(language: Language) -> Heads {
        match language {
            Language::English => {
                let (account, currency, year) = ("account", "currency", "year");
                Heads { account, currency, year, all_years: "all", difference: "difference" }
            }
            Language::Chinese => {
                let (account, currency, year) = ("账户", "币种", "年度");
                Heads { account, currency, year, all_years: "合计", difference: "增减" }
            }
        }
    }
}

/// How much changed hands, each currency apart: `1,000.00`, or `100 JPY, 1.000 KWD`.
pub fn moved_label(comparison: &Comparison, names: &Names, language: Language) -> String {
    let label = |(of, moved): (&u32, &Money)| {
        let currency = names.currency(*of);
        let amount = money_label(*moved, currency.scale);
        if names.has_currencies() { format!("{amount} {}", currency.code) } else { amount }
    };
    let moved: Vec<String> = comparison.moved.iter().map(label).collect();
    match (moved.as_slice(), language) {
        ([], _) => money_label(Money::ZERO, names.currency(0).scale),
        (some, Language::English) => some.join(", "),
        (some, Language::Chinese) => some.join("、"),
    }
}

fn summary(comparison: &Comparison, names: &Names, language: Language) -> String {
    let moved = moved_label(comparison, names, language);
    let changed = comparison.events_changed;
    let (before, after) = comparison.set_aside;
    let mut out = match language {
        Language::English => {
            format!("\n{changed} events give something else; {moved} changes hands\n")
        }
        Language::Chinese => format!("\n{changed} 笔事项结果不同；易手金额 {moved}\n"),
    };
    if before > 0 || after > 0 {
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
    let words = Heads::of(language);
    let (title, moved_head, event, date) = match language {
        Language::English => ("largest movers", "moved", "event", "date"),
        Language::Chinese => ("变动最大的事项", "易手", "事项", "日期"),
    };
    let mut heads = vec![
        (event.to_owned(), Align::Left),
        (date.to_owned(), Align::Left),
        (moved_head.to_owned(), Align::Right),
        (words.account.to_owned(), Align::Left),
        (words.difference.to_owned(), Align::Right),
    ];
    let has_currencies = names.has_currencies();
    if has_currencies {
        heads.insert(2, (words.currency.to_owned(), Align::Left));
    }
    let mut table = Table::new(heads);
    for mover in &comparison.movers {
        let currency = names.currency(mover.currency);
        for (place, change) in mover.changes.iter().enumerate() {
            let in_first = |text: String| if place == 0 { text } else { String::new() };
            let mut cells = vec![
                in_first(key_text(mover, names)),
                in_first(mover.date.to_string()),
                in_first(money_label(mover.moved, currency.scale)),
                payee_label(&change.payee, names, language),
                difference(change.before, change.after, currency.scale),
            ];
            if has_currencies {
                cells.insert(2, in_first(currency.code.clone()));
            }
            table.add(cells);
        }
    }
    format!("\n{title}\n{}", table.draw())
}

/// The lines as a file has them: account, currency where there are several, year, before, after,
/// difference; the names of these first.
pub fn lines(comparison: &Comparison, names: &Names) -> Vec<Vec<String>> {
    let has_currencies = names.has_currencies();
    let mut heads = vec!["account", "year", "before", "after", "difference"];
    if has_currencies {
        heads.insert(1, "currency");
    }
    let line = |line: &Line| {
        let currency = names.currency(line.currency);
        let mut cells = vec![
            payee_text(&line.payee, names),
            line.year.to_string(),
            line.before.format(currency.scale),
            line.after.format(currency.scale),
            plain_difference(line.before, line.after, currency.scale),
        ];
        if has_currencies {
            cells.insert(1, currency.code);
        }
        cells
    };
    let heads = heads.into_iter().map(str::to_owned).collect();
    std::iter::once(heads).chain(comparison.lines.iter().map(line)).collect()
}

/// The comparison as one JSON object; amounts are strings.
pub fn json(comparison: &Comparison, names: &Names) -> Json {
    let line = |payee: &Payee, of: u32, before: Money, after: Money| {
        let Currency { code, scale } = names.currency(of);
        json!({
            "account": payee_text(payee, names),
            "currency": code,
            "before": before.format(scale),
            "after": after.format(scale),
            "difference": plain_difference(before, after, scale),
        })
    };
    let lines: Vec<Json> = comparison
        .lines
        .iter()
        .map(|entry| {
            let mut object = line(&entry.payee, entry.currency, entry.before, entry.after);
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
            let of = mover.currency;
            let change = |it: &Change| line(&it.payee, of, it.before, it.after);
            let changes: Vec<Json> = mover.changes.iter().map(change).collect();
            let Currency { code, scale } = names.currency(of);
            json!({
                "event": event_name(mover.event, names),
                "key": key_text(mover, names),
                "date": mover.date.to_string(),
                "currency": code,
                "moved": mover.moved.format(scale),
                "changes": changes,
            })
        })
        .collect();
    let moved = |(of, moved): (&u32, &Money)| {
        let Currency { code, scale } = names.currency(*of);
        (code, Json::String(moved.format(scale)))
    };
    let moved: serde_json::Map<String, Json> = comparison.moved.iter().map(moved).collect();
    json!({
        "lines": lines,
        "movers": movers,
        "events_changed": comparison.events_changed,
        "moved": moved,
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
