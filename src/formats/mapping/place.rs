//! Where in a text of TOML something stands, and what is wrong with one that is none.

use toml::de::DeTable;

use crate::diagnostics::Words;

/// The same words, with the line and column of what a path of keys leads to.
pub(super) fn placed(text: &str, path: &[&str], what: &Words) -> Words {
    let start = DeTable::parse(text).ok().and_then(|root| start(root.get_ref(), path));
    start.map_or_else(|| what.clone(), |start| at(text, start, what))
}

/// The start of the last key of a path.
fn start(root: &DeTable<'_>, path: &[&str]) -> Option<usize> {
    let (mut table, mut start) = (Some(root), None);
    for name in path {
        let (key, value) = table?.get_key_value(*name)?;
        start = Some(key.span().start);
        table = value.get_ref().as_table();
    }
    start
}

fn at(text: &str, start: usize, what: &Words) -> Words {
    let before = text.get(..start).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    Words::new(
        format!("line {line}, column {column}: {}", what.en),
        format!("第 {line} 行第 {column} 列：{}", what.zh),
    )
}

/// What is wrong with a text that is no TOML, or not the one expected, and how to mend it where that
/// can be told.
pub(in super::super) fn toml_words(text: &str, error: &toml::de::Error) -> (Words, Option<Words>) {
    let start = error.span().map(|span| span.start);
    let line = start.map(|start| line_of(text, start)).unwrap_or_default();
    let message = error.message().lines().collect::<Vec<_>>().join("; ");
    let (what, hint) = match (bare_key(line), wide_sign(line)) {
        (_, Some(sign)) => (
            Words::new(
                format!("`{sign}` is a sign of a Chinese input method, and means nothing here"),
                format!("「{sign}」是全角或中文符号，此处不可用"),
            ),
            Some(Words::new(
                "write `=`, `\"`, `[`, `]` and `.` in half width: `\"税种\" = \"列名\"`",
                "等号、引号、方括号和点须用半角：\"税种\" = \"列名\"",
            )),
        ),
        (Some(key), None) => (
            Words::new(
                format!("the name `{key}` has no quotes around it"),
                format!("名称「{key}」没有加引号"),
            ),
            Some(Words::new(
                format!(
                    "write `\"{key}\"`: names of other letters than a-z, digits, `_` and `-` are in quotes"
                ),
                format!("请写成 \"{key}\"：含有英文字母、数字、_ 和 - 以外字符的名称须加引号"),
            )),
        ),
        (None, None) => (Words::new(message.clone(), message), None),
    };
    (start.map_or_else(|| what.clone(), |start| at(text, start, &what)), hint)
}

fn line_of(text: &str, at: usize) -> &str {
    let start = text.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |end| end + 1);
    text.get(start..).and_then(|rest| rest.lines().next()).unwrap_or_default()
}

/// A name outside ASCII without quotes, in front of `=` or in brackets.
fn bare_key(line: &str) -> Option<&str> {
    let line = line.trim();
    let names = match line.strip_prefix('[') {
        Some(inside) => inside.split(']').next()?,
        None => line.split('=').next()?,
    };
    let bare = |name: &&str| !name.is_ascii() && !name.starts_with(['"', '\'']);
    names.split('.').map(str::trim).find(bare)
}

/// A sign in full width where one in half width is needed: outside quotes.
fn wide_sign(line: &str) -> Option<char> {
    let mut quote = None;
    for letter in line.chars() {
        match quote {
            Some(open) if letter == open => quote = None,
            Some(_) => {}
            None if matches!(letter, '"' | '\'') => quote = Some(letter),
            None if letter == '#' => return None,
            None if "＝“”‘’［］．＂".contains(letter) => return Some(letter),
            None => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_chinese_keyboard_writes_is_answered() {
        for (text, wanted, hint) in [
            (
                "a = \"b\"\n税种 = \"x\"",
                "line 2, column 1: the name `税种` has no quotes",
                "\"税种\"",
            ),
            ("[columns.入库]\n", "line 1, column 10: the name `入库`", "\"入库\""),
            ("date = “入库日期”", "`“` is a sign of a Chinese input", "half width"),
            ("date ＝ \"x\"", "`＝` is a sign", "half width"),
        ] {
            let error = toml::from_str::<toml::Table>(text).unwrap_err();
            let (what, mend) = toml_words(text, &error);
            assert!(what.en.contains(wanted), "{}", what.en);
            assert!(mend.is_some_and(|mend| mend.en.contains(hint)), "{text}");
        }
        let error = toml::from_str::<toml::Table>("a = \"“\"\na = 1").unwrap_err();
        let (what, mend) = toml_words("a = \"“\"\na = 1", &error);
        assert_eq!((what.en.as_str(), mend), ("line 2, column 1: duplicate key", None));
    }

    #[test]
    fn a_path_leads_to_its_place() {
        let text = "[values.receipt.tax]\n  \"国内\" = \"vat\"\n";
        let place = |path: &[&str]| placed(text, path, &Words::new("x", "x")).en;
        assert_eq!(place(&["values", "receipt", "tax", "国内"]), "line 2, column 3: x");
        assert_eq!(place(&["values", "receipt"]), "line 1, column 9: x");
        assert_eq!(place(&["none"]), "x");
    }
}
