//! By what a batch was worked out: its rules compiled anew, its registers and readings.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::base::Date;
use crate::book::{Batch, Book, BookError, Entry};
use crate::diagnostics::Language;
use crate::engine;
use crate::model::ReadingId;
use crate::plan::{self, Choices, Plan};
use crate::rows::RegisterTable;

use super::super::BookTrouble;
use super::super::edition::Rules;
use super::super::standing::Begun;

/// Everything a batch was worked out by, but its events.
#[derive(Debug)]
pub(in crate::app::book) struct Context {
    pub(in crate::app::book) rules: Arc<Rules>,
    pub(in crate::app::book) plan: Plan,
    pub(in crate::app::book) registers: Vec<(u32, RegisterTable)>,
    pub(in crate::app::book) through: Option<Date>,
}

impl Context {
    pub(in crate::app::book) fn options(&self) -> engine::Options {
        engine::Options { through: self.through, ..engine::Options::default() }
    }
}

/// Makes contexts; an edition is compiled once.
#[derive(Debug)]
pub(in crate::app::book) struct Contexts {
    language: Language,
    rules: BTreeMap<u64, Arc<Rules>>,
}

impl Contexts {
    pub(in crate::app::book) fn new(language: Language) -> Contexts {
        Contexts { language, rules: BTreeMap::new() }
    }

    /// That of a batch.
    ///
    /// # Errors
    /// Its rules do not compile with this version; the book cannot be read.
    pub(in crate::app::book) fn of(
        &mut self,
        book: &mut Book,
        begun: &Begun,
    ) -> Result<Context, BookTrouble> {
        let batch = &begun.batch;
        let rules = match self.rules.get(&batch.edition_entry) {
            Some(rules) => Arc::clone(rules),
            None => {
                let rules = Arc::new(Rules::of(&begun.edition, self.language)?);
                self.rules.insert(batch.edition_entry, Arc::clone(&rules));
                rules
            }
        };
        let plan = plan::from_checked(&rules.checked, &choices_of(batch));
        let registers = registers(book, batch)?;
        Ok(Context { rules, plan, registers, through: batch.through })
    }
}

/// The readings that a batch chose.
pub(in crate::app::book) fn choices_of(batch: &Batch) -> Choices {
    let readings = batch.readings.iter().map(|it| (ReadingId(it.reading), it.option));
    Choices { readings: readings.collect() }
}

/// The rows of the registers of a batch.
pub(in crate::app::book) fn registers(
    book: &mut Book,
    batch: &Batch,
) -> Result<Vec<(u32, RegisterTable)>, BookTrouble> {
    let mut registers = Vec::new();
    for used in &batch.registers {
        let mut rows = Vec::new();
        for number in used.first..used.first + u64::from(used.parts) {
            let Entry::Register(part) = book.entry(number)? else {
                return Err(BookError::Damaged { entry: number }.into());
            };
            rows.extend(part.rows);
        }
        registers.push((used.register, RegisterTable::from(rows)));
    }
    Ok(registers)
}
