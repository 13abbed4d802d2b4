//! What the examples of some rules reach of them.
//!
//! A part of the rules is known by the place where it stands, so that files that are compiled apart,
//! and scenarios, speak of the same parts. A leg is reached by an event of which it takes something, a
//! version of a parameter or a bracket by one that uses it.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::{Date, Span};
use crate::check;
use crate::model::{Dated, LegId, LegOwner, MemberIx, Parameter, RuleSet, Schedule};
use crate::report::values::percent;
use crate::rows::{Explanation, LegStory, ParameterUsed, ScheduleUsed, Tried, Verdict};

/// The kinds of parts, in the order in which they are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PartKind {
    /// A rule.
    Rule,
    /// A levy.
    Levy,
    /// A leg of either.
    Leg,
    /// A figure.
    Figure,
    /// A parameter's value over a time.
    Version,
    /// A bracket of a schedule over a time.
    Bracket,
    /// An option of a reading.
    Choice,
}

/// What examples reach, and what there is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Coverage {
    /// Everything the files named declare, by kind and place, with its name.
    parts: BTreeMap<(PartKind, Span), String>,
    reached: BTreeSet<(PartKind, Span)>,
}

impl Coverage {
    /// Everything there is, and how much of it is reached, kind by kind.
    pub fn counts(&self) -> BTreeMap<PartKind, (usize, usize)> {
        let mut counts: BTreeMap<PartKind, (usize, usize)> = BTreeMap::new();
        for part in self.parts.keys() {
            let (reached, all) = counts.entry(part.0).or_default();
            *all += 1;
            *reached += usize::from(self.reached.contains(part));
        }
        counts
    }

    /// What no example reaches: the kind, the name and the place.
    pub fn unreached(&self) -> impl Iterator<Item = (PartKind, &str, Span)> {
        let left = self.parts.iter().filter(|(part, _)| !self.reached.contains(*part));
        left.map(|((kind, span), name)| (*kind, name.as_str(), *span))
    }

    /// Adds what the files named (`is_named`) declare.
    pub(super) fn declare(&mut self, rules: &RuleSet, is_named: impl Fn(Span) -> bool) {
        let mut add = |kind, span, name: String| {
            if is_named(span) {
                self.parts.entry((kind, span)).or_insert(name);
            }
        };
        for rule in &rules.rules {
            add(PartKind::Rule, rule.name.span, rule.name.text.clone());
        }
        for levy in &rules.levies {
            add(PartKind::Levy, levy.name.span, levy.name.text.clone());
        }
        let impossible = check::never_taken(rules);
        for (id, leg) in rules.legs.iter().enumerate() {
            if impossible.contains(&LegId::next(id)) {
                continue;
            }
            let owner = match leg.owner {
                LegOwner::Rule(id) => rules.rules.get(id.index()).map(|rule| &rule.name),
                LegOwner::Levy(id) => rules.levies.get(id.index()).map(|levy| &levy.name),
            };
            let place: Vec<String> = leg.path.iter().map(u32::to_string).collect();
            let owner = owner.map_or("", |name| name.text.as_str());
            add(PartKind::Leg, leg.span, format!("{owner}, {}", place.join(".")));
        }
        for figure in &rules.figures {
            add(PartKind::Figure, figure.name.span, figure.name.text.clone());
        }
        for parameter in &rules.parameters {
            for (key, values) in &parameter.timelines {
                for value in values {
                    add(PartKind::Version, value.span, version(parameter, key, value.from, rules));
                }
            }
        }
        for schedule in &rules.schedules {
            for table in &schedule.versions {
                for bracket in &table.value {
                    let rate = percent(&bracket.rate);
                    let name = format!("{} {rate}{}", schedule.name.text, since(table.from));
                    add(PartKind::Bracket, bracket.span, name);
                }
            }
        }
        for reading in &rules.readings {
            for option in &reading.options {
                let name = format!("{} = {}", reading.name.text, option.text);
                add(PartKind::Choice, option.span, name);
            }
        }
    }

    /// Adds what an event reached.
    pub(super) fn reach(&mut self, rules: &RuleSet, story: &Explanation) {
        let made = story.transfers.iter().map(|transfers| &transfers.tried);
        let divided = story.divisions.iter().flat_map(|division| &division.tried);
        for Tried { rule, .. } in
            made.chain(divided).filter(|tried| tried.verdict == Verdict::Applies)
        {
            self.add(PartKind::Rule, get(&rules.rules, *rule).map(|rule| rule.name.span));
        }
        for levy in story.levies.iter().filter(|levy| levy.verdict == Verdict::Applies) {
            self.add(PartKind::Levy, get(&rules.levies, levy.levy).map(|levy| levy.name.span));
            levy.leg.iter().for_each(|leg| self.reach_leg(rules, leg));
        }
        for leg in story.transfers.iter().flat_map(|transfers| &transfers.made) {
            self.add(PartKind::Leg, get(&rules.legs, leg.leg).map(|leg| leg.span));
        }
        for leg in story.divisions.iter().flat_map(|division| &division.legs) {
            self.reach_leg(rules, leg);
        }
        for told in &story.figures {
            let figure = get(&rules.figures, told.figure);
            self.add(PartKind::Figure, figure.map(|figure| figure.name.span));
        }
        for used in &story.parameters {
            self.add(PartKind::Version, version_used(rules, used));
        }
        for used in &story.schedules {
            self.add(PartKind::Bracket, bracket_used(rules, used));
        }
        for (reading, option) in &story.readings {
            let option = get(&rules.readings, *reading).and_then(|it| get(&it.options, *option));
            self.add(PartKind::Choice, option.map(|option| option.span));
        }
    }

    fn reach_leg(&mut self, rules: &RuleSet, leg: &LegStory) {
        if !leg.amount.is_zero() {
            self.add(PartKind::Leg, get(&rules.legs, leg.leg).map(|leg| leg.span));
        }
        leg.legs.iter().for_each(|leg| self.reach_leg(rules, leg));
    }

    fn add(&mut self, kind: PartKind, span: Option<Span>) {
        self.reached.extend(span.map(|span| (kind, span)));
    }
}

fn get<T>(list: &[T], at: u32) -> Option<&T> {
    usize::try_from(at).ok().and_then(|at| list.get(at))
}

fn since(from: Option<Date>) -> String {
    from.map_or_else(String::new, |from| format!(", {from}"))
}

/// `central_part[vat], 2016-05-01`.
fn version(parameter: &Parameter, key: &[MemberIx], from: Option<Date>, rules: &RuleSet) -> String {
    let members: Vec<&str> = key
        .iter()
        .zip(&parameter.keys)
        .filter_map(|(member, list)| {
            let list = rules.enumerations.get(list.index())?;
            list.members.get(member.index()).map(|member| member.name.text.as_str())
        })
        .collect();
    let name = &parameter.name.text;
    match members.as_slice() {
        [] => format!("{name}{}", since(from)),
        members => format!("{name}[{}]{}", members.join(", "), since(from)),
    }
}

fn version_used(rules: &RuleSet, used: &ParameterUsed) -> Option<Span> {
    let parameter = get(&rules.parameters, used.parameter)?;
    let key: Vec<MemberIx> = used.key.iter().map(|member| MemberIx(*member)).collect();
    let values = parameter.timelines.get(&key)?;
    values.iter().find(|value| value.from == used.from).map(|value| value.span)
}

fn bracket_used(rules: &RuleSet, used: &ScheduleUsed) -> Option<Span> {
    let schedule: &Schedule = get(&rules.schedules, used.schedule)?;
    let of_day = |table: &&Dated<_>| table.from == used.from;
    let table = schedule.versions.iter().find(of_day)?;
    table.value.iter().find(|bracket| bracket.rate == used.rate).map(|bracket| bracket.span)
}
