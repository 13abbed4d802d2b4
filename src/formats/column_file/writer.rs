//! Results as columns: amounts as decimals with the decimals of the currency, days as days.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::builder::{
    BooleanBuilder, Date32Builder, Decimal128Builder, Int64Builder, StringBuilder,
};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, Schema};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;

use crate::base::{Date, Money};
use crate::diagnostics::Words;

use super::super::error::FormatsError;
use super::super::output::Output;
use super::super::records::{Holds, ResultColumn};

/// Writes rows batch by batch.
pub(in super::super) struct ColumnWriter {
    file: String,
    schema: Arc<Schema>,
    names: Vec<String>,
    columns: Vec<Column>,
    to: To,
    /// Rows of the batch at hand, and cells of the row.
    rows: usize,
    cell: usize,
}

impl std::fmt::Debug for ColumnWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ColumnWriter").field("file", &self.file).finish_non_exhaustive()
    }
}

/// The values of a column that wait to be written.
enum Column {
    Text(StringBuilder),
    Whole(Int64Builder),
    Bool(BooleanBuilder),
    Date(Date32Builder),
    Amount(Decimal128Builder, u8),
}

/// What has been written waits in memory until it is handed on, which is after each batch.
enum To {
    Parquet(Box<ArrowWriter<Vec<u8>>>),
    Arrow(Box<arrow_ipc::writer::FileWriter<Vec<u8>>>),
}

impl Column {
    fn new(holds: Holds) -> Column {
        match holds {
            Holds::Text => Column::Text(StringBuilder::new()),
            Holds::Whole => Column::Whole(Int64Builder::new()),
            Holds::Bool => Column::Bool(BooleanBuilder::new()),
            Holds::Date => Column::Date(Date32Builder::new()),
            Holds::Amount(scale) => {
                Column::Amount(Decimal128Builder::new().with_data_type(decimal(scale)), scale)
            }
        }
    }

    /// Adds a value; `None` if the text is none of this column.
    fn push(&mut self, text: Option<&str>) -> Option<()> {
        match self {
            Column::Text(values) => values.append_option(text),
            Column::Whole(values) => {
                values.append_option(
                    filled(text).map(|text| text.parse().ok().ok_or(())).transpose().ok()?,
                );
            }
            Column::Bool(values) => {
                values.append_option(
                    filled(text).map(|text| text.parse().ok().ok_or(())).transpose().ok()?,
                );
            }
            Column::Date(values) => {
                let date = filled(text).map(|text| Date::parse(text).ok_or(())).transpose().ok()?;
                values.append_option(date.map(Date::days));
            }
            Column::Amount(values, scale) => {
                let amount =
                    filled(text).map(|text| Money::parse(text, *scale)).transpose().ok()?;
                values.append_option(amount.map(Money::minor));
            }
        }
        Some(())
    }

    fn finish(&mut self) -> ArrayRef {
        match self {
            Column::Text(values) => Arc::new(values.finish()),
            Column::Whole(values) => Arc::new(values.finish()),
            Column::Bool(values) => Arc::new(values.finish()),
            Column::Date(values) => Arc::new(values.finish()),
            Column::Amount(values, scale) => {
                Arc::new(values.finish().with_data_type(decimal(*scale)))
            }
        }
    }
}

/// Nothing where nothing is written.
fn filled(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !text.is_empty())
}

fn decimal(scale: u8) -> DataType {
    DataType::Decimal128(38, i8::try_from(scale).unwrap_or(i8::MAX))
}

impl ColumnWriter {
    /// Begins a file, with facts about it beside its rows.
    pub(in super::super) fn new(
        file: &str,
        columns: &[ResultColumn],
        facts: &[(String, String)],
        parquet: bool,
    ) -> Result<ColumnWriter, FormatsError> {
        let field = |column: &ResultColumn| {
            let kind = match column.holds {
                Holds::Text => DataType::Utf8,
                Holds::Whole => DataType::Int64,
                Holds::Bool => DataType::Boolean,
                Holds::Date => DataType::Date32,
                Holds::Amount(scale) => decimal(scale),
            };
            Field::new(&column.name, kind, true)
        };
        let fields: Vec<Field> = columns.iter().map(field).collect();
        let schema = Arc::new(Schema::new_with_metadata(
            fields,
            if parquet { HashMap::new() } else { facts.iter().cloned().collect() },
        ));
        let to = if parquet {
            let fact = |(name, text): &(String, String)| KeyValue::new(name.clone(), text.clone());
            let properties = WriterProperties::builder()
                .set_compression(Compression::ZSTD(ZstdLevel::default()))
                .set_created_by("fenshui".to_owned())
                .set_key_value_metadata(Some(facts.iter().map(fact).collect()))
                .build();
            let writer = ArrowWriter::try_new(Vec::new(), schema.clone(), Some(properties));
            To::Parquet(Box::new(writer.map_err(|error| failed(file, &error))?))
        } else {
            let writer = arrow_ipc::writer::FileWriter::try_new(Vec::new(), &schema);
            To::Arrow(Box::new(writer.map_err(|error| failed(file, &error))?))
        };
        Ok(ColumnWriter {
            file: file.to_owned(),
            schema,
            names: columns.iter().map(|column| column.name.clone()).collect(),
            columns: columns.iter().map(|column| Column::new(column.holds)).collect(),
            to,
            rows: 0,
            cell: 0,
        })
    }

    /// Adds a cell to the row at hand.
    pub(in super::super) fn cell(&mut self, text: Option<&str>) -> Result<(), FormatsError> {
        let at = self.cell;
        self.cell += 1;
        let Some(column) = self.columns.get_mut(at) else { return Ok(()) };
        column.push(text).ok_or_else(|| FormatsError::Columns {
            file: self.file.clone(),
            what: Words::new(
                format!(
                    "`{}` has no place in column `{}` of such a file",
                    text.unwrap_or_default(),
                    self.names.get(at).map_or("", String::as_str)
                ),
                format!(
                    "「{}」无法写入此类文件的「{}」列",
                    text.unwrap_or_default(),
                    self.names.get(at).map_or("", String::as_str)
                ),
            ),
            hint: Words::new(
                "whole numbers have 64 bits there; write CSV or JSON",
                "其中整数限 64 位；请写成 CSV 或 JSON",
            ),
        })
    }

    /// Ends a row.
    pub(in super::super) fn end_row(&mut self, output: &mut Output) -> Result<(), FormatsError> {
        self.cell = 0;
        self.rows += 1;
        if self.rows == BATCH_ROWS { self.write_batch(output) } else { Ok(()) }
    }

    fn write_batch(&mut self, output: &mut Output) -> Result<(), FormatsError> {
        if self.rows == 0 {
            return Ok(());
        }
        self.rows = 0;
        let arrays = self.columns.iter_mut().map(Column::finish).collect();
        let batch = RecordBatch::try_new(self.schema.clone(), arrays);
        let batch = batch.map_err(|error| failed(&self.file, &error))?;
        let waiting = match &mut self.to {
            To::Parquet(writer) => {
                writer.write(&batch).map_err(|error| failed(&self.file, &error))?;
                std::mem::take(writer.inner_mut())
            }
            To::Arrow(writer) => {
                writer.write(&batch).map_err(|error| failed(&self.file, &error))?;
                std::mem::take(writer.get_mut())
            }
        };
        output.write(&waiting)
    }

    /// Writes what is left.
    pub(in super::super) fn finish(mut self, output: &mut Output) -> Result<(), FormatsError> {
        self.write_batch(output)?;
        let file = &self.file;
        let rest = match self.to {
            To::Parquet(writer) => writer.into_inner().map_err(|error| failed(file, &error))?,
            To::Arrow(mut writer) => {
                writer.finish().map_err(|error| failed(file, &error))?;
                std::mem::take(writer.get_mut())
            }
        };
        output.write(&rest)
    }
}

fn failed(file: &str, error: &dyn std::fmt::Display) -> FormatsError {
    FormatsError::writing(file, std::io::Error::other(error.to_string()))
}

const BATCH_ROWS: usize = 32_768;
