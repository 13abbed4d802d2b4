//! Whole jobs shipped as examples, run by the binary as their pages say.

use std::collections::BTreeMap;
use std::process::Command;

use crate::floors::root;

/// The totals a page prints: rows `| account | 2018 | 2019 |`, a dash for nothing.
fn printed(page: &str) -> BTreeMap<String, String> {
    let text = std::fs::read_to_string(root().join(page)).unwrap();
    let lines = text.lines().skip_while(|line| !line.starts_with("|---|---:|---:|")).skip(1);
    let rows = lines.take_while(|line| line.starts_with('|'));
    let mut totals = BTreeMap::new();
    for row in rows {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let [account, first, second] = cells[..] else { panic!("{page}: {row}") };
        let account = account.split('（').next().unwrap();
        for (year, amount) in [("2018", first), ("2019", second)] {
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
    let run = Command::new(env!("CARGO_BIN_EXE_fenshui"))
        .args(["run", "examples/jjj-2018", "--by", "account,year", "--lang", "en", "--out"])
        .args([&out, std::path::Path::new("--summary"), &summary])
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
    for line in page.lines().filter(|line| line.starts_with("receipt,")) {
        assert!(allocations.lines().any(|given| given == line), "{line}");
    }
}
