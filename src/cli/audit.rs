//! `fenshui audit`: a settlement table that somebody else made, held against the rules.

use std::collections::HashMap;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::app::book::fill_registers;
use crate::app::{self, Columns};
use crate::book::Book;
use crate::desk::{Amounts, Audit, AuditRow, Missing};
use crate::diagnostics::Words;
use crate::formats::{
    ForeignTable, Holds, Input, Output, Project, Records, ResultColumn, ResultLayout, Unit,
};
use crate::report::{
    audit_json, audit_text, missing_label, missing_words, names::Names, verdict_help,
    verdict_label, verdict_words,
};

use super::args::{InputFormat, JobArgs};
use super::console::Console;
use super::exit::{Exit, Stop};
use super::job::{
    Prepared, input_options, one_scenario, prepare_loaded, prepare_to_look, say_remarks,
};
use super::places::{check_places, ending, sources, unknown_ending};
use super::set_aside::{SetAsideFile, say_asides};

#[derive(Debug, Args)]
pub(super) struct AuditArgs {
    /// The table: a row an event and a column an account, or the columns `account` and `amount`
    table: String,
    /// A file or folder of rules; with a book also one of its editions, by its entry or digest
    #[arg(long, value_name = "RULES")]
    rules: PathBuf,
    /// Files of events: FILE or EVENT=FILE [default: the table itself]
    #[arg(long, value_name = "FILE", num_args = 1..)]
    events: Vec<String>,
    /// Rows of a register [of an edition, default: those of the book's last batch that has them]
    #[arg(long, value_name = "NAME=FILE")]
    register: Vec<String>,
    /// With the amendments of a scenario
    #[arg(long, value_name = "NAME")]
    scenario: Option<String>,
    /// Choose an option of a reading
    #[arg(long, value_name = "NAME=OPTION")]
    reading: Vec<String>,
    /// Try also the editions of rules that this book holds: a file, `postgres://…`, or `@FILE`
    #[arg(long, value_name = "PLACE")]
    book: Option<String>,
    /// The last day for which calendar events are made [default: the last event's]
    #[arg(long, value_name = "DATE")]
    through: Option<String>,
    /// Which column holds which field, where names and labels do not say it
    #[arg(long, value_name = "FILE")]
    map: Option<PathBuf>,
    /// Encoding of the data [default: found from the bytes]
    #[arg(long, value_name = "NAME", value_parser = ["utf-8", "gb18030"])]
    encoding: Option<String>,
    /// What stands between the cells of a CSV file: one letter, or `tab`
    #[arg(long, value_name = "LETTER")]
    delimiter: Option<String>,
    /// Layout of the data [default: by the ending of the name]
    #[arg(long, value_enum, value_name = "LAYOUT")]
    input_format: Option<InputFormat>,
    /// Write a copy of the table with what became of each row; its ending chooses the layout
    #[arg(long, short, value_name = "FILE")]
    out: Option<String>,
    /// What the table counts amounts in; they agree as far as its digits go [default: exactly]
    #[arg(long, value_name = "UNIT", value_parser = ["元", "千元", "万元", "百万元", "亿元"])]
    unit: Option<String>,
    /// How many of the rows that do not agree, and of the events without a row, are shown
    #[arg(long, value_name = "COUNT", default_value_t = 20)]
    rows: usize,
    /// How the result is written
    #[arg(long, value_enum, default_value = "table")]
    format: AuditFormat,
}

/// How an audit is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum AuditFormat {
    /// For people
    Table,
    /// One JSON object
    Json,
}

pub(super) fn run(console: &Console, args: &AuditArgs) -> Result<Exit, Stop> {
    let book = args.book.as_deref();
    audited(console, args, || book.map(|it| super::book::open_to_read(Some(it))).transpose())
}

/// As a verb of a book, its own or the one that is meant else: `named` is what stands before the verb.
pub(super) fn of_book(
    console: &Console,
    args: &AuditArgs,
    named: Option<&str>,
) -> Result<Exit, Stop> {
    let named = args.book.as_deref().or(named);
    audited(console, args, || super::book::open_to_read(named).map(Some))
}

fn audited(
    console: &Console,
    args: &AuditArgs,
    book: impl FnOnce() -> Result<Option<Book>, Stop>,
) -> Result<Exit, Stop> {
    let is_events = args.events.is_empty();
    let job = job(args);
    let options = input_options(&job)?;
    let table = ForeignTable::read(&Input::open(&args.table, options)?)?;
    let mut book = book()?;
    let unit = args.unit.as_deref().and_then(Unit::named);
    let mut prepared = prepare(console, &job, book.as_mut())?;
    if is_events {
        prepared.mapping = prepared.mapping.in_unit(unit);
    }
    let layout = args.out.as_deref().map(layout).transpose()?;
    let places: Vec<&str> = args.out.as_deref().into_iter().collect();
    check_places(&places, &sources(&prepared, &args.rules))?;
    let columns = app::columns(&table, &prepared.names, is_events)
        .map_err(|trouble| Stop::error(trouble.what.clone(), Some(trouble.hint.clone())))?;
    let job = prepared.job(console);
    let mut variants = app::variants(&prepared.loaded, &prepared.checked, &prepared.choices);
    let mut untried = Vec::new();
    if let Some(book) = &mut book {
        let editions = app::editions(book, &prepared.loaded, &job);
        let (of_book, not) = editions.map_err(super::book::stop)?;
        variants.extend(of_book);
        untried = not;
    }
    let (mut audit, report) = app::audit(&job, &variants, &table, (&columns, unit))?;
    audit.untried.extend(untried);
    for untried in &audit.untried {
        let (what, why) = (&untried.variant, &untried.why);
        console.note(&Words::new(
            format!("{} was not tried: {}", what.en, why.en),
            format!("{}未能试算：{}", what.zh, why.zh),
        ));
    }
    say_unknown(console, &args.table, &columns);
    if !is_events {
        say_remarks(console, &report.remarks);
    }
    say_asides(console, &report, SetAsideFile::Elsewhere);
    if let (Some(out), Some(layout)) = (&args.out, layout) {
        annotated(
            console,
            (&table, &columns, &audit),
            &prepared.names,
            Output::create(out)?,
            layout,
        )?;
    }
    console.print(&match args.format {
        AuditFormat::Table => audit_text(&audit, &prepared.names, args.rows, console.language),
        AuditFormat::Json => {
            format!("{}\n", audit_json(&audit, &prepared.names, console.language))
        }
    })?;
    Ok(if audit.agrees() && report.totals.set_aside == 0 { Exit::Done } else { Exit::Failed })
}

/// Reads the rules, from their files or as an edition of the book, and what else the audit needs.
fn prepare(console: &Console, job: &JobArgs, book: Option<&mut Book>) -> Result<Prepared, Stop> {
    let Some(book) = book.filter(|_| !job.rules.exists()) else {
        return prepare_to_look(console, job);
    };
    let (loaded, compiled_with) = super::book::edition_of(book, &job.rules)?;
    let scenario = one_scenario(job)?.or(compiled_with.as_deref());
    let mut prepared = prepare_loaded(console, job, scenario, (&Project::default(), loaded))?;
    let (names, files) = (&prepared.names, &prepared.register_files);
    let given = app::only_named(&prepared.registers, names, files);
    let filled = fill_registers(book, &prepared.checked, &given);
    prepared.registers = filled.map_err(super::book::stop)?;
    say_remarks(console, &prepared.remarks);
    Ok(prepared)
}

fn job(args: &AuditArgs) -> JobArgs {
    let table = || vec![args.table.clone()];
    JobArgs {
        rules: args.rules.clone(),
        events: if args.events.is_empty() { table() } else { args.events.clone() },
        register: args.register.clone(),
        scenario: args.scenario.iter().cloned().collect(),
        reading: args.reading.clone(),
        through: args.through.clone(),
        map: args.map.clone(),
        encoding: args.encoding.clone(),
        delimiter: args.delimiter.clone(),
        input_format: args.input_format,
    }
}

/// Says which columns of a table mean nothing to the rules.
fn say_unknown(console: &Console, table: &str, columns: &Columns) {
    if columns.unknown.is_empty() {
        return;
    }
    // A column of a sheet without a name is called by its letters.
    let nameless = columns.unknown.iter().any(|name| name.is_empty() || name.starts_with('['));
    let (en, zh) = match nameless {
        true => (
            "; of a head that spans several columns only the first has it: where heads stand in lines 1 and 2, \
             name the file as `FILE:1-2`; else head each column by its account",
            "；跨列的表头只归首列：表头占第 1、2 行时请写成 文件:1-2，否则请为每列写明账户",
        ),
        false => ("", ""),
    };
    console.note(&Words::new(
        format!("`{table}`: columns not used: {}{en}", columns.unknown.join(", ")),
        format!("「{table}」：未使用的列：{}{zh}", columns.unknown.join("、")),
    ));
}

fn layout(out: &str) -> Result<ResultLayout, Stop> {
    match (ResultLayout::by_ending(out), ending(std::path::Path::new(out))) {
        (Some(layout), _) => Ok(layout),
        (None, None) => Ok(ResultLayout::Csv),
        (None, Some(ending)) => {
            let known = [".csv", ".tsv", ".json", ".ndjson", ".xlsx"];
            Err(unknown_ending(out, &ending, &known, Words::new("", "")))
        }
    }
}

/// The columns that a copy of the table has besides its own.
const ADDED: [(&str, &str); 5] = [
    ("verdict", "结论"),
    ("why", "说明"),
    ("due", "应分"),
    ("difference", "差额"),
    ("explained_by", "可由此解释"),
];

/// Writes the table with what became of each row; behind it a row for each event that it does not have.
fn annotated(
    console: &Console,
    (table, columns, audit): (&ForeignTable, &Columns, &Audit),
    names: &Names,
    output: Output,
    layout: ResultLayout,
) -> Result<(), Stop> {
    let added = ADDED.iter().map(|(en, zh)| {
        let name = console.pick(en, zh);
        let taken = table.header.iter().any(|own| own == name);
        let name = if taken {
            format!("{}{name}", console.pick("audit_", "审核"))
        } else {
            name.to_owned()
        };
        ResultColumn::new(&name, &name, false)
    });
    let own = table.header.iter().enumerate().map(|(at, name)| {
        let column = ResultColumn::new(name, name, false);
        // In a workbook what is no amount stays a text; other layouts would refuse it.
        let is_amount = layout == ResultLayout::Xlsx && columns.amounts.contains(&at);
        if is_amount { column.holding(Holds::Amount(names.greatest_scale())) } else { column }
    });
    let mut records = Records::new(output, layout, own.chain(added).collect(), "")?;
    let of_line: HashMap<u64, &AuditRow> =
        audit.rows.iter().flat_map(|row| row.lines.iter().map(move |line| (*line, row))).collect();
    for line in &table.rows {
        for at in 0..table.header.len() {
            records.text(line.cells.get(at).map_or("", String::as_str));
        }
        match of_line.get(&line.line) {
            Some(row) => verdict(console, audit, row, names, &mut records),
            None => ADDED.iter().for_each(|_| records.missing()),
        }
        records.end_row()?;
    }
    for event in &audit.without_row {
        table.header.iter().for_each(|_| records.missing());
        without_row(console, audit, event, names, &mut records);
        records.end_row()?;
    }
    Ok(records.finish()?)
}

/// What is due and by how much the table is off, account by account.
fn due_and_difference(
    console: &Console,
    audit: &Audit,
    (amounts, scale): (&[Amounts], u8),
) -> [String; 2] {
    let (mut due, mut difference) = (Vec::new(), Vec::new());
    for amounts in amounts.iter().filter(|amounts| !amounts.agree) {
        let account = audit.accounts.get(amounts.account).map_or("", |it| it.name.as_str());
        due.push(format!("{account} {}", amounts.due.format(scale)));
        if let Some(by) = amounts.given.checked_sub(amounts.due) {
            difference.push(format!("{account} {}", by.format(scale)));
        }
    }
    let between = console.pick("; ", "；");
    [due.join(between), difference.join(between)]
}

fn without_row(console: &Console, audit: &Audit, event: &Missing, names: &Names, to: &mut Records) {
    to.text(missing_label().in_language(console.language));
    to.text(missing_words(event, names).in_language(console.language));
    let amounts = due_and_difference(console, audit, (&event.amounts, event.scale));
    amounts.iter().for_each(|text| to.text(text));
    to.missing();
}

fn verdict(console: &Console, audit: &Audit, row: &AuditRow, names: &Names, to: &mut Records) {
    let shown = |words: &Words| words.in_language(console.language).to_owned();
    let explained = row.explained_by.iter().filter_map(|at| audit.tried.get(*at));
    let explained: Vec<String> = explained.map(|tried| shown(&tried.variant)).collect();
    to.text(verdict_label(&row.verdict).in_language(console.language));
    let why = [verdict_words(row, names), verdict_help(row, names)];
    let why: Vec<String> = why.iter().flatten().map(shown).collect();
    to.text(&why.join(console.pick("; ", "；")));
    let amounts = due_and_difference(console, audit, (&row.amounts, row.scale));
    amounts.iter().for_each(|text| to.text(text));
    to.text(&explained.join(console.pick("; ", "；")));
}
