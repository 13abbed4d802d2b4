//! Declarations that nothing uses.

use std::collections::BTreeSet;

use crate::base::Span;
use crate::diagnostics::{Diagnostic, Words};
use crate::model::{
    AccountId, Body, Citation, Delegated, EventSource, ExampleEntry, ExprKind, LawId, ParameterId,
    PoolId, ReadingId, RegisterId, RowSource, RuleSet, ScheduleId, Selection, Settlement, Source,
    Target,
};

use super::walk;

codes! {
    /// **What it finds.** A law that nothing cites, or a parameter, schedule, reading, register, account
    /// or pool that nothing uses. Members of enumerations and fields of events are exempt: they describe
    /// the data.
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
}

/// Everything declared against everything used.
pub(super) fn check(rules: &RuleSet, found: &mut Vec<Diagnostic>) {
    let mut used = Used::default();
    used.by_expressions(rules);
    used.by_rules(rules);
    used.by_citations(rules);
    used.by_examples(rules);
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
                _ => {}
            });
        }
    }

    fn selection(&mut self, selection: &Selection) {
        if let RowSource::Register { register, .. } = &selection.source {
            self.registers.insert(*register);
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
                    _ => {}
                });
            }
        }
    }
}
