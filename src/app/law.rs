//! What rules rest on: instruments, what cites them, open questions, what was not seen.

use crate::base::{FileId, Span};
use crate::diagnostics::{Diagnostic, Severity, Words};
use crate::model::{Choice, Citation, Dated, LegOwner, Name, RuleSet};
use crate::report::law::{Instrument, Law, Mention, Of, PageFile, Reading, clause_order};
use crate::report::names::Label;

use super::clauses::places;
use super::compile::resolve;
use super::load::Loaded;
use super::names::label;

/// Gathers the instruments that the named files declare or cite, every place that cites them, the
/// readings, and what is unverified. Files that are there because they are used lend instruments,
/// and nothing else.
///
/// # Errors
/// What is wrong with the rules: a declaration that is not understood would be missing from the list.
pub fn law(loaded: &Loaded) -> Result<Law, Vec<Diagnostic>> {
    let (rules, mut wrong) = everything(loaded);
    wrong.retain(|found| found.severity == Severity::Error);
    if !wrong.is_empty() {
        return Err(wrong);
    }
    let mut gatherer = Gatherer { rules: &rules, loaded, law: Law::default(), known: Vec::new() };
    gatherer.instruments();
    gatherer.laws();
    gatherer.heads();
    gatherer.values();
    gatherer.flows();
    gatherer.readings();
    Ok(gatherer.finish())
}

/// The named files as they are printed: their modules, and everything that has a label.
pub fn pages(loaded: &Loaded) -> Vec<PageFile> {
    let (rules, _) = everything(loaded);
    let named = (0_u32..).zip(&loaded.files).filter(|(_, file)| file.named);
    let page = |(at, file): (u32, &super::load::LoadedFile)| {
        let id = FileId(at);
        let module = rules.modules.iter().find(|module| module.name.span.file == id);
        PageFile {
            id,
            literate: file.path.extension().is_some_and(|ending| ending == "md"),
            title: module.map(|module| label(&module.name)).unwrap_or_default(),
            names: names(&rules, id),
        }
    };
    named.map(page).collect()
}

fn everything(loaded: &Loaded) -> (RuleSet, Vec<Diagnostic>) {
    let all: Vec<usize> = (0..loaded.files.len()).collect();
    let (rules, resolving) = resolve(loaded, &all, &Choice::default());
    (rules, loaded.findings.iter().cloned().chain(resolving).collect())
}

/// What a file names, with the words for it, in the order of the text.
fn names(rules: &RuleSet, file: FileId) -> Vec<(Words, Label, Span)> {
    let mut found: Vec<(Words, &Name)> = Vec::new();
    let kind = |en: &str, zh: &str| Words::new(en, zh);
    let account = |name| (kind("account", "账户"), name);
    found.extend(rules.accounts.iter().map(|it| account(&it.name)));
    found.extend(rules.pools.iter().map(|it| (kind("pool", "待分"), &it.name)));
    found.extend(rules.events.iter().map(|it| (Of::Event.words(), &it.name)));
    found.extend(rules.registers.iter().map(|it| (Of::Register.words(), &it.name)));
    found.extend(rules.parameters.iter().map(|it| (Of::Parameter.words(), &it.name)));
    found.extend(rules.schedules.iter().map(|it| (Of::Schedule.words(), &it.name)));
    found.extend(rules.readings.iter().map(|it| (Of::Reading.words(), &it.name)));
    found.extend(rules.tallies.iter().map(|it| (kind("tally", "累计"), &it.name)));
    found.extend(rules.carries.iter().map(|it| (kind("carry", "结转"), &it.name)));
    found.extend(rules.rules.iter().map(|it| (Of::Rule.words(), &it.name)));
    found.extend(rules.levies.iter().map(|it| (Of::Levy.words(), &it.name)));
    found.extend(rules.figures.iter().map(|it| (Of::Figure.words(), &it.name)));
    let fields = rules.shapes.iter().flat_map(|shape| &shape.fields);
    let fields = fields.chain(rules.events.iter().flat_map(|event| &event.fields));
    found.extend(fields.map(|it| (kind("field", "字段"), &it.name)));
    let members = rules.enumerations.iter().flat_map(|enumeration| &enumeration.members);
    found.extend(members.map(|it| (kind("member", "成员"), &it.name)));
    let labelled = |name: &Name| name.en.is_some() || name.zh.is_some();
    let mut names: Vec<(Words, Label, Span)> = found
        .into_iter()
        .filter(|(_, name)| name.span.file == file && labelled(name))
        .map(|(kind, name)| (kind, label(name), name.span))
        .collect();
    names.sort_by_key(|(_, _, span)| *span);
    names.dedup_by_key(|(_, _, span)| *span);
    names
}

struct Gatherer<'l> {
    rules: &'l RuleSet,
    loaded: &'l Loaded,
    law: Law,
    /// The instrument of each law of the rule set.
    known: Vec<usize>,
}

impl Gatherer<'_> {
    /// Modules that do not use each other may each declare an instrument: the same short name and
    /// the same number are the same instrument.
    fn instruments(&mut self) {
        for law in &self.rules.laws {
            let number = law.titles.first().cloned().unwrap_or_else(|| law.name.text.clone());
            let title = law.titles.get(1).cloned().unwrap_or_default();
            let same = |it: &Instrument| it.name == law.name.text && it.number == number;
            let at = self.law.instruments.iter().position(same);
            let at = at.unwrap_or(self.law.instruments.len());
            if at == self.law.instruments.len() {
                self.law.instruments.push(Instrument {
                    name: law.name.text.clone(),
                    number,
                    title: String::new(),
                    issued: None,
                    unverified: false,
                    declared: Vec::new(),
                });
            }
            if let Some(instrument) = self.law.instruments.get_mut(at) {
                if instrument.title.is_empty() {
                    instrument.title = title;
                }
                instrument.issued = instrument.issued.or(law.issued);
                instrument.unverified |= law.unverified;
                instrument.declared.push(law.name.span);
            }
            self.known.push(at);
        }
    }

    fn laws(&mut self) {
        for (law, at) in self.rules.laws.iter().zip(self.known.clone()) {
            self.mention(Mention {
                instrument: Some(at),
                clause: Words::new("", ""),
                of: Of::Law,
                name: label(&law.name),
                unverified: law.unverified,
                span: law.name.span,
            });
        }
    }

    fn heads(&mut self) {
        let rules = self.rules;
        for module in &rules.modules {
            self.cited(Of::Module, label(&module.name), &module.cite);
            self.cited(Of::Settlement, label(&module.name), &module.settlement_cite);
        }
        for event in &rules.events {
            self.cited(Of::Event, label(&event.name), &event.cite);
        }
        for register in &rules.registers {
            self.cited(Of::Register, label(&register.name), &register.cite);
        }
        for delegation in &rules.delegations {
            self.cited(Of::Delegation, Label::default(), &delegation.cite);
        }
        for example in &rules.examples {
            self.cited(Of::Example, Label::plain(example.title.clone()), &example.cite);
        }
    }

    fn values(&mut self) {
        let rules = self.rules;
        for parameter in &rules.parameters {
            for value in parameter.timelines.values().flatten() {
                self.dated(Of::Parameter, &parameter.name, value);
            }
        }
        for schedule in &rules.schedules {
            for version in &schedule.versions {
                self.dated(Of::Schedule, &schedule.name, version);
                for bracket in version.value.iter().filter(|it| it.unverified) {
                    if !version.unverified {
                        self.unseen(Of::Schedule, &schedule.name, bracket.span);
                    }
                }
            }
        }
    }

    fn flows(&mut self) {
        let rules = self.rules;
        for rule in &rules.rules {
            self.cited(Of::Rule, label(&rule.name), &rule.cite);
        }
        for levy in &rules.levies {
            self.cited(Of::Levy, label(&levy.name), &levy.cite);
        }
        for leg in &rules.legs {
            let owner = match leg.owner {
                LegOwner::Rule(rule) => rules.rules.get(rule.index()).map(|rule| &rule.name),
                LegOwner::Levy(levy) => rules.levies.get(levy.index()).map(|levy| &levy.name),
            };
            self.cited(Of::Leg, owner.map(label).unwrap_or_default(), &leg.cite);
        }
        for figure in &rules.figures {
            self.cited(Of::Figure, label(&figure.name), &figure.cite);
        }
    }

    fn readings(&mut self) {
        let rules = self.rules;
        for reading in &rules.readings {
            self.cited(Of::Reading, label(&reading.name), &reading.cite);
            if !self.named(reading.name.span) {
                continue;
            }
            let cite = reading.cite.as_ref();
            self.law.readings.push(Reading {
                name: label(&reading.name),
                instrument: cite.and_then(|cite| self.instrument(cite)),
                clause: cite.map_or_else(|| Words::new("", ""), places),
                options: reading.options.iter().map(label).collect(),
                default: usize::try_from(reading.default).unwrap_or(0),
                because: reading.because.clone().unwrap_or_default(),
                span: reading.name.span,
            });
        }
        self.law.readings.sort_by_key(|reading| reading.span);
    }

    /// A value is listed by the clause of its line, and once more by itself where it alone is marked.
    fn dated<T>(&mut self, of: Of, name: &Name, value: &Dated<T>) {
        self.cited(of, label(name), &value.cite);
        let marked_by_line = value.cite.as_ref().is_some_and(|cite| cite.unverified);
        if value.unverified && !marked_by_line {
            self.unseen(of, name, value.span);
        }
    }

    fn unseen(&mut self, of: Of, name: &Name, span: Span) {
        let clause = Words::new("", "");
        let name = label(name);
        self.mention(Mention { instrument: None, clause, of, name, unverified: true, span });
    }

    fn cited(&mut self, of: Of, name: Label, cite: &Option<Citation>) {
        let Some(cite) = cite else { return };
        self.mention(Mention {
            instrument: self.instrument(cite),
            clause: places(cite),
            of,
            name,
            unverified: cite.unverified,
            span: cite.span,
        });
    }

    fn mention(&mut self, mention: Mention) {
        if self.named(mention.span) {
            self.law.mentions.push(mention);
        }
    }

    fn instrument(&self, cite: &Citation) -> Option<usize> {
        cite.law.and_then(|law| self.known.get(law.index())).copied()
    }

    fn named(&self, span: Span) -> bool {
        let file = usize::try_from(span.file.0).ok().and_then(|at| self.loaded.files.get(at));
        file.is_some_and(|file| file.named)
    }

    /// Leaves out instruments that only used files know, and puts all in order.
    fn finish(self) -> Law {
        let mut law = self.law;
        let mut kept: Vec<(usize, Instrument)> = Vec::new();
        for (at, instrument) in law.instruments.into_iter().enumerate() {
            if law.mentions.iter().any(|mention| mention.instrument == Some(at)) {
                kept.push((at, instrument));
            }
        }
        let order = |instrument: &Instrument| {
            (instrument.issued.is_none(), instrument.issued, clause_order(&instrument.number))
        };
        kept.sort_by_key(|(_, instrument)| order(instrument));
        let now = |before: Option<usize>| kept.iter().position(|(at, _)| Some(*at) == before);
        for mention in &mut law.mentions {
            mention.instrument = now(mention.instrument);
        }
        for reading in &mut law.readings {
            reading.instrument = now(reading.instrument);
        }
        law.instruments = kept.into_iter().map(|(_, instrument)| instrument).collect();
        let place = |mention: &Mention| {
            let whole = mention.instrument.is_none();
            (whole, mention.instrument, clause_order(&mention.clause.en), mention.span)
        };
        law.mentions.sort_by_key(place);
        // The values of one line share its citation.
        law.mentions.dedup_by(|one, other| {
            one.span == other.span && one.of == other.of && one.name == other.name
        });
        law
    }
}
