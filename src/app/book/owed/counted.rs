//! What events that a dispute settles add to running totals: by the rules that give what stands of them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::base::Exact;
use crate::book::{
    Because, Book, BookError, Correction, Counted, Entry, Outcome, Resolution, Verdict,
};
use crate::diagnostics::Language;
use crate::engine::{Noted, StandingFeed, StandingLeaf, fed_tallies};
use crate::rows::Cell;

use super::super::BookTrouble;
use super::super::explain::event_behind;
use super::super::history::{History, stands};
use super::super::replay::{Context, Contexts, Rerun, Span, choices_of, spans};
use super::super::schema::schema;
use super::super::standing::walk;
use super::super::totals::Totals;
use super::{Asked, Other, weighed};

/// Works out what disputed events add to running totals.
pub(in crate::app::book) struct Counting<'c> {
    /// The language of reasons.
    pub(in crate::app::book) language: Language,
    /// The folder of the file in which events wait that memory has no room for.
    pub(in crate::app::book) folder: &'c Path,
}

/// What stands of an event as a dispute is settled.
struct Settled {
    /// The batch of the entry by which it stands.
    batch: u64,
    /// What was noted of it before, if it was settled before and stays so.
    before: Option<Counted>,
}

impl Counting<'_> {
    /// What the events add to running totals that a resolution settles which is, or will be, this entry: by
    /// the rules of the ruling, else as was noted when they were settled before, else by the rules that the
    /// book stands by. What these would give otherwise came out when it was posted or corrected: it adds what
    /// it did then.
    ///
    /// # Errors
    /// The book cannot be read.
    pub(in crate::app::book) fn counted(
        &self,
        book: &mut Book,
        number: u64,
        resolution: &Resolution,
    ) -> Result<Vec<Counted>, BookTrouble> {
        if resolution.verdict == Verdict::Withdrawn {
            return Ok(Vec::new());
        }
        let mut all = spans(book)?;
        all.retain(|span| span.end <= number);
        let ruling = ruling(book, resolution)?;
        let own = |span: &&Span| ruling == Some(span.begun.number);
        let span = match all.iter().find(own) {
            Some(span) => Some(span),
            None => stands_by(book, &all)?,
        };
        let Some(span) = span else { return Ok(Vec::new()) };
        let mut contexts = Contexts::new(self.language);
        let Some(context) = usable(contexts.of(book, &span.begun))? else { return Ok(Vec::new()) };
        if fed_tallies(&context.plan).is_empty() {
            return Ok(Vec::new());
        }
        let before = ruling.unwrap_or(number);
        let settled = settled(book, (&all, number, before), &context, resolution.dispute)?;
        let mut left: BTreeSet<u64> = settled.keys().copied().collect();
        let mut counted = Vec::new();
        let as_before = |left: &mut BTreeSet<u64>, counted: &mut Vec<Counted>| {
            for before in settled.values().filter_map(|it| it.before.as_ref()) {
                if left.remove(&before.entry) {
                    counted.push(before.clone());
                }
            }
        };
        if ruling.is_none() {
            as_before(&mut left, &mut counted);
        }
        if !left.is_empty() {
            let noted = self.noted(book, (&all, before), (&context, span), &left)?;
            for mut own in counted_of(book, (&all, number), &context, &noted)? {
                left.remove(&own.entry);
                // What was noted of other totals goes on being so.
                let before = settled.get(&own.entry).and_then(|it| it.before.as_ref());
                for total in before.iter().flat_map(|it| &it.totals) {
                    if !own.totals.iter().any(|it| it.is_same(total)) {
                        own.totals.push(total.clone());
                    }
                }
                counted.push(own);
            }
        }
        as_before(&mut left, &mut counted);
        for entry in left {
            let batch = settled.get(&entry).map(|it| it.batch);
            let span = all.iter().find(|span| Some(span.begun.number) == batch);
            let Some(span) = span.filter(|_| batch != ruling) else { continue };
            let Some(context) = usable(contexts.of(book, &span.begun))? else { continue };
            let range = span.begun.number..span.end;
            let entries = std::slice::from_ref(&range);
            let noted = Rerun { context: &context, before: &all, entries }.noted(book, entry)?;
            let noted = noted.into_iter().map(|it| (entry, it)).collect();
            counted.extend(counted_of(book, (&all, number), &context, &noted)?);
        }
        counted.sort_by_key(|it| it.entry);
        Ok(counted)
    }

    /// What comes out of disputed events by the rules of a batch, among all others that stand before an
    /// entry.
    fn noted(
        &self,
        book: &mut Book,
        (all, before): (&[Span], u64),
        (context, span): (&Context, &Span),
        events: &BTreeSet<u64>,
    ) -> Result<BTreeMap<u64, Noted>, BookTrouble> {
        let choices = choices_of(&span.begun.batch);
        let other = Other::of(context, &choices, self.language, self.folder);
        let all: Vec<Span> = all.iter().filter(|span| span.end <= before).cloned().collect();
        let disputed: Vec<u64> = events.iter().copied().collect();
        let owed = weighed(book, (&all, before), &other, &Asked::ALL, (false, &disputed))?;
        Ok(owed.noted)
    }
}

/// Rules that this version compiles: what is settled is settled, whatever it makes of older ones.
fn usable(context: Result<Context, BookTrouble>) -> Result<Option<Context>, BookTrouble> {
    match context {
        Ok(context) => Ok(Some(context)),
        Err(BookTrouble::Rules(_) | BookTrouble::Said(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The batch of the corrections that a ruling made, if it made any.
fn ruling(book: &mut Book, resolution: &Resolution) -> Result<Option<u64>, BookTrouble> {
    let Verdict::Corrected { by } = &resolution.verdict else { return Ok(None) };
    for entry in by {
        if let Entry::Correction(Correction { batch, because, .. }) = book.entry(*entry)?
            && because == (Because::Dispute { entry: resolution.dispute })
        {
            return Ok(Some(batch));
        }
    }
    Ok(None)
}

/// The batch by whose rules a book stands: the last one that settled no dispute.
pub(in crate::app::book) fn stands_by<'s>(
    book: &mut Book,
    spans: &'s [Span],
) -> Result<Option<&'s Span>, BookTrouble> {
    for span in spans.iter().rev() {
        let mut settles = false;
        if !span.posts {
            walk(book, span.begun.number..span.end, |_, entry| {
                if let Entry::Correction(Correction { because, .. }) = entry {
                    settles |= matches!(because, Because::Dispute { .. });
                }
                Ok(())
            })?;
        }
        if !settles {
            return Ok(Some(span));
        }
    }
    Ok(None)
}

/// The events that a dispute is against and that stand, by their entries.
fn settled(
    book: &mut Book,
    (all, number, before): (&[Span], u64, u64),
    context: &Context,
    dispute: u64,
) -> Result<BTreeMap<u64, Settled>, BookTrouble> {
    let Entry::Dispute(raised) = book.entry(dispute)? else {
        return Err(BookError::NoDispute { of: dispute }.into());
    };
    let rules = context.rules.checked.rule_set();
    let schema = schema(rules);
    let history = History::read(book, all, number, (&schema, rules))?;
    let mut settled = BTreeMap::new();
    for against in raised.against {
        let (_, entry, _) = event_behind(book, against)?;
        let by = history.by(entry);
        let (batch, _, event) = event_behind(book, by)?;
        if !history.is_withdrawn(entry) && matches!(event.outcome, Outcome::Allocated { .. }) {
            let before = history.counted(entry).filter(|_| by < before).cloned();
            settled.insert(entry, Settled { batch, before });
        }
    }
    Ok(settled)
}

/// Of what came out by some rules, that which comes out as it stands before an entry: what it adds to their
/// totals.
fn counted_of(
    book: &mut Book,
    (all, number): (&[Span], u64),
    context: &Context,
    noted: &BTreeMap<u64, Noted>,
) -> Result<Vec<Counted>, BookTrouble> {
    let rules = context.rules.checked.rule_set();
    let schema = schema(rules);
    let history = History::read(book, all, number, (&schema, rules))?;
    let totals = Totals::of(rules);
    let mut counted = Vec::new();
    for (entry, noted) in noted {
        let Entry::Event(event) = book.entry(*entry)? else {
            return Err(BookError::Damaged { entry: *entry }.into());
        };
        let Some(stood) = history.stood(*entry, &event)? else { continue };
        let leaves = stands(&stood.event).map_or_else(Vec::new, |it| it.leaves);
        let feeds = match leaves == noted.leaves {
            true => Some(noted.feeds.clone()),
            // By other legs the same comes out where each account gets the same.
            false if stood.own_legs || sums(&leaves) != sums(&noted.leaves) => None,
            false => of_these(noted, &leaves),
        };
        counted.extend(feeds.map(|feeds| totals.counted(&context.plan, *entry, &feeds)));
    }
    Ok(counted)
}

/// An account by its family and key; none for what is undetermined.
type Payee<'l> = Option<&'l (u32, Vec<Cell>)>;

/// What each account gets, in the order of the first leaf.
fn sums(leaves: &[StandingLeaf]) -> Vec<(Payee<'_>, i128)> {
    let mut sums: Vec<(Payee<'_>, i128)> = Vec::new();
    for leaf in leaves {
        let payee = leaf.account.as_ref();
        match sums.iter_mut().find(|(of, _)| *of == payee) {
            Some((_, sum)) => *sum += leaf.amount.minor(),
            None => sums.push((payee, leaf.amount.minor())),
        }
    }
    sums
}

/// What came out by other legs than those by which it stands, in the places of these amounts: where they are
/// not the same one by one, as sums.
fn of_these(noted: &Noted, leaves: &[StandingLeaf]) -> Option<Vec<StandingFeed>> {
    let mut places: Vec<Option<u32>> = Vec::with_capacity(noted.leaves.len());
    for own in &noted.leaves {
        let mut same = (0..).zip(leaves).filter(|(place, it)| {
            (&it.account, it.amount) == (&own.account, own.amount)
                && !places.contains(&Some(*place))
        });
        places.push(same.next().map(|(place, _)| place));
    }
    let place = |at: &u32| places.get(usize::try_from(*at).ok()?).copied().flatten();
    let units = |at: &u32| Some(noted.leaves.get(usize::try_from(*at).ok()?)?.amount.minor());
    let mut feeds = Vec::with_capacity(noted.feeds.len());
    for feed in &noted.feeds {
        let mut feed = feed.clone();
        match feed.leaves.iter().map(place).collect::<Option<Vec<u32>>>() {
            Some(leaves) => feed.leaves = leaves,
            None => {
                for units in std::mem::take(&mut feed.leaves).iter().filter_map(units) {
                    feed.besides = feed.besides.add(&Exact::from_int(units)).ok()?;
                }
            }
        }
        feeds.push(feed);
    }
    Some(feeds)
}
