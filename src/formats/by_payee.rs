//! What each payee of an event gets, summed up in one pass over what its legs give.

use crate::base::Money;
use crate::rows::{Allocation, Payee};

use super::error::FormatsError;

/// Sums by payee, made anew for every event.
#[derive(Debug, Clone, Default)]
pub(super) struct ByPayee {
    /// In the order in which payees occur first.
    sums: Vec<(Payee, Money)>,
    /// By account, where its sum stood when it occurred last. What was noted for an earlier event is
    /// told by the payee that stands there now.
    places: Vec<usize>,
    /// The same of what has no account yet.
    undetermined: usize,
}

impl ByPayee {
    /// Sums up what an event gives.
    ///
    /// # Errors
    /// A sum leaves the supported range.
    #[inline]
    pub fn sum_up(&mut self, allocations: &[Allocation]) -> Result<(), FormatsError> {
        self.sums.clear();
        for allocation in allocations {
            let place = match allocation.payee {
                Payee::Undetermined => Some(&mut self.undetermined),
                Payee::Account(position) => place(&mut self.places, position),
            };
            let known = place.as_ref().and_then(|place| self.sums.get_mut(**place));
            match known.filter(|(payee, _)| *payee == allocation.payee) {
                Some((_, sum)) => {
                    let more = sum.checked_add(allocation.amount);
                    *sum = more.ok_or(FormatsError::TotalTooLarge)?;
                }
                None => {
                    place.into_iter().for_each(|place| *place = self.sums.len());
                    self.sums.push((allocation.payee, allocation.amount));
                }
            }
        }
        Ok(())
    }

    /// What was summed up last.
    pub fn sums(&self) -> impl Iterator<Item = &(Payee, Money)> {
        self.sums.iter()
    }
}

/// The place of an account.
#[inline]
fn place(places: &mut Vec<usize>, position: u32) -> Option<&mut usize> {
    let at = usize::try_from(position).ok()?;
    if places.len() <= at {
        places.resize(at.checked_add(1)?, 0);
    }
    places.get_mut(at)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn allocation((payee, units): (u32, i128)) -> Allocation {
        let payee = match payee.checked_sub(1) {
            Some(position) => Payee::Account(position),
            None => Payee::Undetermined,
        };
        Allocation { payee, amount: Money::from_minor(units), leg: 0 }
    }

    proptest! {
        /// Event after event they are what comes out when each is compared with all others.
        #[test]
        fn sums_are_those_of_all_pairs(
            events in prop::collection::vec(
                prop::collection::vec((0_u32..9, -300_i128..300), 0..30),
                0..6,
            ),
        ) {
            let mut by_payee = ByPayee::default();
            for event in events {
                let given: Vec<Allocation> = event.into_iter().map(allocation).collect();
                by_payee.sum_up(&given).unwrap();
                let mut wanted: Vec<(Payee, i128)> = Vec::new();
                for Allocation { payee, amount, .. } in &given {
                    match wanted.iter_mut().find(|(other, _)| other == payee) {
                        Some((_, sum)) => *sum += amount.minor(),
                        None => wanted.push((*payee, amount.minor())),
                    }
                }
                let sums: Vec<(Payee, i128)> =
                    by_payee.sums().map(|(payee, sum)| (*payee, sum.minor())).collect();
                prop_assert_eq!(sums, wanted);
            }
        }
    }

    #[test]
    fn a_sum_that_leaves_the_range_is_an_error() {
        let given = [(1, i128::MAX), (2, 5), (1, 1)].map(allocation);
        assert!(ByPayee::default().sum_up(&given).is_err());
    }
}
