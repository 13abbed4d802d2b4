//! Rows kept until all have been read, each in one place and as small as it goes.
//!
//! A batch has its values column by column, so to take rows out of many batches in another order
//! means to go to a place in memory for every value. Packed, a row is some bytes side by side: about
//! as many as one visit brings. A number has as many bytes as the range of its column needs, above the
//! least of them, and so has the line on which the row stands. Batches have one form as long as their
//! values fit it, so that rows of many are read by few.

use std::sync::Arc;

use crate::base::Date;

use super::values::{Values, Wholes};
use super::{Batch, Column, Origin};

/// Rows of a batch, packed. What does not fit into some bytes stays in its column.
#[derive(Debug)]
pub struct Packed {
    /// The event kind.
    pub event: u32,
    origins: Origins,
    form: Arc<Form>,
    /// Columns that hold nothing, of the same types; those that are not packed hold what they held.
    columns: Vec<Column>,
    rows: usize,
    /// How many bytes a row has.
    width: usize,
    /// The rows, and room behind the last to copy any as if it were wider.
    bytes: Vec<u8>,
}

/// Where rows were read.
#[derive(Debug)]
enum Origins {
    /// In one file; the lines are packed behind all columns.
    Of(u32),
    /// In several, or far down.
    Each(Vec<Origin>),
}

/// How the columns of a batch stand in a row.
#[derive(Debug)]
struct Form {
    /// One for each column, and behind them that of the line.
    layout: Vec<Layout>,
    /// How many bytes a row has.
    width: usize,
}

/// Where a value is.
#[derive(Debug, Clone, Copy)]
enum Layout {
    Number(Number, Gap),
    Text(Text, Gap),
    /// In its column.
    Beside,
}

/// A number of up to eight bytes from a place on, above the least.
#[derive(Debug, Clone, Copy)]
struct Number {
    at: usize,
    mask: u64,
    least: i64,
}

/// A text from a place on: of one length, or behind its length.
#[derive(Debug, Clone, Copy)]
struct Text {
    at: usize,
    length: Option<usize>,
    /// The longest there is room for.
    longest: usize,
}

/// What a column asks of a row. Where all values are missing the least is above the greatest.
#[derive(Debug, Clone, Copy)]
enum Need {
    /// Numbers between two; and whether none is missing.
    Numbers { least: i64, greatest: i64, full: bool },
    /// Texts between two lengths.
    Texts { shortest: usize, longest: usize, full: bool },
    /// No room.
    Beside,
}

/// The bit that says that a value is missing, if one is.
#[derive(Debug, Clone, Copy)]
struct Gap(Option<(usize, u8)>);

/// A word is read and written whole.
const WORD: usize = 8;
/// So much room stands behind the last row: most rows are not wider, and are copied with it.
const BEHIND: usize = 32;
/// Longer texts stay in their column.
const TEXT_MAX: usize = 40;
/// So many rows are packed at a time, that they stay at hand.
const ROWS_AT_ONCE: usize = 256;

impl Packed {
    /// Packs a batch, in the form of another if it fits.
    pub fn new(batch: Batch, like: Option<&Packed>) -> Packed {
        let Batch { event, mut columns, origins } = batch;
        let rows = origins.len();
        let needs = columns.iter().map(Need::of).chain([Need::of_lines(&origins)]);
        let form = Form::of(needs.collect(), like.map(|it| &it.form));
        let (layout, width) = (&form.layout, form.width);
        let mut bytes = vec![0; width * rows + BEHIND];
        for start in (0..rows).step_by(ROWS_AT_ONCE) {
            let some = start..(start + ROWS_AT_ONCE).min(rows);
            let placed = || some.clone().map(|row| (row, row * width));
            for (column, layout) in columns.iter().zip(layout) {
                put(column, *layout, placed(), &mut bytes);
            }
            if let Some(Layout::Number(number, gap)) = form.line() {
                let line = |row: usize| i64::try_from(origins.get(row)?.line).ok();
                put_numbers(*number, *gap, placed(), &mut bytes, line);
            }
        }
        for (column, layout) in columns.iter_mut().zip(layout) {
            if !matches!(layout, Layout::Beside) {
                // Nothing of what it held is kept.
                *column = column.empty_with_room(0);
            }
        }
        let origins = match (form.line(), origins.first()) {
            (Some(Layout::Number(..)), Some(first)) => Origins::Of(first.file),
            _ => Origins::Each(origins),
        };
        Packed { event, origins, form, columns, rows, width, bytes }
    }

    /// How many rows.
    pub fn len(&self) -> usize {
        self.rows
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// About how many bytes of memory they take.
    pub fn size(&self) -> usize {
        let beside: usize = self.columns.iter().map(Column::size).sum();
        let origins = match &self.origins {
            Origins::Of(_) => 0,
            Origins::Each(origins) => origins.len() * size_of::<Origin>(),
        };
        self.bytes.len() + origins + beside
    }

    /// Some rows of one kind as a batch, in this order.
    pub fn unpacked(event: u32, rows: &[(&Packed, usize)]) -> Batch {
        // First the rows alone are fetched: nothing else stands between one visit and the next, so
        // that many are under way at a time.
        let widest = rows.iter().map(|(packed, _)| packed.width).max().unwrap_or(0);
        let mut bytes = vec![0; rows.len() * widest + BEHIND];
        let starts = (0..).step_by(widest.max(1));
        for ((packed, row), at) in rows.iter().zip(starts.clone()) {
            let from = packed.bytes.get(row * packed.width..).unwrap_or_default();
            let to = bytes.get_mut(at..).unwrap_or_default();
            // A copy of a known size takes no call; what is too much of it the next row writes over.
            match (from.first_chunk::<BEHIND>(), to.first_chunk_mut::<BEHIND>()) {
                (Some(from), Some(to)) if widest <= BEHIND => *to = *from,
                _ => {
                    let ends = (to.get_mut(..packed.width), from.get(..packed.width));
                    if let (Some(to), Some(from)) = ends {
                        to.copy_from_slice(from);
                    }
                }
            }
        }
        let fetched = rows.iter().zip(starts).map(|((packed, row), at)| Fetched {
            layout: &packed.form.layout,
            columns: &packed.columns,
            origins: &packed.origins,
            row: *row,
            at,
        });
        let fetched: Vec<Fetched<'_>> = fetched.collect();
        let columns = rows.first().map_or(0, |(packed, _)| packed.columns.len());
        let columns = (0..columns).map(|at| column(at, &fetched, &bytes)).collect();
        let unknown = Origin { file: 0, line: 0 };
        let origins = fetched.iter().map(|row| row.origin(&bytes).unwrap_or(unknown));
        Batch { event, columns, origins: origins.collect() }
    }
}

impl Form {
    /// A form for what asks for this: another, if that finds it; else one that what fits the other also
    /// fits.
    fn of(needs: Vec<Need>, other: Option<&Arc<Form>>) -> Arc<Form> {
        let Some(other) = other.filter(|other| other.layout.len() == needs.len()) else {
            return Arc::new(Form::new(&needs));
        };
        let both = || needs.iter().zip(&other.layout);
        if both().all(|(need, layout)| need.fits(layout)) {
            return Arc::clone(other);
        }
        let joined: Vec<Need> = both().map(|(need, layout)| need.joined(layout)).collect();
        Arc::new(Form::new(&joined))
    }

    /// Where the line is.
    fn line(&self) -> Option<&Layout> {
        self.layout.last()
    }

    /// In front of all values stand the bits for those that are missing.
    fn new(needs: &[Need]) -> Form {
        let mut gaps = 0;
        let mut gap = |full: bool| {
            let bit = gaps;
            gaps += usize::from(!full);
            Gap((!full).then(|| (bit / 8, 1 << (bit % 8))))
        };
        let may_miss = needs.iter().filter(|need| need.may_miss()).count();
        let mut width = may_miss.div_ceil(8);
        let mut room = |bytes: usize| {
            width += bytes;
            width - bytes
        };
        let layout = |need: &Need| match *need {
            Need::Numbers { least, greatest, full } => {
                let (least, greatest) = if least > greatest { (0, 0) } else { (least, greatest) };
                let range = greatest.wrapping_sub(least).cast_unsigned();
                let length = (u64::BITS - range.leading_zeros()).div_ceil(8);
                let mask = u64::MAX.checked_shr(u64::BITS - length * 8).unwrap_or(0);
                let at = room(usize::try_from(length).unwrap_or(WORD));
                // What comes later may be less as well as more.
                let below = i64::try_from((mask - range) / 2).unwrap_or(0);
                let least = least.saturating_sub(below);
                Layout::Number(Number { at, mask, least }, gap(full))
            }
            Need::Texts { shortest, longest, full } => {
                let length = (shortest >= longest).then_some(longest);
                let at = room(longest + usize::from(length.is_none()));
                Layout::Text(Text { at, length, longest }, gap(full))
            }
            Need::Beside => Layout::Beside,
        };
        let layout = needs.iter().map(layout).collect();
        Form { layout, width }
    }
}

impl Need {
    fn of(column: &Column) -> Need {
        match column {
            Column::Integer(values) | Column::Money(values) if values.are_narrow() => {
                match values.all() {
                    Some(all) => Need::numbers(true, all.iter().copied()),
                    None => Need::numbers(values.is_full(), values.present()),
                }
            }
            Column::Date(values) => match values.all() {
                Some(all) => Need::numbers(true, all.iter().map(|day| day.days().into())),
                None => Need::numbers(false, values.present().map(|day| day.days().into())),
            },
            Column::Member(values) => match values.all() {
                Some(all) => Need::numbers(true, all.iter().map(|it| (*it).into())),
                None => Need::numbers(false, values.present().map(|it| (*it).into())),
            },
            Column::Bool(values) => {
                Need::numbers(values.all().is_some(), values.present().map(|it| (*it).into()))
            }
            Column::Text(texts) => {
                let (shortest, longest) = texts.lengths().unwrap_or((usize::MAX, 0));
                match longest <= TEXT_MAX {
                    true => Need::Texts { shortest, longest, full: texts.is_full() },
                    false => Need::Beside,
                }
            }
            _ => Need::Beside,
        }
    }

    /// What the lines ask for, of rows of one file.
    fn of_lines(origins: &[Origin]) -> Need {
        let mut first = origins.iter().map(|it| it.file);
        let file = first.next();
        let lines = origins.iter().map(|it| i64::try_from(it.line).unwrap_or(i64::MAX));
        match Need::numbers(true, lines) {
            Need::Numbers { greatest: i64::MAX, .. } => Need::Beside,
            need if first.all(|other| Some(other) == file) => need,
            _ => Need::Beside,
        }
    }

    fn numbers(full: bool, values: impl Iterator<Item = i64>) -> Need {
        let none = (i64::MAX, i64::MIN);
        let take = |(least, greatest): (i64, i64), value| (least.min(value), greatest.max(value));
        let (least, greatest) = values.fold(none, take);
        Need::Numbers { least, greatest, full }
    }

    fn may_miss(&self) -> bool {
        matches!(self, Need::Numbers { full: false, .. } | Need::Texts { full: false, .. })
    }

    /// Whether what asks for this finds it.
    fn fits(&self, layout: &Layout) -> bool {
        match (*self, layout) {
            (Need::Numbers { least, greatest, full }, Layout::Number(number, gap)) => {
                let (from, to) = number.ends();
                (full || gap.0.is_some()) && from <= least && greatest <= to
            }
            (Need::Texts { shortest, longest, full }, Layout::Text(text, gap)) => {
                let fits = match text.length {
                    Some(length) => length <= shortest && longest <= length,
                    None => longest <= text.longest,
                };
                (full || gap.0.is_some()) && fits
            }
            (Need::Beside, Layout::Beside) => true,
            _ => false,
        }
    }

    /// What asks for this and for what a layout has room for.
    fn joined(self, layout: &Layout) -> Need {
        match (self, layout) {
            (Need::Numbers { least, greatest, full }, Layout::Number(number, gap)) => {
                let (from, to) = number.ends();
                let full = full && gap.0.is_none();
                Need::Numbers { least: least.min(from), greatest: greatest.max(to), full }
            }
            (Need::Texts { shortest, longest, full }, Layout::Text(text, gap)) => Need::Texts {
                shortest: shortest.min(text.length.unwrap_or(0)),
                longest: longest.max(text.longest),
                full: full && gap.0.is_none(),
            },
            (need, _) => need,
        }
    }
}

/// Puts the values of some rows down, each row where it starts.
fn put(
    column: &Column,
    layout: Layout,
    rows: impl Iterator<Item = (usize, usize)>,
    bytes: &mut [u8],
) {
    match (layout, column) {
        (Layout::Number(number, gap), Column::Integer(values) | Column::Money(values)) => {
            put_numbers(number, gap, rows, bytes, |row| values.narrow(row));
        }
        (Layout::Number(number, gap), Column::Date(values)) => {
            let day = |row| values.get(row).map(|day| day.days().into());
            put_numbers(number, gap, rows, bytes, day);
        }
        (Layout::Number(number, gap), Column::Member(values)) => {
            put_numbers(number, gap, rows, bytes, |row| values.get(row).map(i64::from));
        }
        (Layout::Number(number, gap), Column::Bool(values)) => {
            put_numbers(number, gap, rows, bytes, |row| values.get(row).map(i64::from));
        }
        (Layout::Text(place, gap), Column::Text(texts)) => {
            for (row, start) in rows {
                match texts.get(row) {
                    Some(text) => place.put(text, bytes.get_mut(start..).unwrap_or_default()),
                    None => gap.put(bytes.get_mut(start..).unwrap_or_default()),
                }
            }
        }
        _ => {}
    }
}

fn put_numbers(
    number: Number,
    gap: Gap,
    rows: impl Iterator<Item = (usize, usize)>,
    bytes: &mut [u8],
    value: impl Fn(usize) -> Option<i64>,
) {
    for (row, start) in rows {
        let own = bytes.get_mut(start..).unwrap_or_default();
        match value(row) {
            Some(value) => number.put(value, own),
            None => gap.put(own),
        }
    }
}

impl Number {
    /// Between which numbers there is room.
    fn ends(self) -> (i64, i64) {
        match self.mask {
            // A word holds any number.
            u64::MAX => (i64::MIN, i64::MAX),
            mask => (self.least, self.least.saturating_add_unsigned(mask)),
        }
    }

    /// Beside what stands in the rest of the word, which may belong to the next row.
    #[inline]
    fn put(self, value: i64, row: &mut [u8]) {
        let places = row.get_mut(self.at..).and_then(<[u8]>::first_chunk_mut::<WORD>);
        if let Some(word) = places {
            let above = value.wrapping_sub(self.least).cast_unsigned();
            *word = (u64::from_le_bytes(*word) | above).to_le_bytes();
        }
    }

    #[inline]
    fn get(self, row: &[u8]) -> i64 {
        let word = row.get(self.at..).and_then(<[u8]>::first_chunk::<WORD>);
        let above = word.map_or(0, |word| u64::from_le_bytes(*word)) & self.mask;
        self.least.wrapping_add(above.cast_signed())
    }
}

impl Text {
    fn put(self, text: &str, row: &mut [u8]) {
        let mut at = self.at;
        if self.length.is_none() {
            if let Some(length) = row.get_mut(at) {
                // INVARIANT: texts of a packed column are at most `TEXT_MAX` bytes long.
                *length = u8::try_from(text.len()).unwrap_or(u8::MAX);
            }
            at += 1;
        }
        if let Some(place) = row.get_mut(at..at + text.len()) {
            place.copy_from_slice(text.as_bytes());
        }
    }

    #[inline]
    fn get(self, row: &[u8]) -> Option<&[u8]> {
        let (at, length) = match self.length {
            Some(length) => (self.at, length),
            None => (self.at + 1, usize::from(*row.get(self.at)?)),
        };
        row.get(at..at + length)
    }
}

impl Gap {
    fn put(self, row: &mut [u8]) {
        if let Some((at, bit)) = self.0
            && let Some(byte) = row.get_mut(at)
        {
            *byte |= bit;
        }
    }

    #[inline]
    fn is_missing(self, row: &[u8]) -> bool {
        self.0.is_some_and(|(at, bit)| row.get(at).is_some_and(|byte| byte & bit != 0))
    }
}

/// A row that was fetched: how it is laid out, what stands beside it, and where its bytes stand.
struct Fetched<'p> {
    layout: &'p [Layout],
    columns: &'p [Column],
    origins: &'p Origins,
    row: usize,
    at: usize,
}

impl Fetched<'_> {
    /// The number of a column, or behind them the line; nothing if it is missing.
    #[inline]
    fn number(&self, column: usize, bytes: &[u8]) -> Option<i64> {
        let row = bytes.get(self.at..)?;
        match self.layout.get(column)? {
            Layout::Number(number, gap) if !gap.is_missing(row) => Some(number.get(row)),
            _ => None,
        }
    }

    #[inline]
    fn origin(&self, bytes: &[u8]) -> Option<Origin> {
        match self.origins {
            Origins::Of(file) => {
                let line = u64::try_from(self.number(self.columns.len(), bytes)?).ok()?;
                Some(Origin { file: *file, line })
            }
            Origins::Each(origins) => origins.get(self.row).copied(),
        }
    }

    /// The number of a column where it need not be packed.
    #[inline]
    fn whole(&self, column: usize, bytes: &[u8], to: &mut Wholes) {
        if let Some(number) = self.number(column, bytes) {
            return to.push_narrow(number);
        }
        let beside = match self.columns.get(column) {
            Some(Column::Integer(values) | Column::Money(values)) => values.get(self.row),
            _ => None,
        };
        match beside {
            Some(number) => to.push(number),
            None => to.push_missing(),
        }
    }

    #[inline]
    fn text<'t>(&'t self, column: usize, bytes: &'t [u8]) -> Option<&'t [u8]> {
        let row = bytes.get(self.at..)?;
        match (self.layout.get(column)?, self.columns.get(column)) {
            (Layout::Text(text, gap), _) if !gap.is_missing(row) => text.get(row),
            (Layout::Beside, Some(Column::Text(texts))) => texts.get(self.row).map(str::as_bytes),
            _ => None,
        }
    }
}

/// A column of the rows that were fetched, of the type of the first batch that has it at all.
fn column(at: usize, rows: &[Fetched<'_>], bytes: &[u8]) -> Column {
    let mut columns = rows.iter().filter_map(|row| row.columns.get(at));
    let typed = columns.find(|column| !matches!(column, Column::Absent));
    let Some(typed) = typed else { return Column::Absent };
    let mut column = typed.empty_with_room(rows.len());
    match &mut column {
        Column::Integer(values) | Column::Money(values) => {
            rows.iter().for_each(|row| row.whole(at, bytes, values));
        }
        Column::Date(values) => {
            let days = rows.iter().map(|row| row.number(at, bytes));
            fill(values, days.map(|it| Date::from_days(i32::try_from(it?).ok()?)));
        }
        Column::Member(values) => {
            let members = rows.iter().map(|row| row.number(at, bytes));
            fill(values, members.map(|it| u32::try_from(it?).ok()));
        }
        Column::Bool(values) => {
            fill(values, rows.iter().map(|row| Some(row.number(at, bytes)? == 1)));
        }
        Column::Text(texts) => {
            let pieces = rows.iter().map(|row| row.text(at, bytes));
            texts.extend_from_bytes(pieces);
        }
        others => {
            let beside = |row: &Fetched<'_>| row.columns.get(at).map(|it| it.cell(row.row));
            rows.iter().for_each(|row| others.push(beside(row).unwrap_or(super::Cell::Missing)));
        }
    }
    column
}

fn fill<T: super::values::Filler>(values: &mut Values<T>, all: impl Iterator<Item = Option<T>>) {
    for value in all {
        match value {
            Some(value) => values.push(value),
            None => values.push_missing(),
        }
    }
}

#[cfg(test)]
mod tests;
