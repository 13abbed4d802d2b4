//! What reading, working out and writing cost, each alone.
//!
//! `cargo bench --bench kernels`: the reference workloads, a hundred thousand receipts and salaries of
//! ten thousand persons, in memory before and after; criterion tells the time and the events a second.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    missing_docs,
    reason = "a bench looks at the clock and has nobody to tell of an error"
)]

use std::convert::Infallible;
use std::path::{Path, PathBuf};

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use fenshui::app::{self, Library};
use fenshui::check::Checked;
use fenshui::diagnostics::Language;
use fenshui::engine::{self, Options};
use fenshui::formats::{
    AllocationOptions, Allocations, Events, Input, InputOptions, Mapping, Output, ResultLayout,
};
use fenshui::model::Choice;
use fenshui::plan::{self, Choices, Plan};
use fenshui::report::names::Names;
use fenshui::rows::{Accounts, Batch, Cell, Outcomes, RegisterTable, Sink};
use workloads::generate::{SEED, Size, reference};

const SIZE: Size = Size { rows: 100_000, persons: 10_000 };

/// A workload: its rules, and the files of its events and registers.
struct Workload {
    name: &'static str,
    checked: Checked,
    names: Names,
    events: PathBuf,
    registers: Vec<(u32, RegisterTable)>,
}

impl Workload {
    fn new(name: &'static str, folder: &Path) -> Workload {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let rules = root.join(format!("examples/workloads/{name}.fen.md"));
        let loaded = app::load(&rules, &Library { folders: Vec::new() }, 1).expect("rules");
        let compiled = app::compile(&loaded, &Choice::default());
        let checked = compiled.checked.expect("rules that compile");
        let names = app::names(checked.rule_set(), Language::English);
        let events = folder.join(if name == "w3" { "salaries.csv" } else { "receipts.csv" });
        let named = match names.registers.is_empty() {
            true => Vec::new(),
            false => vec![format!("enterprises={}", folder.join("enterprises.csv").display())],
        };
        let options = InputOptions::default();
        let read = app::read_registers(&names, &named, options, &Mapping::default());
        let (registers, _) = read.expect("registers");
        Workload { name, checked, names, events, registers }
    }

    fn plan(&self) -> Plan {
        plan::from_checked(&self.checked, &Choices::default())
    }

    fn read(&self) -> Vec<Batch> {
        let path = self.events.to_str().expect("a path");
        let input = Input::open(path, InputOptions::default()).expect("a file");
        let mapping = Mapping::default();
        let mut events = Events::open(&self.names, &input, 0, None, &mapping).expect("events");
        let mut unread = Vec::new();
        let mut batches = Vec::new();
        while let Some(batch) = events.next_batch(&mut unread).expect("rows") {
            batches.push(batch);
        }
        assert!(unread.is_empty());
        batches
    }

    fn work_out(&self, plan: &Plan, batches: Vec<Batch>, sink: &mut Kept) {
        let batches = batches.into_iter().map(Ok::<Batch, Infallible>);
        engine::run(plan, &self.registers, batches, &Options::default(), sink).expect("a run");
    }
}

/// Keeps what it hears, if it is to.
#[derive(Default)]
struct Kept {
    keeps: bool,
    outcomes: Vec<Outcomes>,
    accounts: Known,
}

/// The accounts of a run that is over.
#[derive(Default)]
struct Known(Vec<(u32, Vec<Cell>)>);

impl Accounts for Known {
    fn account(&self, position: u32) -> Option<(u32, &[Cell])> {
        let (account, key) = self.0.get(usize::try_from(position).ok()?)?;
        Some((*account, key))
    }
}

impl Sink for Kept {
    type Error = Infallible;

    fn hear(&mut self, outcomes: &mut Outcomes, accounts: &dyn Accounts) -> Result<(), Infallible> {
        if self.keeps {
            self.outcomes.push(std::mem::take(outcomes));
            let from = u32::try_from(self.accounts.0.len()).unwrap_or(u32::MAX);
            let new = (from..).map_while(|position| accounts.account(position));
            self.accounts.0.extend(new.map(|(account, key)| (account, key.to_vec())));
        }
        Ok(())
    }
}

fn kernels(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a folder");
    reference(SIZE, SEED, folder.path()).expect("data");
    let out = folder.path().join("allocations.csv");
    for name in ["w1", "w2", "w3"] {
        let workload = Workload::new(name, folder.path());
        let (plan, batches) = (workload.plan(), workload.read());
        let events = batches.iter().map(Batch::len).sum::<usize>();
        let mut group = criterion.benchmark_group(workload.name);
        group.sample_size(20);
        group.throughput(Throughput::Elements(u64::try_from(events).expect("a count")));
        group.bench_function("read", |bencher| bencher.iter(|| workload.read()));
        group.bench_function("work out", |bencher| {
            let work_out = |batches| workload.work_out(&plan, batches, &mut Kept::default());
            bencher.iter_batched(|| batches.clone(), work_out, BatchSize::LargeInput);
        });
        let mut kept = Kept { keeps: true, ..Kept::default() };
        workload.work_out(&plan, batches, &mut kept);
        group.bench_function("write", |bencher| {
            bencher.iter(|| write(&workload.names, &kept, &out));
        });
        group.finish();
    }
}

fn write(names: &Names, kept: &Kept, out: &Path) {
    let options = AllocationOptions {
        layout: ResultLayout::Csv,
        explain: false,
        labels: false,
        language: Language::English,
    };
    let output = Output::create(out.to_str().expect("a path")).expect("a file");
    let mut allocations = Allocations::new(names, output, options).expect("a header");
    for outcomes in &kept.outcomes {
        let mut telling = outcomes.telling();
        while let Some(told) = telling.next_event() {
            allocations.event(told.event(), told.allocations(), &kept.accounts).expect("rows");
        }
    }
    allocations.finish().expect("a file");
}

criterion_group!(benches, kernels);
criterion_main!(benches);
