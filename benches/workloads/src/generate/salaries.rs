//! Twelve monthly salaries of each person.

use std::io::{Result, Write};

use super::Yuan;
use super::twister::Twister;

/// Hundredths of persons below each doubling of the least salary.
const OCTAVES: [i64; 6] = [40, 70, 85, 93, 97, 99];

/// What a person earns and deducts every month, in fen.
struct Person {
    base: i64,
    deduction: i64,
}

/// Writes all persons of the first month, then of the second, and so on.
pub fn salaries(seed: u32, persons: u32, out: &mut dyn Write) -> Result<()> {
    let mut stream = Twister::new(seed * 3 + 3);
    let people: Vec<Person> = (0..persons).map(|_| person(&mut stream)).collect();
    writeln!(out, "person,month,salary,insurance,deduction")?;
    for month in 1..=12 {
        for (number, person) in (1..).zip(&people) {
            let draw = stream.bits::<2>();
            let fate = byte(draw, 0);
            let usual = person.base * (80 + byte(draw, 8) % 41) / 100 + byte(draw, 16) % 100;
            let salary = match fate {
                ..8 => 0,           // an unpaid month
                8..16 => usual * 4, // a bonus
                _ => usual,
            };
            let insurance = person.base.min(3_500_000) * 105 / 1000 + byte(draw, 24) % 7;
            let extra = if byte(draw, 32) < 8 { 100_000 } else { 0 };
            let (salary, insurance) = (Yuan(salary), Yuan(insurance));
            let deduction = Yuan(person.deduction + extra);
            writeln!(out, "{number},{month},{salary},{insurance},{deduction}")?;
        }
    }
    Ok(())
}

fn person(stream: &mut Twister) -> Person {
    let draw = stream.bits::<2>();
    let hundredth = (byte(draw, 0) * 100) >> 8;
    let octave = OCTAVES.iter().filter(|end| hundredth >= **end).count();
    let fraction = byte(draw, 8) | byte(draw, 16) << 8;
    Person {
        base: ((300_000 << octave) * (65_536 + fraction)) >> 16,
        deduction: byte(draw, 24) % 13 * 50_000,
    }
}

fn byte(draw: u128, from: u32) -> i64 {
    i64::from((draw >> from).to_le_bytes()[0])
}
