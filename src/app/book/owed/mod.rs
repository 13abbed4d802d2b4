//! Who owes whom: what stands in a book, held against what other rules would have given.

mod aside;
mod correct;
mod counted;
mod hearing;
mod review;
mod unsure;
mod weigh;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::ops::Range;
use std::path::{Path, PathBuf};

use crate::base::{Date, Money};
use crate::book::{Account, Book, Entry, Event, Outcome, Said};
use crate::check::Checked;
use crate::diagnostics::Language;
use crate::engine::{self, Input, Memory, Noted, Summary, Turn};
use crate::plan::{self, Choices, Plan};
use crate::report::book::{Apart, OutcomeTold};
use crate::report::names::{Currency, Names};
use crate::report::values::{account_label, account_text};
use crate::rows::{Cell, Origin, RegisterTable};

use super::super::load::Loaded;
use super::BookTrouble;
use super::edition::{edition, texts_of};
use super::explain::event_behind;
use super::fits::fits;
use super::history::{History, Piece, PutAway, WAITING_BYTES, reading};
use super::maker::Maker;
use super::post::{BOOK_FILE, stopped};
use super::registers::filled;
use super::replay::{Context, Span, known_on, spans};
use super::standing::{Stood, walk};
use super::translate::get;

use aside::Asides;
use hearing::{Beside, Hearing};
use weigh::Weighing;

pub use unsure::Unsure;

pub(super) use correct::add;
pub use correct::{Corrected, Correcting, Posted, correct};
pub(super) use counted::{Counting, stands_by};
pub use review::{Besides, Review};

/// The other rules.
#[derive(Debug, Clone)]
pub struct Other<'r> {
    /// Their texts.
    pub loaded: &'r Loaded,
    /// The rules, compiled.
    pub checked: &'r Checked,
    /// Their names.
    pub names: &'r Names,
    /// Readings chosen.
    pub choices: &'r Choices,
    /// Rows of registers; none for those that are the book's own.
    pub registers: Vec<(u32, RegisterTable)>,
    /// Only what the book had learnt of by the end of this day.
    pub known_on: Option<Date>,
    /// The language of reasons.
    pub language: Language,
    /// The folder of the file in which events wait that memory has no room for.
    pub folder: PathBuf,
}

impl<'r> Other<'r> {
    /// Those of a batch.
    pub(in crate::app::book) fn of(
        context: &'r Context,
        choices: &'r Choices,
        language: Language,
        folder: &Path,
    ) -> Other<'r> {
        let rules = &context.rules;
        Other {
            loaded: &rules.loaded,
            checked: &rules.checked,
            names: &rules.names,
            choices,
            registers: context.registers.clone(),
            known_on: None,
            language,
            folder: folder.to_owned(),
        }
    }
}

/// Which events are asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// Entries of events, or of corrections by which they stand.
    pub range: Range<u64>,
    /// Only events with one of these keys, if any is named.
    pub events: Vec<String>,
    /// Only events that gave to this account, or would.
    pub account: Option<String>,
}

impl Asked {
    /// All of them.
    pub const ALL: Asked = Asked { range: 0..u64::MAX, events: Vec::new(), account: None };

    /// The keys asked about that are not among those met.
    pub fn unmet(&self, met: &BTreeSet<String>) -> Vec<&str> {
        let unmet = self.events.iter().filter(|key| !met.contains(*key));
        unmet.map(String::as_str).collect()
    }

    /// Whether an account is the one that is asked about, by its name in files or by its label.
    pub(in crate::app::book) fn is_account(
        &self,
        account: Option<&Account>,
        names: &Names,
    ) -> bool {
        let Some(asked) = &self.account else { return true };
        let Some(account) = account else {
            return ["undetermined", "待定"].contains(&asked.as_str());
        };
        get(&names.accounts, account.family).is_some_and(|it| {
            let label = |language| account_label(it, &account.key, names, language) == *asked;
            account_text(it, &account.key, names) == *asked
                || label(Language::English)
                || label(Language::Chinese)
        })
    }

    /// Whether events with this key are asked about; one that is asked for by name is met.
    pub(in crate::app::book) fn is_of(&self, key: &str, met: &mut BTreeSet<String>) -> bool {
        let named = self.events.iter().find(|own| *own == key);
        met.extend(named.cloned());
        self.events.is_empty() || named.is_some()
    }
}

/// What accounts have, and what they would have.
#[derive(Debug)]
pub struct Owed {
    /// By account, year and currency; those that differ not are left out. What disputes settled is on both
    /// sides as it stands.
    pub lines: Vec<OwedLine>,
    /// The events that would come out otherwise, in the order of their entries.
    pub changes: Vec<OwedChange>,
    /// The events that nobody sends and that only the other rules make, as they come.
    pub made: Vec<OwedMade>,
    /// How many events were held against each other, set aside or not.
    pub compared: u64,
    /// Of the keys asked about, those of events that are there.
    pub met: BTreeSet<String>,
    /// How many of them are set aside in the book, and how many by the other rules.
    pub aside: (u64, u64),
    /// Of those, how many bring no amount that is known.
    pub aside_unknown: (u64, u64),
    /// Rows that could not be read, and events for which the other rules have no place: no rules can
    /// be held against them.
    pub not_held: Vec<NotHeld>,
    /// Events that stand as disputes were settled, of which the other rules cannot say what they add to
    /// running totals.
    pub unsure: Vec<Unsure>,
    /// What came out of the disputed events that are allocated, by their entries.
    noted: BTreeMap<u64, Noted>,
}

/// Something that is set aside and against which the other rules cannot be held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotHeld {
    /// Its entry.
    pub entry: u64,
    /// Where it was read: file and line, if it was sent.
    pub place: Option<(String, u64)>,
    /// Why it is set aside, in the words of the rules it was posted by.
    pub said: String,
}

/// What an account has of a year, and what it would have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwedLine {
    /// The account, as files write it; none for what is set aside.
    pub account: Option<String>,
    /// The same, as people call it.
    pub label: Option<String>,
    /// The year by which its events are booked.
    pub year: i32,
    /// The currency.
    pub currency: Currency,
    /// What it has.
    pub before: Money,
    /// What it would have.
    pub after: Money,
}

/// An event that would come out otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwedChange {
    /// The entry by which it stands.
    pub entry: u64,
    /// The entry of the event itself.
    pub event: u64,
    /// Its key.
    pub key: String,
    /// What stands.
    pub before: OutcomeTold,
    /// What would stand; nothing if it would not be made.
    pub after: Option<OutcomeTold>,
    /// In what the two differ, where they read alike, and in what figures.
    pub besides: Vec<Apart>,
    /// Whether it moves between what is allocated and what is set aside.
    pub shift: Shift,
    /// The dispute by which it stands as it does.
    pub dispute: Option<u64>,
    /// The date by which it is booked.
    pub booked: Date,
    /// What would stand, for the book; nothing if it would not be made.
    outcome: Option<Outcome>,
    /// What it would say besides amounts, for the book.
    said: Option<Said>,
}

impl OwedChange {
    /// What stands and what would, each in a line.
    pub fn lines(&self) -> (&str, &str) {
        (&self.before.text, self.after.as_ref().map_or("", |after| &after.text))
    }
}

/// An event that nobody sends and that comes into being.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwedMade {
    /// Its kind, by the name that the rules give it.
    pub kind: String,
    /// Its key.
    pub key: String,
    /// What it gives.
    pub after: OutcomeTold,
    /// The event, for the book.
    event: Event,
}

/// Whether an event moves between what is allocated and what is set aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shift {
    /// It is allocated in the book and by the other rules.
    None,
    /// Allocated in the book, it is set aside by the other rules.
    ToAside,
    /// Set aside in the book, it is allocated by the other rules.
    FromAside,
}

impl OwedChange {
    /// Whether a correction can make it stand so: what is set aside is posted again, and what a
    /// dispute settled stands until another dispute changes it.
    pub fn is_correctable(&self) -> bool {
        self.shift != Shift::FromAside && self.dispute.is_none()
    }
}

/// Works out by other rules what stands in a book and, if `with_aside`, what it has set aside.
/// Corrections are made without: they take the place of what stands. What disputes settled is found by
/// others as it stands, but for the events that are `disputed`, named by an entry.
///
/// # Errors
/// The book says something that has no place in the rules, or cannot be read.
pub fn owed(
    book: &mut Book,
    other: &Other<'_>,
    asked: &Asked,
    with_aside: bool,
    disputed: &[u64],
) -> Result<Owed, BookTrouble> {
    let edition = edition(other.loaded, other.checked.rule_set()).digest();
    let mut all = spans(book)?;
    fits(book, &all, (edition, other.names))?;
    let before = match other.known_on {
        Some(day) => known_on(book, &mut all, day)?,
        None => book.size()?,
    };
    weighed(book, (&all, before), other, asked, (with_aside, disputed))
}

/// The same of what stands before an entry, by rules of which it is known that they know its batches.
fn weighed(
    book: &mut Book,
    (all, before): (&[Span], u64),
    other: &Other<'_>,
    asked: &Asked,
    (with_aside, disputed): (bool, &[u64]),
) -> Result<Owed, BookTrouble> {
    let schema = super::schema::schema(other.checked.rule_set());
    let plan = plan::from_checked(other.checked, other.choices);
    let history = History::read(book, all, before, (&schema, other.checked.rule_set()))?;
    let asides = match with_aside {
        true => Asides::read(book, &history, other.language)?,
        false => Asides::default(),
    };
    let registers = filled(book, other.checked, &other.registers, all)?;
    let through = all.last().and_then(|span| span.begun.batch.through);
    let maker = Maker::new(other.names, &plan)?;
    let noted = history.to_note(book, disputed)?;
    let besides = history.days_besides(book, all, &plan)?;
    let keeper = RefCell::new(book);
    let standing = Piece::standing(0..before, BOOK_FILE);
    let about = (&history, other.names, None);
    reading(&keeper, vec![standing], about, |entries, held| {
        let batches = entries.chain(asides.batches(other.names, ASIDE_FILE).into_iter().map(Ok));
        let is_disputed = |entry| {
            let by = history.by(entry);
            disputed.iter().any(|it| *it == entry || *it == by)
        };
        let weighing = Weighing::new(other, asked, &history, &is_disputed);
        let beside = Beside { book: &keeper, history: &history, held, maker };
        let mut hearing = Hearing::new(beside, asides, weighing);
        let mut shelf = PutAway::new(other.folder.clone());
        let memory = Some(Memory { bytes: WAITING_BYTES, shelf: &mut shelf });
        let stands = history.stands(is_disputed);
        let input = Input { memory, stands, noted, ..Input::of(&registers, batches) };
        let options = engine::Options { through, besides };
        let taken = engine::run_over(&plan, input, &options, Turn::Sorted, &mut hearing);
        let Summary { unsure, noted, .. } = taken.map_err(stopped)?.unwrap_or_default();
        let owed = hearing.finish()?;
        let noted = noted.into_iter().map(|(at, it)| (at.line, it)).collect();
        let mut book = keeper.borrow_mut();
        let unsure = unsure
            .iter()
            .map(|(at, why)| Unsure::of(&mut book, &history, (at.line, *why), other.names));
        Ok(Owed { noted, unsure: unsure.collect::<Result<_, BookTrouble>>()?, ..owed })
    })
}

/// The file by which events that the book has set aside are known; their line is their entry.
const ASIDE_FILE: u32 = u32::MAX - 3;

/// The events that come out otherwise by these rules, share running totals with what these corrections
/// correct or undo it, and were posted before: they keep what they had. And those that nobody sends and
/// that come into being.
///
/// # Errors
/// The book cannot be read.
pub(super) fn shaken(
    book: &mut Book,
    rules: &Other<'_>,
    corrections: &[u64],
) -> Result<(Vec<OwedChange>, Vec<OwedMade>), BookTrouble> {
    let beside = beside(book, rules, corrections)?;
    let (all, size) = (spans(book)?, book.size()?);
    let weighed = weighed(book, (&all, size), rules, &Asked::ALL, (false, &[]))?;
    let Owed { mut changes, made, .. } = weighed;
    changes.retain(|it| beside.contains(&it.entry) && it.is_correctable());
    Ok((changes, made))
}

/// What comes out otherwise by these rules too, on the last day of what is disputed or before, shares running
/// totals with it or undoes it, and that nobody disputes: a ruling by these rules leaves it as it stands, and
/// finds in totals what they give of it.
///
/// # Errors
/// The book cannot be read.
pub(super) fn undisputed(
    book: &mut Book,
    rules: &Other<'_>,
    changes: &[OwedChange],
    disputed: &[u64],
) -> Result<Vec<OwedChange>, BookTrouble> {
    let others = changes.iter().filter(|it| !disputed.contains(&it.entry) && it.is_correctable());
    // What gives the same to everybody adds the same to totals.
    let apart = |it: &&OwedChange| !disputed.contains(&it.event) && it.lines().0 != it.lines().1;
    let others: Vec<&OwedChange> = others.filter(apart).collect();
    if others.is_empty() {
        return Ok(Vec::new());
    }
    let mut last = Date::MIN;
    for entry in disputed {
        let (.., event) = event_behind(book, *entry)?;
        last = last.max(event.date);
    }
    let beside = beside(book, rules, disputed)?;
    let mut undisputed = Vec::new();
    for change in others.into_iter().filter(|it| beside.contains(&it.entry)) {
        let (.., event) = event_behind(book, change.entry)?;
        if event.date <= last {
            undisputed.push(change.clone());
        }
    }
    Ok(undisputed)
}

/// The entries by which events stand that share running totals by these rules with what is corrected, undo
/// it, or are sent by nobody and made of what others left. Corrections are named by their own entries, or by
/// those that they are to correct.
fn beside(
    book: &mut Book,
    rules: &Other<'_>,
    corrections: &[u64],
) -> Result<BTreeSet<u64>, BookTrouble> {
    let (all, size) = (spans(book)?, book.size()?);
    let schema = super::schema::schema(rules.checked.rule_set());
    let plan = plan::from_checked(rules.checked, rules.choices);
    let history = History::read(book, &all, size, (&schema, rules.checked.rule_set()))?;
    let maker = Maker::new(rules.names, &plan)?;
    let (mut corrected, mut lanes) = (Vec::new(), HashSet::new());
    for by in corrections {
        let entry = history.event(*by);
        let Entry::Event(event) = book.entry(entry)? else { continue };
        if let Some(stood) = history.stood(entry, &event)? {
            lanes.insert(maker.lane_of(stood.event.kind, &stood.event.fields));
            corrected.push(stood.event);
        }
    }
    // Events in no lane share nothing.
    lanes.remove(&Vec::new());
    let mut beside = BTreeSet::new();
    walk(book, 0..history.end(), |number, entry| {
        if let Entry::Event(event) = entry
            && let Some(Stood { by, event, .. }) = history.stood(number, &event)?
        {
            let undoes = corrected.iter().any(|original| bears_on(&plan, &event, original));
            let made = event.origin == Origin::MADE;
            if undoes || made || lanes.contains(&maker.lane_of(event.kind, &event.fields)) {
                beside.insert(by);
            }
        }
        Ok(())
    })?;
    Ok(beside)
}

/// Whether a refund undoes an event, or undoes more of what that event, a refund too, undid.
pub(super) fn bears_on(plan: &Plan, refund: &Event, event: &Event) -> bool {
    let Some((field, original)) = get(&plan.events, refund.kind).and_then(|it| it.reverses) else {
        return false;
    };
    let named = get(&refund.fields, field).filter(|cell| **cell != Cell::Missing);
    let known_by = get(&plan.events, original).and_then(|it| it.unique.first().copied());
    let undone = event.kind == original && known_by.and_then(|it| get(&event.fields, it)) == named;
    let beside = event.kind == refund.kind && get(&event.fields, field) == named;
    named.is_some() && (undone || beside)
}

/// The texts of an edition of the book, by the beginning of its digest or the number of its entry, and
/// the scenario they were compiled with.
///
/// # Errors
/// The book cannot be read.
pub fn texts_of_edition(
    book: &mut Book,
    named: &str,
) -> Result<Option<(Loaded, Option<String>)>, BookTrouble> {
    let mut found = None;
    for (number, entry) in book.entries_of(&["edition"])? {
        if let Entry::Edition(edition) = entry {
            let by_digest = named.len() >= 8 && edition.digest().to_string().starts_with(named);
            if by_digest || number.to_string() == named {
                found = Some(texts_of(&edition));
            }
        }
    }
    Ok(found)
}
