//! What is to be worked out, and how it is known to be right.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use clap::ValueEnum;

use super::Plan;
use crate::generate::{self, SEED, Size};
use crate::machine::root;
use crate::oracle::{self, Expected};

/// A body of rules and the events for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Workload {
    /// Receipts split between four accounts
    W1,
    /// As W1, with a cap and an end per enterprise
    W2,
    /// What is withheld from salaries
    W3,
    /// The library's rules for enterprises that moved
    Relocation,
    /// The library's rules for enterprises with branches
    HeadOffice,
    /// The library's rules for wages
    Payslips,
}

impl Workload {
    /// The name in tables and of files.
    pub fn name(self) -> &'static str {
        match self {
            Workload::W1 => "W1",
            Workload::W2 => "W2",
            Workload::W3 => "W3",
            Workload::Relocation => "relocation",
            Workload::HeadOffice => "head-office",
            Workload::Payslips => "payslips",
        }
    }

    /// Whether the oracle knows it.
    pub fn is_reference(self) -> bool {
        matches!(self, Workload::W1 | Workload::W2 | Workload::W3)
    }
}

/// How many events there are.
#[derive(Clone, Debug)]
pub struct Scale {
    /// As it is written: `1m`.
    pub name: String,
    /// Receipts, or events of the library's rules.
    pub rows: u64,
}

impl std::str::FromStr for Scale {
    type Err = String;

    /// Reads digits and `k` or `m`.
    fn from_str(text: &str) -> Result<Scale, String> {
        let expected = || format!("found `{text}`, expected a number and `k` or `m`, such as `1m`");
        let (digits, unit) =
            text.split_at_checked(text.len().saturating_sub(1)).unwrap_or(("", ""));
        let unit = match unit {
            "k" => 1_000,
            "m" => 1_000_000,
            _ => return Err(expected()),
        };
        let number: u64 = digits.parse().map_err(|_| expected())?;
        Ok(Scale { name: text.to_owned(), rows: number * unit })
    }
}

impl Scale {
    /// How often to measure where nobody said.
    pub fn repetitions(&self) -> usize {
        if self.rows < 10_000_000 { 5 } else { 3 }
    }
}

/// One workload at one scale, in one order of its events.
pub struct Case {
    /// The rules and the kind of events.
    pub workload: Workload,
    /// How many.
    pub scale: Scale,
    /// Whether the events come in another order than they happened.
    pub shuffled: bool,
}

/// All cases of a plan, in the order of the table.
pub fn all(plan: &Plan) -> Vec<Case> {
    let mut cases = Vec::new();
    for &workload in &plan.workloads {
        if !workload.is_reference() {
            let scale = plan.library_rows.clone();
            cases.push(Case { workload, scale, shuffled: false });
            continue;
        }
        for scale in &plan.scales {
            let orders: &[bool] = if plan.shuffled { &[false, true] } else { &[false] };
            for &shuffled in orders {
                cases.push(Case { workload, scale: scale.clone(), shuffled });
            }
        }
    }
    cases
}

impl Case {
    /// The same with as few events as the second evaluator can be asked for.
    pub fn small(&self) -> Case {
        let scale = Scale { name: "2k".to_owned(), rows: 2_000 };
        Case { scale, ..*self }
    }

    /// How the case is called.
    pub fn title(&self) -> String {
        let order = if self.shuffled { " shuffled" } else { "" };
        format!("{} {}{order}", self.workload.name(), self.scale.name)
    }

    /// Events in the file: every receipt has its row, every ten receipts a person's twelve months.
    pub fn events(&self) -> u64 {
        match self.workload {
            Workload::W3 => self.persons() * 12,
            _ => self.scale.rows,
        }
    }

    fn persons(&self) -> u64 {
        self.scale.rows / 10
    }

    /// Where the data are.
    fn folder(&self, cache: &Path) -> PathBuf {
        let kind = if self.workload.is_reference() { "data" } else { "library" };
        cache.join(kind).join(&self.scale.name)
    }

    /// Writes the data, unless they are there.
    pub fn make(&self, cache: &Path) -> Result<()> {
        let folder = self.folder(cache);
        if !self.workload.is_reference() {
            if !folder.join("payslips.csv").exists() {
                generate::library(self.scale.rows, u64::from(SEED), &folder)?;
            }
            return Ok(());
        }
        let [events, ..] = &self.inputs(cache)[..] else { return Ok(()) };
        if !folder.join("salaries.csv").exists() {
            let persons = u32::try_from(self.persons())?;
            generate::reference(Size { rows: self.scale.rows, persons }, SEED, &folder)?;
        }
        if self.shuffled && !events.exists() {
            let ordered = Case { shuffled: false, scale: self.scale.clone(), ..*self };
            generate::shuffled(&ordered.inputs(cache)[0], u64::from(SEED), events)?;
        }
        Ok(())
    }

    /// The files of the case, the events first.
    pub fn inputs(&self, cache: &Path) -> Vec<PathBuf> {
        let order = if self.shuffled { "-shuffled" } else { "" };
        let names = match self.workload {
            Workload::W1 => vec![format!("receipts{order}.csv")],
            Workload::W2 => vec![format!("receipts{order}.csv"), "enterprises.csv".to_owned()],
            Workload::W3 => vec![format!("salaries{order}.csv")],
            Workload::Relocation => {
                ["receipts.csv", "relocation.csv", "paid_before.csv"].map(str::to_owned).to_vec()
            }
            Workload::HeadOffice => {
                ["filings.ndjson", "coefficients.csv"].map(str::to_owned).to_vec()
            }
            Workload::Payslips => vec!["payslips.csv".to_owned()],
        };
        names.into_iter().map(|name| self.folder(cache).join(name)).collect()
    }

    /// The rules, and how `fenshui run` is told of the files.
    pub fn rules(&self, cache: &Path) -> Vec<OsString> {
        let (rules, event, registers, by): (&str, &str, &[&str], &str) = match self.workload {
            Workload::W1 => ("examples/workloads/w1.fen.md", "receipt", &[], "account,year"),
            Workload::W2 => {
                ("examples/workloads/w2.fen.md", "receipt", &["enterprises"], "account,year")
            }
            Workload::W3 => ("examples/workloads/w3.fen.md", "payslip", &[], "account,month"),
            Workload::Relocation => (
                "rules/jjj/relocation.fen.md",
                "receipt",
                &["relocation", "paid_before"],
                "account,year",
            ),
            Workload::HeadOffice => {
                ("rules/cn/head_office.fen.md", "filing", &["coefficients"], "account,year")
            }
            Workload::Payslips => ("rules/cn/iit.fen.md", "payslip", &[], "account,year"),
        };
        let named = |name: &str, file: &Path| {
            let mut argument = OsString::from(format!("{name}="));
            argument.push(file);
            argument
        };
        let inputs = self.inputs(cache);
        let mut arguments: Vec<OsString> = vec![root().join(rules).into()];
        arguments.extend(["--library".into(), root().join("rules").into()]);
        arguments.push(named(event, &inputs[0]));
        for (register, file) in registers.iter().zip(&inputs[1..]) {
            arguments.extend(["--register".into(), named(register, file)]);
        }
        arguments.extend(["--by".into(), by.into()]);
        arguments
    }

    /// What must come out, as far as the oracle knows.
    pub fn answers(&self, cache: &Path) -> Result<Answers> {
        let inputs = self.inputs(cache);
        Ok(match (self.workload, &inputs[..]) {
            (Workload::W1, [receipts]) => Answers::Receipts(oracle::receipts(receipts, None)?),
            (Workload::W2, [receipts, enterprises]) => {
                Answers::Receipts(oracle::receipts(receipts, Some(enterprises))?)
            }
            (Workload::W3, [salaries]) => Answers::Salaries(oracle::salaries(salaries)?),
            (Workload::Relocation | Workload::HeadOffice | Workload::Payslips, _) => {
                Answers::Unknown
            }
            _ => bail!("{}: these are not its files", self.title()),
        })
    }
}

/// What must come out.
pub enum Answers {
    /// Of W1 and W2.
    Receipts(Expected<4>),
    /// Of W3.
    Salaries(Expected<2>),
    /// The oracle does not know the library's rules; the program's own second evaluator is asked.
    Unknown,
}
