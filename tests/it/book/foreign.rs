//! What the book hands out, read by programs that are not ours.

use std::collections::BTreeMap;
use std::process::Command;

use crate::cli::{copy_folder, outcome};
use crate::floors::root;

/// hledger takes the journal as balanced, and its balances are the sums of the exported amounts.
#[test]
fn hledger_adds_up_to_the_same() {
    // Other people's programs are asked where they are known to be: `.ci/run` installs this one.
    if std::env::var_os("FENSHUI_FOREIGN").is_none() {
        return;
    }
    let folder = exported();
    let hledger = |arguments: &[&str]| {
        let mut command = Command::new("hledger");
        command.args(["-f", "book.journal"]).args(arguments).current_dir(folder.path());
        let output = command.env("LC_ALL", "C.UTF-8").output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    hledger(&["check", "--strict", "balancednoautoconversion"]);
    let table = std::fs::read_to_string(folder.path().join("tables/amounts.csv")).unwrap();
    let mut sums: BTreeMap<String, i64> = BTreeMap::new();
    for line in table.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        *sums.entry(cells[8].to_owned()).or_default() += fen(cells[9]);
    }
    sums.retain(|_, sum| *sum != 0);
    let mut theirs = BTreeMap::new();
    for line in hledger(&["balance", "not:inflow", "--flat", "-N", "-O", "csv"]).lines().skip(1) {
        let (account, amount) = line.split_once(',').unwrap();
        let amount = amount.trim_matches('"').strip_suffix(" CNY").unwrap();
        theirs.insert(account.trim_matches('"').to_owned(), fen(amount));
    }
    assert!(sums.len() >= 3, "{sums:?}");
    assert_eq!(theirs, sums);
}

/// Accounts with names that hledger cannot have stay different, and are read back from what stands for them.
#[test]
fn hledger_keeps_accounts_apart() {
    if std::env::var_os("FENSHUI_FOREIGN").is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    copy_folder(&root().join("tests/cases/cli/book_exports"), folder.path());
    for command in [
        "book init --name finance.example/2024",
        "book post names.fen payments.csv",
        "book export journal book.journal",
    ] {
        let said = outcome(&format!("fenshui {command}"), folder.path(), "b.book");
        assert!(!said.contains("error"), "{command}: {said}");
    }
    let hledger = |arguments: &[&str]| {
        let mut command = Command::new("hledger");
        command.args(["-f", "book.journal"]).args(arguments).current_dir(folder.path());
        let output = command.env("LC_ALL", "C.UTF-8").output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    hledger(&["check", "--strict", "balancednoautoconversion"]);
    let accounts = hledger(&["accounts", "--used", "owner"]);
    let mut accounts: Vec<String> = accounts.lines().map(read_back).collect();
    let payments = std::fs::read_to_string(folder.path().join("payments.csv")).unwrap();
    let payments = payments.split("2024-01-").skip(1);
    let mut payees: Vec<String> = payments
        .map(|row| {
            let payee = row.split_once("north,").unwrap().1.split_once(",1.00").unwrap().0;
            format!("owner[{}]", payee.trim_matches('"'))
        })
        .collect();
    accounts.sort();
    payees.sort();
    assert_eq!(payees.len(), 10);
    assert_eq!(accounts, payees);
}

/// A name of the journal with each `\u{…}` as the letter that it stands for.
fn read_back(name: &str) -> String {
    let mut parts = name.split("\\u{");
    let mut out = parts.next().unwrap().to_owned();
    for part in parts {
        let (number, rest) = part.split_once('}').unwrap();
        out.push(char::from_u32(u32::from_str_radix(number, 16).unwrap()).unwrap());
        out.push_str(rest);
    }
    out
}

/// A book with corrections, a refund, an event mended and rows set aside, written out in a folder:
/// `book.journal`, and `tables`.
pub(super) fn exported() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    copy_folder(&root().join("tests/cases/cli/book_proves"), folder.path());
    let fenshui = |command: &str| outcome(&format!("fenshui {command}"), folder.path(), "b.book");
    fenshui("book init --name finance.example/2018");
    for command in [
        "book post rules.fen.md first.csv --register caps=caps.csv",
        "book post rules.fen.md late.csv --register caps=caps.csv --recompute-late",
        "book post rules.fen.md second.csv --register caps=caps.csv",
    ] {
        assert!(fenshui(command).contains("the book has"), "{command}");
    }
    assert_eq!(fenshui("book export journal book.journal"), "");
    assert_eq!(fenshui("book export csv tables"), "");
    folder
}

/// The validator of the Frictionless project finds the tables as their package says, keys and links
/// included; and finds what was changed in them.
#[test]
fn frictionless_finds_the_tables_as_told() {
    if std::env::var_os("FENSHUI_FOREIGN").is_none() {
        return;
    }
    let folder = exported();
    let validate = || {
        let mut command = Command::new("frictionless");
        command.args(["validate", "datapackage.json", "--json"]);
        let output = command.current_dir(folder.path().join("tables")).output();
        let output = output.expect("the program `frictionless`, by `pip install frictionless`");
        let said = String::from_utf8(output.stdout).unwrap();
        let report: serde_json::Value = serde_json::from_str(&said).expect(&said);
        (report["valid"].as_bool().unwrap(), said)
    };
    let (valid, said) = validate();
    assert!(valid, "{said}");
    let events = folder.path().join("tables/events.csv");
    let table = std::fs::read_to_string(&events).unwrap();
    for (was, is, kind) in [
        ("\n10,correction,4,", "\n10,correction,99,", "foreign-key"),
        (",true,8,", ",perhaps,8,", "type-error"),
        ("\n9,event", "\n10,event", "primary-key"),
        ("4.00", "4.01", "hash-count"),
    ] {
        assert!(table.contains(was), "{was}");
        std::fs::write(&events, table.replacen(was, is, 1)).unwrap();
        let (valid, said) = validate();
        assert!(!valid && said.contains(kind), "{was:?} as {is:?}: {said}");
    }
}

/// Python's own reader of XML finds in a file that a mapping lays out the very values of the table.
#[test]
fn an_xml_reader_finds_what_a_mapping_lays_out() {
    if std::env::var_os("FENSHUI_FOREIGN").is_none() {
        return;
    }
    const READ: &str = "import sys, xml.etree.ElementTree as tree\n\
        for row in tree.parse(sys.argv[1]).getroot().find('rows'):\n  \
        print(row.find('of/entry').text, row.find('of/account').text or '', row.find('said').text)";
    const MAP: &str = "[[file]]\nname = 'out.xml'\nrows = 'amounts'\nlayout = 'xml'\n\
        root = 'book/rows'\nrow = 'row'\n\
        fields = [['of/entry', 'entry'], ['of/account', 'account'], ['said', '=<a & b>']]\n";
    let folder = exported();
    std::fs::write(folder.path().join("map.toml"), MAP).unwrap();
    let told = outcome("fenshui book export mapped . --map map.toml", folder.path(), "b.book");
    assert_eq!(told, "");
    let mut python = Command::new("python3");
    let read = python.args(["-c", READ, "out.xml"]).current_dir(folder.path()).output().unwrap();
    assert!(read.status.success(), "{}", String::from_utf8_lossy(&read.stderr));
    let table = std::fs::read_to_string(folder.path().join("tables/amounts.csv")).unwrap();
    let wanted = table.lines().skip(1).map(|line| {
        let cells: Vec<&str> = line.split(',').collect();
        format!("{} {} <a & b>\n", cells[1], cells[8])
    });
    assert_eq!(String::from_utf8(read.stdout).unwrap(), wanted.collect::<String>());
}

fn fen(amount: &str) -> i64 {
    let (whole, fraction) = amount.split_once('.').unwrap();
    assert_eq!(fraction.len(), 2, "{amount}");
    format!("{whole}{fraction}").parse().unwrap()
}
