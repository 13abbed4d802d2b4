//! `fenshui compare`: two scenarios, or every reading, over the same events.

use std::cmp::Ordering;

use clap::Args;

use super::args::{JobArgs, OutputFormat};
use super::console::Console;
use super::exit::{Exit, Stop};
use super::job::{Prepared, prepare_with};
use crate::app;
use crate::base::Money;
use crate::desk::{Comparison, Ledger, compare};
use crate::diagnostics::Words;
use crate::formats::compare_cells;
use crate::model::ReadingId;
use crate::report::comparison;
use crate::report::table::{Align, Table};
use crate::report::values::money_label;

#[derive(Debug, Args)]
pub(super) struct CompareArgs {
    #[command(flatten)]
    job: JobArgs,
    /// For every reading of the rules: how much money hangs on it, and whose
    #[arg(long, conflicts_with = "scenario")]
    readings: bool,
    /// How many of the events that moved most are shown
    #[arg(long, value_name = "COUNT", default_value_t = 10)]
    movers: usize,
    /// Layout of the result
    #[arg(long, value_enum, value_name = "LAYOUT")]
    format: Option<OutputFormat>,
}

pub(super) fn run(console: &Console, args: &CompareArgs) -> Result<Exit, Stop> {
    if args.job.events.iter().any(|file| file == "-" || file.ends_with("=-")) {
        return Err(Stop::error(
            Words::new(
                "events are read twice, and the standard input cannot be",
                "事项要读两遍，而标准输入不能重读",
            ),
            Some(Words::new("name a file", "请指定文件")),
        ));
    }
    if args.readings { readings(console, args) } else { scenarios(console, args) }
}

fn scenarios(console: &Console, args: &CompareArgs) -> Result<Exit, Stop> {
    let (before, after) = match args.job.scenario.as_slice() {
        [one] => (None, Some(one.as_str())),
        [one, other] => (Some(one.as_str()), Some(other.as_str())),
        _ => {
            return Err(Stop::error(
                Words::new("name one or two scenarios", "请指定一个或两个方案"),
                Some(Words::new(
                    "`--scenario A` holds A against the rules as they are, `--scenario A --scenario B` \
                     holds B against A, `--readings` goes through all readings",
                    "「--scenario A」与现行规则比较，「--scenario A --scenario B」两者比较，\
                     「--readings」逐一比较各释义",
                )),
            ));
        }
    };
    let (old, prepared) = ledger(console, args, before)?;
    let (new, _) = ledger(console, args, after)?;
    let result = ordered(compare(&old, &new, args.movers));
    let as_is = console.pick("as is", "现行");
    let titles = [before.unwrap_or(as_is), after.unwrap_or(as_is)];
    let text = match args.format.unwrap_or(OutputFormat::Table) {
        OutputFormat::Table => comparison::draw(&result, &prepared.names, titles, console.language),
        OutputFormat::Csv => separated(&result, &prepared, ","),
        OutputFormat::Tsv => separated(&result, &prepared, "\t"),
        OutputFormat::Json | OutputFormat::Ndjson => {
            format!("{}\n", comparison::json(&result, &prepared.names))
        }
    };
    console.print(&text)?;
    Ok(Exit::Done)
}

/// Lines in the order accounts are declared, whatever the order in which events came.
fn ordered(mut comparison: Comparison) -> Comparison {
    comparison.lines.sort_by(|one, other| {
        let payees = match (&one.payee, &other.payee) {
            (Some((a, one)), Some((b, other))) => a.cmp(b).then_with(|| compare_cells(one, other)),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => Ordering::Equal,
        };
        payees.then(one.year.cmp(&other.year))
    });
    comparison
}

fn ledger(
    console: &Console,
    args: &CompareArgs,
    scenario: Option<&str>,
) -> Result<(Ledger, Prepared), Stop> {
    let prepared = prepare_with(console, &args.job, scenario)?;
    let ledger = app::ledger(&prepared.job(console))?;
    Ok((ledger, prepared))
}

fn separated(result: &Comparison, prepared: &Prepared, between: &str) -> String {
    let mut out = ["account", "year", "before", "after", "difference"].join(between);
    out.push('\n');
    for row in comparison::csv(result, &prepared.names) {
        let cells: Vec<String> = row
            .into_iter()
            .map(|cell| match cell.contains([',', '"', '\n', '\t']) {
                true => format!("\"{}\"", cell.replace('"', "\"\"")),
                false => cell,
            })
            .collect();
        out.push_str(&cells.join(between));
        out.push('\n');
    }
    out
}

/// Each option of each reading against the options chosen.
fn readings(console: &Console, args: &CompareArgs) -> Result<Exit, Stop> {
    let mut prepared = prepare_with(console, &args.job, None)?;
    let base = app::ledger(&prepared.job(console))?;
    let options: Vec<(ReadingId, u32, String, String)> = prepared
        .checked
        .rule_set()
        .readings
        .iter()
        .enumerate()
        .flat_map(|(at, reading)| {
            let id = ReadingId::next(at);
            let options = (0..).zip(&reading.options);
            options.map(move |(option, name)| {
                (id, option, reading.name.text.clone(), name.text.clone())
            })
        })
        .collect();
    let mut results = Vec::new();
    for (reading, option, name, chosen) in options {
        let default = prepared
            .checked
            .rule_set()
            .readings
            .get(reading.index())
            .map(|reading| reading.default);
        let current = prepared.choices.readings.get(&reading).copied().or(default);
        if current == Some(option) {
            continue;
        }
        let kept = prepared.choices.clone();
        prepared.choices.readings.insert(reading, option);
        let other = app::ledger(&prepared.job(console))?;
        prepared.choices = kept;
        results.push((name, chosen, ordered(compare(&base, &other, args.movers))));
    }
    if results.is_empty() {
        console.note(&Words::new("these rules have no readings", "这些规则没有释义"));
        return Ok(Exit::Done);
    }
    match args.format.unwrap_or(OutputFormat::Table) {
        OutputFormat::Json | OutputFormat::Ndjson => {
            for (name, option, result) in &results {
                let comparison = comparison::json(result, &prepared.names);
                let line = serde_json::json!({
                    "reading": name, "option": option, "comparison": comparison,
                });
                console.print(&format!("{line}\n"))?;
            }
        }
        OutputFormat::Table | OutputFormat::Csv | OutputFormat::Tsv => {
            console.print(&priced(console, &results).draw())?;
            for (name, option, result) in &results {
                if result.moved != Money::ZERO {
                    let as_is = console.pick("as is", "现行");
                    let titles = [as_is, option.as_str()];
                    let names = &prepared.names;
                    let drawn = comparison::draw(result, names, titles, console.language);
                    console.print(&format!("\n{name} = {option}\n{drawn}"))?;
                }
            }
        }
    }
    Ok(Exit::Done)
}

/// How much money hangs on each reading.
fn priced(console: &Console, results: &[(String, String, Comparison)]) -> Table {
    let heads = match console.pick("en", "zh") {
        "en" => ["reading", "option", "changes hands", "events"],
        _ => ["释义", "选项", "易手金额", "事项数"],
    };
    let aligns = [Align::Left, Align::Left, Align::Right, Align::Right];
    let mut table = Table::new(heads.map(str::to_owned).into_iter().zip(aligns));
    for (name, option, result) in results {
        table.add([
            name.clone(),
            option.clone(),
            money_label(result.moved, 2),
            result.events_changed.to_string(),
        ]);
    }
    table
}
