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

const RULES: &str = "module aside
authority national
settlement largest remainder
account a
account b
event receipt {
  id : integer unique; date : date effective; payer : text; amount : money inflow
  undoes : integer? reverses
  order by date, id
}
rule divided of receipt
  split inflow
    50%  up to 40.00 in total to a as capped per payer
    rest to b
";

/// Posts pieces of which some rows are set aside; gives what a replay of them says.
fn replayed(pieces: &[&[&str]]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    std::fs::write(folder.join("aside.fen"), RULES).unwrap();
    let fenshui = |command: &str| outcome(&format!("fenshui {command}"), folder, "b.book");
    fenshui("book init --name aside.example");
    for (at, piece) in pieces.iter().enumerate() {
        let text = format!("id,date,payer,amount,undoes\n{}\n", piece.join("\n"));
        std::fs::write(folder.join(format!("{at}.csv")), text).unwrap();
        let said = fenshui(&format!("book post aside.fen {at}.csv --quiet"));
        assert!(said.contains("the book has"), "piece {at}: {said}");
    }
    fenshui("book replay")
}

#[test]
fn batches_that_set_aside_come_out_as_they_are_stored() {
    // Each batch has a row twice.
    let twice: Vec<[String; 3]> = (1..6)
        .map(|day| {
            let row = |id: u32| format!("{id},2024-01-{day:02},P{},30.00,", id % 2);
            [row(day * 2), row(day * 2 + 1), row(day * 2)]
        })
        .collect();
    let twice: Vec<Vec<&str>> =
        twice.iter().map(|piece| piece.iter().map(String::as_str).collect()).collect();
    let pieces: Vec<&[&str]> = twice.iter().map(Vec::as_slice).collect();
    assert_eq!(replayed(&pieces), "15 outcomes of 5 batches come out as they are stored\n");
}

#[test]
fn what_was_set_aside_may_come_again_mended() {
    // Two refunds of nothing; the second comes again as a receipt, and once more as a refund.
    let first = ["1,2024-01-01,P,50.00,", "2,2024-01-02,P,-1.00,99", "3,2024-01-02,P,-1.00,98"];
    let second = ["3,2024-01-03,P,70.00,", "4,2024-01-04,P,10.00,"];
    let third = ["2,2024-01-05,P,-5.00,97", "5,2024-01-06,P,10.00,"];
    let fourth = ["2,2024-01-07,P,-20.00,3"];
    let said = replayed(&[&first, &second, &third, &fourth]);
    assert_eq!(said, "8 outcomes of 4 batches come out as they are stored\n");
}

#[test]
fn what_a_later_batch_would_have_mended_was_set_aside() {
    // The refund names a receipt that is posted after it and stands before it.
    let first = ["1,2024-01-01,P,50.00,", "2,2024-03-01,Q,-5.00,3"];
    let second = ["3,2024-02-01,Q,70.00,", "4,2024-04-01,P,10.00,"];
    let said = replayed(&[&first, &second]);
    assert_eq!(said, "4 outcomes of 2 batches come out as they are stored\n");
}
