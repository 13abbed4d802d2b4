//! Whole jobs shipped as examples, run by the binary as their pages say.

use std::collections::BTreeMap;
use std::process::Command;

use crate::floors::root;

/// The totals a page prints: rows `| account | 2018 | 2019 | 2020 |`, a dash for nothing.
fn printed(page: &str) -> BTreeMap<String, String> {
    let text = std::fs::read_to_string(root().join(page)).unwrap();
    let lines = text.lines().skip_while(|line| !line.starts_with("|---|---:|---:|---:|")).skip(1);
    let rows = lines.take_while(|line| line.starts_with('|'));
    let mut totals = BTreeMap::new();
    for row in rows {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let [account, first, second, third] = cells[..] else { panic!("{page}: {row}") };
        let account = account.split('（').next().unwrap();
        for (year, amount) in [("2018", first), ("2019", second), ("2020", third)] {
            if amount != "–" {
                totals.insert(format!("{account},{year}"), amount.replace(',', ""));
            }
        }
    }
    totals
}

#[test]
fn a_year_of_three_regions() {
    let folder = tempfile::tempdir().unwrap();
    let (out, summary) = (folder.path().join("alloc.csv"), folder.path().join("summary.csv"));
    let figures = folder.path().join("figures.csv");
    let run = Command::new(env!("CARGO_BIN_EXE_fenshui"))
        .args(["run", "examples/jjj-2018", "--by", "account,year", "--lang", "en", "--out"])
        .args([&out, std::path::Path::new("--summary"), &summary])
        .args([std::path::Path::new("--figures"), &figures])
        .current_dir(root())
        .output()
        .unwrap();
    let said = String::from_utf8(run.stderr).unwrap();
    assert!(run.status.success(), "{said}");
    let text = std::fs::read_to_string(&summary).unwrap();
    let totals: BTreeMap<String, String> = text
        .lines()
        .skip(1)
        .filter_map(|line| line.rsplit_once(','))
        .map(|(key, amount)| (key.to_owned(), amount.to_owned()))
        .collect();
    for page in ["examples/jjj-2018/README.md", "examples/jjj-2018/README.zh.md"] {
        assert_eq!(printed(page), totals, "{page}");
    }
    let page = std::fs::read_to_string(root().join("examples/jjj-2018/README.md")).unwrap();
    for line in said.lines() {
        assert!(page.contains(line), "the page does not say: {line}");
    }
    let allocations = std::fs::read_to_string(&out).unwrap();
    let shown = |kind: &str| {
        let lines: Vec<&str> = page.lines().filter(|line| line.starts_with(kind)).collect();
        assert!(!lines.is_empty(), "{kind}");
        lines
    };
    for line in [shown("receipt,"), shown("credit_refund,")].concat() {
        assert!(allocations.lines().any(|given| given == line), "{line}");
    }
    let figures = std::fs::read_to_string(&figures).unwrap();
    for line in shown("netting,") {
        assert!(figures.lines().any(|given| given == line), "{line}");
    }
    for readme in ["README.md", "README.zh.md"] {
        let text = std::fs::read_to_string(root().join(readme)).unwrap();
        let money = said.lines().find(|line| line.starts_with("money in")).unwrap();
        let amount = money.split_whitespace().last().unwrap();
        assert!(text.contains(amount), "{readme} does not say {amount}");
    }
}

/// What is paid in one place and belongs to another, as the page lists it.
#[test]
fn what_is_collected_for_another_place() {
    let run = Command::new(env!("CARGO_BIN_EXE_fenshui"))
        .args(["run", "examples/jjj-2018", "--out", "/dev/null", "--summary", "-", "-q"])
        .args(["--by", "account,destination,year", "--format", "csv"])
        .current_dir(root())
        .output()
        .unwrap();
    let summary = String::from_utf8(run.stdout).unwrap();
    for page in ["examples/jjj-2018/README.md", "examples/jjj-2018/README.zh.md"] {
        let text = std::fs::read_to_string(root().join(page)).unwrap();
        let lines: Vec<&str> = text.lines().filter(|line| line.starts_with("treasury[")).collect();
        assert_eq!(lines.len(), 4, "{page}");
        for line in lines {
            assert!(summary.lines().any(|given| given == line), "{page}: {line}");
        }
    }
}

/// What an explanation says each got is what the run gives; leaf by leaf it sums to that too.
#[test]
fn explanations_agree_with_the_run() {
    let binary = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_fenshui"));
        command.current_dir(root()).env("LANG", "en");
        command
    };
    let run =
        binary().args(["run", "examples/jjj-2018", "--format", "csv", "-q"]).output().unwrap();
    let run = String::from_utf8(run.stdout).unwrap();
    let mut kinds = Vec::new();
    let keys = ["T03162", "T03183", "H01-2018-1", "H03-2018-5", "W0700", "P01"];
    for key in keys.into_iter().chain(["U001", "C07", "B05"]) {
        let told = binary()
            .args(["explain", "examples/jjj-2018", "--format", "json", "--event", key])
            .output()
            .unwrap();
        let told: serde_json::Value = serde_json::from_slice(&told.stdout).unwrap();
        let kind = told["event"].as_str().unwrap().to_owned();
        let result = told["result"].as_array().unwrap().iter();
        let mut told: Vec<(String, String)> = result
            .map(|one| (one["account"].to_string(), one["amount"].to_string()))
            .map(|(account, amount)| (account.replace('"', ""), amount.replace('"', "")))
            .collect();
        told.sort();
        let rows = run.lines().map(|line| line.split(',').collect::<Vec<_>>());
        let mut given: Vec<(String, String)> = rows
            .filter(|row| row.contains(&key))
            .map(|row| (row[row.len() - 2].to_owned(), row[row.len() - 1].to_owned()))
            .collect();
        given.sort();
        assert_eq!(told, given, "{key}");
        kinds.push(kind);
    }
    kinds.dedup();
    let before = ["receipt", "filing", "payslip", "project_revenue"];
    let more = ["surcharge_filing", "credit_refund", "product_settlement"];
    assert_eq!(kinds, [&before[..], &more[..]].concat());
}
