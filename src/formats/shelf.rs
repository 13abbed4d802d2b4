//! Rows that do not fit in memory, in a file of no name.
//!
//! The file is gone from its folder as soon as it is made, so nothing is left behind however the run
//! ends. What is in it is read by this run alone: it has neither version nor head.

use std::fs::File;
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use crate::base::{Date, Duration, Exact, Money, Period, PeriodKind};
use crate::diagnostics::Words;
use crate::rows::{Batch, Cell, Column, Origin, Shelf, TextColumn, Values, Wholes};

use super::error::FormatsError;

/// Keeps rows in a folder.
#[derive(Debug)]
pub struct FileShelf {
    folder: PathBuf,
    file: Option<File>,
    /// Where what was put there begins and ends.
    places: Vec<(u64, u64)>,
    bytes: Vec<u8>,
}

impl FileShelf {
    /// A shelf in a folder; no file is made there before something is put away.
    pub fn new(folder: PathBuf) -> FileShelf {
        FileShelf { folder, file: None, places: Vec::new(), bytes: Vec::new() }
    }
}

/// Rows cannot wait in a folder.
pub(super) fn waiting_in(folder: &Path) -> impl Fn(std::io::Error) -> FormatsError + '_ {
    move |source| {
        let folder = folder.display();
        let folder = Words::new(format!("the folder `{folder}`"), format!("文件夹「{folder}」"));
        FormatsError::Waiting { folder, source }
    }
}

impl Shelf for FileShelf {
    type Error = FormatsError;

    fn put(&mut self, batches: &[Batch]) -> Result<u64, FormatsError> {
        self.bytes.clear();
        number(batches.len(), &mut self.bytes);
        batches.iter().for_each(|batch| put_batch(batch, &mut self.bytes));
        let failed = waiting_in(&self.folder);
        let file = match &mut self.file {
            Some(file) => file,
            None => self.file.insert(tempfile::tempfile_in(&self.folder).map_err(&failed)?),
        };
        file.write_all(&self.bytes).map_err(failed)?;
        let from = self.places.last().map_or(0, |(_, end)| *end);
        let length = u64::try_from(self.bytes.len()).unwrap_or(u64::MAX);
        self.places.push((from, from.saturating_add(length)));
        Ok(u64::try_from(self.places.len() - 1).unwrap_or(u64::MAX))
    }

    fn take(&mut self, number: u64) -> Result<Vec<Batch>, FormatsError> {
        let lost = || FormatsError::Internal("rows put away are not there".into());
        let place = usize::try_from(number).ok().and_then(|place| self.places.get(place));
        let (from, until) = place.copied().ok_or_else(lost)?;
        let length = usize::try_from(until - from).map_err(|_| lost())?;
        self.bytes.clear();
        self.bytes.resize(length, 0);
        let file = self.file.as_ref().ok_or_else(lost)?;
        file.read_exact_at(&mut self.bytes, from).map_err(waiting_in(&self.folder))?;
        let mut bytes = Bytes(&self.bytes);
        let count = bytes.number().ok_or_else(lost)?;
        (0..count).map(|_| bytes.batch().ok_or_else(lost)).collect()
    }
}

fn number(number: usize, out: &mut Vec<u8>) {
    out.extend(u64::try_from(number).unwrap_or(u64::MAX).to_le_bytes());
}

fn put_batch(batch: &Batch, out: &mut Vec<u8>) {
    out.extend(batch.event.to_le_bytes());
    number(batch.origins.len(), out);
    for origin in &batch.origins {
        out.extend(origin.file.to_le_bytes());
        out.extend(origin.line.to_le_bytes());
    }
    number(batch.columns.len(), out);
    batch.columns.iter().for_each(|column| put_column(column, batch.len(), out));
}

/// A letter for the type, whether every row has a value, and the values.
fn put_column(column: &Column, rows: usize, out: &mut Vec<u8>) {
    match column {
        Column::Absent => out.push(b'-'),
        Column::Bool(values) => put_values(b'b', values, rows, out, |it| [u8::from(*it)]),
        Column::Date(values) => put_values(b'd', values, rows, out, |it| it.days().to_le_bytes()),
        Column::Member(values) => put_values(b'e', values, rows, out, |it| it.to_le_bytes()),
        Column::Integer(values) => put_wholes(b'i', values, rows, out),
        Column::Money(values) => put_wholes(b'm', values, rows, out),
        Column::Text(texts) => {
            out.push(b't');
            for row in 0..rows {
                put_text(texts.get(row), out);
            }
        }
        Column::Number(_) | Column::Period(_) | Column::Cells(_) => {
            out.push(match column {
                Column::Number(_) => b'n',
                Column::Period(_) => b'p',
                _ => b'c',
            });
            (0..rows).for_each(|row| put_cell(&column.cell(row), out));
        }
    }
}

fn put_values<T, const N: usize>(
    letter: u8,
    values: &Values<T>,
    rows: usize,
    out: &mut Vec<u8>,
    bytes: impl Fn(&T) -> [u8; N],
) {
    out.push(letter);
    match values.all() {
        Some(all) => {
            out.push(1);
            all.iter().for_each(|value| out.extend(bytes(value)));
        }
        None => {
            out.push(0);
            for row in 0..rows {
                match values.get_ref(row) {
                    None => out.push(0),
                    Some(value) => {
                        out.push(1);
                        out.extend(bytes(value));
                    }
                }
            }
        }
    }
}

fn put_wholes(letter: u8, values: &Wholes, rows: usize, out: &mut Vec<u8>) {
    out.push(letter);
    match values.all() {
        Some(all) => {
            out.push(1);
            all.iter().for_each(|value| out.extend(value.to_le_bytes()));
        }
        None => {
            out.push(0);
            for row in 0..rows {
                match values.get(row) {
                    None => out.push(0),
                    Some(value) => {
                        out.push(1);
                        out.extend(value.to_le_bytes());
                    }
                }
            }
        }
    }
}

/// The length and one, or zero for none; the bytes.
fn put_text(text: Option<&str>, out: &mut Vec<u8>) {
    number(text.map_or(0, |text| text.len() + 1), out);
    out.extend(text.unwrap_or_default().as_bytes());
}

fn put_cell(cell: &Cell, out: &mut Vec<u8>) {
    out.push(cell.rank());
    match cell {
        Cell::Missing => {}
        Cell::Bool(value) => out.push(u8::from(*value)),
        Cell::Integer(value) => out.extend(value.to_le_bytes()),
        Cell::Number(value) => put_text(Some(&value.to_string()), out),
        Cell::Money(value) => out.extend(value.minor().to_le_bytes()),
        Cell::Date(value) => out.extend(value.days().to_le_bytes()),
        Cell::Period(value) => {
            out.push(match value.kind() {
                PeriodKind::Month => 0,
                PeriodKind::Quarter => 1,
                PeriodKind::Year => 2,
            });
            out.extend(value.start().days().to_le_bytes());
        }
        Cell::Duration(value) => {
            out.extend(value.months.to_le_bytes());
            out.extend(value.days.to_le_bytes());
        }
        Cell::Text(value) => put_text(Some(value), out),
        Cell::Member(value) => out.extend(value.to_le_bytes()),
        Cell::List(cells) | Cell::Record(cells) => {
            number(cells.len(), out);
            cells.iter().for_each(|cell| put_cell(cell, out));
        }
    }
}

/// Bytes still to be read; nothing where they are not what was written.
struct Bytes<'b>(&'b [u8]);

impl<'b> Bytes<'b> {
    fn some(&mut self, count: usize) -> Option<&'b [u8]> {
        let (some, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(some)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.some(N)?.first_chunk().copied()
    }

    fn byte(&mut self) -> Option<u8> {
        self.array().map(|[byte]| byte)
    }

    fn number(&mut self) -> Option<usize> {
        usize::try_from(u64::from_le_bytes(self.array()?)).ok()
    }

    fn batch(&mut self) -> Option<Batch> {
        let event = u32::from_le_bytes(self.array()?);
        let rows = self.number()?;
        let mut origins = Vec::with_capacity(rows);
        for _ in 0..rows {
            let file = u32::from_le_bytes(self.array()?);
            origins.push(Origin { file, line: u64::from_le_bytes(self.array()?) });
        }
        let count = self.number()?;
        let columns: Option<Vec<Column>> = (0..count).map(|_| self.column(rows)).collect();
        Some(Batch { event, columns: columns?, origins })
    }

    fn column(&mut self, rows: usize) -> Option<Column> {
        Some(match self.byte()? {
            b'-' => Column::Absent,
            b'b' => Column::Bool(self.values(rows, |[byte]| Some(byte == 1))?),
            b'd' => Column::Date(self.values(rows, |it| Date::from_days(i32::from_le_bytes(it)))?),
            b'e' => Column::Member(self.values(rows, |it| Some(u32::from_le_bytes(it)))?),
            b'i' => Column::Integer(self.wholes(rows)?),
            b'm' => Column::Money(self.wholes(rows)?),
            b't' => {
                let mut texts = TextColumn::with_capacity(rows);
                for _ in 0..rows {
                    texts.push(self.text()?);
                }
                Column::Text(texts)
            }
            letter => {
                let mut column = match letter {
                    b'n' => Column::Number(Values::with_capacity(rows)),
                    b'p' => Column::Period(Values::with_capacity(rows)),
                    b'c' => Column::Cells(Vec::with_capacity(rows)),
                    _ => return None,
                };
                for _ in 0..rows {
                    column.push(self.cell()?);
                }
                column
            }
        })
    }

    fn values<T: crate::rows::Filler, const N: usize>(
        &mut self,
        rows: usize,
        value: impl Fn([u8; N]) -> Option<T>,
    ) -> Option<Values<T>> {
        let mut values = Values::with_capacity(rows);
        let all = self.byte()? == 1;
        for _ in 0..rows {
            match all || self.byte()? == 1 {
                true => values.push(value(self.array()?)?),
                false => values.push_missing(),
            }
        }
        Some(values)
    }

    fn wholes(&mut self, rows: usize) -> Option<Wholes> {
        let mut values = Wholes::with_capacity(rows);
        let all = self.byte()? == 1;
        for _ in 0..rows {
            if all {
                values.push_narrow(i64::from_le_bytes(self.array()?));
            } else if self.byte()? == 1 {
                values.push(i128::from_le_bytes(self.array()?));
            } else {
                values.push_missing();
            }
        }
        Some(values)
    }

    /// A text, or the lack of one.
    #[expect(clippy::option_option, reason = "the outer one says that nothing could be read")]
    fn text(&mut self) -> Option<Option<&'b str>> {
        let Some(length) = self.number()?.checked_sub(1) else { return Some(None) };
        std::str::from_utf8(self.some(length)?).ok().map(Some)
    }

    fn cell(&mut self) -> Option<Cell> {
        Some(match self.byte()? {
            0 => Cell::Missing,
            1 => Cell::Bool(self.byte()? == 1),
            2 => Cell::Integer(i128::from_le_bytes(self.array()?)),
            3 => Cell::Number(exact(self.text()??)?),
            4 => Cell::Money(Money::from_minor(i128::from_le_bytes(self.array()?))),
            5 => Cell::Date(self.date()?),
            6 => {
                let kind = match self.byte()? {
                    0 => PeriodKind::Month,
                    1 => PeriodKind::Quarter,
                    _ => PeriodKind::Year,
                };
                Cell::Period(Period::of(kind, self.date()?))
            }
            7 => {
                let months = i32::from_le_bytes(self.array()?);
                Cell::Duration(Duration { months, days: i32::from_le_bytes(self.array()?) })
            }
            8 => Cell::Text(self.text()??.into()),
            9 => Cell::Member(u32::from_le_bytes(self.array()?)),
            10 => Cell::List(self.cells()?),
            11 => Cell::Record(self.cells()?),
            _ => return None,
        })
    }

    fn cells(&mut self) -> Option<Vec<Cell>> {
        let count = self.number()?;
        (0..count).map(|_| self.cell()).collect()
    }

    fn date(&mut self) -> Option<Date> {
        Date::from_days(i32::from_le_bytes(self.array()?))
    }
}

/// A number as it is written: with `/` if it is no whole one.
fn exact(text: &str) -> Option<Exact> {
    let (numerator, denominator) = text.split_once('/').unwrap_or((text, "1"));
    Exact::parse_decimal(numerator)?.div(&Exact::parse_decimal(denominator)?).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cell() -> impl Strategy<Value = Cell> {
        let leaf = prop_oneof![
            Just(Cell::Missing),
            any::<bool>().prop_map(Cell::Bool),
            any::<i128>().prop_map(Cell::Integer),
            (any::<i64>(), 1_i64..1000).prop_map(|(num, den)| {
                Cell::Number(Exact::from_ratio(num.into(), den.into()).unwrap())
            }),
            any::<i128>().prop_map(|it| Cell::Money(Money::from_minor(it))),
            (-700_000_i32..2_900_000).prop_map(|it| Cell::Date(Date::from_days(it).unwrap())),
            ((-700_000_i32..2_900_000), 0_u8..3).prop_map(|(day, kind)| {
                let kind = match kind {
                    0 => PeriodKind::Month,
                    1 => PeriodKind::Quarter,
                    _ => PeriodKind::Year,
                };
                Cell::Period(Period::of(kind, Date::from_days(day).unwrap()))
            }),
            any::<(i32, i32)>()
                .prop_map(|(months, days)| Cell::Duration(Duration { months, days })),
            "[a-z税]{0,20}".prop_map(|it| Cell::Text(it.into())),
            any::<u32>().prop_map(Cell::Member),
        ];
        leaf.prop_recursive(2, 8, 3, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..3).prop_map(Cell::List),
                prop::collection::vec(inner, 0..3).prop_map(Cell::Record),
            ]
        })
    }

    /// Of a type of column, with room for the values that it takes.
    fn column(kind: u8) -> Column {
        match kind {
            0 => Column::Absent,
            1 => Column::Bool(Values::default()),
            2 => Column::Integer(Wholes::default()),
            3 => Column::Number(Values::default()),
            4 => Column::Money(Wholes::default()),
            5 => Column::Date(Values::default()),
            6 => Column::Period(Values::default()),
            7 => Column::Text(TextColumn::default()),
            8 => Column::Member(Values::default()),
            _ => Column::Cells(Vec::new()),
        }
    }

    /// Whether a column of a type holds a cell.
    fn holds(kind: u8, cell: &Cell) -> bool {
        let mut made = column(kind);
        made.push(cell.clone());
        made.cell(0) != Cell::Missing
    }

    /// A column of a type, with or without values that are missing.
    fn filled(kind: u8, cells: &[Cell], full: bool) -> Column {
        let own: Vec<&Cell> = cells.iter().filter(|cell| holds(kind, cell)).collect();
        let mut made = column(kind);
        for (at, cell) in cells.iter().enumerate() {
            let cell = if full { own.get(at % own.len().max(1)).copied() } else { Some(cell) };
            made.push(cell.cloned().unwrap_or(Cell::Missing));
        }
        made
    }

    proptest! {
        #[test]
        fn what_was_put_away_comes_out_again(
            kinds in prop::collection::vec(0_u8..10, 0..6),
            cells in prop::collection::vec(cell(), 0..60),
            line in any::<u64>(),
        ) {
            let folder = tempfile::tempdir().unwrap();
            let mut shelf = FileShelf::new(folder.path().to_owned());
            let batch = |full: bool| {
                let columns = kinds.iter().map(|kind| filled(*kind, &cells, full));
                let origins = vec![Origin { file: 7, line }; cells.len()];
                Batch { event: 3, columns: columns.collect(), origins }
            };
            let all = [vec![batch(true), batch(false)], vec![], vec![batch(false)]];
            let numbers: Vec<u64> = all.iter().map(|them| shelf.put(them).unwrap()).collect();
            for (number, batches) in numbers.iter().zip(&all).rev() {
                prop_assert_eq!(&shelf.take(*number).unwrap(), batches);
            }
            // Nobody sees the file.
            prop_assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        }
    }

    #[test]
    fn a_folder_that_is_not_there_is_said() {
        let mut shelf = FileShelf::new("/no/such/folder".into());
        let error = shelf.put(&[]).unwrap_err();
        assert!(error.words().en.contains("/no/such/folder"), "{}", error.words().en);
    }
}
