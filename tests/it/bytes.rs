//! What is written is the same bytes on one thread and on sixteen, however the input is cut and
//! however many rows are taken at a time: generated events, some of them spoilt, over rules that keep to
//! their lane and rules that do not.

use std::cell::Cell;
use std::fmt::Write;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use fenshui::app::{self, Job, Library, Manner, MemoryLimit, Outputs, Progress};
use fenshui::check::Checked;
use fenshui::diagnostics::Language;
use fenshui::formats::{
    AllocationOptions, Allocations, By, FormatsError, InputOptions, Mapping, Output, Pieces,
    ResultLayout, SetAsides, Summary,
};
use fenshui::model::Choice;
use fenshui::plan::Choices;
use fenshui::report::names::{Names, Table};
use proptest::prelude::*;

use crate::lane::{LEGS, config, limits, receipts, workload};
use crate::reference::data::Sent;

/// Rules, and what they are called.
struct Compiled {
    checked: Checked,
    names: Names,
    by: &'static str,
}

fn compiled(rules: &str, by: &'static str) -> Compiled {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("rules.fen");
    std::fs::write(&file, rules).unwrap();
    let loaded = app::load(&file, &Library { folders: Vec::new() }, 2).unwrap();
    let checked = app::compile(&loaded, &Choice::default()).checked.unwrap();
    let names = app::names(checked.rule_set(), Language::English);
    Compiled { checked, names, by }
}

/// How a run is made.
#[derive(Debug, Clone, Copy)]
struct Way {
    threads: usize,
    pieces: Pieces,
    /// Whether events may be taken as they come.
    in_turn: bool,
    /// How many bytes events may take that wait.
    memory: Option<usize>,
}

/// Allocations, summary and rows set aside of a run.
fn written(rules: &Compiled, folder: &Path, files: &[String], way: Way) -> [Vec<u8>; 3] {
    ran(rules, folder, files, way, false).unwrap()
}

/// The same, which the user may interrupt as soon as it works events out.
#[expect(clippy::result_large_err, reason = "what opens outputs fails as they do")]
fn ran(
    rules: &Compiled,
    folder: &Path,
    files: &[String],
    way: Way,
    to_be_interrupted: bool,
) -> Result<[Vec<u8>; 3], FormatsError> {
    let interrupted = AtomicBool::new(false);
    let options = InputOptions { pieces: way.pieces, ..InputOptions::default() };
    let mapping = Mapping::default();
    let registers: Vec<String> = match rules.names.registers.is_empty() {
        true => Vec::new(),
        false => vec![format!("limits={}", folder.join("limits.csv").display())],
    };
    let (registers, _) = app::read_registers(&rules.names, &registers, options, &mapping).unwrap();
    let events = app::open_events(&rules.names, files, options).unwrap();
    let job = Job {
        checked: &rules.checked,
        names: &rules.names,
        choices: &Choices::default(),
        events: &events,
        registers: &[],
        mapping: &mapping,
        through: None,
        language: Language::English,
        threads: way.threads,
        interrupted: &interrupted,
    };
    let place = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    let open = || -> Result<Outputs<'_>, FormatsError> {
        let options = AllocationOptions {
            layout: ResultLayout::Csv,
            explain: true,
            labels: false,
            language: Language::English,
        };
        Ok(Outputs {
            allocations: Some(Allocations::new(
                &rules.names,
                Output::create(&place("out"))?,
                options,
            )?),
            summary: Some(Summary::new(By::parse(rules.by, &rules.names).unwrap())),
            figures: None,
            set_asides: Some(SetAsides::new(Language::English, folder.to_owned())?),
        })
    };
    let limit = way.memory.map(|bytes| MemoryLimit { bytes, folder: folder.to_owned() });
    let how_far = Cell::new(None);
    let progress = |told| {
        if let Progress::Reading { bytes, .. } = told {
            assert!(bytes.is_some_and(|(read, all)| 0 < read && read <= all), "{told:?}");
        }
        let works = matches!(told, Progress::WorkingOut { .. });
        interrupted.fetch_or(works && to_be_interrupted, Ordering::Relaxed);
        how_far.set(Some(told));
    };
    let manner = Manner { may_begin_again: way.in_turn, limit, progress: &progress };
    let (report, outputs) = app::run(&job, &|| Ok(&registers), &open, &manner)?;
    let Some(Progress::WorkingOut { done, of }) = how_far.get() else { panic!("{how_far:?}") };
    assert!(done == of && of <= report.totals.read, "{how_far:?} of {}", report.totals.read);
    outputs.allocations.unwrap().finish().unwrap();
    let create = |name: &str| Output::create(&place(name)).unwrap();
    let (csv, language) = (ResultLayout::Csv, Language::English);
    outputs.summary.unwrap().write(&rules.names, create("sums"), csv, language).unwrap();
    outputs.set_asides.unwrap().write(&app::inputs(events), create("aside"), csv).unwrap();
    Ok(["out", "sums", "aside"].map(|name| std::fs::read(folder.join(name)).unwrap()))
}

/// Every way comes to the same bytes; gives how many bytes there are of each.
fn check(rules: &Compiled, events: &[Sent], spoilt: &[usize]) -> Result<[usize; 3], TestCaseError> {
    let folder = tempfile::tempdir().unwrap();
    let files = files(rules, events, spoilt, folder.path());
    let pieces = |block_bytes, batch_rows| Pieces { block_bytes, batch_rows };
    let usual = Way { threads: 1, pieces: Pieces::default(), in_turn: true, memory: None };
    let mut ways = Vec::new();
    for threads in [1, 2, 4, 16] {
        for pieces in [Pieces::default(), pieces(1, 1), pieces(100, 7), pieces(3000, 50)] {
            ways.push(Way { threads, pieces, ..usual });
        }
    }
    for (in_turn, memory) in [(true, 1), (true, 6000), (false, 1), (false, 6000)] {
        for (threads, pieces) in [(1, Pieces::default()), (4, pieces(1, 1)), (1, pieces(100, 7))] {
            ways.push(Way { threads, pieces, in_turn, memory: Some(memory) });
        }
    }
    let wanted = written(rules, folder.path(), &files, usual);
    let sorted = written(rules, folder.path(), &files, Way { in_turn: false, ..usual });
    for way in ways {
        let found = written(rules, folder.path(), &files, way);
        let wanted = if way.in_turn { &wanted } else { &sorted };
        for ((wanted, found), name) in wanted.iter().zip(&found).zip(["out", "sums", "aside"]) {
            let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
            prop_assert_eq!(text(wanted), text(found), "{:?}: {}", way, name);
        }
    }
    Ok(wanted.each_ref().map(Vec::len))
}

/// The first half of the events of each kind as CSV, the others as a record a line; spoilt ones lack
/// a sign.
fn files(rules: &Compiled, events: &[Sent], spoilt: &[usize], folder: &Path) -> Vec<String> {
    let mut rows = "payer,cap,since,exempt\n".to_owned();
    for row in limits() {
        let cells: Vec<&str> = row.values.iter().map(|(_, value)| value.as_str()).collect();
        rows.push_str(&(cells.join(",") + "\n"));
    }
    std::fs::write(folder.join("limits.csv"), &rows).unwrap();
    let mut named = Vec::new();
    for kind in rules.names.events.iter().filter(|table| table.sent) {
        let own = events.iter().filter(|event| event.kind == kind.name.text);
        for (name, text) in texts(kind, &own.collect::<Vec<_>>(), spoilt) {
            let file = folder.join(format!("{}-{name}", kind.name.text));
            std::fs::write(&file, &text).unwrap();
            // A file without a single row is refused.
            if !text.is_empty() {
                named.push(format!("{}={}", kind.name.text, file.display()));
            }
        }
    }
    named
}

fn texts(kind: &Table, events: &[&Sent], spoilt: &[usize]) -> [(&'static str, String); 2] {
    let fields = kind.fields.iter().filter(|field| !field.computed);
    let fields: Vec<&str> = fields.map(|field| field.name.text.as_str()).collect();
    let (first, others) = events.split_at(events.len() / 2);
    let value = |event: &Sent, at: usize, field: &str| match event.value(field) {
        "-" => String::new(),
        amount if amount.contains('.') && spoilt.contains(&at) => amount.replace('.', ","),
        // A line end inside a cell is none of the file's.
        payer if field == "payer" && at % 11 == 3 => format!("{payer}\n"),
        value => value.to_owned(),
    };
    let mut csv = fields.join(",") + "\n";
    for (at, event) in first.iter().enumerate() {
        let cells = fields.iter().map(|field| match value(event, at, field) {
            cell if cell.contains(['\n', ',']) => format!("\"{cell}\""),
            cell => cell,
        });
        csv.push_str(&(cells.collect::<Vec<_>>().join(",") + "\n"));
    }
    let mut records = String::new();
    for (at, event) in (first.len()..).zip(others) {
        let cell = |field: &&str| {
            let value = value(event, at, field);
            (!value.is_empty()).then(|| format!("{}:{}", quoted(field), quoted(&value)))
        };
        let cells: Vec<String> = fields.iter().filter_map(cell).collect();
        writeln!(records, "{{{}}}", cells.join(",")).unwrap();
    }
    [("a.csv", csv), ("b.ndjson", records)]
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\n', "\\n"))
}

proptest! {
    #![proptest_config(config(6))]

    #[test]
    fn of_rules_of_every_kind(
        mut events in receipts(200),
        spoilt in prop::collection::vec(0..200_usize, 0..5),
        sorted in any::<bool>(),
    ) {
        if sorted {
            events.sort_by_key(|event| event.value("date").to_owned());
        }
        thread_local!(static RULES: Compiled = compiled(LEGS, "account,region,month"));
        RULES.with(|rules| check(rules, &events, &spoilt))?;
    }

    #[test]
    fn of_rules_with_turns_and_ties(
        events in turns(),
        spoilt in prop::collection::vec(0..150_usize, 0..3),
    ) {
        thread_local!(static RULES: Compiled = compiled(TURNS, "account,region,month"));
        RULES.with(|rules| check(rules, &events, &spoilt))?;
    }

    #[test]
    fn of_rules_that_remember(
        months in prop::collection::vec((0..9_u32, 0..9_000_000_i64), 0..200),
        spoilt in prop::collection::vec(0..200_usize, 0..5),
    ) {
        let mut next = [0_u32; 9];
        let payslip = |(person, fen): &(u32, i64)| {
            let month = &mut next[usize::try_from(*person).unwrap()];
            *month += 1;
            let text = format!(
                "person {person}; month {month}; salary {}.{:02}; insurance 1.00; deduction 0.00",
                fen / 100, fen % 100,
            );
            (*month <= 12).then(|| Sent::new("payslip", &text))
        };
        let events: Vec<Sent> = months.iter().filter_map(payslip).collect();
        thread_local!(static RULES: Compiled = compiled(&workload("w3"), "account,year"));
        RULES.with(|rules| check(rules, &events, &spoilt))?;
    }
}

/// Two kinds, of which one is ordered by what is worked out and has several events at one place;
/// the calendar between them, and a stage behind.
const TURNS: &str = r#"
module turns
authority national
settlement largest remainder

regions { north; south }
account centre
account treasury[Region]
account advance[Region]

event receipt {
  id : integer unique; date : date effective; region : Region; payer : text; urgency : integer
  let rank = urgency * 2
  amount : money inflow
  order by date, rank, payer
}
event payment {
  id : text unique; date : date effective; region : Region; amount : money inflow
  order by date, id
}
calendar month_end at end of month for each Region as r
stage netting closes advance[Region] at end of month

rule received of receipt
  split inflow
    50%   up to 300.00 in total   to treasury[region]   as given per payer
    1/3                           to advance[region]
    rest                          to centre
rule paid of payment
  split inflow
    30%   to advance[region]
    rest  to treasury[region]   as paid_out per region
rule evened of month_end
  transfer total(paid_out) for r from centre to treasury[r]
rule netted of netting
  split inflow
    50%  to treasury[north]
    rest to treasury[south]
tally given per payer : money
tally paid_out per Region : money
"#;

fn turns() -> impl Strategy<Value = Vec<Sent>> {
    let one = (any::<bool>(), 1..4_u32, 1..4_u32, 0..4_u32, 0..3_u32, -90_000..90_000_i64);
    prop::collection::vec(one, 0..150).prop_map(|all| {
        let event = |(at, it): (usize, (bool, u32, u32, u32, u32, i64))| {
            let (received, month, day, payer, urgency, fen) = it;
            let region = if payer == 0 { "north" } else { "south" };
            let sign = if fen < 0 { "-" } else { "" };
            let amount = format!("{sign}{}.{:02}", fen.abs() / 100, fen.abs() % 100);
            let common = format!("date 2024-{month:02}-{day:02}; region {region}; amount {amount}");
            // Every so often a key comes again.
            let id = at - usize::from(at % 17 == 5);
            match received {
                true => Sent::new(
                    "receipt",
                    &format!("id {id}; payer P{payer}; urgency {urgency}; {common}"),
                ),
                false => Sent::new("payment", &format!("id B{id}; {common}")),
            }
        };
        all.into_iter().enumerate().map(event).collect()
    })
}

/// The comparisons above are over something.
#[test]
fn of_all_three_files() {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let rules = compiled(LEGS, "account,region,month");
    let least = Cell::new([usize::MAX; 3]);
    for _ in 0..2 {
        let events = receipts(200).new_tree(&mut runner).unwrap().current();
        let sizes = check(&rules, &events, &[3, 50]).unwrap();
        let pairs = sizes.iter().zip(least.get());
        least.set(
            pairs.map(|(one, other)| *one.min(&other)).collect::<Vec<_>>().try_into().unwrap(),
        );
    }
    assert!(least.get().iter().all(|size| *size > 200), "{least:?}");
}

/// Whatever is written, and though nothing is read any more.
#[test]
fn a_run_may_be_interrupted_while_events_that_waited_are_worked_out() {
    let rules = compiled(TURNS, "account,region,month");
    let folder = tempfile::tempdir().unwrap();
    let event = |at: u32| {
        let day = 28 - at % 28;
        let text = format!("id B{at}; date 2024-01-{day:02}; region north; amount 1.00");
        Sent::new("payment", &text)
    };
    let events: Vec<Sent> = (0..40_000).map(event).collect();
    let files = files(&rules, &events, &[], folder.path());
    for threads in [1, 2, 4] {
        let way = Way { threads, pieces: Pieces::default(), in_turn: false, memory: None };
        let error = ran(&rules, folder.path(), &files, way, true).unwrap_err();
        assert!(matches!(error, FormatsError::Interrupted), "{threads}: {error:?}");
        ran(&rules, folder.path(), &files, way, false).unwrap();
    }
}
