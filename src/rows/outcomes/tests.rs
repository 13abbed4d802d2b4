//! Events are told with what is their own, one by one and in stretches.

use super::super::{Origin, Payee};
use super::*;

fn batch(event: u32) -> Arc<Batch> {
    let origins = (1..4).map(|line| Origin { file: 0, line }).collect();
    Arc::new(Batch { event, columns: Vec::new(), origins })
}

type Gave = (u32, usize, Vec<Allocation>);

fn told_one_by_one(outcomes: &Outcomes) -> Vec<Gave> {
    let (mut all, mut telling) = (Vec::new(), outcomes.telling());
    while let Some(told) = telling.next_event() {
        let EventAt { batch, row, .. } = told.event();
        all.push((batch.event, row, told.allocations().to_vec()));
    }
    all
}

fn in_stretches(outcomes: &Outcomes) -> Vec<Gave> {
    let gave = |stretch: Stretch<'_>| -> Vec<Gave> {
        match stretch {
            Stretch::Alone(told) => {
                let EventAt { batch, row, .. } = told.event();
                vec![(batch.event, row, told.allocations().to_vec())]
            }
            Stretch::Together(together) => {
                let of = |one: OneOf<'_>| one.allocations().collect();
                let event = together.batch().event;
                together.events().map(|one| (event, one.event.row, of(one))).collect()
            }
        }
    };
    outcomes.stretches().flat_map(gave).collect()
}

#[test]
fn each_event_is_told_with_what_is_its_own() {
    let (one, two) = (batch(0), batch(1));
    let mut outcomes = Outcomes::default();
    let money = |minor: i128| Money::from_minor(minor);
    for _ in 0..2 {
        let of = |batch, row| Taken { batch, row, date: Date::MIN, booked: Date::MIN };
        let given = |amount: i128| {
            let (payee, amount) = (Payee::Account(0), money(amount));
            Allocation { payee, amount, leg: 0 }
        };
        outcomes.allocations().extend([given(1), given(2)]);
        outcomes.allocated(of(&one, 0), money(3), 1);
        outcomes.figure(FigureValue { figure: 5, key: Vec::new(), value: Cell::Missing });
        outcomes.allocations().push(given(9));
        outcomes.set_aside(of(&two, 1), Some(money(9)), Reason::NoShares);
        outcomes.allocated(of(&one, 2), money(0), 0);
        outcomes.open_item(7);
        outcomes.open_item(8);
        outcomes.allocations().push(given(4));
        outcomes.allocated(of(&two, 0), money(4), 0);
        assert_eq!(outcomes.last_allocations(), [given(4)]);
        let leg = |leg, payee, units: [i64; 2]| LegGiven { leg, payee, units: units.into() };
        let legs = vec![
            leg(0, Payees::One(Payee::Undetermined), [0, 5]),
            leg(1, Payees::Each(vec![3, 4]), [7, 1]),
        ];
        let (inflow, residue_units) = (vec![7, 6], vec![0, 2]);
        let together = Arc::new(GivenTogether { legs, inflow, residue_units });
        let ended = |row, place| Ended { event: (row, Date::MIN), of: (0, place) };
        let ended = [ended(2, 1), ended(1, 0)];
        outcomes.allocated_together(&two, &Arc::new(vec![together]), ended.into_iter());
        let (mut rows, mut sizes, mut brought) = (Vec::new(), Vec::new(), Vec::new());
        let mut asides = 0;
        let mut telling = outcomes.telling();
        while let Some(told) = telling.next_event() {
            rows.push((told.event().batch.event, told.event().row));
            let size = (told.allocations().len(), told.figures().len(), told.open_items().len());
            sizes.push(size);
            match told.outcome() {
                Outcome::SetAside { .. } => asides += 1,
                Outcome::Allocated { inflow, residue_units, .. } => {
                    brought.push((inflow.minor(), residue_units));
                }
            }
        }
        assert_eq!(in_stretches(&outcomes), told_one_by_one(&outcomes));
        assert_eq!(rows, [(0, 0), (1, 1), (0, 2), (1, 0), (1, 2), (1, 1)]);
        assert_eq!(sizes, [(2, 1, 0), (0, 0, 0), (0, 0, 2), (1, 0, 0), (2, 0, 0), (1, 0, 0)]);
        assert_eq!(brought, [(3, 1), (0, 0), (4, 0), (6, 2), (7, 0)]);
        assert_eq!(asides, 1);
        let asides = |outcomes: &Outcomes| {
            let all = outcomes.set_asides().map(|(event, reason)| (event.row, reason.clone()));
            all.collect::<Vec<(usize, Reason)>>()
        };
        assert_eq!(asides(&outcomes), [(1, Reason::NoShares)]);
        outcomes.clear();
        assert!(outcomes.is_empty() && asides(&outcomes).is_empty());
    }
}
