//! A cell means the same whatever way it comes in: CSV has a reader of its own for cells spelt the usual way,
//! and what a mapping says of a field holds for these as well.

use std::fmt::Write;

use crate::cli::outcome;

const RULES: &str = "
module spelt
authority national
settlement largest remainder
account all
event receipt { id : text unique; date : date effective; amount : money inflow }
rule kept of receipt
  split inflow
    rest to all
";

const AMOUNTS: [&str; 24] = [
    "12.34",
    "12",
    "-12.34",
    "0.00",
    "0",
    "12.3456",
    "12.340",
    " 12.34",
    "12.34 ",
    "+12.34",
    "1,234.50",
    "12,34",
    "￥12.34",
    "¥12.34",
    "-￥12.34",
    "12.34元",
    "12.34万元",
    "-12.34万元",
    "1,234.5万元",
    "12.34567",
    "0.000001",
    "999999999999.99",
    "",
    "x",
];

const DAYS: [&str; 9] = [
    "2024-03-05",
    "2024/3/5",
    "2024/03/05",
    "20240305",
    "5.3.2024",
    "2024-3-5",
    "2024-13-05",
    "2024-02-30",
    "",
];

/// What a mapping says, and how the first amount comes out by it.
const FORMATS: [(&str, &str); 9] = [
    ("", "12.34"),
    ("amount = \"0.00万元\"", "123400.00"),
    ("amount = \"#,##0.00亿元\"", "1234000000.00"),
    ("amount = \"#,##0.00\"", "12.34"),
    ("amount = [\"￥0.00\", \"0.00元\"]", "12.34"),
    ("date = \"yyyy/m/d\"", "12.34"),
    ("date = [\"yyyymmdd\", \"d.m.yyyy\"]\namount = \"0.00千元\"", "12340.00"),
    ("date = \"yyyy-m-d\"", "12.34"),
    ("date = \"yyyy-m-d\"\namount = \"0.00百万元\"", "12340000.00"),
];

#[test]
fn a_cell_means_the_same_in_csv_and_in_records() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("rules.fen", RULES);
    let head = "id,date,amount\n".to_owned();
    let (mut csv, mut quoted, mut records) = (head.clone(), head, String::new());
    let cells = DAYS.iter().flat_map(|day| AMOUNTS.iter().map(move |amount| (day, amount)));
    for (id, (day, amount)) in cells.enumerate() {
        let cell =
            if amount.contains(',') { format!("\"{amount}\"") } else { (*amount).to_owned() };
        writeln!(csv, "{id},{day},{cell}").unwrap();
        writeln!(quoted, "\"{id}\",\"{day}\",\"{amount}\"").unwrap();
        writeln!(records, "{{\"id\":\"{id}\",\"date\":\"{day}\",\"amount\":\"{amount}\"}}")
            .unwrap();
    }
    write("events.csv", &csv);
    write("quoted.csv", &quoted);
    write("events.ndjson", &records);
    for (formats, first) in FORMATS {
        write("map.toml", &format!("[formats]\n{formats}\n"));
        let run = |file: &str| {
            let command =
                format!("fenshui run rules.fen {file} --map map.toml --out - --format csv -q");
            let told = outcome(&command, folder.path(), "");
            told.lines().filter(|line| !line.starts_with('!')).collect::<Vec<_>>().join("\n")
        };
        let told = run("events.csv");
        let line = told.lines().nth(1).unwrap_or_default();
        assert_eq!(line, format!("0,all,{first}"), "{formats}");
        assert_eq!(told, run("events.ndjson"), "{formats}");
        assert_eq!(told, run("quoted.csv"), "{formats}");
    }
}

const TWO_KINDS: &str = "
module kinds
authority national
settlement largest remainder
account all
event pay \"入库\" { id \"凭证号\" : text unique; date : date effective; amount \"金额\" : money inflow }
event fine \"罚没\" { id \"凭证号\" : text unique; date : date effective; why \"事由\" : text?
  amount \"金额\" : money inflow }
rule kept
  split inflow
    rest to all
";

/// Where rows say of what kind they are, which column counts is as clear as elsewhere.
#[test]
fn columns_of_files_of_several_kinds_are_looked_at() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("rules.fen", TWO_KINDS);
    let run = |head: &str, row: &str| {
        write("events.csv", &format!("{head}\n{row}\n"));
        outcome("fenshui run rules.fen events.csv --out - --format csv", folder.path(), "")
    };
    for head in
        ["event,id,date,amount,金额", "event,id,date,金额,amount", "event,id,date,amount,amount"]
    {
        let told = run(head, "pay,A,2024-03-01,100.00,5.00");
        assert!(told.contains("both are field `amount` of `pay`"), "{told}");
        assert!(told.ends_with("[exit 2]\n"), "{told}");
    }
    let told = run("event,id,date,amount,whi,remark", "fine,A,2024-03-01,100.00,late,x");
    assert!(told.contains("columns not used: remark, whi"), "{told}");
    assert!(told.contains("fine,A,all,100.00"), "{told}");
}

/// A unit of all amounts would leave out those inside of lists without a word.
#[test]
fn a_unit_of_all_amounts_is_refused_where_some_are_in_lists() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    let rules = RULES
        .replace("amount : money inflow }", "amount : money inflow; before : list of money? }");
    assert_ne!(rules, RULES);
    write("rules.fen", &rules);
    write(
        "events.ndjson",
        "{\"id\":\"A\",\"date\":\"2024-03-05\",\"amount\":4,\"before\":[1,2.5]}\n",
    );
    let run = |map: &str| {
        write("map.toml", map);
        let command = "fenshui run rules.fen events.ndjson --map map.toml --out - --format csv -q";
        outcome(command, folder.path(), "")
    };
    let told = run("[formats]\namount = \"0.00万元\"\n");
    assert!(told.contains("amounts inside `before` of `receipt` are in the currency"), "{told}");
    assert_eq!(
        run("[formats.receipt]\namount = \"0.00万元\"\n"),
        "id,account,amount\nA,all,40000.00\n"
    );
}

/// A register row that holds on no day would be missed by events without a word.
#[test]
fn a_register_row_holds_on_some_day() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    let register = "register caps by id { id : text\n  dated { cap : money } }\n";
    write("rules.fen", &format!("{RULES}{register}"));
    write("events.csv", "id,date,amount\nA,2024-03-05,1.00\n");
    let run = |until: &str| {
        write("caps.csv", &format!("id,cap,from,until\nA,1.00,2024-01-01,{until}\n"));
        let command =
            "fenshui run rules.fen events.csv --register caps=caps.csv --out - --format csv -q";
        outcome(command, folder.path(), "")
    };
    for until in ["2024-01-01", "2023-12-31"] {
        let told = run(until);
        assert!(told.contains("`caps.csv`: a row of the register cannot be read"), "{told}");
        assert!(
            told.contains(&format!(
                "caps.csv:2: its period begins on 2024-01-01 and ends before {until}"
            )),
            "{told}"
        );
    }
    assert_eq!(run("2024-01-02"), "id,account,amount\nA,all,1.00\n");
    assert_eq!(run(""), "id,account,amount\nA,all,1.00\n");
}

/// What is a truth value or a mapped text in every other sort of file is one as a number of a record.
#[test]
fn numbers_of_records_mean_what_their_digits_do() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    let rules =
        RULES.replace("amount : money inflow }", "amount : money inflow; ok : bool; tax : Tax }");
    let rules = rules.replace("account all", "account all\ntaxes { vat; deed }");
    write("rules.fen", &rules);
    write("map.toml", "[values.receipt.tax]\n\"1\" = \"deed\"\n");
    write("events.csv", "id,date,amount,ok,tax\nA,2024-03-05,1.00,1,1\n");
    write(
        "events.ndjson",
        "{\"id\":\"A\",\"date\":\"2024-03-05\",\"amount\":1,\"ok\":1,\"tax\":1}\n",
    );
    let run = |file: &str| {
        let command =
            format!("fenshui run rules.fen {file} --map map.toml --out - --format csv -q");
        outcome(&command, folder.path(), "")
    };
    assert_eq!(run("events.csv"), "id,account,amount\nA,all,1.00\n");
    assert_eq!(run("events.ndjson"), run("events.csv"));
}

/// Rows of files with other names for their columns, set aside together, can be mended and sent again.
#[test]
fn rows_set_aside_from_files_with_other_heads_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let write = |name: &str, text: &str| std::fs::write(path(name), text).unwrap();
    write("rules.fen", TWO_KINDS);
    write("one.csv", "凭证号,date,金额\nA,2024-03-01,x\nB,2024-03-02,2.00\n");
    write("two.csv", "id,date,amount,事由\nC,2024-03-03,x,late\n");
    let run = |files: &str, more: &str| {
        let command = format!("fenshui run rules.fen {files} --out - --format csv -q{more}");
        outcome(&command, folder.path(), "")
    };
    for layout in ["csv", "ndjson", "xlsx"] {
        let aside = format!("aside.{layout}");
        let told = run("pay=one.csv fine=two.csv", &format!(" --set-aside {aside}"));
        assert!(told.contains("pay,B,all,2.00"), "{told}");
        if layout == "xlsx" {
            // Not mended, both rows come back for what is wrong with them and nothing else.
            let told = run(&aside, "");
            assert_eq!(told.matches("`x` is not an amount").count(), 2, "{told}");
            continue;
        }
        let text = std::fs::read_to_string(path(&aside)).unwrap();
        let mended = text.replace(",x,", ",5.00,").replace("\"x\"", "\"5.00\"");
        assert_ne!(mended, text);
        write(&aside, &mended);
        let told = run(&aside, "");
        assert_eq!(told, "event,id,account,amount\npay,A,all,5.00\nfine,C,all,5.00\n", "{layout}");
    }
    // Of two that are filled nobody can say which counts.
    let text = std::fs::read_to_string(path("aside.csv")).unwrap();
    let head = text.lines().next().unwrap();
    let at = head.split(',').position(|name| name == "id").unwrap();
    let second = text.lines().nth(1).unwrap();
    let mut cells: Vec<&str> = second.splitn(at + 2, ',').collect();
    cells[at] = "Z";
    write("both.csv", &format!("{head}\n{}\n", cells.join(",")));
    let told = run("both.csv", "");
    assert!(told.contains("`Z` is named twice"), "{told}");
}
