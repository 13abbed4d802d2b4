//! The rows of registers that a book holds, for rules beside those it was posted by.

use crate::book::Book;
use crate::check::Checked;
use crate::diagnostics::Words;
use crate::rows::RegisterTable;

use super::BookTrouble;
use super::replay::{Span, registers_of, spans};
use super::schema::schema;
use super::translate::{Translated, Translator, get};

/// The registers of rules: as given, with rows or without, else as the last batch that had them used them.
///
/// # Errors
/// The rules have no place for what a row tells; the book cannot be read.
pub fn fill_registers(
    book: &mut Book,
    checked: &Checked,
    given: &[(u32, RegisterTable)],
) -> Result<Vec<(u32, RegisterTable)>, BookTrouble> {
    let spans = spans(book)?;
    filled(book, checked, given, &spans)
}

/// The same, of these batches.
pub(super) fn filled(
    book: &mut Book,
    checked: &Checked,
    given: &[(u32, RegisterTable)],
    spans: &[Span],
) -> Result<Vec<(u32, RegisterTable)>, BookTrouble> {
    let schema = schema(checked.rule_set());
    let count = u32::try_from(schema.registers.len()).unwrap_or(u32::MAX);
    let is_given = |at: u32| given.iter().any(|(named, _)| *named == at);
    let rows_of = |at| given.iter().find(|(named, _)| *named == at).map(|(_, rows)| rows.clone());
    let mut registers: Vec<(u32, RegisterTable)> =
        (0..count).map(|at| (at, rows_of(at).unwrap_or_default())).collect();
    // One that is given without rows has none.
    let is_open = |(at, rows): &(u32, RegisterTable)| rows.is_empty() && !is_given(*at);
    for span in spans.iter().rev() {
        if !registers.iter().any(is_open) {
            break;
        }
        let translator = Translator::new(&span.begun.edition.schema, &schema);
        for (register, rows) in registers_of(book, &span.begun.batch)? {
            match translator.register(register, rows) {
                Translated::Whole((at, rows)) => {
                    let own = registers.iter_mut().find(|it| it.0 == at && is_open(it));
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
