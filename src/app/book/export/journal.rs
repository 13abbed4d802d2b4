//! A journal for hledger: an independent program adds everything up again.
//!
//! One transaction an event, one posting an amount; what an event brings stands against it in an
//! account `inflow`. A correction takes back what it corrects, and gives anew.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::base::Money;
use crate::book::{Book, Moment};
use crate::formats::Output;

use super::super::BookTrouble;
use super::super::maker::key_text;
use super::{Amount, Moved, head, moves};

/// Writes a journal.
///
/// # Errors
/// The book cannot be read, or the file cannot be written.
pub fn journal(book: &mut Book, made: Moment, output: &mut Output) -> Result<(), BookTrouble> {
    let head = head(book, made)?;
    output.write(format!("; {head}\n").as_bytes())?;
    let (mut accounts, mut commodities) = (BTreeSet::new(), BTreeSet::new());
    moves(book, |moved| {
        accounts.insert(plain(&format!("inflow:{}", moved.kind())));
        accounts.extend(moved.amounts().map(|amount| plain(&amount.account())));
        let example = Money::from_minor(10_i128.pow(3 + u32::from(moved.scale())));
        // hledger wants a point in it, also where no decimals follow.
        let point = if moved.scale() == 0 { "." } else { "" };
        let example = example.format(moved.scale());
        commodities.insert(format!("{example}{point} {}", moved.currency()));
        Ok(output.write(transaction(moved).as_bytes())?)
    })?;
    // So that `hledger check --strict` holds too.
    let accounts = accounts.iter().map(|name| format!("account {name}\n"));
    let commodities = commodities.iter().map(|example| format!("commodity {example}\n"));
    let declared: String = accounts.chain(commodities).collect();
    Ok(output.write(format!("\n{declared}").as_bytes())?)
}

fn transaction(moved: &Moved<'_>) -> String {
    let event = moved.event;
    let date = moved.correction.map_or(event.date, |it| it.booked);
    let booked = event.booked.filter(|_| moved.correction.is_none());
    let mut out = format!("\n{date}");
    if let Some(booked) = booked {
        let _ = write!(out, "={booked}");
    }
    let (kind, key) = (moved.kind(), plain(&key_text(event)));
    let _ = write!(out, " ({}) {kind} {key}", moved.number);
    if let Some(correction) = moved.correction {
        let _ = write!(out, "  ; corrects {}", correction.of);
    }
    out.push('\n');
    let inflow = inflow(moved);
    if inflow != 0 {
        posting(&mut out, moved, &format!("inflow:{kind}"), -inflow, "");
    }
    for amount in moved.amounts() {
        let mut comment = because(&amount);
        comment.push_str(if amount.taken_back { ", taken back" } else { "" });
        posting(&mut out, moved, &amount.account(), amount.units(), &comment);
    }
    out
}

/// What the transaction brings in all: the sum of what it gives less what it takes back.
fn inflow(moved: &Moved<'_>) -> i128 {
    moved.amounts().map(|amount| amount.units()).sum()
}

fn posting(out: &mut String, moved: &Moved<'_>, account: &str, minor: i128, comment: &str) {
    let amount = Money::from_minor(minor).format(moved.scale());
    let _ = write!(out, "    {}  {amount} {}", plain(account), moved.currency());
    if !comment.is_empty() {
        let _ = write!(out, "  ; {comment}");
    }
    out.push('\n');
}

/// Rule, leg and clause.
fn because(amount: &Amount<'_>) -> String {
    let (rule, place, clause) = amount.leg();
    let parts = [rule, place, clause].into_iter().filter(|part| !part.is_empty());
    parts.collect::<Vec<&str>>().join(" ")
}

/// A name as a journal can hold it. What would end it (two blanks, a blank of another kind, a line
/// end), begin a comment (`;`) or mean something else at its front stands as `\u{…}`, by its number in
/// Unicode; so does a backslash, so that every name can be read back and no two become one.
fn plain(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    let mut letters = name.chars().peekable();
    // Before the first letter as after a blank no blank can stand.
    let mut after_blank = true;
    while let Some(letter) = letters.next() {
        let stands = match letter {
            ' ' => !after_blank && letters.peek().is_some(),
            ';' | '\\' => false,
            '*' | '!' | '(' | '[' | '=' | '~' | '"' => !out.is_empty(),
            other => !other.is_whitespace() && !other.is_control(),
        };
        match stands {
            true => out.push(letter),
            false => {
                let _ = write!(out, "\\u{{{:x}}}", u32::from(letter));
            }
        }
        after_blank = stands && letter == ' ';
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_apart() {
        for (name, wanted) in [
            ("owner[a b]", "owner[a b]"),
            ("owner[a  b]", "owner[a \\u{20}b]"),
            ("owner[a   b]", "owner[a \\u{20} b]"),
            ("owner[a\tb]", "owner[a\\u{9}b]"),
            ("owner[a\nb]", "owner[a\\u{a}b]"),
            ("owner[a\u{3000}b]", "owner[a\\u{3000}b]"),
            ("owner[a\u{a0}\u{a0}b]", "owner[a\\u{a0}\\u{a0}b]"),
            ("owner[a;b]", "owner[a\\u{3b}b]"),
            ("owner[a,b]", "owner[a,b]"),
            ("a\\u{20}", "a\\u{5c}u{20}"),
            (" a ", "\\u{20}a\\u{20}"),
            ("(a)", "\\u{28}a)"),
            ("国库[北京]", "国库[北京]"),
        ] {
            assert_eq!(plain(name), wanted, "{name:?}");
        }
    }
}
