//! `fenshui run`.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::app::{self, Manner, MemoryLimit, Outputs};
use crate::diagnostics::Words;
use crate::formats::{
    AllocationOptions, Allocations, By, Figures, FormatsError, Output, ResultLayout, SetAsides,
    Summary, Together, column_names, template,
};
use crate::report::names::{Names, Table};
use crate::rows::RegisterTable;

use super::args::RunArgs;
use super::console::Console;
use super::exit::{Exit, Stop, error_text};
use super::job::{Prepared, prepare_to_run, say_remarks};
use super::places::{self, check_layout, check_places, sources};
use super::progress::Progress;
use super::set_aside::{SetAsideFile, say_asides};

pub(super) fn run(console: &Console, args: &RunArgs) -> Result<Exit, Stop> {
    if args.print_map {
        return print_map(console, args);
    }
    let prepared = prepare_to_run(console, &args.job)?;
    let mut files: Vec<&str> = named(args).collect();
    check_places(&files, &sources(&prepared, &args.job.rules))?;
    if args.out.is_none() && !files.contains(&"-") {
        files.push("-");
    }
    check_layout(args.format, &files)?;
    check_for_excel(args, &files)?;
    places::say_left_behind(console, &files);
    let held = OnceCell::new();
    let registers = || read_once(console, &prepared, &held);
    if args.cross_check {
        cross_check(console, &app::Job { registers: registers()?, ..prepared.job(console) })?;
    }
    // From here on there are files that nobody is to find in half.
    console.mind_interrupts();
    let together = Together::new(console.interrupted.clone());
    // Made before the run, so that a folder that is not there is known before an hour of work.
    let place = |file: &Option<String>| -> Result<Option<(Output, ResultLayout)>, Stop> {
        let file = file.as_deref();
        let layout = file.map(|file| layout(args, file)).transpose()?;
        let create = |file| output(args, file, &together);
        file.zip(layout).map(|(file, layout)| Ok((create(file)?, layout))).transpose()
    };
    let (summary_to, aside_to) = (place(&args.summary)?, place(&args.set_aside)?);
    let open = || open_outputs(console, args, &prepared.names, &together);
    let progress = Progress::new(console);
    // What has gone through a pipe cannot be taken back.
    let may_begin_again = [args.out.as_deref().unwrap_or("-")]
        .into_iter()
        .chain(args.figures.as_deref())
        .all(Output::can_be_made_anew);
    let job = prepared.job(console);
    let manner = Manner {
        may_begin_again,
        limit: Some(MemoryLimit { bytes: args.memory, folder: folder_for_rows(args) }),
        progress: &|how_far| progress.at(how_far),
    };
    let done = app::run(&job, &registers, &open, &manner);
    // A summary and what is set aside are written at the end.
    let as_they_come = [&args.out, &args.figures].into_iter().flatten();
    let printed = as_they_come.into_iter().any(|file| file == "-")
        || args.out.is_none() && !prints_another(args);
    let (report, outputs) = done.map_err(|stop| match stop {
        Stop::Interrupted(_) if printed => Stop::Interrupted(Words::new(
            "interrupted; what was printed is not the whole, and no file was written",
            "已中断；已打印的内容不完整，未写出任何文件",
        )),
        other => other,
    })?;
    write_out(outputs.allocations, outputs.figures, &progress)?;
    if let (Some(summary), Some((output, layout))) = (outputs.summary, summary_to) {
        summary.write(&prepared.names, output, layout, console.language)?;
    }
    if let (Some(set_asides), Some((output, layout))) = (outputs.set_asides, aside_to) {
        set_asides.write(&app::inputs(prepared.events), output, layout)?;
    }
    together.place()?;
    say_remarks(console, &report.remarks);
    let file = match &args.set_aside {
        Some(_) => SetAsideFile::Written,
        None => SetAsideFile::Possible,
    };
    say_asides(console, &report, file);
    if !console.quiet {
        console.message(&report.totals.draw(console.language));
    }
    let failed = report.totals.set_aside > 0 || !report.totals.balance();
    Ok(if failed { Exit::Failed } else { Exit::Done })
}

/// Writes what came of the events to its end.
fn write_out(
    allocations: Option<Allocations>,
    figures: Option<Figures>,
    progress: &Progress<'_>,
) -> Result<(), Stop> {
    progress.writing();
    if let Some(allocations) = allocations {
        allocations.finish()?;
    }
    if let Some(figures) = figures {
        figures.finish()?;
    }
    // What comes now may go where the line stands.
    progress.end();
    Ok(())
}

/// Where rows wait that memory has no room for: beside the results, which need about as much.
fn folder_for_rows(args: &RunArgs) -> PathBuf {
    let file = named(args).find(|file| Output::can_be_made_anew(file)).map(Path::new);
    match file.map(|file| file.parent().unwrap_or(Path::new(""))) {
        Some(folder) if folder.as_os_str().is_empty() => PathBuf::from("."),
        Some(folder) => folder.to_owned(),
        None => std::env::temp_dir(),
    }
}

/// The rows of registers, read when they are asked for first.
fn read_once<'h>(
    console: &Console,
    prepared: &Prepared,
    held: &'h OnceCell<Vec<(u32, RegisterTable)>>,
) -> Result<&'h [(u32, RegisterTable)], Stop> {
    if let Some(rows) = held.get() {
        return Ok(rows);
    }
    let (rows, remarks) = prepared.read_registers()?;
    say_remarks(console, &remarks);
    Ok(held.get_or_init(|| rows))
}

/// Runs the plain evaluator beside the compiled one, before anything is written.
fn cross_check(console: &Console, job: &app::Job<'_>) -> Result<(), Stop> {
    match app::cross_check(job)? {
        Ok(events) => {
            console.note(&Words::new(
                format!("both evaluators agree on {events} events"),
                format!("两个求值器对 {events} 条事项结果一致"),
            ));
            Ok(())
        }
        Err(words) => {
            console.message(&error_text(&words, None, console.language));
            Err(Stop::Said(Exit::Failed))
        }
    }
}

/// The results that have a name, `-` among them.
fn named(args: &RunArgs) -> impl Iterator<Item = &str> {
    let named = [&args.out, &args.summary, &args.figures, &args.set_aside];
    named.into_iter().flatten().map(String::as_str)
}

/// A result among the others. Where some of them are files, they are wanted also if whoever reads from a
/// pipe has seen enough.
fn output(args: &RunArgs, file: &str, together: &Arc<Together>) -> Result<Output, FormatsError> {
    let output = Output::create(file)?.together(together);
    let any_file = named(args).any(Output::can_be_made_anew);
    Ok(if any_file { output.beside_others() } else { output })
}

/// Whoever asks for a summary on the standard output does not want allocations there too.
fn prints_another(args: &RunArgs) -> bool {
    let others = [&args.summary, &args.figures, &args.set_aside];
    others.into_iter().flatten().any(|file| file == "-")
}

fn open_outputs<'n>(
    console: &Console,
    args: &RunArgs,
    names: &'n Names,
    together: &Arc<Together>,
) -> Result<Outputs<'n>, Stop> {
    let create = |file: &str| {
        let output = output(args, file, together)?;
        if console.threads > 1 { output.forced_beside() } else { Ok(output) }
    };
    let mut outputs = Outputs::default();
    if args.out.is_some() || !prints_another(args) {
        let file = args.out.as_deref().unwrap_or("-");
        let options = AllocationOptions {
            layout: layout(args, file)?,
            explain: args.explain_columns,
            labels: args.labels,
            language: console.language,
        };
        let allocations = Allocations::new(names, create(file)?, options)?;
        outputs.allocations = Some(allocations);
    }
    if args.summary.is_some() {
        let by = By::parse(&args.by, names).map_err(|words| Stop::error(words, None))?;
        let summary = Summary::new(by);
        outputs.summary = Some(if args.labels { summary.with_labels() } else { summary });
    }
    if let Some(file) = &args.figures {
        let (output, layout) = (create(file)?, layout(args, file)?);
        let figures = Figures::new(names, output, layout, console.language)?;
        outputs.figures = Some(figures);
    }
    if args.set_aside.is_some() {
        outputs.set_asides = Some(SetAsides::new(console.language, folder_for_rows(args))?);
    }
    Ok(outputs)
}

/// What is to be written for Excel must be CSV.
fn check_for_excel(args: &RunArgs, files: &[&str]) -> Result<(), Stop> {
    let mut any = !args.for_excel;
    for file in files {
        any |= layout(args, file)? == ResultLayout::ForExcel;
    }
    if any {
        return Ok(());
    }
    Err(Stop::error(
        Words::new(
            "`--for-excel` is about CSV, and no output is CSV",
            "--for-excel 只用于 CSV，而没有任何输出是 CSV",
        ),
        Some(Words::new(
            "name a file that ends in `.csv`, or add `--format csv`",
            "请指定 .csv 文件，或加 --format csv",
        )),
    ))
}

/// The layout of an output.
fn layout(args: &RunArgs, file: &str) -> Result<ResultLayout, Stop> {
    let layout = places::layout(args.format, file)?;
    Ok(match layout {
        ResultLayout::Csv if args.for_excel => ResultLayout::ForExcel,
        layout => layout,
    })
}

fn print_map(console: &Console, args: &RunArgs) -> Result<Exit, Stop> {
    let project = crate::formats::Project::of(&args.job.rules)?;
    let loaded = super::rules::load_project(console, &args.job.rules, &project)?;
    let checked = super::rules::compile(console, &loaded, super::job::one_scenario(&args.job)?)?;
    let names = app::names(checked.rule_set(), console.language);
    let options = super::job::input_options(&args.job)?;
    let registers = super::job::registers(&args.job, &project)?;
    let mut columns: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut add = |table: &str, names: Vec<String>| {
        let known = columns.entry(table.to_owned()).or_default();
        for name in names {
            if !known.contains(&name) {
                known.push(name);
            }
        }
    };
    let files = if args.job.events.is_empty() { &project.events } else { &args.job.events };
    for file in app::open_events(&names, &app::named_files(files)?, options)? {
        let found = column_names(&file.input)?;
        // A file of which nobody said the kind may be of any.
        for table in &names.events {
            if file.kind.as_ref().is_none_or(|kind| table.name.spellings().any(|own| own == kind)) {
                add(&table.name.text, found.clone());
            }
        }
    }
    for (name, file) in registers.iter().filter_map(|register| register.split_once('=')) {
        let input = crate::formats::Input::open(file, options)?;
        let table = names.registers.iter().find(|it| it.name.spellings().any(|own| own == name));
        add(table.map_or(name, |table| &table.name.text), column_names(&input)?);
    }
    let of = |table: &Table| columns.get(&table.name.text).cloned().unwrap_or_default();
    console.print(&template(&names, of))?;
    Ok(Exit::Done)
}
