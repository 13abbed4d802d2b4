//! What the rules say at each position: words, clauses and places, for whoever tells why.

use std::collections::BTreeMap;

use crate::base::Span;
use crate::diagnostics::Language;
use crate::model::{
    Body, Citation, Dated, Expr, ExprKind, Figure, LegId, LegOrigin, LegOwner, Levy, Local,
    Parameter, Pool, Reading, Rule, RuleCase, RuleSet, Schedule, Selection, Step, Target,
};
use crate::report::Sources;
use crate::report::explanation::{Ground, Grounds, Head, OpenPoint, Owner, Phrase, Since};
use crate::report::names::{Kind, Label};

use super::clauses::clause;
use super::names::Maker;

/// Longer words than these are cut; the place is told beside.
const TEXT_MAX: usize = 100;

/// Gathers the words, clauses and places of a rule set.
pub fn grounds(rules: &RuleSet, sources: &Sources, language: Language) -> Grounds {
    let gatherer = Gatherer { rules, sources, language, kinds: Maker::new(rules, language) };
    let mut heads = BTreeMap::new();
    for rule in &rules.rules {
        for case in &rule.cases {
            let key = (Owner::Rule(rule.id.0), case.event.0);
            heads.insert(key, gatherer.head(&case.steps, &case.locals));
        }
    }
    for levy in &rules.levies {
        for case in &levy.cases {
            let key = (Owner::Levy(levy.id.0), case.event.0);
            heads.insert(key, gatherer.head(&case.steps, &case.locals));
        }
    }
    for figure in &rules.figures {
        let key = (Owner::Figure(figure.id.0), figure.event.0);
        heads.insert(key, gatherer.head(&[], &figure.locals));
    }
    let mut rows = BTreeMap::new();
    for case in rules.rules.iter().flat_map(|rule| &rule.cases) {
        gatherer.rows(case, &mut rows);
    }
    let per = |pool: &Pool| pool.per.map(|shape| Kind::Record(shape.index()));
    let pool_rows = (0_u32..).zip(&rules.pools).filter_map(|(at, pool)| Some((at, per(pool)?)));
    Grounds {
        rules: rules.rules.iter().map(|rule| gatherer.rule(rule)).collect(),
        levies: rules.levies.iter().map(|levy| gatherer.levy(levy)).collect(),
        figures: rules.figures.iter().map(|figure| gatherer.figure(figure)).collect(),
        legs: rules.legs.iter().map(|leg| gatherer.leg(leg)).collect(),
        owners: rules
            .legs
            .iter()
            .map(|leg| match leg.owner {
                LegOwner::Rule(rule) => Owner::Rule(rule.0),
                LegOwner::Levy(levy) => Owner::Levy(levy.0),
            })
            .collect(),
        rows,
        pool_rows: pool_rows.collect(),
        heads,
        parameters: rules.parameters.iter().map(|it| gatherer.parameter(it)).collect(),
        schedules: rules.schedules.iter().map(|it| gatherer.schedule(it)).collect(),
        readings: rules.readings.iter().map(|it| gatherer.reading(it)).collect(),
        files: BTreeMap::new(),
    }
}

struct Gatherer<'m> {
    rules: &'m RuleSet,
    sources: &'m Sources,
    language: Language,
    kinds: Maker<'m>,
}

impl Gatherer<'_> {
    fn rule(&self, rule: &Rule) -> Ground {
        self.ground(rule.cite.as_ref(), rule.name.span)
    }

    fn levy(&self, levy: &Levy) -> Ground {
        self.ground(levy.cite.as_ref(), levy.name.span)
    }

    fn figure(&self, figure: &Figure) -> Ground {
        self.ground(figure.cite.as_ref(), figure.name.span)
    }

    fn head(&self, steps: &[Step], locals: &[Local]) -> Head {
        let when = self.say("when", "当");
        let step = |step: &Step| {
            let (start, expr) = match step {
                Step::With(local, expr) => {
                    (format!("{} {} =", self.say("with", "取"), self.name(locals, local.0)), expr)
                }
                Step::Let(local, expr) => {
                    (format!("{} {} =", self.say("let", "令"), self.name(locals, local.0)), expr)
                }
                Step::When(expr) => (when.to_owned(), expr),
            };
            let phrase = self.phrase(expr);
            Phrase { text: format!("{start} {}", phrase.text), ..phrase }
        };
        Head {
            steps: steps.iter().map(step).collect(),
            locals: locals
                .iter()
                .map(|local| (label_of(local), self.kinds.kind(&local.ty)))
                .collect(),
        }
    }

    /// A name in a head: its label in the language of the reader, if it has one.
    fn shown<'l>(&self, local: &'l Local) -> &'l str {
        let label = self.say(local.en.as_deref(), local.zh.as_deref());
        label.unwrap_or(&local.name)
    }

    fn name<'l>(&self, locals: &'l [Local], at: u32) -> &'l str {
        let local = usize::try_from(at).ok().and_then(|at| locals.get(at));
        local.map_or("", |local| self.shown(local))
    }

    /// The words of a condition; `all of` and `any of` blocks by their head, each part in its turn.
    fn phrase(&self, expr: &Expr) -> Phrase {
        let parts = match &expr.kind {
            ExprKind::And(parts) | ExprKind::Or(parts) => parts.as_slice(),
            _ => &[],
        };
        Phrase {
            text: self.text(expr.span),
            parts: parts.iter().map(|part| self.phrase(part)).collect(),
        }
    }

    fn leg(&self, leg: &LegOrigin) -> Ground {
        let own = leg.cite.as_ref().map(|cite| cite.span.start);
        // A clause of its own is told beside.
        let end = own.filter(|start| leg.span.start < *start && *start < leg.span.end);
        let words = Span { end: end.unwrap_or(leg.span.end), ..leg.span };
        let text = match leg.owner {
            // The whole levy is its leg.
            LegOwner::Levy(_) => String::new(),
            LegOwner::Rule(_) => self.first_line(words),
        };
        let text = match end {
            Some(_) => ["per", "按"]
                .iter()
                .find_map(|word| text.strip_suffix(word))
                .map_or(text.clone(), |text| text.trim_end().to_owned()),
            None => text,
        };
        Ground { text, ..self.ground(leg.cite.as_ref(), leg.span) }
    }

    /// Of what kind the rows are that legs are for.
    fn rows(&self, case: &RuleCase, found: &mut BTreeMap<u32, Kind>) {
        let mut note = |leg: LegId, selection: &Selection| {
            let binding = case.locals.get(selection.binding.index());
            found.extend(binding.map(|local| (leg.0, self.kinds.kind(&local.ty))));
        };
        match &case.body {
            Body::Transfers(transfers) => {
                for transfer in transfers {
                    if let Some(selection) = &transfer.for_each {
                        note(transfer.leg, selection);
                    }
                }
            }
            Body::Split(split) => spreads(&split.target, &mut note),
        }
    }

    fn say<T>(&self, en: T, zh: T) -> T {
        match self.language {
            Language::English => en,
            Language::Chinese => zh,
        }
    }

    fn parameter(&self, parameter: &Parameter) -> Vec<Since> {
        let mut values = Vec::new();
        for (key, timeline) in &parameter.timelines {
            let key: Vec<u32> = key.iter().map(|member| member.0).collect();
            values.extend(timeline.iter().map(|value| self.since(key.clone(), value)));
        }
        values
    }

    fn schedule(&self, schedule: &Schedule) -> Vec<Since> {
        schedule.versions.iter().map(|version| self.since(Vec::new(), version)).collect()
    }

    fn since<T>(&self, key: Vec<u32>, value: &Dated<T>) -> Since {
        let mut ground = self.ground(value.cite.as_ref(), value.span);
        ground.unverified |= value.unverified;
        Since { key, from: value.from, ground }
    }

    fn reading(&self, reading: &Reading) -> OpenPoint {
        OpenPoint {
            clause: self.clause(reading.cite.as_ref()),
            default: reading.default,
            because: reading.because.clone().unwrap_or_default(),
        }
    }

    fn ground(&self, cite: Option<&Citation>, span: Span) -> Ground {
        Ground {
            place: self.sources.line(span),
            clause: self.clause(cite),
            text: String::new(),
            unverified: cite.is_some_and(|cite| cite.unverified),
        }
    }

    fn clause(&self, cite: Option<&Citation>) -> String {
        cite.map(|cite| clause(cite, self.rules, self.language)).unwrap_or_default()
    }

    /// The first line of what spans several.
    fn first_line(&self, span: Span) -> String {
        let lines = self.sources.slice(span).lines().count();
        let text = self.sources.slice(span).lines().next().unwrap_or_default();
        let end = span.start.saturating_add(u32::try_from(text.len()).unwrap_or(0));
        let words = self.text(Span { end, ..span });
        let opens_block = text.trim_end().ends_with(['{', '｛']);
        if lines > 1 && !opens_block { format!("{words} …") } else { words }
    }

    /// The words of the rules in one line: without comments, and without the block that follows.
    fn text(&self, span: Span) -> String {
        let mut words: Vec<&str> = Vec::new();
        for line in self.sources.slice(span).lines() {
            let line = line.split('#').next().unwrap_or_default();
            words.extend(line.split_whitespace());
            if line.trim_end().ends_with(['{', '｛']) {
                words.pop();
                break;
            }
        }
        let text = balanced(words.join(" "));
        match text.char_indices().nth(TEXT_MAX) {
            Some((end, _)) => text.get(..end).map_or(text.clone(), |head| format!("{head}…")),
            None => text,
        }
    }
}

/// A name in a head, and what people call it.
fn label_of(local: &Local) -> Label {
    Label { text: local.name.clone(), en: local.en.clone(), zh: local.zh.clone() }
}

/// Every spread over rows inside a target, with the leg that each row's part takes.
fn spreads(target: &Target, note: &mut dyn FnMut(LegId, &Selection)) {
    match target {
        Target::Block(block) => block.legs.iter().for_each(|leg| spreads(&leg.target, note)),
        Target::InOrder(legs) => legs.iter().for_each(|leg| spreads(&leg.target, note)),
        Target::Graded(graded) => {
            graded.slices.iter().for_each(|slice| spreads(&slice.leg.target, note));
        }
        Target::Among(among) => {
            note(among.leg.id, &among.selection);
            spreads(&among.leg.target, note);
            among.if_none.iter().for_each(|leg| spreads(&leg.target, note));
        }
        Target::Account(_) | Target::Pool { .. } | Target::Undetermined { .. } => {}
    }
}

/// Brackets around the whole are not part of what stands in them.
fn balanced(text: String) -> String {
    let mut open = 0_usize;
    let mut unopened = 0_usize;
    for letter in text.chars() {
        match letter {
            '(' | '（' => open += 1,
            ')' | '）' if open == 0 => unopened += 1,
            ')' | '）' => open -= 1,
            _ => {}
        }
    }
    "(".repeat(unopened) + &text + &")".repeat(open)
}
