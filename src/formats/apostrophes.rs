//! Apostrophes that keep a spreadsheet from running a text as a formula.

use std::borrow::Cow;

/// A cell that a spreadsheet takes for a formula gets an apostrophe in front, and so does one that
/// begins with an apostrophe: whoever takes one off has the cell back.
pub(super) fn unlike_formula(text: &str) -> Cow<'_, str> {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
    let is_number = digits(whole) && digits(fraction);
    if text.starts_with(SIGNS) && !is_number {
        Cow::Owned(format!("'{text}"))
    } else {
        Cow::Borrowed(text)
    }
}

/// What stands behind an apostrophe that may have been put there so. Before a number we put none, but
/// whoever has made a number of what stood there may have left it.
pub(super) fn unguarded(text: &str) -> Option<&str> {
    text.strip_prefix('\'').filter(|rest| rest.starts_with(SIGNS))
}

/// The signs with which formulas begin, also in full width, and what some programs pass over before them.
const SIGNS: [char; 12] = ['=', '+', '-', '@', '＝', '＋', '－', '＠', '\t', '\r', '\n', '\''];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_a_spreadsheet_would_run_is_kept_a_text() {
        let cells = [
            ("=1+1", "'=1+1"),
            ("-5.00", "-5.00"),
            ("+86", "+86"),
            ("-5-", "'-5-"),
            ("@a", "'@a"),
            ("'x", "''x"),
            ("\n=1", "'\n=1"),
            ("＝1", "'＝1"),
            ("-", "'-"),
            ("1-2", "1-2"),
        ];
        for (cell, wanted) in cells {
            assert_eq!(unlike_formula(cell), wanted);
        }
    }

    proptest! {
        #[test]
        fn out_and_back_is_the_identity(text in "[-=+@'\t\r\n＝－a5.]{0,4}") {
            let out = unlike_formula(&text);
            prop_assert_eq!(unguarded(&out).unwrap_or(&out), &text);
        }
    }
}
