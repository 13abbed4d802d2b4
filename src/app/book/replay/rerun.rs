//! Events of batches by the same rules, run again after what stood before them.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashSet};
use std::convert::Infallible;
use std::ops::Range;
use std::sync::Arc;

use crate::book::{Because, Book, BookError, Entry};
use crate::engine::{self, Input, Noted, NotedEvents, Options, RunError, StandingEvents, Wanted};
use crate::formats::FormatsError;
use crate::report::names::Names;
use crate::rows::{Cell, Explanation, Origin};

use super::super::BookTrouble;
use super::super::history::{
    Entries, Held, History, Of, Piece, Wanted as Standing, made_event, reading,
};
use super::super::maker::Maker;
use super::super::post::needs_history;
use super::super::schema::schema;
use super::super::standing::walk;
use super::super::translate::get;
use super::beside::Beside;
use super::{BOOK_FILE, BOOK_FILES, Context, GROUP_FILE, Span};

/// What is run again.
pub(in crate::app::book) struct Rerun<'a> {
    /// By what.
    pub(in crate::app::book) context: &'a Context,
    /// The batches of the book.
    pub(in crate::app::book) before: &'a [Span],
    /// The entries of those that are run again, in order.
    pub(in crate::app::book) entries: &'a [Range<u64>],
}

/// What is read while it is run.
pub(super) struct Reading<'r, 'b> {
    pub(super) book: &'r RefCell<&'b mut Book>,
    pub(super) history: &'r History<'r>,
    pub(super) held: &'r RefCell<Held>,
    /// What stands as disputes were settled, but for what is corrected anew.
    pub(super) stands: &'r StandingEvents,
    /// The days of events that were sent before and do not stand.
    pub(super) besides: engine::Reach,
}

impl Rerun<'_> {
    /// The first of the entries that are run again.
    pub(super) fn start(&self) -> u64 {
        self.entries.first().map_or(0, |entries| entries.start)
    }

    /// The events that these batches correct, and those of disputes that they settle: they come out by the
    /// rules of the batch.
    fn corrected(
        &self,
        book: &mut Book,
        history: &History<'_>,
    ) -> Result<HashSet<u64>, BookTrouble> {
        let (mut corrected, mut disputes) = (HashSet::new(), BTreeSet::new());
        for span in self.spans().filter(|span| span.corrects) {
            walk(book, span.begun.number..span.end, |_, entry| {
                if let Entry::Correction(correction) = entry {
                    corrected.insert(history.event(correction.of));
                    if let Because::Dispute { entry } = correction.because {
                        disputes.insert(entry);
                    }
                }
                Ok(())
            })?;
        }
        for dispute in disputes {
            if let Entry::Dispute(raised) = book.entry(dispute)? {
                corrected.extend(raised.against.iter().map(|against| history.event(*against)));
            }
        }
        Ok(corrected)
    }

    /// The batches that are run again.
    fn spans(&self) -> impl Iterator<Item = &Span> {
        let entries = self.entries;
        let own = |span: &&Span| {
            entries.binary_search_by_key(&span.begun.number, |entries| entries.start).is_ok()
        };
        self.before.iter().filter(own)
    }

    /// Reads what is to be run, but for some entries, beside what runs it.
    pub(super) fn read<T>(
        &self,
        book: &mut Book,
        but: BTreeSet<u64>,
        run: impl FnOnce(Entries<'_, &mut Book>, Reading<'_, '_>) -> Result<T, BookTrouble>,
    ) -> Result<T, BookTrouble> {
        let plan = &self.context.plan;
        let rule_set = self.context.rules.checked.rule_set();
        let schema = schema(rule_set);
        let corrects = self.spans().any(|span| span.corrects);
        let end = if corrects || needs_history(plan) { self.start() } else { 0 };
        let history = History::read(book, self.before, end, (&schema, rule_set))?;
        let besides = history.days_besides(book, self.before, plan)?;
        let corrected = self.corrected(book, &history)?;
        let stands = history.stands(|entry| corrected.contains(&entry));
        let maker = Maker::new(&self.context.rules.names, plan)?;
        let beside = Beside::of(book, self.spans(), &history, (plan, &maker))?;
        let wanted = |entry: u64, kind: u32, cells: &[Cell]| beside.has(&maker, entry, kind, cells);
        let wanted: Standing<'_> = if beside.is_all() { None } else { Some(&wanted) };
        let end = if beside.is_empty() { 0 } else { end };
        let but = Arc::new(but);
        let standing = Piece::standing(0..end, BOOK_FILE);
        let posted = self.entries.iter().map(|entries| Piece {
            entries: entries.clone(),
            file: GROUP_FILE,
            of: Of::Posted,
            but: Arc::clone(&but),
        });
        let pieces = std::iter::once(standing).chain(posted).collect();
        let book = RefCell::new(book);
        let about = (&history, &self.context.rules.names, wanted);
        reading(&book, pieces, about, |entries, held| {
            run(entries, Reading { book: &book, history: &history, held, stands: &stands, besides })
        })
    }

    /// What comes out of an event of these batches, or of one that they correct, and adds to running totals;
    /// nothing, if it is not allocated.
    pub(in crate::app::book) fn noted(
        &self,
        book: &mut Book,
        entry: u64,
    ) -> Result<Option<Noted>, BookTrouble> {
        let Entry::Event(event) = book.entry(entry)? else {
            return Err(BookError::Damaged { entry }.into());
        };
        self.read(book, BTreeSet::new(), |entries, reading| {
            let context = self.context;
            let noted = match entry < self.start() {
                true => reading.history.to_note(&mut reading.book.borrow_mut(), &[entry])?,
                false => {
                    let origin = Origin { file: GROUP_FILE, line: entry };
                    NotedEvents::from([(origin, made_event(&event))])
                }
            };
            let options = Options { besides: reading.besides, ..context.options() };
            let stands = reading.stands.clone();
            let input = Input { stands, noted, ..Input::of(&context.registers, entries) };
            let ran = engine::note(&context.plan, input, &options).map_err(stopped_unheard)?;
            Ok(ran.into_values().next())
        })
    }

    /// Why events come out as they do: for each that is wanted, in one run. Of several with one key it is
    /// the one of this entry, else one that is allocated.
    ///
    /// # Errors
    /// The book cannot be read.
    pub(in crate::app::book) fn stories(
        &self,
        book: &mut Book,
        wanted: &[(Wanted, Option<u64>)],
    ) -> Result<Vec<Option<Explanation>>, BookTrouble> {
        let context = self.context;
        let keys: Vec<Wanted> = wanted.iter().map(|(wanted, _)| wanted.clone()).collect();
        let told = self.read(book, BTreeSet::new(), |entries, reading| {
            let plan = &context.plan;
            let options = Options { besides: reading.besides, ..context.options() };
            let stands = reading.stands.clone();
            let input = Input { stands, ..Input::of(&context.registers, entries) };
            let told = engine::explain(plan, input, &options, &keys);
            told.map_err(stopped_unheard)
        })?;
        let names = &context.rules.names;
        let of = |(wanted, entry): &(Wanted, Option<u64>)| {
            let own = || told.iter().filter(|story| is_of(story, wanted, names));
            let of_entry = |story: &&Explanation| {
                BOOK_FILES.contains(&story.origin.file) && Some(story.origin.line) == *entry
            };
            let found = own().find(of_entry).or_else(|| own().find(|it| it.aside.is_none()));
            found.or_else(|| own().next()).cloned()
        };
        Ok(wanted.iter().map(of).collect())
    }
}

/// The trouble behind a run of which nobody heard and that stopped.
fn stopped_unheard(error: RunError<BookTrouble, Infallible>) -> BookTrouble {
    match error {
        RunError::Input(error) => error,
        RunError::Sink(never) => match never {},
        RunError::Internal(what) => FormatsError::Internal(what.to_owned()).into(),
    }
}

/// Whether a story is that of an event.
fn is_of(story: &Explanation, wanted: &Wanted, names: &Names) -> bool {
    let Some(table) = get(&names.events, wanted.event).filter(|_| story.event == wanted.event)
    else {
        return false;
    };
    table.key.iter().map(|at| story.fields.get(*at)).eq(wanted.key.iter().map(Some))
}
