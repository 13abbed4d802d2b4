//! Why a posting was refused, in a form that people and programs can read.

use crate::book::{Book, BookError, Entry, Event, Outcome};
use crate::diagnostics::{Language, Words, pictured};
use crate::report::book::{TellingApart, book_words};
use crate::report::names::Names;
use crate::report::values::{file_text, person_text};
use crate::report::{ReasonWords, reason_words};
use crate::rows::{Cell, Origin};

use super::super::super::asides::Aside;
use super::super::BookTrouble;
use super::super::called::called;
use super::super::look::Reader;
use super::super::maker::key_text;
use super::super::translate::get;
use super::Job;
use super::judge::{Change, Judgement, amounts};

/// Why nothing was posted.
#[derive(Debug)]
pub enum Refusal {
    /// The world, or the book.
    Trouble(BookTrouble),
    /// The two evaluators differ.
    Differ(Words),
    /// Events come late, or what stands would no longer.
    Unsettled {
        /// Events that come late.
        late: Vec<Late>,
        /// Events of the book that would come out otherwise.
        changed: Vec<Changed>,
        /// The first of the new events that are set aside beside them.
        aside: Vec<Aside>,
        /// Disputes that settled something which shares running totals with those, or is undone by one.
        disputes: Vec<u64>,
        /// New events are behind all of them, so that `recompute_late` can post them.
        can_be_posted: bool,
    },
}

/// An event that comes late.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Late {
    /// Its key.
    pub key: String,
    /// Where it was read: file and line, if it was sent.
    pub place: Option<(String, u64)>,
    /// The entry of an event of the same running totals that stands after it.
    pub behind: u64,
}

/// An event of the book that would come out, or has come out, otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    /// The entry by which it stood.
    pub entry: u64,
    /// Its key.
    pub key: String,
    /// What accounts had, and have.
    pub accounts: Vec<AccountChanged>,
    /// What else it said and says now: figures, by what people call them.
    pub besides: Vec<(String, String, String)>,
    /// Its reason, where it is set aside now.
    pub aside: Option<ReasonWords>,
}

/// What an account had of an event, and has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountChanged {
    /// The account, as files write it.
    pub account: String,
    /// The same, as people call it.
    pub label: String,
    /// What it had, as files write amounts.
    pub had: String,
    /// What it has.
    pub has: String,
}

impl From<BookTrouble> for Refusal {
    fn from(trouble: BookTrouble) -> Refusal {
        Refusal::Trouble(trouble)
    }
}

pub(super) fn refused(
    job: &Job<'_>,
    judgement: &Judgement,
    aside: Vec<Aside>,
    disputes: Vec<u64>,
) -> Refusal {
    let late = judgement.late_told.iter().map(|(key, origin, behind)| Late {
        key: key.clone(),
        place: place(job, *origin),
        behind: *behind,
    });
    let changed = judgement.changes.iter().map(|change| changed(job, change));
    Refusal::Unsettled {
        late: late.collect(),
        changed: changed.collect(),
        aside,
        disputes,
        can_be_posted: judgement.has_cause(),
    }
}

/// Entries come out otherwise by the rules and registers, whatever comes late.
pub(super) fn by_rules(job: &Job<'_>, changes: &[&Change], disputes: Vec<u64>) -> Refusal {
    let changed = changes.iter().map(|change| changed(job, change)).collect();
    let (late, aside) = (Vec::new(), Vec::new());
    Refusal::Unsettled { late, changed, aside, disputes, can_be_posted: false }
}

pub(super) fn place(job: &Job<'_>, origin: Origin) -> Option<(String, u64)> {
    Some((get(job.events, origin.file)?.input.name().to_owned(), origin.line))
}

pub(super) fn changed(job: &Job<'_>, change: &Change) -> Changed {
    let stood = &change.stood;
    let scale = get(&job.names.events, stood.event.kind).map_or(2, |it| it.currency.scale);
    let before = amounts(&stood.event.outcome);
    let after = change.now.as_ref().map(amounts).unwrap_or_default();
    let of = |side: &[(Option<crate::book::Account>, i128)], account| {
        side.iter().find(|(it, _)| it == account).map_or(0, |(_, sum)| *sum)
    };
    let mut accounts = Vec::new();
    for (account, _) in before.iter().chain(&after) {
        let (had, has) = (of(&before, account), of(&after, account));
        let text = |minor: i128| crate::base::Money::from_minor(minor).format(scale);
        let (account, label) = called(account.as_ref(), job.names, job.language);
        let row = AccountChanged { account, label, had: text(had), has: text(has) };
        if had != has && !accounts.contains(&row) {
            accounts.push(row);
        }
    }
    let aside = match &change.now {
        Some(Outcome::SetAside { reason, .. }) => {
            Some(reason_words(reason, Some(stood.event.kind), job.names))
        }
        Some(Outcome::Allocated { .. }) | None => None,
    };
    let besides = besides(job, change, accounts.is_empty());
    Changed { entry: stood.by, key: key_text(&stood.event), accounts, besides, aside }
}

/// In what an event says something else than amounts otherwise. How many units settlement moved is told
/// where nothing else tells why.
fn besides(job: &Job<'_>, change: &Change, same_amounts: bool) -> Vec<(String, String, String)> {
    let said = change.said.clone().unwrap_or_else(|| change.stood.event.said());
    let (stood, mut now) = change.stood.with_said(&said);
    if same_amounts
        && let Outcome::Allocated { residue_units, .. } = &mut now.outcome
        && let Some(Outcome::Allocated { residue_units: moved, .. }) = &change.now
    {
        *residue_units = *moved;
    }
    if now == stood {
        return Vec::new();
    }
    let (names, kind, language) = (job.names, Some(stood.kind), job.language);
    let apart = TellingApart { names, kind, language }.events(&stood, &now);
    apart.into_iter().map(|it| (it.what, it.stored, it.now)).collect()
}

/// An event that is in the book with other content: both are shown, each by the names of the rules it
/// is in.
pub(super) fn conflict(job: &Job<'_>, book: &mut Book, error: BookError) -> BookTrouble {
    let BookError::Conflict { key, entry, stored, given } = &error else { return error.into() };
    let named = Reader::new(job.language).named(book, &Entry::Event(stored.as_ref().clone()));
    let stored = match &named {
        Ok(named) => shown(stored, named.names().names),
        Err(_) => return error.into(),
    };
    let key = pictured(key);
    let place = place(job, given.origin);
    let place = place.map_or_else(String::new, |(file, line)| format!("{file}:{line}: "));
    let given = shown(given, job.names);
    BookTrouble::refused(
        Words::new(
            format!(
                "{place}event `{key}` is in the book with other content, entry {entry}\n  \
                 book:  {}\n  given: {}",
                stored.en, given.en
            ),
            format!(
                "{place}事项「{key}」已在账簿第 {entry} 条，内容不同\n  账簿：{}\n  现给：{}",
                stored.zh, given.zh
            ),
        ),
        book_words(&error).1,
    )
}

/// What an event says: as files write it, and as people call it in Chinese.
fn shown(event: &Event, names: &Names) -> Words {
    let table = get(&names.events, event.kind);
    let fields = table.map_or(&[][..], |table| table.fields.as_slice());
    let values = || event.fields.iter().zip(fields).filter(|(cell, _)| **cell != Cell::Missing);
    let en = values().map(|(cell, field)| {
        let text = file_text(cell, &field.kind, names);
        format!("{}={}", field.name.text, pictured(&text))
    });
    let zh = values().map(|(cell, field)| {
        let value = person_text(cell, &field.kind, names, Language::Chinese);
        format!("{}={value}", field.name.in_language(Language::Chinese))
    });
    Words::new(en.collect::<Vec<String>>().join(" "), zh.collect::<Vec<String>>().join(" "))
}
