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
    /// Fractions of a unit and their leaves, over a common denominator while that is small.
    fractions: Vec<(i128, usize)>,
    wide: Vec<(Exact, usize)>,
    order: Vec<usize>,
    left: Vec<i128>,
}

/// The largest common denominator that is worked with as it is.
const COMMON_MAX: i128 = 1 << 40;

/// Settles `units` over exact shares and appends what each gets to `out`.
///
/// Each share is rounded down (mirrored where `units` is negative, or zero of a sum below zero), and
/// the units missing go one each by the way of giving; a refused one goes to the next leaf by the
/// same order. With shares that sum to `units` at most one unit reaches each leaf unless bounds
/// refuse; where all refuse, the order stands and the bounds yield, for money is never lost. A sum
/// of shares above `units` (a carried entitlement) withholds from the smallest fractions, the last
/// first.
///
/// # Errors
/// [`ExactError::TooWide`] if a leaf would get more units than an amount may have.
pub(crate) fn settle(
    units: i128,
    shares: &[Exact],
    way: Way<'_>,
    bounds: &Bounds,
    work: &mut Workspace,
    out: &mut Vec<i128>,
) -> Result<Given, ExactError> {
    let mut sum = Exact::ZERO;
    for share in shares.iter().filter(|_| units == 0) {
        sum = sum.add(share)?;
    }
    let mirrored = units < 0 || sum.is_negative();
    let start = out.len();
    let missing = units.checked_abs().ok_or(ExactError::TooWide)?;
    work.fractions.clear();
    work.wide.clear();
    let whole = match common(shares) {
        Some(common) => round_down(shares, common, mirrored, work, out)?,
        None => round_down_widely(shares, mirrored, work, out)?,
    };
    let missing = missing.checked_sub(whole).ok_or(ExactError::TooWide)?;
    let given = match out.get_mut(start..) {
        Some(taken) if missing != 0 => give(missing, way, bounds, work, taken)?,
        _ => Given::default(),
    };
    if mirrored {
        out.iter_mut().skip(start).for_each(|taken| *taken = -*taken);
        return Ok(Given { left: -given.left, ..given });
    }
    Ok(given)
}

/// The least common denominator, unless it is large.
fn common(shares: &[Exact]) -> Option<i128> {
    let mut common: i128 = 1;
    for share in shares {
        let (num, den) = share.to_ratio()?;
        num.checked_neg()?;
        if common % den != 0 {
            common = common.checked_mul(den / gcd(common, den))?;
        }
        if common > COMMON_MAX {
            return None;
        }
    }
    Some(common)
}

fn gcd(mut a: i128, mut b: i128) -> i128 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

/// Rounds each share down, notes its fraction, and gives the sum of the whole parts.
fn round_down(
    shares: &[Exact],
    common: i128,
    mirrored: bool,
    work: &mut Workspace,
    out: &mut Vec<i128>,
) -> Result<i128, ExactError> {
    let mut sum: i128 = 0;
    for (leaf, share) in shares.iter().enumerate() {
        let (num, den) = share.to_ratio().ok_or(ExactError::TooWide)?;
        let num = if mirrored { -num } else { num };
        let (whole, rest) = match (i64::try_from(num), i64::try_from(den)) {
            // Four times as fast where it fits, as fen nearly always do.
            (Ok(num), Ok(den)) => (num.div_euclid(den).into(), num.rem_euclid(den).into()),
            _ => (num.div_euclid(den), num.rem_euclid(den)),
        };
        sum = sum.checked_add(whole).ok_or(ExactError::TooWide)?;
        out.push(whole);
        if num != 0 {
            work.fractions.push((rest * (common / den), leaf));
        }
    }
    Ok(sum)
}

fn round_down_widely(
    shares: &[Exact],
    mirrored: bool,
    work: &mut Workspace,
    out: &mut Vec<i128>,
) -> Result<i128, ExactError> {
    let mut sum: i128 = 0;
    for (leaf, share) in shares.iter().enumerate() {
        let share = if mirrored { share.neg() } else { share.clone() };
        let down = share.floor();
        let whole = down.to_int().and_then(|whole| whole.checked_abs().map(|_| whole));
        let whole = whole.ok_or(ExactError::TooWide)?;
        sum = sum.checked_add(whole).ok_or(ExactError::TooWide)?;
        out.push(whole);
        if !share.is_zero() {
            work.wide.push((share.sub(&down)?, leaf));
        }
    }
    Ok(sum)
}

/// Whether shares sum to a whole, as those of one division must.
///
/// # Errors
/// [`ExactError::TooWide`] if their sum leaves the range of numbers.
pub(crate) fn sum_to(shares: &[Exact], whole: &Exact) -> Result<bool, ExactError> {
    if let Some((num, den)) = whole.to_ratio()
        && let Some(common) = common(shares)
        && common % den == 0
    {
        let mut sum: i128 = 0;
        for share in shares {
            let (num, den) = share.to_ratio().ok_or(ExactError::TooWide)?;
            let part = num.checked_mul(common / den);
            let Some(next) = part.and_then(|part| sum.checked_add(part)) else {
                return sums_widely(shares, whole);
            };
            sum = next;
        }
        return Ok(num.checked_mul(common / den) == Some(sum));
    }
    sums_widely(shares, whole)
}

fn sums_widely(shares: &[Exact], whole: &Exact) -> Result<bool, ExactError> {
    let mut sum = Exact::ZERO;
    for share in shares {
        sum = sum.add(share)?;
    }
    Ok(sum == *whole)
}

fn give(
    missing: i128,
    way: Way<'_>,
    bounds: &Bounds,
    work: &mut Workspace,
    taken: &mut [i128],
) -> Result<Given, ExactError> {
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
                    add(taken, *leaf, 1)?;
                    rest -= 1;
                }
            }
            return Ok(Given { left: rest, moved });
        }
        // Sorts that keep equals in place; a waterfall's order is the written one.
        Way::LargestRemainder => {
            work.fractions.sort_by(|(a, _), (b, _)| b.cmp(a));
            work.wide.sort_by(|(a, _), (b, _)| b.cmp(a));
        }
        Way::InOrder => {}
    }
    // Only one of the two has any.
    let leaves = work.fractions.iter().map(|(_, leaf)| *leaf);
    work.order.clear();
    work.order.extend(leaves.chain(work.wide.iter().map(|(_, leaf)| *leaf)));
    let order = &work.order;
    if order.is_empty() {
        return Ok(Given { left: missing, moved });
    }
    let mut rest = missing;
    for leaf in order.iter().rev().cycle().take_while(|_| missing < 0) {
        if rest == 0 {
            break;
        }
        add(taken, *leaf, -1)?;
        rest += 1;
    }
    while rest > 0 {
        let before = rest;
        for leaf in order {
            if rest > 0 && accepts(*leaf, bounds, &mut work.left) {
                add(taken, *leaf, 1)?;
                rest -= 1;
            }
        }
        if rest == before {
            break;
        }
    }
    for leaf in order.iter().cycle() {
        if rest == 0 {
            break;
        }
        add(taken, *leaf, 1)?;
        rest -= 1;
    }
    Ok(Given { left: 0, moved })
}

fn add(taken: &mut [i128], leaf: usize, units: i128) -> Result<(), ExactError> {
    if let Some(taken) = taken.get_mut(leaf) {
        *taken = taken.checked_add(units).ok_or(ExactError::TooWide)?;
    }
    Ok(())
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
