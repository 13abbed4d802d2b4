//! Results as a workbook: a sheet that Excel and WPS open as it is.
//!
//! Nothing in it is a formula, whatever a cell begins with, and whatever is no amount is text, so that
//! codes keep their zeros. An amount is a number where a spreadsheet keeps all its digits, else text.
//! Rows are written as they come; memory does not grow with them. Equal results are equal files.

use std::cell::Cell;
use std::io::{self, Cursor, Seek, SeekFrom, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rust_xlsxwriter::{
    DocProperties, ExcelDateTime, Format, FormatAlign, IgnoreError, Workbook, Worksheet, XlsxError,
};

use crate::diagnostics::Words;

use super::error::{FormatsError, STANDARD_OUTPUT};
use super::output::Output;
use super::records::{Holds, ResultColumn};
use super::together::{Together, folder_of};

/// Writes rows into a workbook, over as many sheets as they need.
pub(super) struct SheetWriter {
    workbook: Workbook,
    /// What the result is called, and with it the sheets.
    file: String,
    title: String,
    columns: Vec<ResultColumn>,
    text: Format,
    header: Format,
    /// By how many decimals they have.
    amounts: Vec<Format>,
    /// How many sheets have been begun.
    sheets: usize,
    /// The next row of the sheet at hand, and its next column.
    row: u32,
    column: u16,
    /// About how many letters the widest cell of each column has.
    widths: Vec<u16>,
}

impl std::fmt::Debug for SheetWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SheetWriter").field("file", &self.file).finish_non_exhaustive()
    }
}

impl SheetWriter {
    /// Begins the first sheet.
    pub(super) fn new(file: &str, columns: &[ResultColumn]) -> Result<SheetWriter, FormatsError> {
        let mut workbook = Workbook::new();
        if let Some(folder) = folder_beside(file) {
            workbook.set_tempdir(folder).map_err(|error| failed(file, &error))?;
        }
        let never = ExcelDateTime::from_ymd(2000, 1, 1).map_err(|error| failed(file, &error))?;
        // The day on which it is written would make equal results differ.
        workbook.set_properties(&DocProperties::new().set_creation_datetime(&never));
        let mut writer = SheetWriter {
            workbook,
            file: file.to_owned(),
            title: title(file),
            columns: columns.to_vec(),
            text: Format::new().set_num_format("@"),
            header: Format::new().set_bold().set_num_format("@").set_align(FormatAlign::Center),
            amounts: Vec::new(),
            sheets: 0,
            row: 0,
            column: 0,
            widths: vec![0; columns.len()],
        };
        writer.begin_sheet()?;
        Ok(writer)
    }

    /// Adds a cell to the row at hand; `None` leaves it empty.
    pub(super) fn cell(&mut self, text: Option<&str>) -> Result<(), FormatsError> {
        let (row, column) = (self.row, self.column);
        self.column += 1;
        let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(()) };
        if row < MEASURED_ROWS {
            self.widen(column, text);
        }
        let holds = self.columns.get(usize::from(column)).map(|column| column.holds);
        let decimals = match holds {
            Some(Holds::Amount(_)) => decimals_kept(text),
            _ => None,
        };
        let Some(decimals) = decimals else {
            let SheetWriter { workbook, sheets, text: format, .. } = self;
            return kept(&self.file, || {
                let sheet = sheet(workbook, *sheets)?;
                sheet.write_string_with_format(row, column, text, format).map(drop)
            });
        };
        while self.amounts.len() <= decimals {
            let zeros = "0".repeat(self.amounts.len());
            let point = if zeros.is_empty() { "" } else { "." };
            self.amounts.push(Format::new().set_num_format(format!("#,##0{point}{zeros}")));
        }
        let Some(format) = self.amounts.get(decimals) else { return Ok(()) };
        let (workbook, sheets) = (&mut self.workbook, self.sheets);
        kept(&self.file, || number(sheet(workbook, sheets), row, column, text, format))
    }

    /// Ends a row; where the sheet is full the next row begins another.
    pub(super) fn end_row(&mut self) -> Result<(), FormatsError> {
        self.row += 1;
        self.column = 0;
        if self.row == SHEET_ROWS {
            self.end_sheet()?;
            self.begin_sheet()?;
        }
        Ok(())
    }

    /// Packs the workbook, which takes a while.
    pub(super) fn finish(mut self, output: &mut Output) -> Result<(), FormatsError> {
        self.end_sheet()?;
        let mut packed = Packed::of(output.others());
        let done = kept(&self.file, || self.workbook.save_to_writer(&mut packed));
        // What the user wants no more is why it could not be done.
        output.heed()?;
        done?;
        output.write(packed.bytes.get_ref())
    }

    fn begin_sheet(&mut self) -> Result<(), FormatsError> {
        self.sheets += 1;
        let name = match self.sheets {
            1 => self.title.clone(),
            more => format!("{} ({more})", self.title),
        };
        let SheetWriter { workbook, columns, header, .. } = self;
        let begin = || -> Result<(), XlsxError> {
            let sheet = workbook.add_worksheet_with_constant_memory()?.set_name(name)?;
            sheet
                .set_freeze_panes(1, 0)?
                .set_landscape()
                .set_paper_size(A4)
                .set_repeat_rows(0, 0)?;
            for (at, column) in (0_u16..).zip(columns.iter()) {
                sheet.write_string_with_format(0, at, &column.name, header)?;
            }
            Ok(())
        };
        kept(&self.file, begin)?;
        for at in 0..self.columns.len() {
            let name = self.columns.get(at).map(|column| column.name.clone()).unwrap_or_default();
            self.widen(u16::try_from(at).unwrap_or(u16::MAX), &name);
        }
        self.row = 1;
        Ok(())
    }

    /// Lays the sheet out, now that it is known what stands in it.
    fn end_sheet(&mut self) -> Result<(), FormatsError> {
        let (last, widths) = (self.row.saturating_sub(1), &self.widths);
        let columns = u16::try_from(widths.len()).unwrap_or(u16::MAX).saturating_sub(1);
        let lay_out = |sheet: &mut Worksheet| -> Result<(), XlsxError> {
            for (at, width) in (0_u16..).zip(widths) {
                sheet.set_column_width(at, (*width).clamp(8, 60) + 2)?;
            }
            sheet.autofilter(0, 0, last, columns)?;
            // A code is text on purpose.
            sheet.ignore_error_range(0, 0, last, columns, IgnoreError::NumberStoredAsText)?;
            Ok(())
        };
        let (workbook, sheets) = (&mut self.workbook, self.sheets);
        kept(&self.file, || sheet(workbook, sheets).and_then(lay_out))
    }

    fn widen(&mut self, column: u16, text: &str) {
        // A Chinese letter takes the room of two Latin ones.
        let room = |letter: char| if letter >= '\u{2E80}' { 2 } else { 1 };
        let width = text.chars().take(100).map(room).sum::<u16>();
        if let Some(widest) = self.widths.get_mut(usize::from(column)) {
            *widest = width.max(*widest);
        }
    }
}

/// The folder in which rows wait: that of the file, unless it is a pipe or the like.
fn folder_beside(file: &str) -> Option<PathBuf> {
    let path = Path::new(file);
    let is_none = std::fs::metadata(path).is_ok_and(|it| !it.is_file());
    if file == STANDARD_OUTPUT || is_none {
        return None;
    }
    let path = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    Some(folder_of(&path).to_owned())
}

fn sheet(workbook: &mut Workbook, number: usize) -> Result<&mut Worksheet, XlsxError> {
    workbook.worksheet_from_index(number.saturating_sub(1))
}

/// Writes an amount as a number.
#[expect(
    clippy::disallowed_types,
    reason = "a workbook holds binary floats; of fifteen digits this one keeps each"
)]
fn number(
    sheet: Result<&mut Worksheet, XlsxError>,
    row: u32,
    column: u16,
    text: &str,
    format: &Format,
) -> Result<(), XlsxError> {
    let number: f64 = text.parse().map_err(|_| XlsxError::ParameterError(text.to_owned()))?;
    sheet?.write_number_with_format(row, column, number, format).map(drop)
}

/// The bytes of a workbook as they are packed, as long as the user wants it.
struct Packed {
    bytes: Cursor<Vec<u8>>,
    together: Option<Arc<Together>>,
    given_up: bool,
}

impl Packed {
    fn of(together: Option<Arc<Together>>) -> Packed {
        Packed { bytes: Cursor::default(), together, given_up: false }
    }
}

impl Write for Packed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // Whoever packs is told once, and then ends the archive as if it were wanted.
        if self.given_up {
            return Ok(bytes.len());
        }
        self.given_up = self.together.as_ref().is_some_and(|together| together.heed().is_err());
        if self.given_up {
            return Err(io::Error::other("interrupted"));
        }
        self.bytes.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Seek for Packed {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.bytes.seek(to)
    }
}

/// How many decimals an amount has, if a spreadsheet keeps all its digits.
fn decimals_kept(text: &str) -> Option<usize> {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let digits = [whole, fraction].concat();
    let kept = digits.trim_start_matches('0').len() <= 15;
    (kept && !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()))
        .then_some(fraction.len())
}

/// What the sheets of a file are called: as the file, without what no sheet's name may hold.
fn title(file: &str) -> String {
    let stem = std::path::Path::new(file).file_stem().map(|stem| stem.to_string_lossy());
    let allowed = |letter: &char| !['[', ']', ':', '*', '?', '/', '\\', '\''].contains(letter);
    let title: String = stem.unwrap_or_default().chars().filter(allowed).take(24).collect();
    if title.trim().is_empty() || title == "-" { "results".to_owned() } else { title }
}

/// Does something to a workbook. Rows wait in a file without a name, and where that cannot grow the library
/// panics: whoever asked for the workbook is told.
fn kept<T>(file: &str, done: impl FnOnce() -> Result<T, XlsxError>) -> Result<T, FormatsError> {
    AT_WORK.set(true);
    // What is left in half is given up with the workbook.
    let done = catch_unwind(AssertUnwindSafe(done));
    AT_WORK.set(false);
    match done {
        Ok(done) => done.map_err(|error| failed(file, &error)),
        Err(_) => Err(FormatsError::Workbook {
            file: file.to_owned(),
            what: Words::new(
                "the file in which its rows wait cannot grow: the disk is full, or a file may not grow \
                 further here",
                "暂存各行的文件无法增大：磁盘已满，或大小受限",
            ),
            hint: Words::new(
                "make room beside it (for the standard output: where temporary files are), or write \
                 it as CSV, which needs none",
                "请在其所在之处（标准输出则为临时文件夹）腾出空间，或写成 CSV，无需暂存",
            ),
        }),
    }
}

thread_local! {
    static AT_WORK: Cell<bool> = const { Cell::new(false) };
}

/// Whether a panic of this thread is one of those that are told as errors.
pub fn is_told() -> bool {
    AT_WORK.get()
}

fn failed(file: &str, error: &XlsxError) -> FormatsError {
    let csv = || Words::new("write it as CSV, which has no such limit", "请写成 CSV，没有此限制");
    let (what, hint) = match error {
        XlsxError::MaxStringLengthExceeded => (
            Words::new(
                "a cell would hold more than 32,767 letters, which no workbook can",
                "有单元格超过工作簿允许的 32,767 个字符",
            ),
            csv(),
        ),
        XlsxError::IoError(error) => return writing(file, error),
        XlsxError::TempFileError(folder, error) => {
            return writing(&folder.display().to_string(), error);
        }
        other => (
            Words::new(
                format!("the workbook cannot be written: {other}"),
                format!("无法写出工作簿：{other}"),
            ),
            csv(),
        ),
    };
    FormatsError::Workbook { file: file.to_owned(), what, hint }
}

fn writing(place: &str, error: &std::io::Error) -> FormatsError {
    FormatsError::writing(place, std::io::Error::new(error.kind(), error.to_string()))
}

const SHEET_ROWS: u32 = 1_048_576;
/// So many rows tell how wide columns are.
const MEASURED_ROWS: u32 = 1000;
const A4: u8 = 9;

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    /// What is packed is given up once the user wants no more.
    #[test]
    fn a_workbook_is_packed_as_long_as_it_is_wanted() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("a.xlsx");
        let place = place.to_str().unwrap();
        for wanted in [true, false] {
            let interrupted = Arc::new(AtomicBool::new(false));
            let together = Together::new(Arc::clone(&interrupted));
            let mut output = Output::create(place).unwrap().together(&together);
            let columns = [ResultColumn::new("id", "id", false)];
            let mut sheets = SheetWriter::new(place, &columns).unwrap();
            sheets.cell(Some("R1")).unwrap();
            sheets.end_row().unwrap();
            interrupted.store(!wanted, Ordering::Relaxed);
            match sheets.finish(&mut output) {
                Ok(()) => assert!(wanted),
                Err(error) => assert!(!wanted && matches!(error, FormatsError::Interrupted)),
            }
        }
        let mut packed = Packed::of(None);
        assert_eq!(packed.write(b"PK").unwrap(), 2);
        let interrupted = Arc::new(AtomicBool::new(true));
        packed.together = Some(Together::new(interrupted));
        assert!(packed.write(b"PK").is_err());
        assert_eq!(packed.write(b"PK").unwrap(), 2);
        assert_eq!(packed.bytes.get_ref(), b"PK");
    }
}
