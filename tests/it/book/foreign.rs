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

fn fen(amount: &str) -> i64 {
    let (whole, fraction) = amount.split_once('.').unwrap();
    assert_eq!(fraction.len(), 2, "{amount}");
    format!("{whole}{fraction}").parse().unwrap()
}
