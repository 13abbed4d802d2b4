//! `fenshui run`.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::app::{self, Aside, Outputs};
use crate::diagnostics::Words;
use crate::formats::{
    AllocationOptions, Allocations, By, Figures, Output, ResultLayout, SetAsides, Summary,
    column_names, template,
};
use crate::report::names::Names;

use super::args::{OutputFormat, RunArgs};
use super::console::Console;
use super::exit::{Exit, Stop, error_text};
use super::job::{Prepared, prepare, say_remarks};
use super::progress::Progress;

pub(super) fn run(console: &Console, args: &RunArgs) -> Result<Exit, Stop> {
    if args.print_map {
        return print_map(console, args);
    }
    let prepared = prepare(console, &args.job)?;
    check_files(args, &prepared)?;
    let layout = |file: &str| layout(args.format, file);
    // Made before the run, so that a folder that is not there is known before an hour of work.
    let place = |file: &Option<String>| -> Result<Option<(Output, ResultLayout)>, Stop> {
        let file = file.as_deref();
        file.map(|file| Ok((Output::create(file)?, layout(file)))).transpose()
    };
    let (summary_to, aside_to) = (place(&args.summary)?, place(&args.set_aside)?);
    let open = || open_outputs(console, args, &prepared.names);
    if args.cross_check {
        cross_check(console, &prepared)?;
    }
    let progress = Progress::new(console);
    // What has gone through a pipe cannot be taken back.
    let may_begin_again = [args.out.as_deref().unwrap_or("-")]
        .into_iter()
        .chain(args.figures.as_deref())
        .all(Output::can_be_made_anew);
    let job = prepared.job(console);
    let done = app::run(&job, &open, may_begin_again, &|events| progress.at(events));
    progress.end();
    let (report, outputs) = done?;
    if let Some(allocations) = outputs.allocations {
        allocations.finish()?;
    }
    if let Some(figures) = outputs.figures {
        figures.finish()?;
    }
    if let (Some(summary), Some((output, layout))) = (outputs.summary, summary_to) {
        summary.write(&prepared.names, output, layout, console.language)?;
    }
    if let (Some(set_asides), Some((output, layout))) = (outputs.set_asides, aside_to) {
        set_asides.write(&app::inputs(prepared.events), output, layout)?;
    }
    say_remarks(console, &report.remarks);
    say_asides(console, &report.first_aside, report.totals.set_aside, args);
    if !console.quiet {
        console.message(&report.totals.draw(console.language));
    }
    let failed = report.totals.set_aside > 0 || !report.totals.balance();
    Ok(if failed { Exit::Failed } else { Exit::Done })
}

/// Runs the plain evaluator beside the compiled one, before anything is written.
fn cross_check(console: &Console, prepared: &Prepared) -> Result<(), Stop> {
    match app::cross_check(&prepared.job(console))? {
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

fn open_outputs<'n>(
    console: &Console,
    args: &RunArgs,
    names: &'n Names,
) -> Result<Outputs<'n>, Stop> {
    let mut outputs = Outputs::default();
    // Whoever asks for a summary on the standard output does not want allocations there too.
    let stdout_taken = [&args.summary, &args.figures, &args.set_aside]
        .into_iter()
        .any(|file| file.as_deref() == Some("-"));
    if args.out.is_some() || !stdout_taken {
        let file = args.out.as_deref().unwrap_or("-");
        let options = AllocationOptions {
            layout: layout(args.format, file),
            explain: args.explain_columns,
            language: console.language,
        };
        let allocations = Allocations::new(names, Output::create(file)?, options)?;
        outputs.allocations = Some(allocations);
    }
    if args.summary.is_some() {
        let by = By::parse(&args.by, names).map_err(|words| Stop::error(words, None))?;
        outputs.summary = Some(Summary::new(by));
    }
    if let Some(file) = &args.figures {
        let (output, layout) = (Output::create(file)?, layout(args.format, file));
        let figures = Figures::new(names, output, layout, console.language)?;
        outputs.figures = Some(figures);
    }
    if args.set_aside.is_some() {
        outputs.set_asides = Some(SetAsides::new()?);
    }
    Ok(outputs)
}

/// The layout asked for; else that of the file's ending; else a table on the standard output and CSV
/// in a file.
pub(super) fn layout(asked: Option<OutputFormat>, file: &str) -> ResultLayout {
    let asked = asked.map(|format| match format {
        OutputFormat::Table => ResultLayout::Table,
        OutputFormat::Csv => ResultLayout::Csv,
        OutputFormat::Tsv => ResultLayout::Tsv,
        OutputFormat::Json => ResultLayout::Json,
        OutputFormat::Ndjson => ResultLayout::Ndjson,
    });
    let by_ending = ResultLayout::by_ending(file);
    let otherwise = if file == "-" { ResultLayout::Table } else { ResultLayout::Csv };
    by_ending.or(asked).unwrap_or(otherwise)
}

/// No two outputs are the same file, and none is an input.
fn check_files(args: &RunArgs, prepared: &Prepared) -> Result<(), Stop> {
    let place = |file: &str| {
        let path = PathBuf::from(file);
        std::fs::canonicalize(&path).unwrap_or(path)
    };
    let inputs: BTreeSet<PathBuf> = prepared
        .events
        .iter()
        .filter_map(|file| file.input.path())
        .map(|path| place(&path.to_string_lossy()))
        .collect();
    let outputs = [&args.out, &args.summary, &args.figures, &args.set_aside];
    let mut seen = BTreeSet::new();
    for file in outputs.into_iter().flatten() {
        let path = place(file);
        let twice = !seen.insert(path.clone()) && file != "/dev/null";
        if twice || inputs.contains(&path) {
            let what = if twice {
                Words::new(
                    format!("`{file}` is named for two outputs"),
                    format!("「{file}」被指定为两个输出"),
                )
            } else {
                Words::new(
                    format!("`{file}` is an input and would be overwritten"),
                    format!("「{file}」是输入文件，会被覆盖"),
                )
            };
            let hint = Words::new("name another file", "请另指定文件");
            return Err(Stop::error(what, Some(hint)));
        }
    }
    Ok(())
}

fn say_asides(console: &Console, first: &[Aside], count: u64, args: &RunArgs) {
    for aside in first {
        let what = aside.aside.reason.what.in_language(console.language);
        let hint = aside.aside.reason.hint.in_language(console.language);
        let place = match &aside.place {
            Some((file, line)) if aside.is_record => {
                format!("{file}{}", console.pick(" record ", "第 ")) + &line.to_string()
            }
            Some((file, line)) => format!("{file}:{line}"),
            None => format!("{} {}", aside.aside.event, aside.aside.key),
        };
        let (word, help) = (console.pick("set aside", "搁置"), console.pick("help", "提示"));
        let code = aside.aside.reason.code;
        console.message(&format!("{word}[{code}]: {place}: {what}\n  {help}: {hint}"));
    }
    let more = count.saturating_sub(u64::try_from(first.len()).unwrap_or(0));
    if more > 0 && args.set_aside.is_none() {
        console.note(&Words::new(
            format!("{more} more set aside; `--set-aside FILE` writes them all, whole"),
            format!("另有 {more} 条搁置；用 --set-aside 文件 写出全部原行"),
        ));
    } else if more > 0 {
        console.note(&Words::new(
            format!("{more} more set aside, all in the file"),
            format!("另有 {more} 条搁置，均在文件中"),
        ));
    }
}

fn print_map(console: &Console, args: &RunArgs) -> Result<Exit, Stop> {
    let project = crate::formats::Project::of(&args.job.rules)?;
    let loaded = super::rules::load_project(console, &args.job.rules, &project)?;
    let checked = super::rules::compile(console, &loaded, super::job::one_scenario(&args.job)?)?;
    let names = app::names(checked.rule_set(), console.language);
    let options = super::job::input_options(&args.job)?;
    let mut columns = Vec::new();
    for file in app::open_events(&names, &args.job.events, options)? {
        columns.extend(column_names(&file.input)?);
    }
    for register in &args.job.register {
        if let Some((_, file)) = register.split_once('=') {
            let input = crate::formats::Input::open(file, options)?;
            columns.extend(column_names(&input)?);
        }
    }
    console.print(&template(&names, &columns))?;
    Ok(Exit::Done)
}
