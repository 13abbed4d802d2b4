//! Totals against a plain map, whatever the columns and however the events are divided.

use proptest::prelude::*;

use crate::base::{Date, PeriodKind};
use crate::report::names::{Currency, Field, Keyed, Label, Table};
use crate::rows::{Batch, TextColumn};

use super::*;

/// Events by a text, in two kinds, and accounts of a family that are numbered as they occur.
fn names() -> Names {
    let field = Field {
        name: Label::plain("payer"),
        kind: Kind::Text,
        required: true,
        computed: false,
        dated: false,
    };
    let table = |name: &str, code: &str| Table {
        name: Label::plain(name),
        fields: vec![field.clone()],
        key: vec![0],
        effective: None,
        inflow: None,
        sent: true,
        currency: Currency { code: code.into(), scale: 2 },
        settlement: String::new(),
    };
    let account = Keyed {
        name: Label::plain("treasury"),
        keys: vec![Kind::Integer],
        value: Kind::Money(2),
        code: None,
    };
    let events = vec![table("a", "CNY"), table("b", "CNY"), table("c", "USD")];
    Names { events, accounts: vec![account], ..Names::default() }
}

#[derive(Default)]
struct Numbered(Vec<[Cell; 1]>);

impl Numbered {
    fn number(&mut self, key: i128) -> u32 {
        let key = [Cell::Integer(key)];
        let at = self.0.iter().position(|own| *own == key).unwrap_or_else(|| {
            self.0.push(key);
            self.0.len() - 1
        });
        u32::try_from(at).unwrap()
    }
}

impl Accounts for Numbered {
    fn account(&self, position: u32) -> Option<(u32, &[Cell])> {
        Some((0, self.0.get(usize::try_from(position).unwrap())?))
    }
}

type Given = (u32, u8, i32, Vec<(i128, i64)>);

fn summed(given: &[Given], by: &str) -> Summary {
    let names = names();
    let mut summary = Summary::new(By::parse(by, &names).unwrap());
    let mut accounts = Numbered::default();
    for (kind, payer, month, amounts) in given {
        let mut payers = TextColumn::default();
        payers.push(Some(&payer.to_string()));
        let batch =
            Batch { event: *kind, columns: vec![Column::Text(payers)], origins: Vec::new() };
        let date = Date::new(2015 + month / 12, month % 12 + 1, 7).unwrap();
        let event = EventAt { batch: &batch, row: 0, date, booked: date };
        let given: Vec<Allocation> = amounts
            .iter()
            .map(|(account, amount)| {
                let amount = Money::from_minor(i128::from(*amount));
                let payee = match account {
                    0 => Payee::Undetermined,
                    account => Payee::Account(accounts.number(*account * 1500)),
                };
                Allocation { payee, amount, leg: 0 }
            })
            .collect();
        summary.event(event, &given, &accounts, &names).unwrap();
    }
    summary
}

/// The totals, added up one by one in a list.
fn plainly(given: &[Given], by: &str) -> Vec<(Vec<Part>, Money)> {
    let mut sums: Vec<(Vec<Part>, Money)> = Vec::new();
    for (kind, payer, month, amounts) in given {
        for (account, amount) in amounts {
            let mut parts = Vec::new();
            for column in by.split(',') {
                parts.push(match column {
                    "account" if *account == 0 => Part::Undetermined,
                    "account" => Part::Account(0, vec![Cell::Integer(*account * 1500)]),
                    "payer" => Part::Value(*kind, Some(0), Cell::Text(payer.to_string().into())),
                    _ => {
                        let date = Date::new(2015 + month / 12, month % 12 + 1, 7).unwrap();
                        Part::Period(Period::of(PeriodKind::Month, date))
                    }
                });
            }
            parts.push(Part::Currency(if *kind == 2 { 2 } else { 0 }));
            let bare = |parts: &[Part]| parts.iter().map(Part::bare).collect::<Vec<_>>();
            let amount = Money::from_minor(i128::from(*amount));
            match sums.iter_mut().find(|(own, _)| bare(own) == bare(&parts)) {
                Some((_, sum)) => *sum = sum.checked_add(amount).unwrap(),
                None => sums.push((parts, amount)),
            }
        }
    }
    sums.sort_by(|(one, _), (other, _)| compare_parts(one, other));
    sums
}

fn bare(totals: Vec<(Vec<Part>, Money)>) -> Vec<(Vec<Part>, Money)> {
    let bare = |parts: Vec<Part>| parts.iter().map(Part::bare).collect();
    totals.into_iter().map(|(parts, sum)| (bare(parts), sum)).collect()
}

proptest! {
    /// Totals are those of a list; parts summed apart and joined in any order are the same.
    #[test]
    fn totals_are_exact_however_they_are_joined(
        given in prop::collection::vec(
            (0_u32..3, 0_u8..4, 0_i32..30, prop::collection::vec((0_i128..5, any::<i64>()), 0..4)),
            0..40,
        ),
        cut in 0_usize..40,
        by in prop::sample::select(&["account,month", "payer,account", "month", "payer,month"][..]),
    ) {
        let wanted = bare(plainly(&given, by));
        prop_assert_eq!(&bare(summed(&given, by).totals()), &wanted);
        let (first, second) = given.split_at(cut.min(given.len()));
        let mut joined = summed(second, by);
        joined.merge(summed(first, by)).unwrap();
        prop_assert_eq!(&bare(joined.totals()), &wanted);
    }
}

#[test]
fn more_accounts_than_are_kept_near() {
    let given: Vec<Given> =
        (0..5000).map(|at| (0, 1, 0, vec![(at + 1, 1), (5000 - at, 2)])).collect();
    let totals = summed(&given, "account").totals();
    assert_eq!(totals.len(), 5000);
    assert!(totals.iter().all(|(_, sum)| *sum == Money::from_minor(3)));
}

/// After summaries are joined more can be added.
#[test]
fn a_joined_summary_goes_on() {
    let names = names();
    let mut joined = summed(&[(0, 1, 0, vec![(1, 5)])], "account");
    joined.merge(summed(&[(0, 1, 0, vec![(2, 7)])], "account")).unwrap();
    let mut accounts = Numbered::default();
    accounts.number(1500);
    accounts.number(3000);
    let batch = Batch { event: 0, columns: Vec::new(), origins: Vec::new() };
    let event = EventAt { batch: &batch, row: 0, date: Date::MIN, booked: Date::MIN };
    let payee = Payee::Account(1);
    let given = [Allocation { payee, amount: Money::from_minor(1), leg: 0 }];
    joined.event(event, &given, &accounts, &names).unwrap();
    let sums: Vec<i128> = joined.totals().iter().map(|(_, sum)| sum.minor()).collect();
    assert_eq!(sums, [5, 8]);
}
