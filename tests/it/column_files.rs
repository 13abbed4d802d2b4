//! Parquet and Arrow in and out: the same events come to the same, exactly, and a float is refused.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use arrow_array::{
    ArrayRef, Date32Array, Decimal128Array, Float64Array, Int64Array, RecordBatch, StringArray,
    TimestampMillisecondArray,
};

use crate::program::{run, said};

const RULES: &str = "
module columns
authority national
settlement largest remainder
regions { north; south }
account treasury[Region]
account centre
event receipt {
  id : integer unique; date : date effective; origin : Region; amount : money inflow
}
register share by region { region : Region; part : money }
rule divide
  with s = share[origin]
  split inflow
    s.part  to treasury[origin]
    rest    to centre
";

/// Ten thousand receipts, as columns and as text.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let put = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    put("rules.fen", RULES);
    put("share.csv", "region,part\nnorth,0.03\nsouth,0.01\n");
    let ids = 0..10_000_i64;
    let (day, origin) =
        (|id: i64| 16_800 + id % 365, |id: i64| ["north", "south"][(id % 2) as usize]);
    let amount = |id: i64| i128::from(id) * 7_919 + 5;
    let date = |id: i64| fenshui::base::Date::from_days(i32::try_from(day(id)).unwrap()).unwrap();
    let money = |id: i64| fenshui::base::Money::from_minor(amount(id)).format(2);
    let row = |id: i64| format!("{id},{},{},{}\n", date(id), origin(id), money(id));
    put(
        "events.csv",
        &ids.clone().map(row).fold("id,date,origin,amount\n".into(), |all: String, row| all + &row),
    );
    let decimals = |scale: i8, factor: i128| {
        Decimal128Array::from_iter_values(ids.clone().map(|id| amount(id) * factor))
            .with_precision_and_scale(38, scale)
            .unwrap()
    };
    let origins: ArrayRef = Arc::new(StringArray::from_iter_values(ids.clone().map(origin)));
    let numbers: ArrayRef = Arc::new(Int64Array::from_iter_values(ids.clone()));
    let days = ids.clone().map(|id| i32::try_from(day(id)).unwrap());
    let dates: ArrayRef = Arc::new(Date32Array::from_iter_values(days));
    let moments = ids.clone().map(|id| day(id) * 86_400_000 + i64::from(id == 5) * 3_600_000);
    let moments: ArrayRef = Arc::new(TimestampMillisecondArray::from_iter_values(moments));
    let floats: ArrayRef = Arc::new(Float64Array::from(vec![0.5; 10_000]));
    let batch = |dates: &ArrayRef, amounts: ArrayRef| {
        RecordBatch::try_from_iter([
            ("id", numbers.clone()),
            ("date", dates.clone()),
            ("origin", origins.clone()),
            ("amount", amounts),
        ])
        .unwrap()
    };
    parquet(&folder.path().join("events.parquet"), &batch(&dates, Arc::new(decimals(2, 1))));
    arrow(&folder.path().join("spoilt.arrow"), &batch(&moments, Arc::new(decimals(4, 100))));
    parquet(&folder.path().join("float.parquet"), &batch(&dates, floats));
    folder
}

fn parquet(path: &Path, batch: &RecordBatch) {
    let file = fs::File::create(path).unwrap();
    let mut writer = parquet::arrow::ArrowWriter::try_new(file, batch.schema(), None).unwrap();
    // In pieces of another size than they are read in.
    for start in (0..batch.num_rows()).step_by(999) {
        let length = 999.min(batch.num_rows() - start);
        writer.write(&batch.slice(start, length)).unwrap();
    }
    writer.close().unwrap();
}

fn arrow(path: &Path, batch: &RecordBatch) {
    let file = fs::File::create(path).unwrap();
    let mut writer = arrow_ipc::writer::FileWriter::try_new(file, &batch.schema()).unwrap();
    writer.write(batch).unwrap();
    writer.finish().unwrap();
}

#[test]
fn columns_and_text_come_to_the_same() {
    let folder = folder();
    let register = ["--register", "share=share.csv", "-q"];
    let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
    let csv = [&["events.csv", "--out", "a.csv", "--summary", "s.csv"][..], &register].concat();
    let output = run(folder.path(), &csv);
    assert!(output.status.success(), "{}", said(&output));
    let columns = ["events.parquet", "--out", "b.csv", "--summary", "t.csv"];
    for threads in ["1", "4"] {
        let more = ["--threads", threads];
        let output = run(folder.path(), &[&columns[..], &register, &more].concat());
        assert!(output.status.success(), "{}", said(&output));
        assert!(read("a.csv") == read("b.csv"));
        assert_eq!(read("s.csv"), read("t.csv"));
    }
    // And out again: what is written is read as events of other rules would be.
    let columns = ["events.parquet", "--out", "o.parquet", "--summary", "s.arrow"];
    assert!(run(folder.path(), &[&columns[..], &register].concat()).status.success());
    fs::write(folder.path().join("rules.fen"), AGAIN).unwrap();
    let map = "[constants.part]\ndate = \"2016-01-01\"\n[constants.total]\ndate = \"2016-01-01\"\n";
    fs::write(folder.path().join("map.toml"), map).unwrap();
    let register = ["-q", "--map", "map.toml", "--format", "csv"];
    for (allocations, sums) in [("a.csv", "s.csv"), ("o.parquet", "s.arrow")] {
        for file in [format!("part={allocations}"), format!("total={sums}")] {
            let output = run(folder.path(), &[&[file.as_str()][..], &register].concat());
            assert!(output.status.success(), "{}", said(&output));
            let kind = file.split('=').next().unwrap();
            let place = folder.path().join(format!("{allocations}.{kind}"));
            fs::write(place, &output.stdout).unwrap();
        }
    }
    assert!(read("a.csv.part").len() > 100_000);
    assert!(read("a.csv.part") == read("o.parquet.part"));
    assert_eq!(read("a.csv.total"), read("o.parquet.total"));
}

const AGAIN: &str = r#"
module again
authority national
settlement largest remainder
account all
event part {
  id : integer unique; payee "account" : text unique
  date : date effective; amount : money inflow
}
event total {
  payee "account" : text unique; year : year unique
  date : date effective; amount : money inflow
}
rule parts of part
  split inflow
    all to all
rule totals of total
  split inflow
    all to all
"#;

#[test]
fn a_row_that_cannot_be_read_is_set_aside_by_its_number() {
    let folder = folder();
    let results = ["--out", "o.csv", "--set-aside", "a.csv", "-q"];
    let register = ["--register", "share=share.csv"];
    let output = run(folder.path(), &[&["spoilt.arrow"][..], &results, &register].concat());
    let wanted =
        "set aside[S01]: spoilt.arrow row 6: column `date`: `2016-01-05 01:00:00` is not a day";
    assert!(said(&output).contains(wanted), "{}", said(&output));
    assert_eq!(output.status.code(), Some(1));
    let aside = fs::read_to_string(folder.path().join("a.csv")).unwrap();
    assert_eq!(aside.lines().count(), 2);
    assert!(
        aside.contains("\n5,2016-01-05 01:00:00,south,396,spoilt.arrow,6,receipt,S01,"),
        "{aside}"
    );
}

#[test]
fn a_float_is_no_amount() {
    let folder = folder();
    let output = run(folder.path(), &["float.parquet", "--register", "share=share.csv"]);
    assert!(
        said(&output).starts_with(
            "error: `float.parquet`: column `amount`, which is field `amount`, holds Float64\nhelp: a float"
        ),
        "{}",
        said(&output)
    );
    assert_eq!(output.status.code(), Some(2));
    // A file cut off in the middle is no shorter table.
    let whole = fs::read(folder.path().join("events.parquet")).unwrap();
    fs::write(folder.path().join("cut.parquet"), &whole[..whole.len() / 2]).unwrap();
    let output = run(folder.path(), &["cut.parquet", "--register", "share=share.csv"]);
    assert!(said(&output).contains("`cut.parquet`: cannot be read"), "{}", said(&output));
}
