//! Whether what would no longer stand, or stands as a dispute was settled, comes out so because of the new
//! events, or of other rules and registers.

use std::cell::RefCell;
use std::collections::BTreeMap;

use crate::book::{Posting, Schema};
use crate::rows::{Accounts, Origin, Sink, Told};

use super::super::BookTrouble;
use super::super::history::{Held, History};
use super::super::maker::{Maker, became};
use super::super::standing::identity;
use super::BOOK_FILE;
use super::judge::{Change, amounts, comes_out_otherwise};

/// Hears what stands without the new events, and keeps of some changes those that come out all the same.
pub(super) struct Unmoved<'c, 'u, 'b> {
    changes: &'c [Change],
    /// By the entries of their events, those that have not come out as they stand.
    left: BTreeMap<u64, &'c Change>,
    maker: &'u Maker<'u>,
    history: &'u History<'u>,
    schema: &'u Schema,
    posting: &'u RefCell<Posting<'b>>,
    held: &'u RefCell<Held>,
}

impl<'c, 'u, 'b> Unmoved<'c, 'u, 'b> {
    pub(super) fn new(
        changes: &'c [Change],
        (maker, history, schema): (&'u Maker<'u>, &'u History<'u>, &'u Schema),
        posting: &'u RefCell<Posting<'b>>,
        held: &'u RefCell<Held>,
    ) -> Unmoved<'c, 'u, 'b> {
        let left = changes.iter().map(|change| (change.stood.entry, change)).collect();
        Unmoved { changes, left, maker, history, schema, posting, held }
    }

    /// Those that no new event is behind: what stands comes out otherwise without them, or not at all. Of
    /// what disputes settled those that a new event is behind.
    pub(super) fn finish(self) -> Vec<&'c Change> {
        self.changes.iter().filter(|it| self.left.contains_key(&it.stood.entry)).collect()
    }
}

impl Sink for Unmoved<'_, '_, '_> {
    type Error = BookTrouble;

    fn told(&mut self, told: Told<'_>, accounts: &dyn Accounts) -> Result<(), BookTrouble> {
        let at = told.event();
        let entry = match at.batch.origins.get(at.row).copied().unwrap_or(Origin::MADE) {
            Origin { file: BOOK_FILE, line } => {
                self.held.borrow_mut().left.heard(line);
                Some(line)
            }
            Origin { .. } => {
                let identity = identity(&self.maker.event(told, accounts), self.schema)?;
                self.history.find(self.posting.borrow_mut().as_mut(), identity)?
            }
        };
        let Some((entry, change)) = entry.and_then(|it| Some((it, self.left.get(&it)?))) else {
            return Ok(());
        };
        let (stood, now) = (&change.stood, became(told.outcome(), accounts));
        let unmoved = match (&change.now, stood.settled) {
            // What a dispute settled stands; of it is asked what the rules give.
            (Some(with), true) => amounts(with) == amounts(&now),
            _ => !comes_out_otherwise(stood, &now, &Maker::said(told)),
        };
        if unmoved {
            self.left.remove(&entry);
        }
        Ok(())
    }
}
