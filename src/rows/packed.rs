//! Rows kept until all have been read, each in one place.
//!
//! A batch has its values column by column, so to take rows out of many batches in another order
//! means to go to a place in memory for every value. Packed, a row is some words side by side: about
//! as many bytes as one visit brings.

use crate::base::Date;

use super::{Batch, Column, Origin};

/// Rows of a batch, packed. What does not fit into a few words stays in its column.
#[derive(Debug)]
pub struct Packed {
    /// The event kind.
    pub event: u32,
    file: u32,
    /// How each column stands in a row.
    layout: Vec<Layout>,
    /// Columns that hold nothing, of the same types; those that are not packed hold what they held.
    columns: Vec<Column>,
    /// Lines, where they need more than 32 bits or come from several files.
    origins: Vec<Origin>,
    /// How many words a row has.
    width: usize,
    words: Vec<u32>,
}

/// Where a value is: the first of its words.
#[derive(Debug, Clone, Copy)]
enum Layout {
    /// Two words.
    Whole(usize),
    Date(usize),
    Member(usize),
    Bool(usize),
    /// Four words: at most 15 bytes, and how many there are.
    Text(usize),
    /// In its column.
    Beside,
}

/// In front of each row: its line, and a bit for each value that is there.
const HEAD: usize = 2;
/// Bits in the word that says which values are there.
const BITS: usize = 32;
const SHORT_TEXT_MAX: usize = 15;

impl Packed {
    /// Packs a batch.
    pub fn new(batch: Batch) -> Packed {
        let Batch { event, mut columns, origins } = batch;
        let file = origins.first().map_or(0, |origin| origin.file);
        let near = |origin: &Origin| origin.file == file && u32::try_from(origin.line).is_ok();
        let lines_fit = origins.iter().all(near);
        let mut width = HEAD;
        let layout: Vec<Layout> = columns
            .iter()
            .enumerate()
            .map(
                |(at, column)| {
                    if at < BITS { laid_out(column, &mut width) } else { Layout::Beside }
                },
            )
            .collect();
        let mut words = vec![0; width * origins.len()];
        for (row, origin) in words.chunks_exact_mut(width).zip(&origins) {
            if let (Some(line), Ok(own)) = (row.first_mut(), u32::try_from(origin.line)) {
                *line = own;
            }
        }
        for (at, (column, layout)) in columns.iter_mut().zip(&layout).enumerate() {
            for (row, words) in words.chunks_exact_mut(width).enumerate() {
                if put(words, *layout, column, row)
                    && let Some(there) = words.get_mut(1)
                {
                    *there |= 1 << at;
                }
            }
            if !matches!(layout, Layout::Beside) {
                // Nothing of what it held is kept.
                *column = column.empty_with_room(0);
            }
        }
        let origins = if lines_fit { Vec::new() } else { origins };
        Packed { event, file, layout, columns, origins, width, words }
    }

    /// How many rows.
    pub fn len(&self) -> usize {
        self.words.len() / self.width
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// Some rows of one kind as a batch, in this order.
    pub fn unpacked(event: u32, rows: &[(&Packed, usize)]) -> Batch {
        let width = rows.first().map_or(0, |(packed, _)| packed.columns.len());
        let mut columns: Vec<Column> = (0..width)
            .map(|at| empty(rows.iter().map(|(packed, _)| *packed), at, rows.len()))
            .collect();
        // First the rows alone are fetched: nothing else stands between one visit and the next, so
        // that many are under way at a time.
        let mut words: Vec<u32> = Vec::with_capacity(rows.len() * (HEAD + 2 * width));
        for (packed, row) in rows {
            let start = row * packed.width;
            words.extend_from_slice(packed.words.get(start..start + packed.width).unwrap_or(&[]));
        }
        let mut origins = Vec::with_capacity(rows.len());
        let mut rest = words.as_slice();
        for (packed, row) in rows {
            let (words, behind) = rest.split_at_checked(packed.width).unwrap_or_default();
            rest = behind;
            let line = words.first().copied().unwrap_or(0);
            let origin = Origin { file: packed.file, line: line.into() };
            origins.push(packed.origins.get(*row).copied().unwrap_or(origin));
            let there = words.get(1).copied().unwrap_or(0);
            for (at, (column, layout)) in columns.iter_mut().zip(&packed.layout).enumerate() {
                let there = there.checked_shr(u32::try_from(at).unwrap_or(u32::MAX));
                let there = there.is_some_and(|bits| bits & 1 == 1);
                take(words, *layout, there, column).unwrap_or_else(|| {
                    beside(packed.columns.get(at), *row, column);
                });
            }
        }
        Batch { event, columns, origins }
    }
}

/// How a column stands in a row that is so wide so far.
fn laid_out(column: &Column, width: &mut usize) -> Layout {
    let start = *width;
    let (layout, words) = match column {
        Column::Integer(values) | Column::Money(values) if values.are_narrow() => {
            (Layout::Whole(start), 2)
        }
        Column::Date(_) => (Layout::Date(start), 1),
        Column::Member(_) => (Layout::Member(start), 1),
        Column::Bool(_) => (Layout::Bool(start), 1),
        Column::Text(texts) if texts.iter().all(|text| text.len() <= SHORT_TEXT_MAX) => {
            (Layout::Text(start), 4)
        }
        _ => (Layout::Beside, 0),
    };
    *width += words;
    layout
}

/// Puts a value into a row; says whether there is one.
fn put(words: &mut [u32], layout: Layout, column: &Column, row: usize) -> bool {
    let one = |at: usize, words: &mut [u32], value: u32| match words.get_mut(at) {
        Some(place) => {
            *place = value;
            true
        }
        None => false,
    };
    match (layout, column) {
        (Layout::Whole(at), Column::Integer(values) | Column::Money(values)) => {
            let Some(value) = values.narrow(row) else { return false };
            let [a, b, c, d, e, f, g, h] = value.to_le_bytes();
            one(at, words, u32::from_le_bytes([a, b, c, d]))
                && one(at + 1, words, u32::from_le_bytes([e, f, g, h]))
        }
        (Layout::Date(at), Column::Date(values)) => {
            values.get(row).is_some_and(|day| one(at, words, day.days().cast_unsigned()))
        }
        (Layout::Member(at), Column::Member(values)) => {
            values.get(row).is_some_and(|member| one(at, words, member))
        }
        (Layout::Bool(at), Column::Bool(values)) => {
            values.get(row).is_some_and(|value| one(at, words, u32::from(value)))
        }
        (Layout::Text(at), Column::Text(texts)) => {
            let Some(text) = texts.get(row) else { return false };
            let mut bytes = [0; 16];
            bytes.iter_mut().zip(text.bytes()).for_each(|(to, from)| *to = from);
            let [.., length] = &mut bytes;
            *length = u8::try_from(text.len()).unwrap_or(0);
            let own = bytes.as_chunks::<4>().0.iter().map(|word| u32::from_le_bytes(*word));
            let places = words.get_mut(at..).unwrap_or_default();
            places.iter_mut().zip(own).for_each(|(to, from)| *to = from);
            true
        }
        _ => false,
    }
}

/// Takes a value out of a row; nothing if it is not there but beside.
#[inline]
fn take(words: &[u32], layout: Layout, there: bool, column: &mut Column) -> Option<()> {
    match (layout, column) {
        (Layout::Whole(at), Column::Integer(values) | Column::Money(values)) => {
            let (low, high) = (*words.get(at)?, *words.get(at + 1)?);
            let value = u64::from(low) | u64::from(high) << 32;
            match there {
                true => values.push_narrow(value.cast_signed()),
                false => values.push_missing(),
            }
        }
        (Layout::Date(at), Column::Date(values)) => {
            let day = Date::from_days(words.get(at)?.cast_signed())?;
            if there { values.push(day) } else { values.push_missing() }
        }
        (Layout::Member(at), Column::Member(values)) => {
            let member = *words.get(at)?;
            if there { values.push(member) } else { values.push_missing() }
        }
        (Layout::Bool(at), Column::Bool(values)) => {
            let value = *words.get(at)? == 1;
            if there { values.push(value) } else { values.push_missing() }
        }
        (Layout::Text(at), Column::Text(texts)) => {
            let own = words.get(at..)?.first_chunk::<4>()?;
            let mut bytes = [0; 16];
            let places = bytes.as_chunks_mut::<4>().0;
            places.iter_mut().zip(own).for_each(|(to, from)| *to = from.to_le_bytes());
            let [text @ .., length] = &bytes;
            let text = std::str::from_utf8(text.get(..usize::from(*length))?).ok()?;
            texts.push(there.then_some(text));
        }
        _ => return None,
    }
    Some(())
}

/// Adds a value that stands in a column of its own.
fn beside(of: Option<&Column>, row: usize, column: &mut Column) {
    match (of, column) {
        (Some(Column::Text(texts)), Column::Text(own)) => own.push(texts.get(row)),
        (Some(Column::Integer(values)), Column::Integer(own))
        | (Some(Column::Money(values)), Column::Money(own)) => match values.get(row) {
            Some(value) => own.push(value),
            None => own.push_missing(),
        },
        (Some(of), column) => column.push(of.cell(row)),
        (None, column) => column.push(super::Cell::Missing),
    }
}

/// A column with room for so many rows, of the type of the first batch that has it at all.
fn empty<'p>(all: impl Iterator<Item = &'p Packed>, at: usize, rows: usize) -> Column {
    let mut columns = all.filter_map(|packed| packed.columns.get(at));
    let typed = columns.find(|column| !matches!(column, Column::Absent));
    typed.map_or(Column::Absent, |column| column.empty_with_room(rows))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::Cell;
    use super::super::values::{TextColumn, Values, Wholes};
    use super::*;
    use crate::base::Exact;

    type Row = (Option<i128>, Option<i32>, Option<u32>, Option<bool>, Option<String>, Option<i64>);

    fn batch(file: u32, rows: &[Row], absent: bool, first_line: u64) -> Batch {
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
            Column::Number(
                rows.iter().map(|row| row.5.map(|it| Exact::from_int(it.into()))).collect(),
            ),
            Column::Money(rows.iter().map(|row| row.5.map(i128::from)).collect::<Wholes>()),
        ];
        let origins = (first_line..).take(rows.len()).map(|line| Origin { file, line }).collect();
        Batch { event: 3, columns, origins }
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
            (absent, far) in any::<(bool, bool)>(),
            picks in prop::collection::vec(any::<prop::sample::Index>(), 0..30),
        ) {
            let first_line = if far { u64::from(u32::MAX) - 3 } else { 2 };
            let batches = [batch(0, &one, absent, 2), batch(1, &two, false, first_line)];
            let packed: Vec<Packed> = batches.iter().cloned().map(Packed::new).collect();
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
}
