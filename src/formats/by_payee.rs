//! What each payee of an event gets, summed up in one pass over what its legs give.

use crate::base::Money;
use crate::rows::{Allocation, Payee};

use super::error::FormatsError;

/// Sums by payee, made anew for every event.
#[derive(Debug, Clone, Default)]
pub(super) struct ByPayee {
    /// In the order in which payees occur first.
    sums: Vec<(Payee, Money)>,
    /// Where they are many: by account, where its sum stood when it occurred last. What was noted for an
    /// earlier event is told by the payee that stands there now.
    places: Vec<usize>,
    /// The same of what has no account yet.
    undetermined: usize,
}

/// Among so few a payee is found by looking at each.
const FEW: usize = 8;

impl ByPayee {
    /// Sums up what an event gives.
    ///
    /// # Errors
    /// A sum leaves the supported range.
    #[inline]
    pub fn sum_up(
        &mut self,
        allocations: impl Iterator<Item = Allocation>,
    ) -> Result<(), FormatsError> {
        self.sums.clear();
        for Allocation { payee, amount, .. } in allocations {
            let known = match self.sums.len() <= FEW {
                true => self.sums.iter_mut().find(|(own, _)| *own == payee),
                false => self.among_many(payee),
            };
            match known {
                Some((_, sum)) => match sum.checked_add(amount) {
                    Some(more) => *sum = more,
                    None => return Err(FormatsError::TotalTooLarge),
                },
                None => {
                    self.sums.push((payee, amount));
                    if self.sums.len() > FEW {
                        self.note_last();
                    }
                }
            }
        }
        Ok(())
    }

    /// What was summed up last.
    pub fn sums(&self) -> impl Iterator<Item = &(Payee, Money)> {
        self.sums.iter()
    }

    fn among_many(&mut self, payee: Payee) -> Option<&mut (Payee, Money)> {
        let place = *self.place(payee)?;
        self.sums.get_mut(place).filter(|(own, _)| *own == payee)
    }

    /// Notes where the last payee stands, and those before it once they are many.
    fn note_last(&mut self) {
        let last = self.sums.len() - 1;
        let first = if last == FEW { 0 } else { last };
        for at in first..=last {
            let payee = self.sums.get(at).map(|(payee, _)| *payee);
            if let Some(place) = payee.and_then(|payee| self.place(payee)) {
                *place = at;
            }
        }
    }

    /// Where the place of a payee is noted.
    fn place(&mut self, payee: Payee) -> Option<&mut usize> {
        let Payee::Account(position) = payee else { return Some(&mut self.undetermined) };
        let at = usize::try_from(position).ok()?;
        if self.places.len() <= at {
            self.places.resize(at.checked_add(1)?, 0);
        }
        self.places.get_mut(at)
    }
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
                prop::collection::vec((0_u32..15, -300_i128..300), 0..30),
                0..6,
            ),
        ) {
            let mut by_payee = ByPayee::default();
            for event in events {
                let given: Vec<Allocation> = event.into_iter().map(allocation).collect();
                by_payee.sum_up(given.iter().copied()).unwrap();
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
        assert!(ByPayee::default().sum_up(given.into_iter()).is_err());
    }
}
