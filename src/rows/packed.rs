//! Rows kept until all have been read, each in one place and as small as it goes.
//!
//! A batch has its values column by column, so to take rows out of many batches in another order
//! means to go to a place in memory for every value. Packed, a row is some bytes side by side: about
//! as many as one visit brings. A number has as many bytes as the range of its column needs, above the
//! least of them, and so has the line on which the row stands. Batches have one form as long as their
//! values fit it, so that rows of many are read by few.

mod form;

use std::sync::Arc;

use crate::base::{Date, Money};

use super::texts::TextColumn;
use super::values::{Filler, Values, Wholes};
use super::{Batch, Cell, Column, Origin};
use form::{Form, Gap, Layout, Need, Number, put, put_numbers};

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

/// So much room stands behind the last row: most rows are not wider, and are copied with it.
const BEHIND: usize = 32;
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
        Packed { event, origins, form, columns, rows, bytes }
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
        let forms = Form::different(rows.iter().map(|(packed, _)| &packed.form));
        let Some(form) = Form::common(&forms) else {
            return Batch { event, columns: Vec::new(), origins: Vec::new() };
        };
        let widest = forms.iter().map(|form| form.width).max().unwrap_or(0);
        let stride = form.width.max(widest);
        let mut bytes = vec![0; rows.len() * stride + BEHIND];
        fetch(rows, (&mut bytes, stride), widest);
        if !forms.iter().all(|other| Arc::ptr_eq(other, &form)) {
            let mut from = vec![0; stride + BEHIND];
            let others = rows.iter().zip((0..).step_by(stride.max(1)));
            for ((packed, _), at) in others.filter(|((it, _), _)| !Arc::ptr_eq(&it.form, &form)) {
                let to = bytes.get_mut(at..).unwrap_or_default();
                if let (Some(from), Some(to)) = (from.get_mut(..stride), to.get(..stride)) {
                    from.copy_from_slice(to);
                }
                form.take_over(&packed.form, &from, to);
            }
        }
        let fetched = Fetched { rows, form: &form, stride, bytes: &bytes };
        let columns =
            (0..form.layout.len().saturating_sub(1)).map(|at| fetched.column(at)).collect();
        Batch { event, columns, origins: fetched.origins() }
    }

    /// The bytes of a row, and those behind it.
    #[inline]
    fn row(&self, row: usize) -> &[u8] {
        self.bytes.get(row * self.form.width..).unwrap_or_default()
    }

    fn origin(&self, row: usize) -> Option<Origin> {
        match (&self.origins, self.form.line()) {
            (Origins::Of(file), Some(Layout::Number(number, _))) => {
                Some(Origin { file: *file, line: u64::try_from(number.get(self.row(row))).ok()? })
            }
            (Origins::Of(_), _) => None,
            (Origins::Each(origins), _) => origins.get(row).copied(),
        }
    }

    /// A value, wherever it stands.
    fn cell(&self, column: usize, row: usize) -> Option<Cell> {
        let typed = self.columns.get(column)?;
        match self.form.layout.get(column)? {
            Layout::Number(number, gap) => {
                let number = number.get(gap.there(self.row(row))?);
                Some(match typed {
                    Column::Integer(_) => Cell::Integer(number.into()),
                    Column::Money(_) => Cell::Money(Money::from_minor(number.into())),
                    Column::Date(_) => Cell::Date(date(number)?),
                    Column::Member(_) => Cell::Member(u32::try_from(number).ok()?),
                    Column::Bool(_) => Cell::Bool(number == 1),
                    _ => return None,
                })
            }
            Layout::Text(..) => Some(Cell::Text(self.text(column, row)?.into())),
            Layout::Beside => Some(typed.cell(row)),
        }
    }

    fn text(&self, column: usize, row: usize) -> Option<&str> {
        match (self.form.layout.get(column)?, self.columns.get(column)?) {
            (Layout::Text(text, gap), _) => {
                std::str::from_utf8(text.get(gap.there(self.row(row))?)?).ok()
            }
            (Layout::Beside, Column::Text(texts)) => texts.get(row),
            _ => None,
        }
    }
}

/// Copies rows, each as it stands: nothing else stands between one visit to memory and the next, so that
/// many are under way at a time.
fn fetch(rows: &[(&Packed, usize)], (bytes, stride): (&mut [u8], usize), widest: usize) {
    for ((packed, row), at) in rows.iter().zip((0..).step_by(stride.max(1))) {
        let (from, to) = (packed.row(*row), bytes.get_mut(at..).unwrap_or_default());
        // A copy of a known size takes no call; what is too much of it the next row writes over.
        match (from.first_chunk::<BEHIND>(), to.first_chunk_mut::<BEHIND>()) {
            (Some(from), Some(to)) if widest <= BEHIND => *to = *from,
            _ => {
                let width = packed.form.width;
                if let (Some(to), Some(from)) = (to.get_mut(..width), from.get(..width)) {
                    to.copy_from_slice(from);
                }
            }
        }
    }
}

/// Rows that were fetched, one behind the other.
struct Fetched<'p> {
    rows: &'p [(&'p Packed, usize)],
    form: &'p Form,
    /// From one to the next.
    stride: usize,
    bytes: &'p [u8],
}

impl Fetched<'_> {
    fn each(&self) -> impl Iterator<Item = &[u8]> {
        let row = |place| self.bytes.get(place * self.stride..).unwrap_or_default();
        (0..self.rows.len()).map(row)
    }

    /// What the number of each row stands for; nothing where it is missing.
    #[inline]
    fn values<T: Filler>(
        &self,
        (number, gap): (Number, Gap),
        of: impl Fn(i64) -> Option<T>,
    ) -> Values<T> {
        if gap.is_never() {
            let mut all = Vec::with_capacity(self.rows.len());
            all.extend(self.each().map_while(|row| of(number.get(row))));
            if all.len() == self.rows.len() {
                return Values::full(all);
            }
        }
        self.each().map(|row| of(number.get(gap.there(row)?))).collect()
    }

    /// A column, of the type of the first batch that has it at all.
    fn column(&self, at: usize) -> Column {
        let mut columns = self.rows.iter().filter_map(|(packed, _)| packed.columns.get(at));
        let typed = columns.find(|column| !matches!(column, Column::Absent));
        let Some(typed) = typed else { return Column::Absent };
        match (typed, self.form.layout.get(at)) {
            (Column::Integer(_), Some(Layout::Number(number, gap))) => {
                Column::Integer(Wholes::of_narrow(self.values((*number, *gap), Some)))
            }
            (Column::Money(_), Some(Layout::Number(number, gap))) => {
                Column::Money(Wholes::of_narrow(self.values((*number, *gap), Some)))
            }
            (Column::Date(_), Some(Layout::Number(number, gap))) => {
                Column::Date(self.values((*number, *gap), date))
            }
            (Column::Member(_), Some(Layout::Number(number, gap))) => {
                Column::Member(self.values((*number, *gap), |it| u32::try_from(it).ok()))
            }
            (Column::Bool(_), Some(Layout::Number(number, gap))) => {
                Column::Bool(self.values((*number, *gap), |it| Some(it == 1)))
            }
            (Column::Text(_), Some(Layout::Text(text, gap))) => {
                let mut texts = TextColumn::with_capacity(self.rows.len());
                texts.extend_from_bytes(self.each().map(|row| text.get(gap.there(row)?)));
                Column::Text(texts)
            }
            (typed, _) => self.beside(at, typed),
        }
    }

    /// A column that does not stand with the rows, at least not with all.
    fn beside(&self, at: usize, typed: &Column) -> Column {
        let mut made = typed.empty_with_room(self.rows.len());
        for (packed, row) in self.rows {
            match &mut made {
                Column::Text(texts) => texts.push(packed.text(at, *row)),
                others => others.push(packed.cell(at, *row).unwrap_or(Cell::Missing)),
            }
        }
        made
    }

    fn origins(&self) -> Vec<Origin> {
        let unknown = Origin { file: 0, line: 0 };
        let Some(Layout::Number(number, _)) = self.form.line() else {
            let origins = self.rows.iter().map(|(packed, row)| packed.origin(*row));
            return origins.map(|origin| origin.unwrap_or(unknown)).collect();
        };
        let lines = self.each().map(|row| u64::try_from(number.get(row)).ok());
        let origins = self.rows.iter().zip(lines).map(|((packed, _), line)| {
            let Origins::Of(file) = packed.origins else { return None };
            Some(Origin { file, line: line? })
        });
        origins.map(|origin| origin.unwrap_or(unknown)).collect()
    }
}

fn date(days: i64) -> Option<Date> {
    Date::from_days(i32::try_from(days).ok()?)
}

#[cfg(test)]
mod tests;
