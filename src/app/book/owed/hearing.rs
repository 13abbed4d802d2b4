//! What comes out of a run by other rules, held against what stands as it comes.

use std::cell::RefCell;
use std::collections::BTreeMap;

use crate::book::{Book, BookError, Event, Identity};
use crate::rows::{Accounts, Origin, Sink, Told};

use super::super::BookTrouble;
use super::super::history::{Held, History};
use super::super::maker::Maker;
use super::super::standing::identity;
use super::weigh::Weighing;
use super::{ASIDE_FILE, Asides, BOOK_FILE, Owed};

/// What stands, and what is read of it while it is run.
pub(super) struct Beside<'h, 'b> {
    pub(super) book: &'h RefCell<&'b mut Book>,
    pub(super) history: &'h History<'h>,
    pub(super) held: &'h RefCell<Held>,
    pub(super) maker: Maker<'h>,
}

/// Weighs each event as it is heard.
pub(super) struct Hearing<'h, 'b> {
    beside: Beside<'h, 'b>,
    /// What is set aside and was not heard of.
    asides: Asides,
    /// What stands and nobody sent, once the other rules make something.
    made: Option<BTreeMap<Identity, u64>>,
    weighing: Weighing<'h, 'h>,
}

impl<'h, 'b> Hearing<'h, 'b> {
    pub(super) fn new(
        beside: Beside<'h, 'b>,
        asides: Asides,
        weighing: Weighing<'h, 'h>,
    ) -> Hearing<'h, 'b> {
        Hearing { beside, asides, made: None, weighing }
    }

    /// An event that stands, and as it comes out, if it does.
    fn stood(&mut self, entry: u64, now: Option<&Event>) -> Result<(), BookTrouble> {
        let mut held = self.beside.held.borrow_mut();
        let mut book = self.beside.book.borrow_mut();
        let row = held.rows.row(&mut book, entry)?;
        let stood = self.beside.history.stood_in(&row)?;
        let stood = stood.ok_or(BookError::Damaged { entry })?;
        self.weighing.both(&stood, now);
        Ok(())
    }

    /// The entry of an event that nobody sent, if it stands.
    fn made(&mut self, identity: &Identity) -> Result<Option<u64>, BookTrouble> {
        let Beside { book, history, held, .. } = &self.beside;
        let made = match &mut self.made {
            Some(made) => made,
            None => {
                let found = held.borrow_mut().by_identity(&mut book.borrow_mut(), history, 0)?;
                self.made.insert(found)
            }
        };
        let entry = made.remove(identity);
        if let Some(entry) = &entry {
            held.borrow_mut().left.made.remove(entry);
        }
        Ok(entry)
    }

    /// What did not come out stands, or is set aside, without an outcome by the other rules.
    pub(super) fn finish(mut self) -> Result<Owed, BookTrouble> {
        let left = self.beside.held.borrow().left.all();
        for entry in left {
            self.stood(entry, None)?;
        }
        self.asides.events.values().for_each(|aside| self.weighing.aside(aside, None));
        let copies = self.asides.copies.values();
        copies.for_each(|copy| self.weighing.aside(copy, Some(&copy.event)));
        Ok(self.weighing.finish(self.asides.not_held))
    }
}

impl Sink for Hearing<'_, '_> {
    type Error = BookTrouble;

    fn told(&mut self, told: Told<'_>, accounts: &dyn Accounts) -> Result<(), BookTrouble> {
        let at = told.event();
        let now = self.beside.maker.event(told, accounts);
        match at.batch.origins.get(at.row).copied().unwrap_or(Origin::MADE) {
            Origin { file: BOOK_FILE, line } => {
                self.beside.held.borrow_mut().left.heard(line);
                self.stood(line, Some(&now))
            }
            Origin { file: ASIDE_FILE, line } => {
                if let Some(aside) = self.asides.events.remove(&line) {
                    self.weighing.aside(&aside, Some(&now));
                }
                Ok(())
            }
            Origin { .. } => {
                let history = self.beside.history;
                let identity = identity(&now, history.schema())?;
                if let Some(entry) = self.made(&identity)? {
                    return self.stood(entry, Some(&now));
                }
                let mut book = self.beside.book.borrow_mut();
                let known = history.has_set_aside(&mut book, (&identity, &now))?;
                self.weighing.made(&now, known);
                Ok(())
            }
        }
    }
}
