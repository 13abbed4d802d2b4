//! Files of columns, Parquet and Arrow IPC: values go into cells and out of them as they are, decimals
//! as decimals, with no text in between.

mod reader;
mod writer;

#[cfg(test)]
mod tests;

pub(super) use reader::{ColumnBlock, ColumnRows};
pub(super) use writer::ColumnWriter;
