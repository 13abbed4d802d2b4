//! Rules and levies: heads, the event kinds they serve, and what they move.

use crate::base::Date;
use crate::diagnostics::{Diagnostic, Words};
use crate::syntax::ast::{self, ItemKind, RuleBody};

use super::data::index;
use super::declare::count;
use super::names::Kind;
use super::scope::Scope;
use super::{ModuleItems, Reported, Resolved, Resolver, named, words};
use crate::model::{
    Body, EventId, ExprKind, LegId, LegOrigin, LegOwner, Levy, LevyCase, LevyId, ModuleId, PoolId,
    Rule, RuleCase, RuleId, Source, Split, Step, Transfer, Type,
};

impl<'a> Resolver<'a> {
    pub(super) fn declare_rule(&mut self, module: ModuleId, item: &'a ast::Item) {
        match &item.kind {
            ItemKind::Rule(rule) => {
                let id = RuleId(count(&self.set.rules));
                self.enter(Kind::Rule, module, &rule.name, id.0);
                self.set.rules.push(Rule {
                    id,
                    module,
                    name: named(&rule.name, rule.label.as_ref()),
                    cite: None,
                    overrides: Vec::new(),
                    from: rule.head.effective.as_ref().and_then(|effective| effective.from),
                    until: rule.head.effective.as_ref().and_then(|effective| effective.until),
                    cases: Vec::new(),
                    span: rule.span,
                });
            }
            ItemKind::Levy(levy) => {
                let id = LevyId(count(&self.set.levies));
                self.enter(Kind::Levy, module, &levy.name, id.0);
                let leg = self.leg(LegOwner::Levy(id), &[1], None, levy.span);
                self.set.levies.push(Levy {
                    id,
                    module,
                    name: named(&levy.name, levy.label.as_ref()),
                    cite: None,
                    from: levy.head.effective.as_ref().and_then(|effective| effective.from),
                    until: levy.head.effective.as_ref().and_then(|effective| effective.until),
                    leg,
                    may_refund: levy.may_refund,
                    cases: Vec::new(),
                    span: levy.span,
                });
            }
            _ => {}
        }
    }

    /// Outside the days that a module says it covers, its rules and levies do not hold.
    pub(super) fn keep_to_covers(&mut self) {
        let modules = &self.set.modules;
        let within = |module: ModuleId, from: &mut Option<Date>, until: &mut Option<Date>| {
            let Some(module) = modules.get(module.index()) else { return };
            *from = (*from).max(module.covers_from);
            *until = match (*until, module.covers_until) {
                (Some(own), Some(covered)) => Some(own.min(covered)),
                (own, covered) => own.or(covered),
            };
        };
        let rules = self.set.rules.iter_mut();
        rules.for_each(|rule| within(rule.module, &mut rule.from, &mut rule.until));
        let levies = self.set.levies.iter_mut();
        levies.for_each(|levy| within(levy.module, &mut levy.from, &mut levy.until));
    }

    /// The leg at a place of its rule: the same id in every case.
    pub(super) fn leg(
        &mut self,
        owner: LegOwner,
        path: &[u32],
        cite: Option<(ModuleId, &ast::Cite)>,
        span: crate::base::Span,
    ) -> LegId {
        if let Some(id) = self.legs.get(&(owner, path.to_vec())) {
            return *id;
        }
        let cite = cite.and_then(|(module, cite)| self.cite(module, cite));
        let id = LegId(count(&self.set.legs));
        self.legs.insert((owner, path.to_vec()), id);
        self.set.legs.push(LegOrigin { owner, path: path.to_vec(), cite, span });
        id
    }

    pub(super) fn fill_rules(&mut self, module: &ModuleItems<'a>) {
        for item in &module.items {
            if let ItemKind::Rule(rule) = &item.kind
                && let Some(id) = self.find(Kind::Rule, module.id, &rule.name.text)
            {
                let id = RuleId(id);
                self.bare_shares(&rule.body);
                let cite = self.cite_of(module.id, rule.head.cite.as_ref());
                let overrides = self.overrides(module.id, &rule.head);
                let inflow = matches!(&rule.body, RuleBody::Split(split) if split.pool.is_none());
                let events = self.candidates(module.id, &rule.head, inflow);
                let cases = self.cases(&rule.head, &rule.name, events, |this, event| {
                    this.rule_case(module.id, id, rule, event)
                });
                if let Some(entry) = self.set.rules.get_mut(id.index()) {
                    entry.cite = cite;
                    entry.overrides = overrides;
                    entry.cases = cases;
                }
            }
        }
    }

    pub(super) fn fill_levies(&mut self, module: &ModuleItems<'a>) {
        for item in &module.items {
            if let ItemKind::Levy(levy) = &item.kind
                && let Some(id) = self.find(Kind::Levy, module.id, &levy.name.text)
            {
                let cite = self.cite_of(module.id, levy.head.cite.as_ref());
                if let Some(name) = levy.head.overrides.first() {
                    self.error(
                        words::NOT_HERE,
                        name.span,
                        Words::new(
                            "levies do not exclude each other, so there is nothing to override",
                            "征收之间互不排斥，无所谓优先",
                        ),
                    );
                }
                let events = self.candidates(module.id, &levy.head, false);
                let cases = self.cases(&levy.head, &levy.name, events, |this, event| {
                    this.levy_case(module.id, levy, event)
                });
                if let Some(entry) = self.set.levies.get_mut(index(id)) {
                    entry.cite = cite;
                    entry.cases = cases;
                }
            }
        }
    }

    fn overrides(&mut self, module: ModuleId, head: &'a ast::Head) -> Vec<RuleId> {
        head.overrides
            .iter()
            .filter_map(|name| self.need(Kind::Rule, module, name).ok())
            .map(RuleId)
            .collect()
    }

    /// The event kinds a rule may serve: those it names, or all. A rule that divides an inflow
    /// without naming whose serves only the events its own module knows of.
    fn candidates(&mut self, module: ModuleId, head: &'a ast::Head, inflow: bool) -> Vec<EventId> {
        if !head.of.is_empty() {
            return head
                .of
                .iter()
                .filter_map(|name| self.need(Kind::Event, module, name).ok())
                .map(EventId)
                .collect();
        }
        let visible = self.names.visible.get(module.index()).cloned().unwrap_or_default();
        let events = self.set.events.iter().enumerate();
        events
            .filter(|(_, event)| !inflow || visible.contains(&event.module))
            .filter(|(_, event)| !inflow || event.inflow.is_some())
            .map(|(position, _)| EventId::next(position))
            .collect()
    }

    /// Resolves a rule for each event it may serve. Of a rule that names none, those count for which
    /// nothing is wrong; if there is none, what is said is about the event that came closest.
    fn cases<T>(
        &mut self,
        head: &'a ast::Head,
        name: &'a ast::Name,
        events: Vec<EventId>,
        resolve: impl Fn(&mut Self, EventId) -> Resolved<T>,
    ) -> Vec<T> {
        let mut cases = Vec::new();
        let mut closest: Option<Vec<Diagnostic>> = None;
        for event in events {
            let before = self.found.len();
            let tallies = self.set.tallies.clone();
            let carries = self.set.carries.clone();
            let types = self.tally_types.clone();
            match resolve(self, event) {
                Ok(case) if self.found.len() == before => cases.push(case),
                _ if !head.of.is_empty() => {}
                _ => {
                    let said = self.found.split_off(before);
                    self.set.tallies = tallies;
                    self.set.carries = carries;
                    self.tally_types = types;
                    if closest.as_ref().is_none_or(|other| said.len() < other.len()) {
                        closest = Some(said);
                    }
                }
            }
        }
        if cases.is_empty() && head.of.is_empty() {
            match closest {
                Some(said) if !said.is_empty() => self.found.extend(said),
                // The event it is for may be among those.
                _ if !self.broken.is_empty() => {}
                _ => {
                    self.error(
                        words::NO_EVENT_FITS,
                        name.span,
                        Words::new(
                            format!(
                                "`{}` fits no event: none has all the fields it uses",
                                name.text
                            ),
                            format!(
                                "「{}」不适用于任何事项：没有事项具备它用到的全部字段",
                                name.text
                            ),
                        ),
                    );
                }
            }
        }
        cases
    }

    fn rule_case(
        &mut self,
        module: ModuleId,
        id: RuleId,
        rule: &'a ast::Rule,
        event: EventId,
    ) -> Resolved<RuleCase> {
        let mut scope = Scope::event(module, event);
        let owner = LegOwner::Rule(id);
        let (row, source) = match &rule.body {
            RuleBody::Split(split) => self.split_row(&mut scope, split)?,
            RuleBody::Transfers(_) => (None, None),
        };
        let steps = self.steps(&mut scope, &rule.head)?;
        let body = match &rule.body {
            RuleBody::Split(split) => {
                let source = source.ok_or(Reported)?;
                Body::Split(self.split(&mut scope, owner, split, source, row)?)
            }
            RuleBody::Transfers(transfers) => {
                let mut moved = Vec::new();
                for (number, transfer) in (1..).zip(transfers) {
                    moved.push(self.transfer(&mut scope, owner, number, transfer)?);
                }
                Body::Transfers(moved)
            }
        };
        let settlement = match self.settlements.get(module.index()).copied().flatten() {
            Some(kind) if matches!(body, Body::Split(_)) => {
                Some(self.settlement(&mut scope, kind)?)
            }
            _ => None,
        };
        Ok(RuleCase { event, locals: scope.locals, steps, body, settlement })
    }

    /// What a split divides, and the row of a pool per row: known to the head already.
    fn split_row(
        &mut self,
        scope: &mut Scope,
        split: &'a ast::Split,
    ) -> Resolved<(Option<crate::model::LocalIx>, Option<Source>)> {
        let Some(place) = &split.pool else {
            let inflow = scope
                .event
                .and_then(|event| self.set.events.get(event.index()))
                .and_then(|event| event.inflow);
            if inflow.is_none() {
                return Err(self.error(
                    words::NOT_HERE,
                    split.span,
                    Words::new("this event has no inflow to split", "该事项没有可分配的流入"),
                ));
            }
            return Ok((None, Some(Source::Inflow)));
        };
        let pool = PoolId(self.need(Kind::Pool, scope.module, &place.name)?);
        let per = self.set.pools.get(pool.index()).and_then(|pool| pool.per);
        let row = match (per, &split.row) {
            (Some(shape), name) => {
                let text = name.as_ref().map_or("", |name| name.text.as_str());
                let local = scope.bind(text, Type::Row(shape));
                if name.is_none() {
                    scope.rows.push(local);
                }
                Some(local)
            }
            (None, Some(name)) => {
                return Err(self.error(
                    words::NOT_HERE,
                    name.span,
                    Words::new(
                        "this pool is one for all, not one per row",
                        "该待分不是逐行设立的，没有行可以命名",
                    ),
                ));
            }
            (None, None) => None,
        };
        Ok((row, Some(Source::Pool(pool))))
    }

    fn steps(&mut self, scope: &mut Scope, head: &'a ast::Head) -> Resolved<Vec<Step>> {
        let mut steps = Vec::new();
        let mut whole = Ok(());
        for step in &head.steps {
            match self.step(scope, step) {
                Ok(step) => steps.push(step),
                Err(reported) => whole = Err(reported),
            }
        }
        whole.map(|()| steps)
    }

    fn step(&mut self, scope: &mut Scope, step: &'a ast::Step) -> Resolved<Step> {
        Ok(match step {
            ast::Step::With { name, value } => {
                let value = self.expr(scope, value, None)?;
                let Type::Optional(inner) = &value.ty else {
                    return Err(self.report(
                        Diagnostic::error(
                            words::NOT_HERE,
                            value.span,
                            Words::new(
                                "`with` needs a register's row, or a value that may be missing",
                                "「取」须用于登记簿的行或可能缺失的值",
                            ),
                        )
                        .with_help(Words::new(
                            "name any other value with `let`",
                            "其他值请用「令」命名",
                        )),
                    ));
                };
                let local = scope.bind(&name.text, (**inner).clone());
                Step::With(local, value)
            }
            ast::Step::Let { name, label, value } => {
                let value = self.expr(scope, value, None)?;
                let local = scope.bind_labelled(&named(name, label.as_ref()), value.ty.clone());
                Step::Let(local, value)
            }
            ast::Step::When(condition) => Step::When(self.condition(scope, condition)?),
        })
    }

    fn split(
        &mut self,
        scope: &mut Scope,
        owner: LegOwner,
        written: &'a ast::Split,
        source: Source,
        row: Option<crate::model::LocalIx>,
    ) -> Resolved<Split> {
        let settled = match &written.settled {
            None => None,
            Some(Some(kind)) => Some(self.settlement(scope, kind)?),
            Some(None) => match self.settlements.get(scope.module.index()).copied().flatten() {
                Some(kind) => Some(self.settlement(scope, kind)?),
                // `check` asks the module for its settlement.
                None => Some(crate::model::Settlement::LargestRemainder),
            },
        };
        let target = self.target(scope, owner, &mut Vec::new(), &written.body)?;
        Ok(Split { source, row, settled, target, span: written.span })
    }

    fn transfer(
        &mut self,
        scope: &mut Scope,
        owner: LegOwner,
        number: u32,
        written: &'a ast::Transfer,
    ) -> Resolved<Transfer> {
        let mark = scope.mark();
        let for_each = match &written.for_each {
            Some(selection) => Some(self.selection(scope, selection)?),
            None => None,
        };
        let amount = match &written.amount {
            Some(amount) => Some(self.moved_amount(scope, amount)?),
            None => None,
        };
        let mut from = Vec::new();
        for place in &written.from {
            let (account, keys) = self.account(scope, place)?;
            from.push(crate::model::Place { account, keys });
        }
        let to = self.place(scope, &written.to)?;
        let given = amount.as_ref().map_or_else(|| self.money_here(scope), |it| it.ty.clone());
        let feed = self.feed(scope, written.tally.as_ref(), &given)?;
        scope.reset(mark);
        let cite = written.cite.as_ref().map(|cite| (scope.module, cite));
        let leg = self.leg(owner, &[number], cite, written.span);
        let undetermined =
            written.undetermined.clone().or_else(|| written.amount.is_none().then(String::new));
        Ok(Transfer { leg, amount, undetermined, from, to, for_each, feed, span: written.span })
    }

    fn levy_case(
        &mut self,
        module: ModuleId,
        levy: &'a ast::Levy,
        event: EventId,
    ) -> Resolved<LevyCase> {
        let mut scope = Scope::event(module, event);
        let steps = self.steps(&mut scope, &levy.head)?;
        let due = self.moved_amount(&mut scope, &levy.due)?;
        if !matches!(due.kind, ExprKind::Rounded(..)) {
            return Err(self.report(
                Diagnostic::error(
                    words::NOT_ROUNDED,
                    due.span,
                    Words::new("a due says how it is rounded to whole units", "应纳须写明如何取整"),
                )
                .with_help(Words::new(
                    "add `rounded half up` (or `down`, `half even`, …) after it",
                    "请在其后加「取整 四舍五入」（或「舍去」「四舍六入五成双」等）",
                )),
            ));
        }
        let feed = self.feed(&mut scope, levy.tally.as_ref(), &due.ty)?;
        let into = self.place(&mut scope, &levy.into)?;
        Ok(LevyCase { event, locals: scope.locals, steps, due, feed, into })
    }
}
