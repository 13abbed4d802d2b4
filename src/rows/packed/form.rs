//! How the columns of a batch stand in a packed row.

use std::sync::Arc;

use super::super::{Column, Origin};

/// How the columns of a batch stand in a row.
#[derive(Debug)]
pub(super) struct Form {
    /// One for each column, and behind them that of the line.
    pub layout: Vec<Layout>,
    /// How many bytes a row has.
    pub width: usize,
}

/// Where a value is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Layout {
    Number(Number, Gap),
    Text(Text, Gap),
    /// In its column.
    Beside,
}

/// A number of up to eight bytes from a place on, above the least.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Number {
    at: usize,
    mask: u64,
    least: i64,
}

/// A text from a place on: of one length, or behind its length.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Text {
    at: usize,
    length: Option<usize>,
    /// The longest there is room for.
    longest: usize,
}

/// What a column asks of a row. Where all values are missing the least is above the greatest.
#[derive(Debug, Clone, Copy)]
pub(super) enum Need {
    /// Numbers between two; and whether none is missing.
    Numbers { least: i64, greatest: i64, full: bool },
    /// Texts between two lengths.
    Texts { shortest: usize, longest: usize, full: bool },
    /// No room.
    Beside,
}

/// The bit that says that a value is missing, if one is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Gap(Option<(usize, u8)>);

/// A word is read and written whole.
const WORD: usize = 8;
/// Longer texts stay in their column.
const TEXT_MAX: usize = 40;
/// Lines have room up to this one: three bytes.
const LINES: i64 = (1 << 24) - 1;

impl Form {
    /// A form for what asks for this: another, if that finds it; else one that what fits the other also
    /// fits.
    pub fn of(needs: Vec<Need>, other: Option<&Arc<Form>>) -> Arc<Form> {
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

    /// Those that are different.
    pub fn different<'f>(all: impl Iterator<Item = &'f Arc<Form>>) -> Vec<&'f Arc<Form>> {
        let mut forms: Vec<&Arc<Form>> = Vec::new();
        for form in all {
            if !forms.iter().any(|known| Arc::ptr_eq(known, form)) {
                forms.push(form);
            }
        }
        forms
    }

    /// A form that rows of all these have room in: one of theirs, if that has. Nothing, if there are none.
    pub fn common(forms: &[&Arc<Form>]) -> Option<Arc<Form>> {
        let (first, others) = forms.split_first()?;
        let mut needs: Vec<Need> = first.layout.iter().map(Need::of_layout).collect();
        for form in others {
            let both = needs.iter_mut().zip(&form.layout);
            both.for_each(|(need, layout)| *need = need.beside_or_both(layout));
        }
        // Each was made with room for what the one before had room for: mostly one fits all.
        let fits = |form: &&&Arc<Form>| {
            needs.iter().zip(&form.layout).all(|(need, layout)| need.fits(layout))
        };
        let fitting = forms.iter().find(fits).map(|form| Arc::clone(form));
        Some(fitting.unwrap_or_else(|| Arc::new(Form::new(&needs))))
    }

    /// Puts a row of another form down in this one.
    pub fn take_over(&self, other: &Form, from: &[u8], to: &mut [u8]) {
        to.get_mut(..self.width).unwrap_or_default().fill(0);
        for both in self.layout.iter().zip(&other.layout) {
            match both {
                (Layout::Number(own, own_gap), Layout::Number(number, gap)) => {
                    match gap.there(from) {
                        Some(row) => own.put(number.get(row), to),
                        None => own_gap.put(to),
                    }
                }
                (Layout::Text(own, own_gap), Layout::Text(text, gap)) => match gap.there(from) {
                    Some(row) => own.put(text.get(row).unwrap_or_default(), to),
                    None => own_gap.put(to),
                },
                _ => {}
            }
        }
    }

    /// Where the line is.
    pub fn line(&self) -> Option<&Layout> {
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
                // What comes later may be less as well as more; but where nothing is below nought,
                // mostly nothing will be.
                let below = i64::try_from((mask - range) / 2).unwrap_or(0);
                let below = if least < 0 { below } else { below.min(least) };
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
    pub fn of(column: &Column) -> Need {
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

    /// What the lines ask for, of rows of one file: room for those further down, too.
    pub fn of_lines(origins: &[Origin]) -> Need {
        let mut first = origins.iter().map(|it| it.file);
        let file = first.next();
        let lines = origins.iter().map(|it| i64::try_from(it.line).unwrap_or(i64::MAX));
        match Need::numbers(true, lines) {
            Need::Numbers { greatest: i64::MAX, .. } => Need::Beside,
            Need::Numbers { greatest, full, .. } if first.all(|other| Some(other) == file) => {
                Need::Numbers { least: 0, greatest: greatest.max(LINES), full }
            }
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
                (full || !gap.is_never()) && from <= least && greatest <= to
            }
            (Need::Texts { shortest, longest, full }, Layout::Text(text, gap)) => {
                let fits = match text.length {
                    Some(length) => length <= shortest && longest <= length,
                    None => longest <= text.longest,
                };
                (full || !gap.is_never()) && fits
            }
            (Need::Beside, Layout::Beside) => true,
            _ => false,
        }
    }

    /// What has room in a layout.
    fn of_layout(layout: &Layout) -> Need {
        match layout {
            Layout::Number(number, gap) => {
                let (least, greatest) = number.ends();
                Need::Numbers { least, greatest, full: gap.is_never() }
            }
            Layout::Text(text, gap) => Need::Texts {
                shortest: text.length.unwrap_or(0),
                longest: text.longest,
                full: gap.is_never(),
            },
            Layout::Beside => Need::Beside,
        }
    }

    /// What asks for this and for what a layout has room for.
    fn joined(self, layout: &Layout) -> Need {
        match (self, Need::of_layout(layout)) {
            (
                Need::Numbers { least, greatest, full },
                Need::Numbers { least: from, greatest: to, full: other },
            ) => {
                let (least, greatest) = (least.min(from), greatest.max(to));
                Need::Numbers { least, greatest, full: full && other }
            }
            (
                Need::Texts { shortest, longest, full },
                Need::Texts { shortest: from, longest: to, full: other },
            ) => {
                let (shortest, longest) = (shortest.min(from), longest.max(to));
                Need::Texts { shortest, longest, full: full && other }
            }
            (need, _) => need,
        }
    }

    /// The same; no room, if there is none in one of them.
    fn beside_or_both(self, layout: &Layout) -> Need {
        match layout {
            Layout::Beside => Need::Beside,
            layout => self.joined(layout),
        }
    }
}

/// Puts the values of some rows down, each row where it starts.
pub(super) fn put(
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
                    Some(text) => {
                        place.put(text.as_bytes(), bytes.get_mut(start..).unwrap_or_default());
                    }
                    None => gap.put(bytes.get_mut(start..).unwrap_or_default()),
                }
            }
        }
        _ => {}
    }
}

pub(super) fn put_numbers(
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
    pub fn get(self, row: &[u8]) -> i64 {
        let word = row.get(self.at..).and_then(<[u8]>::first_chunk::<WORD>);
        let above = word.map_or(0, |word| u64::from_le_bytes(*word)) & self.mask;
        self.least.wrapping_add(above.cast_signed())
    }
}

impl Text {
    fn put(self, text: &[u8], row: &mut [u8]) {
        let mut at = self.at;
        if self.length.is_none() {
            if let Some(length) = row.get_mut(at) {
                // INVARIANT: texts of a packed column are at most `TEXT_MAX` bytes long.
                *length = u8::try_from(text.len()).unwrap_or(u8::MAX);
            }
            at += 1;
        }
        if let Some(place) = row.get_mut(at..at + text.len()) {
            place.copy_from_slice(text);
        }
    }

    #[inline]
    pub fn get(self, row: &[u8]) -> Option<&[u8]> {
        let (at, length) = match self.length {
            Some(length) => (self.at, length),
            None => (self.at + 1, usize::from(*row.get(self.at)?)),
        };
        row.get(at..at + length)
    }
}

impl Gap {
    /// Whether none is missing.
    pub fn is_never(self) -> bool {
        self.0.is_none()
    }

    fn put(self, row: &mut [u8]) {
        if let Some((at, bit)) = self.0
            && let Some(byte) = row.get_mut(at)
        {
            *byte |= bit;
        }
    }

    /// A row in which the value is there; nothing where it is missing.
    #[inline]
    pub fn there(self, row: &[u8]) -> Option<&[u8]> {
        let missing = |(at, bit): (usize, u8)| row.get(at).is_some_and(|byte| byte & bit != 0);
        if self.0.is_some_and(missing) { None } else { Some(row) }
    }
}
