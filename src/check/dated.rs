//! Values that hold from a day until another: is there one on every day it is asked for?

use std::collections::BTreeSet;

use crate::base::Span;
use crate::diagnostics::{Diagnostic, Words};
use crate::model::{
    Body, Change, Comparison, Dated, EventId, Expr, ExprKind, Figure, Levy, LevyCase, ModuleId,
    ParameterId, Rule, RuleCase, RuleSet, ScheduleId, Step, Type,
};

use super::covered::{self, Covered};
use super::guards::Guards;
use super::space::{Formula, Found, Names};
use super::walk;

codes! {
    /// **What it finds.** A parameter that is asked for on a covered day, or for a member of its key, for
    /// which it has no value. Covered are the days of the rule that asks, within what its module
    /// `covers` (without `covers`: from the first day that anything in reach is dated), and the cases
    /// that its conditions leave.
    ///
    /// **Why it matters.** The event would be set aside for want of a figure that nobody has looked up.
    ///
    /// **Not so:**
    /// ```fen
    /// parameter part[Tax] : rate { from 1994-01-01 : vat 75% }
    ///
    /// rule shared
    ///   split inflow
    ///     part[tax]  to central
    ///     rest       to treasury[destination]
    /// ```
    /// **But so:**
    /// ```fen
    /// parameter part[Tax] : rate { from 1994-01-01 : vat 75%; others 0% }
    ///
    /// rule shared
    ///   split inflow
    ///     part[tax]  to central
    ///     rest       to treasury[destination]
    /// ```
    NO_VALUE "F0330" "a parameter without a value" "参数无值";

    /// **What it finds.** A schedule that is applied on a covered day on which none of its tables holds.
    ///
    /// **Why it matters.** The event would be set aside for want of a table.
    ///
    /// **Not so:**
    /// ```fen
    /// covers from 2015-01-01
    ///
    /// schedule annual : money {
    ///   from 2019-01-01 { up to 36_000 : 3%; above : 10% }
    /// }
    /// rule progressive
    ///   split inflow
    ///     annual(amount) rounded half up  to central
    ///     rest                            to treasury[destination]
    /// ```
    /// **But so:**
    /// ```fen
    /// covers from 2019-01-01
    ///
    /// schedule annual : money {
    ///   from 2019-01-01 { up to 36_000 : 3%; above : 10% }
    /// }
    /// rule progressive
    ///   split inflow
    ///     annual(amount) rounded half up  to central
    ///     rest                            to treasury[destination]
    /// ```
    NO_TABLE "F0331" "a schedule without a table" "税率表无可用版本";

    /// **What it finds.** Days between two versions of a parameter or schedule on which it has no value.
    ///
    /// **Why it matters.** A value that ends one day too early, or begins one too late, is an easy slip,
    /// and even where no rule asks on those days today, the next one will.
    ///
    /// **Not so:**
    /// ```fen
    /// parameter part : rate {
    ///   from 1994-01-01 until 2016-04-01 : 75%
    ///   from 2016-05-01 : 50%
    /// }
    /// rule shared
    ///   when date >= 2017-01-01
    ///   split inflow
    ///     part  to central
    ///     rest  to treasury[destination]
    ///
    /// rule kept
    ///   when date < 2017-01-01
    ///   split inflow
    ///     all   to treasury[destination]
    /// ```
    /// **But so:**
    /// ```fen
    /// parameter part : rate {
    ///   from 1994-01-01 : 75%
    ///   from 2016-05-01 : 50%
    /// }
    /// rule shared
    ///   when date >= 2017-01-01
    ///   split inflow
    ///     part  to central
    ///     rest  to treasury[destination]
    ///
    /// rule kept
    ///   when date < 2017-01-01
    ///   split inflow
    ///     all   to treasury[destination]
    /// ```
    HOLE "F0332" "days without a value between two versions" "版本之间有空档";
}

/// Every use of a parameter or schedule, and the versions themselves.
pub(super) fn check(rules: &RuleSet, found: &mut Vec<Diagnostic>) {
    let mut asked = Asked::default();
    for rule in &rules.rules {
        for case in &rule.cases {
            asked.rule(rules, rule, case, found);
        }
    }
    for levy in &rules.levies {
        for case in &levy.cases {
            asked.levy(rules, levy, case, found);
        }
    }
    for figure in &rules.figures {
        asked.figure(rules, figure, found);
    }
    for tally in &rules.tallies {
        for change in &tally.feeders {
            asked.change(rules, tally.module, change, found);
        }
    }
    for carry in &rules.carries {
        for change in &carry.changes {
            asked.change(rules, carry.module, change, found);
        }
    }
    holes(rules, &asked, found);
}

/// What was found wanting.
#[derive(Default)]
struct Asked {
    parameters: BTreeSet<ParameterId>,
    schedules: BTreeSet<ScheduleId>,
    places: BTreeSet<Span>,
}

impl Asked {
    fn rule(&mut self, rules: &RuleSet, rule: &Rule, case: &RuleCase, found: &mut Vec<Diagnostic>) {
        let days = Covered { from: rule.from, until: rule.until };
        let days = days.and(covered::of_module(rules, rule.module));
        let mut guards = Guards::new(rules, case.event);
        let (applies, names) = guards.rule(rule, case);
        let exprs = walk::in_case(case);
        let covered = covered::of_module(rules, rule.module);
        let Some(mut uses) = Uses::new(guards, (days, covered), &names, &exprs) else { return };
        let guards = &mut uses.guards;
        let (money, prevails) = match &case.body {
            Body::Split(split) => {
                let money = guards.filled(split.source);
                let mut candidates = guards.candidates(split.source).into_iter();
                let own = candidates.find(|candidate| candidate.rule.id == rule.id);
                (money, own.map_or(applies, |candidate| candidate.prevails))
            }
            Body::Transfers(_) => (Formula::Decided(true), applies),
        };
        let when = guards.on_days(days);
        let head = Formula::all([when.clone(), money.clone()]);
        let body = Formula::all([when, money, prevails]);
        uses.steps(&case.steps, head);
        for expr in exprs.into_iter().skip(case.steps.len()) {
            let unfolded = names.clone().unfold(expr);
            uses.collect(&unfolded, &body);
        }
        self.report(uses, found);
    }

    fn levy(&mut self, rules: &RuleSet, levy: &Levy, case: &LevyCase, found: &mut Vec<Diagnostic>) {
        let mut guards = Guards::new(rules, case.event);
        let days = Covered { from: levy.from, until: levy.until };
        let days = days.and(covered::of_module(rules, levy.module));
        let (raised, names) = guards.levy(days, case);
        let exprs = walk::in_levy(case);
        let covered = covered::of_module(rules, levy.module);
        let Some(mut uses) = Uses::new(guards, (days, covered), &names, &exprs) else { return };
        let head = uses.guards.on_days(days);
        uses.steps(&case.steps, head);
        for expr in exprs.into_iter().skip(case.steps.len()) {
            let unfolded = names.clone().unfold(expr);
            uses.collect(&unfolded, &raised);
        }
        self.report(uses, found);
    }

    fn figure(&mut self, rules: &RuleSet, figure: &Figure, found: &mut Vec<Diagnostic>) {
        let mut names = Names::new(rules, Some(figure.event));
        if let Some(selection) = &figure.for_each {
            names.selection(selection);
        }
        let values = [&figure.value];
        if let Some(uses) =
            plain(rules, figure.event, figure.module, names, figure.when.as_ref(), &values)
        {
            self.report(uses, found);
        }
    }

    fn change(
        &mut self,
        rules: &RuleSet,
        module: ModuleId,
        change: &Change,
        found: &mut Vec<Diagnostic>,
    ) {
        let names = Names::new(rules, Some(change.event));
        let values: Vec<&Expr> = change.keys.iter().chain([&change.value]).collect();
        if let Some(uses) = plain(rules, change.event, module, names, change.when.as_ref(), &values)
        {
            self.report(uses, found);
        }
    }

    fn report(&mut self, uses: Uses<'_>, found: &mut Vec<Diagnostic>) {
        let Uses { guards, wanted, found: asked } = uses;
        for (expr, when) in asked {
            let missing = wanted.iter().find(|(known, _)| *known == expr);
            let Some((_, missing)) = missing.filter(|_| !self.places.contains(&expr.span)) else {
                continue;
            };
            let formula = Formula::all([when, missing.clone()]);
            let (Found::Certainly(witness) | Found::Perhaps(witness)) = guards.space.find(&formula)
            else {
                continue;
            };
            self.places.insert(expr.span);
            let witness = guards.space.pairs(Some(guards.event), &witness);
            found.push(self.finding(guards.rules, &expr).with_witness(witness));
        }
    }

    fn finding(&mut self, rules: &RuleSet, expr: &Expr) -> Diagnostic {
        let (code, name, declared, en, zh) = match &expr.kind {
            ExprKind::Schedule { schedule, .. } => {
                self.schedules.insert(*schedule);
                let declared = rules.schedules.get(schedule.index());
                let name = declared.map(|it| &it.name);
                (NO_TABLE, name, declared.map(|it| it.span), "schedule", "税率表")
            }
            ExprKind::Parameter { parameter, .. } => {
                self.parameters.insert(*parameter);
                let declared = rules.parameters.get(parameter.index());
                let name = declared.map(|it| &it.name);
                (NO_VALUE, name, declared.map(|it| it.span), "parameter", "参数")
            }
            _ => (NO_VALUE, None, None, "value", "值"),
        };
        let name = name.map_or("", |name| name.text.as_str());
        let words = Words::new(
            format!("{en} `{name}` has no value in a case in which it is asked for"),
            format!("{zh}「{name}」在其被取用的某一情形下无值"),
        );
        let help = Words::new(
            "add the value, or let the rule or the module begin later",
            "补上该值，或推迟规则、模块的起始日",
        );
        let finding = Diagnostic::error(code, expr.span, words).with_help(help);
        match declared {
            Some(span) => finding.with_note(span, Words::new("declared here", "在此声明")),
            None => finding,
        }
    }
}

/// What is asked for in one place, and when.
struct Uses<'a> {
    guards: Guards<'a>,
    /// The parameters and schedules, without their places, that lack a value on some covered day,
    /// with the condition that it is lacking.
    wanted: Vec<(Expr, Formula)>,
    found: Vec<(Expr, Formula)>,
}

/// The uses outside rules and levies.
fn plain<'a>(
    rules: &'a RuleSet,
    event: EventId,
    module: ModuleId,
    names: Names<'a>,
    condition: Option<&Expr>,
    values: &[&Expr],
) -> Option<Uses<'a>> {
    let days = covered::of_module(rules, module);
    let exprs: Vec<&Expr> = condition.into_iter().chain(values.iter().copied()).collect();
    let mut uses = Uses::new(Guards::new(rules, event), (days, days), &names, &exprs)?;
    let when = uses.guards.on_days(days);
    uses.conditional(condition, values, when, names);
    Some(uses)
}

impl<'a> Uses<'a> {
    /// Nothing, if everything asked for has a value on every day that counts, which is the usual case:
    /// of the event those of its rule, of other days that it names those the module covers.
    fn new(
        mut guards: Guards<'a>,
        (days, covered): (Covered, Covered),
        names: &Names<'a>,
        exprs: &[&Expr],
    ) -> Option<Uses<'a>> {
        let mut asked: Vec<Expr> = Vec::new();
        for expr in exprs {
            let unfolded = names.clone().unfold(expr);
            walk::each(&unfolded, &mut |part| {
                if is_dated(part) && !asked.contains(part) {
                    asked.push(part.clone());
                }
            });
        }
        let missing: Vec<(Expr, Formula)> = asked
            .into_iter()
            .filter_map(|expr| {
                let missing = missing(&mut guards, covered, &expr)?;
                Some((expr, missing))
            })
            .collect();
        let covered = guards.on_days(days);
        let wanted: Vec<(Expr, Formula)> = missing
            .into_iter()
            .filter(|(_, missing)| {
                let ever = Formula::all([missing.clone(), covered.clone()]);
                guards.space.any(&ever) != Some(false)
            })
            .collect();
        if wanted.is_empty() {
            return None;
        }
        Some(Uses { guards, wanted, found: Vec::new() })
    }

    /// Whether anything that may lack a value is asked for in an expression.
    fn asks(&self, expr: &Expr) -> bool {
        walk::any(expr, &|part| {
            is_dated(part) && self.wanted.iter().any(|(known, _)| known == part)
        })
    }

    /// The steps of a head, each asked only where those before it held.
    fn steps(&mut self, steps: &[Step], when: Formula) {
        let mut names = self.guards.names();
        let mut so_far = vec![when];
        for step in steps {
            if let Some(condition) = names.step(step) {
                self.collect(&condition, &Formula::all(so_far.iter().cloned()));
                so_far.push(self.guards.space.condition(&condition));
            }
        }
    }

    fn conditional(
        &mut self,
        condition: Option<&Expr>,
        values: &[&Expr],
        when: Formula,
        mut names: Names<'_>,
    ) {
        let mut when = when;
        if let Some(condition) = condition {
            let condition = names.unfold(condition);
            self.collect(&condition, &when);
            let holds = self.guards.space.condition(&condition);
            when = Formula::all([when, holds]);
        }
        for value in values {
            let unfolded = names.clone().unfold(value);
            self.collect(&unfolded, &when);
        }
    }

    /// The uses in an unfolded expression; what stands behind a condition is asked only if it holds.
    fn collect(&mut self, expr: &Expr, when: &Formula) {
        if !self.asks(expr) {
            return;
        }
        match &expr.kind {
            ExprKind::And(items) => self.in_turn(items, when, true),
            ExprKind::Or(items) => self.in_turn(items, when, false),
            ExprKind::If(condition, then, otherwise) => {
                self.collect(condition, when);
                let holds = self.guards.space.condition(condition);
                self.collect(then, &Formula::all([when.clone(), holds.clone()]));
                self.collect(otherwise, &Formula::all([when.clone(), holds.not()]));
            }
            ExprKind::Parameter { .. } | ExprKind::Schedule { .. } => {
                self.found.push((expr.clone(), when.clone()));
                for child in walk::children(expr) {
                    self.collect(child, when);
                }
            }
            _ => {
                for child in walk::children(expr) {
                    self.collect(child, when);
                }
            }
        }
    }

    fn in_turn(&mut self, items: &[Expr], when: &Formula, goes_on_if: bool) {
        let mut so_far = when.clone();
        for item in items {
            self.collect(item, &so_far);
            let holds = self.guards.space.condition(item);
            let goes_on = if goes_on_if { holds } else { holds.not() };
            so_far = Formula::all([so_far, goes_on]);
        }
    }
}

fn is_dated(expr: &Expr) -> bool {
    matches!(expr.kind, ExprKind::Parameter { .. } | ExprKind::Schedule { .. })
}

/// The condition that a value asked for is missing; `None` where only data can say.
fn missing(guards: &mut Guards<'_>, days: Covered, expr: &Expr) -> Option<Formula> {
    let (at, missing) = match &expr.kind {
        ExprKind::Parameter { parameter: _, keys: _, at } => {
            (at, guards.space.has_value(expr)?.not())
        }
        ExprKind::Schedule { schedule, keys: _, what: _, of: _, at } => {
            if guards.space.leans_on_data(at) {
                return None;
            }
            let versions = &guards.rules.schedules.get(schedule.index())?.versions;
            let holds: Vec<Formula> =
                versions.iter().map(|version| holding(guards, version, at)).collect();
            (at, Formula::Any(holds).not())
        }
        _ => return None,
    };
    // Another day than the event's own is one of the covered days too, as far as it is a field.
    let mut asked_days = Vec::new();
    walk::each(at, &mut |part| {
        if matches!((&part.kind, part.ty.required()), (ExprKind::Field(_), Type::Date)) {
            asked_days.push(among(guards, days, part));
        }
    });
    Some(Formula::all(std::iter::once(missing).chain(asked_days)))
}

fn holding<T>(guards: &mut Guards<'_>, version: &Dated<T>, at: &Expr) -> Formula {
    among(guards, Covered { from: version.from, until: version.until }, at)
}

fn among(guards: &mut Guards<'_>, days: Covered, at: &Expr) -> Formula {
    let mut bound = |comparison, day| guards.space.compare_day(comparison, at, day);
    let from = days.from.map(|day| bound(Comparison::GreaterEqual, day));
    let until = days.until.map(|day| bound(Comparison::Less, day));
    Formula::all(from.into_iter().chain(until))
}

/// Versions that leave days between them, where no use was found wanting.
fn holes(rules: &RuleSet, asked: &Asked, found: &mut Vec<Diagnostic>) {
    for (at, parameter) in rules.parameters.iter().enumerate() {
        if !asked.parameters.contains(&ParameterId::next(at)) {
            for timeline in parameter.timelines.values() {
                hole(timeline, &parameter.name.text, found);
            }
        }
    }
    for (at, schedule) in rules.schedules.iter().enumerate() {
        if !asked.schedules.contains(&ScheduleId::next(at)) {
            hole(&schedule.versions, &schedule.name.text, found);
        }
    }
}

fn hole<T>(timeline: &[Dated<T>], name: &str, found: &mut Vec<Diagnostic>) {
    for (before, after) in timeline.iter().zip(timeline.iter().skip(1)) {
        let (Some(until), Some(from)) = (before.until, after.from) else { continue };
        if until < from {
            let words = Words::new(
                format!("`{name}` has no value from {until} until {from}"),
                format!("「{name}」自 {until} 至 {from} 之前无值"),
            );
            let note = Words::new("the value before ends here", "前一取值至此为止");
            let finding = Diagnostic::warning(HOLE, after.span, words);
            found.push(finding.with_note(before.span, note));
        }
    }
}
