//! Rules with running totals: what is posted, in one piece or in several, is what a run gives.

use std::path::Path;

use crate::cli::outcome;
use crate::floors::root;

use super::pieces::sums;

const ENTERPRISES: u32 = 7;

/// Receipts in no order: most depend on no other, some are bound by the cap of their enterprise.
fn receipts(count: u32) -> Vec<String> {
    let (taxes, regions) = (["vat", "stamp", "cit"], ["beijing", "tianjin", "hebei"]);
    let row = |at: u32| {
        let of = |bound: u32, salt: u32| (at.wrapping_mul(2_654_435_761) >> salt) % bound;
        let (tax, from, to) = (of(3, 3), of(3, 7), of(3, 11));
        let (tax, from, to) = (taxes[tax as usize], regions[from as usize], regions[to as usize]);
        let (year, month, day) = (2016 + of(6, 13), 1 + of(12, 5), 1 + of(28, 9));
        let (enterprise, yuan) = (of(ENTERPRISES, 15), of(90_000, 8));
        let sign = if at.is_multiple_of(11) { "-" } else { "" };
        format!("{at},{year}-{month:02}-{day:02},{tax},E{enterprise},{from},{to},{sign}{yuan}.07")
    };
    (1..=count).map(row).collect()
}

fn write(folder: &Path, name: &str, rows: &[String]) {
    let text = format!("id,date,tax,enterprise,origin,destination,amount\n{}\n", rows.join("\n"));
    std::fs::write(folder.join(name), text).unwrap();
}

fn prepared() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let rules = root().join("examples/workloads/w2.fen.md");
    std::fs::copy(rules, folder.path().join("w2.fen.md")).unwrap();
    let row = |at| format!("E{at},{}000.00,201{at}-03-01\n", 20 + at * 30);
    let rows: String = (0..ENTERPRISES).map(row).collect();
    let enterprises = format!("id,cap,relocation_date\n{rows}");
    std::fs::write(folder.path().join("enterprises.csv"), enterprises).unwrap();
    folder
}

/// Posts pieces, and holds the book against a run over all of them.
fn posted(rows: &[String], pieces: &[&[String]]) {
    let folder = prepared();
    let folder = folder.path();
    let fenshui = |command: &str| outcome(&format!("fenshui {command}"), folder, "b.book");
    let register = "--register enterprises=enterprises.csv --quiet";
    write(folder, "all.csv", rows);
    assert_eq!(fenshui(&format!("run w2.fen.md all.csv {register} --out run.csv")), "");
    fenshui("book init --name running.example");
    for (at, piece) in pieces.iter().enumerate() {
        write(folder, &format!("{at}.csv"), piece);
        let said = fenshui(&format!("book post w2.fen.md {at}.csv {register}"));
        assert!(said.contains("the book has"), "piece {at}: {said}");
    }
    assert_eq!(fenshui("book export csv tables"), "");
    let run = sums(folder, "run.csv", "id", "account");
    // A receipt that is divided three ways is below its cap, and others beside it are above.
    assert!(run.len() > rows.len() * 3 / 2, "{} amounts", run.len());
    let book = sums(folder, "tables/amounts.csv", "key", "account");
    assert!(book == run, "the book differs from a run");
    let said = fenshui("book replay");
    assert!(said.ends_with("come out as they are stored\n"), "{said}");
    assert!(said.starts_with(&format!("{} outcomes", rows.len())), "{said}");
    let said = fenshui("book verify");
    assert!(said.ends_with("all holds\n"), "{said}");
}

#[test]
fn a_batch_in_no_order_gives_what_a_run_gives() {
    let rows = receipts(400);
    posted(&rows, &[&rows]);
}

#[test]
fn batches_one_after_the_other_give_what_a_run_gives() {
    let mut rows = receipts(400);
    let date = |row: &String| row.split(',').nth(1).unwrap().to_owned();
    rows.sort_by_key(date);
    let pieces: Vec<&[String]> =
        rows.chunk_by(|one, other| date(one)[..4] == date(other)[..4]).collect();
    assert!(pieces.len() > 4, "{}", pieces.len());
    posted(&rows, &pieces);
}

#[test]
fn batches_of_other_lanes_may_stand_before_what_is_there() {
    let rows = receipts(400);
    let enterprise = |row: &String| row.split(',').nth(3).unwrap().to_owned();
    let (some, others): (Vec<String>, Vec<String>) =
        rows.iter().cloned().partition(|row| enterprise(row).as_str() < "E3");
    posted(&rows, &[&others, &some]);
}
