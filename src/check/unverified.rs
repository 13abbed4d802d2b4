//! What the rules say without having seen it in a source.

use crate::base::Span;
use crate::model::{Citation, RuleSet};

/// A place marked `unverified`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unverified {
    /// Where.
    pub span: Span,
    /// The declaration it belongs to, by name.
    pub name: String,
    /// The law it would rest on, where one is named, by its short name.
    pub law: Option<String>,
}

/// Every law, citation, value and bracket marked `unverified`, in the order of the text.
///
/// A citation that is marked speaks for all that stands under it, and is listed once.
pub fn unverified(rules: &RuleSet) -> Vec<Unverified> {
    let mut list = List { rules, found: Vec::new() };
    for law in rules.laws.iter().filter(|law| law.unverified) {
        list.add(law.name.span, &law.name.text, None);
    }
    for module in &rules.modules {
        list.cited(&module.name.text, &module.cite);
        list.cited(&module.name.text, &module.settlement_cite);
    }
    for event in &rules.events {
        list.cited(&event.name.text, &event.cite);
    }
    for register in &rules.registers {
        list.cited(&register.name.text, &register.cite);
    }
    for parameter in &rules.parameters {
        for version in parameter.timelines.values().flatten() {
            let name = &parameter.name.text;
            list.valued(name, version.span, version.unverified, &version.cite);
        }
    }
    for schedule in &rules.schedules {
        for version in &schedule.versions {
            let name = &schedule.name.text;
            list.valued(name, version.span, version.unverified, &version.cite);
            if !version.unverified {
                for bracket in version.value.iter().filter(|bracket| bracket.unverified) {
                    list.add(bracket.span, name, None);
                }
            }
        }
    }
    for reading in &rules.readings {
        list.cited(&reading.name.text, &reading.cite);
    }
    for rule in &rules.rules {
        list.cited(&rule.name.text, &rule.cite);
    }
    for levy in &rules.levies {
        list.cited(&levy.name.text, &levy.cite);
    }
    for leg in &rules.legs {
        let name = match leg.owner {
            crate::model::LegOwner::Rule(rule) => {
                rules.rules.get(rule.index()).map(|rule| &rule.name.text)
            }
            crate::model::LegOwner::Levy(levy) => {
                rules.levies.get(levy.index()).map(|levy| &levy.name.text)
            }
        };
        list.cited(name.map_or("", String::as_str), &leg.cite);
    }
    for figure in &rules.figures {
        list.cited(&figure.name.text, &figure.cite);
    }
    for delegation in &rules.delegations {
        list.cited("", &delegation.cite);
    }
    for example in &rules.examples {
        list.cited(&example.title, &example.cite);
    }
    list.found.sort();
    list.found.dedup();
    list.found
}

struct List<'a> {
    rules: &'a RuleSet,
    found: Vec<Unverified>,
}

impl List<'_> {
    fn add(&mut self, span: Span, name: &str, law: Option<String>) {
        self.found.push(Unverified { span, name: name.to_owned(), law });
    }

    fn cited(&mut self, name: &str, cite: &Option<Citation>) {
        let Some(cite) = cite.as_ref().filter(|cite| cite.unverified) else { return };
        let law = cite.law.and_then(|law| self.rules.laws.get(law.index()));
        let law = law.map(|law| law.name.text.clone());
        self.add(cite.span, name, law);
    }

    /// A value is listed by itself, or by the citation that marks all values of its line.
    fn valued(&mut self, name: &str, span: Span, marked: bool, cite: &Option<Citation>) {
        if cite.as_ref().is_some_and(|cite| cite.unverified) {
            self.cited(name, cite);
        } else if marked {
            self.add(span, name, None);
        }
    }
}
