//! What else somebody may have meant: another option of a reading, a scenario, another settlement, an
//! edition of the rules that a book holds.

use crate::app::book::{BookTrouble, Translated, Translator, UsedRules, schema, used};
use crate::app::check::scenarios;
use crate::app::compile::compile;
use crate::app::inputs::EventFile;
use crate::app::load::Loaded;
use crate::app::names::label;
use crate::app::run::Job;
use crate::book::{Book, Schema};
use crate::check::{Checked, check};
use crate::desk::{Meant, Untried};
use crate::diagnostics::Words;
use crate::formats::{Events, FormatsError};
use crate::model::{
    Body, Choice, Leg, Place, ReadingId, RuleCase, RuleSet, Settlement, Source, Target,
};
use crate::plan::Choices;
use crate::report::names::{Label, Names, chosen_in_chinese};
use crate::rows::RegisterTable;

use super::dues::{Abroad, Dues, dues};

/// A way the table may have been made.
#[derive(Debug)]
pub struct Variant {
    /// What it is.
    pub meant: Meant,
    /// What it is called.
    pub title: Words,
    /// The rules, where they differ.
    checked: Option<Checked>,
    /// The readings, where they differ.
    choices: Option<Choices>,
    /// What its rules declare, where that is their own.
    abroad: Option<Declares>,
}

/// What the rules of an edition declare, and their registers.
#[derive(Debug)]
struct Declares {
    names: Names,
    /// Its schema, and that of the rules of the audit.
    schemas: (Schema, Schema),
    registers: Vec<(u32, RegisterTable)>,
}

impl Variant {
    /// What each event gives as this variant has it.
    pub(super) fn dues(&self, base: &Job<'_>) -> Result<Dues, FormatsError> {
        let abroad = self.abroad.as_ref();
        let events = abroad.map(|_| of_their_kinds(base)).transpose()?;
        let job = Job {
            events: events.as_deref().unwrap_or(base.events),
            checked: self.checked.as_ref().unwrap_or(base.checked),
            choices: self.choices.as_ref().unwrap_or(base.choices),
            names: abroad.map_or(base.names, |it| &it.names),
            registers: abroad.map_or(base.registers, |it| &it.registers),
            ..*base
        };
        let abroad = abroad.map(|it| Abroad {
            names: base.names,
            translator: Translator::new(&it.schemas.0, &it.schemas.1),
        });
        Ok(dues(&job, abroad.as_ref())?.0)
    }
}

/// The files of events, each with its kind by name: other rules could take a file for other events.
fn of_their_kinds(job: &Job<'_>) -> Result<Vec<EventFile>, FormatsError> {
    let files = (0_u32..).zip(job.events).map(|(at, file)| {
        let (input, said) = (file.input.clone(), file.kind.as_deref());
        let kind = Events::open(job.names, &input, at, said, job.mapping)?.kind();
        let table = kind.and_then(|kind| job.names.events.get(kind));
        Ok(EventFile { kind: table.map(|table| table.name.text.clone()), input })
    });
    files.collect()
}

/// Everything else that the rules let one mean, one thing at a time.
pub fn variants(loaded: &Loaded, checked: &Checked, choices: &Choices) -> Vec<Variant> {
    let rules = checked.rule_set();
    let mut found = readings(rules, choices);
    for (_, scenario) in scenarios(loaded) {
        let choice = Choice { scenario: Some(scenario.text.clone()) };
        // A scenario that does not compile is `check`'s to tell.
        if let Some(checked) = compile(loaded, &choice).checked {
            found.push(Variant {
                meant: Meant::Scenario { name: scenario.text.clone() },
                title: titled("scenario", "方案", &scenario),
                checked: Some(checked),
                choices: None,
                abroad: None,
            });
        }
    }
    found.extend(settlements(rules));
    found
}

/// The editions of a book but the rules of the audit, each with the readings that batches chose; and
/// those that this version does not compile. Registers are those of the audit, where it has rows of
/// them, else the book's.
///
/// # Errors
/// The book cannot be read.
pub fn editions(
    book: &mut Book,
    loaded: &Loaded,
    job: &Job<'_>,
) -> Result<(Vec<Variant>, Vec<Untried>), BookTrouble> {
    let own = schema(job.checked.rule_set());
    let (mut found, mut untried) = (Vec::new(), Vec::new());
    for used in used(book, (loaded, job.checked, job.choices), job.language)? {
        let (title, readings) = (used.title, used.readings);
        let meant = Meant::Edition { entry: used.entry, digest: used.digest.to_string(), readings };
        match used.rules {
            Ok(rules) => found.push(edition((meant, title), rules, job, &own)),
            Err(trouble) => {
                untried.push(Untried { meant, variant: title, why: trouble.words().0 });
            }
        }
    }
    Ok((found, untried))
}

fn edition(
    (meant, title): (Meant, Words),
    rules: UsedRules,
    job: &Job<'_>,
    own: &Schema,
) -> Variant {
    let UsedRules { checked, names, choices, schema, mut registers } = rules;
    let translator = Translator::new(own, &schema);
    for (register, rows) in job.registers.iter().filter(|(_, rows)| !rows.is_empty()) {
        if let Translated::Whole((at, rows)) = translator.register(*register, rows.clone()) {
            match registers.iter_mut().find(|(own, _)| *own == at) {
                Some((_, known)) => *known = rows,
                None => registers.push((at, rows)),
            }
        }
    }
    let abroad = Some(Declares { names, schemas: (schema, own.clone()), registers });
    Variant { meant, title, checked: Some(checked), choices: Some(choices), abroad }
}

fn titled(en: &str, zh: &str, of: &Label) -> Words {
    Words::new(format!("{en} {}", of.text), format!("{zh}「{}」", of.chinese()))
}

fn readings(rules: &RuleSet, choices: &Choices) -> Vec<Variant> {
    let mut found = Vec::new();
    for (at, reading) in rules.readings.iter().enumerate() {
        let id = ReadingId::next(at);
        let chosen = choices.readings.get(&id).copied().unwrap_or(reading.default);
        for (option, name) in (0_u32..).zip(&reading.options).filter(|(at, _)| *at != chosen) {
            let mut choices = choices.clone();
            choices.readings.insert(id, option);
            let (of, to) = (label(&reading.name), label(name));
            let title = Words::new(
                format!("reading {} = {}", of.text, to.text),
                chosen_in_chinese(&of, &to),
            );
            let meant = Meant::Reading { name: of.text, option: to.text };
            let choices = Some(choices);
            found.push(Variant { meant, title, checked: None, choices, abroad: None });
        }
    }
    found
}

/// The settlements that need nothing of the rules, and those that put the remainder on the first or
/// the last account of whoever divides the inflow.
fn settlements(rules: &RuleSet) -> Vec<Variant> {
    type Way = fn(&RuleCase) -> Option<Settlement>;
    let ways: [(&str, &str, Way); 4] = [
        ("largest remainder", "尾差按最大余数", |_| Some(Settlement::LargestRemainder)),
        ("in order", "尾差依次", |_| Some(Settlement::InOrder)),
        ("remainder to the first account written", "尾差归写在最前的账户", |case| {
            places(case).first().cloned().map(Settlement::RemainderTo)
        }),
        ("remainder to the last account written", "尾差归写在最后的账户", |case| {
            places(case).last().cloned().map(Settlement::RemainderTo)
        }),
    ];
    let mut found: Vec<Variant> = Vec::new();
    for (name, zh, way) in ways {
        let mut other = rules.clone();
        for case in other.rules.iter_mut().flat_map(|rule| &mut rule.cases) {
            if let Some(settlement) = way(case).filter(|_| case.settlement.is_some()) {
                case.settlement = Some(settlement);
            }
        }
        let alike = other == *rules
            || found.iter().any(|known| {
                known.checked.as_ref().is_some_and(|known| *known.rule_set() == other)
            });
        // What a settlement makes of the rules may be refused, as a province's remainder in national
        // money is: then nobody settles so.
        if let (false, (Some(checked), _)) = (alike, check(other, &[])) {
            let title = Words::new(format!("settlement {name}"), zh);
            let (meant, checked) = (Meant::Settlement { name }, Some(checked));
            found.push(Variant { meant, title, checked, choices: None, abroad: None });
        }
    }
    found
}

/// The accounts into which the split of an inflow pays directly, as written.
fn places(case: &RuleCase) -> Vec<Place> {
    fn of_legs(legs: &[Leg], found: &mut Vec<Place>) {
        for leg in legs {
            match &leg.target {
                Target::Account(place) => found.push(place.clone()),
                Target::Block(block) => of_legs(&block.legs, found),
                _ => {}
            }
        }
    }
    let mut found = Vec::new();
    if let Body::Split(split) = &case.body
        && split.source == Source::Inflow
        && let Target::Block(block) = &split.target
    {
        of_legs(&block.legs, &mut found);
    }
    found
}
