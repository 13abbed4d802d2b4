//! A rule set as text: everything that decides what it does, nothing that does not.
//!
//! Names are written, places and labels are not; keywords have gone with the sugar. So the text is
//! the same whichever tongue, layout or comments the authors chose, and its digest identifies the
//! meaning of the rules ([`RuleSet::digest`]).

use std::fmt::Write;

use crate::base::{Date, Digest};

use super::print_expr::Printer;
use super::{
    Body, Change, Citation, Dated, Event, EventSource, Figure, Level, Levy, Rule, RuleSet, Step,
    Type,
};

impl RuleSet {
    /// The digest of what the rules mean: the same in either tongue, and unchanged by formatting,
    /// comments and labels.
    pub fn digest(&self) -> Digest {
        Digest::of(print(self).as_bytes())
    }
}

/// The whole rule set as stable text.
pub fn print(set: &RuleSet) -> String {
    let mut out = String::new();
    let printer = Printer { set };
    modules(&printer, &mut out);
    data(&printer, &mut out);
    values(&printer, &mut out);
    state(&printer, &mut out);
    for rule in &set.rules {
        print_rule(&printer, rule, &mut out);
    }
    for levy in &set.levies {
        print_levy(&printer, levy, &mut out);
    }
    for figure in &set.figures {
        print_figure(&printer, figure, &mut out);
    }
    out
}

/// Writing to a text cannot fail; this keeps that fact in one place.
macro_rules! line {
    ($out:expr, $($arg:tt)*) => {{ let _ = writeln!($out, $($arg)*); }};
}

fn modules(printer: &Printer<'_>, out: &mut String) {
    let set = printer.set;
    for module in &set.modules {
        line!(out, "module {} authority {}", module.name.text, level(printer, &module.authority));
        line!(out, "  covers {}", days(module.covers_from, module.covers_until));
    }
    for delegation in &set.delegations {
        let to = level(printer, &delegation.to);
        let when = delegation.when.as_ref().map(|when| printer.formula(when));
        let what = format!("{:?}", delegation.what);
        line!(out, "delegates {what} to {to} when {}", when.unwrap_or_default());
    }
    for currency in &set.currencies {
        line!(out, "currency {} scale {}", currency.name, currency.scale);
    }
    for reading in &set.readings {
        let options: Vec<&str> =
            reading.options.iter().map(|option| option.text.as_str()).collect();
        let name = &reading.name.text;
        line!(out, "reading {name} {{ {} }} default {}", options.join("; "), reading.default);
    }
}

fn data(printer: &Printer<'_>, out: &mut String) {
    let set = printer.set;
    for enumeration in &set.enumerations {
        line!(out, "enumeration {}", enumeration.name.text);
        for member in &enumeration.members {
            let parent = member.parent.map(|parent| parent.0.to_string());
            let code = member.code.clone().unwrap_or_default();
            line!(out, "  {} in {} code {code:?}", member.name.text, parent.unwrap_or_default());
        }
    }
    for account in &set.accounts {
        let keys = types(printer, &account.keys);
        let (code, holds) = (account.code.clone().unwrap_or_default(), account.holds);
        line!(out, "account {}[{keys}] code {code:?} holds {holds}", account.name.text);
    }
    for pool in &set.pools {
        let per = pool.per.and_then(|shape| set.shapes.get(shape.index()));
        line!(out, "pool {} per {}", pool.name.text, per.map_or("", |shape| shape.name.as_str()));
    }
    for shape in &set.shapes {
        line!(out, "shape {}", shape.name);
        fields(printer, &shape.fields, out);
    }
    for register in &set.registers {
        let (keys, many) = (&register.keys, register.many);
        line!(out, "register {} keys {keys:?} many {many}", register.name.text);
    }
    for event in &set.events {
        print_event(printer, event, out);
    }
}

fn fields(printer: &Printer<'_>, fields: &[super::Field], out: &mut String) {
    for field in fields {
        let ty = printer.ty(&field.ty);
        let computed = field.computed.as_ref().map(|formula| printer.formula(formula));
        let dated = if field.dated { " dated" } else { "" };
        line!(out, "  {} : {ty}{dated} = {}", field.name.text, computed.unwrap_or_default());
    }
}

fn print_event(printer: &Printer<'_>, event: &Event, out: &mut String) {
    line!(out, "event {}", event.name.text);
    fields(printer, &event.fields, out);
    line!(
        out,
        "  unique {:?} effective {:?} inflow {:?} reverses {:?} order by {:?}",
        event.unique,
        event.effective,
        event.inflow,
        event.reverses,
        event.order_by
    );
    if (event.from, event.until) != (None, None) {
        line!(out, "  made {}", days(event.from, event.until));
    }
    match &event.source {
        EventSource::Sent => {}
        EventSource::Periodic { kind, for_each, .. } => {
            let rows = for_each.as_ref().map(|rows| printer.selection(rows));
            line!(out, "  at end of {kind:?} for each {}", rows.unwrap_or_default());
        }
        EventSource::OnDate { date, for_each, .. } => {
            let (date, rows) = (printer.expr(date), printer.selection(for_each));
            line!(out, "  on {date} for each {rows}");
        }
        EventSource::Stage { closes, kind, condition, booked } => {
            let condition = condition.as_ref().map(|formula| printer.formula(formula));
            let booked = booked.as_ref().map(|formula| printer.formula(formula));
            let (condition, booked) = (condition.unwrap_or_default(), booked.unwrap_or_default());
            let closes = printer.account(*closes);
            line!(out, "  closes {closes} at end of {kind:?} where {condition} booked {booked}");
        }
    }
}

fn values(printer: &Printer<'_>, out: &mut String) {
    for parameter in &printer.set.parameters {
        let ty = printer.ty(&parameter.ty);
        line!(out, "parameter {} {:?} : {ty}", parameter.name.text, parameter.keys);
        for (key, timeline) in &parameter.timelines {
            for value in timeline {
                let constant = printer.constant(&value.value);
                line!(
                    out,
                    "  {key:?} {} : {constant}{}",
                    span_of(value),
                    cited(printer, &value.cite)
                );
            }
        }
    }
    for schedule in &printer.set.schedules {
        let ty = printer.ty(&schedule.ty);
        line!(out, "schedule {} {:?} : {ty}", schedule.name.text, schedule.keys);
        for version in &schedule.versions {
            line!(out, "  {}{}", span_of(version), cited(printer, &version.cite));
            for bracket in &version.value {
                let up_to = bracket.up_to.as_ref().map(ToString::to_string);
                line!(out, "    up to {} : {}", up_to.unwrap_or_default(), bracket.rate);
            }
        }
    }
}

fn state(printer: &Printer<'_>, out: &mut String) {
    for tally in &printer.set.tallies {
        let (keys, ty) = (types(printer, &tally.keys), printer.ty(&tally.ty));
        line!(out, "tally {} per {keys} : {ty}", tally.name.text);
        changes(printer, "adds", &tally.feeders, out);
    }
    for carry in &printer.set.carries {
        let (keys, ty) = (types(printer, &carry.keys), printer.ty(&carry.ty));
        let starts = printer.expr(&carry.starts);
        line!(out, "carry {} per {keys} : {ty} starts {starts}", carry.name.text);
        changes(printer, "becomes", &carry.changes, out);
    }
}

fn changes(printer: &Printer<'_>, verb: &str, changes: &[Change], out: &mut String) {
    for change in changes {
        let event = printer.event(change.event);
        let when = change.when.as_ref().map(|when| printer.expr(when)).unwrap_or_default();
        let (keys, value) = (printer.exprs(&change.keys), printer.expr(&change.value));
        line!(out, "  on {event} when {when} per {keys} {verb} {value}");
    }
}

fn print_rule(printer: &Printer<'_>, rule: &Rule, out: &mut String) {
    let overrides: Vec<String> = rule
        .overrides
        .iter()
        .filter_map(|id| printer.set.rules.get(id.index()))
        .map(|rule| rule.name.text.clone())
        .collect();
    let module = printer.module(rule.module);
    let (name, cite) = (&rule.name.text, cited(printer, &rule.cite));
    line!(out, "rule {module}.{name}{cite} overrides {}", overrides.join(", "));
    line!(out, "  {}", days(rule.from, rule.until));
    for case in &rule.cases {
        line!(out, "  of {}", printer.event(case.event));
        steps(printer, &case.steps, out);
        let settlement = case.settlement.as_ref().map(|kind| printer.settlement(kind));
        line!(out, "    settlement {}", settlement.unwrap_or_default());
        match &case.body {
            Body::Split(split) => printer.split(split, out),
            Body::Transfers(transfers) => {
                for transfer in transfers {
                    printer.transfer(transfer, out);
                }
            }
        }
    }
}

fn steps(printer: &Printer<'_>, steps: &[Step], out: &mut String) {
    for step in steps {
        match step {
            Step::With(local, value) => {
                line!(out, "    with #{} = {}", local.0, printer.expr(value))
            }
            Step::Let(local, value) => line!(out, "    let #{} = {}", local.0, printer.expr(value)),
            Step::When(condition) => line!(out, "    when {}", printer.expr(condition)),
        }
    }
}

fn print_levy(printer: &Printer<'_>, levy: &Levy, out: &mut String) {
    let module = printer.module(levy.module);
    let (name, cite) = (&levy.name.text, cited(printer, &levy.cite));
    line!(out, "levy {module}.{name}{cite} may refund {}", levy.may_refund);
    line!(out, "  {}", days(levy.from, levy.until));
    for case in &levy.cases {
        line!(out, "  of {}", printer.event(case.event));
        steps(printer, &case.steps, out);
        line!(out, "    due {}", printer.expr(&case.due));
        let feed = case.feed.as_ref().map(|feed| printer.feed(feed)).unwrap_or_default();
        line!(out, "    into {}{feed}", printer.target(&case.into));
    }
}

fn print_figure(printer: &Printer<'_>, figure: &Figure, out: &mut String) {
    let event = printer.event(figure.event);
    let rows = figure.for_each.as_ref().map(|rows| printer.selection(rows)).unwrap_or_default();
    let when = figure.when.as_ref().map(|when| printer.expr(when)).unwrap_or_default();
    let value = printer.expr(&figure.value);
    line!(out, "figure {} of {event} for each {rows} when {when} = {value}", figure.name.text);
}

fn types(printer: &Printer<'_>, types: &[Type]) -> String {
    let types: Vec<String> = types.iter().map(|ty| printer.ty(ty)).collect();
    types.join(", ")
}

fn level(printer: &Printer<'_>, level: &Level) -> String {
    match level {
        Level::National => "national".to_owned(),
        Level::Province(region) => format!("province {}", printer.regions(region.as_slice())),
        Level::City(region) => format!("city {}", printer.regions(region.as_slice())),
        Level::Agreement(regions) => format!("agreement of {}", printer.regions(regions)),
    }
}

fn span_of<T>(value: &Dated<T>) -> String {
    days(value.from, value.until)
}

fn days(from: Option<Date>, until: Option<Date>) -> String {
    let day = |day: Option<Date>| day.map(|day| day.to_string()).unwrap_or_default();
    format!("from {} until {}", day(from), day(until))
}

fn cited(printer: &Printer<'_>, cite: &Option<Citation>) -> String {
    let Some(cite) = cite else { return String::new() };
    let law = cite.law.and_then(|law| printer.set.laws.get(law.index()));
    let mut text = format!(" per {}", law.map_or("", |law| law.name.text.as_str()));
    for (unit, number) in &cite.places {
        let _ = write!(text, " {unit:?} {number}");
    }
    if cite.unverified {
        text.push_str(" unverified");
    }
    text
}
