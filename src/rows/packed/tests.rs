use proptest::prelude::*;

use super::super::Cell;
use super::super::texts::TextColumn;
use super::super::values::{Values, Wholes};
use super::*;
use crate::base::Exact;

type Row = (Option<i128>, Option<i32>, Option<u32>, Option<bool>, Option<String>, Option<i64>);

fn batch(file: u32, rows: &[Row], absent: bool, line: impl Fn(u64) -> u64) -> Batch {
    let mut texts = TextColumn::default();
    rows.iter().for_each(|row| texts.push(row.4.as_deref()));
    let columns = vec![
        Column::Integer(rows.iter().map(|row| row.0).collect::<Wholes>()),
        Column::Date(rows.iter().map(|row| row.1.and_then(Date::from_days)).collect()),
        Column::Member(rows.iter().map(|row| row.2).collect()),
        match absent {
            true => Column::Absent,
            false => Column::Bool(rows.iter().map(|row| row.3).collect::<Values<bool>>()),
        },
        Column::Text(texts),
        Column::Number(rows.iter().map(|row| row.5.map(|it| Exact::from_int(it.into()))).collect()),
        Column::Money(rows.iter().map(|row| row.5.map(i128::from)).collect::<Wholes>()),
    ];
    let origins = (0..).take(rows.len()).map(|row| Origin { file, line: line(row) }).collect();
    Batch { event: 3, columns, origins }
}

/// Near the first, or so far down that it takes more bytes, or does not fit.
fn first_line() -> impl Strategy<Value = u64> {
    let far = [2, 60_000, u64::from(u32::MAX) - 3, i64::MAX.unsigned_abs() - 2, u64::MAX - 1];
    prop::sample::select(far.to_vec())
}

fn rows() -> impl Strategy<Value = Vec<Row>> {
    let whole = prop_oneof![4 => any::<i64>().prop_map(i128::from), 1 => any::<i128>()];
    let one = (
        prop::option::of(whole),
        prop::option::of(-700_000_i32..2_900_000),
        prop::option::of(0_u32..9),
        prop::option::of(any::<bool>()),
        prop::option::of("[a-z税]{0,7}"),
        prop::option::of(any::<i64>()),
    );
    prop::collection::vec(one, 0..12)
}

proptest! {
    #[test]
    fn what_was_packed_comes_out_again(
        (one, two) in (rows(), rows()),
        (absent, alike) in any::<(bool, bool)>(),
        (first, step, several) in (first_line(), 0_u64..300, any::<bool>()),
        picks in prop::collection::vec(any::<prop::sample::Index>(), 0..30),
    ) {
        let far = |row| first.saturating_add(row * step);
        let mut batches = [batch(0, &one, absent, |row| row + 2), batch(1, &two, false, far)];
        if let Some(last) = batches[1].origins.last_mut().filter(|_| several) {
            last.file = 7;
        }
        let mut packed: Vec<Packed> = Vec::new();
        for batch in &batches {
            let like = packed.last().filter(|_| alike);
            packed.push(Packed::new(batch.clone(), like));
        }
        let all: Vec<(usize, usize)> = (0..one.len()).map(|row| (0, row))
            .chain((0..two.len()).map(|row| (1, row)))
            .collect();
        if !all.is_empty() {
            let picked: Vec<(usize, usize)> = picks.iter().map(|it| *it.get(&all)).collect();
            let of: Vec<(&Packed, usize)> =
                picked.iter().map(|(batch, row)| (&packed[*batch], *row)).collect();
            let unpacked = Packed::unpacked(3, &of);
            prop_assert_eq!(unpacked.len(), picked.len());
            for (at, (batch, row)) in picked.iter().enumerate() {
                prop_assert_eq!(unpacked.origins[at], batches[*batch].origins[*row]);
                for (own, column) in unpacked.columns.iter().zip(&batches[*batch].columns) {
                    let cell = column.cell(*row);
                    prop_assert_eq!(own.cell(at), cell.clone());
                    prop_assert_eq!(own.is_missing(at), cell == Cell::Missing);
                }
            }
        }
    }
}
