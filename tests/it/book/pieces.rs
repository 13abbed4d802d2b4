//! A book that is posted piece by piece holds what one run over everything gives.

use std::collections::BTreeMap;
use std::path::Path;

use crate::cli::{copy_folder, outcome};
use crate::floors::root;

/// Numbers below a bound, which look as if by chance and are the same for a seed.
pub fn chance(seed: u64) -> impl FnMut(u64) -> u64 {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    move |bound| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % bound
    }
}

/// Receipts of a few days in some order, none of them in the order of the rules.
fn receipts(seed: u64) -> Vec<String> {
    let mut next = chance(seed);
    let region = ["beijing", "hebei"];
    (0..24)
        .map(|at| {
            let (day, fen) = (1 + next(9), next(900) as i64 - 150);
            let sign = if fen < 0 { "-" } else { "" };
            let (yuan, fen) = (fen.abs() / 100, fen.abs() % 100);
            let place = region[next(2) as usize];
            format!("P{at},2018-05-0{day},vat,{place},{sign}{yuan}.{fen:02}")
        })
        .collect()
}

/// By event and account, in fen.
pub type Sums = BTreeMap<(String, String), i64>;

/// What `run.csv` and the book add up to, which is the same.
pub fn of_a_run_and_of_the_book(
    folder: &Path,
    fenshui: impl Fn(&str) -> String,
    seed: u64,
) -> Sums {
    assert_eq!(fenshui("book export csv tables"), "");
    let run = sums(folder, "run.csv", "id", "account");
    let book = sums(folder, "tables/amounts.csv", "key", "account");
    assert_eq!(book, run, "seed {seed}: the book differs from a run");
    run
}

/// What a table of amounts adds up to.
pub fn sums(folder: &Path, table: &str, key: &str, account: &str) -> Sums {
    let text = std::fs::read_to_string(folder.join(table)).unwrap();
    let mut lines = text.lines();
    let head: Vec<&str> = lines.next().unwrap().split(',').collect();
    let column = |name: &str| head.iter().position(|it| *it == name).unwrap();
    let (key, account, amount) = (column(key), column(account), column("amount"));
    let mut sums = BTreeMap::new();
    for line in lines {
        let cells: Vec<&str> = line.split(',').collect();
        let fen: i64 = cells[amount].replace('.', "").parse().unwrap();
        *sums.entry((cells[key].to_owned(), cells[account].to_owned())).or_default() += fen;
    }
    sums.retain(|_, sum| *sum != 0);
    sums
}

#[test]
fn pieces_in_any_order_give_what_one_run_gives() {
    for seed in 1..=6 {
        let folder = tempfile::tempdir().unwrap();
        copy_folder(&root().join("tests/cases/cli/book"), folder.path());
        let fenshui =
            |command: &str| outcome(&format!("fenshui {command}"), folder.path(), "b.book");
        fenshui("book init --name pieces.example");
        let rows = receipts(seed);
        let write = |name: &str, rows: &[String]| {
            let text = format!("id,date,tax,region,amount\n{}\n", rows.join("\n"));
            std::fs::write(folder.path().join(name), text).unwrap();
        };
        write("all.csv", &rows);
        let mut corrected = false;
        for (at, piece) in rows.chunks(7).enumerate() {
            write(&format!("p{at}.csv"), piece);
            let said = fenshui(&format!(
                "book post rules.fen.md p{at}.csv --register caps=caps.csv --recompute-late \
                 --cross-check --quiet"
            ));
            assert!(said.contains("the book has"), "seed {seed}: {said}");
            corrected |= said.contains("→");
        }
        assert!(corrected || seed > 1, "no piece changed what stood: a test of nothing");
        let said =
            fenshui("run rules.fen.md all.csv --register caps=caps.csv --out run.csv --quiet");
        assert_eq!(said, "", "seed {seed}");
        let run = of_a_run_and_of_the_book(folder.path(), fenshui, seed);
        assert!(run.len() > 20, "seed {seed}: {run:?}");
        let said = fenshui("book replay");
        assert!(said.ends_with("come out as they are stored\n"), "seed {seed}: {said}");
        let said = fenshui("book verify");
        assert!(said.ends_with("all holds\n"), "seed {seed}: {said}");
    }
}

/// Receipts of half a year in some order; some of them are of an office that nobody knows.
fn receipts_of_months(seed: u64) -> Vec<String> {
    let mut next = chance(seed);
    (0..16)
        .map(|at| {
            let (month, day, yuan) = (1 + next(6), 10 + next(19), next(120));
            let office = ["north", "south", "east"][next(3) as usize];
            format!("P{at},2018-0{month}-{day},{yuan}.00,{office}")
        })
        .collect()
}

#[test]
fn pieces_with_a_calendar_give_what_one_run_gives() {
    (1..=10).for_each(|seed| with_a_calendar(seed, ""));
}

/// Some of what the calendar makes cannot be paid, and is set aside again and again.
#[test]
fn pieces_with_a_calendar_that_is_set_aside_give_what_one_run_gives() {
    (1..=10).for_each(|seed| with_a_calendar(seed, " holds"));
}

/// Posts pieces by the rules whose centre holds money, or may owe it.
fn with_a_calendar(seed: u64, holds: &str) {
    let folder = tempfile::tempdir().unwrap();
    copy_folder(&root().join("tests/cases/cli/book_calendar"), folder.path());
    let rules = folder.path().join("rules.fen.md");
    let text = std::fs::read_to_string(&rules).unwrap();
    let centre = "account centre \"中央国库\"";
    let text = text.replace(centre, &format!("{centre}{holds}"));
    std::fs::write(&rules, text).unwrap();
    let fenshui = |command: &str| outcome(&format!("fenshui {command}"), folder.path(), "b.book");
    fenshui("book init --name pieces.example");
    let rows = receipts_of_months(seed);
    let write = |name: &str, rows: &[String]| {
        let text = format!("id,date,amount,office\n{}\n", rows.join("\n"));
        std::fs::write(folder.path().join(name), text).unwrap();
    };
    write("all.csv", &rows);
    for (at, piece) in rows.chunks(5).enumerate() {
        write(&format!("p{at}.csv"), piece);
        // What another promise takes from a centre that holds money is no longer there for others.
        let first = at < 2 && holds.is_empty();
        let promises = if first { "promises.csv" } else { "more.csv" };
        let said = fenshui(&format!(
            "book post rules.fen.md p{at}.csv --register offices=offices.csv \
             --register promises={promises} --recompute-late --cross-check --quiet"
        ));
        assert!(said.contains("the book has"), "seed {seed}: {said}");
        let said = fenshui("book replay");
        assert!(said.ends_with("come out as they are stored\n"), "seed {seed}: {said}");
    }
    let registers = "--register offices=offices.csv --register promises=more.csv";
    fenshui(&format!("run rules.fen.md all.csv {registers} --out run.csv --quiet"));
    assert_eq!(fenshui("book export csv tables"), "");
    let run = sums(folder.path(), "run.csv", "event", "account");
    let book = sums(folder.path(), "tables/amounts.csv", "event", "account");
    assert_eq!(book, run, "seed {seed}: the book differs from a run");
    assert!(run.len() > 3, "seed {seed}: {run:?}");
    let said = fenshui(&format!("book replay --with rules.fen.md {registers}"));
    assert!(said.contains("\n0 of ") || said.starts_with("0 of "), "seed {seed}: {said}");
}
