//! Levies, transfers, rules on pools, changes of state.

use std::fmt;

use super::super::{
    Bound, Case, Change, Event, Expr, Feed, Figure, Leg, LevyCase, Place, PoolStep, Portion,
    RowSource, Selection, Settlement, Source, Step, Target, Transfer, TransferCase, at,
};
use super::expr::{Shown, listed};
use super::{Page, period};

impl<'p> Page<'p> {
    fn show<'e>(&self, event: &'e Event, expr: &'e Expr) -> Shown<'e>
    where
        'p: 'e,
    {
        Shown { plan: self.plan, event: Some(event), expr }
    }

    fn rule(&self, rule: u32) -> &'p str {
        self.plan.rules.get(at(rule)).map_or("?", |rule| rule.name.as_str())
    }

    pub(super) fn levy(&mut self, event: &Event, levy: &LevyCase) -> fmt::Result {
        let name = self.plan.levies.get(at(levy.levy)).map_or("?", String::as_str);
        let days = period(levy.from, levy.until);
        self.line(format_args!("levy {name} {days}, leg {}", levy.leg))?;
        self.inside(|page| {
            page.steps(event, &levy.steps)?;
            let due = page.show(event, &levy.due);
            let refund = if levy.may_refund { " may refund" } else { "" };
            page.line(format_args!("due {due}{refund}"))?;
            page.feed(event, levy.feed.as_ref())?;
            page.target(event, "into", &levy.into)
        })
    }

    pub(super) fn transfers(&mut self, event: &Event, case: &TransferCase) -> fmt::Result {
        let (name, days) = (self.rule(case.rule), period(case.from, case.until));
        self.line(format_args!("transfers of {name} {days}"))?;
        self.inside(|page| {
            page.steps(event, &case.steps)?;
            case.transfers.iter().try_for_each(|transfer| page.transfer(event, transfer))
        })
    }

    fn transfer(&mut self, event: &Event, transfer: &Transfer) -> fmt::Result {
        match &transfer.amount {
            Some(amount) => {
                let amount = self.show(event, amount);
                self.line(format_args!("leg {}: {amount}", transfer.leg))?;
            }
            None => self.line(format_args!("leg {}: open item", transfer.leg))?,
        }
        self.inside(|page| {
            for place in &transfer.from {
                let place = page.place(event, place);
                page.line(format_args!("from {place}"))?;
            }
            page.target(event, "to", &transfer.to)?;
            if let Some(rows) = &transfer.for_each {
                page.rows(event, "for each", rows)?;
            }
            page.feed(event, transfer.feed.as_ref())
        })
    }

    pub(super) fn pool(&mut self, event: &Event, step: &PoolStep) -> fmt::Result {
        match step.source {
            Source::Inflow => self.line(format_args!("inflow"))?,
            Source::Pool(pool) => {
                let name = self.plan.pools.get(at(pool)).map_or("?", |pool| pool.name.as_str());
                self.line(format_args!("pool {name}"))?;
            }
        }
        self.inside(|page| step.cases.iter().try_for_each(|case| page.case(event, case)))
    }

    fn case(&mut self, event: &Event, case: &Case) -> fmt::Result {
        let (name, days) = (self.rule(case.rule), period(case.from, case.until));
        let row = case.row.map(|row| format!(" as ${row}")).unwrap_or_default();
        self.line(format_args!("rule {name} {days}{row}, {} slots", case.locals))?;
        self.inside(|page| {
            page.steps(event, &case.steps)?;
            if let Some(settled) = &case.settled {
                let settled = page.settlement(event, settled);
                page.line(format_args!("settled when made: {settled}"))?;
            }
            let settlement = page.settlement(event, &case.settlement);
            page.line(format_args!("settles by {settlement}"))?;
            page.target(event, "to", &case.target)
        })
    }

    fn steps(&mut self, event: &Event, steps: &[Step]) -> fmt::Result {
        for step in steps {
            match step {
                Step::With(slot, expr) => {
                    let expr = self.show(event, expr);
                    self.line(format_args!("with ${slot} = {expr}"))?;
                }
                Step::Let(slot, expr) => {
                    let expr = self.show(event, expr);
                    self.line(format_args!("let ${slot} = {expr}"))?;
                }
                Step::When(expr) => {
                    let expr = self.show(event, expr);
                    self.line(format_args!("when {expr}"))?;
                }
            }
        }
        Ok(())
    }

    fn settlement(&self, event: &Event, settlement: &Settlement) -> String {
        match settlement {
            Settlement::LargestRemainder => "largest remainder".into(),
            Settlement::InOrder => "in order".into(),
            Settlement::RemainderTo(place) => format!("remainder to {}", self.place(event, place)),
            Settlement::KeptApartIn(place) => format!("kept apart in {}", self.place(event, place)),
            Settlement::CarriedPer(keys) => {
                format!("carried per {}", listed(self.plan, Some(event), keys))
            }
        }
    }

    fn place(&self, event: &Event, place: &Place) -> String {
        let name = self.plan.accounts.get(at(place.account)).map_or("?", |it| it.name.as_str());
        match place.keys.as_slice() {
            [] => name.into(),
            keys => format!("{name}[{}]", listed(self.plan, Some(event), keys)),
        }
    }

    fn target(&mut self, event: &Event, word: &str, target: &Target) -> fmt::Result {
        match target {
            Target::Account(place) => {
                let place = self.place(event, place);
                self.line(format_args!("{word} {place}"))
            }
            Target::Undetermined => self.line(format_args!("{word} nobody yet")),
            Target::Pool { pool, row } => {
                let name = self.plan.pools.get(at(*pool)).map_or("?", |pool| pool.name.as_str());
                match row {
                    None => self.line(format_args!("{word} pool {name}")),
                    Some(row) => {
                        let row = self.show(event, row);
                        self.line(format_args!("{word} pool {name}[{row}]"))
                    }
                }
            }
            Target::Block(block) => {
                self.line(format_args!("{word} side by side"))?;
                self.inside(|page| block.legs.iter().try_for_each(|leg| page.leg(event, leg)))
            }
            Target::InOrder(legs) => {
                self.line(format_args!("{word} in order"))?;
                self.inside(|page| legs.iter().try_for_each(|leg| page.leg(event, leg)))
            }
            Target::Graded(graded) => {
                match &graded.from {
                    Some(from) => {
                        let from = self.show(event, from);
                        self.line(format_args!("{word} graded from {from}"))?;
                    }
                    None => self.line(format_args!("{word} graded"))?,
                }
                self.inside(|page| {
                    for slice in &graded.slices {
                        match &slice.up_to {
                            Some(up_to) => {
                                let up_to = page.show(event, up_to);
                                page.line(format_args!("up to {up_to}"))?;
                            }
                            None => page.line(format_args!("above"))?,
                        }
                        page.inside(|page| page.leg(event, &slice.leg))?;
                    }
                    Ok(())
                })
            }
            Target::Among(among) => {
                self.rows(event, &format!("{word} among"), &among.selection)?;
                self.inside(|page| page.leg(event, &among.leg))?;
                if let Some(leg) = &among.if_none {
                    self.line(format_args!("if none"))?;
                    self.inside(|page| page.leg(event, leg))?;
                }
                Ok(())
            }
        }
    }

    fn leg(&mut self, event: &Event, leg: &Leg) -> fmt::Result {
        let portion = match &leg.portion {
            Portion::Rest => "rest".into(),
            Portion::All => "all".into(),
            Portion::Rate(rate) => format!("rate {}", self.show(event, rate)),
            Portion::Amount(amount) => format!("amount {}", self.show(event, amount)),
        };
        self.line(format_args!("leg {}: {portion}", leg.leg))?;
        self.inside(|page| {
            for bound in &leg.bounds {
                let (words, amount, after) = match bound {
                    Bound::UpTo(amount) => ("up to", amount, ""),
                    Bound::AtLeast(amount) => ("at least", amount, ""),
                    Bound::UpToInTotal { amount, closed_once_reached, .. } => {
                        let closed =
                            if *closed_once_reached { ", closed once reached" } else { "" };
                        ("up to in total", amount, closed)
                    }
                };
                let amount = page.show(event, amount);
                page.line(format_args!("{words} {amount}{after}"))?;
            }
            page.feed(event, leg.feed.as_ref())?;
            page.target(event, "to", &leg.target)
        })
    }

    fn feed(&mut self, event: &Event, feed: Option<&Feed>) -> fmt::Result {
        let Some(feed) = feed else { return Ok(()) };
        let name = self.plan.tallies.get(at(feed.tally)).map_or("?", |tally| tally.name.as_str());
        let keys = listed(self.plan, Some(event), &feed.keys);
        self.line(format_args!("as {name} per {keys}"))
    }

    pub(super) fn rows(&mut self, event: &Event, word: &str, rows: &Selection) -> fmt::Result {
        let source = match &rows.source {
            RowSource::Register { register, keys } => {
                let name =
                    self.plan.registers.get(at(*register)).map_or("?", |it| it.name.as_str());
                format!("{name}[{}]", listed(self.plan, Some(event), keys))
            }
            RowSource::List(list) => self.show(event, list).to_string(),
            RowSource::Members(count) => format!("{count} members"),
        };
        let share = rows.share.map(|share| format!(", share ${share}")).unwrap_or_default();
        self.line(format_args!("{word} {source} as ${}{share}", rows.binding))?;
        self.inside(|page| {
            if let Some(condition) = &rows.condition {
                let condition = page.show(event, condition);
                page.line(format_args!("where {condition}"))?;
            }
            for factor in &rows.factors {
                let (weight, value) = (&factor.weight, page.show(event, &factor.value));
                page.line(format_args!("by {weight} of {value}"))?;
            }
            Ok(())
        })
    }

    pub(super) fn change(&mut self, event: &Event, change: &Change, what: &str) -> fmt::Result {
        let keys = listed(self.plan, Some(event), &change.keys);
        let value = self.show(event, &change.value);
        self.line(format_args!("{what} per {keys}: {value}"))?;
        if let Some(when) = &change.when {
            let when = self.show(event, when);
            self.inside(|page| page.line(format_args!("when {when}")))?;
        }
        Ok(())
    }

    pub(super) fn figure(&mut self, event: &Event, figure: &Figure) -> fmt::Result {
        let name = self.plan.figures.get(at(figure.figure)).map_or("?", String::as_str);
        let value = self.show(event, &figure.value);
        self.line(format_args!("figure {name} = {value}"))?;
        self.inside(|page| {
            if let Some(rows) = &figure.for_each {
                page.rows(event, "for each", rows)?;
            }
            if let Some(when) = &figure.when {
                let when = page.show(event, when);
                page.line(format_args!("when {when}"))?;
            }
            Ok(())
        })
    }
}
