//! The rows of registers that a book holds, for rules beside those it was posted by.

use crate::book::Book;
use crate::check::Checked;
use crate::diagnostics::Words;
use crate::rows::RegisterRow;

use super::BookTrouble;
use super::replay::{Span, registers_of, spans};
use super::schema::schema;
use super::translate::{Translated, Translator, get};

/// The registers of rules: as given, else as the last batch that had them used them.
///
/// # Errors
/// The rules have no place for what a row tells; the book cannot be read.
pub fn fill_registers(
    book: &mut Book,
    checked: &Checked,
    given: &[(u32, Vec<RegisterRow>)],
) -> Result<Vec<(u32, Vec<RegisterRow>)>, BookTrouble> {
    let spans = spans(book)?;
    filled(book, checked, given, &spans)
}

/// The same, of these batches.
pub(super) fn filled(
    book: &mut Book,
    checked: &Checked,
    given: &[(u32, Vec<RegisterRow>)],
    spans: &[Span],
) -> Result<Vec<(u32, Vec<RegisterRow>)>, BookTrouble> {
    let schema = schema(checked.rule_set());
    let mut registers = given.to_vec();
    for span in spans.iter().rev() {
        if registers.iter().all(|(_, rows)| !rows.is_empty()) {
            break;
        }
        let translator = Translator::new(&span.begun.edition.schema, &schema);
        for (register, rows) in registers_of(book, &span.begun.batch)? {
            match translator.register(register, rows) {
                Translated::Whole((at, rows)) => {
                    let own = registers.iter_mut().find(|(own, it)| *own == at && it.is_empty());
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
