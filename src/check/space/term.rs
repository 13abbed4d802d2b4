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
    /// Where a rule first asks about it.
    pub(in crate::check) span: Span,
}

/// What tells one term from another.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::check) enum TermKey {
    /// An expression without places.
    Expr(Expr),
    /// A sum of numeric terms with factors, the first of which is one.
    Linear(Vec<(TermIx, Exact)>),
    /// How a date stands to another moved by a length: −1 before, 0 the same day, 1 after.
    Order { left: TermIx, right: TermIx, shift: Duration },
}

/// The values of a term.
#[derive(Debug, Clone)]
pub(super) enum Domain {
    /// Yes or no.
    Bool,
    /// Days, or periods of a kind, by their number; a cell begins at each cut.
    Line { kind: Option<PeriodKind>, cuts: BTreeSet<i32> },
    /// Numbers; a cell begins at each cut, on it or just after it. With a step only its multiples occur.
    Numbers { cuts: BTreeSet<(Exact, Side)>, step: Option<Exact>, least: Option<Exact> },
    /// Members; one class per value guards can tell apart.
    Members { enumeration: EnumerationId, classes: Vec<u64>, twins: bool },
    /// Options of a reading.
    Options { reading: crate::model::ReadingId, count: u32 },
    /// Texts; those named, and others.
    Texts { named: BTreeSet<String> },
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
        Domain::Numbers { cuts: BTreeSet::new(), step, least }
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
            Domain::Numbers { cuts, step, least } => numbers(cuts, step.as_ref(), least.as_ref()),
            Domain::Members { enumeration, classes, twins } => {
                members(rules, *enumeration, classes, if *twins { TWINS } else { 1 })
            }
            Domain::Options { reading, count } => {
                (0..*count).map(|option| Constant::Option(*reading, option)).collect()
            }
            Domain::Texts { named } => {
                let others = [OTHER_TEXT, OTHER_TEXT_TOO].map(str::to_owned);
                named.iter().cloned().chain(others).map(Constant::Text).collect()
            }
        }
    }
}

/// A text no rule names, and another.
pub(super) const OTHER_TEXT: &str = "…";
const OTHER_TEXT_TOO: &str = "……";

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

fn numbers(
    cuts: &BTreeSet<(Exact, Side)>,
    step: Option<&Exact>,
    least: Option<&Exact>,
) -> Vec<Constant> {
    let ordered: Vec<&(Exact, Side)> = cuts.iter().collect();
    let unit = step.cloned().unwrap_or(Exact::ONE);
    let mut found = Vec::new();
    let Some((first, _)) = ordered.first() else {
        return vec![Constant::Number(least.cloned().unwrap_or(unit))];
    };
    found.extend(first.sub(&unit).ok());
    for (at, (value, side)) in ordered.iter().enumerate() {
        let next = ordered.get(at.saturating_add(1)).map(|(next, _)| next);
        match side {
            Side::At => found.push(value.clone()),
            Side::After => found.extend(after(value, next, step)),
        }
    }
    found.retain(|value| {
        step.is_none_or(|step| value.div(step).is_ok_and(|it| it.is_integer()))
            && least.is_none_or(|least| least <= value)
    });
    // A payment says more than a refund, and a refund more than nothing.
    found.sort_by_key(|value| (value.is_zero(), value.is_negative()));
    found.into_iter().map(Constant::Number).collect()
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
