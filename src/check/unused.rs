//! Declarations that nothing uses.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::Span;
use crate::diagnostics::{Diagnostic, Words};
use crate::model::{
    AccountId, Body, CarryId, Citation, Constant, Delegated, EnumerationId, EventId, EventSource,
    ExampleEntry, Expr, ExprKind, LawId, LocalIx, ParameterId, PoolId, ReadingId, RegisterId,
    RowSource, RuleSet, ScheduleId, Selection, Settlement, Source, Step, Target, Type,
};

use super::walk;

codes! {
    /// **What it finds.** A law that nothing cites, a parameter, schedule, reading, register, account,
    /// pool, carry or enumeration that nothing uses, an event of the calendar for which nothing is done,
    /// or a rule's `let` that the rule does not use. Members of enumerations, fields of events and events
    /// of the data are exempt: they describe the data.
    ///
    /// **Why it matters.** A figure that stands in the text but moves no money misleads whoever reads
    /// the text; often a rule was meant to use it and uses another.
    ///
    /// **Not so:**
    /// ```fen
    /// parameter local_part : rate = 50%
    ///
    /// rule shared
    ///   split inflow
    ///     50%   to central
    ///     rest  to treasury[destination]
    /// ```
    /// **But so:**
    /// ```fen
    /// parameter local_part : rate = 50%
    ///
    /// rule shared
    ///   split inflow
    ///     local_part  to treasury[destination]
    ///     rest        to central
    /// ```
    UNUSED "F0380" "an unused declaration" "未使用的声明";
}

/// What is used of each kind.
#[derive(Default)]
struct Used {
    laws: BTreeSet<LawId>,
    parameters: BTreeSet<ParameterId>,
    schedules: BTreeSet<ScheduleId>,
    readings: BTreeSet<ReadingId>,
    registers: BTreeSet<RegisterId>,
    accounts: BTreeSet<AccountId>,
    pools: BTreeSet<PoolId>,
    carries: BTreeSet<CarryId>,
    enumerations: BTreeSet<EnumerationId>,
    events: BTreeSet<EventId>,
}

/// Everything declared against everything used.
pub(super) fn check(rules: &RuleSet, found: &mut Vec<Diagnostic>) {
    let mut used = Used::default();
    used.by_expressions(rules);
    used.by_rules(rules);
    used.by_citations(rules);
    used.by_examples(rules);
    used.by_reading_carries(rules);
    used.by_types(rules);
    used.by_the_calendar(rules);
    lets(rules, found);
    let mut report = |kind: (&str, &str), name: &str, span: Span| {
        let words = Words::new(
            format!("{} `{name}` is never used", kind.0),
            format!("{}「{name}」从未使用", kind.1),
        );
        found.push(Diagnostic::warning(UNUSED, span, words));
    };
    macro_rules! unused {
        ($list:ident, $id:ident, $en:literal, $zh:literal) => {
            for (at, declared) in rules.$list.iter().enumerate() {
                if !used.$list.contains(&$id::next(at)) {
                    report(($en, $zh), &declared.name.text, declared.name.span);
                }
            }
        };
    }
    unused!(laws, LawId, "law", "法规");
    unused!(parameters, ParameterId, "parameter", "参数");
    unused!(schedules, ScheduleId, "schedule", "税率表");
    unused!(readings, ReadingId, "reading", "释义");
    unused!(registers, RegisterId, "register", "登记簿");
    unused!(accounts, AccountId, "account", "账户");
    unused!(pools, PoolId, "pool", "待分");
    unused!(carries, CarryId, "carry", "结转");
    unused!(enumerations, EnumerationId, "enumeration", "枚举");
    unused!(events, EventId, "event of the calendar", "日历事项");
}

/// What a rule names for itself and never asks for.
fn lets(rules: &RuleSet, found: &mut Vec<Diagnostic>) {
    let mut known: BTreeMap<Span, (&str, bool)> = BTreeMap::new();
    let of_rules = rules.rules.iter().flat_map(|rule| &rule.cases);
    let of_rules = of_rules.map(|case| (&case.steps, &case.locals, walk::in_case(case)));
    let of_levies = rules.levies.iter().flat_map(|levy| &levy.cases);
    let of_levies = of_levies.map(|case| (&case.steps, &case.locals, walk::in_levy(case)));
    for (steps, locals, exprs) in of_rules.chain(of_levies) {
        let mut asked: BTreeSet<LocalIx> = BTreeSet::new();
        for expr in exprs {
            walk::each(expr, &mut |part| {
                if let ExprKind::Local(local) = part.kind {
                    asked.insert(local);
                }
            });
        }
        for step in steps {
            let Step::Let(local, value) = step else { continue };
            let Some(name) = locals.get(local.index()) else { continue };
            let entry = known.entry(value.span).or_insert((&name.name, false));
            entry.1 |= asked.contains(local);
        }
    }
    for (span, (name, _)) in known.into_iter().filter(|(_, (_, used))| !used) {
        let words = Words::new(
            format!("what `{name}` stands for here is never used"),
            format!("此处「{name}」所指之值从未使用"),
        );
        found.push(Diagnostic::warning(UNUSED, span, words));
    }
}

impl Used {
    fn by_expressions(&mut self, rules: &RuleSet) {
        for expr in walk::in_rules(rules) {
            walk::each(expr, &mut |part| match &part.kind {
                ExprKind::Reading(reading) => {
                    self.readings.insert(*reading);
                }
                ExprKind::Parameter { parameter, .. } => {
                    self.parameters.insert(*parameter);
                }
                ExprKind::Schedule { schedule, .. } => {
                    self.schedules.insert(*schedule);
                }
                ExprKind::Lookup { register, .. } => {
                    self.registers.insert(*register);
                }
                ExprKind::Closed { account, .. } | ExprKind::Balance { account, .. } => {
                    self.accounts.insert(*account);
                }
                ExprKind::Aggregate { selection, .. } => self.selection(selection),
                ExprKind::Constant(Constant::Member(tree, _)) => {
                    self.enumerations.insert(*tree);
                }
                _ => {}
            });
        }
    }

    /// Carries that something but their own changes asks for.
    fn by_reading_carries(&mut self, rules: &RuleSet) {
        let mut everywhere = BTreeMap::new();
        walk::in_rules(rules).into_iter().for_each(|it| count_carries(it, &mut everywhere));
        for (at, carry) in rules.carries.iter().enumerate() {
            let id = CarryId::next(at);
            let mut own = BTreeMap::new();
            let changes = carry.changes.iter().flat_map(walk::in_change);
            changes.for_each(|expr| count_carries(expr, &mut own));
            if everywhere.get(&id) > own.get(&id) {
                self.carries.insert(id);
            }
        }
    }

    /// Enumerations that something's type names.
    fn by_types(&mut self, rules: &RuleSet) {
        let events = rules.events.iter().flat_map(|event| &event.fields).map(|it| &it.ty);
        let shapes = rules.shapes.iter().flat_map(|shape| &shape.fields).map(|it| &it.ty);
        let accounts = rules.accounts.iter().flat_map(|account| &account.keys);
        let carries = rules.carries.iter().flat_map(|it| it.keys.iter().chain([&it.ty]));
        let tallies = rules.tallies.iter().flat_map(|it| it.keys.iter().chain([&it.ty]));
        let parameters = rules.parameters.iter().map(|it| &it.ty);
        let types = events.chain(shapes).chain(accounts).chain(carries).chain(tallies);
        for ty in types.chain(parameters) {
            self.enumerations.extend(enumeration_of(ty));
        }
        // The trees of regions and taxes describe the data.
        let trees = rules.enumerations.iter().enumerate();
        let trees = trees.filter(|(_, tree)| ["Region", "Tax"].contains(&tree.name.text.as_str()));
        self.enumerations.extend(trees.map(|(at, _)| EnumerationId::next(at)));
        self.enumerations.extend(rules.parameters.iter().flat_map(|it| it.keys.iter().copied()));
        self.enumerations.extend(rules.schedules.iter().flat_map(|it| it.keys.iter().copied()));
        for module in &rules.modules {
            let regions = super::regions::own(&module.authority);
            self.enumerations.extend(regions.into_iter().map(|(tree, _)| tree));
        }
    }

    /// Events of the data, and those of the calendar for which something is done.
    fn by_the_calendar(&mut self, rules: &RuleSet) {
        let done = rules.rules.iter().flat_map(|rule| &rule.cases).map(|case| case.event);
        let levied = rules.levies.iter().flat_map(|levy| &levy.cases).map(|case| case.event);
        let tallied = rules.tallies.iter().flat_map(|it| &it.feeders).map(|it| it.event);
        let carried = rules.carries.iter().flat_map(|it| &it.changes).map(|it| it.event);
        let shown = rules.figures.iter().map(|figure| figure.event);
        self.events.extend(done.chain(levied).chain(tallied).chain(carried).chain(shown));
        let sent = rules.events.iter().enumerate().filter(|(_, event)| {
            !matches!(event.source, EventSource::Periodic { .. } | EventSource::OnDate { .. })
        });
        self.events.extend(sent.map(|(at, _)| EventId::next(at)));
    }

    fn selection(&mut self, selection: &Selection) {
        match &selection.source {
            RowSource::Register { register, .. } => {
                self.registers.insert(*register);
            }
            RowSource::Members(tree) => {
                self.enumerations.insert(*tree);
            }
            RowSource::List { .. } => {}
        }
    }

    fn target(&mut self, target: &Target) {
        match target {
            Target::Account(place) => {
                self.accounts.insert(place.account);
            }
            Target::Pool { pool, .. } => {
                self.pools.insert(*pool);
            }
            Target::Among(among) => self.selection(&among.selection),
            Target::Undetermined { .. }
            | Target::Block(_)
            | Target::InOrder(_)
            | Target::Graded(_) => {}
        }
    }

    fn settlement(&mut self, settlement: Option<&Settlement>) {
        match settlement {
            Some(Settlement::RemainderTo(place) | Settlement::KeptApartIn(place)) => {
                self.accounts.insert(place.account);
            }
            Some(
                Settlement::LargestRemainder | Settlement::InOrder | Settlement::CarriedPer(_),
            )
            | None => {}
        }
    }

    fn by_rules(&mut self, rules: &RuleSet) {
        for case in rules.rules.iter().flat_map(|rule| &rule.cases) {
            self.settlement(case.settlement.as_ref());
            match &case.body {
                Body::Split(split) => {
                    self.settlement(split.settled.as_ref());
                    if let Source::Pool(pool) = split.source {
                        self.pools.insert(pool);
                    }
                    walk::each_target(&split.target, &mut |target| self.target(target));
                }
                Body::Transfers(transfers) => {
                    for transfer in transfers {
                        self.accounts.extend(transfer.from.iter().map(|place| place.account));
                        walk::each_target(&transfer.to, &mut |target| self.target(target));
                        transfer.for_each.iter().for_each(|selection| self.selection(selection));
                    }
                }
            }
        }
        for case in rules.levies.iter().flat_map(|levy| &levy.cases) {
            self.target(&case.into);
        }
        for figure in &rules.figures {
            figure.for_each.iter().for_each(|selection| self.selection(selection));
        }
        for delegation in &rules.delegations {
            if let Delegated::Pool(pool) = delegation.what {
                self.pools.insert(pool);
            }
        }
        for event in &rules.events {
            match &event.source {
                EventSource::Sent => {}
                EventSource::Periodic { for_each, .. } => {
                    for_each.iter().for_each(|selection| self.selection(selection));
                }
                EventSource::OnDate { for_each, .. } => self.selection(for_each),
                EventSource::Stage { closes, .. } => {
                    self.accounts.insert(*closes);
                }
            }
        }
        // A pool that is one for each row of a register uses the register.
        for pool in &rules.pools {
            let of = rules.registers.iter().position(|it| Some(it.shape) == pool.per);
            self.registers.extend(of.map(RegisterId::next));
        }
    }

    fn by_citations(&mut self, rules: &RuleSet) {
        let modules = rules.modules.iter().flat_map(|it| [&it.cite, &it.settlement_cite]);
        let parameters = rules.parameters.iter().flat_map(|it| it.timelines.values().flatten());
        let schedules = rules.schedules.iter().flat_map(|it| &it.versions);
        let cites: Vec<&Option<Citation>> = modules
            .chain(rules.events.iter().map(|it| &it.cite))
            .chain(rules.registers.iter().map(|it| &it.cite))
            .chain(parameters.map(|it| &it.cite))
            .chain(schedules.map(|it| &it.cite))
            .chain(rules.readings.iter().map(|it| &it.cite))
            .chain(rules.rules.iter().map(|it| &it.cite))
            .chain(rules.levies.iter().map(|it| &it.cite))
            .chain(rules.figures.iter().map(|it| &it.cite))
            .chain(rules.delegations.iter().map(|it| &it.cite))
            .chain(rules.legs.iter().map(|it| &it.cite))
            .chain(rules.examples.iter().map(|it| &it.cite))
            .collect();
        self.laws.extend(cites.into_iter().flatten().filter_map(|cite| cite.law));
    }

    /// What an example checks is used: a parameter may be there to be shown.
    fn by_examples(&mut self, rules: &RuleSet) {
        for entry in rules.examples.iter().flat_map(|example| &example.entries) {
            if let ExampleEntry::Check { condition, .. } = entry {
                walk::each(&condition.expr, &mut |part| match &part.kind {
                    ExprKind::Parameter { parameter, .. } => {
                        self.parameters.insert(*parameter);
                    }
                    ExprKind::Schedule { schedule, .. } => {
                        self.schedules.insert(*schedule);
                    }
                    ExprKind::Constant(Constant::Member(tree, _)) => {
                        self.enumerations.insert(*tree);
                    }
                    _ => {}
                });
            }
        }
    }
}

/// The enumeration in a type.
fn enumeration_of(ty: &Type) -> Option<EnumerationId> {
    match ty {
        Type::Member(tree) => Some(*tree),
        Type::Optional(inner) | Type::List(inner) => enumeration_of(inner),
        _ => None,
    }
}

/// Adds how often each carry is asked for in an expression.
fn count_carries(expr: &Expr, counted: &mut BTreeMap<CarryId, usize>) {
    walk::each(expr, &mut |part| {
        if let ExprKind::Carried { carry, .. } = &part.kind {
            let count = counted.entry(*carry).or_default();
            *count = count.saturating_add(1);
        }
    });
}
