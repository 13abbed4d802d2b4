//! Settlement: tables, and laws that hold for any shares.

use proptest::prelude::*;

use super::*;

fn exact(text: &str) -> Exact {
    match text.split_once('/') {
        Some((num, den)) => Exact::from_ratio(num.parse().unwrap(), den.parse().unwrap()).unwrap(),
        None => Exact::parse_decimal(text).unwrap(),
    }
}

#[track_caller]
fn check(units: i128, shares: &str, way: Way<'_>, wanted: &[i128], left: i128) {
    let shares: Vec<Exact> = shares.split_whitespace().map(exact).collect();
    let mut out = Vec::new();
    let given =
        settle(units, &shares, way, &Bounds::default(), &mut Workspace::default(), &mut out)
            .unwrap();
    assert_eq!((out.as_slice(), given.left), (wanted, left), "{units} over {shares:?}, {way:?}");
}

#[test]
fn largest_remainder() {
    let way = Way::LargestRemainder;
    check(0, "", way, &[], 0);
    check(10, "3.3 3.3 3.4", way, &[3, 3, 4], 0);
    check(-10, "-3.3 -3.3 -3.4", way, &[-3, -3, -4], 0);
    // Ties in written order, and no unit for a share of zero.
    check(1, "0 1/3 2/3", way, &[0, 0, 1], 0);
    check(2, "1/2 1/2 1/2 1/2", way, &[1, 1, 0, 0], 0);
    check(-2, "-1/2 -1/2 -1/2 -1/2", way, &[-1, -1, 0, 0], 0);
    // Nothing to give, but shares that cancel.
    check(0, "0.7 -0.7", way, &[1, -1], 0);
    check(0, "-0.7 0.7", way, &[-1, 1], 0);
}

#[test]
fn in_order() {
    check(1, "0 1/3 2/3", Way::InOrder, &[0, 1, 0], 0);
    check(2, "2/3 2/3 2/3", Way::InOrder, &[1, 1, 0], 0);
    check(-2, "-2/3 -2/3 -2/3", Way::InOrder, &[-1, -1, 0], 0);
}

#[test]
fn all_to_one() {
    check(2, "2/3 2/3 2/3", Way::AllTo(&[2]), &[0, 0, 2], 0);
    check(2, "2/3 2/3 2/3", Way::AllTo(&[]), &[0, 0, 0], 2);
    check(-2, "-2/3 -2/3 -2/3", Way::AllTo(&[]), &[0, 0, 0], -2);
}

#[test]
fn a_carried_entitlement_may_withhold() {
    // 10 over two leaves owed half a unit each from before: one has to wait.
    check(10, "5.5 5.5", Way::LargestRemainder, &[5, 5], 0);
    check(10, "6.2 5.2", Way::LargestRemainder, &[6, 4], 0);
    check(-10, "-6.2 -5.2", Way::LargestRemainder, &[-6, -4], 0);
}

#[test]
fn a_bound_refuses() {
    let shares: Vec<Exact> = ["10/3", "10/3", "10/3"].map(exact).into();
    // The first two count against ten thirds together rounded down: no unit for them.
    let member = |leaf| Member { leaf, bound: 0, refuses: true };
    let bounds = Bounds { limits: vec![6], members: vec![member(0), member(1)] };
    let mut out = Vec::new();
    let work = &mut Workspace::default();
    settle(10, &shares, Way::LargestRemainder, &bounds, work, &mut out).unwrap();
    assert_eq!(out, [3, 3, 4]);
    out.clear();
    let mirrored: Vec<Exact> = shares.iter().map(Exact::neg).collect();
    settle(-10, &mirrored, Way::LargestRemainder, &bounds, work, &mut out).unwrap();
    assert_eq!(out, [-3, -3, -4]);
    // Where everybody refuses money is not lost.
    let bounds = Bounds { limits: vec![0], members: (0..3).map(member).collect() };
    out.clear();
    settle(10, &shares, Way::LargestRemainder, &bounds, work, &mut out).unwrap();
    assert_eq!(out, [4, 3, 3]);
    // A leaf that only counts uses up what another is then refused.
    let counts = Member { leaf: 0, bound: 0, refuses: false };
    let bounds = Bounds { limits: vec![7], members: vec![counts, member(1)] };
    out.clear();
    settle(10, &shares, Way::InOrder, &bounds, work, &mut out).unwrap();
    assert_eq!(out, [4, 3, 3]);
}

#[test]
fn a_share_out_of_range_is_refused() {
    let mut out = Vec::new();
    let work = &mut Workspace::default();
    // The greatest amounts there are settle like any other; one has no mirror.
    for units in [i128::MAX, -i128::MAX] {
        let third = Exact::from_int(units).div(&Exact::from_int(3)).unwrap();
        let thirds = [third.clone(), third.clone(), third];
        out.clear();
        settle(units, &thirds, Way::InOrder, &Bounds::default(), work, &mut out).unwrap();
        let down = units / 3;
        assert_eq!(out, [units - 2 * down, down, down]);
    }
    let share = Exact::from_int(i128::MIN);
    let settled = settle(i128::MIN, &[share], Way::InOrder, &Bounds::default(), work, &mut out);
    assert_eq!(settled, Err(ExactError::TooWide));
    let wide = [Exact::from_int(i128::MAX).add(&Exact::ONE).unwrap(), Exact::from_int(-1)];
    let settled = settle(i128::MAX, &wide, Way::InOrder, &Bounds::default(), work, &mut out);
    assert_eq!(settled, Err(ExactError::TooWide));
}

/// Weights, and units to divide by them.
fn divided() -> impl Strategy<Value = (i128, Vec<Exact>)> {
    let units = prop_oneof![-1000_i128..1000, -(1_i128 << 90)..(1 << 90)];
    (units, prop::collection::vec(0_i128..50, 1..9)).prop_filter_map(
        "weights",
        |(units, weights)| {
            let sum: i128 = weights.iter().sum();
            let share = |weight| {
                Exact::from_ratio(weight, sum)
                    .and_then(|it| it.mul(&Exact::from_int(units)))
                    .unwrap()
            };
            (sum > 0).then(|| (units, weights.into_iter().map(share).collect()))
        },
    )
}

fn ways() -> impl Strategy<Value = Way<'static>> {
    prop_oneof![
        Just(Way::LargestRemainder),
        Just(Way::InOrder),
        Just(Way::AllTo(&[0])),
        Just(Way::AllTo(&[])),
    ]
}

fn settled(units: i128, shares: &[Exact], way: Way<'_>, bounds: &Bounds) -> (Vec<i128>, Given) {
    let mut out = Vec::new();
    let given = settle(units, shares, way, bounds, &mut Workspace::default(), &mut out).unwrap();
    (out, given)
}

proptest! {
    #[test]
    fn units_sum_and_each_is_near_its_share((units, shares) in divided(), way in ways()) {
        let (out, given) = settled(units, &shares, way, &Bounds::default());
        prop_assert_eq!(out.iter().sum::<i128>() + given.left, units);
        prop_assert!(given.moved < u64::try_from(shares.len()).unwrap());
        if matches!(way, Way::LargestRemainder | Way::InOrder) {
            for (share, units) in shares.iter().zip(&out) {
                let off = share.sub(&Exact::from_int(*units)).unwrap().abs();
                // In order, a share that is whole already may still be the first to get a unit.
                let near = off < Exact::ONE || (way == Way::InOrder && off == Exact::ONE);
                prop_assert!(near, "{share} gave {units}");
                prop_assert!(!share.is_zero() || *units == 0);
            }
        }
    }

    #[test]
    fn small_and_wide_fractions_settle_alike((units, shares) in divided()) {
        let bounds = Bounds::default();
        let (out, given) = settled(units, &shares, Way::LargestRemainder, &bounds);
        prop_assert_eq!(sum_to(&shares, &Exact::from_int(units)), Ok(true));
        prop_assert_eq!(sum_to(&shares, &Exact::from_int(units + 1)), Ok(false));
        prop_assert_eq!(sums_widely(&shares, &Exact::from_int(units)), Ok(true));
        let (mut work, mut wide) = (Workspace::default(), Vec::new());
        let whole = round_down_widely(&shares, units < 0, &mut work, &mut wide).unwrap();
        let missing = units.abs() - whole;
        if missing != 0 {
            let again =
                give(missing, Way::LargestRemainder, &bounds, &mut work, &mut wide).unwrap();
            prop_assert_eq!(again.moved, given.moved);
        }
        let wide: Vec<i128> = wide.iter().map(|it| if units < 0 { -it } else { *it }).collect();
        prop_assert_eq!(wide, out);
    }

    #[test]
    fn a_refund_mirrors_its_receipt((units, shares) in divided(), way in ways()) {
        let mirrored: Vec<Exact> = shares.iter().map(Exact::neg).collect();
        let (out, given) = settled(units, &shares, way, &Bounds::default());
        let (back, returned) = settled(-units, &mirrored, way, &Bounds::default());
        prop_assert_eq!(back, out.iter().map(|units| -units).collect::<Vec<_>>());
        prop_assert_eq!(returned.left, -given.left);
        prop_assert_eq!(returned.moved, given.moved);
    }

    #[test]
    fn a_larger_fraction_is_never_passed_over((units, shares) in divided()) {
        let (out, _) = settled(units, &shares, Way::LargestRemainder, &Bounds::default());
        let fractions: Vec<(Exact, bool)> = shares.iter().zip(&out).map(|(share, units)| {
            let share = share.abs();
            let more = Exact::from_int(units.abs()) > share;
            (share.sub(&share.floor()).unwrap(), more)
        }).collect();
        for (place, (one, up)) in fractions.iter().enumerate() {
            for (other, too) in fractions.iter().skip(place + 1) {
                prop_assert!(*up || !*too || one < other);
                prop_assert!(!*up || *too || one >= other || other.is_zero());
            }
        }
    }

    #[test]
    fn refused_units_go_elsewhere((units, shares) in divided(), spare in 0_i128..3) {
        // Bound the first leaf to what it gets rounded down and a little more.
        let down = shares.first().unwrap().abs().floor().to_int().unwrap();
        let bounds = Bounds {
            limits: vec![down + spare],
            members: vec![Member { leaf: 0, bound: 0, refuses: true }],
        };
        let (out, given) = settled(units, &shares, Way::LargestRemainder, &bounds);
        prop_assert_eq!(out.iter().sum::<i128>() + given.left, units);
        let alone = shares.iter().skip(1).all(Exact::is_zero);
        prop_assert!(alone || out.first().unwrap().abs() <= down + spare);
    }
}
