//! Whole units out of exact shares: who gets the odd fen.
//!
//! A pure function of the shares, the number of units to give, the way of giving and the bounds that
//! refuse a unit. It knows nothing of accounts and rules.

use crate::base::{Exact, ExactError};

/// Who gets the units that rounding down leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way<'l> {
    /// The largest fractions first; ties in written order.
    LargestRemainder,
    /// In written order, over shares that are not zero.
    InOrder,
    /// All to the first of these leaves that may take them, or to none.
    AllTo(&'l [usize]),
}

/// What may refuse a unit.
#[derive(Debug, Clone, Default)]
pub(crate) struct Bounds {
    /// How many units each bound lets through in all; for the mirror of a refund, likewise.
    pub limits: Vec<i128>,
    /// Which leaf counts against which bound, and whether the bound may refuse it a unit.
    pub members: Vec<Member>,
}

/// A leaf under a bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Member {
    /// The leaf.
    pub leaf: usize,
    /// The bound.
    pub bound: usize,
    /// Whether a unit of this leaf is refused once the bound is reached; else it only counts.
    pub refuses: bool,
}

/// What a settlement made besides the units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Given {
    /// Units that nobody took, with the sign of the whole: for a leaf of its own.
    pub left: i128,
    /// How many units were given or withheld beyond rounding down.
    pub moved: u64,
}

/// Memory that outlives one settlement, so that the next needs none of its own.
#[derive(Debug, Default)]
pub(crate) struct Workspace {
    fractions: Vec<(Exact, usize)>,
    left: Vec<i128>,
}

/// The largest number of units a share may have: room enough below 128 bits that adding a few
/// units, or turning the sign, cannot overflow.
const UNITS_MAX: i128 = 1 << 120;

/// Settles `units` over exact shares and appends what each gets to `out`.
///
/// Each share is rounded down (mirrored where `units` is negative), and the units missing go one
/// each by the way of giving; a refused one goes to the next leaf by the same order. With
/// shares that sum to `units` at most one unit reaches each leaf unless bounds refuse; where all
/// refuse, the order stands and the bounds yield, for money is never lost. A sum of shares above
/// `units` (a carried entitlement) withholds from the smallest fractions, the last first.
///
/// # Errors
/// [`ExactError::TooWide`] if a share has more than 2^120 units.
pub(crate) fn settle(
    units: i128,
    shares: &[Exact],
    way: Way<'_>,
    bounds: &Bounds,
    work: &mut Workspace,
    out: &mut Vec<i128>,
) -> Result<Given, ExactError> {
    let mirrored = units < 0;
    let start = out.len();
    let mut missing = in_range(units)?.abs();
    work.fractions.clear();
    for (leaf, share) in shares.iter().enumerate() {
        let share = if mirrored { share.neg() } else { share.clone() };
        let down = share.floor();
        let whole = in_range(down.to_int().ok_or(ExactError::TooWide)?)?;
        missing = missing.checked_sub(whole).ok_or(ExactError::TooWide)?;
        out.push(whole);
        if !share.is_zero() {
            work.fractions.push((share.sub(&down)?, leaf));
        }
    }
    let given = match out.get_mut(start..) {
        Some(taken) if missing != 0 => give(missing, way, bounds, work, taken),
        _ => Given::default(),
    };
    if mirrored {
        out.iter_mut().skip(start).for_each(|taken| *taken = -*taken);
        return Ok(Given { left: -given.left, ..given });
    }
    Ok(given)
}

fn in_range(units: i128) -> Result<i128, ExactError> {
    if (-UNITS_MAX..=UNITS_MAX).contains(&units) { Ok(units) } else { Err(ExactError::TooWide) }
}

fn give(
    missing: i128,
    way: Way<'_>,
    bounds: &Bounds,
    work: &mut Workspace,
    taken: &mut [i128],
) -> Given {
    let moved = u64::try_from(missing.unsigned_abs()).unwrap_or(u64::MAX);
    work.left.clear();
    work.left.extend_from_slice(&bounds.limits);
    for member in &bounds.members {
        let whole = taken.get(member.leaf).copied().unwrap_or(0);
        if let Some(left) = work.left.get_mut(member.bound) {
            *left = left.saturating_sub(whole);
        }
    }
    match way {
        Way::AllTo(leaves) => {
            let mut rest = missing;
            for leaf in leaves {
                while rest > 0 && accepts(*leaf, bounds, &mut work.left) {
                    add(taken, *leaf, 1);
                    rest -= 1;
                }
            }
            return Given { left: rest, moved };
        }
        // A sort that keeps equals in place; a waterfall's order is the written one.
        Way::LargestRemainder => work.fractions.sort_by(|(a, _), (b, _)| b.cmp(a)),
        Way::InOrder => {}
    }
    let order = &work.fractions;
    if order.is_empty() {
        return Given { left: missing, moved };
    }
    let mut rest = missing;
    for (_, leaf) in order.iter().rev().cycle().take_while(|_| missing < 0) {
        if rest == 0 {
            break;
        }
        add(taken, *leaf, -1);
        rest += 1;
    }
    while rest > 0 {
        let before = rest;
        for (_, leaf) in order {
            if rest > 0 && accepts(*leaf, bounds, &mut work.left) {
                add(taken, *leaf, 1);
                rest -= 1;
            }
        }
        if rest == before {
            break;
        }
    }
    for (_, leaf) in order.iter().cycle() {
        if rest == 0 {
            break;
        }
        add(taken, *leaf, 1);
        rest -= 1;
    }
    Given { left: 0, moved }
}

fn add(taken: &mut [i128], leaf: usize, units: i128) {
    if let Some(taken) = taken.get_mut(leaf) {
        *taken += units;
    }
}

/// Whether no bound refuses the leaf another unit; if so it is counted.
fn accepts(leaf: usize, bounds: &Bounds, left: &mut [i128]) -> bool {
    let of_leaf = || bounds.members.iter().filter(|member| member.leaf == leaf);
    let full = |member: &Member| left.get(member.bound).is_some_and(|left| *left <= 0);
    if of_leaf().any(|member| member.refuses && full(member)) {
        return false;
    }
    for member in of_leaf() {
        if let Some(left) = left.get_mut(member.bound) {
            *left -= 1;
        }
    }
    true
}

#[cfg(test)]
mod tests;
