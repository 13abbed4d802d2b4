//! Files that are no text of rows, by their first bytes.

use crate::diagnostics::Words;

use super::input::BOM;

/// What a file is by its first bytes, if it is no text, and how to get a text of it.
pub(super) fn no_text(first: &[u8]) -> Option<(Words, Words)> {
    let save_as_csv = || {
        Words::new(
            "open it in Excel or WPS and save it as `CSV UTF-8`",
            "请在 Excel 或 WPS 中打开，另存为“CSV UTF-8”",
        )
    };
    if first.starts_with(b"\xFF\xFE") || first.starts_with(b"\xFE\xFF") {
        return Some((
            Words::new("the file is UTF-16", "文件编码为 UTF-16"),
            Words::new(
                "save it as UTF-8 (in Excel: `CSV UTF-8`, not `Unicode text`)",
                "请另存为 UTF-8（Excel 中选“CSV UTF-8”，不要选“Unicode 文本”）",
            ),
        ));
    }
    if is_markup(first) {
        return Some((
            Words::new(
                "the file is a web page or XML, whatever it is called, and no table",
                "文件实为网页或 XML（不论扩展名），不是表格",
            ),
            Words::new(
                "open it in Excel or WPS and save it as `.xlsx` or `CSV UTF-8`",
                "请在 Excel 或 WPS 中打开，另存为 .xlsx 或“CSV UTF-8”",
            ),
        ));
    }
    let kinds: [(&[u8], &str); 6] = [
        (b"\x1F\x8B", "packed twice"),
        (b"\x28\xB5\x2F\xFD", "packed twice"),
        (b"PAR1", "Parquet"),
        (b"ARROW1", "Arrow"),
        (b"%PDF", "PDF"),
        (b"SQLite format 3", "SQLite"),
    ];
    if let Some((_, kind)) = kinds.iter().find(|(magic, _)| first.starts_with(magic)) {
        let hint = match *kind {
            "Parquet" | "Arrow" => Words::new(
                "give the rows as CSV, JSON or NDJSON, or build this program with `--features columns`",
                "请提供 CSV、JSON 或 NDJSON，或用 --features columns 编译本程序",
            ),
            _ => Words::new("give the rows as CSV, JSON or NDJSON", "请提供 CSV、JSON 或 NDJSON"),
        };
        let what = Words::new(
            format!("the file is {kind}, not a text"),
            format!("文件是 {kind} 格式，不是文本"),
        );
        return Some((what, hint));
    }
    let nul = |byte: &&u8| **byte == 0;
    let nuls = first.iter().filter(nul).count();
    // A damaged row may hold a NUL; a file in which one byte of ten is NUL is something else.
    if nuls * 10 > first.len() {
        return Some((
            Words::new(
                "the file is no text (perhaps UTF-16 without its mark)",
                "文件不是文本（或为无标记的 UTF-16）",
            ),
            save_as_csv(),
        ));
    }
    None
}

/// Whether it is what a browser shows: some systems write such a file and call it a workbook.
fn is_markup(first: &[u8]) -> bool {
    const BEGINNINGS: [&str; 5] = ["<html", "<!doctype", "<table", "<?xml", "mime-version:"];
    let text = first.strip_prefix(BOM).unwrap_or(first).trim_ascii_start();
    let begins = |with: &&str| {
        text.get(..with.len()).is_some_and(|it| it.eq_ignore_ascii_case(with.as_bytes()))
    };
    BEGINNINGS.iter().any(begins)
}
