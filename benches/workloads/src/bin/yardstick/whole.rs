//! Shares made whole by largest remainder.

/// Divides an amount by parts in `WHOLE`ths that sum to `WHOLE`; equal remainders in this order.
///
/// The quotient and the rest of the amount are divided apart, so that nothing can overflow.
pub fn divide<const WHOLE: u64, const N: usize>(amount: i64, parts: [u64; N]) -> [i64; N] {
    let magnitude = amount.unsigned_abs();
    let (quotient, rest) = (magnitude / WHOLE, magnitude % WHOLE);
    let mut shares = parts.map(|part| quotient * part + rest * part / WHOLE);
    let mut remainders = parts.map(|part| rest * part % WHOLE);
    // The remainders sum to the missing fen times `WHOLE`.
    let mut missing = remainders.iter().sum::<u64>() / WHOLE;
    while missing > 0 {
        let mut largest = 0;
        for place in 1..N {
            if remainders[place] > remainders[largest] {
                largest = place;
            }
        }
        shares[largest] += 1;
        remainders[largest] = 0;
        missing -= 1;
    }
    let sign = if amount < 0 { -1 } else { 1 };
    shares.map(|share| sign * share as i64)
}
