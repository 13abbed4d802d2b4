//! The words for a value in the data that cannot be read.

use crate::base::{Date, Duration};
use crate::diagnostics::Words;
use crate::rows::Unreadable;

use super::names::{Kind, folded};

/// What is wrong with a value, with its column and the value itself.
pub fn unreadable_words(why: Unreadable, column: Option<&str>, value: &str) -> Words {
    let what = match why {
        Unreadable::NotText if is_value(value) => Words::new("is no text", "不是文字"),
        // Such as the 30th of February.
        Unreadable::NotADate if is_no_day(value) => {
            Words::new("is no day of the calendar", "不是日历上的日子")
        }
        why => what(why, value),
    };
    let (en, zh) = match column {
        Some(column) => (format!("column `{column}`: "), format!("「{column}」列：")),
        None => (String::new(), String::new()),
    };
    // Of a whole row it is said first what is wrong with it.
    let is_row = is_row(why) && !(why == Unreadable::NotText && is_value(value));
    if is_row && !value.is_empty() {
        let (value, _) = value
            .char_indices()
            .nth(SHOWN_MAX)
            .map_or((value, ""), |(at, _)| value.split_at_checked(at).unwrap_or((value, "")));
        return Words::new(
            format!("{en}{}: `{value}`", what.en),
            format!("{zh}{}：「{value}」", what.zh),
        );
    }
    if value.is_empty() || value.chars().count() > SHOWN_MAX {
        return Words::new(format!("{en}{}", what.en), format!("{zh}{}", what.zh));
    }
    Words::new(format!("{en}`{value}` {}", what.en), format!("{zh}「{value}」{}", what.zh))
}

/// Whether what should be a text is a value of JSON that is none: `true`, `{"v":1}`.
fn is_value(value: &str) -> bool {
    serde_json::from_str::<serde_json::Value>(value).is_ok()
}

/// Whether the value is the row, or a large part of it.
fn is_row(why: Unreadable) -> bool {
    matches!(
        why,
        Unreadable::Ragged { .. }
            | Unreadable::Quote
            | Unreadable::NotText
            | Unreadable::NotJson
            | Unreadable::NotARecord
    )
}

/// What to write instead; `kind` is that of the field, where it is known.
pub fn unreadable_hint(why: Unreadable, value: &str, kind: Option<&Kind>) -> Words {
    if let (Unreadable::UnknownMember, Some(Kind::Member(members))) = (why, kind) {
        let sharing = members.sharing(value);
        if !sharing.is_empty() {
            let names: Vec<&str> = sharing.iter().map(|label| label.text.as_str()).collect();
            return Words::new(
                format!("{} are all called so: write one of these names", names.join(", ")),
                format!("{} 都用此名：请写其中一个名称", names.join("、")),
            );
        }
        let near = members.all_nearest(value);
        if !near.is_empty() {
            return Words::new(
                format!("did you mean `{}`?", near.join("` or `")),
                format!("是否应为「{}」？", near.join("」或「")),
            );
        }
        const FEW: usize = 12;
        let names: Vec<&str> =
            members.members.iter().take(FEW).map(|(label, _)| label.text.as_str()).collect();
        let more = if members.members.len() > FEW { ", …" } else { "" };
        return Words::new(
            format!(
                "one of {}{more}; other spellings can be mapped (`[values.…]`)",
                names.join(", ")
            ),
            format!("应为 {}{more} 之一；其他写法可在映射中对应（[values.…]）", names.join("、")),
        );
    }
    let write = |text: &str| Words::new(format!("write `{text}`"), format!("请写成 {text}"));
    match why {
        Unreadable::ThousandsSeparator | Unreadable::FullWidth => {
            ungrouped(&folded(value)).map_or_else(amount_hint, |digits| write(&digits))
        }
        Unreadable::PlusSign => write(value.trim_start_matches('+')),
        Unreadable::NotADate => date_hint(value),
        Unreadable::Ragged { expected, found } if found > expected => Words::new(
            "a cell that holds a comma needs quotes around it",
            "含有逗号的单元格要加引号",
        ),
        Unreadable::Ragged { .. } => Words::new(
            "fill the missing cells, or leave them empty between commas",
            "请补齐缺少的单元格，空的也要留逗号",
        ),
        Unreadable::NotAnAmount => amount_hint(),
        Unreadable::TooManyDecimals => Words::new(
            "round it at the source; nothing is rounded silently here",
            "请在来源处取整；这里不会悄悄舍入",
        ),
        Unreadable::Exponent => Words::new(
            "write the digits out; a spreadsheet shortens long numbers: format the cells as text",
            "请写出全部数字；表格软件会缩写长数字：请把单元格设为文本格式",
        ),
        Unreadable::MissingDigit => {
            Words::new("write `0.5` for `.5`, and `5` for `5.`", "请把 .5 写成 0.5，把 5. 写成 5")
        }
        Unreadable::NotANumber => {
            Words::new("a number is `0.375`, `37.5%` or `3/8`", "数字写成 0.375、37.5% 或 3/8")
        }
        Unreadable::BareRate => Words::new(
            format!("write `{value}%`, or a decimal such as `0.5` for a half"),
            format!("请写成 {value}%，或用小数（如一半写 0.5）"),
        ),
        Unreadable::NotAnInteger => Words::new("a whole number has digits alone", "整数只有数字"),
        Unreadable::NotAPeriod => Words::new(
            "a month is `2024-03`, a quarter `2024Q1`, a year `2024`",
            "月份写成 2024-03，季度写成 2024Q1，年份写成 2024",
        ),
        Unreadable::NotABool => {
            Words::new("write `true` or `false` (or 是, 否)", "请写 true 或 false（也可写是、否）")
        }
        Unreadable::UnknownMember => Words::new(
            "use a declared name, label or code, or map the value in a mapping (`[values.…]`)",
            "请用已声明的名称、标签或代码，或在映射中对应（[values.…]）",
        ),
        Unreadable::OutOfRange => {
            Words::new("is the number in the right column?", "数字是否放错了列？")
        }
        Unreadable::Missing => Words::new("fill the cell", "请填写该单元格"),
        Unreadable::NotAList => Words::new(
            "write values apart by `;`, or a JSON array",
            "请用分号隔开各值，或写成 JSON 数组",
        ),
        Unreadable::NotText if is_value(value) => {
            Words::new("write it in quotation marks", "请加引号写成文字")
        }
        Unreadable::NotText => Words::new(
            "the bytes were damaged on the way; export the row again",
            "字节在传输中损坏；请重新导出该行",
        ),
        Unreadable::Quote => Words::new(
            "a quote opens and closes a whole cell, and is doubled inside one",
            "引号须成对包住整个单元格，单元格内的引号写两次",
        ),
        Unreadable::NotJson => Words::new("each line is one record, `{…}`", "每行是一条记录 {…}"),
        Unreadable::NotARecord => Words::new("write a record, `{…}`", "请写成记录 {…}"),
        Unreadable::RepeatedField => Words::new("name each field once", "每个字段只写一次"),
        Unreadable::SheetDigits => Words::new(
            "format the column as text, and write the value again from its source",
            "请把该列设为文本格式，按来源重新填写",
        ),
        Unreadable::ShownOtherwise => Words::new(
            "format the column as text (of amounts as a number without signs), and write what is meant",
            "请把该列设为文本格式（金额设为不带符号的数字格式），按本意重新填写",
        ),
        Unreadable::TimeOfDay => Words::new(
            "leave the time out: `=INT(cell)` is the day alone",
            "请去掉时间：用 =INT(单元格) 只取日期",
        ),
        Unreadable::CellError => Words::new(
            "mend the formula, and save the workbook in a spreadsheet program",
            "请修正公式，并在表格软件中保存",
        ),
        Unreadable::TotalRow => Words::new(
            "remove the row: a total would be counted twice; if it is none, change the word and run again \
             to hear what is wrong with it",
            "请删去该行，合计会重复计算；若不是合计，请改掉该字样后重新运行，以查明问题所在",
        ),
        Unreadable::OtherCell => Words::new(
            "format the column as text, and write the value again: what stood here cannot be known",
            "请把该列设为文本格式后重新填写：原来写的是什么已无从得知",
        ),
    }
}

fn what(why: Unreadable, value: &str) -> Words {
    let (en, zh) = match why {
        Unreadable::Ragged { expected, found } => {
            return Words::new(
                format!("the row has {found} cells, the header {expected}"),
                format!("该行有 {found} 个单元格，表头有 {expected} 个"),
            );
        }
        Unreadable::NotAnAmount => ("is not an amount", "不是金额"),
        Unreadable::ThousandsSeparator
            if value.contains(',') && ungrouped(&folded(value)).is_none() =>
        {
            ("has a comma that divides no thousands", "其中的逗号不是千分位分隔符")
        }
        Unreadable::ThousandsSeparator => ("has thousands separators", "带有千分位分隔符"),
        Unreadable::TooManyDecimals => {
            ("has more decimals than the currency", "小数位数多于币种所允许")
        }
        Unreadable::Exponent => ("is written as a power of ten", "用了科学计数法"),
        Unreadable::PlusSign => ("has a plus sign", "带有加号"),
        Unreadable::MissingDigit => ("lacks a digit beside its decimal point", "小数点旁缺少数字"),
        Unreadable::FullWidth => ("has full-width digits or signs", "用了全角数字或符号"),
        Unreadable::NotANumber => ("is not a number", "不是数字"),
        Unreadable::BareRate => {
            ("is a rate above 1 without a percent sign", "是大于 1 而未带百分号的比率")
        }
        Unreadable::NotAnInteger => ("is not a whole number", "不是整数"),
        Unreadable::NotADate => {
            ("is not a date written year-month-day, `2024-03-01`", "不是按 2024-03-01 书写的日期")
        }
        Unreadable::NotAPeriod => ("is not a period of the kind wanted", "不是所要的期间"),
        Unreadable::NotABool => ("is neither true nor false", "既不是“是”也不是“否”"),
        Unreadable::UnknownMember => ("is not a declared value", "不是已声明的取值"),
        Unreadable::OutOfRange => ("is beyond the supported range", "超出支持的范围"),
        Unreadable::Missing => {
            ("nothing stands here, and a value is required", "此处为空，而该值必填")
        }
        Unreadable::NotAList => ("is not a list", "不是列表"),
        Unreadable::NotText => ("holds bytes that are no text", "含有不是文字的字节"),
        Unreadable::Quote => {
            ("a quote does not close, or text follows one", "引号未闭合，或引号后还有文字")
        }
        Unreadable::NotJson => ("is not JSON", "不是 JSON"),
        Unreadable::NotARecord => ("is not a record", "不是记录"),
        Unreadable::RepeatedField => ("is named twice", "出现了两次"),
        Unreadable::SheetDigits => (
            "needs more digits, decimals included, than the fifteen that a spreadsheet keeps of a number",
            "连同小数所需的位数超过表格软件对数字所保留的十五位",
        ),
        Unreadable::ShownOtherwise => (
            "is a number that its cell shows with other signs, such as zeros in front or a percent sign",
            "是数字，而单元格显示的与此不同（如前导零、百分号）",
        ),
        Unreadable::TimeOfDay => ("is not a day alone", "不只是日期，还带有时间"),
        Unreadable::CellError => {
            ("is a formula that failed or was not worked out", "是出错或未计算的公式")
        }
        Unreadable::TotalRow => (
            "is what a row of totals is called, and the row cannot be read",
            "是合计行的字样，该行无法读取",
        ),
        Unreadable::OtherCell => (
            "is a cell that the spreadsheet took for something else than text",
            "被表格软件当作非文本",
        ),
    };
    Words::new(en, zh)
}

fn amount_hint() -> Words {
    Words::new(
        "an amount is digits with a point, such as `1234.56`, a refund `-1234.56`; without currency \
         sign or unit",
        "金额写成数字和小数点，如 1234.56，退款写成 -1234.56；不带货币符号和单位",
    )
}

/// A number without its separators, where these stand before every third digit from the point. Where
/// they stand otherwise (`1.234,56`, `1,23`) nobody can tell which number is meant.
fn ungrouped(text: &str) -> Option<String> {
    const SEPARATORS: [char; 4] = [',', ' ', '_', '\''];
    let (whole, decimals) = text.split_once('.').map_or((text, None), |(a, b)| (a, Some(b)));
    if decimals.is_some_and(|it| it.contains(SEPARATORS)) {
        return None;
    }
    let mut groups = whole.trim_start_matches('-').split(SEPARATORS);
    let first = groups.next()?;
    let mut rest = groups.peekable();
    let in_threes = rest.peek().is_none() || (1..=3).contains(&first.len());
    if !in_threes || !rest.all(|group| group.len() == 3) {
        return None;
    }
    Some(text.replace(SEPARATORS, ""))
}

/// Year, month and day in the right spelling, whether or not there is such a day.
fn is_spelled_as_date(value: &str) -> bool {
    let lengths: Vec<usize> = value.split('-').map(str::len).collect();
    lengths == [4, 2, 2] && value.bytes().all(|byte| byte == b'-' || byte.is_ascii_digit())
}

/// Whether year, month and day are there, in our spelling or another, but there is no such day.
fn is_no_day(value: &str) -> bool {
    let narrow = folded(value);
    let no_day = |year: i32, one: i32, other: i32| {
        (1000..=9999).contains(&year) && Date::new(year, one, other).is_none()
    };
    match date_parts(&narrow).as_deref() {
        Some([year, month, day]) if *year >= 1000 => no_day(*year, *month, *day),
        // Which is the month is said by a mapping alone; here neither can be.
        Some([one, other, year]) => no_day(*year, *one, *other) && no_day(*year, *other, *one),
        _ => is_spelled_as_date(value),
    }
}

/// Says which day was probably meant.
fn date_hint(value: &str) -> Words {
    if is_no_day(value) {
        return Words::new(
            "correct the day or the month: the calendar has no such day",
            "请更正日或月；日历上没有这一天",
        );
    }
    let narrow = folded(value);
    let meant = dated_by_parts(&narrow).or_else(|| {
        let digits = narrow.len() == 8 && narrow.bytes().all(|byte| byte.is_ascii_digit());
        let part = |range: std::ops::Range<usize>| narrow.get(range)?.parse().ok();
        if digits { Date::new(part(0..4)?, part(4..6)?, part(6..8)?) } else { None }
    });
    if let Some(date) = meant {
        return Words::new(format!("write `{date}`"), format!("请写成 {date}"));
    }
    // Spreadsheets count days from 1899-12-30, and 20000 to 80000 are the years 1954 to 2119.
    let serial = narrow.parse::<i32>().ok().filter(|days| (20_000..80_000).contains(days));
    let date = serial.and_then(|days| Date::new(1899, 12, 30)?.checked_add(Duration::days(days)));
    match date {
        Some(date) => Words::new(
            format!(
                "this looks like a spreadsheet's day number for {date}: format the column as a date `yyyy-mm-dd` before exporting"
            ),
            format!("这像是表格软件的日期序号（{date}）：导出前请把该列设为 yyyy-mm-dd 日期格式"),
        ),
        None => {
            Words::new("write year, month and day as `2024-03-01`", "请按 2024-03-01 的格式书写")
        }
    }
}

/// `2024/3/1`, `2024.3.1`, `2024年3月1日`, `2024-3-1`.
fn dated_by_parts(text: &str) -> Option<Date> {
    match date_parts(text)?.as_slice() {
        [year, month, day] if *year >= 1000 => Date::new(*year, *month, *day),
        _ => None,
    }
}

/// The numbers of what may be a date.
fn date_parts(text: &str) -> Option<Vec<i32>> {
    let text = text.trim_end_matches(['日', '号']);
    let parts = text.split(['/', '.', '-', '年', '月']).map(|part| part.trim().parse().ok());
    parts.collect()
}

const SHOWN_MAX: usize = 80;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_day_meant_is_told() {
        for (value, wanted) in [
            ("2024/3/1", "write `2024-03-01`"),
            ("20240301", "write `2024-03-01`"),
            ("2024年3月1日", "write `2024-03-01`"),
            ("2023-02-29", "the calendar has no such day"),
            ("2024-13-01", "the calendar has no such day"),
            ("2023/2/29", "the calendar has no such day"),
            ("2023年2月30日", "the calendar has no such day"),
            ("31.4.2023", "the calendar has no such day"),
            ("03/01/2024", "write year, month and day"),
            ("45352", "spreadsheet's day number for 2024-03-01"),
        ] {
            let hint = unreadable_hint(Unreadable::NotADate, value, None).en;
            assert!(hint.contains(wanted), "{value}: {hint}");
        }
    }

    #[test]
    fn the_amount_meant_is_told() {
        let hint = |why, value| unreadable_hint(why, value, None).en;
        assert_eq!(hint(Unreadable::ThousandsSeparator, "1,234.50"), "write `1234.50`");
        assert_eq!(hint(Unreadable::ThousandsSeparator, "-12,345,678"), "write `-12345678`");
        assert_eq!(hint(Unreadable::FullWidth, "１２．５"), "write `12.5`");
        assert_eq!(hint(Unreadable::FullWidth, "１，２３４．５"), "write `1234.5`");
    }

    #[test]
    fn an_amount_that_may_be_another_is_not_guessed() {
        for value in ["1.234,56", "1,23", "12,34.5", "1234,567", ",123", "1,2345", "1,234.5,6"] {
            let hint = unreadable_hint(Unreadable::ThousandsSeparator, value, None).en;
            assert!(hint.starts_with("an amount is digits with a point"), "{value}: {hint}");
            let words = unreadable_words(Unreadable::ThousandsSeparator, None, value).en;
            assert_eq!(words, format!("`{value}` has a comma that divides no thousands"));
        }
        let hint = unreadable_hint(Unreadable::FullWidth, "１，２３", None).en;
        assert!(hint.starts_with("an amount is digits"), "{hint}");
    }

    #[test]
    fn a_message_names_column_and_value() {
        let words = unreadable_words(Unreadable::NotADate, Some("日期"), "2024/3/1");
        assert_eq!(
            words.en,
            "column `日期`: `2024/3/1` is not a date written year-month-day, `2024-03-01`"
        );
        assert_eq!(words.zh, "「日期」列：「2024/3/1」不是按 2024-03-01 书写的日期");
    }
}
