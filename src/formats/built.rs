//! Results in layouts that are not lines of text: what they hold is told cell by cell all the same.

use super::column_file::ColumnWriter;
use super::error::FormatsError;
use super::output::Output;
use super::records::{ResultColumn, ResultLayout};
use super::workbook::SheetWriter;

/// A file in the making.
#[derive(Debug)]
pub(super) struct Built {
    writer: Writer,
    /// Why a cell of the row at hand could not be added.
    failed: Option<FormatsError>,
}

#[derive(Debug)]
enum Writer {
    Sheets(Box<SheetWriter>),
    Columns(Box<ColumnWriter>),
}

impl Built {
    /// Begins a file of a layout, if it is no text.
    pub(super) fn new(
        layout: ResultLayout,
        file: &str,
        columns: &[ResultColumn],
        facts: &[(String, String)],
    ) -> Result<Option<Built>, FormatsError> {
        let writer = match layout {
            ResultLayout::Xlsx => Writer::Sheets(Box::new(SheetWriter::new(file, columns)?)),
            ResultLayout::Parquet | ResultLayout::Arrow => {
                let parquet = layout == ResultLayout::Parquet;
                Writer::Columns(Box::new(ColumnWriter::new(file, columns, facts, parquet)?))
            }
            ResultLayout::Table
            | ResultLayout::Csv
            | ResultLayout::ForExcel
            | ResultLayout::Tsv
            | ResultLayout::Json
            | ResultLayout::Ndjson => return Ok(None),
        };
        Ok(Some(Built { writer, failed: None }))
    }

    /// Adds a cell; what keeps it out is said when the row ends.
    pub(super) fn cell(&mut self, text: Option<&str>) {
        let added = match &mut self.writer {
            Writer::Sheets(sheets) => sheets.cell(text),
            Writer::Columns(columns) => columns.cell(text),
        };
        self.failed = self.failed.take().or(added.err());
    }

    pub(super) fn end_row(&mut self, output: &mut Output) -> Result<(), FormatsError> {
        if let Some(error) = self.failed.take() {
            return Err(error);
        }
        match &mut self.writer {
            Writer::Sheets(sheets) => sheets.end_row(),
            Writer::Columns(columns) => columns.end_row(output),
        }
    }

    pub(super) fn finish(self, output: &mut Output) -> Result<(), FormatsError> {
        match self.writer {
            Writer::Sheets(sheets) => sheets.finish(output),
            Writer::Columns(columns) => columns.finish(output),
        }
    }
}
