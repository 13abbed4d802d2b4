#![expect(clippy::disallowed_types, reason = "cells are made as a spreadsheet keeps them")]

use proptest::prelude::*;
use rust_xlsxwriter::{ExcelDateTime as WrittenDate, Format, Workbook};

use crate::base::Money;
use crate::report::names::{Kind, Names};
use crate::rows::{Cell, Unreadable};

use super::*;

/// A workbook with a sheet of each name, filled by these.
fn book(fill: &mut dyn FnMut(&mut rust_xlsxwriter::Worksheet), names: &[&str]) -> Vec<u8> {
    let mut workbook = Workbook::new();
    for name in names {
        fill(workbook.add_worksheet().set_name(*name).unwrap());
    }
    workbook.save_to_buffer().unwrap()
}

#[test]
fn cells_are_what_the_spreadsheet_shows() {
    let day = Format::new().set_num_format("yyyy/m/d");
    let bytes = book(
        &mut |sheet| {
            sheet.write(2, 1, "凭证号").unwrap();
            sheet.write(2, 3, "金额").unwrap();
            sheet.write(4, 1, "007").unwrap();
            sheet.write(4, 2, 0.1 + 0.2).unwrap();
            sheet.write(4, 3, -1234.5).unwrap();
            sheet.write(6, 1, true).unwrap();
            let date = WrittenDate::from_ymd(2024, 7, 16).unwrap();
            sheet.write_with_format(6, 2, &date, &day).unwrap();
            let moment = date.and_hms(8, 30, 0).unwrap();
            sheet.write_with_format(6, 3, &moment, &day).unwrap();
        },
        &["收入"],
    );
    let (name, sheet) = Sheet::read(bytes, "book.xlsx", None, Heads::default()).unwrap();
    assert_eq!(name, "收入");
    assert_eq!(sheet.header, ["凭证号", "[C]", "金额"]);
    let seen = Seen::Digits;
    let shown = |units, scale, whole| Held::Shown { units, scale, whole, seen };
    let first = [Held::Text("007".into()), shown(3, 1, false), shown(-12345, 1, true)];
    assert_eq!(sheet.row(0), Some((5, &first[..])));
    let date = Date::new(2024, 7, 16).unwrap();
    let moment = Held::Moment("2024-07-16 08:30:00".into());
    assert_eq!(sheet.row(1), Some((7, &[Held::Bool(true), Held::Date(date), moment][..])));
    assert_eq!(sheet.row(2), None);
    assert_eq!(sheet.cell_name(2, 7), "D7");
    assert_eq!(letters(25), "Z");
    assert_eq!(letters(26 + 26 * 26), "AAA");
}

#[test]
fn which_sheet_is_asked_where_there_are_several() {
    let mut fill = |sheet: &mut rust_xlsxwriter::Worksheet| {
        sheet.write(0, 0, "id").unwrap();
    };
    let bytes = book(&mut fill, &["a", "二月"]);
    let read = |wanted| {
        Sheet::read(bytes.clone(), "b.xlsx", wanted, Heads::default()).map(|(name, _)| name)
    };
    assert_eq!(read(Some("二月")).unwrap(), "二月");
    for (wanted, what) in [(None, "has several sheets"), (Some("c"), "no sheet `c`")] {
        let error = read(wanted).unwrap_err();
        assert!(error.words().en.contains(what), "{error}");
        assert_eq!(error.hint().unwrap().en, "say which: `b.xlsx#a`, `b.xlsx#二月`");
    }
    // What is hidden or empty is not meant.
    let mut workbook = Workbook::new();
    fill(workbook.add_worksheet());
    fill(workbook.add_worksheet().set_hidden(true));
    workbook.add_worksheet();
    let bytes = workbook.save_to_buffer().unwrap();
    assert_eq!(Sheet::read(bytes, "b.xlsx", None, Heads::default()).unwrap().0, "Sheet1");
    let error =
        Sheet::read(b"PK\x03\x04..".to_vec(), "b.xlsx", None, Heads::default()).unwrap_err();
    assert!(error.words().en.contains("the workbook cannot be read"), "{error}");
}

#[test]
fn a_formula_without_its_value_is_no_empty_cell() {
    let text = |text: &str| Data::String(text.to_owned());
    let cell = calamine::Cell::new;
    let error = Data::Error(calamine::CellErrorType::Div0);
    let cells = vec![
        cell((0, 0), text("amount")),
        cell((0, 1), text("other")),
        cell((1, 1), error),
        cell((2, 1), text("x")),
    ];
    let formulas = Range::from_sparse(vec![calamine::Cell::new((1, 0), "A9*2".to_owned())]);
    let sheet =
        Sheet::of(&Range::from_sparse(cells), &formulas, &StyleRange::empty(), Heads::default());
    assert_eq!(sheet.row(1).unwrap().1.first(), Some(&Held::Nothing));
    let (_, cells) = sheet.row(0).unwrap();
    for cell in cells {
        let read = cell.cell(&Kind::Money(2), &Names::default());
        assert_eq!(read, Err(Unreadable::CellError), "{cell:?}");
    }
}

/// Days of both systems of counting them, by the serial numbers that Excel documents.
#[test]
fn days_are_counted_from_1900_or_1904() {
    use calamine::ExcelDateTimeType::{DateTime, TimeDelta};
    let held = |serial: i32, is_1904| {
        day(&ExcelDateTime::new(f64::from(serial), DateTime, is_1904)).text().into_owned()
    };
    for (serial, since_1900, since_1904) in [
        (1, "1900-01-01", "1904-01-02"),
        (59, "1900-02-28", "1904-02-29"),
        // A day that there was not.
        (60, "1900-02-29", "1904-03-01"),
        (61, "1900-03-01", "1904-03-02"),
        (45352, "2024-03-01", "2028-03-02"),
        (2_958_465, "9999-12-31", "9999-12-31"),
        (2_958_466, "2958466", "2958466"),
        (-1, "-1", "-1"),
    ] {
        assert_eq!(held(serial, false), since_1900, "{serial}");
        if serial < 2_957_000 {
            assert_eq!(held(serial, true), since_1904, "{serial}");
        }
    }
    assert_eq!(held(0, false), "0");
    let duration = ExcelDateTime::new(1.0, TimeDelta, false);
    assert_eq!(day(&duration), Held::Moment("1".into()));
}

proptest! {
    /// Whatever amount of at most fifteen digits stands in a cell is read as that amount.
    #[test]
    fn amounts_survive_the_cell(units in -999_999_999_999_999_i64..=999_999_999_999_999, scale in 0_u8..5) {
        let text = Money::from_minor(i128::from(units)).format(scale);
        let held = shown(text.parse().unwrap());
        let cell = held.cell(&Kind::Money(scale), &Names::default());
        prop_assert_eq!(cell, Ok(Cell::Money(Money::from_minor(i128::from(units)))));
    }

    /// A number that is no amount of so many digits is never taken for one nearby.
    #[test]
    fn what_is_read_is_what_was_shown(bits: u64) {
        let number = f64::from_bits(bits);
        let cell = shown(number).cell(&Kind::Money(2), &Names::default());
        if let Ok(Cell::Money(amount)) = cell {
            let back: f64 = amount.format(2).parse().unwrap();
            prop_assert_eq!(format!("{back:.14e}"), format!("{:.14e}", number));
        }
    }
}

/// A part that is not what its checksum says is not read, also where all that is asked for could be.
#[test]
fn a_damaged_workbook_is_refused() {
    let fill = |sheet: &mut rust_xlsxwriter::Worksheet| {
        sheet.write(0, 0, "金额").unwrap();
    };
    let bytes = book(&mut { fill }, &["收入"]);
    let read = |bytes: Vec<u8>| Sheet::read(bytes, "book.xlsx", None, Heads::default());
    assert!(read(bytes.clone()).is_ok());
    // The checksum stands sixteen bytes behind the start of a part's entry in the list at the end.
    let name = b"xl/worksheets/sheet1.xml";
    let entry = (0..bytes.len())
        .rfind(|at| bytes[*at..].starts_with(b"PK\x01\x02") && bytes[at + 46..].starts_with(name));
    let mut damaged = bytes;
    damaged[entry.unwrap() + 16] ^= 1;
    let error = read(damaged).unwrap_err().to_string();
    assert!(error.contains("`xl/worksheets/sheet1.xml` is not what its checksum says"), "{error}");
}
