//! Looking for a case of which a formula holds.
//!
//! A plain backtracking search: a formula is reduced by what is decided so far, a term of what is left
//! gets each of its cells in turn. Tests are tabulated once, so that a step costs no arithmetic.

use std::cell::OnceCell;
use std::rc::Rc;

use crate::model::{Constant, Expr, LocalIx};

use super::condition::{Formula, Space};
use super::settled::{joined, settled};
use super::term::{Making, TermIx, TermKey};
use super::value::{Known, evaluate};
use super::witness::{self, Witness};

/// How many steps a search may take.
const STEPS_MAX: u32 = 200_000;

/// How often a search may look for fields that make a case.
const TRIES_MAX: u32 = 40;

/// Up to this many combinations of cells, a test is tabulated.
const TABLE_MAX: usize = 1 << 16;

/// What a search came to.
#[derive(Debug, Clone)]
pub(in crate::check) enum Found {
    /// It holds of no case.
    Never,
    /// It holds of this case, whatever registers and state say.
    Certainly(Witness),
    /// It holds of this case only if registers or state say so, or sums and orders of several fields
    /// allow it.
    Perhaps(Witness),
    /// There were too many cases to try.
    TooMany,
}

/// A value for some of the terms.
pub(super) type Values = Vec<Option<Constant>>;

/// A cell for some of the terms.
type Cells = Vec<Option<usize>>;

/// The search ran out of steps.
struct Exhausted;

/// The terms and tests of a space, with their cells counted out.
pub(in crate::check) struct Tables {
    candidates: Vec<Vec<Constant>>,
    tests: Vec<Table>,
}

/// What a test says for each combination of its terms' cells, worked out when first asked for; empty
/// if there are too many.
struct Table {
    terms: Vec<TermIx>,
    answers: OnceCell<Vec<Option<bool>>>,
}

impl Space<'_> {
    /// Every term cut into its cells; kept until a condition is added.
    fn tables(&self) -> Rc<Tables> {
        let mut kept = self.tables.borrow_mut();
        if let Some(tables) = kept.as_ref() {
            return Rc::clone(tables);
        }
        let candidates = self.terms.iter().map(|term| term.domain.values(self.rules)).collect();
        let tests = self.tests.iter().map(|test| {
            let mut terms = test.terms.clone();
            terms.sort();
            terms.dedup();
            Table { terms, answers: OnceCell::new() }
        });
        let tables = Rc::new(Tables { candidates, tests: tests.collect() });
        *kept = Some(Rc::clone(&tables));
        tables
    }

    fn tabulated(
        &self,
        expr: &Expr,
        terms: &[TermIx],
        candidates: &[Vec<Constant>],
    ) -> Vec<Option<bool>> {
        let sizes: Vec<usize> =
            terms.iter().map(|term| candidates.get(term.0).map_or(0, Vec::len)).collect();
        let count = sizes.iter().try_fold(1_usize, |count, size| count.checked_mul(*size));
        let Some(count) = count.filter(|count| *count <= TABLE_MAX) else { return Vec::new() };
        (0..count)
            .map(|row| {
                let mut values = vec![None; candidates.len()];
                let mut left = row;
                for (term, size) in terms.iter().zip(&sizes) {
                    let cell = left.checked_rem(*size).unwrap_or(0);
                    left = left.checked_div(*size).unwrap_or(0);
                    let value = candidates.get(term.0).and_then(|it| it.get(cell)).cloned();
                    set(&mut values, *term, value);
                }
                self.tested(expr, &values)
            })
            .collect()
    }

    fn tested(&self, expr: &Expr, values: &Values) -> Option<bool> {
        let value = |local: LocalIx| values.get(local.index()).cloned().flatten();
        match evaluate(self.rules, expr, &value) {
            Known::Value(Constant::Bool(value)) => Some(value),
            Known::Value(_) | Known::Open | Known::Never => None,
        }
    }

    /// Looks for a case of which a formula holds; one that needs no soft term first.
    pub(in crate::check) fn find(&self, formula: &Formula) -> Found {
        let tables = self.tables();
        // Mostly there is none, and one search shows it.
        let mut free = Search::new(self, &tables, formula, Softness::Free);
        let perhaps = match free.run() {
            Ok(None) => return Found::Never,
            Ok(Some(found)) => Some(found),
            Err(Exhausted) => None,
        };
        let mut firm = Search::new(self, &tables, formula, Softness::Unknown);
        match (firm.run(), perhaps) {
            (Ok(Some(found)), _) => Found::Certainly(found),
            (Ok(None) | Err(Exhausted), Some(found)) => Found::Perhaps(found),
            (Ok(None) | Err(Exhausted), None) => Found::TooMany,
        }
    }

    /// Whether [`find`](Space::find) would find a case; nothing if there are too many. Where nobody asks
    /// which, one search is enough.
    pub(in crate::check) fn any(&self, formula: &Formula) -> Option<bool> {
        let tables = self.tables();
        let found = Search::new(self, &tables, formula, Softness::Free).run();
        found.ok().map(|found| found.is_some())
    }

    /// What a formula comes to for values of one's own.
    pub(super) fn verdict(&self, formula: &Formula, values: &Values) -> Option<bool> {
        match formula {
            Formula::Decided(value) => Some(*value),
            Formula::Test(test) => {
                self.tests.get(*test).and_then(|test| self.tested(&test.expr, values))
            }
            Formula::Not(inner) => self.verdict(inner, values).map(|value| !value),
            Formula::All(parts) => joined(parts.iter().map(|it| self.verdict(it, values)), false),
            Formula::Any(parts) => joined(parts.iter().map(|it| self.verdict(it, values)), true),
        }
    }

    /// Whether a term's value is not a field's, but put together of several.
    fn is_derived(&self, term: TermIx) -> bool {
        self.terms.get(term.0).is_some_and(|term| match &term.key {
            TermKey::Linear(_) | TermKey::Order { .. } => true,
            TermKey::Expr(expr) => {
                witness::is_day_part(expr) || !matches!(term.making, Making::Given)
            }
        })
    }
}

/// What is done with soft terms.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Softness {
    /// They have no value; what holds must hold whatever they are.
    Unknown,
    /// They may have any value.
    Free,
    /// They may have any value, and a test without an answer is found too.
    Doubted,
}

struct Search<'a> {
    space: &'a Space<'a>,
    tables: &'a Tables,
    formula: &'a Formula,
    steps: u32,
    soft: Softness,
    /// How often fields were looked for that make what was asked of them together.
    tries: u32,
    /// What the formula asks, found when a case is first made.
    asked: OnceCell<Asked>,
}

/// The tests of a formula.
struct Asked {
    /// Each once.
    tests: Vec<usize>,
    /// By term, those that ask for it.
    by_term: Vec<Vec<usize>>,
}

impl<'a> Search<'a> {
    fn new(
        space: &'a Space<'a>,
        tables: &'a Tables,
        formula: &'a Formula,
        soft: Softness,
    ) -> Search<'a> {
        Search { space, tables, formula, steps: 0, soft, tries: 0, asked: OnceCell::new() }
    }

    /// What a test says for every combination of its terms' cells.
    fn answers(&self, test: usize) -> Option<(&'a Table, &'a [Option<bool>])> {
        let table = self.tables.tests.get(test)?;
        let test = self.space.tests.get(test)?;
        let candidates = &self.tables.candidates;
        let answers = || self.space.tabulated(&test.expr, &table.terms, candidates);
        Some((table, table.answers.get_or_init(answers)))
    }

    fn run(&mut self) -> Result<Option<Witness>, Exhausted> {
        let mut cells = vec![None; self.tables.candidates.len()];
        self.under(self.formula, &mut cells)
    }

    /// Looks for a case among those with the cells fixed so far.
    fn under(
        &mut self,
        formula: &Formula,
        cells: &mut Cells,
    ) -> Result<Option<Witness>, Exhausted> {
        self.steps = self.steps.saturating_add(1);
        if self.steps > STEPS_MAX {
            return Err(Exhausted);
        }
        let left = self.reduced(formula, cells);
        match left {
            Formula::Decided(false) => return Ok(None),
            Formula::Decided(true) => return Ok(self.realised(cells)),
            Formula::Test(_) | Formula::Not(_) | Formula::All(_) | Formula::Any(_) => {}
        }
        if self.soft == Softness::Unknown && self.leans(&left, &mut Vec::new()) {
            return Ok(None);
        }
        let Some(term) = self.next_open(&left, cells) else {
            return Ok(match self.soft {
                Softness::Free => None,
                Softness::Doubted => Some(Witness::unproven(Vec::new())),
                Softness::Unknown => {
                    if self.holds_whatever(&left, cells)? {
                        self.realised(cells)
                    } else {
                        None
                    }
                }
            });
        };
        let count = self.tables.candidates.get(term.0).map_or(0, Vec::len);
        for cell in 0..count {
            set_cell(cells, term, Some(cell));
            if self.is_refused(&left, cells) {
                continue;
            }
            let found = self.under(&left, cells)?;
            if found.is_some() {
                return Ok(found);
            }
        }
        set_cell(cells, term, None);
        Ok(None)
    }

    /// Whether one of the questions that must be answered alone is answered otherwise.
    fn is_refused(&self, formula: &Formula, cells: &Cells) -> bool {
        let Formula::All(parts) = formula else { return false };
        parts
            .iter()
            .filter_map(literal)
            .any(|(test, wanted)| self.answer(test, cells).is_some_and(|answer| answer != wanted))
    }

    /// Whether what is left holds for all values of the soft terms.
    fn holds_whatever(&mut self, left: &Formula, cells: &Cells) -> Result<bool, Exhausted> {
        let opposite = left.clone().not();
        let (soft, asked) = (Softness::Doubted, OnceCell::new());
        let mut inner = Search { soft, formula: &opposite, asked, ..*self };
        let mut cells = cells.clone();
        let found = inner.under(&opposite, &mut cells);
        self.steps = inner.steps;
        Ok(found?.is_none())
    }

    /// Whether soft terms by themselves can keep a formula from holding: then it holds of no case for
    /// certain. `denied` are the answers that do so; each has terms of its own, so that all can be
    /// given at once.
    fn leans(&self, formula: &Formula, denied: &mut Vec<(usize, bool)>) -> bool {
        match formula {
            Formula::Decided(_) => false,
            Formula::Test(_) | Formula::Not(_) => literal(formula).is_some_and(|one| {
                if denied.contains(&one) {
                    return true;
                }
                let free = self.is_soft_question(one.0, one.1)
                    && denied.iter().all(|other| self.are_apart(one.0, other.0));
                if free {
                    denied.push(one);
                }
                free
            }),
            Formula::All(parts) => parts.iter().any(|part| self.leans(part, denied)),
            Formula::Any(parts) => parts.iter().all(|part| self.leans(part, denied)),
        }
    }

    /// Whether two tests ask about different terms.
    fn are_apart(&self, one: usize, two: usize) -> bool {
        let terms = |test: usize| self.tables.tests.get(test).map(|table| &table.terms);
        match (terms(one), terms(two)) {
            (Some(one), Some(two)) => one.iter().all(|term| !two.contains(term)),
            (None, _) | (_, None) => false,
        }
    }

    fn is_soft_question(&self, test: usize, wanted: bool) -> bool {
        self.answers(test).is_some_and(|(table, answers)| {
            table.terms.iter().all(|term| self.space.is_soft(*term))
                && !answers.iter().all(|answer| *answer == Some(wanted))
        })
    }

    /// What is left of a formula once the fixed cells have answered their tests.
    fn reduced(&self, formula: &Formula, cells: &Cells) -> Formula {
        match formula {
            Formula::Decided(value) => Formula::Decided(*value),
            Formula::Test(test) => {
                self.answer(*test, cells).map_or(Formula::Test(*test), Formula::Decided)
            }
            Formula::Not(inner) => self.reduced(inner, cells).not(),
            Formula::All(parts) => self.reduced_parts(parts, cells, false),
            Formula::Any(parts) => self.reduced_parts(parts, cells, true),
        }
    }

    fn reduced_parts(&self, parts: &[Formula], cells: &Cells, settles: bool) -> Formula {
        // What settles it is looked for among the questions first: to reduce all the others is dear.
        let settled = |part: &Formula| {
            let answer = literal(part)
                .and_then(|(test, wanted)| self.answer(test, cells).map(|answer| answer == wanted));
            answer == Some(settles)
        };
        if parts.iter().any(settled) {
            return Formula::Decided(settles);
        }
        let mut left: Vec<Formula> = Vec::new();
        let mut asked: Vec<(usize, bool)> = Vec::new();
        for part in parts {
            let part = self.reduced(part, cells);
            let inner = match part {
                Formula::Decided(value) if value == settles => return Formula::Decided(settles),
                Formula::Decided(_) => continue,
                Formula::All(inner) if !settles => inner,
                Formula::Any(inner) if settles => inner,
                other => vec![other],
            };
            for one in inner {
                if let Some((test, wanted)) = literal(&one) {
                    // A question and its opposite side by side decide the row.
                    if asked.contains(&(test, !wanted)) {
                        return Formula::Decided(settles);
                    }
                    if asked.contains(&(test, wanted)) {
                        continue;
                    }
                    asked.push((test, wanted));
                }
                left.push(one);
            }
        }
        if left.len() > 1 {
            return if settles { Formula::Any(left) } else { Formula::All(left) };
        }
        left.pop().unwrap_or(Formula::Decided(!settles))
    }

    fn answer(&self, test: usize, cells: &Cells) -> Option<bool> {
        let (table, answers) = self.answers(test)?;
        let (mut row, mut stride) = (0_usize, 1_usize);
        for term in &table.terms {
            let cell = cells.get(term.0).copied().flatten()?;
            row = row.saturating_add(cell.saturating_mul(stride));
            stride = stride.saturating_mul(self.tables.candidates.get(term.0)?.len());
        }
        if answers.is_empty() {
            let values = self.values(cells);
            let test = self.space.tests.get(test)?;
            return self.space.tested(&test.expr, &values);
        }
        answers.get(row).copied().flatten()
    }

    /// The term to fix next: one of a question that must be answered alone, else of the first one left.
    fn next_open(&self, formula: &Formula, cells: &Cells) -> Option<TermIx> {
        match formula {
            Formula::Decided(_) => None,
            Formula::Test(test) => {
                let table = self.tables.tests.get(*test)?;
                let open = |term: &&TermIx| cells.get(term.0).is_some_and(Option::is_none);
                let wanted =
                    |term: &&TermIx| self.soft != Softness::Unknown || !self.space.is_soft(**term);
                table.terms.iter().filter(open).find(wanted).copied()
            }
            Formula::Not(inner) => self.next_open(inner, cells),
            Formula::All(parts) | Formula::Any(parts) => {
                let alone = parts.iter().filter(|part| literal(part).is_some());
                let others = parts.iter().filter(|part| literal(part).is_none());
                alone.chain(others).find_map(|part| self.next_open(part, cells))
            }
        }
    }

    fn values(&self, cells: &Cells) -> Values {
        let values = self.tables.candidates.iter().zip(cells);
        values.map(|(values, cell)| cell.and_then(|cell| values.get(cell)).cloned()).collect()
    }

    /// The cells without which the formula would not hold; the others only stood in the way of the
    /// search. Nothing if one of them is of a derived term, and those are not wanted.
    fn needed(&self, cells: &Cells, derived_too: bool) -> Option<Cells> {
        let mut needed = cells.clone();
        let asked = self.asked.get_or_init(|| self.asked());
        let mut answers = vec![None; self.tables.tests.len()];
        for test in &asked.tests {
            if let Some(known) = answers.get_mut(*test) {
                *known = self.answer(*test, cells);
            }
        }
        let holds = |answers: &[Option<bool>]| {
            settled(self.formula, &|test| answers.get(test).copied().flatten()) == Some(true)
        };
        if !holds(&answers) {
            return Some(needed);
        }
        for (term, asked) in asked.by_term.iter().enumerate().rev() {
            let term = TermIx(term);
            if needed.get(term.0).is_none_or(Option::is_none) {
                continue;
            }
            // Without a cell for each of its terms no test has an answer.
            let mut without = answers.clone();
            for test in asked {
                if let Some(answer) = without.get_mut(*test) {
                    *answer = None;
                }
            }
            if holds(&without) {
                set_cell(&mut needed, term, None);
                answers = without;
            } else if !derived_too && self.space.is_derived(term) {
                return None;
            }
        }
        Some(needed)
    }

    /// Finds the tests of the formula, and of each term which of them ask for it.
    fn asked(&self) -> Asked {
        let mut is_asked = vec![false; self.tables.tests.len()];
        note_tests(self.formula, &mut is_asked);
        let asked = is_asked.iter().enumerate().filter(|(_, is_asked)| **is_asked);
        let tests: Vec<usize> = asked.map(|(test, _)| test).collect();
        let mut by_term = vec![Vec::new(); self.tables.candidates.len()];
        for test in &tests {
            let terms = self.tables.tests.get(*test).map_or(&[][..], |table| &table.terms);
            for term in terms {
                by_term.get_mut(term.0).into_iter().for_each(|asked| asked.push(*test));
            }
        }
        Asked { tests, by_term }
    }

    /// The case with days and fields made to fit what was asked of several at once, and the formula
    /// asked again; `None` if that fails and the case was to be certain.
    fn realised(&mut self, cells: &Cells) -> Option<Witness> {
        let tries = self.soft != Softness::Doubted && self.tries < TRIES_MAX;
        // Where nothing is tried any more and all must be certain, a derived term is the end of it.
        let derived_too = tries || self.soft != Softness::Unknown;
        let values = self.values(&self.needed(cells, derived_too)?);
        let derived = (0..values.len())
            .map(TermIx)
            .filter(|term| values.get(term.0).is_some_and(Option::is_some))
            .any(|term| self.space.is_derived(term));
        if !derived {
            return Some(Witness::proven(values));
        }
        let candidates = &self.tables.candidates;
        if tries {
            self.tries = self.tries.saturating_add(1);
            let real = witness::realise(self.space, candidates, &values)
                .and_then(|real| self.space.fitting(self.formula, candidates, real));
            if let Some(real) = real {
                return Some(Witness::proven(real));
            }
        }
        let possible =
            self.soft != Softness::Unknown && self.space.calendar_allows(candidates, &values);
        possible.then(|| Witness::unproven(values))
    }
}

/// Notes the tests of a formula.
fn note_tests(formula: &Formula, asked: &mut [bool]) {
    match formula {
        Formula::Decided(_) => {}
        Formula::Test(test) => asked.get_mut(*test).into_iter().for_each(|asked| *asked = true),
        Formula::Not(inner) => note_tests(inner, asked),
        Formula::All(parts) | Formula::Any(parts) => {
            parts.iter().for_each(|part| note_tests(part, asked));
        }
    }
}

/// A question, with the answer that is wanted.
fn literal(formula: &Formula) -> Option<(usize, bool)> {
    match formula {
        Formula::Test(test) => Some((*test, true)),
        Formula::Not(inner) => match inner.as_ref() {
            Formula::Test(test) => Some((*test, false)),
            Formula::Decided(_) | Formula::Not(_) | Formula::All(_) | Formula::Any(_) => None,
        },
        Formula::Decided(_) | Formula::All(_) | Formula::Any(_) => None,
    }
}

fn set(values: &mut Values, term: TermIx, value: Option<Constant>) {
    if let Some(place) = values.get_mut(term.0) {
        *place = value;
    }
}

fn set_cell(cells: &mut Cells, term: TermIx, cell: Option<usize>) {
    if let Some(place) = cells.get_mut(term.0) {
        *place = cell;
    }
}

/// The expression of a term, if it is one.
pub(super) fn expr_of(key: &TermKey) -> Option<&Expr> {
    match key {
        TermKey::Expr(expr) => Some(expr),
        TermKey::Linear(_) | TermKey::Order { .. } => None,
    }
}
