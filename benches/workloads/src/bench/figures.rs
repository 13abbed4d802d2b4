//! The table, for people and for programs.

use std::fmt::Write;

use serde_json::{Value, json};

use super::Case;
use super::programs::Program;
use crate::check::Findings;
use crate::machine::Machine;
use crate::measure::Usage;

/// Everything that was measured, and on what.
pub struct Figures {
    /// Where it was measured.
    pub machine: Machine,
    /// A row for each program and case.
    pub rows: Vec<Row>,
}

/// One program on one case.
pub struct Row {
    case: String,
    events: u64,
    program: String,
    version: String,
    is_yardstick: bool,
    /// What each run needed.
    pub runs: Vec<Usage>,
    /// Legs in the output by leg, where the program has one.
    pub legs: Option<u64>,
    verdict: Verdict,
}

/// What is known of the outputs.
pub enum Verdict {
    /// Nothing.
    Unchecked,
    /// They were held against the oracle, row by row.
    Oracle(Findings),
    /// A second evaluator of the same program came to the same on so many events.
    SecondEvaluator(u64),
}

impl Verdict {
    fn findings(&self) -> Option<&Findings> {
        match self {
            Verdict::Oracle(findings) => Some(findings),
            Verdict::Unchecked | Verdict::SecondEvaluator(_) => None,
        }
    }

    fn wrong(&self) -> Option<u64> {
        self.findings().map(|findings| findings.rows + findings.totals)
    }
}

impl Row {
    /// A row without figures.
    pub fn new(case: &Case, program: &Program) -> Row {
        Row {
            case: case.title(),
            events: case.events(),
            program: program.name.clone(),
            version: program.version.clone(),
            is_yardstick: program.is_yardstick(),
            runs: Vec::new(),
            legs: None,
            verdict: Verdict::Unchecked,
        }
    }

    /// Adds what is known of the outputs of a run; the worst of all runs stays.
    pub fn found(&mut self, verdict: Verdict) {
        let known = !matches!(verdict, Verdict::Unchecked);
        if known && verdict.wrong() >= self.verdict.wrong() {
            self.verdict = verdict;
        }
    }

    fn exactness(&self) -> String {
        match &self.verdict {
            Verdict::Unchecked => "not checked".to_owned(),
            Verdict::Oracle(Findings { rows: 0, totals: 0, .. }) => "exact".to_owned(),
            Verdict::Oracle(Findings { rows, totals, .. }) => {
                format!("**{} rows, {totals} totals wrong**", grouped(*rows))
            }
            Verdict::SecondEvaluator(events) => {
                format!("second evaluator agrees on {}", grouped(*events))
            }
        }
    }

    fn cpu(&self) -> Spread {
        Spread::of(self.runs.iter().map(Usage::cpu))
    }

    fn wall(&self) -> Spread {
        Spread::of(self.runs.iter().map(|run| run.wall))
    }

    fn resident(&self) -> Spread {
        Spread::of(self.runs.iter().map(|run| run.resident))
    }

    fn to_json(&self) -> Value {
        let runs: Vec<Value> = self
            .runs
            .iter()
            .map(|run| {
                json!({
                    "wall_us": run.wall, "user_us": run.user, "system_us": run.system,
                    "resident_kib": run.resident,
                })
            })
            .collect();
        let found = |of: fn(&Findings) -> u64| self.verdict.findings().map(of);
        json!({
            "case": self.case, "events": self.events, "program": self.program,
            "version": self.version, "legs": self.legs, "runs": runs,
            "outputs": self.exactness(),
            "rows_wrong": found(|findings| findings.rows),
            "totals_wrong": found(|findings| findings.totals),
            "first_difference": self.verdict.findings().and_then(|findings| findings.first.clone()),
        })
    }
}

/// Least, middle and greatest of some runs.
struct Spread {
    least: u64,
    middle: u64,
    greatest: u64,
}

impl Spread {
    fn of(numbers: impl Iterator<Item = u64>) -> Spread {
        let mut sorted: Vec<u64> = numbers.collect();
        sorted.sort_unstable();
        let at = |place: usize| sorted.get(place).copied().unwrap_or(0);
        let last = sorted.len().saturating_sub(1);
        // Of an even number of runs, the middle is the mean of the two in the middle.
        let middle = u64::midpoint(at(last / 2), at(last.div_ceil(2)));
        Spread { least: at(0), middle, greatest: at(last) }
    }

    /// Microseconds as seconds: the middle, with the least and the greatest.
    fn seconds(&self) -> String {
        let [least, middle, greatest] = [self.least, self.middle, self.greatest].map(milli);
        format!("{middle} ({least}–{greatest})")
    }
}

impl Figures {
    /// As a document with tables.
    pub fn to_markdown(&self) -> String {
        let mut text = String::from("# Figures\n\n");
        let Machine { date, processor, cores, memory, system, compiler, commit, load } =
            &self.machine;
        let _ = writeln!(
            text,
            "{date}, commit {commit}.\n{processor}, {cores} cores, {memory} MiB, {system}, \
             {compiler}; load before: {load}.\n"
        );
        text += "Seconds: median (least–greatest). CPU is user and system time together.\n\n";
        text += "| case | program | wall s | CPU s | CPU to yardstick | peak MiB | outputs |\n";
        text += "|---|---|---|---|---:|---:|---|\n";
        for row in &self.rows {
            let yardstick =
                self.rows.iter().find(|other| other.is_yardstick && other.case == row.case);
            let to_yardstick = yardstick.map_or("–".to_owned(), |yardstick| {
                ratio(row.cpu().middle, yardstick.cpu().middle)
            });
            let version = row.version.split_whitespace().last().unwrap_or("");
            let _ = writeln!(
                text,
                "| {} | {} | {} | {} | {to_yardstick} | {} | {} |",
                row.case,
                format!("{} {version}", row.program).trim_end(),
                row.wall().seconds(),
                row.cpu().seconds(),
                row.resident().greatest.div_ceil(1024),
                row.exactness(),
            );
        }
        text += &self.by_leg();
        text
    }

    /// Rows and legs per second, for programs whose output tells legs apart.
    fn by_leg(&self) -> String {
        let mut text = String::new();
        for row in &self.rows {
            let Some(legs) = row.legs.filter(|legs| *legs > 0) else { continue };
            if text.is_empty() {
                text += "\n| case | program | events | legs | events per wall second | \
                         events per CPU second | CPU ns per leg |\n|---|---|---:|---:|---:|---:|---:|\n";
            }
            let per_second = |micros: u64| grouped(row.events * 1_000_000 / micros.max(1));
            let _ = writeln!(
                text,
                "| {} | {} | {} | {} | {} | {} | {} |",
                row.case,
                row.program,
                grouped(row.events),
                grouped(legs),
                per_second(row.wall().middle),
                per_second(row.cpu().middle),
                grouped(row.cpu().middle * 1000 / legs.max(1)),
            );
        }
        text
    }

    /// Every run, for programs.
    pub fn to_json(&self) -> Value {
        let rows: Vec<Value> = self.rows.iter().map(Row::to_json).collect();
        json!({ "machine": self.machine.to_json(), "rows": rows })
    }
}

/// Microseconds as seconds with three decimals.
fn milli(micros: u64) -> String {
    let millis = (micros + 500) / 1000;
    format!("{}.{:03}", millis / 1000, millis % 1000)
}

/// A ratio with two decimals.
fn ratio(part: u64, whole: u64) -> String {
    let hundredths = (part * 100 + whole / 2) / whole.max(1);
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_of_runs_is_a_median() {
        let of = |runs: &[u64]| {
            let Spread { least, middle, greatest } = Spread::of(runs.iter().copied());
            (least, middle, greatest)
        };
        assert_eq!(of(&[3, 1, 2]), (1, 2, 3));
        assert_eq!(of(&[4, 1, 2, 8]), (1, 3, 8));
        assert_eq!(of(&[7]), (7, 7, 7));
        assert_eq!(of(&[]), (0, 0, 0));
    }

    #[test]
    fn figures_are_written_without_floating_point() {
        assert_eq!(milli(1_234_567), "1.235");
        assert_eq!(milli(499), "0.000");
        assert_eq!(ratio(300, 200), "1.50");
        assert_eq!(ratio(2, 3), "0.67");
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(1_234_567), "1,234,567");
    }

    #[test]
    fn the_worst_of_all_runs_stays() {
        let wrong = |rows| Verdict::Oracle(Findings { rows, ..Findings::default() });
        let found = |verdicts: Vec<Verdict>| {
            let mut row = Row {
                case: String::new(),
                events: 0,
                program: String::new(),
                version: String::new(),
                is_yardstick: false,
                runs: Vec::new(),
                legs: None,
                verdict: Verdict::Unchecked,
            };
            verdicts.into_iter().for_each(|verdict| row.found(verdict));
            row.exactness()
        };
        assert_eq!(found(vec![]), "not checked");
        assert_eq!(found(vec![Verdict::Unchecked, wrong(0)]), "exact");
        assert_eq!(found(vec![wrong(3), wrong(0)]), "**3 rows, 0 totals wrong**");
        let twice = vec![Verdict::SecondEvaluator(2_000), Verdict::Unchecked];
        assert_eq!(found(twice), "second evaluator agrees on 2,000");
    }
}
