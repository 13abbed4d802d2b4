//! Rows of a file of columns.

use std::borrow::Cow;
use std::io::{BufReader, Read};

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, Date64Type, Decimal32Type, Decimal64Type, Decimal128Type,
    Int8Type, Int16Type, Int32Type, Int64Type, TimestampMicrosecondType, TimestampMillisecondType,
    TimestampNanosecondType, TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, RecordBatch};
use arrow_schema::{ArrowError, DataType, Schema, TimeUnit};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::base::Date;
use crate::diagnostics::Words;
use crate::report::names::folded;

use super::super::error::FormatsError;
use super::super::held::Held;
use super::super::input::{Input, Layout};

/// Reads a file batch by batch.
pub(in super::super) struct ColumnRows {
    file: String,
    /// What each column is called, and its type where it has no place here.
    columns: Vec<(String, Option<String>)>,
    batches: Box<dyn Iterator<Item = Result<RecordBatch, ArrowError>> + Send>,
    /// The batch at hand, and the next row of it.
    block: Option<ColumnBlock>,
    at: usize,
    /// How many rows have been taken.
    taken: u64,
}

impl std::fmt::Debug for ColumnRows {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ColumnRows").field("file", &self.file).finish_non_exhaustive()
    }
}

/// Some rows of a file.
#[derive(Debug)]
pub(in super::super) struct ColumnBlock {
    batch: RecordBatch,
    /// The number of the first row, from 1.
    first: u64,
}

impl ColumnRows {
    /// Starts at the beginning.
    ///
    /// # Errors
    /// It is no such file, or damaged.
    pub(in super::super) fn open(input: &Input) -> Result<ColumnRows, FormatsError> {
        let failed = |error: &dyn std::fmt::Display| damaged(input.name(), error);
        let file = input.file()?;
        let (schema, batches): (_, Box<dyn Iterator<Item = _> + Send>) = match input.layout {
            Layout::Parquet => {
                let builder = ParquetRecordBatchReaderBuilder::try_new(file);
                let builder = builder.map_err(|error| failed(&error))?;
                let schema = builder.schema().clone();
                let reader = builder.with_batch_size(input.pieces.batch_rows).build();
                (schema, Box::new(reader.map_err(|error| failed(&error))?))
            }
            _ => {
                let mut reader = BufReader::new(file);
                let mut magic = [0; 6];
                reader.read_exact(&mut magic).map_err(|error| failed(&error))?;
                std::io::Seek::rewind(&mut reader).map_err(|error| failed(&error))?;
                if &magic == b"ARROW1" {
                    let reader = arrow_ipc::reader::FileReader::try_new(reader, None);
                    let reader = reader.map_err(|error| failed(&error))?;
                    (reader.schema(), Box::new(reader))
                } else {
                    let reader = arrow_ipc::reader::StreamReader::try_new(reader, None);
                    let reader = reader.map_err(|error| failed(&error))?;
                    (reader.schema(), Box::new(reader))
                }
            }
        };
        let (file, columns) = (input.name().to_owned(), columns(&schema));
        if columns.is_empty() {
            return Err(FormatsError::Empty { file });
        }
        Ok(ColumnRows { file, columns, batches, block: None, at: 0, taken: 0 })
    }

    /// What the columns are called.
    pub(in super::super) fn header(&self) -> Vec<String> {
        self.columns.iter().map(|(name, _)| name.clone()).collect()
    }

    /// The type of a column from which no field can be filled.
    pub(in super::super) fn unfit(&self, column: usize) -> Option<&str> {
        self.columns.get(column)?.1.as_deref()
    }

    /// The next row: its number and a value for each column.
    pub(in super::super) fn next(&mut self) -> Result<Option<(u64, Vec<Held<'_>>)>, FormatsError> {
        while self.block.as_ref().is_none_or(|block| block.rows() <= self.at) {
            (self.block, self.at) = (self.next_block()?, 0);
            if self.block.is_none() {
                return Ok(None);
            }
        }
        let at = self.at;
        self.at += 1;
        Ok(self.block.as_ref().map(|block| {
            let columns = block.batch.columns().iter();
            let cells = columns.map(|column| values(column)(at)).collect();
            (block.first + u64::try_from(at).unwrap_or(0), cells)
        }))
    }

    /// The next rows that have not been taken.
    pub(in super::super) fn next_block(&mut self) -> Result<Option<ColumnBlock>, FormatsError> {
        let Some(batch) = self.batches.next() else { return Ok(None) };
        let batch = batch.map_err(|error| damaged(&self.file, &error))?;
        let first = self.taken + 1;
        self.taken += u64::try_from(batch.num_rows()).unwrap_or(0);
        Ok(Some(ColumnBlock { batch, first }))
    }
}

impl ColumnBlock {
    /// How many there are.
    pub(in super::super) fn rows(&self) -> usize {
        self.batch.num_rows()
    }

    /// Hands out row after row: its number and a value for each column.
    pub(in super::super) fn each(&self, push: &mut dyn FnMut(u64, &[Held<'_>])) {
        let columns: Vec<_> = self.batch.columns().iter().map(|column| values(column)).collect();
        let mut cells = Vec::with_capacity(columns.len());
        for (row, line) in (0..self.rows()).zip(self.first..) {
            cells.clear();
            cells.extend(columns.iter().map(|column| column(row)));
            push(line, &cells);
        }
    }
}

fn columns(schema: &Schema) -> Vec<(String, Option<String>)> {
    let fields = schema.fields().iter();
    let unfit = |kind: &DataType| (!is_read(kind)).then(|| kind.to_string());
    fields.map(|field| (folded(field.name()), unfit(field.data_type()))).collect()
}

/// Whether values of a type are exact, and mean the same everywhere.
fn is_read(kind: &DataType) -> bool {
    match kind {
        DataType::Decimal32(_, scale)
        | DataType::Decimal64(_, scale)
        | DataType::Decimal128(_, scale) => *scale >= 0,
        DataType::Dictionary(_, values) => is_read(values),
        DataType::Null
        | DataType::Boolean
        | DataType::Utf8
        | DataType::LargeUtf8
        | DataType::Utf8View
        | DataType::Date32
        | DataType::Date64
        | DataType::Timestamp(_, None) => true,
        kind => kind.is_integer(),
    }
}

type Reader<'a> = Box<dyn Fn(usize) -> Held<'a> + 'a>;

/// What a column holds in each row.
fn values(column: &dyn Array) -> Reader<'_> {
    let read = present(column);
    if column.null_count() == 0 {
        return read;
    }
    Box::new(move |row| if column.is_null(row) { Held::Nothing } else { read(row) })
}

fn present(column: &dyn Array) -> Reader<'_> {
    match column.data_type() {
        DataType::Boolean => {
            let column = column.as_boolean();
            Box::new(|row| Held::Bool(column.value(row)))
        }
        DataType::Utf8 => {
            let column = column.as_string::<i32>();
            Box::new(|row| text(column.value(row)))
        }
        DataType::LargeUtf8 => {
            let column = column.as_string::<i64>();
            Box::new(|row| text(column.value(row)))
        }
        DataType::Utf8View => {
            let column = column.as_string_view();
            Box::new(|row| text(column.value(row)))
        }
        DataType::Int8 => decimals::<Int8Type>(column, 0),
        DataType::Int16 => decimals::<Int16Type>(column, 0),
        DataType::Int32 => decimals::<Int32Type>(column, 0),
        DataType::Int64 => decimals::<Int64Type>(column, 0),
        DataType::UInt8 => decimals::<UInt8Type>(column, 0),
        DataType::UInt16 => decimals::<UInt16Type>(column, 0),
        DataType::UInt32 => decimals::<UInt32Type>(column, 0),
        DataType::UInt64 => decimals::<UInt64Type>(column, 0),
        DataType::Decimal32(_, scale) => decimals::<Decimal32Type>(column, *scale),
        DataType::Decimal64(_, scale) => decimals::<Decimal64Type>(column, *scale),
        DataType::Decimal128(_, scale) => decimals::<Decimal128Type>(column, *scale),
        DataType::Date32 => moments::<Date32Type>(column, 1),
        DataType::Date64 => moments::<Date64Type>(column, 86_400_000),
        DataType::Timestamp(unit, None) => match unit {
            TimeUnit::Second => moments::<TimestampSecondType>(column, 86_400),
            TimeUnit::Millisecond => moments::<TimestampMillisecondType>(column, 86_400_000),
            TimeUnit::Microsecond => moments::<TimestampMicrosecondType>(column, 86_400_000_000),
            TimeUnit::Nanosecond => moments::<TimestampNanosecondType>(column, 86_400_000_000_000),
        },
        DataType::Dictionary(..) => {
            let column = column.as_any_dictionary();
            if column.values().is_empty() {
                return Box::new(|_| Held::Nothing);
            }
            let (keys, read) = (column.normalized_keys(), values(column.values()));
            Box::new(move |row| keys.get(row).map_or(Held::Nothing, |key| read(*key)))
        }
        // No field is filled from such a column; where its row is set aside its cell stays empty.
        _ => Box::new(|_| Held::Nothing),
    }
}

fn text(text: &str) -> Held<'_> {
    if text.is_empty() { Held::Nothing } else { Held::Text(Cow::Borrowed(text)) }
}

/// Whole numbers of units.
fn decimals<T: ArrowPrimitiveType<Native: Into<i128>>>(
    column: &dyn Array,
    scale: i8,
) -> Reader<'_> {
    let (column, scale) = (column.as_primitive::<T>(), u8::try_from(scale).unwrap_or(0));
    Box::new(move |row| Held::Decimal { units: column.value(row).into(), scale })
}

/// Days, or moments counted in so many a day.
fn moments<T: ArrowPrimitiveType<Native: Into<i64>>>(column: &dyn Array, a_day: i64) -> Reader<'_> {
    let column = column.as_primitive::<T>();
    Box::new(move |row| {
        let count: i64 = column.value(row).into();
        let (days, rest) = (count.div_euclid(a_day), count.rem_euclid(a_day));
        let date = i32::try_from(days).ok().and_then(Date::from_days);
        match (date, rest) {
            (Some(date), 0) => Held::Date(date),
            (Some(date), rest) => {
                let seconds = i128::from(rest) * 86_400 / i128::from(a_day);
                let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
                Held::Moment(format!("{date} {hours:02}:{minutes:02}:{:02}", seconds % 60))
            }
            (None, _) => Held::Moment(count.to_string()),
        }
    })
}

fn damaged(file: &str, error: &dyn std::fmt::Display) -> FormatsError {
    let said = error.to_string();
    // So the libraries speak of a way of packing that they were built without.
    let hint = match said.contains("feature") {
        true => Words::new(
            "write it packed with zstd, snappy, gzip or lz4, or not packed at all",
            "请以 zstd、snappy、gzip 或 lz4 压缩写出，或不压缩",
        ),
        false => {
            Words::new("was it written and copied to its end?", "文件是否完整写出并复制完毕？")
        }
    };
    FormatsError::Columns {
        file: file.to_owned(),
        what: Words::new(format!("cannot be read: {said}"), format!("无法读取：{said}")),
        hint,
    }
}
