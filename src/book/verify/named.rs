//! What an entry may name: corrections, disputes and resolutions speak of other entries, which have to
//! stand before them and to be of a kind that can be corrected, disputed or settled, once each.

use std::collections::{BTreeMap, BTreeSet};

use crate::book::entry::{Because, Correction, Dispute, Entry, Resolution, Verdict};

use super::damage::Contradiction;

/// The entries so far, as far as others may name them.
#[derive(Debug, Default)]
pub(super) struct Named {
    /// Where runs of entries of one kind begin, and which; of entries that are damaged nothing is known.
    kinds: Vec<(u64, Option<u8>)>,
    next: u64,
    /// Entries that were corrected, and disputes that were settled.
    settled: BTreeSet<u64>,
    /// Corrections after which nothing stands.
    withdrawn: BTreeSet<u64>,
    /// What each correction corrects.
    corrected: BTreeMap<u64, u64>,
    /// What each dispute is against.
    against: BTreeMap<u64, Vec<u64>>,
}

impl Named {
    /// Notes an entry and its kind; those that were left out are not known.
    pub(super) fn note(&mut self, number: u64, kind: Option<u8>) {
        if self.next < number {
            self.begin(self.next, None);
        }
        self.begin(number, kind);
        self.next = number.saturating_add(1);
    }

    fn begin(&mut self, number: u64, kind: Option<u8>) {
        if self.kinds.last().is_none_or(|(_, last)| *last != kind) {
            self.kinds.push((number, kind));
        }
    }

    /// Whether an entry before is of one of these kinds, or may be.
    fn is(&self, number: u64, kinds: &[u8]) -> bool {
        let run = self.kinds.partition_point(|(first, _)| *first <= number);
        let kind = run.checked_sub(1).and_then(|run| self.kinds.get(run));
        match kind {
            Some((_, kind)) if number < self.next => kind.is_none_or(|kind| kinds.contains(&kind)),
            _ => false,
        }
    }

    /// What a correction corrects, and why.
    pub(super) fn correction(
        &mut self,
        number: u64,
        correction: &Correction,
    ) -> Result<(), Contradiction> {
        let of = correction.of;
        if correction.outcome.is_none() {
            self.withdrawn.insert(number);
        }
        let brought_about = match &correction.because {
            Because::Dispute { entry } => {
                *entry < number
                    && self.is(*entry, &[Entry::DISPUTE])
                    && !self.settled.contains(entry)
            }
            Because::Late { entry } => *entry < number && self.is(*entry, &[Entry::EVENT]),
            Because::Stated { .. } => true,
        };
        let first = self.settled.insert(of);
        self.corrected.insert(number, of);
        if number <= of {
            Err(Contradiction::CorrectsLater)
        } else if !self.is(of, &[Entry::EVENT, Entry::CORRECTION]) || self.withdrawn.contains(&of) {
            Err(Contradiction::CorrectsNothing)
        } else if !first {
            Err(Contradiction::CorrectedBefore)
        } else if !brought_about {
            Err(Contradiction::Because)
        } else {
            Ok(())
        }
    }

    /// What a dispute is against.
    pub(super) fn dispute(&mut self, number: u64, dispute: &Dispute) -> Result<(), Contradiction> {
        let against = &dispute.against;
        self.against.insert(number, against.clone());
        if against.iter().any(|entry| number <= *entry) {
            return Err(Contradiction::AgainstLater);
        }
        let disputable = |entry: &u64| self.is(*entry, &[Entry::EVENT, Entry::CORRECTION]);
        let ascending = against.is_sorted_by(|one, other| one < other);
        match !against.is_empty() && ascending && against.iter().all(disputable) {
            true => Ok(()),
            false => Err(Contradiction::AgainstNothing),
        }
    }

    /// What a resolution settles, and by what.
    pub(super) fn resolution(
        &mut self,
        number: u64,
        resolution: &Resolution,
    ) -> Result<(), Contradiction> {
        let of = resolution.dispute;
        let first = self.settled.insert(of);
        if number <= of || !self.is(of, &[Entry::DISPUTE]) {
            return Err(Contradiction::SettlesNothing);
        }
        if !first {
            return Err(Contradiction::SettledBefore);
        }
        let Verdict::Corrected { by } = &resolution.verdict else { return Ok(()) };
        let ascending = by.is_sorted_by(|one, other| one < other);
        match !by.is_empty() && ascending && by.iter().all(|entry| self.settles(*entry, of)) {
            true => Ok(()),
            false => Err(Contradiction::SettledByOthers),
        }
    }

    /// Whether an entry corrects, after a dispute, what that is against, or what stood in its place.
    fn settles(&self, entry: u64, dispute: u64) -> bool {
        let against = self.against.get(&dispute);
        let mut at = entry;
        while let Some(of) = self.corrected.get(&at).filter(|of| **of < at) {
            if against.is_none_or(|against| against.contains(of)) {
                return dispute < entry;
            }
            at = *of;
        }
        // Of what is damaged nothing is known.
        self.is(at, &[]) && dispute < entry
    }
}
