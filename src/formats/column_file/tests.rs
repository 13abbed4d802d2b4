use arrow_array::types::Int8Type;
use arrow_array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, DictionaryArray, Int64Array,
    LargeStringArray, RecordBatch, StringArray, TimestampMicrosecondArray,
};
use std::sync::Arc;

use crate::base::Date;
use crate::formats::held::Held;
use crate::formats::output::Output;
use crate::formats::records::{Holds, Records, ResultColumn, ResultLayout};
use crate::formats::{Input, InputOptions};

use super::ColumnRows;

fn opened(path: &std::path::Path) -> ColumnRows {
    ColumnRows::open(&Input::open(path.to_str().unwrap(), InputOptions::default()).unwrap())
        .unwrap()
}

/// The values of every row, as people see them.
fn rows(mut reader: ColumnRows) -> Vec<(u64, Vec<String>)> {
    let mut rows = Vec::new();
    while let Some((line, cells)) = reader.next().unwrap() {
        rows.push((line, cells.iter().map(|cell| cell.text().into_owned()).collect()));
    }
    rows
}

#[test]
fn what_is_written_is_read_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    for (layout, name) in [(ResultLayout::Parquet, "o.parquet"), (ResultLayout::Arrow, "o.arrow")] {
        let path = folder.path().join(name);
        let column = |name: &str, holds| ResultColumn::new(name, name, false).holding(holds);
        let columns = vec![
            column("id", Holds::Text),
            column("number", Holds::Whole),
            column("day", Holds::Date),
            column("amount", Holds::Amount(2)),
        ];
        let output = Output::create(path.to_str().unwrap()).unwrap();
        let mut records = Records::new(output, layout, columns, "").unwrap();
        for number in 0..40_000 {
            records.text(&format!("=R{number}"));
            records.bare(&(-number).to_string());
            records.text("2024-07-16");
            match number {
                7 => records.missing(),
                _ => records.text("-12345678901234567890123456789012345.67"),
            }
            records.end_row().unwrap();
        }
        records.finish().unwrap();
        let reader = opened(&path);
        assert_eq!(reader.header(), ["id", "number", "day", "amount"]);
        let rows = rows(reader);
        assert_eq!(rows.len(), 40_000);
        let amount = "-12345678901234567890123456789012345.67";
        let row = |line: u64, cells: [&str; 4]| (line, cells.map(str::to_owned).to_vec());
        assert_eq!(rows[7], row(8, ["=R7", "-7", "2024-07-16", ""]));
        assert_eq!(rows[39_999], row(40_000, ["=R39999", "-39999", "2024-07-16", amount]));
    }
}

#[test]
fn a_value_without_a_place_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("o.parquet");
    let output = Output::create(path.to_str().unwrap()).unwrap();
    let columns = vec![ResultColumn::new("n", "n", true).holding(Holds::Whole)];
    let mut records = Records::new(output, ResultLayout::Parquet, columns, "").unwrap();
    records.text("9223372036854775808");
    let error = records.end_row().unwrap_err().words().en;
    assert!(error.contains("`9223372036854775808` has no place in column `n`"), "{error}");
}

#[test]
fn values_of_every_type_that_is_exact() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("types.arrow");
    let dictionary: DictionaryArray<Int8Type> =
        vec![Some("vat"), None, Some("vat")].into_iter().collect();
    let decimal = Decimal128Array::from(vec![Some(150_050), None, Some(-1)])
        .with_precision_and_scale(20, 4)
        .unwrap();
    // 2024-07-16 is day 19,920.
    let moments = vec![Some(19_920 * 86_400_000_000), Some(-1), None];
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("dictionary", Arc::new(dictionary)),
        ("decimal", Arc::new(decimal)),
        ("moment", Arc::new(TimestampMicrosecondArray::from(moments))),
        ("day", Arc::new(Date32Array::from(vec![19_920, 0, -1]))),
        ("whole", Arc::new(Int64Array::from(vec![i64::MAX, 0, -1]))),
        ("text", Arc::new(LargeStringArray::from(vec!["", "分税", "x"]))),
        ("yes", Arc::new(BooleanArray::from(vec![true, false, true]))),
        ("other", Arc::new(StringArray::new_null(3))),
        ("nothing", Arc::new([None::<&str>; 3].into_iter().collect::<DictionaryArray<Int8Type>>())),
    ];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let mut bytes = Vec::new();
    let mut writer = arrow_ipc::writer::StreamWriter::try_new(&mut bytes, &batch.schema()).unwrap();
    writer.write(&batch).unwrap();
    writer.finish().unwrap();
    written(&path, &bytes);
    let mut reader = opened(&path);
    let text = |text: &'static str| Held::Text(text.into());
    let decimal = |units: i128, scale| Held::Decimal { units, scale };
    let date = |days| Held::Date(Date::from_days(days).unwrap());
    let row = |dictionary, amount, moment, day, whole, word, yes| {
        let (yes, none) = (Held::Bool(yes), || Held::Nothing);
        vec![dictionary, amount, moment, day, whole, word, yes, none(), none()]
    };
    let largest = decimal(i128::from(i64::MAX), 0);
    let first = row(
        text("vat"),
        decimal(150_050, 4),
        date(19_920),
        date(19_920),
        largest,
        Held::Nothing,
        true,
    );
    assert_eq!(reader.next().unwrap(), Some((1, first)));
    let before = Held::Moment("1969-12-31 23:59:59".into());
    let second =
        row(Held::Nothing, Held::Nothing, before, date(0), decimal(0, 0), text("分税"), false);
    assert_eq!(reader.next().unwrap(), Some((2, second)));
    let third =
        row(text("vat"), decimal(-1, 4), Held::Nothing, date(-1), decimal(-1, 0), text("x"), true);
    assert_eq!(reader.next().unwrap(), Some((3, third)));
    assert_eq!(reader.next().unwrap(), None);
}

/// Zeros behind a number are those of its column: written where a row is set aside, they would not be read
/// back.
#[test]
fn a_decimal_is_told_by_its_own_digits() {
    for (units, scale, text) in [
        (6_500_000, 6, "6.5"),
        (5000, 3, "5"),
        (700, 0, "700"),
        (0, 2, "0"),
        (-1_230, 2, "-12.3"),
        (-1, 4, "-0.0001"),
    ] {
        assert_eq!(Held::Decimal { units, scale }.text(), text);
    }
}

/// As other programs pack them: what is read is the same.
#[test]
fn packed_files_are_read() {
    use arrow_ipc::{CompressionType, writer::FileWriter, writer::IpcWriteOptions};
    use parquet::arrow::ArrowWriter;
    use parquet::basic::{Compression, GzipLevel, ZstdLevel};
    use parquet::file::properties::WriterProperties;

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    let ids: ArrayRef = Arc::new(StringArray::from(vec!["A1"; 3000]));
    let batch = RecordBatch::try_from_iter([("id", ids)]).unwrap();
    let wanted: Vec<(u64, Vec<String>)> =
        (1..=3000).map(|line| (line, vec!["A1".into()])).collect();
    for packed in [None, Some(CompressionType::LZ4_FRAME), Some(CompressionType::ZSTD)] {
        let options = IpcWriteOptions::default().try_with_compression(packed).unwrap();
        let mut bytes = Vec::new();
        let mut writer =
            FileWriter::try_new_with_options(&mut bytes, &batch.schema(), options).unwrap();
        writer.write(&batch).unwrap();
        writer.finish().unwrap();
        drop(writer);
        written(&path, &bytes);
        assert_eq!(rows(opened(&path)), wanted, "{packed:?}");
    }
    for packed in [
        Compression::UNCOMPRESSED,
        Compression::SNAPPY,
        Compression::GZIP(GzipLevel::default()),
        Compression::LZ4,
        Compression::LZ4_RAW,
        Compression::ZSTD(ZstdLevel::default()),
    ] {
        let properties = WriterProperties::builder().set_compression(packed).build();
        let mut bytes = Vec::new();
        let mut writer =
            ArrowWriter::try_new(&mut bytes, batch.schema(), Some(properties)).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
        written(&path, &bytes);
        assert_eq!(rows(opened(&path)), wanted, "{packed}");
    }
}

fn written(path: &std::path::Path, bytes: &[u8]) {
    let mut output = Output::create(path.to_str().unwrap()).unwrap();
    output.write(bytes).unwrap();
    output.finish().unwrap();
}
