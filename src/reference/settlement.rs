//! Whole units out of exact shares.

use std::cmp::Reverse;

use num_bigint::BigInt;
use num_traits::{One, Signed, Zero};

use super::number::Number;

/// Who gets the units that are missing once every share is rounded down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    /// One each by descending fraction, ties in written order.
    LargestRemainder,
    /// One each in written order, over shares that are not zero.
    InOrder,
    /// All to the first of these shares (those of one account), else to none of them.
    To(Vec<usize>),
}

/// Whole units for each share, and what stays for a leaf of its own at the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Settled {
    pub units: Vec<BigInt>,
    pub apart: BigInt,
}

/// Gives `total` units over exact shares, counted in units; `mirrored` as the mirror of giving the
/// opposite.
///
/// `allows` is asked before a share gets a missing unit: whether its bounds let it have these units.
pub(super) fn settle(
    kind: &Kind,
    shares: &[Number],
    total: &BigInt,
    mirrored: bool,
    allows: &dyn Fn(&[BigInt], usize) -> bool,
) -> Settled {
    if !mirrored {
        return settle_upward(kind, shares, total, allows);
    }
    let mirror = |units: &[BigInt]| units.iter().map(|units| -units).collect::<Vec<BigInt>>();
    let shares: Vec<Number> = shares.iter().map(|share| -share).collect();
    let allows_mirrored = |units: &[BigInt], at: usize| allows(&mirror(units), at);
    let settled = settle_upward(kind, &shares, &-total, &allows_mirrored);
    Settled { units: mirror(&settled.units), apart: -settled.apart }
}

fn settle_upward(
    kind: &Kind,
    shares: &[Number],
    total: &BigInt,
    allows: &dyn Fn(&[BigInt], usize) -> bool,
) -> Settled {
    let mut units: Vec<BigInt> = shares.iter().map(|share| share.floor().to_integer()).collect();
    let mut missing = total - units.iter().sum::<BigInt>();
    let order = order(kind, shares);
    if let Kind::To(_) = kind {
        for at in order {
            while missing.is_positive() && give(&mut units, at, BigInt::one(), allows) {
                missing -= 1;
            }
        }
        return Settled { units, apart: missing };
    }
    // Running entitlements can leave fewer units than were rounded down to: the last in the order
    // give them back.
    while missing.is_negative() && !order.is_empty() {
        for at in order.iter().rev() {
            if missing.is_negative() && give(&mut units, *at, -BigInt::one(), &|_, _| true) {
                missing += 1;
            }
        }
    }
    let mut bounded = true;
    while missing.is_positive() && !order.is_empty() {
        let before = missing.clone();
        for at in &order {
            let free = |_: &[BigInt], _: usize| true;
            let allowed: &dyn Fn(&[BigInt], usize) -> bool = if bounded { allows } else { &free };
            if missing.is_positive() && give(&mut units, *at, BigInt::one(), allowed) {
                missing -= 1;
            }
        }
        // Every leaf refuses: somebody has to take what is left, by the same order.
        bounded = missing != before;
    }
    Settled { units, apart: missing }
}

/// The order in which shares are offered a unit.
fn order(kind: &Kind, shares: &[Number]) -> Vec<usize> {
    let with_something = shares.iter().enumerate().filter(|(_, share)| !share.is_zero());
    let mut order: Vec<usize> = with_something.map(|(at, _)| at).collect();
    match kind {
        Kind::InOrder => {}
        Kind::To(places) => order.clone_from(places),
        Kind::LargestRemainder => {
            let fraction = |at: &usize| shares.get(*at).map(|share| share - share.floor());
            order.sort_by_key(|at| Reverse(fraction(at)));
        }
    }
    order
}

fn give(
    units: &mut [BigInt],
    at: usize,
    unit: BigInt,
    allows: &dyn Fn(&[BigInt], usize) -> bool,
) -> bool {
    let Some(place) = units.get_mut(at) else { return false };
    *place += &unit;
    if allows(units, at) {
        return true;
    }
    if let Some(place) = units.get_mut(at) {
        *place -= unit;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shares(parts: &[(i64, i64)]) -> Vec<Number> {
        parts.iter().map(|(up, down)| Number::new((*up).into(), (*down).into())).collect()
    }

    #[track_caller]
    fn check(kind: Kind, parts: &[(i64, i64)], total: i64, wanted: &[i64], apart: i64) {
        let settled = settle(&kind, &shares(parts), &total.into(), false, &|_, _| true);
        let units = wanted.iter().map(|units| BigInt::from(*units)).collect();
        assert_eq!(settled, Settled { units, apart: apart.into() });
        let negative: Vec<(i64, i64)> = parts.iter().map(|(up, down)| (-up, *down)).collect();
        let mirrored = settle(&kind, &shares(&negative), &(-total).into(), true, &|_, _| true);
        let units = wanted.iter().map(|units| BigInt::from(-units)).collect();
        assert_eq!(mirrored, Settled { units, apart: (-apart).into() });
    }

    #[test]
    fn one_split_three_ways() {
        let thirds = [(5, 3), (5, 3), (5, 3)];
        check(Kind::LargestRemainder, &thirds, 5, &[2, 2, 1], 0);
        check(Kind::InOrder, &thirds, 5, &[2, 2, 1], 0);
        check(Kind::To(vec![2]), &thirds, 5, &[1, 1, 3], 0);
        check(Kind::To(vec![]), &thirds, 5, &[1, 1, 1], 2);
    }

    #[test]
    fn zero_shares_get_nothing() {
        let parts = [(0, 1), (1, 3), (2, 3)];
        check(Kind::LargestRemainder, &parts, 1, &[0, 0, 1], 0);
        check(Kind::InOrder, &parts, 1, &[0, 1, 0], 0);
    }

    #[test]
    fn a_refused_unit_goes_to_the_next() {
        let parts = shares(&[(3, 2), (3, 2)]);
        let allows = |units: &[BigInt], at: usize| at != 0 || units[0] <= BigInt::from(1);
        let settled = settle(&Kind::LargestRemainder, &parts, &3.into(), false, &allows);
        assert_eq!(settled.units, [BigInt::from(1), BigInt::from(2)]);
    }
}
