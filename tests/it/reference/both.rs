//! Both evaluators over one rule set and one run.

use std::fmt::Write;

use fenshui::base::Date;
use fenshui::model::{ReadingId, RuleSet};
use fenshui::reference::{self, Fate, Outcome, Sender};
use fenshui::rows::{Batch, RegisterTable};

use crate::worked;

/// What is run.
#[derive(Debug, Clone, Copy)]
pub struct Run<'a> {
    pub rules: &'a RuleSet,
    pub readings: &'a [(ReadingId, u32)],
    pub registers: &'a [(u32, RegisterTable)],
    pub batches: &'a [Batch],
    pub through: Option<Date>,
}

/// What both say, in the order in which events were taken; or where they first differ.
pub fn agreed(run: &Run<'_>) -> Result<Vec<Outcome>, String> {
    let Run { rules, readings, registers, batches, through } = *run;
    let plain = reference::run(rules, readings, registers, batches, through);
    let plain = plain.map_err(|error| format!("reference: {error}"))?;
    let (compiled, _) = worked::run(rules, readings, registers, batches, through);
    for (plain, compiled) in plain.iter().zip(&compiled) {
        if *plain != same_shape(plain, compiled) {
            let (plain, compiled) = (shown(rules, plain), shown(rules, compiled));
            return Err(format!("reference: {plain}\nengine: {compiled}"));
        }
    }
    if plain.len() != compiled.len() {
        let rest = plain.len().min(compiled.len());
        let more: Vec<String> = plain.iter().skip(rest).map(|it| shown(rules, it)).collect();
        let other: Vec<String> = compiled.iter().skip(rest).map(|it| shown(rules, it)).collect();
        return Err(format!("only the reference: {more:?}\nonly the engine: {other:?}"));
    }
    Ok(plain)
}

/// The engine's outcome without what it says for its listeners' sake alone: an event that has no date
/// gets one, and one that nobody sent tells its row in its own way.
fn same_shape(plain: &Outcome, compiled: &Outcome) -> Outcome {
    let mut same = compiled.clone();
    if plain.date.is_none() {
        same.date = None;
        same.booked = None;
    }
    if !matches!(plain.sender, Sender::Data { .. }) {
        same.key.clone_from(&plain.key);
    }
    same
}

/// An outcome with names, a leaf on a line.
pub fn shown(rules: &RuleSet, outcome: &Outcome) -> String {
    let name = |list: &[&str], at: u32| {
        list.get(usize::try_from(at).unwrap()).copied().map_or(format!("{at}"), str::to_owned)
    };
    let events: Vec<&str> = rules.events.iter().map(|event| event.name.text.as_str()).collect();
    let accounts: Vec<&str> = rules.accounts.iter().map(|it| it.name.text.as_str()).collect();
    let figures: Vec<&str> = rules.figures.iter().map(|it| it.name.text.as_str()).collect();
    let Outcome { event, sender, key, date, booked, inflow, fate } = outcome;
    let mut text = format!("{} {key:?} by {sender:?} on {date:?}", name(&events, *event));
    write!(text, " (booked {booked:?}), inflow {inflow:?}: ").unwrap();
    match fate {
        Fate::SetAside(reason) => write!(text, "set aside, {reason:?}").unwrap(),
        Fate::Allocated { leaves, figures: values, open_items } => {
            for leaf in leaves {
                let payee = match &leaf.payee {
                    reference::Payee::Account(account, key) => {
                        format!("{}{key:?}", name(&accounts, *account))
                    }
                    reference::Payee::Undetermined => "undetermined".to_owned(),
                };
                write!(text, "\n    {} to {payee} by leg {:?}", leaf.amount.minor(), leaf.leg)
                    .unwrap();
            }
            for figure in values {
                let name = name(&figures, figure.figure);
                write!(text, "\n    {name}{:?} = {:?}", figure.key, figure.value).unwrap();
            }
            if !open_items.is_empty() {
                write!(text, "\n    open: {open_items:?}").unwrap();
            }
        }
    }
    text
}
