//! Stands in for `column_file` in a program built without it: there are no such files.

use crate::diagnostics::Words;

use super::error::FormatsError;
use super::held::Held;
use super::input::Input;
use super::output::Output;
use super::records::ResultColumn;

#[derive(Debug)]
pub(super) enum ColumnRows {}

#[derive(Debug)]
pub(super) enum ColumnBlock {}

#[derive(Debug)]
pub(super) enum ColumnWriter {}

impl ColumnRows {
    pub(super) fn open(input: &Input) -> Result<ColumnRows, FormatsError> {
        Err(without(input.name()))
    }

    pub(super) fn header(&self) -> Vec<String> {
        match *self {}
    }

    pub(super) fn unfit(&self, _column: usize) -> Option<&str> {
        match *self {}
    }

    pub(super) fn next(&mut self) -> Result<Option<(u64, Vec<Held<'_>>)>, FormatsError> {
        match *self {}
    }

    pub(super) fn next_block(&mut self) -> Result<Option<ColumnBlock>, FormatsError> {
        match *self {}
    }
}

impl ColumnBlock {
    pub(super) fn rows(&self) -> usize {
        match *self {}
    }

    pub(super) fn each(&self, _push: &mut dyn FnMut(u64, &[Held<'_>])) {
        match *self {}
    }
}

impl ColumnWriter {
    pub(super) fn new(
        file: &str,
        _columns: &[ResultColumn],
        _facts: &[(String, String)],
        _parquet: bool,
    ) -> Result<ColumnWriter, FormatsError> {
        Err(without(file))
    }

    pub(super) fn cell(&mut self, _text: Option<&str>) -> Result<(), FormatsError> {
        match *self {}
    }

    pub(super) fn end_row(&mut self, _output: &mut Output) -> Result<(), FormatsError> {
        match *self {}
    }

    pub(super) fn finish(self, _output: &mut Output) -> Result<(), FormatsError> {
        match self {}
    }
}

fn without(file: &str) -> FormatsError {
    FormatsError::Columns {
        file: file.to_owned(),
        what: Words::new(
            "this program was built without Parquet and Arrow",
            "本程序编译时未包含 Parquet 和 Arrow",
        ),
        hint: Words::new(
            "build it with `--features columns`, or use CSV",
            "请用 --features columns 编译，或改用 CSV",
        ),
    }
}
