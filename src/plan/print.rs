//! The plan as text: one item a line, the same plan always the same text.
//!
//! It is for developers, who compare two plans or look up what became of a rule. Names stand where
//! positions would be hard to follow; slots of frames are `$0`, `$1`, ….

mod expr;
mod flow;

use std::fmt::{self, Write};

use crate::base::Date;

use super::{Event, EventSource, Field, Kind, Partition, Plan, Version, at};
use expr::Shown;

/// Writes a plan out.
pub fn print(plan: &Plan) -> String {
    let mut page = Page { plan, text: String::new(), depth: 0 };
    // Writing to a string cannot fail.
    let _ = page.plan();
    page.text
}

/// A page being written.
struct Page<'p> {
    plan: &'p Plan,
    text: String,
    depth: usize,
}

impl Page<'_> {
    fn line(&mut self, line: fmt::Arguments<'_>) -> fmt::Result {
        for _ in 0..self.depth {
            self.text.push_str("  ");
        }
        self.text.write_fmt(line)?;
        self.text.push('\n');
        Ok(())
    }

    fn inside(&mut self, write: impl FnOnce(&mut Self) -> fmt::Result) -> fmt::Result {
        self.depth += 1;
        let written = write(self);
        self.depth -= 1;
        written
    }

    fn plan(&mut self) -> fmt::Result {
        let plan = self.plan;
        self.line(format_args!("ordered: {}", plan.ordered))?;
        self.partition()?;
        for reading in &plan.readings {
            let option = reading.options.get(at(reading.chosen)).map_or("?", String::as_str);
            self.line(format_args!("reading {} = {option}", reading.name))?;
        }
        self.tables()?;
        self.state()?;
        for event in &plan.events {
            self.event(event)?;
        }
        self.overrides()?;
        for (formula, day) in &plan.checks {
            let shown = Shown { plan, event: None, expr: &formula.expr };
            self.line(format_args!("check on {day}: {shown}"))?;
        }
        Ok(())
    }

    fn partition(&mut self) -> fmt::Result {
        let plan = self.plan;
        match &plan.partition {
            Partition::Free => self.line(format_args!("partition: free")),
            Partition::ByUndone => self.line(format_args!("partition: by what is undone")),
            Partition::Sequential { because } => {
                self.line(format_args!("partition: none, because of {because}"))
            }
            Partition::By(columns) => {
                for column in columns {
                    let field = |(event, field): &(u32, u32)| {
                        let event = plan.events.get(at(*event));
                        let field = event.and_then(|event| event.fields.get(at(*field)));
                        let name = field.map_or("?", |field| field.name.as_str());
                        format!("{}.{name}", event.map_or("?", |event| event.name.as_str()))
                    };
                    let fields: Vec<String> = column.fields.iter().map(field).collect();
                    self.line(format_args!("partition: by {}", fields.join(", ")))?;
                }
                Ok(())
            }
        }
    }

    fn tables(&mut self) -> fmt::Result {
        let plan = self.plan;
        for (number, parameter) in plan.parameters.iter().enumerate() {
            self.line(format_args!("parameter {number} {} {:?}", parameter.name, parameter.sizes))?;
            for (place, timeline) in parameter.timelines.iter().enumerate() {
                let values: Vec<String> = timeline
                    .iter()
                    .map(|version| format!("{}: {}", days(version), expr::constant(&version.value)))
                    .collect();
                if !values.is_empty() {
                    let values = values.join("; ");
                    self.inside(|page| page.line(format_args!("{place}: {values}")))?;
                }
            }
        }
        for (number, schedule) in plan.schedules.iter().enumerate() {
            self.line(format_args!("schedule {number} {}", schedule.name))?;
            for version in &schedule.versions {
                let days = days(version);
                self.inside(|page| page.line(format_args!("{days}")))?;
                for bracket in &version.value {
                    let up_to =
                        bracket.up_to.as_ref().map_or_else(|| "above".into(), ToString::to_string);
                    let (rate, quick) = (&bracket.rate, &bracket.quick);
                    self.inside(|page| {
                        page.line(format_args!("  up to {up_to}: x * {rate} - {quick}"))
                    })?;
                }
            }
        }
        for (number, register) in plan.registers.iter().enumerate() {
            let many = if register.many { " many" } else { "" };
            let (name, keys, asked) = (&register.name, &register.keys, &register.prefixes);
            self.line(format_args!(
                "register {number} {name}{many} by {keys:?}, asked by {asked:?}"
            ))?;
            if let Some(shape) = plan.shapes.get(at(register.shape)) {
                self.inside(|page| page.fields(&shape.fields, None))?;
            }
        }
        Ok(())
    }

    fn state(&mut self) -> fmt::Result {
        let plan = self.plan;
        for (number, tally) in plan.tallies.iter().enumerate() {
            let keys = tally.keys.join(", ");
            self.line(format_args!("tally {number} {} per {keys}", tally.name))?;
            for projection in &tally.projections {
                let part = |part: &usize| tally.keys.get(*part).map_or("?", String::as_str);
                let parts: Vec<&str> = projection.parts.iter().map(part).collect();
                let by_day = if projection.by_day { ", day by day" } else { "" };
                let parts = parts.join(", ");
                self.inside(|page| page.line(format_args!("kept by ({parts}){by_day}")))?;
            }
            if tally.projections.is_empty() {
                self.inside(|page| page.line(format_args!("not kept")))?;
            }
        }
        for (number, carry) in plan.carries.iter().enumerate() {
            let keys = carry.keys.join(", ");
            let starts = Shown { plan, event: None, expr: &carry.starts };
            self.line(format_args!("carry {number} {} per {keys} starts {starts}", carry.name))?;
        }
        for (number, account) in plan.accounts.iter().enumerate() {
            let holds = if account.holds { " holds" } else { "" };
            let counted = if account.counted { " counted" } else { "" };
            let keys = account.keys.len();
            self.line(format_args!("account {number} {}/{keys}{holds}{counted}", account.name))?;
        }
        Ok(())
    }

    fn fields(&mut self, fields: &[Field], event: Option<&Event>) -> fmt::Result {
        let plan = self.plan;
        for (number, field) in fields.iter().enumerate() {
            let kind = kind(plan, &field.kind);
            let optional = if field.optional { "?" } else { "" };
            let dated = if field.dated { " dated" } else { "" };
            let name = &field.name;
            match &field.computed {
                None => self.line(format_args!("{number} {name}: {kind}{optional}{dated}"))?,
                Some(formula) => {
                    let shown = Shown { plan, event, expr: &formula.expr };
                    self.line(format_args!("{number} {name}: {kind}{optional} = {shown}"))?;
                }
            }
        }
        Ok(())
    }

    fn event(&mut self, event: &Event) -> fmt::Result {
        let plan = self.plan;
        let currency = plan.currencies.get(at(event.currency)).map_or("?", |it| it.name.as_str());
        self.line(format_args!("event {} in {currency}", event.name))?;
        self.inside(|page| {
            page.fields(&event.fields, Some(event))?;
            page.roles(event)?;
            page.source(event)?;
            for levy in &event.levies {
                page.levy(event, levy)?;
            }
            for case in &event.transfers {
                page.transfers(event, case)?;
            }
            for step in &event.pools {
                page.pool(event, step)?;
            }
            for change in &event.adds {
                let name = plan.tallies.get(at(change.of)).map_or("?", |it| it.name.as_str());
                page.change(event, change, &format!("adds to {name}"))?;
            }
            for change in &event.becomes {
                let name = plan.carries.get(at(change.of)).map_or("?", |it| it.name.as_str());
                page.change(event, change, &format!("makes {name}"))?;
            }
            for figure in &event.figures {
                page.figure(event, figure)?;
            }
            Ok(())
        })
    }

    fn roles(&mut self, event: &Event) -> fmt::Result {
        let Event { unique, effective, inflow, order_by, reverses, .. } = event;
        let inflow = inflow.map_or_else(|| "none".to_owned(), |field| field.to_string());
        self.line(format_args!("unique {unique:?}; effective {effective}; inflow {inflow}"))?;
        if !order_by.is_empty() || event.order_matters {
            let matters = event.order_matters;
            self.line(format_args!("order by {order_by:?}; matters {matters}"))?;
        }
        if let Some((field, kind)) = reverses {
            let name = self.plan.events.get(at(*kind)).map_or("?", |event| event.name.as_str());
            self.line(format_args!("field {field} reverses {name}"))?;
        }
        if event.reversible {
            self.line(format_args!("may be reversed: allocations are kept"))?;
        }
        Ok(())
    }

    fn source(&mut self, event: &Event) -> fmt::Result {
        let plan = self.plan;
        if (event.from, event.until) != (None, None) {
            self.line(format_args!("made {}", period(event.from, event.until)))?;
        }
        match &event.source {
            EventSource::Sent => Ok(()),
            EventSource::Periodic { kind, for_each, .. } => {
                self.line(format_args!("at every end of {kind:?}"))?;
                for_each.iter().try_for_each(|rows| self.rows(event, "for each", rows))
            }
            EventSource::OnDate { date, for_each, .. } => {
                let shown = Shown { plan, event: Some(event), expr: date };
                self.line(format_args!("on {shown}"))?;
                self.rows(event, "for each", for_each)
            }
            EventSource::Stage { closes, kind, condition, booked } => {
                let name = plan.accounts.get(at(*closes)).map_or("?", |it| it.name.as_str());
                self.line(format_args!("closes {name} at every end of {kind:?}"))?;
                if let Some(formula) = condition {
                    let shown = Shown { plan, event: Some(event), expr: &formula.expr };
                    self.line(format_args!("where {shown}"))?;
                }
                if let Some(formula) = booked {
                    let shown = Shown { plan, event: Some(event), expr: &formula.expr };
                    self.line(format_args!("booked {shown}"))?;
                }
                Ok(())
            }
        }
    }

    fn overrides(&mut self) -> fmt::Result {
        let plan = self.plan;
        for (upper, rule) in (0_u32..).zip(&plan.rules) {
            let below = (0_u32..).zip(&plan.rules);
            let below = below.filter(|(lower, _)| plan.overrides.has(upper, *lower));
            let below: Vec<&str> = below.map(|(_, rule)| rule.name.as_str()).collect();
            if !below.is_empty() {
                let below = below.join(", ");
                self.line(format_args!("{} overrides {below}", rule.name))?;
            }
        }
        Ok(())
    }
}

fn days<T>(version: &Version<T>) -> String {
    period(version.from, version.until)
}

/// `2016-05-01..` and the like.
fn period(from: Option<Date>, until: Option<Date>) -> String {
    let day = |day: Option<Date>| day.map(|day| day.to_string()).unwrap_or_default();
    format!("{}..{}", day(from), day(until))
}

fn kind(plan: &Plan, of: &Kind) -> String {
    match of {
        Kind::Bool => "bool".into(),
        Kind::Money { scale, .. } => format!("money({scale})"),
        Kind::Number => "number".into(),
        Kind::Integer => "integer".into(),
        Kind::Date => "date".into(),
        Kind::Period => "period".into(),
        Kind::Duration => "duration".into(),
        Kind::Text => "text".into(),
        Kind::Member(enumeration) => {
            plan.enumerations.get(at(*enumeration)).map_or("?", |it| it.name.as_str()).into()
        }
        Kind::Option(reading) => {
            plan.readings.get(at(*reading)).map_or("?", |it| it.name.as_str()).into()
        }
        Kind::Row(shape) => {
            format!("row of {}", plan.shapes.get(at(*shape)).map_or("?", |it| it.name.as_str()))
        }
        Kind::List(inner) => format!("list of {}", kind(plan, inner)),
    }
}
