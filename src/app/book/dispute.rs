//! Disputes: a party objects to entries, what bears on it is gathered, and it is settled. All of it is
//! part of the chain.

use std::path::PathBuf;

use crate::book::{Because, Book, BookError, Dispute, Entry, Outcome, Resolution, Verdict};
use crate::diagnostics::{Language, Words};
use crate::report::book::readings_text;

use super::owed::{
    Asked, Corrected, Correcting, Counting, Other, Owed, OwedChange, OwedMade, Posted, add, owed,
    shaken, stands_by, undisputed,
};
use super::replay::{Contexts, choices_of, spans};
use super::signing::Clock;
use super::{BookTrouble, Form, explain};

/// A dispute, and how it stands.
#[derive(Debug)]
pub struct Matter {
    /// The entry of the dispute.
    pub entry: u64,
    /// What was raised.
    pub dispute: Dispute,
    /// The entry that settles it, and how.
    pub resolution: Option<(u64, Resolution)>,
}

/// What a party objects to.
#[derive(Debug, Clone)]
pub struct Objection {
    /// The party.
    pub by: String,
    /// The entries.
    pub against: Vec<u64>,
    /// Why.
    pub reason: String,
    /// What it holds instead: a reading, a scenario, an edition, as it names it.
    pub holds: Option<String>,
}

/// Raises a dispute; gives its entry.
///
/// # Errors
/// An entry is none of an event or a correction; the book cannot be written.
pub fn raise(book: &mut Book, objection: Objection, clock: Clock) -> Result<u64, BookTrouble> {
    let Objection { by, against, reason, holds } = objection;
    for number in &against {
        match book.entry(*number)? {
            Entry::Event(_) | Entry::Correction(_) => {}
            _ => return Err(BookError::NotCorrectable { of: *number }.into()),
        }
    }
    let mut posting = book.begin()?;
    let learnt = clock();
    let number = posting.dispute(&Dispute { learnt, by, against, reason, holds })?;
    posting.commit()?;
    Ok(number)
}

/// All disputes of a book, in order.
///
/// # Errors
/// The book cannot be read.
pub fn matters(book: &mut Book) -> Result<Vec<Matter>, BookTrouble> {
    let mut matters: Vec<Matter> = Vec::new();
    for (entry, said) in book.entries_of(&["dispute", "resolution"])? {
        match said {
            Entry::Dispute(dispute) => matters.push(Matter { entry, dispute, resolution: None }),
            Entry::Resolution(resolution) => {
                let of = matters.iter_mut().find(|it| it.entry == resolution.dispute);
                of.into_iter().for_each(|it| it.resolution = Some((entry, resolution.clone())));
            }
            _ => {}
        }
    }
    Ok(matters)
}

/// What bears on a dispute: the matter, each entry explained, and what the party would have, if the
/// rules it holds to are at hand.
#[derive(Debug)]
pub struct Gathered {
    /// The dispute.
    pub matter: Matter,
    /// For each entry disputed its explanation.
    pub explained: Vec<(u64, String)>,
    /// Who would have what by the party's rules.
    pub owed: Option<Owed>,
    /// What a ruling by these would leave as it is, as [`Resolved::undisputed`] does.
    pub undisputed: Vec<OwedChange>,
}

/// Gathers what bears on a dispute.
///
/// # Errors
/// There is no such dispute; the book cannot be read.
pub fn gather(
    book: &mut Book,
    entry: u64,
    party: Option<&Other<'_>>,
    (language, form): (Language, Form),
) -> Result<Gathered, BookTrouble> {
    let matter = matters(book)?.into_iter().find(|it| it.entry == entry);
    let matter = matter.ok_or(BookError::NoDispute { of: entry })?;
    let mut explained = Vec::new();
    for number in &matter.dispute.against {
        explained.push((*number, explain(book, *number, language, form)?));
    }
    let mut against = matter.dispute.against.clone();
    against.extend(standing_by(book, &matter.dispute.against)?);
    let (mut by_party, mut others) = (None, Vec::new());
    if let Some(party) = party {
        let mut owed = owed(book, party, &Asked::ALL, true, &against)?;
        others = undisputed(book, party, &owed.changes, &against)?;
        owed.changes.retain(|it| against.contains(&it.entry) || against.contains(&it.event));
        by_party = Some(owed);
    }
    Ok(Gathered { matter, explained, owed: by_party, undisputed: others })
}

/// How a dispute is to end.
#[derive(Debug)]
pub enum Ending<'o, 'r> {
    /// The entries stand.
    Upheld,
    /// The party takes it back.
    Withdrawn,
    /// The entries disputed are corrected to what these rules give.
    Corrected(&'o Other<'r>),
}

/// Who settles a dispute, and why.
#[derive(Debug, Clone)]
pub struct Judge {
    /// Who.
    pub by: String,
    /// Why.
    pub reason: String,
    /// The judge's clock.
    pub clock: Clock,
    /// The language of reasons.
    pub language: Language,
    /// The folder of the file in which events wait that memory has no room for.
    pub folder: PathBuf,
}

/// A dispute that was settled.
#[derive(Debug)]
pub struct Resolved {
    /// The entry of the resolution.
    pub entry: u64,
    /// Those of the corrections.
    pub corrections: Vec<u64>,
    /// What comes out otherwise by the rules of the ruling, shares running totals with what is disputed and
    /// came before it, or undoes it, and keeps what it has, since nobody disputed it: in the totals of the
    /// ruling it is as these rules give it.
    pub undisputed: Vec<OwedChange>,
    /// What keeps the amounts it had though it would come out otherwise now.
    pub shaken: Option<Shaken>,
}

/// What comes out otherwise once a dispute is settled, by the rules that the book stands by.
#[derive(Debug)]
pub struct Shaken {
    /// The entry of the edition.
    pub edition: u64,
    /// The readings chosen, each with its option.
    pub readings: Vec<String>,
    /// The events.
    pub changes: Vec<OwedChange>,
    /// Events that nobody sends and that the next posting makes.
    pub made: Vec<OwedMade>,
}

/// Settles a dispute.
///
/// # Errors
/// There is no such dispute, or it was settled before; by the rules nothing differs; the book cannot
/// be written.
pub fn resolve(
    book: &mut Book,
    dispute: u64,
    judge: &Judge,
    ending: &Ending<'_, '_>,
) -> Result<Resolved, BookTrouble> {
    let Judge { by, reason, clock, language, ref folder } = judge.clone();
    let Entry::Dispute(raised) = book.entry(dispute)? else {
        return Err(BookError::NoDispute { of: dispute }.into());
    };
    if let Some(by) = book.settled_by(dispute)? {
        return Err(BookError::Settled { of: dispute, by }.into());
    }
    // The corrections and what they settle are one posting: nobody is left with half of a ruling.
    let mut posting = book.begin()?;
    let standing = standing_by(posting.book()?, &raised.against)?;
    let mut left = Vec::new();
    let verdict = match ending {
        Ending::Upheld => Verdict::Upheld,
        Ending::Withdrawn => Verdict::Withdrawn,
        Ending::Corrected(other) => {
            // What stands may be a correction of what was disputed.
            let mut only = raised.against;
            only.extend(&standing);
            let because = Because::Dispute { entry: dispute };
            let correcting = Correcting { by: Some(by.clone()), clock, because, only };
            let Posted { corrected, undisputed: others, .. } =
                add(&mut posting, other, &correcting, None)?;
            left = others;
            posting.part()?;
            // Those of somebody who corrected what is disputed without settling it settle it too.
            let by = settling(dispute, &standing, &corrected);
            if by.is_empty() {
                let aside = all_are_aside(posting.book()?, &standing)?;
                return Err(if aside { set_aside(dispute) } else { nothing_to_correct(dispute) });
            }
            Verdict::Corrected { by }
        }
    };
    let corrections = match &verdict {
        Verdict::Corrected { by } => by.clone(),
        Verdict::Upheld | Verdict::Withdrawn => Vec::new(),
    };
    let learnt = clock();
    let settled = Resolution { learnt, by, dispute, verdict, reason, counted: Vec::new() };
    let number = posting.next();
    let counted = Counting { language, folder }.counted(posting.book()?, number, &settled)?;
    let entry = posting.resolution(&Resolution { counted, ..settled })?;
    posting.commit()?;
    let shaken = match ending {
        Ending::Corrected(other) => shaken_by(book, &corrections, other)?,
        Ending::Upheld | Ending::Withdrawn => None,
    };
    Ok(Resolved { entry, corrections, undisputed: left, shaken })
}

/// The corrections by which a dispute is settled, ascending: those added, and those by which what nobody
/// had to correct any more stands since it was raised.
fn settling(dispute: u64, standing: &[u64], corrected: &[Corrected]) -> Vec<u64> {
    let now =
        |entry: &u64| corrected.iter().find(|it| it.of == *entry).map_or(*entry, |it| it.entry);
    let mut by: Vec<u64> = standing.iter().map(now).filter(|entry| *entry > dispute).collect();
    by.sort_unstable();
    by
}

/// What these corrections make come out otherwise, by the rules that the book stands by: those of the last
/// batch that settled no dispute.
fn shaken_by(
    book: &mut Book,
    corrections: &[u64],
    like: &Other<'_>,
) -> Result<Option<Shaken>, BookTrouble> {
    let spans = spans(book)?;
    let Some(span) = stands_by(book, &spans)? else { return Ok(None) };
    let context = match Contexts::new(like.language).of(book, &span.begun) {
        Ok(context) => context,
        // The dispute is settled, whatever this version makes of older rules.
        Err(BookTrouble::Rules(_) | BookTrouble::Said(_)) => return Ok(None),
        Err(error) => return Err(error),
    };
    let (batch, names) = (&span.begun.batch, &context.rules.names);
    let choices = choices_of(batch);
    let other = Other::of(&context, &choices, like.language, &like.folder);
    let (changes, made) = shaken(book, &other, corrections)?;
    let readings = readings_text(batch, names);
    let shaken = Shaken { edition: batch.edition_entry, readings, changes, made };
    Ok(Some(shaken).filter(|it| !it.changes.is_empty() || !it.made.is_empty()))
}

/// The entries by which what was disputed stands now, ascending: its own, or those of the latest
/// corrections.
fn standing_by(book: &mut Book, against: &[u64]) -> Result<Vec<u64>, BookTrouble> {
    let mut standing = Vec::with_capacity(against.len());
    for number in against {
        standing.push(latest(book, *number)?);
    }
    standing.sort_unstable();
    standing.dedup();
    Ok(standing)
}

/// The entry that corrects an entry last; its own, if none does.
pub(super) fn latest(book: &mut Book, mut entry: u64) -> Result<u64, BookTrouble> {
    while let Some(by) = book.settled_by(entry)? {
        // A correction stands after what it corrects; another order is damage.
        if by <= entry {
            return Err(BookError::Damaged { entry: by }.into());
        }
        entry = by;
    }
    Ok(entry)
}

/// Whether everything that was disputed is set aside.
fn all_are_aside(book: &mut Book, standing: &[u64]) -> Result<bool, BookTrouble> {
    for entry in standing {
        let outcome = match book.entry(*entry)? {
            Entry::Event(event) => Some(event.outcome),
            Entry::Correction(it) => it.outcome,
            _ => None,
        };
        if !matches!(outcome, Some(Outcome::SetAside { .. })) {
            return Ok(false);
        }
    }
    Ok(!standing.is_empty())
}

fn set_aside(dispute: u64) -> BookTrouble {
    BookTrouble::refused(
        Words::new(
            format!(
                "what dispute {dispute} is against is set aside: there is no allocation to correct"
            ),
            format!("异议（第 {dispute} 条）所涉各条均已搁置，没有可更正的分配"),
        ),
        Some(Words::new(
            "post the event again, by rules and registers that allocate it, with `fenshui book post`; \
             `--verdict upheld` or `--verdict withdrawn` ends the dispute",
            "请用 fenshui book post 按能分配该事项的规则与登记簿重新过账；\
             用 --verdict upheld 或 withdrawn 了结异议",
        )),
    )
}

fn nothing_to_correct(dispute: u64) -> BookTrouble {
    BookTrouble::refused(
        Words::new(
            format!("by these rules what dispute {dispute} is against comes out as it stands"),
            format!("按此规则，异议（第 {dispute} 条）所涉各条结果与现状相同，无可更正"),
        ),
        Some(Words::new(
            "`--verdict upheld` or `--verdict withdrawn` leaves it so; `fenshui book dispute show \
             --with RULES` tells what rules would give",
            "维持现状用 --verdict upheld 或 withdrawn；\
             用 fenshui book dispute show --with 规则 查看按某规则的结果",
        )),
    )
}
