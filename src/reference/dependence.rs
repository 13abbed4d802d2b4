//! What an event's result depends on: whether it reads what earlier events left behind.

use crate::model::{
    Body, EventId, EventSource, Expr, ExprKind, Leg, Place, RowSource, RuleSet, Selection,
    Settlement, Split, Step, Target, Transfer,
};

/// Whether the result of any event that is sent, or made by the calendar, depends on earlier ones.
/// What only stages read orders nothing, since they come after all others.
pub(super) fn is_ordered(rules: &RuleSet) -> bool {
    let mut kinds = rules.events.iter().enumerate();
    let reads = Reads { rules };
    let in_rows = rules.shapes.iter().flat_map(|shape| &shape.fields);
    let mut in_rows = in_rows.filter_map(|field| field.computed.as_ref());
    in_rows.any(|formula| reads.expr(&formula.expr))
        || kinds.any(|(at, event)| {
            !matches!(event.source, EventSource::Stage { .. }) && reads.event(EventId::next(at))
        })
}

/// Whether a result depends on the order of two events of a kind: they read state, or change it by
/// more than adding to tallies.
pub(super) fn order_matters(rules: &RuleSet, kind: EventId) -> bool {
    let mut becoming = rules.carries.iter().flat_map(|carry| &carry.changes);
    Reads { rules }.event(kind) || becoming.any(|change| change.event == kind)
}

/// Looks for reads of totals, carried values, balances and entitlements. Moving money to or from an
/// account that holds is one, since it must not fall below zero.
#[derive(Clone, Copy)]
struct Reads<'a> {
    rules: &'a RuleSet,
}

impl Reads<'_> {
    fn event(self, kind: EventId) -> bool {
        let declared = self.rules.events.get(kind.index());
        let fields = declared.into_iter().flat_map(|event| &event.fields);
        let mut lets = fields.filter_map(|field| field.computed.as_ref());
        declared.is_some_and(|event| event.reverses.is_some())
            || lets.any(|formula| self.expr(&formula.expr))
            || self.rules_of(kind)
            || self.levies_of(kind)
            || self.figures_of(kind)
            || self.changes_of(kind)
    }

    fn rules_of(self, kind: EventId) -> bool {
        let cases = self.rules.rules.iter().flat_map(|rule| &rule.cases);
        cases.filter(|case| case.event == kind).any(|case| {
            self.settlement(case.settlement.as_ref())
                || case.steps.iter().any(|step| self.step(step))
                || match &case.body {
                    Body::Split(split) => self.split(split),
                    Body::Transfers(transfers) => transfers.iter().any(|it| self.transfer(it)),
                }
        })
    }

    fn levies_of(self, kind: EventId) -> bool {
        let cases = self.rules.levies.iter().flat_map(|levy| &levy.cases);
        cases.filter(|case| case.event == kind).any(|case| {
            case.steps.iter().any(|step| self.step(step))
                || self.expr(&case.due)
                || case.feed.iter().any(|feed| self.exprs(&feed.keys))
                || self.target(&case.into)
        })
    }

    fn figures_of(self, kind: EventId) -> bool {
        self.rules.figures.iter().filter(|figure| figure.event == kind).any(|figure| {
            self.expr(&figure.value)
                || figure.when.as_ref().is_some_and(|when| self.expr(when))
                || figure.for_each.as_ref().is_some_and(|rows| self.selection(rows))
        })
    }

    fn changes_of(self, kind: EventId) -> bool {
        let of_tallies = self.rules.tallies.iter().flat_map(|tally| &tally.feeders);
        let of_carries = self.rules.carries.iter().flat_map(|carry| &carry.changes);
        of_tallies.chain(of_carries).filter(|change| change.event == kind).any(|change| {
            self.expr(&change.value)
                || change.when.as_ref().is_some_and(|when| self.expr(when))
                || self.exprs(&change.keys)
        })
    }

    fn transfer(self, transfer: &Transfer) -> bool {
        transfer.from.len() > 1
            || transfer.amount.as_ref().is_some_and(|amount| self.expr(amount))
            || transfer.for_each.as_ref().is_some_and(|rows| self.selection(rows))
            || transfer.from.iter().any(|place| self.place(place))
            || self.target(&transfer.to)
            || transfer.feed.iter().any(|feed| self.exprs(&feed.keys))
    }

    fn settlement(self, settlement: Option<&Settlement>) -> bool {
        match settlement {
            None | Some(Settlement::LargestRemainder | Settlement::InOrder) => false,
            Some(Settlement::RemainderTo(place) | Settlement::KeptApartIn(place)) => {
                self.place(place)
            }
            Some(Settlement::CarriedPer(_)) => true,
        }
    }

    fn step(self, step: &Step) -> bool {
        match step {
            Step::With(_, expr) | Step::Let(_, expr) | Step::When(expr) => self.expr(expr),
        }
    }

    fn split(self, split: &Split) -> bool {
        self.settlement(split.settled.as_ref()) || self.target(&split.target)
    }

    fn place(self, place: &Place) -> bool {
        let holds = self.rules.accounts.get(place.account.index()).is_some_and(|it| it.holds);
        holds || self.exprs(&place.keys)
    }

    fn target(self, target: &Target) -> bool {
        match target {
            Target::Account(place) => self.place(place),
            Target::Pool { row, .. } => row.as_ref().is_some_and(|row| self.expr(row)),
            Target::Undetermined { .. } => false,
            Target::Block(block) => block.legs.iter().any(|leg| self.leg(leg)),
            // What flows back is taken down to each leg's total.
            Target::InOrder(legs) => legs.iter().any(|leg| leg.feed.is_some() || self.leg(leg)),
            Target::Graded(graded) => {
                graded.from.as_ref().is_some_and(|from| self.expr(from))
                    || graded.slices.iter().any(|slice| {
                        slice.up_to.as_ref().is_some_and(|bound| self.expr(bound))
                            || self.leg(&slice.leg)
                    })
            }
            Target::Among(among) => {
                self.selection(&among.selection)
                    || self.leg(&among.leg)
                    || among.if_none.as_ref().is_some_and(|leg| self.leg(leg))
            }
        }
    }

    fn leg(self, leg: &Leg) -> bool {
        use crate::model::{Bound, Portion};
        let portion = match &leg.portion {
            Portion::Rest | Portion::All => false,
            Portion::Rate(expr) | Portion::Amount(expr) => self.expr(expr),
        };
        let bounded = leg.bounds.iter().any(|bound| match bound {
            Bound::UpTo { amount, in_total, closed_once_reached } => {
                *in_total || *closed_once_reached || self.expr(amount)
            }
            Bound::AtLeast { amount } => self.expr(amount),
        });
        let fed = leg.feed.iter().any(|feed| self.exprs(&feed.keys));
        portion || bounded || fed || self.target(&leg.target)
    }

    fn selection(self, selection: &Selection) -> bool {
        let source = match &selection.source {
            RowSource::Register { keys, .. } => self.exprs(keys),
            RowSource::List { list, .. } => self.expr(list),
            RowSource::Members(_) => false,
        };
        source
            || selection.condition.as_ref().is_some_and(|condition| self.expr(condition))
            || selection.shares.iter().any(|factor| self.expr(&factor.value))
    }

    fn exprs(self, exprs: &[Expr]) -> bool {
        exprs.iter().any(|expr| self.expr(expr))
    }

    fn expr(self, expr: &Expr) -> bool {
        let asks = |at: &Option<Box<Expr>>| at.as_ref().is_some_and(|at| self.expr(at));
        match &expr.kind {
            ExprKind::Total { .. } | ExprKind::Carried { .. } | ExprKind::Balance { .. } => true,
            ExprKind::Constant(_)
            | ExprKind::Field(_)
            | ExprKind::EffectiveDate
            | ExprKind::Local(_)
            | ExprKind::Reading(_)
            | ExprKind::Share(_) => false,
            ExprKind::Own { at, .. } => asks(at),
            ExprKind::RowField { row, at, .. } => self.expr(row) || asks(at),
            ExprKind::Parameter { keys, at, .. } => self.exprs(keys) || self.expr(at),
            ExprKind::Schedule { keys, of, at, .. } => {
                self.exprs(keys) || self.expr(of) || self.expr(at)
            }
            ExprKind::Closed { keys, .. } | ExprKind::Lookup { keys, .. } => self.exprs(keys),
            ExprKind::Negate(inner)
            | ExprKind::Not(inner)
            | ExprKind::Bind(inner, _)
            | ExprKind::Rounded(inner, ..)
            | ExprKind::AggregateList(_, inner) => self.expr(inner),
            ExprKind::And(list)
            | ExprKind::Or(list)
            | ExprKind::List(list)
            | ExprKind::Call(_, list) => self.exprs(list),
            ExprKind::Arithmetic(_, left, right)
            | ExprKind::Compare(_, left, right)
            | ExprKind::InTree(left, right)
            | ExprKind::InPeriod(left, right)
            | ExprKind::Otherwise(left, right) => self.expr(left) || self.expr(right),
            ExprKind::InSet(value, set) => self.expr(value) || self.exprs(set),
            ExprKind::InRange { value, from, to, .. } => {
                self.expr(value) || self.expr(from) || self.expr(to)
            }
            ExprKind::If(condition, yes, no) => {
                self.expr(condition) || self.expr(yes) || self.expr(no)
            }
            ExprKind::Aggregate { value, selection, .. } => {
                value.as_ref().is_some_and(|value| self.expr(value)) || self.selection(selection)
            }
        }
    }
}
