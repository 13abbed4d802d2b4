//! What to say of a word that cannot stand where it does, where no mend is sure.

use crate::diagnostics::Words;

use super::grammar::Rule;
use super::hints::Place;
use super::keywords::keyword;
use super::parse::starts_item;
use super::scan::{is_word, open_brackets};

/// Signs that compare, as they can stand after a comparison by mistake.
const COMPARISONS: [&str; 6] = ["<", ">", "≤", "≥", "＜", "＞"];

/// A remark on the word at a place; `wanted` is what could stand there.
pub(super) fn advice(place: &Place<'_>, wanted: &[Rule]) -> Option<Words> {
    if let Some(words) = misplaced(place) {
        return Some(words);
    }
    match place.word {
        "}" | "｝" if open_brackets(place.before()).is_empty() => Some(Words::new(
            "this brace closes nothing: leave it out",
            "没有与此大括号配对的左括号：请去掉",
        )),
        ";" | "；" if wanted.contains(&Rule::EOI) => {
            Some(Words::new("each declaration stands on a line of its own", "每个声明单独成行"))
        }
        "," | "，" | "、" if is_after_in(place) => Some(Words::new(
            "several members stand in braces: `in {vat, cit}`",
            "多个成员写在大括号里：「属于 {vat, cit}」",
        )),
        "%" | "％" => Some(Words::new(
            "`%` stands after a number and is per cent; there is no sign for a remainder",
            "「%」写在数字之后，表示百分比；没有取余运算",
        )),
        sign if COMPARISONS.contains(&sign) => Some(Words::new(
            "compare two values at a time: `1 < a and a < 5`",
            "一次比较两个值：「1 < a 且 a < 5」",
        )),
        "*" if is_after_rounding(place) => Some(Words::new(
            "rounding ends an expression: put what is rounded in brackets, `(base / 3 rounded down) * 3`",
            "取整写在表达式之末：请给所取整的部分加括号，如「(基数 / 3 取整 舍去) * 3」",
        )),
        "^" | "*" => {
            Some(Words::new("there is no sign for powers: multiply", "没有乘方符号：请用连乘"))
        }
        "元" | "万元" | "亿元" | "¥" | "￥" => Some(Words::new(
            "write an amount as a number of yuan, such as `50_000.00`",
            "金额直接写以元为单位的数，例如「50_000.00」",
        )),
        _ => None,
    }
}

/// A clause after the legs, or a declaration inside another.
fn misplaced(place: &Place<'_>) -> Option<Words> {
    let first = place.text.split(|c| !is_word(c)).next().unwrap_or_default();
    let clauses = ["when", "with", "let", "from", "until", "overrides", "of"];
    if is(first, &["rule"]) && is(place.word, &clauses) {
        return Some(Words::new(
            "the clauses of a rule stand before its legs",
            "规则的子句写在分项之前",
        ));
    }
    starts_item(place.word)
        .then(|| Words::new("a declaration starts in the first column", "声明从行首第一列开始"))
}

/// Whether a word is one of these words of the language.
fn is(word: &str, names: &[&str]) -> bool {
    names
        .iter()
        .filter_map(|name| keyword(name))
        .any(|keyword| keyword.en.contains(&word) || keyword.zh.contains(&word))
}

/// Whether a way of rounding stands before on the line.
fn is_after_rounding(place: &Place<'_>) -> bool {
    let line = place.before().rsplit(['\n', '\r']).next().unwrap_or_default();
    line.split_whitespace().any(|word| is(word, &["rounded"]))
}

/// Whether `in` stands before on the line.
fn is_after_in(place: &Place<'_>) -> bool {
    let line = place.before().rsplit(['\n', '\r']).next().unwrap_or_default();
    line.split_whitespace().any(|word| is(word, &["in"]))
}
