//! Who owes whom: what stands in a book, held against what other rules would have given.

use std::collections::BTreeMap;

use crate::base::{Date, Money};
use crate::book::{Because, Book, Correction, Event, Moment, Outcome};
use crate::check::Checked;
use crate::diagnostics::{Language, Words};
use crate::engine;
use crate::formats::FormatsError;
use crate::plan::{self, Choices};
use crate::report::book::outcome_text;
use crate::report::names::{Currency, Names};
use crate::report::values::account_text;
use crate::rows::{Batch, Origin, RegisterRow};

use super::super::load::Loaded;
use super::BookTrouble;
use super::edition::{edition, texts_of};
use super::maker::{Maker, key_text};
use super::post::{BOOK_FILE, Heard, amounts, begin_with, differs, stopped};
use super::replay::{known_on, registers_of, spans};
use super::standing::{Standing, Stood, identity};
use super::translate::{Translated, Translator, get};

/// The other rules.
#[derive(Debug)]
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
    pub registers: Vec<(u32, Vec<RegisterRow>)>,
    /// Only what the book had learnt of by the end of this day.
    pub known_on: Option<Date>,
    /// The language of reasons.
    pub language: Language,
}

/// What accounts have, and what they would have.
#[derive(Debug)]
pub struct Owed {
    /// By account, year and currency; those that differ not are left out.
    pub lines: Vec<OwedLine>,
    /// The events that would come out otherwise, in the order of their entries.
    pub changes: Vec<OwedChange>,
    /// How many events were held against each other.
    pub compared: u64,
}

/// What an account has of a year, and what it would have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwedLine {
    /// The account, as files write it.
    pub account: String,
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
    pub before: String,
    /// What would stand.
    pub after: String,
    /// The date by which it is booked.
    pub booked: Date,
    /// What would stand, for the book; nothing if it would not be made.
    outcome: Option<Outcome>,
}

/// Works out what stands in a book by other rules.
///
/// # Errors
/// The book says something that has no place in the rules, or cannot be read.
pub fn owed(book: &mut Book, other: &Other<'_>) -> Result<Owed, BookTrouble> {
    let size = book.size()?;
    let mut all = spans(book, size)?;
    if let Some(day) = other.known_on {
        known_on(&mut all, day);
    }
    let before = all.last().map_or(0, |span| span.end);
    let schema = super::schema::schema(other.checked.rule_set());
    let standing = Standing::read(book, before, &schema, |_| true)?;
    let registers = registers(book, other, &all)?;
    let plan = plan::from_checked(other.checked, other.choices);
    let maker = Maker::new(other.names, &plan)?;
    let mut heard = Heard::new(&maker, None);
    let input = standing.batches(other.names, BOOK_FILE).into_iter().map(Ok::<Batch, FormatsError>);
    let through = all.last().and_then(|span| span.begun.batch.through);
    let options = engine::Options { through };
    engine::run(&plan, &registers, input, &options, &mut heard).map_err(stopped)?;
    let mut owing = Owing { other, lines: BTreeMap::new(), changes: Vec::new() };
    let mut seen = vec![false; standing.events.len()];
    for now in heard.events {
        let at = match now.origin {
            Origin { file: BOOK_FILE, line } => standing.of_entry(line),
            _ => standing.find(&identity(&now, &schema)?),
        };
        match at.and_then(|at| Some((seen.get_mut(at)?, standing.events.get(at)?))) {
            Some((seen, stood)) => {
                *seen = true;
                owing.both(stood, Some(&now));
            }
            None => owing.made(&now),
        }
    }
    for (stood, _) in standing.events.iter().zip(seen).filter(|(_, seen)| !seen) {
        owing.both(stood, None);
    }
    let compared = u64::try_from(standing.events.len()).unwrap_or(u64::MAX);
    Ok(owing.finish(compared))
}

/// The registers of the other rules: as given, else as the last batch that had them used them.
fn registers(
    book: &mut Book,
    other: &Other<'_>,
    spans: &[super::replay::Span],
) -> Result<Vec<(u32, Vec<RegisterRow>)>, BookTrouble> {
    let schema = super::schema::schema(other.checked.rule_set());
    let mut registers = other.registers.clone();
    for span in spans.iter().rev() {
        if registers.iter().all(|(_, rows)| !rows.is_empty()) {
            break;
        }
        let translator = Translator::new(&span.begun.edition.schema, &schema);
        for (register, rows) in registers_of(book, &span.begun.batch)? {
            match translator.register(register, rows) {
                Translated::Whole((at, rows)) => {
                    let own = registers.iter_mut().find(|(own, it)| *own == at && it.is_empty());
                    own.into_iter().for_each(|(_, it)| *it = rows.clone());
                }
                Translated::Unknown => {}
                Translated::Unfit(field) => {
                    let name = get(&schema.registers, register).map_or("", |it| it.name.as_str());
                    return Err(BookTrouble::said(
                        Words::new(
                            format!("the rules have no place for `{field}` of register `{name}`"),
                            format!("规则容不下登记簿「{name}」的「{field}」"),
                        ),
                        Some(Words::new("name its rows with `--register`", "请用 --register 指定")),
                    ));
                }
            }
        }
    }
    Ok(registers)
}

type LineKey = (String, i32, String);

struct Owing<'o, 'r> {
    other: &'o Other<'r>,
    lines: BTreeMap<LineKey, OwedLine>,
    changes: Vec<OwedChange>,
}

impl Owing<'_, '_> {
    fn both(&mut self, stood: &Stood, now: Option<&Event>) {
        let booked = stood.event.booked.unwrap_or(stood.event.date);
        self.add(&stood.event, booked, &stood.event.outcome, false);
        if let Some(now) = now {
            self.add(&stood.event, now.booked.unwrap_or(now.date), &now.outcome, true);
        }
        let differs = now.is_none_or(|now| differs(stood, &now.outcome));
        if differs {
            let text = |outcome: &Outcome| {
                let scale = self.currency(stood.event.kind).scale;
                let (names, language) = (self.other.names, self.other.language);
                outcome_text(outcome, Some(stood.event.kind), scale, names, language)
            };
            self.changes.push(OwedChange {
                entry: stood.by,
                event: stood.entry,
                key: key_text(&stood.event),
                before: text(&stood.event.outcome),
                after: now.map_or_else(String::new, |now| text(&now.outcome)),
                booked,
                outcome: now.map(|now| now.outcome.clone()),
            });
        }
    }

    /// An event that only the other rules make: of their calendar, or their stages.
    fn made(&mut self, now: &Event) {
        self.add(now, now.booked.unwrap_or(now.date), &now.outcome, true);
    }

    fn currency(&self, kind: u32) -> Currency {
        let table = get(&self.other.names.events, kind);
        table.map_or(Currency { code: String::new(), scale: 2 }, |table| table.currency.clone())
    }

    fn add(&mut self, event: &Event, booked: Date, outcome: &Outcome, after: bool) {
        let currency = self.currency(event.kind);
        for (account, minor) in amounts(outcome) {
            let account = match &account {
                None => "undetermined".to_owned(),
                Some(account) => match get(&self.other.names.accounts, account.family) {
                    Some(family) => account_text(family, &account.key, self.other.names),
                    None => "(an account that these rules do not have)".to_owned(),
                },
            };
            let key = (account.clone(), booked.year(), currency.code.clone());
            let line = self.lines.entry(key).or_insert_with(|| OwedLine {
                account,
                year: booked.year(),
                currency: currency.clone(),
                before: Money::default(),
                after: Money::default(),
            });
            let side = if after { &mut line.after } else { &mut line.before };
            *side = Money::from_minor(side.minor().saturating_add(minor));
        }
    }

    fn finish(self, compared: u64) -> Owed {
        let lines = self.lines.into_values().filter(|line| line.before != line.after);
        let mut changes = self.changes;
        changes.sort_by_key(|change| change.entry);
        Owed { lines: lines.collect(), changes, compared }
    }
}

/// Why and by whom corrections are posted.
#[derive(Debug, Clone)]
pub struct Correcting {
    /// Who posts.
    pub by: Option<String>,
    /// The moment of the poster's clock.
    pub learnt: Moment,
    /// Why.
    pub because: Because,
    /// Only these entries; all that differ, if none is named.
    pub only: Vec<u64>,
}

/// Posts corrections by which a book stands as other rules would have had it; gives the first entry
/// after them, and those of the corrections.
///
/// # Errors
/// Nothing differs; what was reviewed, if anything was, is not what would be posted; the book cannot
/// be written.
pub fn correct(
    book: &mut Book,
    other: &Other<'_>,
    correcting: &Correcting,
    reviewed: Option<&[OwedChange]>,
) -> Result<Vec<u64>, BookTrouble> {
    let mut posting = book.begin()?;
    let owed = owed(posting.book()?, other)?;
    let only = &correcting.only;
    let named = |it: &OwedChange| only.contains(&it.entry) || only.contains(&it.event);
    let asked = |it: &&OwedChange| only.is_empty() || named(it);
    let changes: Vec<&OwedChange> = owed.changes.iter().filter(asked).collect();
    let same = reviewed.is_none_or(|reviewed| {
        changes.len() == reviewed.len()
            && changes.iter().zip(reviewed).all(|(one, other)| {
                (one.entry, &one.key, &one.after) == (other.entry, &other.key, &other.after)
            })
    });
    if !same || changes.is_empty() {
        return Err(BookTrouble::Refused(Box::new((
            Words::new(
                "the corrections are not those that these rules give for this book as it stands",
                "更正内容与此规则对账簿现状所得不一致",
            ),
            Some(Words::new(
                "`fenshui book replay --with RULES --corrections FILE` makes them anew",
                "请用 fenshui book replay --with 规则 --corrections 文件 重新生成",
            )),
        ))));
    }
    let own = edition(other.loaded, other.checked.rule_set());
    let (size, book) = (posting.book()?.size()?, posting.book()?);
    let spans = spans(book, size)?;
    let registers = registers(book, other, &spans)?;
    let readings = &other.choices.readings;
    let number = begin_with(&mut posting, &own, &registers, |batch| {
        batch.learnt = correcting.learnt;
        batch.by.clone_from(&correcting.by);
        batch.readings = super::post::readings(readings);
        batch.through = spans.last().and_then(|span| span.begun.batch.through);
    })?;
    let mut entries = Vec::new();
    for change in changes {
        entries.push(posting.correction(&Correction {
            batch: number,
            of: change.entry,
            because: correcting.because.clone(),
            booked: change.booked,
            outcome: change.outcome.clone(),
        })?);
    }
    posting.commit()?;
    Ok(entries)
}

impl OwedChange {
    /// A change as it was written down to be reviewed.
    pub fn reviewed(entry: u64, key: String, after: String) -> OwedChange {
        let (before, booked) = (String::new(), Date::MIN);
        OwedChange { entry, event: entry, key, before, after, booked, outcome: None }
    }
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
    let size = book.size()?;
    super::walk(book, 0..size, |number, entry| {
        if let crate::book::Entry::Edition(edition) = entry {
            let by_digest = named.len() >= 8 && edition.digest().to_string().starts_with(named);
            if by_digest || number.to_string() == named {
                found = Some(texts_of(&edition));
            }
        }
        Ok(())
    })?;
    Ok(found)
}
