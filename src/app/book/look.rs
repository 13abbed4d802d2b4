//! Looking into a book: its entries with the names that their positions stand for.

use std::collections::BTreeMap;
use std::rc::Rc;

use crate::book::{Batch, Book, Edition, Entry};
use crate::diagnostics::Language;
use crate::report::book::{CorrectedEvent, EntryNames, names_of};
use crate::report::names::Names;

use super::BookTrouble;
use super::edition::Rules;
use super::standing::{Batches, Begun};

/// Knows what the positions of entries are called.
#[derive(Debug)]
pub struct Reader {
    language: Language,
    batches: Batches,
    names: BTreeMap<u64, Rc<Names>>,
    none: Rc<Names>,
}

/// The names of one entry.
#[derive(Debug)]
pub struct Named {
    names: Rc<Names>,
    batch: Option<Rc<Batch>>,
    corrected: Option<CorrectedEvent>,
}

impl Named {
    /// What a report wants to know.
    pub fn names(&self) -> EntryNames<'_> {
        EntryNames {
            names: &self.names,
            batch: self.batch.as_deref(),
            corrected: self.corrected.as_ref(),
        }
    }
}

impl Reader {
    /// Reads for people of this language.
    pub fn new(language: Language) -> Reader {
        let (batches, none) = (Batches::default(), Rc::new(Names::default()));
        Reader { language, batches, names: BTreeMap::new(), none }
    }

    /// The names of an entry.
    ///
    /// # Errors
    /// The book cannot be read.
    pub fn named(&mut self, book: &mut Book, entry: &Entry) -> Result<Named, BookTrouble> {
        let batch = match entry {
            Entry::Event(it) => Some(it.batch),
            Entry::Unread(it) => Some(it.batch),
            Entry::Correction(it) => Some(it.batch),
            Entry::Close(it) => Some(it.batch),
            _ => None,
        };
        let corrected = match entry {
            Entry::Correction(it) => Some(self.corrected(book, it.of)?),
            _ => None,
        };
        if let Some(number) = batch {
            let Begun { batch, edition, .. } = self.batches.get(book, number)?;
            let names = self.names_of(batch.edition_entry, &edition);
            return Ok(Named { names, batch: Some(batch), corrected });
        }
        let edition = match entry {
            Entry::Batch(it) => Some(it.edition_entry),
            Entry::Register(it) => book.edition(&it.edition)?,
            _ => None,
        };
        let names = match edition {
            Some(number) => {
                let Entry::Edition(edition) = book.entry(number)? else {
                    return Err(crate::book::BookError::Damaged { entry: number }.into());
                };
                self.names_of(number, &edition)
            }
            None => Rc::clone(&self.none),
        };
        Ok(Named { names, batch: None, corrected })
    }

    /// The names of an edition: with labels if it compiles, else those that it holds itself.
    fn names_of(&mut self, number: u64, edition: &Edition) -> Rc<Names> {
        if let Some(names) = self.names.get(&number) {
            return Rc::clone(names);
        }
        let names = Rules::of(edition, self.language).map(|rules| rules.names);
        let names = Rc::new(names.unwrap_or_else(|_| names_of(&edition.schema)));
        self.names.insert(number, Rc::clone(&names));
        names
    }

    /// The event behind an entry.
    fn corrected(
        &mut self,
        book: &mut Book,
        mut number: u64,
    ) -> Result<CorrectedEvent, BookTrouble> {
        loop {
            match book.entry(number)? {
                // A correction stands behind what it corrects.
                Entry::Correction(it) if it.of < number => number = it.of,
                Entry::Event(event) => {
                    let Begun { batch, edition, .. } = self.batches.get(book, event.batch)?;
                    let names = self.names_of(batch.edition_entry, &edition);
                    let table = super::translate::get(&names.events, event.kind);
                    let Some(table) = table else {
                        return Err(crate::book::BookError::Damaged { entry: number }.into());
                    };
                    let (kind, currency) = (table.name.text.clone(), table.currency.clone());
                    return Ok(CorrectedEvent { event, kind, currency });
                }
                _ => return Err(crate::book::BookError::Damaged { entry: number }.into()),
            }
        }
    }
}
