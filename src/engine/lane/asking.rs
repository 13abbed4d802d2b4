//! What is asked of events many at a time, before any of them is worked out: nothing that it takes changes
//! during a run, so that it can be done on another thread.

use std::collections::HashSet;
use std::sync::Arc;

use crate::base::Date;
use crate::plan::{Lane, Question, at};
use crate::rows::{Batch, Column, Origin};

use super::ahead::Ahead;
use crate::engine::names::Names;
use crate::engine::registers::Registers;

/// Asks events of all kinds.
#[derive(Debug, Clone, Default)]
pub(crate) struct Askers {
    of: Vec<Option<Arc<Asker>>>,
    /// Events that are the evaluator's, whatever they have.
    left: HashSet<Origin>,
}

/// Asks events of a kind.
#[derive(Debug)]
pub(super) struct Asker {
    lane: Arc<Lane>,
    /// Whether there are situations to tell apart.
    tells_apart: bool,
    /// Whether a question is about more than the day.
    asks_fields: bool,
    /// The days that are asked about, which is always the last question.
    days_asked: Option<Vec<i32>>,
}

/// Which events of a batch have all that their lane needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Ready {
    All,
    /// Each has to be asked.
    Some,
    #[default]
    None,
}

/// What was asked of the events of a batch.
#[derive(Debug, Default)]
pub(crate) struct Answers {
    pub ready: Ready,
    /// For each event the answers that its fields give, as one number.
    of_rows: Vec<u32>,
    /// Their situations, once their days are known; `NO_ANSWER` where there is none.
    situations: Vec<u32>,
    /// What was looked up for them, if that has been done.
    pub ahead: Ahead,
    looked_up: bool,
}

/// A field did not answer.
const NO_ANSWER: u32 = u32::MAX;

impl Askers {
    pub(super) fn new(of: Vec<Option<Arc<Asker>>>) -> Askers {
        Askers { of, left: HashSet::new() }
    }

    /// Leaves events to the evaluator, and those that stand in a batch with them.
    pub(super) fn leave(&mut self, events: impl Iterator<Item = Origin>) {
        self.left.extend(events);
    }

    fn asker(&self, batch: &Batch) -> Option<&Asker> {
        let left = |origin: &Origin| self.left.contains(origin);
        if !self.left.is_empty() && batch.origins.iter().any(left) {
            return None;
        }
        self.of.get(at(batch.event)).and_then(Option::as_deref)
    }

    /// Which events of a batch have all that their lane needs.
    pub fn ready(&self, batch: &Batch) -> Ready {
        self.asker(batch).map_or(Ready::None, |asker| asker.ready(batch))
    }

    /// The same, and what is asked of all events of the batch.
    pub fn ask(&self, batch: &Batch) -> Answers {
        self.asker(batch).map_or_else(Answers::default, |asker| asker.ask(batch))
    }

    /// Notes the situations of all events of a batch, whose days these are.
    pub fn situate(&self, answers: &mut Answers, batch: &Batch, days: &[(u32, Date)]) {
        let asker = self.of.get(at(batch.event)).and_then(Option::as_deref);
        if let Some(asker) = asker.filter(|_| days.len() == batch.len()) {
            asker.situate(answers, days);
        }
    }

    /// Looks up what the events of a batch will look up, unless that has been done.
    pub fn look_up(
        &self,
        answers: &mut Answers,
        batch: &Batch,
        registers: &Registers<'_>,
        names: &Names,
    ) {
        if let Some(asker) = self.asker(batch)
            && answers.ready == Ready::All
            && !std::mem::replace(&mut answers.looked_up, true)
        {
            answers.ahead = Ahead::new(&asker.lane, batch, registers, names);
        }
    }

    /// The same with what registers name and nothing else, where that is what is mostly asked for.
    pub fn look_up_rows(&self, answers: &mut Answers, batch: &Batch, registers: &Registers<'_>) {
        let names = registers.names();
        let has_rows = |asker: &Asker| Ahead::has_rows(&asker.lane, registers);
        if let Some(names) = names.filter(|_| self.asker(batch).is_some_and(has_rows)) {
            self.look_up(answers, batch, registers, names);
        }
    }
}

impl Asker {
    pub(super) fn new(lane: &Arc<Lane>) -> Asker {
        let days_asked = match lane.questions.iter().last() {
            Some(Question::Days(days)) => Some(days.clone()),
            _ => None,
        };
        Asker {
            lane: Arc::clone(lane),
            tells_apart: lane.questions.situations().is_some_and(|situations| situations > 1),
            asks_fields: lane.questions.iter().any(|it| !matches!(it, Question::Days(_))),
            days_asked,
        }
    }

    /// Which events of a batch have all that they need.
    fn ready(&self, batch: &Batch) -> Ready {
        let full = |field: &u32| batch.columns.get(at(*field)).is_some_and(Column::is_full);
        if self.lane.required.iter().all(full) { Ready::All } else { Ready::Some }
    }

    /// Asks all events of a batch what their fields can answer.
    fn ask(&self, batch: &Batch) -> Answers {
        let ready = self.ready(batch);
        let asked = |question: &&Question| !matches!(question, Question::Days(_));
        if !self.tells_apart || !self.asks_fields {
            return Answers { ready, ..Answers::default() };
        }
        let mut answers = vec![0; batch.len()];
        for question in self.lane.questions.iter().filter(asked) {
            answer_all(question, batch, &mut answers);
        }
        Answers { ready, of_rows: answers, ..Answers::default() }
    }

    /// Notes the situations of all events of a batch, whose days these are.
    fn situate(&self, answers: &mut Answers, days: &[(u32, Date)]) {
        if !self.tells_apart {
            return;
        }
        let mut situations = match self.asks_fields {
            true => answers.of_rows.clone(),
            false => vec![0; days.len()],
        };
        if let Some(asked) = &self.days_asked {
            // There are few, so that to ask about all of them costs less than to stop in time.
            let come = |date: &Date| asked.iter().map(|day| u32::from(*day <= date.days())).sum();
            let count = u32::try_from(asked.len()).unwrap_or(0).saturating_add(1);
            // Events that follow one another are mostly of one day.
            let mut last: (Date, u32) = (Date::MIN, come(&Date::MIN));
            for (situation, (_, date)) in situations.iter_mut().zip(days) {
                if last.0 != *date {
                    last = (*date, come(date));
                }
                let come = last.1;
                if *situation != NO_ANSWER {
                    *situation = situation.wrapping_mul(count).wrapping_add(come);
                }
            }
        }
        answers.situations = situations;
    }

    #[inline]
    pub(super) fn situation(&self, answers: &Answers, row: usize, date: Date) -> Option<u32> {
        if let Some(situation) = answers.situations.get(row) {
            return Some(*situation).filter(|it| *it != NO_ANSWER);
        }
        if !self.tells_apart {
            return None;
        }
        let answers = match answers.of_rows.get(row) {
            None if self.asks_fields => return None,
            None => 0,
            Some(&NO_ANSWER) => return None,
            Some(answers) => *answers,
        };
        let Some(days) = &self.days_asked else { return Some(answers) };
        // There are few.
        let come = days.iter().zip(1..).take_while(|(day, _)| **day <= date.days());
        let come = come.last().map_or(0, |(_, come)| come);
        let count = u32::try_from(days.len()).ok()?.checked_add(1)?;
        answers.checked_mul(count)?.checked_add(come)
    }
}

/// Takes the answers to a question into what is known so far of the events of a batch.
fn answer_all(question: &Question, batch: &Batch, known: &mut [u32]) {
    let count = question.answers();
    let (field, missing) = match question {
        Question::Member(field, _) | Question::Flag(field) => (*field, None),
        Question::MemberIfAny(field, _) | Question::FlagIfAny(field) => {
            (*field, count.checked_sub(1))
        }
        Question::Present(field) => {
            let column = batch.columns.get(at(*field)).unwrap_or(&Column::Absent);
            if column.is_full() || matches!(column, Column::Absent) {
                let there = u32::from(column.is_full());
                return known.iter_mut().for_each(|known| *known = next(*known, count, there));
            }
            let there = |row| !column.is_missing(row);
            return answer(known, count, (0..batch.len()).map(|row| Some(there(row).into())));
        }
        Question::Days(_) => return,
    };
    match batch.columns.get(at(field)) {
        Some(Column::Member(members)) => match members.all() {
            Some(all) if all.iter().all(|it| *it < count) => {
                known.iter_mut().zip(all).for_each(|(known, it)| *known = next(*known, count, *it));
            }
            Some(all) => answer(known, count, all.iter().map(|it| Some(*it))),
            None => {
                let members = (0..batch.len()).map(|row| members.get(row).or(missing));
                answer(known, count, members);
            }
        },
        Some(Column::Bool(flags)) => {
            let flags = (0..batch.len()).map(|row| flags.get(row).map(u32::from).or(missing));
            answer(known, count, flags);
        }
        Some(Column::Absent) if missing.is_some() => {
            let it = missing.unwrap_or(0);
            known.iter_mut().for_each(|known| *known = next(*known, count, it));
        }
        _ => known.fill(NO_ANSWER),
    }
}

/// What is known after an answer that is one of so many. What has no answer keeps none.
#[inline]
fn next(known: u32, count: u32, answer: u32) -> u32 {
    if known == NO_ANSWER { NO_ANSWER } else { known.wrapping_mul(count).wrapping_add(answer) }
}

/// Takes the answers to a question, of which there are so many, into what is known so far.
#[inline]
fn answer(known: &mut [u32], count: u32, answers: impl Iterator<Item = Option<u32>>) {
    for (known, answer) in known.iter_mut().zip(answers) {
        let answer = answer.filter(|it| *it < count && *known != NO_ANSWER);
        *known = answer.map_or(NO_ANSWER, |it| *known * count + it);
    }
}
