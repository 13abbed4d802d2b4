//! Receipts of three regions, and the enterprises that pay them.

use std::io::{Result, Write};

use super::twister::Twister;
use super::{Yuan, calendar};

/// The region an enterprise left and the one it entered.
type Move = (&'static str, &'static str);

const MOVES: [Move; 6] = [
    ("beijing", "tianjin"),
    ("beijing", "hebei"),
    ("tianjin", "beijing"),
    ("tianjin", "hebei"),
    ("hebei", "beijing"),
    ("hebei", "tianjin"),
];

/// Each tax with the hundredths of receipts that come before the next one.
const TAXES: [(&str, u64); 8] = [
    ("vat", 40),
    ("cit", 60),
    ("iit", 75),
    ("stamp", 83),
    ("umct", 90),
    ("consumption", 95),
    ("deed", 98),
    ("resource", 100),
];

const ENTERPRISES: usize = 50_000;
/// From the first of January 2015 to the last of December 2026.
const RECEIPT_DAYS: usize = 4_383;
/// From the first of January 2014 to the last of December 2024.
const RELOCATION_DAYS: usize = 4_018;

/// Writes the register of enterprises; the moves are by rank, from the busiest on.
pub fn enterprises(seed: u32, out: &mut dyn Write) -> Result<Vec<Move>> {
    let mut stream = Twister::new(seed * 3 + 1);
    let days = calendar::days_from(2014, RELOCATION_DAYS);
    let mut moves = Vec::with_capacity(ENTERPRISES);
    writeln!(out, "id,cap,relocation_date")?;
    for rank in 1..=ENTERPRISES {
        let draw = stream.bits::<4>();
        moves.push(MOVES[index(low(draw, 0, 16) % 6)]);
        // The cap lies between two powers of two of fen, the lower one from 2^20 to 2^43.
        let power = 20 + low(draw, 16, 16) % 24;
        let cap = (1 << power) + low(draw, 32, power);
        let without = low(draw, 80, 7) == 0; // one enterprise in 128 has no allowance
        let cap = if without { 0 } else { cap };
        let day = spread(low(draw, 87, 16), RELOCATION_DAYS);
        writeln!(out, "{},{},{}", entity(rank), Yuan(signed(cap)), days[day])?;
    }
    Ok(moves)
}

/// Writes receipts, numbered from one.
pub fn receipts(seed: u32, rows: u64, moves: &[Move], out: &mut dyn Write) -> Result<()> {
    let mut stream = Twister::new(seed * 3 + 2);
    let days = calendar::days_from(2015, RECEIPT_DAYS);
    let names: Vec<String> = (1..=ENTERPRISES).map(entity).collect();
    writeln!(out, "id,date,tax,enterprise,origin,destination,amount")?;
    for id in 1..=rows {
        // A draw of five words: the fifth is the highest.
        let draw = stream.bits::<4>();
        let high = u64::from(stream.word());
        let day = &days[spread(low(draw, 0, 16), RECEIPT_DAYS)];
        let hundredth = (low(draw, 16, 16) * 100) >> 16;
        let tax = TAXES.iter().find(|(_, end)| hundredth < *end).map_or("", |(tax, _)| tax);
        // A power of two, then a place up to the next: the rank's frequency is about one by rank.
        let octave = low(draw, 32, 4);
        let rank = index((1 << octave) + low(draw, 36, octave));
        let rank = if rank > ENTERPRISES { rank - 15_536 } else { rank };
        let (origin, destination) = places(moves[rank - 1], low(draw, 52, 8));
        let fen = amount(draw, high);
        let enterprise = &names[rank - 1];
        let amount = Yuan(fen);
        writeln!(out, "{id},{day},{tax},{enterprise},{origin},{destination},{amount}")?;
    }
    Ok(())
}

/// Six in ten receipts are of both regions, the others of either.
fn places((left, entered): Move, draw: u64) -> Move {
    match draw {
        ..154 => (left, entered),
        odd if odd & 1 == 1 => (left, left),
        _ => (entered, entered),
    }
}

fn amount(draw: u128, high: u64) -> i64 {
    let power = (low(draw, 60, 16) * 34) >> 16;
    let ordinary = (1 << power) + low(draw, 76, power);
    // The ten bits from 124 on reach into the fifth word.
    let rare = low(draw, 124, 4) == 0 && high & 0x3f == 0;
    let fen = if rare { 1 + low(draw, 76, 48) % 10_000_000_000_000 } else { ordinary };
    let refund = (high >> 6 & 0xff) < 13;
    if refund { -signed(fen) } else { signed(fen) }
}

/// The identifier of a rank: a fixed permutation, so that busy enterprises are not neighbours.
fn entity(rank: usize) -> String {
    format!("E{:05}", rank * 7_919 % ENTERPRISES + 1)
}

/// `count` bits of a draw from bit `from` on; at most 63.
fn low(draw: u128, from: u32, count: u64) -> u64 {
    let mask = (1_u128 << count) - 1;
    u64::try_from(draw >> from & mask).unwrap_or(u64::MAX)
}

/// One of `count` places, from sixteen bits.
fn spread(draw: u64, count: usize) -> usize {
    (index(draw) * count) >> 16
}

fn index(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

fn signed(fen: u64) -> i64 {
    i64::try_from(fen).unwrap_or(i64::MAX)
}
