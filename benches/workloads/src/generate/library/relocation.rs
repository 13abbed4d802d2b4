//! Receipts of which some come from enterprises that moved; what these paid before.

use std::path::Path;

use anyhow::Result;

use super::super::random::Random;
use super::super::{Yuan, calendar, write as write_file};

const MOVERS: usize = 2_000;
/// July 2015 to December 2021, in which most clocks run out.
const FIRST_YEAR: u32 = 2015;
const FIRST_DAY: usize = 181;
const DAYS: usize = 365 * 7 + 2;
const PLACES: [&str; 5] = ["beijing", "tianjin", "hebei", "hebei", "xiongan"];
const TAXES: [&str; 12] = [
    "vat",
    "vat",
    "vat",
    "vat",
    "cit",
    "cit",
    "iit",
    "stamp",
    "umct",
    "consumption",
    "deed",
    "property",
];

struct Mover {
    name: String,
    destination: &'static str,
}

pub fn write(rows: u64, seed: u64, folder: &Path) -> Result<()> {
    let mut random = Random(seed);
    let movers: Vec<Mover> = (1..=MOVERS)
        .map(|number| {
            let destination = PLACES[1 + random.place(4)];
            Mover { name: format!("R{number:04}"), destination }
        })
        .collect();
    registers(&movers, &mut random, folder)?;
    receipts(rows, &movers, &mut random, folder)
}

fn registers(movers: &[Mover], random: &mut Random, folder: &Path) -> Result<()> {
    let days = calendar::days_from(2012, 366 + 365 * 6);
    let registered: Vec<usize> = movers.iter().map(|_| 365 * 3 + random.place(365 * 3)).collect();
    write_file(&folder.join("relocation.csv"), |out| {
        writeln!(
            out,
            "enterprise,destination,origin,led_by_government,fits_layout,confirmed,registered,\
             in_production"
        )?;
        for (mover, day) in movers.iter().zip(&registered) {
            let origin =
                if mover.destination == "tianjin" { "beijing" } else { PLACES[random.place(2)] };
            let led = !random.chance(5);
            let produces = &days[day + random.place(365)];
            let (name, destination, moved) = (&mover.name, mover.destination, &days[*day]);
            writeln!(out, "{name},{destination},{origin},{led},true,true,{moved},{produces}")?;
        }
        Ok(())
    })?;
    write_file(&folder.join("paid_before.csv"), |out| {
        writeln!(out, "enterprise,destination,date,tax,amount")?;
        for (mover, day) in movers.iter().zip(&registered) {
            for back in (30..=1080).step_by(90) {
                let tax = random.pick(&["vat", "cit", "business"]);
                let paid = Yuan(random.fen(27, 34));
                let (name, destination) = (&mover.name, mover.destination);
                writeln!(out, "{name},{destination},{},{tax},{paid}", days[day - back])?;
            }
        }
        Ok(())
    })
}

/// A payment that a later refund may name.
struct Payment {
    id: u64,
    tax: &'static str,
    enterprise: String,
    destination: &'static str,
    fen: i64,
}

fn receipts(rows: u64, movers: &[Mover], random: &mut Random, folder: &Path) -> Result<()> {
    let days = calendar::days_from(FIRST_YEAR, DAYS);
    let days = &days[FIRST_DAY..];
    let mut recent: Option<Payment> = None;
    write_file(&folder.join("receipts.csv"), |out| {
        writeln!(out, "id,date,tax,enterprise,destination,amount,tax_period,refund_of")?;
        for id in 1..=rows {
            let at = usize::try_from((id - 1) * days.len() as u64 / rows).unwrap_or(0);
            let day = &days[at];
            if random.chance(2)
                && let Some(payment) = recent.take()
            {
                let back = Yuan(-(payment.fen * 3 / 10).max(1));
                let Payment { id: of, tax, enterprise, destination, .. } = payment;
                writeln!(out, "T{id:08},{day},{tax},{enterprise},{destination},{back},,T{of:08}")?;
                continue;
            }
            let tax = *random.pick(&TAXES);
            let (enterprise, destination) = if random.chance(30) {
                let mover = random.pick(movers);
                (mover.name.clone(), mover.destination)
            } else {
                (format!("E{:05}", random.below(50_000)), *random.pick(&PLACES))
            };
            let fen = random.fen(10, 31);
            // A refund in a hundred names nothing.
            if random.chance(1) {
                let back = Yuan(-fen);
                writeln!(out, "T{id:08},{day},{tax},{enterprise},{destination},{back},,")?;
                continue;
            }
            let period = &days[at.saturating_sub(31)][..7];
            let amount = Yuan(fen);
            writeln!(out, "T{id:08},{day},{tax},{enterprise},{destination},{amount},{period},")?;
            recent = Some(Payment { id, tax, enterprise, destination, fen });
        }
        Ok(())
    })
}
