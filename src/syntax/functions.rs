//! The names of built-in functions, in both tongues: words like any other, until a bracket opens
//! directly behind them.

/// A function's name in English and in Chinese.
pub type FunctionName = (&'static str, &'static str);

/// Every built-in function.
pub const FUNCTION_NAMES: &[FunctionName] = &[
    ("min", "最小"),
    ("max", "最大"),
    ("sum", "合计"),
    ("count", "个数"),
    ("abs", "绝对值"),
    ("date", "日期"),
    ("month", "月"),
    ("quarter", "季"),
    ("year", "年"),
    ("month_of_year", "月份"),
    ("day_of_month", "日"),
    ("year_number", "年份"),
    ("weekday", "星期"),
    ("start", "起始日"),
    ("end", "截止日"),
    ("days", "天数"),
    ("months_between", "相隔月数"),
    ("remainder", "余数"),
    ("present", "有值"),
];

/// The function of a name, in either tongue.
pub fn function_name(written: &str) -> Option<FunctionName> {
    FUNCTION_NAMES.iter().copied().find(|(en, zh)| written == *en || written == *zh)
}
