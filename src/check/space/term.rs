//! What guards ask about: the quantities of an event, and the cells that the constants of the rules
//! cut out of each.

use std::collections::BTreeSet;

use crate::base::{Date, Duration, Exact, Period, PeriodKind, Span};
use crate::model::{Constant, EnumerationId, Expr, MemberIx, RuleSet};

/// The number of a term in its space.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::check) struct TermIx(pub(super) usize);

/// A quantity that varies from event to event.
#[derive(Debug, Clone)]
pub(in crate::check) struct Term {
    /// What it is.
    pub(in crate::check) key: TermKey,
    /// Its values, and where they are cut.
    pub(super) domain: Domain,
    /// Known from registers or state only, so that the rules alone cannot say what it may be.
    pub(in crate::check) soft: bool,
    /// Whether its value is free, or follows from others.
    pub(super) making: Making,
    /// Where a rule first asks about it.
    pub(in crate::check) span: Span,
}

/// What tells one term from another.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::check) enum TermKey {
    /// An expression.
    Expr(Expr),
    /// A sum of numeric terms with factors, the first of which is one.
    Linear(Vec<(TermIx, Exact)>),
    /// How a date stands to another moved by a length: −1 before, 0 the same day, 1 after.
    Order { left: TermIx, right: TermIx, shift: Duration },
}

/// Where a term's value comes from.
#[derive(Debug, Clone)]
pub(super) enum Making {
    /// Of its own: a field, a reading, what a register or the state holds.
    Given,
    /// Worked out of other terms, which stand as locals.
    Of(Expr),
    /// Worked out of others in a way that is not followed here.
    Unknown,
}

/// The values of a term.
#[derive(Debug, Clone)]
pub(super) enum Domain {
    /// Yes or no.
    Bool,
    /// Days, or periods of a kind, by their number; a cell begins at each cut.
    Line { kind: Option<PeriodKind>, cuts: BTreeSet<i32> },
    /// Numbers; a cell begins at each cut, on it or just after it. With a step only its multiples occur,
    /// none of them beyond the limits.
    Numbers { cuts: BTreeSet<(Exact, Side)>, step: Option<Exact>, limits: Limits },
    /// Members; one class per value guards can tell apart.
    Members { enumeration: EnumerationId, classes: Vec<u64>, twins: bool },
    /// Options of a reading.
    Options { reading: crate::model::ReadingId, count: u32 },
    /// Texts; those named, and others. Where their order is asked, others before and behind each.
    Texts { named: BTreeSet<String>, ordered: bool },
}

/// The least and the greatest of some numbers.
#[derive(Debug, Clone, Default)]
pub(super) struct Limits {
    pub(super) least: Option<Exact>,
    pub(super) most: Option<Exact>,
}

impl Limits {
    fn allow(&self, value: &Exact) -> bool {
        self.least.as_ref().is_none_or(|least| least <= value)
            && self.most.as_ref().is_none_or(|most| value <= most)
    }
}

/// Whether a cell begins at a number or just after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Side {
    /// At it.
    At,
    /// Just after it.
    After,
}

/// How many others of a kind may be compared with each other.
const TWINS: usize = 3;

impl Domain {
    /// Numbers not cut yet.
    pub(super) fn numbers(step: Option<Exact>, least: Option<Exact>) -> Domain {
        Domain::within(step, Limits { least, most: None })
    }

    /// Numbers between limits.
    pub(super) fn within(step: Option<Exact>, limits: Limits) -> Domain {
        Domain::Numbers { cuts: BTreeSet::new(), step, limits }
    }

    /// Whether a number is one of them.
    pub(super) fn has_number(&self, value: &Exact) -> bool {
        let Domain::Numbers { step, limits, .. } = self else { return false };
        is_multiple(value, step.as_ref()) && limits.allow(value)
    }

    /// Cuts at a number, so that values below, at and above it lie in different cells.
    pub(super) fn cut_number(&mut self, at: &Exact) {
        if let Domain::Numbers { cuts, .. } = self {
            cuts.insert((at.clone(), Side::At));
            cuts.insert((at.clone(), Side::After));
        }
    }

    /// Cuts before a day or period.
    pub(super) fn cut_line(&mut self, at: i32) {
        if let Domain::Line { kind, cuts } = self {
            let (first, last) = ends(*kind);
            if (first..=last).contains(&at) {
                cuts.insert(at);
            }
        }
    }

    /// Tells members apart by a mark.
    pub(super) fn tell_apart(&mut self, mark: &dyn Fn(MemberIx) -> u64) {
        if let Domain::Members { classes, .. } = self {
            let mut pairs: Vec<(u64, u64)> = Vec::new();
            for (at, class) in classes.iter_mut().enumerate() {
                let pair = (*class, mark(MemberIx::next(at)));
                let known = pairs.iter().position(|one| *one == pair);
                let new = known.unwrap_or_else(|| {
                    pairs.push(pair);
                    pairs.len().saturating_sub(1)
                });
                *class = u64::try_from(new).unwrap_or(u64::MAX);
            }
        }
    }

    /// One value out of each cell.
    pub(super) fn values(&self, rules: &RuleSet) -> Vec<Constant> {
        match self {
            Domain::Bool => vec![Constant::Bool(true), Constant::Bool(false)],
            Domain::Line { kind, cuts } => line(*kind, cuts),
            Domain::Numbers { cuts, step, limits } => numbers(cuts, step.as_ref(), limits),
            Domain::Members { enumeration, classes, twins } => {
                members(rules, *enumeration, classes, if *twins { TWINS } else { 1 })
            }
            Domain::Options { reading, count } => {
                (0..*count).map(|option| Constant::Option(*reading, option)).collect()
            }
            Domain::Texts { named, ordered: true } => {
                texts_in_order(named).into_iter().map(Constant::Text).collect()
            }
            Domain::Texts { named, ordered: false } => {
                let others = letters().filter(|letter| !named.contains(letter)).take(2);
                named.iter().cloned().chain(others).map(Constant::Text).collect()
            }
        }
    }
}

/// Texts for one that no rule names: `X`, `Y`, `Z`, and longer ones for those who name these.
fn letters() -> impl Iterator<Item = String> {
    (1..).flat_map(|length| ["X", "Y", "Z"].map(|letter| letter.repeat(length)))
}

fn line(kind: Option<PeriodKind>, cuts: &BTreeSet<i32>) -> Vec<Constant> {
    // The cell before all cuts last: a finding of a day that rules name says more than one of the
    // year 1.
    let first = ends(kind).0;
    let first = (!cuts.contains(&first)).then_some(first);
    let starts = cuts.iter().copied().chain(first);
    starts.filter_map(|at| position(kind, at)).collect()
}

/// The first and the last number of a day, or of a period.
pub(super) fn ends(kind: Option<PeriodKind>) -> (i32, i32) {
    match kind {
        None => (Date::MIN.days(), Date::MAX.days()),
        Some(kind) => (Period::of(kind, Date::MIN).index(), Period::of(kind, Date::MAX).index()),
    }
}

/// The day or period of a number.
pub(super) fn position(kind: Option<PeriodKind>, at: i32) -> Option<Constant> {
    match kind {
        None => Date::from_days(at).map(Constant::Date),
        Some(kind) => {
            let first = Period::of(kind, Date::MIN);
            let moved = first.checked_add(at.checked_sub(first.index())?)?;
            Some(Constant::Period(moved))
        }
    }
}

fn numbers(cuts: &BTreeSet<(Exact, Side)>, step: Option<&Exact>, limits: &Limits) -> Vec<Constant> {
    let ordered: Vec<&(Exact, Side)> = cuts.iter().collect();
    let unit = step.cloned().unwrap_or(Exact::ONE);
    let mut found = Vec::new();
    let Some((first, _)) = ordered.first() else {
        return vec![Constant::Number(limits.least.clone().unwrap_or(unit))];
    };
    found.extend(first.sub(&unit).ok());
    for (at, (value, side)) in ordered.iter().enumerate() {
        let next = ordered.get(at.saturating_add(1)).map(|(next, _)| next);
        match side {
            Side::At => found.push(value.clone()),
            Side::After => found.extend(after(value, next, step)),
        }
    }
    found.retain(|value| is_multiple(value, step) && limits.allow(value));
    // A payment says more than a refund, and a refund more than nothing.
    found.sort_by_key(|value| (value.is_zero(), value.is_negative()));
    found.into_iter().map(Constant::Number).collect()
}

fn is_multiple(value: &Exact, step: Option<&Exact>) -> bool {
    step.is_none_or(|step| value.div(step).is_ok_and(|it| it.is_integer()))
}

/// The texts named, and others before, between and behind them as far as there are such.
fn texts_in_order(named: &BTreeSet<String>) -> Vec<String> {
    let mut found: Vec<String> = named.iter().cloned().collect();
    let first = named.first();
    let before = ["a", "A", "1", "0", ""].into_iter().map(str::to_owned);
    found.extend(before.filter(|text| first.is_none_or(|first| text < first)).take(1));
    for (at, text) in named.iter().enumerate() {
        let next = named.iter().nth(at.saturating_add(1));
        let behind = ["中", "z", "a", "0", " "].into_iter().map(|end| format!("{text}{end}"));
        found.extend(behind.filter(|text| next.is_none_or(|next| text < next)).take(2));
    }
    found
}

/// A value above `value` and below `next`, a multiple of the step if there is one.
fn after(value: &Exact, next: Option<&Exact>, step: Option<&Exact>) -> Option<Exact> {
    let round = value.floor().add(&Exact::ONE).ok()?;
    let above = match step {
        Some(_) if next.is_none_or(|next| &round < next) => round,
        Some(step) => value.div(step).ok()?.floor().add(&Exact::ONE).ok()?.mul(step).ok()?,
        None => round,
    };
    match next {
        Some(next) if next <= &above => match step {
            Some(_) => None,
            None => value.add(next).ok()?.div(&Exact::from_int(2)).ok(),
        },
        Some(_) | None => Some(above),
    }
}

fn members(
    rules: &RuleSet,
    enumeration: EnumerationId,
    classes: &[u64],
    each: usize,
) -> Vec<Constant> {
    let known = rules.enumerations.get(enumeration.index()).map_or(0, |it| it.members.len());
    let mut taken: Vec<(u64, usize)> = Vec::new();
    let mut found = Vec::new();
    for (at, class) in classes.iter().enumerate().take(known) {
        let seen = taken.iter_mut().find(|(one, _)| one == class);
        let count = match seen {
            Some((_, count)) => count,
            None => {
                taken.push((*class, 0));
                match taken.last_mut() {
                    Some((_, count)) => count,
                    None => continue,
                }
            }
        };
        if *count < each {
            *count = count.saturating_add(1);
            found.push(Constant::Member(enumeration, MemberIx::next(at)));
        }
    }
    found
}
