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
    /// Corrections made for disputes, until a resolution names them.
    awaiting: BTreeSet<u64>,
    /// What each dispute is against.
    against: BTreeMap<u64, Vec<u64>>,
}

impl Named {
    /// Notes an entry and its kind; those that were left out are not known.
    pub(super) fn note(&mut self, number: u64, kind: u8) {
        if self.next < number {
            self.begin(self.next, None);
        }
        self.begin(number, Some(kind));
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
        if matches!(correction.because, Because::Dispute { .. }) {
            self.awaiting.insert(number);
        }
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
        let counted = || resolution.counted.iter().map(|it| it.entry);
        let withdrawn = resolution.verdict == Verdict::Withdrawn && counted().next().is_some();
        if withdrawn || !counted().is_sorted_by(|one, other| one < other) {
            return Err(Contradiction::CountsOthers);
        }
        if !counted().all(|event| self.concerns(of, event)) {
            return Err(Contradiction::CountsOthers);
        }
        let Verdict::Corrected { by } = &resolution.verdict else { return Ok(()) };
        self.awaiting.retain(|entry| !by.contains(entry));
        let ascending = by.is_sorted_by(|one, other| one < other);
        match !by.is_empty() && ascending && by.iter().all(|entry| self.settles(*entry, of)) {
            true => Ok(()),
            false => Err(Contradiction::SettledByOthers),
        }
    }

    /// Corrections made for disputes that were not settled by them, of a book of so many entries; none
    /// where an entry is damaged that might say so.
    pub(super) fn unsettled(&mut self, size: u64) -> BTreeSet<u64> {
        let known = self.next == size && self.kinds.iter().all(|(_, kind)| kind.is_some());
        let awaiting = std::mem::take(&mut self.awaiting);
        if known { awaiting } else { BTreeSet::new() }
    }

    /// Whether a dispute is against an event, as it was posted or corrected.
    fn concerns(&self, dispute: u64, event: u64) -> bool {
        let Some(against) = self.against.get(&dispute) else { return true };
        let mut roots = against.iter().map(|entry| {
            let mut at = *entry;
            while let Some(of) = self.corrected.get(&at).filter(|of| **of < at) {
                at = *of;
            }
            at
        });
        // Of what is damaged nothing is known.
        self.is(event, &[Entry::EVENT]) && roots.any(|root| root == event || self.is(root, &[]))
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

#[cfg(test)]
mod tests {
    use crate::base::Date;
    use crate::book::Moment;

    use super::*;

    const LEARNT: Moment = Moment::from_millis(0);

    /// Of a batch with events 4 and 5, an unread row 6 and its close 7; disputes 8 against 4, 9 against 5.
    fn named() -> Named {
        let mut named = Named::default();
        let kinds = [0, 1, 2, 3, Entry::EVENT, Entry::EVENT, Entry::UNREAD, 7];
        (0..).zip(kinds).for_each(|(number, kind)| named.note(number, kind));
        for (number, against) in [(8, 4), (9, 5)] {
            named.note(number, Entry::DISPUTE);
            named.dispute(number, &dispute(&[against])).unwrap();
        }
        named
    }

    fn dispute(against: &[u64]) -> Dispute {
        let [by, reason] = ["party", "why"].map(str::to_owned);
        Dispute { learnt: LEARNT, by, against: against.to_vec(), reason, holds: None }
    }

    fn resolution(dispute: u64, verdict: Verdict) -> Resolution {
        let [by, reason] = ["judge", "why"].map(str::to_owned);
        Resolution { learnt: LEARNT, by, dispute, verdict, reason, counted: Vec::new() }
    }

    /// One that withdraws what it corrects.
    fn withdraws(of: u64, because: Because) -> Correction {
        Correction { batch: 10, of, because, booked: Date::MIN, outcome: None, said: None }
    }

    fn stated() -> Because {
        Because::Stated { reason: "why".to_owned() }
    }

    #[track_caller]
    fn corrects(named: &mut Named, number: u64, correction: &Correction, wrong: &str) {
        named.note(number, Entry::CORRECTION);
        let told = named.correction(number, correction).err().map(|it| it.to_string());
        assert_eq!(told.unwrap_or_default(), wrong, "{correction:?}");
    }

    #[track_caller]
    fn settles(named: &mut Named, number: u64, of: u64, verdict: Verdict, wrong: &str) {
        named.note(number, 9);
        let told = named.resolution(number, &resolution(of, verdict)).err();
        assert_eq!(told.map(|it| it.to_string()).unwrap_or_default(), wrong);
    }

    #[test]
    fn an_event_is_corrected_once_and_a_withdrawn_one_no_more() {
        for of in [0, 1, 2, 3, 6, 7, 8] {
            let wrong = "it corrects what is no event that stands";
            corrects(&mut named(), 11, &withdraws(of, stated()), wrong);
        }
        let mut named = named();
        corrects(&mut named, 11, &withdraws(12, stated()), "it corrects what stands after it");
        corrects(&mut named, 12, &withdraws(4, stated()), "");
        let again = "what it corrects was corrected before";
        corrects(&mut named, 13, &withdraws(4, stated()), again);
        let none = "it corrects what is no event that stands";
        corrects(&mut named, 14, &withdraws(12, stated()), none);
    }

    #[test]
    fn what_brings_a_correction_about_is_there() {
        let mut named = named();
        let wrong = "what it says brought it about cannot have";
        corrects(&mut named, 11, &withdraws(4, Because::Dispute { entry: 7 }), wrong);
        corrects(&mut named, 12, &withdraws(5, Because::Late { entry: 6 }), wrong);
        settles(&mut named, 13, 8, Verdict::Upheld, "");
        named.note(14, Entry::EVENT);
        corrects(&mut named, 15, &withdraws(14, Because::Dispute { entry: 8 }), wrong);
    }

    #[test]
    fn a_dispute_is_against_events_and_is_settled_once() {
        let nothing = Contradiction::AgainstNothing;
        for against in [&[][..], &[4, 4], &[5, 4], &[3], &[6]] {
            assert_eq!(named().dispute(11, &dispute(against)), Err(nothing), "{against:?}");
        }
        assert_eq!(named().dispute(11, &dispute(&[11])), Err(Contradiction::AgainstLater));
        let mut named = named();
        settles(&mut named, 11, 4, Verdict::Upheld, "it settles what is no dispute");
        settles(&mut named, 12, 99, Verdict::Upheld, "it settles what is no dispute");
        settles(&mut named, 13, 8, Verdict::Withdrawn, "");
        settles(&mut named, 14, 8, Verdict::Upheld, "the dispute was settled before");
    }

    #[test]
    fn a_dispute_is_settled_by_corrections_of_what_it_is_against() {
        let wrong = "what it is settled by corrects nothing for that dispute";
        let corrected = |by: &[u64]| Verdict::Corrected { by: by.to_vec() };
        for by in [&[][..], &[4], &[12], &[11, 11], &[99]] {
            let mut named = named();
            corrects(&mut named, 11, &withdraws(4, stated()), "");
            corrects(&mut named, 12, &withdraws(5, stated()), "");
            settles(&mut named, 13, 8, corrected(by), wrong);
        }
        let mut named = named();
        corrects(&mut named, 11, &withdraws(4, Because::Dispute { entry: 8 }), "");
        settles(&mut named, 12, 8, corrected(&[11]), "");
        corrects(&mut named, 13, &withdraws(5, stated()), "");
        settles(&mut named, 14, 9, corrected(&[13]), "");
    }

    #[test]
    fn a_correction_for_a_dispute_settles_it() {
        let mut named = named();
        named.note(10, 3);
        corrects(&mut named, 11, &withdraws(4, Because::Dispute { entry: 8 }), "");
        assert_eq!(named.unsettled(12), BTreeSet::from([11]));
        corrects(&mut named, 12, &withdraws(5, Because::Dispute { entry: 9 }), "");
        settles(&mut named, 13, 9, Verdict::Corrected { by: vec![12] }, "");
        assert!(named.unsettled(14).is_empty());
    }

    #[test]
    fn of_what_is_damaged_nothing_is_said() {
        let mut named = named();
        named.note(14, 7);
        corrects(&mut named, 15, &withdraws(12, Because::Dispute { entry: 11 }), "");
        settles(&mut named, 16, 13, Verdict::Corrected { by: vec![15] }, "");
        corrects(&mut named, 17, &withdraws(4, Because::Dispute { entry: 8 }), "");
        assert!(named.unsettled(18).is_empty());
    }
}
