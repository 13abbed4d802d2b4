//! A sheet of a workbook as a table: the first row that is not empty names the columns, or the one
//! that the user said.
//!
//! A number in a workbook is a binary float. Here, and nowhere else, it becomes the decimal that the
//! spreadsheet shows: the shortest of at most fifteen digits. What that loses, [`Held`] knows of.

use std::borrow::Cow;
use std::io::{Cursor, copy, sink};

use calamine::{Data, ExcelDateTime, HeaderRow, Range, Reader, SheetVisible, Sheets, StyleRange};
use zip::ZipArchive;

use crate::base::Date;
use crate::diagnostics::Words;
use crate::report::names::folded;

use super::error::FormatsError;
use super::heads::{ColumnNames, no_such_line};
use super::held::Held;
use super::named::Heads;
use super::seen::Seen;

/// The rows of a sheet, whole in memory.
#[derive(Debug)]
pub(super) struct Sheet {
    /// What the columns are called; one without a name by its letters, `[C]`.
    pub(super) header: Vec<String>,
    /// What stands above each, where names stand in several rows.
    pub(super) above: Vec<String>,
    /// Rows that are not empty: the number in the sheet, and where the cells start.
    rows: Vec<(u64, usize)>,
    cells: Vec<Held<'static>>,
    /// How many columns are before the table.
    left: usize,
}

impl Sheet {
    /// Reads a sheet: the one named, else the only one that people see and that is not empty. Gives
    /// its name too. Rows before some number are passed over.
    ///
    /// # Errors
    /// The workbook cannot be read, or it cannot be told which sheet is meant.
    pub(super) fn read(
        bytes: Vec<u8>,
        file: &str,
        wanted: Option<&str>,
        heads: Heads,
    ) -> Result<(String, Sheet), FormatsError> {
        hold_what_they_should(&bytes, file)?;
        let workbook = calamine::open_workbook_auto_from_rs(Cursor::new(bytes));
        let mut workbook = workbook.map_err(|error| unreadable(file, &error))?;
        workbook.with_header_row(HeaderRow::FirstNonEmptyRow);
        let (name, range) = chosen(&mut workbook, file, wanted)?;
        // A formula that no spreadsheet has worked out yet has no value: that is not an empty cell.
        let formulas = workbook.worksheet_formula(&name).unwrap_or_default();
        let styles = workbook.worksheet_style(&name).unwrap_or_default();
        let sheet = Sheet::of(&range, &formulas, &styles, heads);
        if sheet.header.is_empty() {
            return Err(no_such_line(&format!("{file}#{name}"), heads));
        }
        Ok((name, sheet))
    }

    fn of(
        range: &Range<Data>,
        formulas: &Range<String>,
        styles: &StyleRange,
        heads: Heads,
    ) -> Sheet {
        let (top, left) = range.start().unwrap_or((0, 0));
        let rows = range.rows().zip(u64::from(top) + 1..);
        let mut rows = rows.skip_while(|(cells, number)| {
            *number < heads.first || cells.iter().all(|cell| held(cell) == Held::Nothing)
        });
        let mut rows = rows.by_ref().peekable();
        let names_of =
            |cells: &[Data]| cells.iter().map(|name| folded(&held(name).text())).collect();
        let mut names: Vec<Vec<String>> =
            rows.next().map(|(cells, _)| names_of(cells)).into_iter().collect();
        while let Some((cells, _)) = rows.next_if(|(_, number)| *number <= heads.last) {
            names.push(names_of(cells));
        }
        let left = usize::try_from(left).unwrap_or(0);
        let ColumnNames { own, above } = ColumnNames::of(names);
        let header = own.into_iter().enumerate().map(|(at, name)| {
            if name.is_empty() { format!("[{}]", letters(left + at)) } else { name }
        });
        let (rows_kept, cells) = (Vec::new(), Vec::new());
        let mut sheet = Sheet { header: header.collect(), above, rows: rows_kept, cells, left };
        for (cells, number) in rows {
            let start = sheet.cells.len();
            sheet.cells.extend(cells.iter().enumerate().map(|(at, cell)| match cell {
                Data::Empty if sheet_formula(formulas, number, left + at) => {
                    Held::Fault(UNWORKED.to_owned())
                }
                cell => as_seen(held(cell), styles, number, left + at),
            }));
            let own = sheet.cells.get(start..).unwrap_or(&[]);
            if own.iter().all(|cell| *cell == Held::Nothing) {
                sheet.cells.truncate(start);
            } else {
                sheet.rows.push((number, start));
            }
        }
        sheet
    }

    /// A row by position: its number in the sheet and its cells.
    pub(super) fn row(&self, at: usize) -> Option<(u64, &[Held<'static>])> {
        let (number, start) = *self.rows.get(at)?;
        Some((number, self.cells.get(start..start + self.header.len())?))
    }

    /// The name of a cell: `B7`.
    pub(super) fn cell_name(&self, column: usize, row: u64) -> String {
        format!("{}{row}", letters(self.left + column))
    }
}

/// Whether a cell holds a formula.
fn sheet_formula(formulas: &Range<String>, row: u64, column: usize) -> bool {
    let place = u32::try_from(row - 1).ok().zip(u32::try_from(column).ok());
    let formula = place.and_then(|place| formulas.get_value(place));
    formula.is_some_and(|formula| !formula.is_empty())
}

/// A number with how its cell lets it be seen.
fn as_seen(cell: Held<'static>, styles: &StyleRange, row: u64, column: usize) -> Held<'static> {
    let Held::Shown { units, scale, whole, .. } = cell else { return cell };
    let place = u32::try_from(row - 1).ok().zip(u32::try_from(column).ok());
    let style = place.and_then(|place| styles.get(place));
    let format = style.and_then(|style| style.number_format.as_ref());
    let seen = format.map_or(Seen::Digits, |format| Seen::by(&format.format_code, units < 0));
    Held::Shown { units, scale, whole, seen }
}

fn chosen(
    workbook: &mut Sheets<Cursor<Vec<u8>>>,
    file: &str,
    wanted: Option<&str>,
) -> Result<(String, Range<Data>), FormatsError> {
    let sheets: Vec<(String, bool)> = workbook
        .sheets_metadata()
        .iter()
        .map(|sheet| (sheet.name.clone(), sheet.visible == SheetVisible::Visible))
        .collect();
    let mut range =
        |name: &str| workbook.worksheet_range(name).map_err(|error| unreadable(file, &error));
    if let Some(wanted) = wanted {
        let found = sheets.iter().find(|(name, _)| folded(name) == folded(wanted));
        let Some((name, _)) = found else {
            let what = Words::new(
                format!("there is no sheet `{wanted}`"),
                format!("没有名为「{wanted}」的工作表"),
            );
            return Err(which(file, what, sheets.iter().map(|(name, _)| name.as_str())));
        };
        return Ok((name.clone(), range(name)?));
    }
    let mut filled = Vec::new();
    for (name, _) in sheets.iter().filter(|(_, visible)| *visible) {
        let cells = range(name)?;
        if !cells.is_empty() {
            filled.push((name.clone(), cells));
        }
    }
    if let [_, _, ..] = filled.as_slice() {
        let what = Words::new("the workbook has several sheets", "工作簿有多个工作表");
        return Err(which(file, what, filled.iter().map(|(name, _)| name.as_str())));
    }
    filled.pop().ok_or_else(|| FormatsError::Empty { file: file.to_owned() })
}

fn which<'n>(
    file: &str,
    what: Words,
    names: impl Iterator<Item = &'n str> + Clone,
) -> FormatsError {
    let listed = |between: &str| {
        names.clone().map(|name| format!("`{file}#{name}`")).collect::<Vec<_>>().join(between)
    };
    let hint =
        Words::new(format!("say which: {}", listed(", ")), format!("请指明：{}", listed("、")));
    FormatsError::Workbook { file: file.to_owned(), what, hint }
}

/// Holds the parts of a workbook against their checksums: who reads a sheet stops behind its last row, before
/// anybody has asked for that of the sheet.
fn hold_what_they_should(bytes: &[u8], file: &str) -> Result<(), FormatsError> {
    // What is no such archive, or none that opens, is told by who reads it.
    let Ok(mut parts) = ZipArchive::new(Cursor::new(bytes)) else { return Ok(()) };
    for at in 0..parts.len() {
        let Ok(mut part) = parts.by_index(at) else { continue };
        if copy(&mut part, &mut sink()).is_err() {
            let name = part.name().unwrap_or_default();
            let what = Words::new(
                format!("the workbook is damaged: its part `{name}` is not what its checksum says"),
                format!("工作簿已损坏：其中的「{name}」与校验和不符"),
            );
            let hint = Words::new(
                "copy it again from where it came; nothing was read of it",
                "请从来源处重新复制；本次未读取其中任何内容",
            );
            return Err(FormatsError::Workbook { file: file.to_owned(), what, hint });
        }
    }
    Ok(())
}

fn unreadable(file: &str, error: &calamine::Error) -> FormatsError {
    use calamine::{Error, XlsxError};
    let what = match error {
        // It is no whole archive, or none that opens.
        Error::Msg(_) | Error::Io(_) | Error::Xlsx(XlsxError::Zip(_) | XlsxError::Io(_)) => {
            Words::new(
                "the workbook cannot be read: it is cut off before its end, damaged, or has a password",
                "无法读取工作簿：文件不完整、已损坏或设有密码",
            )
        }
        other => Words::new(
            format!("the workbook cannot be read: {other}"),
            format!("无法读取工作簿（原文：{other}）"),
        ),
    };
    let hint = Words::new(
        "was it copied to the end? open it in Excel or WPS, and save it as `.xlsx` without a password",
        "是否复制完整？请在 Excel 或 WPS 中打开，另存为不带密码的 .xlsx",
    );
    FormatsError::Workbook { file: file.to_owned(), what, hint }
}

/// `A` for 0, `Z` for 25, `AA` for 26.
fn letters(column: usize) -> String {
    let mut letters = Vec::new();
    let mut rest = column + 1;
    while rest > 0 {
        rest -= 1;
        letters.push(char::from(b'A' + u8::try_from(rest % 26).unwrap_or(0)));
        rest /= 26;
    }
    letters.iter().rev().collect()
}

/// What stands for the value of a formula that has none.
const UNWORKED: &str = "=…";

fn held(cell: &Data) -> Held<'static> {
    match cell {
        Data::Empty => Held::Nothing,
        Data::String(text) if text.is_empty() => Held::Nothing,
        Data::String(text) => Held::Text(Cow::Owned(text.clone())),
        Data::Bool(value) => Held::Bool(*value),
        Data::Int(number) => {
            let (units, scale) = (i128::from(*number), 0);
            Held::Shown { units, scale, whole: true, seen: Seen::Digits }
        }
        Data::Float(number) => shown(*number),
        Data::DateTime(moment) => day(moment),
        Data::DateTimeIso(text) => {
            let day = text.strip_suffix("T00:00:00").unwrap_or(text);
            Date::parse(day).map_or_else(|| Held::Moment(text.clone()), Held::Date)
        }
        Data::DurationIso(text) => Held::Moment(text.clone()),
        Data::Error(error) => Held::Fault(error.to_string()),
    }
}

/// The decimal that a spreadsheet shows for a number.
#[expect(
    clippy::disallowed_types,
    reason = "a workbook holds binary floats; this one becomes a decimal here and goes no further"
)]
fn shown(number: f64) -> Held<'static> {
    // Both are exact: rounded by the digits themselves, half to even.
    let (fifteen, shortest) = (format!("{number:.14e}"), format!("{number:e}"));
    let digits =
        |text: &str| text.split('e').next().map_or(0, |it| it.trim_matches(['-', '0', '.']).len());
    let whole = digits(&shortest) <= 16;
    decimal(&fifteen)
        .map(|(units, scale)| Held::Shown { units, scale, whole, seen: Seen::Digits })
        .unwrap_or(Held::Text(Cow::Owned(shortest)))
}

/// `1.23e1` as units of a power of ten; `None` if it is far from any amount.
fn decimal(text: &str) -> Option<(i128, u8)> {
    let (mantissa, exponent) = text.split_once('e')?;
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let fraction = fraction.trim_end_matches('0');
    let exponent: i32 = exponent.parse().ok()?;
    let units: i128 = format!("{whole}{fraction}").parse().ok()?;
    let scale = i32::try_from(fraction.len()).ok()? - exponent;
    if units == 0 {
        return Some((0, 0));
    }
    if scale < 0 {
        let power = 10_i128.checked_pow(u32::try_from(-scale).ok()?)?;
        return Some((units.checked_mul(power)?, 0));
    }
    u8::try_from(scale).ok().filter(|scale| *scale < 40).map(|scale| (units, scale))
}

/// The day that a number of days stands for, in either system of counting them.
#[expect(
    clippy::disallowed_types,
    reason = "a workbook counts days as binary floats; this one becomes a day here and goes no further"
)]
fn day(moment: &ExcelDateTime) -> Held<'static> {
    let serial: f64 = moment.as_f64();
    let (year, month, day, hour, minute, second, rest) = moment.to_ymd_hms_milli();
    let time = [u16::from(hour), u16::from(minute), u16::from(second), rest];
    // Beyond these the library gives the nearest day, where there is none.
    let is_day = (0.0..2_958_466.0).contains(&serial) && year >= 1900 && !moment.is_duration();
    let date = Date::new(i32::from(year), i32::from(month), i32::from(day));
    match date.filter(|_| is_day && time == [0; 4]) {
        Some(date) => Held::Date(date),
        // The 29th of February 1900, which a spreadsheet takes for a day.
        None if is_day && time == [0; 4] => Held::Moment(format!("{year:04}-{month:02}-{day:02}")),
        None if is_day => {
            Held::Moment(format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}"))
        }
        None => Held::Moment(shown(serial).text().into_owned()),
    }
}

#[cfg(test)]
mod tests;
