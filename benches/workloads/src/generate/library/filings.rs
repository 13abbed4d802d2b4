//! A year's filings of enterprises with branches in several provinces.

use std::io::Write;
use std::path::Path;

use anyhow::Result;

use super::super::random::Random;
use super::super::{Yuan, write as write_file};

const PROVINCES: [&str; 31] = [
    "beijing",
    "tianjin",
    "hebei",
    "shanxi",
    "inner_mongolia",
    "liaoning",
    "jilin",
    "heilongjiang",
    "shanghai",
    "jiangsu",
    "zhejiang",
    "anhui",
    "fujian",
    "jiangxi",
    "shandong",
    "henan",
    "hubei",
    "hunan",
    "guangdong",
    "guangxi",
    "hainan",
    "chongqing",
    "sichuan",
    "guizhou",
    "yunnan",
    "tibet",
    "shaanxi",
    "gansu",
    "qinghai",
    "ningxia",
    "xinjiang",
];
/// Kind, end of the period, day of payment, quarters of the year that have passed.
const PERIODS: [(&str, &str, &str, i64); 5] = [
    ("prepayment", "2018-03-31", "2018-04-16", 1),
    ("prepayment", "2018-06-30", "2018-07-16", 2),
    ("prepayment", "2018-09-30", "2018-10-22", 3),
    ("prepayment", "2018-12-31", "2019-01-16", 4),
    ("settlement", "2018-12-31", "2019-05-20", 4),
];

struct Enterprise {
    name: String,
    head: &'static str,
    quarter: i64,
    branches: String,
}

pub fn write(rows: u64, seed: u64, folder: &Path) -> Result<()> {
    let mut random = Random(seed ^ 1);
    write_file(&folder.join("coefficients.csv"), |out| {
        writeln!(out, "province,weight")?;
        PROVINCES
            .iter()
            .try_for_each(|province| writeln!(out, "{province},{}", Yuan(random.fen(30, 40))))
    })?;
    let enterprises: Vec<Enterprise> =
        (1..=rows.div_ceil(5)).map(|number| enterprise(number, &mut random)).collect();
    write_file(&folder.join("filings.ndjson"), |out| {
        let mut id = 0;
        for (kind, period_end, date, quarters) in PERIODS {
            for enterprise in enterprises.iter().take(usize::try_from(rows - id).unwrap_or(0)) {
                id += 1;
                let taxable = enterprise.quarter * quarters + random.fen(10, 24) - (1 << 20);
                filing(out, id, enterprise, (kind, period_end, date), Yuan(taxable))?;
            }
        }
        Ok(())
    })
}

fn enterprise(number: u64, random: &mut Random) -> Enterprise {
    let branches: Vec<String> =
        (1..=2 + random.below(5)).map(|branch| a_branch(number, branch, random)).collect();
    Enterprise {
        name: format!("H{number:06}"),
        head: PROVINCES[random.place(3)],
        quarter: random.fen(20, 34),
        branches: branches.join(", "),
    }
}

fn a_branch(enterprise: u64, branch: u64, random: &mut Random) -> String {
    let region = random.pick(&PROVINCES);
    let standing = if random.chance(8) { "auxiliary" } else { "main" };
    let set_up = 2004 + random.below(14);
    let rate = if random.chance(10) { "15%" } else { "25%" };
    let [revenue, payroll, assets] =
        [(28, 38), (24, 32), (28, 38)].map(|(least, most)| Yuan(random.fen(least, most)));
    format!(
        r#"{{"code": "H{enterprise:06}-{branch}", "region": "{region}", "standing": "{standing}", "#
    ) + &format!(r#""set_up": "{set_up}-03-01", "tax_rate": "{rate}", "year": "2017", "#)
        + &format!(r#""revenue": "{revenue}", "payroll": "{payroll}", "assets": "{assets}"}}"#)
}

fn filing(
    out: &mut dyn Write,
    id: u64,
    enterprise: &Enterprise,
    (kind, period_end, date): (&str, &str, &str),
    taxable: Yuan,
) -> std::io::Result<()> {
    let Enterprise { name, head, branches, .. } = enterprise;
    write!(out, r#"{{"id": "F{id:07}", "date": "{date}", "enterprise": "{name}", "#)?;
    write!(out, r#""head": "{head}", "kind": "{kind}", "period_end": "{period_end}", "#)?;
    write!(out, r#""taxable": "{taxable}", "head_rate": "25%", "#)?;
    writeln!(out, r#""branches": [{branches}]}}"#)
}
