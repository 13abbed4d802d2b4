//! Looking into a book: its entries with the names that their positions stand for.

use std::collections::BTreeMap;
use std::rc::Rc;

use crate::book::{Batch, Book, Edition, Entry};
use crate::diagnostics::Language;
use crate::report::book::{EntryNames, names_of};
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
    scale: u8,
    key: String,
}

impl Named {
    /// What a report wants to know.
    pub fn names(&self) -> EntryNames<'_> {
        EntryNames {
            names: &self.names,
            batch: self.batch.as_deref(),
            correction_scale: self.scale,
            key: &self.key,
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
        let (scale, key) = match entry {
            Entry::Correction(it) => self.corrected(book, it.of)?,
            _ => (2, String::new()),
        };
        if let Some(number) = batch {
            let Begun { batch, edition, .. } = self.batches.get(book, number)?;
            let names = self.names_of(batch.edition_entry, &edition);
            return Ok(Named { names, batch: Some(batch), scale, key });
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
        Ok(Named { names, batch: None, scale, key })
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

    /// Decimals of the money of the event behind an entry, and its key.
    fn corrected(&mut self, book: &mut Book, mut number: u64) -> Result<(u8, String), BookTrouble> {
        loop {
            match book.entry(number)? {
                // A correction stands behind what it corrects.
                Entry::Correction(it) if it.of < number => number = it.of,
                Entry::Event(event) => {
                    let Begun { batch, edition, .. } = self.batches.get(book, event.batch)?;
                    let names = self.names_of(batch.edition_entry, &edition);
                    let table = super::translate::get(&names.events, event.kind);
                    let scale = table.map_or(2, |table| table.currency.scale);
                    return Ok((scale, super::maker::key_text(&event)));
                }
                _ => return Err(crate::book::BookError::Damaged { entry: number }.into()),
            }
        }
    }
}
