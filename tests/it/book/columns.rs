//! The tables of a book in Parquet: the rows are those of CSV, amounts are decimals and days are days.

use std::collections::BTreeMap;
use std::path::Path;

use arrow_array::{Array, BooleanArray, Date32Array, Decimal128Array, Int64Array, StringArray};
use fenshui::base::{Date, Money};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::foreign::exported;
use crate::cli::outcome;

#[test]
fn parquet_has_the_rows_of_csv_and_says_what_they_are() {
    let folder = exported();
    assert_eq!(outcome("fenshui book export parquet columns", folder.path(), "b.book"), "");
    let shown = outcome("fenshui book verify", folder.path(), "b.book");
    for name in ["amounts", "events"] {
        let (facts, rows) = read(&folder.path().join(format!("columns/{name}.parquet")));
        let text = std::fs::read_to_string(folder.path().join(format!("tables/{name}.csv")));
        let text = text.unwrap();
        assert!(rows.len() > 6, "{rows:?}");
        // Cells with a comma are quoted in CSV, and are texts that hold no quotes here.
        let plain = |row: &Vec<String>| {
            let cells = row.iter().map(|cell| match cell.contains(',') {
                true => format!("\"{cell}\""),
                false => cell.clone(),
            });
            cells.collect::<Vec<String>>().join(",")
        };
        let lines: Vec<String> = rows.iter().map(plain).collect();
        assert_eq!(lines, text.lines().collect::<Vec<&str>>(), "{name}");
        assert_eq!(facts["fenshui.book"], "finance.example/2018");
        assert_eq!(facts["fenshui.units"], "CNY with 2 decimals");
        assert!(facts["fenshui.editions"].starts_with("1 sha256:"), "{facts:?}");
        let (size, root) = (&facts["fenshui.tree_size"], &facts["fenshui.tree_root"]);
        let root = root.strip_prefix("sha256:").unwrap();
        assert!(shown.starts_with(&format!("entries {size}\nroot {root}\n")), "{shown}");
    }
}

/// The facts of a file; its columns, then its rows, as CSV would have them.
fn read(path: &Path) -> (BTreeMap<String, String>, Vec<Vec<String>>) {
    let file = std::fs::File::open(path).unwrap();
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
    let facts = builder.metadata().file_metadata().key_value_metadata().unwrap();
    let facts = facts.iter().map(|it| (it.key.clone(), it.value.clone().unwrap_or_default()));
    let facts: BTreeMap<String, String> = facts.collect();
    let fields = builder.schema().fields().clone();
    let mut rows: Vec<Vec<String>> = vec![fields.iter().map(|it| it.name().clone()).collect()];
    for batch in builder.build().unwrap() {
        let batch = batch.unwrap();
        for row in 0..batch.num_rows() {
            rows.push(batch.columns().iter().map(|it| cell(it.as_ref(), row)).collect());
        }
    }
    (facts, rows)
}

fn cell(column: &dyn Array, row: usize) -> String {
    let any = column.as_any();
    if column.is_null(row) {
        return String::new();
    }
    if let Some(texts) = any.downcast_ref::<StringArray>() {
        return texts.value(row).to_owned();
    }
    if let Some(numbers) = any.downcast_ref::<Int64Array>() {
        return numbers.value(row).to_string();
    }
    if let Some(flags) = any.downcast_ref::<BooleanArray>() {
        return flags.value(row).to_string();
    }
    if let Some(days) = any.downcast_ref::<Date32Array>() {
        return Date::from_days(days.value(row)).unwrap().to_string();
    }
    let amounts = any.downcast_ref::<Decimal128Array>().expect("an amount is a decimal");
    assert_eq!((amounts.precision(), amounts.scale()), (38, 2));
    Money::from_minor(amounts.value(row)).format(2)
}
