//! From the model to the plan.
//!
//! `expr` resolves expressions, `flow` what happens to an event, `state` decides how totals are kept
//! and whether order matters, `partition` by what events may be parted. They share a [`Compiler`],
//! which collects on its way every place that reads or writes state.

mod expr;
mod flow;
mod partition;
mod state;
mod steady;
mod tables;

use std::collections::{BTreeMap, BTreeSet};

use crate::base::Date;
use crate::check::Checked;
use crate::model::{self, EventId, ReadingId, RuleSet};

use super::{Expr, Formula, Plan, Projection, Shape, at};

/// The options chosen where the law leaves readings open; the default for those not named.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Choices {
    /// By reading, the position of the option.
    pub readings: BTreeMap<ReadingId, u32>,
}

/// Compiles a checked rule set.
pub fn from_checked(checked: &Checked, choices: &Choices) -> Plan {
    compile(checked.rule_set(), choices)
}

/// Compiles a rule set that is known to be right; one that is not gives a plan whose runs fail with
/// an internal error where it matters.
pub fn compile(rules: &RuleSet, choices: &Choices) -> Plan {
    compile_with_checks(rules, choices, &[])
}

/// Compiles a rule set together with conditions that are weighed when a run is over, each on a day:
/// the `check` entries of an example.
pub fn compile_with_checks(
    rules: &RuleSet,
    choices: &Choices,
    checks: &[(&model::Formula, Date)],
) -> Plan {
    let mut compiler = Compiler::new(rules, choices);
    let parameters = rules.parameters.iter().map(|it| compiler.parameter(it)).collect();
    let schedules = rules.schedules.iter().map(tables::schedule).collect();
    let mut shapes = compiler.shapes();
    steady::mark(&mut shapes);
    compiler.shapes = shapes;
    let mut carries: Vec<_> = rules.carries.iter().map(|it| compiler.carry(it)).collect();
    let events = compiler.events();
    let checks: Vec<_> = checks
        .iter()
        .map(|(formula, day)| (compiler.formula(formula, Context::default()), *day))
        .collect();
    let ordered = compiler.ordered() || (!checks.is_empty() && compiler.has_state());
    let partition = partition::derive(&compiler);
    let (tallies, spaces) = compiler.tallies(&mut carries);
    Plan {
        currencies: rules.currencies.iter().map(tables::currency).collect(),
        enumerations: rules.enumerations.iter().map(tables::enumeration).collect(),
        shapes: std::mem::take(&mut compiler.shapes),
        accounts: compiler.accounts(),
        pools: rules.pools.iter().map(tables::pool).collect(),
        events,
        registers: compiler.registers(),
        parameters,
        schedules,
        readings: compiler.readings(),
        tallies,
        spaces,
        carries,
        rules: tables::rule_names(rules),
        levies: rules.levies.iter().map(|levy| levy.name.text.clone()).collect(),
        figures: rules.figures.iter().map(|figure| figure.name.text.clone()).collect(),
        overrides: tables::overrides(rules),
        legs: u32::try_from(rules.legs.len()).unwrap_or(u32::MAX),
        ordered,
        partition,
        steady: compiler.steady,
        checks,
    }
}

/// What a rule set is compiled with.
struct Compiler<'m> {
    rules: &'m RuleSet,
    choices: &'m Choices,
    /// By tally, the ways it is read, as found so far.
    projections: Vec<Vec<Projection>>,
    /// By register, how many key parts are given where it is asked.
    prefixes: Vec<BTreeSet<usize>>,
    /// By account, whether its balance is asked for.
    counted: Vec<bool>,
    /// Every place that reads or writes state.
    touches: Vec<Touch>,
    /// The shapes of rows, once they are known.
    shapes: Vec<Shape>,
    /// What has one value for the run, as found so far.
    steady: Vec<Formula>,
}

/// Where an expression stands.
#[derive(Debug, Clone, Copy, Default)]
struct Context<'n> {
    /// The event at hand, if there is one.
    event: Option<EventId>,
    /// What it is part of, for the printed plan.
    who: &'n str,
}

/// A place that reads or writes state.
#[derive(Debug, Clone)]
struct Touch {
    /// On which event kind; absent: anywhere.
    event: Option<EventId>,
    /// What state.
    item: Item,
    /// For each key part, how it is given; `None`: summed over.
    keys: Vec<Option<Expr>>,
    /// Whether a result depends on what is found there.
    reads: bool,
    /// Who, for the printed plan.
    who: String,
}

/// A piece of state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Item {
    Tally(u32),
    Carry(u32),
    Balance(u32),
    /// What a settlement owes.
    Owed,
    /// The events of a kind, kept to be undone.
    Original(u32),
}

impl<'m> Compiler<'m> {
    fn new(rules: &'m RuleSet, choices: &'m Choices) -> Compiler<'m> {
        Compiler {
            rules,
            choices,
            projections: vec![Vec::new(); rules.tallies.len()],
            prefixes: vec![BTreeSet::new(); rules.registers.len()],
            counted: rules.accounts.iter().map(|account| account.holds).collect(),
            touches: Vec::new(),
            shapes: Vec::new(),
            steady: Vec::new(),
        }
    }

    /// The option chosen for a reading.
    fn chosen(&self, reading: ReadingId) -> u32 {
        let declared = self.rules.readings.get(reading.index());
        let default = declared.map_or(0, |reading| reading.default);
        self.choices.readings.get(&reading).copied().unwrap_or(default)
    }

    /// Notes a way of reading a tally and gives its place.
    fn projection(&mut self, tally: u32, parts: Vec<usize>, by_day: bool) -> u32 {
        let Some(known) = self.projections.get_mut(at(tally)) else {
            return u32::MAX;
        };
        let same = |it: &Projection| it.parts == parts && it.by_day == by_day;
        let place = known.iter().position(same).unwrap_or_else(|| {
            known.push(Projection { parts, by_day, space: 0 });
            known.len() - 1
        });
        u32::try_from(place).unwrap_or(u32::MAX)
    }
}
