//! Numbers, dates and texts: the signs whose value the grammar does not look at.

use super::{Builder, Built};
use crate::base::{Date, Exact, Period, Span};
use crate::diagnostics::{Diagnostic, Words};
use crate::syntax::codes;
use crate::syntax::grammar::{Pair, Rule};

impl Builder {
    /// The value of a `number`.
    pub(super) fn number(&mut self, pair: &Pair<'_>) -> Built<Exact> {
        let digits = half_width(pair.as_str()).replace('_', "");
        let span = self.span(pair);
        self.refuse_thousands(pair, span);
        match Exact::parse_decimal(&digits) {
            Some(value) => Ok(value),
            None => {
                self.diagnostics.push(
                    Diagnostic::error(
                        codes::NOT_A_WHOLE_NUMBER,
                        span,
                        Words::new("the number has too many digits", "数的位数过多"),
                    )
                    .with_help(Words::new(
                        "a value is held to 4,096 bits, about 1,200 digits",
                        "数值不超过 4096 位二进制，约 1200 位数字",
                    )),
                );
                Ok(Exact::ZERO)
            }
        }
    }

    /// A number that must be whole and small, such as a scale or a count of years.
    pub(super) fn whole<T: TryFrom<i128> + Default>(&mut self, pair: &Pair<'_>) -> Built<T> {
        let value = self.number(pair)?;
        let whole = value.to_int().and_then(|value| T::try_from(value).ok());
        if whole.is_none() {
            let text = pair.as_str();
            self.diagnostics.push(
                Diagnostic::error(
                    codes::NOT_A_WHOLE_NUMBER,
                    self.span(pair),
                    Words::new(
                        format!("`{text}` is not a whole number of usual size"),
                        format!("「{text}」不是大小合理的整数"),
                    ),
                )
                .with_help(Words::new(
                    "lengths, scales and leg numbers are whole: write `18 months` for one and a half \
                     years",
                    "时长、小数位和分项序号都是整数：一年半写作「18 个月」",
                )),
            );
        }
        Ok(whole.unwrap_or_default())
    }

    /// `1,000` in a list reads as one and nothing: the second part begins with a nought, as no number
    /// of its own does.
    fn refuse_thousands(&mut self, pair: &Pair<'_>, span: Span) {
        let text = pair.as_str();
        let digits = half_width(text);
        if digits.len() < 2 || !digits.starts_with('0') || digits.starts_with("0.") {
            return;
        }
        let before = pair.as_span().start();
        let input = pair.get_input();
        let sign = input.get(..before).and_then(|head| head.chars().next_back());
        if let Some(sign @ (',' | '，')) = sign {
            let start = span.start.saturating_sub(u32::try_from(sign.len_utf8()).unwrap_or(0));
            self.diagnostics.push(thousands(Span { start, ..span }));
        }
    }

    /// The day of a `date_literal`. One that does not exist is reported and replaced by a near one.
    pub(super) fn date(&mut self, pair: &Pair<'_>) -> Date {
        let written = half_width(pair.as_str());
        if let Some(date) = Date::parse(&written) {
            return date;
        }
        let span = self.span(pair);
        let mut parts = written.split(|c: char| !c.is_ascii_digit()).map(whole_or_zero);
        let mut part = || parts.next().unwrap_or(0);
        let (year, month, day) = (part(), part(), part());
        if let Some(date) = Date::new(year, month, day) {
            let text = pair.as_str();
            self.diagnostics.push(
                Diagnostic::error(
                    codes::DATE_WRITTEN_OTHERWISE,
                    span,
                    Words::new(
                        format!("`{text}` is not how a date is written"),
                        format!("日期不写作「{text}」"),
                    ),
                )
                .with_help(Words::new(format!("write `{date}`"), format!("请写「{date}」")))
                .with_fix(span, date.to_string()),
            );
            return date;
        }
        self.diagnostics.push(no_such_date(pair.as_str(), span, year, month));
        let month = month.clamp(1, 12);
        let year = year.clamp(1, 9999);
        (28..=31).rev().find_map(|day| Date::new(year, month, day)).unwrap_or(Date::MIN)
    }

    /// The period of a `month_literal` or a `quarter_literal`.
    pub(super) fn period(&mut self, pair: &Pair<'_>) -> Period {
        let text = half_width(pair.as_str());
        Period::parse(&text).unwrap_or_else(|| {
            self.diagnostics.push(no_such_period(pair.as_str(), self.span(pair)));
            let year = text.get(..4).map_or(1, whole_or_zero).clamp(1, 9999);
            let kind = match pair.as_rule() {
                Rule::quarter_literal => crate::base::PeriodKind::Quarter,
                _ => crate::base::PeriodKind::Month,
            };
            Period::of(kind, Date::new(year, 12, 31).unwrap_or(Date::MAX))
        })
    }
}

/// `1,000`: the place is the sign and what follows.
pub(in crate::syntax) fn thousands(span: Span) -> Diagnostic {
    Diagnostic::error(
        codes::THOUSANDS_SEPARATOR,
        span,
        Words::new("a number is written without thousands separators", "数字不写千位分隔号"),
    )
    .with_help(Words::new(
        "leave the separator out, or write `_` for it, as in `1_000`: a comma divides the entries of \
         a list",
        "请去掉分隔号，或写作「_」，如「1_000」：逗号用来分隔各项",
    ))
}

fn no_such_date(text: &str, span: Span, year: i32, month: i32) -> Diagnostic {
    let diagnostic = Diagnostic::error(
        codes::NO_SUCH_DATE,
        span,
        Words::new(format!("there is no date `{text}`"), format!("不存在日期「{text}」")),
    );
    let last = (28..=31).rev().find(|day| Date::new(year, month, *day).is_some());
    match last {
        Some(last) => diagnostic.with_help(Words::new(
            format!("{year:04}-{month:02} has {last} days"),
            format!("{year} 年 {month} 月有 {last} 天"),
        )),
        None => diagnostic.with_help(Words::new(
            "a year has the months 01 to 12, and years run from 0001 to 9999",
            "月份为 01 至 12，年份为 0001 至 9999",
        )),
    }
}

fn no_such_period(text: &str, span: Span) -> Diagnostic {
    Diagnostic::error(
        codes::NO_SUCH_DATE,
        span,
        Words::new(format!("there is no period `{text}`"), format!("不存在期间「{text}」")),
    )
    .with_help(Words::new(
        "a year has the months 01 to 12 and the quarters Q1 to Q4",
        "一年有 01 至 12 月、Q1 至 Q4 季度",
    ))
}

/// Digits, points and minus signs as ASCII writes them.
pub(in crate::syntax) fn half_width(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '０'..='９' => char::from_digit(u32::from(c) - u32::from('０'), 10).unwrap_or(c),
            '．' => '.',
            '－' => '-',
            _ => c,
        })
        .collect()
}

fn whole_or_zero(text: &str) -> i32 {
    text.parse().unwrap_or(0)
}

/// A weight such as `1/0`.
pub(super) fn not_a_divisor(span: Span) -> Diagnostic {
    Diagnostic::error(
        codes::NOT_A_WHOLE_NUMBER,
        span,
        Words::new("a weight cannot be divided by this number", "权重不能除以此数"),
    )
}

/// What stands between the quotes, with `\"`, `\\`, `\n` and `\t` resolved in "…".
pub(super) fn text_of(pair: &Pair<'_>) -> String {
    let written = pair.as_str();
    let mut inner = written.chars();
    let open = inner.next();
    inner.next_back();
    if open != Some('"') {
        return inner.collect();
    }
    let mut text = String::new();
    while let Some(c) = inner.next() {
        let resolved = match c {
            '\\' => match inner.next() {
                Some('n') => '\n',
                Some('t') => '\t',
                Some(other) => other,
                None => c,
            },
            _ => c,
        };
        text.push(resolved);
    }
    text
}
