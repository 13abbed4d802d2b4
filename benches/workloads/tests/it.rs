//! The reference data are the published ones; oracle and yardstick agree on them to the fen.

#![expect(clippy::unwrap_used, reason = "a test may stop where it stands")]

use std::path::{Path, PathBuf};
use std::process::Command;

use sha2::{Digest, Sha256};
use tempfile::TempDir;

use workloads::check::{self, Findings};
use workloads::generate::{self, SEED, Size};
use workloads::oracle;

const SMALL: Size = Size { rows: 10_000, persons: 1_000 };

fn data(size: Size) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    generate::reference(size, SEED, folder.path()).unwrap();
    for name in ["receipts", "salaries"] {
        let to = folder.path().join(format!("{name}-shuffled.csv"));
        generate::shuffled(&folder.path().join(format!("{name}.csv")), SEED.into(), &to).unwrap();
    }
    folder
}

fn digest(path: &Path) -> String {
    let bytes = Sha256::digest(std::fs::read(path).unwrap());
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Runs the yardstick on files of the folder, the last two being its outputs.
fn yardstick(folder: &Path, workload: &str, files: &[&str]) -> (PathBuf, PathBuf) {
    let outputs = (folder.join("out.csv"), folder.join("totals.csv"));
    let status = Command::new(env!("CARGO_BIN_EXE_yardstick"))
        .arg(workload)
        .args(files.iter().map(|file| folder.join(file)))
        .args([&outputs.0, &outputs.1])
        .status()
        .unwrap();
    assert!(status.success());
    outputs
}

fn assert_exact(findings: Findings) {
    assert_eq!(findings.first, None);
    assert_eq!((findings.rows, findings.totals), (0, 0));
}

#[test]
fn the_data_are_the_published_ones() {
    let folder = data(SMALL);
    let published = [
        ("enterprises.csv", "97f840e66ca4e731c9810f8025ac1518c718c73c6f403f551b33cd64d1136949"),
        ("receipts.csv", "b1847e1e8aecd739d8ae472f2f8b561e36e0d0fede5baf09e13a2789cd0993d4"),
        ("salaries.csv", "74555efad4665122fae142d54368cc06763e5a7eb2de6ea420025b85f48da2e2"),
    ];
    for (name, sum) in published {
        assert_eq!(digest(&folder.path().join(name)), sum, "{name}");
    }
}

#[test]
fn a_shuffled_file_has_the_same_rows_in_another_order() {
    let folder = data(SMALL);
    for name in ["receipts", "salaries"] {
        let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
        let (ordered, shuffled) =
            (read(&format!("{name}.csv")), read(&format!("{name}-shuffled.csv")));
        assert_ne!(ordered, shuffled);
        assert_eq!(ordered.lines().next(), shuffled.lines().next());
        let sorted = |text: &str| {
            let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
            lines.sort();
            lines
        };
        assert_eq!(sorted(&ordered), sorted(&shuffled));
    }
}

#[test]
fn the_yardstick_is_exact() {
    let folder = data(SMALL);
    let at = |name: &str| folder.path().join(name);
    let enterprises = at("enterprises.csv");
    for receipts in ["receipts.csv", "receipts-shuffled.csv"] {
        let (alloc, agg) = yardstick(folder.path(), "w1", &[receipts]);
        let expected = oracle::receipts(&at(receipts), None).unwrap();
        assert_exact(check::receipts(&expected, &alloc, &agg).unwrap());
        let (alloc, agg) = yardstick(folder.path(), "w2", &[receipts, "enterprises.csv"]);
        let expected = oracle::receipts(&at(receipts), Some(&enterprises)).unwrap();
        assert_exact(check::receipts(&expected, &alloc, &agg).unwrap());
    }
    for salaries in ["salaries.csv", "salaries-shuffled.csv"] {
        let (withheld, agg) = yardstick(folder.path(), "w3", &[salaries]);
        let expected = oracle::salaries(&at(salaries)).unwrap();
        assert_exact(check::salaries(&expected, &withheld, &agg).unwrap());
    }
}

/// Two receipts by hand: two fen that three want, and its refund.
const RECEIPTS: &str = "\
id,date,tax,enterprise,origin,destination,amount
1,2016-05-01,vat,E1,beijing,hebei,0.02
2,2016-05-01,vat,E1,beijing,hebei,-0.02
3,2017-01-01,deed,E1,beijing,hebei,7.00
";

/// What is found in these outputs for the receipts above.
fn findings(alloc: &str, agg: &str) -> (u64, u64, Option<String>) {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, header: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, format!("{header}{text}")).unwrap();
        path
    };
    let receipts = write("receipts.csv", "", RECEIPTS);
    let alloc = write("alloc.csv", "id,account,amount\n", alloc);
    let agg = write("agg.csv", "account,year,amount\n", agg);
    let expected = oracle::receipts(&receipts, None).unwrap();
    let found = check::receipts(&expected, &alloc, &agg).unwrap();
    let first = found.first.map(|first| first.split_once(": ").unwrap().1.to_owned());
    (found.rows, found.totals, first)
}

const ALLOC: &str = "\
3,hebei,7.00
1,central,0.01
1,beijing,0.01
2,central,-0.01
2,beijing,-0.01
";
const AGG: &str = "hebei,2017,7.00\n";

#[test]
fn rows_may_come_in_any_order_and_totals_of_nothing_may_be_left_out() {
    assert_eq!(findings(ALLOC, AGG), (0, 0, None));
    assert_eq!(findings(ALLOC, "central,2016,0.00\nhebei,2017,7.00\n"), (0, 0, None));
}

#[test]
fn every_kind_of_wrong_row_is_told() {
    let told = |alloc: String, agg: &str| {
        let (rows, totals, first) = findings(&alloc, agg);
        (rows, totals, first.unwrap())
    };
    let different = told(ALLOC.replace("1,central,0.01", "1,central,0.02"), AGG);
    assert_eq!(different, (1, 0, "receipt 1: central has 0.02, expected 0.01".into()));
    let missing = told(ALLOC.replace("2,beijing,-0.01\n", ""), AGG);
    assert_eq!(missing, (1, 0, "receipt 2: beijing has no row, expected -0.01".into()));
    let twice = told(format!("{ALLOC}3,hebei,7.00\n"), AGG);
    assert_eq!(twice, (1, 0, "receipt 3: hebei has 7.00, expected 0.00".into()));
    let nothing = told(format!("{ALLOC}3,tianjin,0.00\n"), AGG);
    assert_eq!(nothing, (1, 0, "receipt 3: tianjin has a row too many, of nothing".into()));
    let unknown = told(format!("{ALLOC}4,hebei,1.00\n"), AGG);
    assert_eq!(unknown, (1, 0, "receipt 4: there is no such event".into()));
    let total = told(ALLOC.to_owned(), "hebei,2017,7.01\n");
    assert_eq!(total, (0, 1, "2017: hebei has 7.01, expected 7.00".into()));
    let no_total = told(ALLOC.to_owned(), "");
    assert_eq!(no_total, (0, 1, "2017: hebei has no row, expected 7.00".into()));
}

#[test]
fn the_command_checks_and_says_so_by_its_exit() {
    let folder = data(Size { rows: 100, persons: 10 });
    let (alloc, agg) = yardstick(folder.path(), "w1", &["receipts.csv"]);
    let check = || {
        Command::new(env!("CARGO_BIN_EXE_workloads"))
            .args(["check", "w1"])
            .args([&folder.path().join("receipts.csv"), &alloc, &agg])
            .output()
            .unwrap()
    };
    let said = |output: &std::process::Output| String::from_utf8(output.stdout.clone()).unwrap();
    let exact = check();
    assert_eq!((exact.status.code(), said(&exact)), (Some(0), "exact\n".to_owned()));
    let text = std::fs::read_to_string(&alloc).unwrap();
    std::fs::write(&alloc, text.replacen("central", "hebei", 1)).unwrap();
    let wrong = check();
    assert_eq!(wrong.status.code(), Some(1));
    assert!(said(&wrong).contains("receipt 1: hebei has"), "{}", said(&wrong));
    std::fs::remove_file(&agg).unwrap();
    assert_eq!(check().status.code(), Some(2));
}

#[cfg(unix)]
#[test]
fn a_run_is_measured_alone() {
    let measure = |script: &str| {
        Command::new(env!("CARGO_BIN_EXE_workloads"))
            .args(["measure", "--", "sh", "-c", script])
            .output()
            .unwrap()
    };
    let output = measure("sleep 0.2");
    let text = String::from_utf8(output.stdout).unwrap();
    let figures: Vec<u64> = text.split_whitespace().map(|word| word.parse().unwrap()).collect();
    let [wall, user, system, resident] = figures[..] else { panic!("{text}") };
    assert!(wall >= 200_000, "{wall}");
    // To sleep is no work.
    assert!(user + system < 150_000, "{user} {system}");
    assert!(resident > 0, "{resident}");
    assert_eq!(measure("exit 3").status.code(), Some(3));
}
