//! Refunds of what earlier batches posted, by rules without running totals: piece by piece the book holds
//! what one run over everything gives.

use std::path::Path;

use crate::cli::{copy_folder, outcome};
use crate::floors::root;

use super::pieces::{chance, of_a_run_and_of_the_book};

/// Receipts, and refunds of some of them in parts: of more than is left, and of what comes later, too.
fn rows(seed: u64) -> Vec<String> {
    let mut next = chance(seed);
    let mut rows: Vec<(u64, String)> = (0..60)
        .map(|at| {
            let (day, fen, place) = (next(84), next(900), ["north", "south"][next(2) as usize]);
            let undoes = if next(5) < 2 { format!("P{}", next(30)) } else { String::new() };
            let (sign, fen) = match undoes.is_empty() {
                true => ("", 100 + fen),
                false => ("-", 1 + fen / 2),
            };
            let date = format!("2024-{:02}-{:02}", 1 + day / 28, 1 + day % 28);
            let amount = format!("{sign}{}.{:02}", fen / 100, fen % 100);
            (day, format!("P{at},{date},{place},{amount},{undoes}"))
        })
        .collect();
    rows.sort_by_key(|(day, _)| *day);
    rows.into_iter().map(|(_, row)| row).collect()
}

fn write(folder: &Path, name: &str, rows: &[String]) {
    let text = format!("id,date,place,amount,undoes\n{}\n", rows.join("\n"));
    std::fs::write(folder.join(name), text).unwrap();
}

/// How many refunds are allocated.
fn undone(folder: &Path) -> usize {
    let text = std::fs::read_to_string(folder.join("tables/events.csv")).unwrap();
    text.lines().filter(|line| line.contains(",-") && line.contains("allocated")).count()
}

#[test]
fn refunds_of_earlier_batches_give_what_one_run_gives() {
    let mut refunds = 0;
    for seed in 1..=4 {
        let folder = tempfile::tempdir().unwrap();
        copy_folder(&root().join("tests/cases/cli/book_reverses"), folder.path());
        let folder = folder.path();
        let fenshui = |command: &str| outcome(&format!("fenshui {command}"), folder, "b.book");
        let rows = rows(seed);
        write(folder, "all.csv", &rows);
        fenshui("run rules.fen all.csv --quiet --out run.csv");
        fenshui("book init --name refunds.example");
        // Days are never cut: what stands at one place is put in order by a batch.
        let day = |row: &String| row.split(',').nth(1).unwrap().to_owned();
        let days: Vec<&[String]> = rows.chunk_by(|one, other| day(one) == day(other)).collect();
        for (at, piece) in days.chunks(days.len() / 6).enumerate() {
            write(folder, &format!("{at}.csv"), &piece.concat());
            let said = fenshui(&format!("book post rules.fen {at}.csv --quiet"));
            assert!(said.contains("the book has"), "seed {seed}, piece {at}: {said}");
        }
        of_a_run_and_of_the_book(folder, fenshui, seed);
        let said = fenshui("book replay");
        let whole = format!("{} outcomes", rows.len());
        assert!(
            said.starts_with(&whole) && said.ends_with("come out as they are stored\n"),
            "{said}"
        );
        refunds += undone(folder);
    }
    assert!(refunds > 20, "{refunds} refunds");
}
