//! Exact shares made whole.

use num_rational::Ratio;

use super::Fen;

/// An exact amount of fen. Overflow stops the program, in release builds too.
pub type Exact = Ratio<i128>;

/// Divides an amount by parts that sum to one, by largest remainder.
///
/// Every share is first rounded down; the fen still missing go one each to the largest fractions,
/// equal ones in the order given. A refund is the mirror of the receipt.
pub fn divide<const N: usize>(amount: Fen, parts: [Exact; N]) -> [Fen; N] {
    if amount < 0 {
        return divide(-amount, parts).map(|share| -share);
    }
    let shares = parts.map(|part| part * Exact::from(amount));
    let mut whole = shares.map(|share| share.floor().to_integer());
    let mut missing = amount - whole.iter().sum::<Fen>();
    let mut order: [usize; N] = std::array::from_fn(|place| place);
    // A stable sort: the earlier of equal fractions stays first.
    order.sort_by_key(|place| std::cmp::Reverse(shares[*place].fract()));
    for place in order {
        if missing > 0 {
            whole[place] += 1;
            missing -= 1;
        }
    }
    whole
}

/// Rounds to the nearest whole fen, a half upwards.
pub fn half_up(amount: Exact) -> Fen {
    (amount + Exact::new(1, 2)).floor().to_integer()
}
