//! Workbooks in and out: the same events from a sheet and from CSV come to the same, what a
//! spreadsheet has spoilt is set aside by the name of its cell, and results are read back as they were.

use std::fs;
use std::path::Path;
use std::process::Command;

use calamine::{Data, Reader};
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook};

use crate::program::{run, said};

const RULES: &str = r#"
module sheets
authority national
settlement largest remainder
regions { north "北"; south "南" }
account treasury[Region]
account firm[text]
event receipt "入库" {
  id "凭证号" : text unique
  date "日期" : date effective
  origin "地区" : Region
  amount "金额" : money inflow
}
register share "比例" by region { region : Region; part : rate; firm : text }
rule divide
  with s = share[origin]
  split inflow
    s.part  to treasury[origin]
    rest    to firm[s.firm]
"#;

/// A folder with rules, a register as CSV, and events and the register as sheets.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let put = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    put("rules.fen", RULES);
    put("share.csv", "region,part,firm\nnorth,0.375,=A1\nsouth,1/3,001\n");
    put(
        "events.csv",
        "id,date,origin,amount\n007,2024-07-16,north,1234567890123.45\n8,2024-02-29,south,-0.30\n",
    );
    let mut workbook = Workbook::new();
    let day = Format::new().set_num_format("yyyy\"年\"m\"月\"d\"日\"");
    let date = |year, month, day| ExcelDateTime::from_ymd(year, month, day).unwrap();
    let sheet = workbook.add_worksheet().set_name("入库").unwrap();
    for (column, name) in ["凭证号", "日期", "地区", "金额"].iter().enumerate() {
        sheet.write(1, u16::try_from(column).unwrap() + 1, *name).unwrap();
    }
    sheet.write(2, 1, "007").unwrap();
    sheet.write_with_format(2, 2, date(2024, 7, 16), &day).unwrap();
    sheet.write(2, 3, "北").unwrap();
    sheet.write(2, 4, 1_234_567_890_123.45).unwrap();
    sheet.write(4, 1, 8).unwrap();
    sheet.write_with_format(4, 2, date(2024, 2, 29), &day).unwrap();
    sheet.write(4, 3, "south").unwrap();
    // As a sum of cells comes out: -0.30000000000000004.
    sheet.write(4, 4, -0.300_000_000_000_000_04).unwrap();
    let sheet = workbook.add_worksheet().set_name("share").unwrap();
    for (row, cells) in [["region", "part", "firm"], ["north", "", "=A1"], ["south", "1/3", "001"]]
        .iter()
        .enumerate()
    {
        for (column, cell) in cells.iter().enumerate() {
            let (row, column) = (u32::try_from(row).unwrap(), u16::try_from(column).unwrap());
            sheet.write_string(row, column, *cell).unwrap();
        }
    }
    sheet.write(1, 1, 0.375).unwrap();
    workbook.save(folder.path().join("book.xlsx")).unwrap();
    folder
}

#[test]
fn a_sheet_is_a_table_like_any_other() {
    let folder = folder();
    let csv = ["events.csv", "--register", "share=share.csv", "--format", "csv", "-q"];
    let wanted = run(folder.path(), &csv);
    assert!(wanted.status.success(), "{}", said(&wanted));
    let sheets = ["book.xlsx#入库", "--register", "share=book.xlsx#share", "--format", "csv", "-q"];
    let found = run(folder.path(), &sheets);
    assert!(found.status.success(), "{}", said(&found));
    assert_eq!(String::from_utf8(found.stdout), String::from_utf8(wanted.stdout));
    let which = run(folder.path(), &["book.xlsx", "--register", "share=share.csv"]);
    assert_eq!(
        said(&which),
        "error: `book.xlsx`: the workbook has several sheets\n\
         help: say which: `book.xlsx#入库`, `book.xlsx#share`\n"
    );
    let over = run(folder.path(), &["book.xlsx#入库", "--out", "book.xlsx"]);
    assert!(said(&over).contains("would be overwritten"), "{}", said(&over));
    let over = run(
        folder.path(),
        &["events.csv", "--register", "share=book.xlsx#share", "--out", "book.xlsx"],
    );
    assert!(said(&over).contains("is a register and would be overwritten"), "{}", said(&over));
}

#[test]
fn sheets_of_one_workbook_are_files_of_their_own() {
    let folder = folder();
    let mut workbook = Workbook::new();
    let rows = [
        ("一月", ["007", "2024-07-16", "north", "1234567890123.45"]),
        ("二月", ["8", "2024-02-29", "south", "-0.30"]),
    ];
    for (name, row) in rows {
        let sheet = workbook.add_worksheet().set_name(name).unwrap();
        for (column, (head, cell)) in (0..).zip(["id", "date", "origin", "amount"].iter().zip(row))
        {
            sheet.write_string(0, column, *head).unwrap();
            sheet.write_string(1, column, cell).unwrap();
        }
    }
    workbook.save(folder.path().join("months.xlsx")).unwrap();
    let register = ["--register", "share=share.csv", "--format", "csv", "-q"];
    let wanted = run(folder.path(), &[&["events.csv"], &register[..]].concat());
    let sheets = ["months.xlsx#一月", "months.xlsx#二月"];
    let found = run(folder.path(), &[&sheets[..], &register[..]].concat());
    assert!(found.status.success(), "{}", said(&found));
    assert_eq!(String::from_utf8(found.stdout), String::from_utf8(wanted.stdout));
    let twice =
        run(folder.path(), &[&["months.xlsx#一月", "./months.xlsx#一月"], &register[..]].concat());
    assert!(said(&twice).contains("the file is named twice"), "{}", said(&twice));
    let twice = [
        "events.csv",
        "--register",
        "share=book.xlsx#share",
        "--register",
        "share=./book.xlsx#share",
    ];
    let twice = run(folder.path(), &twice);
    assert!(said(&twice).contains("is named twice for register"), "{}", said(&twice));
}

/// The cells of a sheet as text, a number with `#` in front, and how many formulas it has.
fn cells(file: &Path, sheet: &str) -> (Vec<Vec<String>>, usize) {
    let mut book: calamine::Xlsx<_> = calamine::open_workbook(file).unwrap();
    let formulas = book.worksheet_formula(sheet).unwrap().used_cells().count();
    let rows = book.worksheet_range(sheet).unwrap();
    let shown = |cell: &Data| match cell {
        Data::Float(number) => format!("#{number}"),
        other => other.to_string(),
    };
    (rows.rows().map(|row| row.iter().map(shown).collect()).collect(), formulas)
}

#[test]
fn results_are_sheets() {
    let folder = folder();
    let outputs = ["--out", "allocated.xlsx", "--summary", "sums.xlsx"];
    let events = ["events.csv", "--register", "share=share.csv", "-q"];
    let output = run(folder.path(), &[&events[..], &outputs[..]].concat());
    assert!(output.status.success(), "{}", said(&output));
    let (found, formulas) = cells(&folder.path().join("allocated.xlsx"), "allocated");
    let wanted = [
        ["id", "account", "amount"],
        ["007", "treasury[north]", "#462962958796.29"],
        ["007", "firm[=A1]", "#771604931327.16"],
        ["8", "treasury[south]", "#-0.1"],
        ["8", "firm[001]", "#-0.2"],
    ];
    assert_eq!(found, wanted);
    assert_eq!(formulas, 0);
    let first = fs::read(folder.path().join("allocated.xlsx")).unwrap();
    run(folder.path(), &[&events[..], &outputs[..]].concat());
    assert!(first == fs::read(folder.path().join("allocated.xlsx")).unwrap());
    let (found, _) = cells(&folder.path().join("sums.xlsx"), "sums");
    assert_eq!(found[0], ["account", "year", "amount"]);
    assert_eq!(found[1], ["treasury[north]", "2024", "#462962958796.29"]);
}

#[test]
fn an_amount_of_more_digits_is_written_as_text() {
    let folder = folder();
    let events = "id,date,origin,amount\n=1+1,2024-07-16,south,30000000000000.00\n";
    fs::write(folder.path().join("events.csv"), events).unwrap();
    let arguments = ["events.csv", "--register", "share=share.csv", "-q", "--out", "a.xlsx"];
    assert!(run(folder.path(), &arguments).status.success());
    let (found, formulas) = cells(&folder.path().join("a.xlsx"), "a");
    assert_eq!(found[1], ["=1+1", "treasury[south]", "10000000000000.00"]);
    assert_eq!(formulas, 0);
}

#[test]
fn what_a_spreadsheet_has_spoilt_is_set_aside_by_its_cell() {
    let folder = folder();
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet().set_name("a").unwrap();
    for (column, name) in (0_u16..).zip(["id", "date", "origin", "amount"]) {
        sheet.write(0, column, name).unwrap();
    }
    let day = Format::new().set_num_format("yyyy-mm-dd hh:mm");
    let date = ExcelDateTime::from_ymd(2024, 7, 16).unwrap();
    let noon = ExcelDateTime::from_ymd(2024, 7, 16).unwrap().and_hms(12, 0, 0).unwrap();
    for row in 1..6 {
        sheet.write(row, 0, format!("R{row}")).unwrap();
        sheet.write_with_format(row, 1, &date, &day).unwrap();
        sheet.write(row, 2, "north").unwrap();
        sheet.write(row, 3, 10.5).unwrap();
    }
    sheet.write(1, 0, 911_100_001_234_567_000_i64).unwrap();
    sheet.write_with_format(2, 1, &noon, &day).unwrap();
    sheet.write(3, 3, 33.333_333_333_333_336).unwrap();
    sheet.write(4, 1, 45352).unwrap();
    workbook.save(folder.path().join("spoilt.xlsx")).unwrap();
    let arguments = ["spoilt.xlsx", "--register", "share=share.csv", "-q", "--out", "o.csv"];
    let output = run(folder.path(), &[&arguments[..], &["--set-aside", "aside.xlsx"]].concat());
    let said = said(&output);
    let wanted = [
        "spoilt.xlsx#a!A2: column `id`: `911100001234567000` needs more digits, decimals included, than the fifteen",
        "spoilt.xlsx#a!B3: column `date`: `2024-07-16 12:00:00` is not a day alone",
        "spoilt.xlsx#a!D4: column `amount`: `33.3333333333333` has more decimals than the currency",
        "spoilt.xlsx#a!B5: column `date`: `45352` is not a date",
    ];
    for wanted in wanted {
        assert!(said.contains(wanted), "{said}");
    }
    assert_eq!(said.matches("set aside[S01]").count(), 4, "{said}");
    assert_eq!(output.status.code(), Some(1));
    // What is set aside can be mended there and sent again: it is read as it was written.
    let (found, _) = cells(&folder.path().join("aside.xlsx"), "aside");
    assert_eq!(found.len(), 5);
    assert_eq!(
        &found[3][..6],
        ["R3", "2024-07-16", "north", "33.3333333333333", "spoilt.xlsx#a", "4"]
    );
    let arguments = ["aside.xlsx", "--register", "share=share.csv", "-q", "--out", "o2.csv"];
    let again = run(folder.path(), &arguments);
    assert!(
        String::from_utf8_lossy(&again.stderr).contains("aside.xlsx#aside!D4: column `amount`")
    );
}

#[test]
fn a_number_that_its_cell_shows_otherwise_is_set_aside() {
    let folder = folder();
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet().set_name("a").unwrap();
    for (column, name) in (0_u16..).zip(["id", "date", "origin", "amount"]) {
        sheet.write(0, column, name).unwrap();
    }
    let shown = |format: &str| Format::new().set_num_format(format);
    for row in 1..7 {
        sheet.write(row, 0, row * 111).unwrap();
        sheet.write(row, 1, "2024-07-16").unwrap();
        sheet.write(row, 2, "north").unwrap();
        sheet.write(row, 3, 10.5).unwrap();
    }
    sheet.write_with_format(1, 0, 123, &shown("000000")).unwrap();
    sheet.write_with_format(2, 3, 0.35, &shown("0%")).unwrap();
    sheet.write_with_format(3, 3, 1234.5, &shown("#,##0.00")).unwrap();
    sheet.write_with_format(4, 0, 444, &shown("0_ ")).unwrap();
    sheet.write_with_format(5, 1, 60, &shown("yyyy-mm-dd")).unwrap();
    sheet.write(6, 0, 1.000_000_000_000_000_2).unwrap();
    workbook.save(folder.path().join("shown.xlsx")).unwrap();
    let arguments = ["shown.xlsx", "--register", "share=share.csv", "-q", "--format", "csv"];
    let output = run(folder.path(), &[&arguments[..], &["--set-aside", "aside.csv"]].concat());
    let said = said(&output);
    for wanted in [
        "shown.xlsx#a!A2: column `id`: `123` is a number that its cell shows with other signs",
        "shown.xlsx#a!D3: column `amount`: `0.35` is a number that its cell shows with other signs",
        "shown.xlsx#a!B6: column `date`: `1900-02-29` is no day of the calendar",
        "shown.xlsx#a!A7: column `id`: `1…` needs more digits, decimals included, than the fifteen",
    ] {
        assert!(said.contains(wanted), "{wanted}\n{said}");
    }
    assert_eq!(said.matches("set aside[S01]").count(), 4, "{said}");
    let out = String::from_utf8(output.stdout).unwrap();
    assert!(out.contains("\n333,") && out.contains("\n444,"), "{out}");
    // What the digits alone would say does not come back as a text.
    let aside = fs::read_to_string(folder.path().join("aside.csv")).unwrap();
    assert!(aside.contains("\n,,,,shown.xlsx#a,2,"), "{aside}");
}

#[test]
fn an_audit_takes_no_code_that_has_lost_digits_and_writes_numbers() {
    let folder = folder();
    let put = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    put("rules.fen", &RULES.replace("rest    to firm[s.firm]", "rest    to treasury[origin]"));
    put(
        "events.csv",
        "id,date,origin,amount\n911100001234567000,2024-07-16,north,8.00\n7,2024-07-16,north,9.00\n",
    );
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet().set_name("a").unwrap();
    for (column, name) in (0_u16..).zip(["凭证号", "treasury[north]"]) {
        sheet.write(0, column, name).unwrap();
    }
    sheet.write(1, 0, 911_100_001_234_567_000_i64).unwrap();
    sheet.write(1, 1, 8).unwrap();
    sheet.write(2, 0, 7).unwrap();
    sheet.write(2, 1, 9.5).unwrap();
    workbook.save(folder.path().join("table.xlsx")).unwrap();
    let audit = ["audit", "table.xlsx", "--rules", "rules.fen", "--events", "events.csv"];
    let more = ["--register", "share=share.csv", "--out", "out.xlsx", "--lang", "zh"];
    let mut command = Command::new(env!("CARGO_BIN_EXE_fenshui"));
    let output = command.args(audit).args(more).current_dir(folder.path()).env_clear().output();
    let output = output.unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    let (found, _) = cells(&folder.path().join("out.xlsx"), "out");
    let heads = ["凭证号", "treasury[north]", "结论", "说明", "应分", "差额", "可由此解释"];
    assert_eq!(found[0], heads);
    assert_eq!(found[1][..3], ["911100001234567000", "#8", "无法读取"]);
    assert!(found[1][3].contains("「凭证号」"), "{:?}", found[1]);
    assert_eq!(found[2][..3], ["7", "#9.5", "不符"]);
}

/// What an audit finds of rows whose cells show their amounts, in 万元 or not, in these formats.
fn audited(formats: &[(&str, bool)], unit: &[&str]) -> Vec<String> {
    let folder = folder();
    let put = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    put("rules.fen", &RULES.replace("rest    to firm[s.firm]", "rest    to treasury[origin]"));
    let mut events = "id,date,origin,amount\n".to_owned();
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    for (column, name) in (0_u16..).zip(["凭证号", "treasury[north]"]) {
        sheet.write(0, column, name).unwrap();
    }
    for (row, (format, in_unit)) in (1_u32..).zip(formats) {
        events.push_str(&format!("{row}23,2024-07-16,north,123400.00\n"));
        sheet.write(row, 0, row * 100 + 23).unwrap();
        let format = Format::new().set_num_format(*format);
        let amount = if *in_unit { 12.34 } else { 123_400.0 };
        sheet.write_with_format(row, 1, amount, &format).unwrap();
    }
    let last = u32::try_from(formats.len()).unwrap() + 1;
    events.push_str("000999,2024-07-16,north,123400.00\n999,2024-07-16,north,123400.00\n");
    let code = Format::new().set_num_format("000000");
    sheet.write_with_format(last, 0, 999, &code).unwrap();
    put("events.csv", &events);
    workbook.save(folder.path().join("table.xlsx")).unwrap();
    let audit = ["audit", "table.xlsx", "--rules", "rules.fen", "--events", "events.csv"];
    let more = ["--register", "share=share.csv", "--out", "out.csv"];
    let mut command = Command::new(env!("CARGO_BIN_EXE_fenshui"));
    let output = command.args(audit).args(more).args(unit).current_dir(folder.path()).env_clear();
    let output = output.output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    let out = fs::read_to_string(folder.path().join("out.csv")).unwrap();
    let verdict = |line: &str| line.split(',').nth(2).unwrap_or_default().to_owned();
    out.lines().skip(1).map(verdict).collect()
}

/// An amount that its cell shows in 万元, in thousands or with a percent sign is none by its digits, and
/// a code with zeros in front is another.
#[test]
fn an_audit_heeds_how_cells_show_their_numbers() {
    let formats = [
        ("#,##0.00", false),
        ("0.00\"万元\"", true),
        ("0!.0,\"万元\"", false),
        ("0,", false),
        ("0%", false),
        ("General", true),
    ];
    // Of the two codes neither is the row's.
    let (unreadable, no_row) = ("unreadable", "no_row");
    let found = audited(&formats, &[]);
    let wanted = [
        "agrees", unreadable, unreadable, unreadable, unreadable, "off", unreadable, no_row, no_row,
    ];
    assert_eq!(found, wanted);
    let found = audited(&formats, &["--unit", "万元"]);
    let wanted =
        ["off", "agrees", unreadable, unreadable, unreadable, "agrees", unreadable, no_row, no_row];
    assert_eq!(found, wanted);
}

const KINDS: &str = r#"
module kinds
authority national
settlement largest remainder
account firm[text]
account central
event receipt { id : text unique; date : date effective; payer : text?; amount : money inflow }
event fee { id : text unique; date : date effective; amount : money inflow }
rule of_receipts of receipt
  split inflow
    all to central
rule of_payers of receipt
  overrides of_receipts
  when payer as p
  split inflow
    all to firm[p]
rule of_fees of fee
  split inflow
    all to central
"#;

/// What is written where nothing is allocated.
const NOTHING: &str = "event,id,account,amount\n";

/// A sheet in which every row has a cell that its text does not tell.
fn lost_cells(file: &Path) {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet().set_name("a").unwrap();
    for (column, name) in (0_u16..).zip(["event", "id", "date", "payer", "amount"]) {
        sheet.write(0, column, name).unwrap();
    }
    let day = Format::new().set_num_format("yyyy-mm-dd");
    let date = ExcelDateTime::from_ymd(2024, 7, 16).unwrap();
    for row in 1..=6 {
        sheet.write(row, 0, "receipt").unwrap();
        sheet.write(row, 1, format!("R{row}")).unwrap();
        sheet.write_with_format(row, 2, &date, &day).unwrap();
        sheet.write(row, 4, 10.5).unwrap();
    }
    sheet.write(1, 1, 911_100_001_234_567_000_i64).unwrap();
    sheet.write_with_format(2, 3, &date, &day).unwrap();
    let failed = rust_xlsxwriter::Formula::new("VLOOKUP(1,A1,1)").set_result("#N/A");
    sheet.write_formula(3, 3, failed).unwrap();
    // Two faults: who mends the day alone must not send the digits that are left.
    sheet.write(4, 1, 911_100_001_234_567_000_i64).unwrap();
    sheet.write(4, 2, "2024/7/16").unwrap();
    sheet.write(5, 3, true).unwrap();
    // Nobody knows the event, so that nobody has read the rest.
    sheet.write(6, 0, "recipt").unwrap();
    sheet.write(6, 1, 911_100_001_234_567_000_i64).unwrap();
    workbook.save(file).unwrap();
}

/// Runs over a file; gives the allocations, where each row set aside stood and what is in `row`.
fn set_aside(folder: &Path, events: &str, ending: &str) -> (String, Vec<String>, Vec<String>) {
    let (out, aside) = (format!("{events}.out.csv"), format!("{events}.aside.{ending}"));
    let arguments = [events, "--out", &out, "--set-aside", &aside, "-q"];
    let output = run(folder, &arguments);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    let told = said(&output);
    let places = told.lines().filter_map(|line| line.strip_prefix("set aside[S01]: "));
    let places = places.map(str::to_owned).collect();
    let again = run(folder, &[events, "--out", &out, "--set-aside", "rows.csv", "-q"]);
    assert_eq!(again.status.code(), Some(1));
    let rows = fs::read_to_string(folder.join("rows.csv")).unwrap();
    let rows = rows.lines().skip(1).map(str::to_owned).collect();
    (fs::read_to_string(folder.join(&out)).unwrap(), places, rows)
}

#[test]
fn what_is_lost_is_not_read_from_the_rows_set_aside() {
    for ending in ["csv", "xlsx", "ndjson"] {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("rules.fen"), KINDS).unwrap();
        lost_cells(&folder.path().join("lost.xlsx"));
        let (out, places, rows) = set_aside(folder.path(), "lost.xlsx", ending);
        assert_eq!(out, NOTHING);
        for (place, wanted) in places.iter().zip([
            "lost.xlsx#a!B2: column `id`: `911100001234567000` needs more digits",
            "lost.xlsx#a!D3: column `payer`: `2024-07-16` is a cell that the spreadsheet",
            "lost.xlsx#a!D4: column `payer`: `#N/A` is a formula that failed",
            "lost.xlsx#a!B5: column `id`: `911100001234567000` needs more digits",
            "lost.xlsx#a!D6: column `payer`: `true` is a cell that the spreadsheet",
            "lost.xlsx#a!A7: column `event`: `recipt` is not a declared value",
        ]) {
            assert!(place.starts_with(wanted), "{places:?}");
        }
        assert_eq!((places.len(), rows.len()), (6, 6));
        let whole = r#""[""receipt"",""911100001234567000"",""2024/7/16"","""",""10.5""]""#;
        assert!(rows[3].starts_with(",,,,,lost.xlsx#a,5,receipt,S01,"), "{}", rows[3]);
        assert!(rows[3].ends_with(whole), "{}", rows[3]);
        // As it is, it is set aside again, row for row.
        let name = format!("lost.xlsx.aside.{ending}");
        let (out, places, rows) = set_aside(folder.path(), &name, ending);
        assert_eq!(out, NOTHING);
        assert_eq!((places.len(), rows.len()), (6, 6));
        for place in &places {
            assert!(place.contains("nothing stands here, and a value is required"), "{place}");
        }
        assert!(rows[3].contains("911100001234567000"), "{}", rows[3]);
    }
}

#[test]
fn rows_whose_cells_fit_no_column_are_not_read_without_them() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("rules.fen"), KINDS).unwrap();
    let rows =
        "event,id,date,payer,amount\nreceipt,R1,2024-07-16,,1,234.50\nreceipt,R2,2024-07-16\n";
    fs::write(folder.path().join("ragged.csv"), rows).unwrap();
    let records = r#"[{"event":"receipt","id":true,"date":"2024/7/16","amount":"1.00"},
        {"event":"receipt","id":"R3","id":"R4","date":"2024-07-16","amount":"1.00"}]"#;
    fs::write(folder.path().join("values.json"), records).unwrap();
    for (file, first) in
        [("ragged.csv", "the row has 6 cells"), ("values.json", "`true` is no text")]
    {
        let (out, places, _) = set_aside(folder.path(), file, "csv");
        assert_eq!((out.as_str(), places.len()), (NOTHING, 2));
        assert!(places[0].contains(first), "{places:?}");
        let (out, places, _) = set_aside(folder.path(), &format!("{file}.aside.csv"), "csv");
        assert_eq!((out.as_str(), places.len()), (NOTHING, 2));
    }
}

#[test]
fn a_sheet_with_a_title_and_totals_says_so() {
    let folder = folder();
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet().set_name("收入").unwrap();
    let merged = Format::new();
    sheet.merge_range(1, 1, 1, 4, "2024年入库明细", &merged).unwrap();
    for (column, name) in (1_u16..).zip(["凭证号", "日期", "地区", "金额"]) {
        sheet.write(3, column, name).unwrap();
    }
    let day = Format::new().set_num_format("yyyy-mm-dd");
    sheet.write(4, 1, "R1").unwrap();
    sheet.write_with_format(4, 2, ExcelDateTime::from_ymd(2024, 7, 16).unwrap(), &day).unwrap();
    sheet.write(4, 3, "北").unwrap();
    sheet.write(4, 4, 10.5).unwrap();
    sheet.write(5, 1, "合  计").unwrap();
    sheet.write(5, 4, 10.5).unwrap();
    workbook.save(folder.path().join("titled.xlsx")).unwrap();
    let register = ["--register", "share=share.csv", "-q", "--format", "csv"];
    let output = run(folder.path(), &[&["titled.xlsx"][..], &register].concat());
    let wanted = "line 4 looks like the column names (`凭证号`, `日期`, `地区`, `金额`): if it is, name \
                  the file as `titled.xlsx#收入:4`";
    assert!(said(&output).contains(wanted), "{}", said(&output));
    assert_eq!(output.status.code(), Some(2));
    for name in ["titled.xlsx#收入:4", "titled.xlsx:3"] {
        let output = run(folder.path(), &[&[name][..], &register].concat());
        assert_eq!(output.status.code(), Some(1), "{}", said(&output));
        let wanted = "set aside[S01]: titled.xlsx#收入!B6: column `凭证号`: `合  计` is what a row of totals";
        assert!(said(&output).contains(wanted), "{}", said(&output));
        let found = String::from_utf8(output.stdout).unwrap();
        assert_eq!(found, "id,account,amount\nR1,treasury[north],3.94\nR1,firm[=A1],6.56\n");
    }
    let output = run(folder.path(), &[&["titled.xlsx:30"][..], &register].concat());
    assert!(said(&output).contains("it ends before line 30"), "{}", said(&output));
}
