//! A leaf of an event that may be undone, in as little memory as it takes.
//!
//! Mostly a leg and an account are small numbers, and an amount is below 2³¹: then it is two numbers of 32
//! bits, of which the first says what follows.

use std::ops::Range;

use crate::engine::blocks::Blocks;

use super::{halves, whole};

/// Who got an amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum To {
    /// A leaf by its account and leg; without account: undetermined.
    Leaf { account: Option<u32>, leg: u32 },
    /// Nobody: it is what leaves leave of what the event brought.
    Nobody,
}

/// The amount has 64 bits, the upper ones behind.
const WIDE_UNITS: u32 = 1 << 31;
/// Account and leg stand behind.
const WIDE_LEAF: u32 = 1 << 30;
/// Nobody gets it.
const NOBODY: u32 = 1 << 29;
const LEG_BITS: u32 = 10;
const ACCOUNT_BITS: u32 = 19;
/// Stands for no account where account and leg stand behind.
const UNDETERMINED: u32 = u32::MAX;

#[inline]
pub(super) fn write(out: &mut Blocks<[u32; 2]>, to: To, units: i64) {
    let [lower, upper] = halves(units.cast_unsigned());
    let wide_units = if i32::try_from(units).is_ok() { 0 } else { WIDE_UNITS };
    let behind = match to {
        To::Leaf { account: Some(account), leg }
            if account >> ACCOUNT_BITS == 0 && leg >> LEG_BITS == 0 =>
        {
            out.push([wide_units | account << LEG_BITS | leg, lower]);
            None
        }
        To::Leaf { account, leg } => {
            out.push([wide_units | WIDE_LEAF, lower]);
            Some([account.unwrap_or(UNDETERMINED), leg])
        }
        To::Nobody => {
            out.push([wide_units | NOBODY, lower]);
            None
        }
    };
    behind.into_iter().for_each(|behind| out.push(behind));
    if wide_units != 0 {
        out.push([upper, 0]);
    }
}

/// The first of a range, which then begins behind it.
pub(super) fn read(from: &Blocks<[u32; 2]>, range: &mut Range<usize>) -> Option<(To, i64)> {
    let mut next = || from.get(range.next()?).copied();
    let [form, lower] = next()?;
    let to = if form & NOBODY != 0 {
        To::Nobody
    } else if form & WIDE_LEAF != 0 {
        let [account, leg] = next()?;
        To::Leaf { account: Some(account).filter(|account| *account != UNDETERMINED), leg }
    } else {
        let account = form >> LEG_BITS & ((1 << ACCOUNT_BITS) - 1);
        To::Leaf { account: Some(account), leg: form & ((1 << LEG_BITS) - 1) }
    };
    let units = match form & WIDE_UNITS {
        0 => lower.cast_signed().into(),
        _ => whole([lower, next()?[0]]).cast_signed(),
    };
    Some((to, units))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Numbers of every width, with those at the edge of what fits.
    fn numbers() -> impl Strategy<Value = u32> {
        (0_u32..33, any::<u32>()).prop_map(|(bits, any)| any.checked_shr(bits).unwrap_or(0))
    }

    fn to() -> impl Strategy<Value = To> {
        let account = prop::option::of(numbers().prop_map(|account| account.min(u32::MAX - 1)));
        let leaf = (account, numbers()).prop_map(|(account, leg)| To::Leaf { account, leg });
        prop_oneof![5 => leaf, 1 => Just(To::Nobody)]
    }

    fn units() -> impl Strategy<Value = i64> {
        (0_u32..64, any::<i64>()).prop_map(|(bits, any)| any >> bits)
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(all in prop::collection::vec((to(), units()), 0..30)) {
            let mut out = Blocks::default();
            all.iter().for_each(|(to, units)| write(&mut out, *to, *units));
            let mut range = 0..out.len();
            let read: Option<Vec<_>> = all.iter().map(|_| read(&out, &mut range)).collect();
            prop_assert_eq!(read, Some(all));
            prop_assert!(range.is_empty());
        }
    }
}
