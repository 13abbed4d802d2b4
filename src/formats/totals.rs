//! Rows that people put under a table: the totals of the rows above.

use super::held::Held;
use super::raw::RawRow;

/// What such rows are called, in any of their cells and without blanks.
const WORDS: [&str; 11] = [
    "合计",
    "总计",
    "小计",
    "共计",
    "累计",
    "过次页",
    "承前页",
    "total",
    "totals",
    "subtotal",
    "grandtotal",
];

/// Of what they are the totals: of a page, a day, a month, a quarter, a year or a period.
const OF: [&str; 8] = ["本页", "本日", "本月", "本季", "本年", "本期", "全年", "年度"];

/// Whether a cell holds what such rows are called: a word, also with what it is of (`本页合计`, `河北省小计`) and
/// a colon.
pub(super) fn is_total(text: &str) -> bool {
    let bare: String = text.chars().filter(|letter| !letter.is_whitespace()).collect();
    let bare = bare.trim_end_matches([':', '：']).to_lowercase();
    let rest = OF.iter().find_map(|of| bare.strip_prefix(of)).unwrap_or(&bare);
    WORDS.contains(&rest) || bare.ends_with("小计")
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_rows_of_totals_are_called() {
        let called = [
            "合计",
            " 合 计 ",
            "合计：",
            "本页合计",
            "本年累计",
            "全年总计",
            "河北省小计",
            "过次页",
            "承前页",
            "Total",
            "Grand total:",
            "SUBTOTAL",
        ];
        for text in called {
            assert!(is_total(text), "{text}");
        }
        for text in ["", "合计数有误", "与上月合计", "totally", "本页", "国内增值税"]
        {
            assert!(!is_total(text), "{text}");
        }
    }
}
