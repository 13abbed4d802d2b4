//! Two years of payslips.

use std::path::Path;

use anyhow::Result;

use super::super::random::Random;
use super::super::{Yuan, write as write_file};

const MONTHS: u64 = 24;
const PLACES: [&str; 4] = ["beijing", "tianjin", "hebei", "xiongan"];

struct Person {
    name: String,
    employer: String,
    place: &'static str,
    salary: i64,
    special: i64,
    since: String,
}

pub fn write(rows: u64, seed: u64, folder: &Path) -> Result<()> {
    let mut random = Random(seed ^ 2);
    let persons: Vec<Person> =
        (1..=rows.div_ceil(MONTHS)).map(|number| person(number, &mut random)).collect();
    write_file(&folder.join("payslips.csv"), |out| {
        writeln!(
            out,
            "id,date,person,employer,destination,salary,insurance,special,employed_since,bonus,\
             bonus_alone"
        )?;
        let mut id = 0;
        for month in 0..MONTHS {
            let day = format!("{}-{:02}-10", 2022 + month / 12, month % 12 + 1);
            for person in persons.iter().take(usize::try_from(rows - id).unwrap_or(0)) {
                id += 1;
                let salary = person.salary + i64::from(random.chance(50)) * random.fen(10, 16);
                let insurance = Yuan(salary.min(3_500_000) * 22 / 100);
                let bonus = match month % 12 {
                    1 if random.chance(60) => format!("{},{}", Yuan(salary * 2), random.chance(50)),
                    _ => ",".to_owned(),
                };
                let Person { name, employer, place, special, since, .. } = person;
                let (salary, special) = (Yuan(salary), Yuan(*special));
                write!(out, "W{id:08},{day},{name},{employer},{place},{salary},{insurance},")?;
                writeln!(out, "{special},{since},{bonus}")?;
            }
        }
        Ok(())
    })
}

fn person(number: u64, random: &mut Random) -> Person {
    let employer = random.below(500);
    let place = usize::try_from(employer % 4).unwrap_or(0);
    Person {
        name: format!("P{number:07}"),
        employer: format!("E{employer:03}"),
        place: PLACES[place],
        salary: random.fen(18, 24),
        special: i64::try_from(random.below(5)).unwrap_or(0) * 1_000_00,
        since: format!("{}-{:02}-01", 2005 + random.below(17), 1 + random.below(12)),
    }
}
