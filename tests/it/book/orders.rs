//! Events and refunds of them, posted in any order: whatever came late, and whatever was pushed aside by
//! it, in the end the book holds what one run over everything gives.

use std::path::Path;

use crate::cli::{copy_folder, outcome};
use crate::floors::root;

use super::pieces::{chance, of_a_run_and_of_the_book};

/// Receipts of a few firms under a cap, refunds of some of them, often of more than is left, in no order.
fn rows(seed: u64) -> Vec<String> {
    let mut next = chance(seed);
    let mut rows: Vec<String> = Vec::new();
    let date = |day: u64| format!("2024-{:02}-{:02}", 1 + day / 28, 1 + day % 28);
    for at in 0..14 {
        let (firm, fen, day) = (["F", "G"][next(2) as usize], 1 + next(30_000), next(200));
        let amount = |fen: u64| format!("{}.{:02}", fen / 100, fen % 100);
        rows.push(format!("A{at},{},{firm},{},", date(day), amount(fen)));
        for part in 0..next(4) {
            let (fen, day) = (1 + next(fen), day + next(100));
            rows.push(format!("A{at}T{part},{},{firm},-{},A{at}", date(day), amount(fen)));
        }
    }
    for at in (1..rows.len()).rev() {
        rows.swap(at, next(at as u64 + 1) as usize);
    }
    rows
}

fn write(folder: &Path, name: &str, rows: &[String]) {
    let text = format!("id,date,firm,amount,undoes\n{}\n", rows.join("\n"));
    std::fs::write(folder.join(name), text).unwrap();
}

#[test]
fn events_in_any_order_give_what_one_run_gives() {
    let (mut late, mut pushed_aside) = (0, 0);
    for seed in 1..=4 {
        let folder = tempfile::tempdir().unwrap();
        copy_folder(&root().join("tests/cases/cli/book_stands"), folder.path());
        let folder = folder.path();
        let fenshui = |command: &str| outcome(&format!("fenshui {command}"), folder, "b.book");
        let rows = rows(seed);
        write(folder, "all.csv", &rows);
        fenshui("run cap.fen all.csv --quiet --out run.csv");
        fenshui("book init --name orders.example");
        for (at, piece) in rows.chunks(4).enumerate() {
            write(folder, &format!("{at}.csv"), piece);
            let said = fenshui(&format!("book post cap.fen {at}.csv --quiet --recompute-late"));
            assert!(said.contains("the book has"), "seed {seed}, piece {at}: {said}");
            late += said.matches("came late").count();
            pushed_aside += said.matches("  set aside[S19]").count();
        }
        // What a late event gave room to comes in when it is sent again.
        for _ in 0..6 {
            let said = fenshui("book post cap.fen all.csv --quiet --recompute-late");
            assert!(!said.contains("nothing was posted"), "seed {seed}: {said}");
        }
        of_a_run_and_of_the_book(folder, fenshui, seed);
        let said = fenshui("book replay");
        assert!(said.ends_with("come out as they are stored\n"), "seed {seed}: {said}");
        let said = fenshui("book verify");
        assert!(said.ends_with("all holds\n"), "seed {seed}: {said}");
    }
    assert!(late > 8 && pushed_aside > 1, "{late} late, {pushed_aside} pushed aside");
}
