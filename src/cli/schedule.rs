//! `fenshui schedule`: the table of a schedule with the quick deductions derived from it.

use std::path::PathBuf;

use clap::Args;

use crate::app::{self, ScheduleTable};
use crate::formats::{Output, Records, ResultColumn, ResultLayout};
use crate::report::values::{grouped_exact, percent};

use super::args::OutputFormat;
use super::console::Console;
use super::exit::{Exit, Stop};
use super::{job, places, rules};

#[derive(Debug, Args)]
pub(super) struct ScheduleArgs {
    /// A file or folder of rules
    pub(super) rules: PathBuf,
    /// Name or label of the schedule
    pub(super) name: String,
    /// Only the table of this day [default: all tables]
    #[arg(long, value_name = "DATE")]
    pub(super) on: Option<String>,
    /// Layout of the table
    #[arg(long, value_enum, value_name = "LAYOUT")]
    pub(super) format: Option<OutputFormat>,
}

pub(super) fn run(console: &Console, args: &ScheduleArgs) -> Result<Exit, Stop> {
    let loaded = rules::load(console, &args.rules)?;
    let checked = rules::compile(console, &loaded, None)?;
    let on = args.on.as_deref().map(job::date).transpose()?;
    let tables = app::schedule_tables(checked.rule_set(), &args.name, on, console.language)
        .map_err(|words| Stop::error(words, None))?;
    let layout = places::layout(args.format, "-")?;
    if layout == ResultLayout::Table {
        for table in &tables {
            console.print(&heading(console, table))?;
            write(console, std::slice::from_ref(table), layout)?;
        }
    } else {
        write(console, &tables, layout)?;
    }
    Ok(Exit::Done)
}

fn heading(console: &Console, table: &ScheduleTable) -> String {
    let from = table.from.map(|day| format!("{} {day}", console.pick("from", "自")));
    let until = table.until.map(|day| format!("{} {day}", console.pick("until", "至")));
    let clause = Some(table.clause.clone()).filter(|clause| !clause.is_empty());
    let parts: Vec<String> = [from, until, clause].into_iter().flatten().collect();
    format!("{}\n", parts.join("  "))
}

fn write(console: &Console, tables: &[ScheduleTable], layout: ResultLayout) -> Result<(), Stop> {
    let person = layout == ResultLayout::Table;
    let column =
        |name: &str, en: &str, zh: &str| ResultColumn::new(name, console.pick(en, zh), true);
    let mut columns = vec![column("from", "from", "自"), column("until", "until", "至")];
    if person {
        columns.clear();
    }
    columns.extend([
        column("above", "above", "超过"),
        column("up_to", "up to", "不超过"),
        column("rate", "rate", "税率"),
        column("quick_deduction", "quick deduction", "速算扣除数"),
        column("tax_at_end", "tax at the end", "上限税额"),
    ]);
    let mut records = Records::new(Output::stdout(), layout, columns, "")?;
    for table in tables {
        for row in &table.rows {
            let optional = |records: &mut Records, text: Option<String>| match text {
                Some(text) => records.text(&text),
                None => records.missing(),
            };
            let amount = |value: &crate::base::Exact| match person {
                true => grouped_exact(value, 0),
                false => value.to_string(),
            };
            if !person {
                optional(&mut records, table.from.map(|day| day.to_string()));
                optional(&mut records, table.until.map(|day| day.to_string()));
            }
            records.text(&amount(&row.above));
            optional(&mut records, row.up_to.as_ref().map(amount));
            records.text(&if person { percent(&row.rate) } else { row.rate.to_string() });
            records.text(&amount(&row.quick));
            optional(&mut records, row.tax_at_end.as_ref().map(amount));
            records.end_row()?;
        }
    }
    Ok(records.finish()?)
}
