//! `fenshui compare`: two scenarios, or every reading, over the same events.

use std::cmp::Ordering;

use clap::Args;

use super::args::{JobArgs, OutputFormat};
use super::console::Console;
use super::exit::{Exit, Stop};
use super::job::{Prepared, prepare_with, say_remarks};
use super::places::{self, check_places, sources};
use super::rules;
use super::set_aside::{SetAsideFile, say_asides};
use crate::app::{self, RunReport};
use crate::desk::{Comparison, Ledger, compare};
use crate::diagnostics::Words;
use crate::formats::{Holds, Output, Records, ResultColumn, ResultLayout};
use crate::model::ReadingId;
use crate::report::comparison;
use crate::report::names::{Label, Names};
use crate::report::table::{Align, Table};
use crate::rows::Cell;

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
    /// Where to; `-` for the standard output. The ending chooses the layout
    #[arg(long, short, value_name = "FILE", default_value = "-")]
    out: String,
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
    let layout = layout(args)?;
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
    let (old, old_report, prepared) = ledger(console, args, before)?;
    check_places(&[&args.out], &sources(&prepared, &args.job.rules))?;
    let title = |scenario: Option<&str>| match scenario {
        None => Ok(console.pick("as is", "现行").to_owned()),
        Some(scenario) => rules::scenario(&prepared.loaded, scenario)
            .map(|label| label.in_language(console.language).to_owned()),
    };
    let (before_title, after_title) = (title(before)?, title(after)?);
    let titles = [before_title.as_str(), after_title.as_str()];
    rules::warn(console, &prepared.loaded, &prepared.warnings);
    say_remarks(console, &prepared.remarks);
    say_remarks(console, &old_report.remarks);
    say_side(console, titles[0], &old_report, None);
    let (new, new_report, mut changed) = ledger(console, args, after)?;
    changed.warnings.retain(|found| !prepared.warnings.contains(found));
    rules::warn(console, &changed.loaded, &changed.warnings);
    say_side(console, titles[1], &new_report, Some(&old_report));
    let result = ordered(compare(&old, &new, args.movers));
    match layout {
        ResultLayout::Table => {
            let drawn = comparison::draw(&result, &prepared.names, titles, console.language);
            write_text(args, &drawn)?;
        }
        ResultLayout::Json | ResultLayout::Ndjson => {
            write_text(args, &format!("{}\n", comparison::json(&result, &prepared.names)))?;
        }
        layout => {
            write_rows(args, layout, &prepared.names, comparison::lines(&result, &prepared.names))?
        }
    }
    Ok(ending(&[&old_report, &new_report]))
}

/// Says what became of the rows of one side, in full where it is not what the other side said.
fn say_side(console: &Console, title: &str, report: &RunReport, other: Option<&RunReport>) {
    if !console.quiet {
        console.message(&format!("{title}{}", console.pick(":", "：")));
    }
    let alike = other.is_some_and(|other| {
        let counts = (other.totals.set_aside, other.totals.set_aside_unknown);
        let own = (report.totals.set_aside, report.totals.set_aside_unknown);
        counts == own && other.first_aside == report.first_aside
    });
    if alike && report.totals.set_aside > 0 {
        let count = report.totals.set_aside;
        console.note(&Words::new(
            format!("the same {count} set aside"),
            format!("搁置的 {count} 条相同"),
        ));
    } else {
        say_asides(console, report, SetAsideFile::Elsewhere);
    }
    if !console.quiet {
        console.message(&report.totals.draw(console.language));
    }
}

/// A comparison of runs that are not whole is done, but not all is well.
fn ending(reports: &[&RunReport]) -> Exit {
    let whole = |report: &&RunReport| report.totals.set_aside == 0 && report.totals.balance();
    if reports.iter().all(whole) { Exit::Done } else { Exit::Failed }
}

/// Lines in the order accounts are declared, whatever the order in which events came.
fn ordered(mut comparison: Comparison) -> Comparison {
    comparison.lines.sort_by(|one, other| {
        let payees = match (&one.payee, &other.payee) {
            (Some((a, one)), Some((b, other))) => {
                a.cmp(b).then_with(|| Cell::order_all(one, other))
            }
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => Ordering::Equal,
        };
        payees.then((one.currency, one.year).cmp(&(other.currency, other.year)))
    });
    comparison
}

fn ledger(
    console: &Console,
    args: &CompareArgs,
    scenario: Option<&str>,
) -> Result<(Ledger, RunReport, Prepared), Stop> {
    let prepared = prepare_with(console, &args.job, scenario)?;
    let (ledger, report) = app::ledger(&prepared.job(console))?;
    Ok((ledger, report, prepared))
}

fn layout(args: &CompareArgs) -> Result<ResultLayout, Stop> {
    places::check_layout(args.format, &[&args.out])?;
    places::layout(args.format, &args.out)
}

fn write_text(args: &CompareArgs, text: &str) -> Result<(), Stop> {
    let mut output = Output::create(&args.out)?;
    output.write(text.as_bytes())?;
    Ok(output.finish()?)
}

/// Writes rows, the first of which names the columns.
fn write_rows(
    args: &CompareArgs,
    layout: ResultLayout,
    names: &Names,
    rows: Vec<Vec<String>>,
) -> Result<(), Stop> {
    let mut rows = rows.into_iter();
    let column = |name: String| {
        let holds = match name.as_str() {
            "before" | "after" | "difference" => Holds::Amount(names.greatest_scale()),
            "year" => Holds::Whole,
            _ => Holds::Text,
        };
        ResultColumn::new(&name, &name, holds != Holds::Text).holding(holds)
    };
    let columns = rows.next().unwrap_or_default().into_iter().map(column).collect();
    let mut records = Records::new(Output::create(&args.out)?, layout, columns, "")?;
    for row in rows {
        row.iter().for_each(|cell| records.text(cell));
        records.end_row()?;
    }
    Ok(records.finish()?)
}

/// What another option of a reading would change.
struct Priced {
    reading: Label,
    option: Label,
    result: Comparison,
}

/// Each option of each reading against the options chosen.
fn readings(console: &Console, args: &CompareArgs) -> Result<Exit, Stop> {
    let layout = layout(args)?;
    let mut prepared = prepare_with(console, &args.job, None)?;
    check_places(&[&args.out], &sources(&prepared, &args.job.rules))?;
    let (base, base_report) = app::ledger(&prepared.job(console))?;
    rules::warn(console, &prepared.loaded, &prepared.warnings);
    say_remarks(console, &prepared.remarks);
    say_remarks(console, &base_report.remarks);
    say_side(console, console.pick("as is", "现行"), &base_report, None);
    let mut reports = Vec::new();
    let mut results = Vec::new();
    for (reading, option, name, chosen) in options(&prepared) {
        let declared = prepared.checked.rule_set().readings.get(reading.index());
        let default = declared.map(|reading| reading.default);
        let current = prepared.choices.readings.get(&reading).copied().or(default);
        if current == Some(option) {
            continue;
        }
        let kept = prepared.choices.clone();
        prepared.choices.readings.insert(reading, option);
        let (other, report) = app::ledger(&prepared.job(console))?;
        let shown = |label: &Label| label.in_language(console.language).to_owned();
        let title = format!("{} = {}", shown(&name), shown(&chosen));
        say_side(console, &title, &report, Some(&base_report));
        reports.push(report);
        prepared.choices = kept;
        let result = ordered(compare(&base, &other, args.movers));
        results.push(Priced { reading: name, option: chosen, result });
    }
    if results.is_empty() {
        console.note(&Words::new("these rules have no readings", "这些规则没有释义"));
    } else {
        write(console, (args, layout), &prepared.names, &results)?;
    }
    reports.push(base_report);
    Ok(ending(&reports.iter().collect::<Vec<_>>()))
}

/// Every option of every reading, with the names of both.
fn options(prepared: &Prepared) -> Vec<(ReadingId, u32, Label, Label)> {
    let readings = prepared.names.readings.iter().enumerate();
    let options = readings.flat_map(|(at, (reading, options))| {
        let options = (0..).zip(&options.members);
        options.map(move |(option, (name, _))| {
            (ReadingId::next(at), option, reading.clone(), name.clone())
        })
    });
    options.collect()
}

fn write(
    console: &Console,
    (args, layout): (&CompareArgs, ResultLayout),
    names: &Names,
    results: &[Priced],
) -> Result<(), Stop> {
    let rows = || {
        let mut rows: Vec<Vec<String>> = Vec::new();
        for priced in results {
            for (at, line) in comparison::lines(&priced.result, names).into_iter().enumerate() {
                let own = match at {
                    0 => ["reading".to_owned(), "option".to_owned()],
                    _ => [priced.reading.text.clone(), priced.option.text.clone()],
                };
                // The heads stand once.
                if at > 0 || rows.is_empty() {
                    rows.push(own.into_iter().chain(line).collect());
                }
            }
        }
        rows
    };
    match layout {
        ResultLayout::Json | ResultLayout::Ndjson => {
            let line = |priced: &Priced| {
                let comparison = comparison::json(&priced.result, names);
                let line = serde_json::json!({
                    "reading": priced.reading.text, "option": priced.option.text, "comparison": comparison,
                });
                format!("{line}\n")
            };
            write_text(args, &results.iter().map(line).collect::<String>())
        }
        ResultLayout::Table => {
            let mut out = priced_table(console, names, results).draw();
            for Priced { reading, option, result } in results {
                if result.events_changed > 0 {
                    let (reading, option) = (
                        reading.in_language(console.language),
                        option.in_language(console.language),
                    );
                    let titles = [console.pick("as is", "现行"), option];
                    let drawn = comparison::draw(result, names, titles, console.language);
                    out.push_str(&format!("\n{reading} = {option}\n{drawn}"));
                }
            }
            write_text(args, &out)
        }
        layout => write_rows(args, layout, names, rows()),
    }
}

/// How much money hangs on each reading.
fn priced_table(console: &Console, names: &Names, results: &[Priced]) -> Table {
    let heads = match console.pick("en", "zh") {
        "en" => ["reading", "option", "changes hands", "events"],
        _ => ["释义", "选项", "易手金额", "事项数"],
    };
    let aligns = [Align::Left, Align::Left, Align::Right, Align::Right];
    let mut table = Table::new(heads.map(str::to_owned).into_iter().zip(aligns));
    for Priced { reading, option, result } in results {
        table.add([
            reading.in_language(console.language).to_owned(),
            option.in_language(console.language).to_owned(),
            comparison::moved_label(result, names, console.language),
            result.events_changed.to_string(),
        ]);
    }
    table
}
