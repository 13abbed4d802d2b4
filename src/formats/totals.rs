//! Rows that people put under a table: the totals of the rows above.

use super::held::Held;
use super::raw::RawRow;

/// What such rows are called, in any of their cells and without blanks.
const WORDS: [&str; 7] = ["合计", "总计", "小计", "共计", "累计", "total", "subtotal"];

/// Whether a cell holds what such rows are called.
pub(super) fn is_total(text: &str) -> bool {
    let bare: String = text.chars().filter(|letter| !letter.is_whitespace()).collect();
    WORDS.contains(&bare.to_lowercase().as_str())
}

/// The cell by which a row looks like a total, and what stands there.
pub(super) fn total_cell(row: &RawRow<'_>) -> Option<(usize, String)> {
    let word = |text: &str| is_total(text).then(|| text.trim().to_owned());
    match row {
        RawRow::Cells(cells) => {
            cells.iter().enumerate().find_map(|(at, cell)| Some((at, word(cell)?)))
        }
        RawRow::Values { cells, .. } => {
            cells.iter().enumerate().find_map(|(at, cell)| match cell {
                Held::Text(text) => Some((at, word(text)?)),
                _ => None,
            })
        }
        RawRow::Record { .. } | RawRow::Broken { .. } => None,
    }
}
