//! Questions about an event that have few answers, and the programs for what is answered.

use super::super::{Event, Kind, Plan, at};
use super::known::{Known, Reader, multiple, times};
use super::{
    CaseBits, CaseOf, Choice, Divide, Done, Entity, Feed, KeyPart, Leaf, Limit, Next, Number,
    Program, Remembered, RowLoop, RowSettle, RowShare, Settle, Slot, Spread, Step, Truth, Way,
    standing_case,
};

/// A question about an event, whose answers are numbered from zero.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Question {
    /// Which member a stored field holds, of so many.
    Member(u32, u32),
    /// Whether a stored field says yes.
    Flag(u32),
    /// Which member a field that may be missing holds, of so many; last, that it is missing.
    MemberIfAny(u32, u32),
    /// Whether a field that may be missing says yes; last, that it is missing.
    FlagIfAny(u32),
    /// Whether any other field that may be missing is there.
    Present(u32),
    /// How many of these days, ascending, have come on its effective date.
    Days(Vec<i32>),
}

/// What a program asks that has few answers. The answers together are one number: the situation.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Questions {
    list: Vec<Question>,
    /// The stored field that is the effective date.
    date: Option<u32>,
}

/// More situations than these are not told apart: their numbers are to fit 32 bits.
const SITUATIONS_MAX: u32 = 1 << 31;
const DAYS_MAX: usize = 64;

impl Question {
    /// How many answers there are.
    pub fn answers(&self) -> u32 {
        match self {
            Question::Member(_, members) => *members,
            Question::MemberIfAny(_, members) => members.saturating_add(1),
            Question::Flag(_) | Question::Present(_) => 2,
            Question::FlagIfAny(_) => 3,
            Question::Days(days) => u32::try_from(days.len() + 1).unwrap_or(u32::MAX),
        }
    }
}

impl Questions {
    /// What a program asks, and the program with what needs no answer worked out.
    pub(super) fn of(
        program: &Program,
        date: Option<u32>,
        plan: &Plan,
        event: &Event,
    ) -> (Questions, Program) {
        let mut asked = Asked { plan, event, list: Vec::new(), days: Vec::new() };
        let program = Maker::new(&mut asked, date).program(program);
        let Asked { mut list, mut days, .. } = asked;
        days.sort_unstable();
        days.dedup();
        if !days.is_empty() && days.len() <= DAYS_MAX {
            list.push(Question::Days(days));
        }
        let mut questions = Questions { list, date };
        while questions.situations().is_none() {
            // What has the most answers is asked of each event.
            let most = questions.list.iter().enumerate().max_by_key(|(_, it)| it.answers());
            let Some(place) = most.map(|(place, _)| place) else { break };
            questions.list.remove(place);
        }
        (questions, program)
    }

    /// The questions, those about the day last. The last answer is the last digit of the situation.
    pub fn iter(&self) -> impl Iterator<Item = &Question> {
        self.list.iter()
    }

    /// How many situations there are.
    pub fn situations(&self) -> Option<u32> {
        let all = self.list.iter().try_fold(1_u32, |all, it| all.checked_mul(it.answers()));
        all.filter(|all| *all <= SITUATIONS_MAX)
    }

    /// What a program comes to in a situation.
    pub fn answered(&self, program: &Program, situation: u32) -> Program {
        let mut rest = situation;
        let mut answers = Vec::with_capacity(self.list.len());
        for question in self.list.iter().rev() {
            let answer = rest.checked_rem(question.answers()).unwrap_or(0);
            rest = rest.checked_div(question.answers()).unwrap_or(0);
            answers.push((question, answer));
        }
        Maker::new(&mut Answered(answers), self.date).program(program)
    }
}

/// Notes what is asked, and knows nothing.
struct Asked<'p> {
    plan: &'p Plan,
    event: &'p Event,
    list: Vec<Question>,
    days: Vec<i32>,
}

impl Asked<'_> {
    /// Notes the question about a field; nothing can be asked about one of another type.
    fn ask(&mut self, field: u32) -> Option<()> {
        let declared = self.event.fields.get(at(field))?;
        let question = match (&declared.kind, declared.optional) {
            (Kind::Member(_), optional) => {
                let members = self.members(field)?;
                match optional {
                    true => Question::MemberIfAny(field, members),
                    false => Question::Member(field, members),
                }
            }
            (Kind::Bool, true) => Question::FlagIfAny(field),
            (Kind::Bool, false) => Question::Flag(field),
            (_, true) => Question::Present(field),
            (_, false) => return None,
        };
        if !self.list.contains(&question) {
            self.list.push(question);
        }
        Some(())
    }
}

impl Known for Asked<'_> {
    fn members(&self, field: u32) -> Option<u32> {
        match self.event.fields.get(at(field))?.kind {
            Kind::Member(of) => {
                u32::try_from(self.plan.enumerations.get(at(of))?.members.len()).ok()
            }
            _ => None,
        }
    }

    fn member(&mut self, field: u32) -> Option<u32> {
        self.ask(field).and(None)
    }

    fn flag(&mut self, field: u32) -> Option<bool> {
        self.ask(field).and(None)
    }

    fn present(&mut self, field: u32) -> Option<bool> {
        self.ask(field).and(None)
    }

    fn day(&mut self, bounds: &mut dyn Iterator<Item = i32>) -> Option<i32> {
        self.days.extend(bounds.filter(|day| *day != i32::MIN && *day != i32::MAX));
        None
    }
}

/// Knows some answers.
struct Answered<'q>(Vec<(&'q Question, u32)>);

impl Known for Answered<'_> {
    fn members(&self, field: u32) -> Option<u32> {
        self.0.iter().find_map(|(question, _)| match question {
            Question::Member(of, members) | Question::MemberIfAny(of, members) => {
                (*of == field).then_some(*members)
            }
            _ => None,
        })
    }

    fn member(&mut self, field: u32) -> Option<u32> {
        self.0.iter().find_map(|(question, answer)| match question {
            Question::Member(of, members) | Question::MemberIfAny(of, members) => {
                (*of == field && answer < members).then_some(*answer)
            }
            _ => None,
        })
    }

    fn flag(&mut self, field: u32) -> Option<bool> {
        self.0.iter().find_map(|(question, answer)| match question {
            Question::Flag(of) | Question::FlagIfAny(of) => {
                (*of == field && *answer < 2).then_some(*answer == 1)
            }
            _ => None,
        })
    }

    fn present(&mut self, field: u32) -> Option<bool> {
        self.0.iter().find_map(|(question, answer)| match question {
            Question::MemberIfAny(of, members) => (*of == field).then_some(answer < members),
            Question::FlagIfAny(of) => (*of == field).then_some(*answer < 2),
            Question::Present(of) => (*of == field).then_some(*answer == 1),
            Question::Member(..) | Question::Flag(_) | Question::Days(_) => None,
        })
    }

    fn day(&mut self, _: &mut dyn Iterator<Item = i32>) -> Option<i32> {
        self.0.iter().find_map(|(question, answer)| match question {
            // The last of the days that have come lies on the same side of all of them.
            Question::Days(days) => Some(
                answer
                    .checked_sub(1)
                    .map_or(i32::MIN, |last| days.get(at(last)).copied().unwrap_or(i32::MAX)),
            ),
            _ => None,
        })
    }
}

/// Whom an event pays is found beforehand for each of so many members.
const MEMBERS_FEW: u32 = 8;

/// Makes a program anew with what is known worked out.
struct Maker<'k, K> {
    reader: Reader<'k, K>,
    /// Leaves whose account is always the same.
    fixed: u32,
    /// Whether something that outlives an event is read or changed, as far as has been seen.
    waits: bool,
    /// Whether a rule that may apply has no way.
    leaves_out: bool,
}

impl<'k, K: Known> Maker<'k, K> {
    fn new(known: &'k mut K, date: Option<u32>) -> Maker<'k, K> {
        Maker { reader: Reader::new(known, date), fixed: 0, waits: false, leaves_out: false }
    }

    fn program(&mut self, program: &Program) -> Program {
        let mut program = program.clone();
        program.kept.iter_mut().for_each(|kept| *kept = self.reader.keep(kept));
        for becomes in &mut program.becomes {
            becomes.when = self.reader.truth(&becomes.when);
            becomes.value = self.reader.tree(&becomes.value);
            self.waits |= becomes.when != Truth::Constant(false);
        }
        for add in &mut program.adds {
            add.when = self.reader.truth(&add.when);
            add.amount = self.reader.number(&add.amount);
            self.waits |= add.when != Truth::Constant(false) && !add.sums.is_empty();
        }
        for levy in &mut program.levies {
            levy.when = self.reader.truth(&levy.when);
            levy.due = self.reader.number(&levy.due);
        }
        for selected in &mut program.selections {
            selected.condition = self.reader.truth(&selected.condition);
        }
        for shares in &mut program.shares {
            let values = shares.factors.iter_mut().map(|(_, value)| value);
            values.chain(&mut shares.divisors).for_each(|it| *it = self.reader.number(it));
        }
        program.way = self.way(&program.way, Vec::new());
        for figure in &mut program.figures {
            figure.when = self.reader.truth(&figure.when);
            figure.number = self.reader.number(&figure.number);
            figure.under = self.reader.number(&figure.under);
        }
        program.fixed = self.fixed;
        program.whole = !self.reader.unknown && !self.leaves_out;
        program.waits = self.waits || self.reader.reads || self.reader.unknown;
        program
    }

    /// A way behind some steps that have been made.
    fn way(&mut self, way: &Way, mut steps: Vec<Step>) -> Way {
        for step in &way.steps {
            self.step(step, &mut steps);
        }
        let next = match &way.next {
            Next::Done(done) => Next::Done(Box::new(self.done(done, &mut steps))),
            Next::Choice(choice) => {
                let whens: Vec<Truth> =
                    choice.cases.iter().map(|case| self.reader.truth(&case.when)).collect();
                if let Some(way) = the_only_one(&choice.cases, &whens) {
                    return self.way(way, steps);
                }
                let content = self.plain(choice.content, &mut steps);
                let cases = choice.cases.iter().zip(whens).map(|(case, when)| {
                    // What has no way here may do anything.
                    let left_out = case.way.is_none() && when != Truth::Constant(false);
                    self.leaves_out |= left_out;
                    self.waits |= left_out;
                    let before = self.reader.multiples.len();
                    let way = case.way.as_ref().map(|way| self.way(way, Vec::new()));
                    self.reader.multiples.truncate(before);
                    CaseOf { when, overridden_by: case.overridden_by, way }
                });
                let cases = cases.collect();
                Next::Choice(Box::new(Choice { content, cases }))
            }
        };
        Way { steps, next }
    }

    fn step(&mut self, step: &Step, steps: &mut Vec<Step>) {
        let made = match step {
            Step::Put(slot, number) => {
                let number = self.reader.number(number);
                if number == Number::Constant(0) {
                    // A multiple of anything.
                    self.reader.multiples.push((*slot, *slot, 0));
                    return;
                }
                if let Some((base, by)) = multiple(&number) {
                    self.reader.multiples.push((*slot, base, by));
                    return;
                }
                Step::Put(*slot, number)
            }
            Step::Bound(limit) => {
                self.waits = true;
                let content = self.plain(limit.content, steps);
                let (share, bound) =
                    (self.reader.number(&limit.share), self.reader.number(&limit.bound));
                Step::Bound(Box::new(Limit { share, bound, content, ..(**limit).clone() }))
            }
            Step::Check(condition) => match self.reader.truth(condition) {
                Truth::Constant(true) => return,
                condition => Step::Check(condition),
            },
            Step::Settle(settle) => self.settle(settle, steps),
            Step::Divide(divide) => Step::Divide(divide.clone()),
            Step::Spread(spread) => {
                let content = self.plain(spread.content, steps);
                Step::Spread(Box::new(Spread { content, ..(**spread).clone() }))
            }
            Step::Rows(of_rows) => Step::Rows(Box::new(self.of_rows(of_rows))),
            Step::SettleRows(settle) => self.settle_rows(settle, steps),
        };
        steps.push(made);
    }

    /// What is done for each row: it knows what is known before, and nobody knows after what was.
    fn of_rows(&mut self, of_rows: &RowLoop) -> RowLoop {
        let before = self.reader.multiples.len();
        let mut steps = Vec::with_capacity(of_rows.steps.len());
        for step in &of_rows.steps {
            self.step(step, &mut steps);
        }
        for kept in &of_rows.keep {
            let (base, by) = self.reader.slot(*kept);
            if (base, by) != (*kept, 1) {
                steps.push(Step::Put(*kept, times(Number::Slot(base), by)));
            }
        }
        self.reader.multiples.truncate(before);
        RowLoop { steps, keep: of_rows.keep.clone(), ..*of_rows }
    }

    fn settle_rows(&mut self, settle: &RowSettle, steps: &mut Vec<Step>) -> Step {
        let mut settle = settle.clone();
        let alone = settle.plus.iter_mut().chain(&mut settle.minus).chain(&mut settle.unders);
        for slot in alone {
            *slot = self.plain(*slot, steps);
        }
        for RowShare { from, under, each, .. } in &mut settle.shares {
            *under = under.map(|under| self.plain(under, steps));
            if !*each {
                *from = self.plain(*from, steps);
            }
        }
        Step::SettleRows(Box::new(settle))
    }

    /// A slot that holds a numerator itself.
    fn plain(&mut self, slot: Slot, steps: &mut Vec<Step>) -> Slot {
        let (base, by) = self.reader.slot(slot);
        if by == 1 {
            return base;
        }
        // It stays a multiple for whoever reads it as one.
        steps.push(Step::Put(slot, times(Number::Slot(base), by)));
        slot
    }

    fn settle(&mut self, settle: &Settle, steps: &mut Vec<Step>) -> Step {
        let mut settle = settle.clone();
        for slot in settle.plus.iter_mut().chain(&mut settle.minus) {
            *slot = self.plain(*slot, steps);
        }
        for (slot, by, _) in &mut settle.shares {
            let (base, times) = self.reader.slot(*slot);
            match by.checked_mul(times) {
                Some(both) => (*slot, *by) = (base, both),
                None => *slot = self.plain(*slot, steps),
            }
        }
        let Some(divide) = divided(&settle) else { return Step::Settle(Box::new(settle)) };
        for (.., to) in settle.shares.iter().filter(|(_, by, _)| *by == 0) {
            steps.push(Step::Put(*to, Number::Constant(0)));
        }
        Step::Divide(Box::new(divide))
    }

    fn done(&mut self, done: &Done, steps: &mut Vec<Step>) -> Done {
        let mut done = done.clone();
        for leaf in &mut done.leaves {
            let Leaf { payee, fixed, units, share: (slot, by, _), under, each, .. } = leaf;
            *under = under.map(|under| self.plain(under, steps));
            if each.is_none() {
                *units = self.plain(*units, steps);
                // It may be a multiple already, of what turns out to be one now.
                let (base, times) = self.reader.slot(*slot);
                match by.checked_mul(times) {
                    Some(both) => (*slot, *by) = (base, both),
                    None => *slot = self.plain(*slot, steps),
                }
            }
            for part in payee.iter_mut().flat_map(|(_, key)| key) {
                self.waits |= !part.is_plain();
                // A program for each of many members would have few events.
                let members = match part {
                    KeyPart::Member(Entity::Field(field)) => self.reader.known.members(*field),
                    _ => None,
                };
                let is_of_many = members.is_some_and(|members| members > MEMBERS_FEW);
                if !is_of_many {
                    *part = self.reader.part(part);
                }
            }
            let known = |part: &KeyPart| matches!(part, KeyPart::Member(Entity::Constant(_)));
            let same = payee.as_ref().is_some_and(|(_, key)| key.iter().all(known));
            *fixed = same.then_some(self.fixed);
            self.fixed += u32::from(same);
        }
        for Feed { pooled, sums, .. } in &mut done.feeds {
            self.waits |= !sums.is_empty();
            pooled.iter_mut().for_each(|slot| *slot = self.plain(*slot, steps));
        }
        done
    }
}

/// The way of the one rule that stands, if all is known that tells.
fn the_only_one<'c>(cases: &'c [CaseOf], whens: &[Truth]) -> Option<&'c Way> {
    let mut applying: CaseBits = 0;
    for (place, when) in whens.iter().enumerate() {
        match when {
            Truth::Constant(true) => applying |= 1 << place,
            Truth::Constant(false) => {}
            _ => return None,
        }
    }
    cases.get(standing_case(cases, applying)?)?.way.as_ref()
}

/// The settlement of parts of one whole that are known and come to it. A part that is nothing gets
/// nothing, not even a unit that is missing.
fn divided(settle: &Settle) -> Option<Divide> {
    let (&[whole], []) = (settle.plus.as_slice(), settle.minus.as_slice()) else { return None };
    let sum = i32::try_from(settle.den).ok().map(i64::from)?;
    let mut parts = Vec::with_capacity(settle.shares.len());
    let mut left = sum;
    for (slot, by, to) in settle.shares.iter().filter(|(_, by, _)| *by != 0) {
        let part = i64::try_from(*by).ok().filter(|part| *part > 0 && *slot == whole)?;
        left = left.checked_sub(part)?;
        parts.push((part, *to));
    }
    let rests = Remembered::default();
    (left == 0).then_some(Divide { whole, parts, sum, by: settle.by, rests })
}
