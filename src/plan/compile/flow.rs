//! What happens to an event of each kind, in the order it happens.

use crate::base::Exact;
use crate::model::{self, Body, EventId, Type};

use super::super::{
    Among, Block, Bound, Case, Event, EventSource, Feed, Figure, Graded, Leg, LevyCase, Place,
    PoolStep, Portion, Settlement, Slice, Source, Step, Target, Transfer, TransferCase,
};
use super::expr::Slots;
use super::{Compiler, Context, Item};

impl Compiler<'_> {
    pub(super) fn events(&mut self) -> Vec<Event> {
        let rules = self.rules;
        let events = rules.events.iter().enumerate();
        let mut events: Vec<Event> =
            events.map(|(place, event)| self.event(EventId::next(place), event)).collect();
        for (place, event) in events.iter_mut().enumerate() {
            event.order_matters = self.order_matters(EventId::next(place));
        }
        events
    }

    fn event(&mut self, id: EventId, event: &model::Event) -> Event {
        let rules = self.rules;
        let context = Context { event: Some(id), who: &event.name.text };
        let fields = event.fields.iter().map(|field| self.field(field, context)).collect();
        let currency = rules.currency_of(id);
        let unit = self.unit_of(&Type::Money(currency));
        let reversed_by = |other: &model::Event| other.reverses.is_some_and(|(_, of)| of == id);
        if let Some((field, original)) = event.reverses {
            let key = super::super::Expr::Field(field.0);
            self.touch_whole(context, Item::Original(original.0), &[key], true);
        }
        let levies = self.levies(id);
        let transfers = self.transfers(id);
        let pools = self.pool_steps(id, &levies, &transfers);
        Event {
            name: event.name.text.clone(),
            source: self.source(id, event),
            fields,
            computes: event.fields.iter().any(|field| field.computed.is_some()),
            unique: event.unique.iter().map(|field| field.0).collect(),
            effective: event.effective.0,
            inflow: event.inflow.map(|field| field.0),
            reverses: event.reverses.map(|(field, original)| (field.0, original.0)),
            reversible: rules.events.iter().any(reversed_by),
            from: event.from,
            until: event.until,
            order_by: event.order_by.iter().map(|field| field.0).collect(),
            // Known only when all events have been looked at.
            order_matters: false,
            currency: currency.0,
            unit,
            levies,
            transfers,
            pools,
            adds: self.adds(id),
            becomes: self.becomes(id),
            figures: self.figures(id),
        }
    }

    /// Minor units in a major unit of a type; one for what is no money.
    pub(super) fn unit_of(&self, ty: &Type) -> Exact {
        match ty.required() {
            Type::Money(currency) => {
                let scale = self.rules.currencies.get(currency.index()).map_or(2, |it| it.scale);
                let part = Exact::from_scaled(1, scale);
                Exact::ONE.div(&part).unwrap_or(Exact::ONE)
            }
            _ => Exact::ONE,
        }
    }

    fn source(&mut self, id: EventId, event: &model::Event) -> EventSource {
        let context = Context { event: Some(id), who: &event.name.text };
        match &event.source {
            model::EventSource::Sent => EventSource::Sent,
            model::EventSource::Periodic { kind, for_each, locals } => {
                let mut slots = Slots::of(locals);
                let rows = for_each.as_ref();
                let for_each = rows.map(|rows| self.selection(rows, context, &mut slots));
                EventSource::Periodic { kind: *kind, for_each, locals: slots.count }
            }
            model::EventSource::OnDate { date, for_each, locals } => {
                let mut slots = Slots::of(locals);
                let for_each = self.selection(for_each, context, &mut slots);
                let date = self.expr(date, context, &mut slots);
                EventSource::OnDate { date, for_each, locals: slots.count }
            }
            model::EventSource::Stage { closes, kind, condition, booked } => EventSource::Stage {
                closes: closes.0,
                kind: *kind,
                condition: condition.as_ref().map(|formula| self.formula(formula, context)),
                booked: booked.as_ref().map(|formula| self.formula(formula, context)),
            },
        }
    }

    fn levies(&mut self, id: EventId) -> Vec<LevyCase> {
        let rules = self.rules;
        let mut levies = Vec::new();
        for levy in &rules.levies {
            for case in levy.cases.iter().filter(|case| case.event == id) {
                let context = Context { event: Some(id), who: &levy.name.text };
                let mut slots = Slots::of(&case.locals);
                let steps = self.steps(&case.steps, context, &mut slots);
                let due = self.expr(&case.due, context, &mut slots);
                let feed = self.feed(case.feed.as_ref(), context, &mut slots, false);
                let into = self.target(&case.into, context, &mut slots);
                levies.push(LevyCase {
                    levy: levy.id.0,
                    from: levy.from,
                    until: levy.until,
                    locals: slots.count,
                    steps,
                    due,
                    may_refund: levy.may_refund,
                    leg: levy.leg.0,
                    feed,
                    into,
                });
            }
        }
        levies
    }

    fn transfers(&mut self, id: EventId) -> Vec<TransferCase> {
        let rules = self.rules;
        let mut cases = Vec::new();
        for rule in &rules.rules {
            for case in rule.cases.iter().filter(|case| case.event == id) {
                let Body::Transfers(transfers) = &case.body else { continue };
                let context = Context { event: Some(id), who: &rule.name.text };
                let mut slots = Slots::of(&case.locals);
                let steps = self.steps(&case.steps, context, &mut slots);
                let transfers =
                    transfers.iter().map(|it| self.transfer(it, context, &mut slots)).collect();
                cases.push(TransferCase {
                    rule: rule.id.0,
                    from: rule.from,
                    until: rule.until,
                    locals: slots.count,
                    steps,
                    transfers,
                });
            }
        }
        cases
    }

    fn transfer(
        &mut self,
        transfer: &model::Transfer,
        context: Context<'_>,
        slots: &mut Slots,
    ) -> Transfer {
        let rows = transfer.for_each.as_ref();
        let for_each = rows.map(|rows| self.selection(rows, context, slots));
        let amount = transfer.amount.as_ref().map(|amount| self.expr(amount, context, slots));
        let from: Vec<Place> =
            transfer.from.iter().map(|place| self.place(place, context, slots)).collect();
        if let Some((_, drawn_down)) = from.split_last() {
            for place in drawn_down {
                self.count(place.account);
                self.touch_whole(context, Item::Balance(place.account), &place.keys, true);
            }
        }
        let to = self.target(&transfer.to, context, slots);
        let feed = self.feed(transfer.feed.as_ref(), context, slots, false);
        Transfer { leg: transfer.leg.0, amount, from, to, for_each, feed }
    }

    /// The rules of each pool, in the order in which pools are emptied.
    fn pool_steps(
        &mut self,
        id: EventId,
        levies: &[LevyCase],
        transfers: &[TransferCase],
    ) -> Vec<PoolStep> {
        let rules = self.rules;
        let mut steps: Vec<PoolStep> = std::iter::once(Source::Inflow)
            .chain((0..rules.pools.len()).map(|place| Source::Pool(model::PoolId::next(place).0)))
            .map(|source| PoolStep { source, cases: Vec::new() })
            .collect();
        for rule in &rules.rules {
            for case in rule.cases.iter().filter(|case| case.event == id) {
                let Body::Split(split) = &case.body else { continue };
                let compiled = self.case(rule, case, split);
                let source = match split.source {
                    model::Source::Inflow => Source::Inflow,
                    model::Source::Pool(pool) => Source::Pool(pool.0),
                };
                if let Some(step) = steps.iter_mut().find(|step| step.source == source) {
                    step.cases.push(compiled);
                }
            }
        }
        let levied = levies.iter().map(|levy| &levy.into);
        let moved = transfers.iter().flat_map(|case| &case.transfers).map(|it| &it.to);
        in_flow_order(steps, levied.chain(moved))
    }

    fn case(&mut self, rule: &model::Rule, case: &model::RuleCase, split: &model::Split) -> Case {
        let context = Context { event: Some(case.event), who: &rule.name.text };
        let mut slots = Slots::of(&case.locals);
        let steps = self.steps(&case.steps, context, &mut slots);
        let settlement = match &case.settlement {
            Some(settlement) => self.settlement(settlement, context, &mut slots),
            None => Settlement::LargestRemainder,
        };
        let settled = split.settled.as_ref();
        let settled = settled.map(|settled| self.settlement(settled, context, &mut slots));
        let target = self.target(&split.target, context, &mut slots);
        Case {
            rule: rule.id.0,
            from: rule.from,
            until: rule.until,
            locals: slots.count,
            row: split.row.map(|row| row.0),
            steps,
            settlement,
            settled,
            target,
        }
    }

    fn steps(
        &mut self,
        steps: &[model::Step],
        context: Context<'_>,
        slots: &mut Slots,
    ) -> Vec<Step> {
        let step = |step: &model::Step| match step {
            model::Step::With(local, value) => {
                Step::With(local.0, self.expr(value, context, slots))
            }
            model::Step::Let(local, value) => Step::Let(local.0, self.expr(value, context, slots)),
            model::Step::When(condition) => Step::When(self.expr(condition, context, slots)),
        };
        steps.iter().map(step).collect()
    }

    fn settlement(
        &mut self,
        settlement: &model::Settlement,
        context: Context<'_>,
        slots: &mut Slots,
    ) -> Settlement {
        match settlement {
            model::Settlement::LargestRemainder => Settlement::LargestRemainder,
            model::Settlement::InOrder => Settlement::InOrder,
            model::Settlement::RemainderTo(place) => {
                Settlement::RemainderTo(self.place(place, context, slots))
            }
            model::Settlement::KeptApartIn(place) => {
                Settlement::KeptApartIn(self.place(place, context, slots))
            }
            model::Settlement::CarriedPer(keys) => {
                let keys = self.exprs(keys, context, slots);
                self.touch_whole(context, Item::Owed, &keys, true);
                Settlement::CarriedPer(keys)
            }
        }
    }

    fn place(&mut self, place: &model::Place, context: Context<'_>, slots: &mut Slots) -> Place {
        let keys = self.exprs(&place.keys, context, slots);
        let account = place.account;
        if self.rules.accounts.get(account.index()).is_some_and(|account| account.holds) {
            // Whoever draws on it depends on what is there.
            self.touch_whole(context, Item::Balance(account.0), &keys, true);
        }
        Place { account: account.0, keys }
    }

    fn target(
        &mut self,
        target: &model::Target,
        context: Context<'_>,
        slots: &mut Slots,
    ) -> Target {
        match target {
            model::Target::Account(place) => Target::Account(self.place(place, context, slots)),
            model::Target::Pool { pool, row } => Target::Pool {
                pool: pool.0,
                row: row.as_ref().map(|row| self.expr(row, context, slots)),
            },
            model::Target::Undetermined { what: _ } => Target::Undetermined,
            model::Target::Block(block) => {
                let rest = block.legs.iter().position(|leg| leg.portion == model::Portion::Rest);
                Target::Block(Block { legs: self.legs(&block.legs, context, slots, false), rest })
            }
            model::Target::InOrder(legs) => Target::InOrder(self.legs(legs, context, slots, true)),
            model::Target::Graded(graded) => {
                let from = graded.from.as_ref().map(|from| self.expr(from, context, slots));
                let slice = |slice: &model::Slice| Slice {
                    up_to: slice.up_to.as_ref().map(|up_to| self.expr(up_to, context, slots)),
                    leg: self.leg(&slice.leg, context, slots, false),
                };
                let slices = graded.slices.iter().map(slice).collect();
                Target::Graded(Box::new(Graded { from, slices }))
            }
            model::Target::Among(among) => {
                let selection = self.selection(&among.selection, context, slots);
                let leg = self.leg(&among.leg, context, slots, false);
                let if_none = among.if_none.as_ref();
                let if_none = if_none.map(|leg| self.leg(leg, context, slots, false));
                Target::Among(Box::new(Among { selection, leg, if_none }))
            }
        }
    }

    fn legs(
        &mut self,
        legs: &[model::Leg],
        context: Context<'_>,
        slots: &mut Slots,
        takes_back: bool,
    ) -> Vec<Leg> {
        legs.iter().map(|leg| self.leg(leg, context, slots, takes_back)).collect()
    }

    /// `takes_back`: the leg of a waterfall looks at its total when money comes back.
    fn leg(
        &mut self,
        leg: &model::Leg,
        context: Context<'_>,
        slots: &mut Slots,
        takes_back: bool,
    ) -> Leg {
        let portion = match &leg.portion {
            model::Portion::Rest => Portion::Rest,
            model::Portion::All => Portion::All,
            model::Portion::Rate(rate) => Portion::Rate(self.expr(rate, context, slots)),
            model::Portion::Amount(amount) => Portion::Amount(self.expr(amount, context, slots)),
        };
        let in_total = leg
            .bounds
            .iter()
            .any(|bound| matches!(bound, model::Bound::UpTo { in_total: true, .. }));
        let feed = self.feed(leg.feed.as_ref(), context, slots, takes_back || in_total);
        let projection = feed.as_ref().and_then(|feed| feed.projection).unwrap_or(u32::MAX);
        let bound = |bound: &model::Bound| match bound {
            model::Bound::AtLeast { amount } => Bound::AtLeast(self.expr(amount, context, slots)),
            model::Bound::UpTo { amount, in_total: false, .. } => {
                Bound::UpTo(self.expr(amount, context, slots))
            }
            model::Bound::UpTo { amount, in_total: true, closed_once_reached } => {
                Bound::UpToInTotal {
                    amount: self.expr(amount, context, slots),
                    closed_once_reached: *closed_once_reached,
                    projection,
                }
            }
        };
        let bounds = leg.bounds.iter().map(bound).collect();
        let target = self.target(&leg.target, context, slots);
        Leg { leg: leg.id.0, portion, bounds, target, feed }
    }

    /// `reads`: the one who adds also asks how much is there.
    fn feed(
        &mut self,
        feed: Option<&model::Feed>,
        context: Context<'_>,
        slots: &mut Slots,
        reads: bool,
    ) -> Option<Feed> {
        let feed = feed?;
        let keys = self.exprs(&feed.keys, context, slots);
        self.touch_whole(context, Item::Tally(feed.tally.0), &keys, reads);
        let whole = (0..keys.len()).collect();
        let projection = reads.then(|| self.projection(feed.tally.0, whole, false));
        Some(Feed { tally: feed.tally.0, projection, keys })
    }

    fn figures(&mut self, id: EventId) -> Vec<Figure> {
        let rules = self.rules;
        let mut figures = Vec::new();
        for figure in rules.figures.iter().filter(|figure| figure.event == id) {
            let context = Context { event: Some(id), who: &figure.name.text };
            let mut slots = Slots::of(&figure.locals);
            let rows = figure.for_each.as_ref();
            let for_each = rows.map(|rows| self.selection(rows, context, &mut slots));
            let when = figure.when.as_ref().map(|when| self.expr(when, context, &mut slots));
            let value = self.expr(&figure.value, context, &mut slots);
            let kind = self.kind(&figure.value.ty);
            let locals = slots.count;
            figures.push(Figure { figure: figure.id.0, locals, for_each, when, value, kind });
        }
        figures
    }
}

/// Orders pools so that each stands after all that can fill it, ties as declared; then leaves out what
/// nothing can fill on this event kind.
fn in_flow_order<'t>(
    mut waiting: Vec<PoolStep>,
    filled_before: impl Iterator<Item = &'t Target>,
) -> Vec<PoolStep> {
    let mut reached = vec![Source::Inflow];
    filled_before.for_each(|target| pools_of(target, &mut reached));
    let mut next = 0;
    while let Some(source) = reached.get(next).copied() {
        next += 1;
        let found = pools_filled(waiting.iter().find(|step| step.source == source));
        for pool in found {
            if !reached.contains(&pool) {
                reached.push(pool);
            }
        }
    }
    let mut ordered: Vec<PoolStep> = Vec::with_capacity(waiting.len());
    while !waiting.is_empty() {
        let fed: Vec<Source> = waiting.iter().flat_map(|step| pools_filled(Some(step))).collect();
        let free = waiting.iter().position(|step| !fed.contains(&step.source));
        // Without a free one money runs in a circle, which `check` refuses; the order then matters
        // to nobody.
        ordered.push(waiting.remove(free.unwrap_or(0)));
    }
    ordered.retain(|step| reached.contains(&step.source));
    ordered
}

fn pools_filled(step: Option<&PoolStep>) -> Vec<Source> {
    let mut pools = Vec::new();
    for case in step.iter().flat_map(|step| &step.cases) {
        pools_of(&case.target, &mut pools);
    }
    pools
}

fn pools_of(target: &Target, pools: &mut Vec<Source>) {
    let mut of_legs = |legs: &[Leg]| legs.iter().for_each(|leg| pools_of(&leg.target, pools));
    match target {
        Target::Account(_) | Target::Undetermined => {}
        Target::Pool { pool, row: _ } => pools.push(Source::Pool(*pool)),
        Target::Block(block) => of_legs(&block.legs),
        Target::InOrder(legs) => of_legs(legs),
        Target::Graded(graded) => {
            graded.slices.iter().for_each(|slice| pools_of(&slice.leg.target, pools));
        }
        Target::Among(among) => {
            pools_of(&among.leg.target, pools);
            if let Some(leg) = &among.if_none {
                pools_of(&leg.target, pools);
            }
        }
    }
}
