//! In which currency an event moves money, and which accounts it reaches.

use crate::base::Span;

use super::{
    AccountId, Body, CurrencyId, EventId, Leg, Place, RuleCase, RuleSet, Settlement, Target, Type,
};

impl RuleSet {
    /// The currency of an event: that of its inflow; without one, that of its levies and transfers,
    /// which is the yuan only where none of them says another.
    pub fn currency_of(&self, event: EventId) -> CurrencyId {
        let declared = self.events.get(event.index());
        let inflow = declared.and_then(|declared| declared.fields.get(declared.inflow?.index()));
        if let Some(Type::Money(currency)) = inflow.map(|field| field.ty.required()) {
            return *currency;
        }
        let levied = self.levies.iter().flat_map(|levy| &levy.cases);
        let levied = levied.filter(|case| case.event == event).map(|case| &case.due.ty);
        let cases = self.rules.iter().flat_map(|rule| &rule.cases);
        let moved = cases.filter(|case| case.event == event).flat_map(|case| match &case.body {
            Body::Transfers(transfers) => transfers.as_slice(),
            Body::Split(_) => &[],
        });
        let moved = moved.filter_map(|transfer| transfer.amount.as_ref()).map(|amount| &amount.ty);
        let mut currencies = levied.chain(moved).filter_map(|ty| match ty.required() {
            Type::Money(currency) if *currency != CurrencyId(0) => Some(*currency),
            _ => None,
        });
        currencies.next().unwrap_or(CurrencyId(0))
    }

    /// Every account that a rule or levy may give to or draw on, with the event kind and the place.
    pub fn reached(&self) -> Vec<(AccountId, EventId, Span)> {
        let mut found = Vec::new();
        for levy in &self.levies {
            for case in &levy.cases {
                of_target(&case.into, case.event, levy.span, &mut found);
            }
        }
        for rule in &self.rules {
            for case in &rule.cases {
                of_case(case, rule.span, &mut found);
            }
        }
        found
    }
}

type Reached = Vec<(AccountId, EventId, Span)>;

fn of_case(case: &RuleCase, span: Span, found: &mut Reached) {
    let event = case.event;
    of_settlement(case.settlement.as_ref(), event, span, found);
    match &case.body {
        Body::Split(split) => {
            of_settlement(split.settled.as_ref(), event, split.span, found);
            of_target(&split.target, event, split.span, found);
        }
        Body::Transfers(transfers) => {
            for transfer in transfers {
                found.extend(transfer.from.iter().map(|it| (it.account, event, transfer.span)));
                of_target(&transfer.to, event, transfer.span, found);
            }
        }
    }
}

fn of_settlement(kind: Option<&Settlement>, event: EventId, span: Span, found: &mut Reached) {
    if let Some(Settlement::RemainderTo(place) | Settlement::KeptApartIn(place)) = kind {
        found.push((place.account, event, span));
    }
}

fn of_target(target: &Target, event: EventId, span: Span, found: &mut Reached) {
    let of_legs = |legs: &mut dyn Iterator<Item = &Leg>, found: &mut Reached| {
        for leg in legs {
            of_target(&leg.target, event, leg.span, found);
        }
    };
    match target {
        Target::Account(Place { account, .. }) => found.push((*account, event, span)),
        Target::Pool { .. } | Target::Undetermined { .. } => {}
        Target::Block(block) => of_legs(&mut block.legs.iter(), found),
        Target::InOrder(legs) => of_legs(&mut legs.iter(), found),
        Target::Graded(graded) => {
            of_legs(&mut graded.slices.iter().map(|slice| &slice.leg), found);
        }
        Target::Among(among) => {
            of_legs(&mut std::iter::once(&among.leg).chain(among.if_none.as_ref()), found);
        }
    }
}
