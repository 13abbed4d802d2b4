//! The figures file: results that are not money moved.

use crate::diagnostics::Language;
use crate::report::names::{Kind, Names};
use crate::report::values::{file_text, person_text, row_texts};
use crate::rows::{Cell, EventAt, FigureValue};

use super::allocations::{KeyColumns, write_cell};
use super::error::FormatsError;
use super::output::Output;
use super::records::{Holds, Records, ResultColumn, ResultLayout};

/// Writes figures as they are worked out.
#[derive(Debug)]
pub struct Figures<'n> {
    names: &'n Names,
    keys: KeyColumns,
    records: Records,
    layout: ResultLayout,
    language: Language,
}

impl<'n> Figures<'n> {
    /// Starts a file of figures.
    ///
    /// # Errors
    /// The output cannot be written.
    pub fn new(
        names: &'n Names,
        output: Output,
        layout: ResultLayout,
        language: Language,
    ) -> Result<Figures<'n>, FormatsError> {
        let keys = KeyColumns::of(names, language);
        let column = |name: &str, zh: &str, numeric| {
            let heading = if language == Language::Chinese { zh } else { name };
            ResultColumn::new(name, heading, numeric)
        };
        let mut columns = vec![column("event", "事项", false)];
        columns.extend(keys.columns.iter().cloned());
        columns.push(column("date", "日期", false).holding(Holds::Date));
        columns.push(column("figure", "指标", false));
        columns.push(column("row", "行", false));
        columns.push(column("value", "数值", true));
        // The date stands apart unless it is a key already.
        if keys.columns.iter().any(|key| key.name == "date") {
            columns.retain({
                let mut seen = false;
                move |column| column.name != "date" || !std::mem::replace(&mut seen, true)
            });
        }
        let records = Records::new(output, layout, columns, "… {}")?;
        Ok(Figures { names, keys, records, layout, language })
    }

    /// Writes one figure.
    ///
    /// # Errors
    /// The output cannot be written.
    pub fn figure(&mut self, event: EventAt<'_>, told: &FigureValue) -> Result<(), FormatsError> {
        let person = (self.layout == ResultLayout::Table).then_some(self.language);
        let at = usize::try_from(event.batch.event).ok();
        let table = at.and_then(|at| self.names.events.get(at));
        self.records.text(table.map_or("", |table| table.name.text.as_str()));
        let mut dated = false;
        for (field, column) in self.keys.fields(event.batch.event).zip(&self.keys.columns) {
            dated |= column.name == "date";
            let pair =
                field.and_then(|at| Some((table?.fields.get(at)?, event.batch.columns.get(at)?)));
            match pair {
                Some((field, column)) => write_cell(
                    &mut self.records,
                    column,
                    event.row,
                    &field.kind,
                    self.names,
                    person,
                ),
                None if column.name == "date" => self.records.text(&event.date.to_string()),
                None => self.records.missing(),
            }
        }
        if !dated {
            self.records.text(&event.date.to_string());
        }
        let figure = usize::try_from(told.figure).ok().and_then(|at| self.names.figures.get(at));
        self.records.text(figure.map_or("", |figure| match person {
            Some(language) => figure.name.in_language(language),
            None => figure.name.text.as_str(),
        }));
        let row_kind = figure.and_then(|figure| figure.row.as_ref());
        let names = self.names;
        let parts = row_texts(&told.key, row_kind, names, |cell, kind| match person {
            Some(language) => person_text(cell, kind, names, language),
            None => file_text(cell, kind, names),
        });
        match parts.as_slice() {
            [] => self.records.missing(),
            parts => self.records.text(&parts.join("/")),
        }
        let kind = figure.map_or(&Kind::Number, |figure| &figure.kind);
        match (&told.value, person) {
            (Cell::Missing, _) => self.records.missing(),
            (value, Some(language)) => {
                self.records.text(&person_text(value, kind, self.names, language));
            }
            (value, None) => self.records.text(&file_text(value, kind, self.names)),
        }
        self.records.end_row()
    }

    /// Ends the file and puts it in its place.
    ///
    /// # Errors
    /// The output cannot be written.
    pub fn finish(self) -> Result<(), FormatsError> {
        self.records.finish()
    }
}
