//! The codes of what can be wrong with the spelling of a text, with the title of each in the manual.

use crate::diagnostics::Code;

/// Text stands where something else was expected.
pub const UNEXPECTED: Code = Code("F0101");
/// A date, a month or a quarter that the calendar does not have.
pub const NO_SUCH_DATE: Code = Code("F0102");
/// `and` and `or` in one row.
pub const AND_OR_MIXED: Code = Code("F0103");
/// More brackets inside each other, or more signs in a row, than are read.
pub const NESTED_TOO_DEEP: Code = Code("F0104");
/// A quotation mark without its partner on the line.
pub const TEXT_NEVER_CLOSED: Code = Code("F0105");
/// A fenced block of Markdown without an end.
pub const FENCE_NEVER_CLOSED: Code = Code("F0106");
/// A sign that other languages use, such as `==`.
pub const FOREIGN_SIGN: Code = Code("F0107");
/// A number with thousands separators.
pub const THOUSANDS_SEPARATOR: Code = Code("F0108");
/// A date that is not written as `2015-06-03`.
pub const DATE_WRITTEN_OTHERWISE: Code = Code("F0109");
/// A number that must be whole, or is beyond all use.
pub const NOT_A_WHOLE_NUMBER: Code = Code("F0110");
/// `among` without `by shares`.
pub const SPREAD_WITHOUT_SHARES: Code = Code("F0111");
/// A clause that stands twice.
pub const SAID_TWICE: Code = Code("F0112");
/// A bracket that never closes, or closes what was never opened.
pub const BRACKET_NEVER_CLOSED: Code = Code("F0113");
/// An operator behind `otherwise` that might belong to either side.
pub const OPEN_DEFAULT: Code = Code("F0114");
/// A ratio close to a sign for percent: `2/3%`.
pub const RATIO_PER_CENT: Code = Code("F0115");
/// The reader of the text contradicted itself.
pub const INTERNAL: Code = Code("F0199");

/// Every code of this floor with its title, in English and in Chinese.
pub const CODES: &[(Code, &str, &str)] = &[
    (UNEXPECTED, "unexpected text", "意外的文字"),
    (NO_SUCH_DATE, "date that does not exist", "不存在的日期"),
    (AND_OR_MIXED, "`and` and `or` mixed", "「且」「或」混用"),
    (NESTED_TOO_DEEP, "nested too deep", "嵌套过深"),
    (TEXT_NEVER_CLOSED, "text never closed", "文字未闭合"),
    (FENCE_NEVER_CLOSED, "fenced block never closed", "代码块未闭合"),
    (FOREIGN_SIGN, "sign of another language", "其他语言的符号"),
    (THOUSANDS_SEPARATOR, "thousands separator", "千位分隔号"),
    (DATE_WRITTEN_OTHERWISE, "date written otherwise", "日期写法不符"),
    (NOT_A_WHOLE_NUMBER, "not a whole number of usual size", "不是大小合理的整数"),
    (SPREAD_WITHOUT_SHARES, "spread without shares", "分摊未说明比例"),
    (SAID_TWICE, "clause said twice", "子句重复"),
    (BRACKET_NEVER_CLOSED, "bracket never closed", "括号未闭合"),
    (OPEN_DEFAULT, "an open `otherwise`", "「缺省为」之后未加括号"),
    (RATIO_PER_CENT, "a ratio in percent", "带百分号的分数"),
    (INTERNAL, "internal error", "内部错误"),
];
