//! Events that wait, put in their order.
//!
//! While they come, what decides nearly every comparison (the day, and the first ordering field cut
//! down to 64 bits that keep its order) is kept in columns. To be sorted, both and the place of the
//! event are one number of 64 bits, and the numbers are sorted digit by digit: eight bytes an event.

use crate::base::Date;
use crate::plan::{Event, at};

use super::dealt::{Came, Dealt};
use super::order::{Kept, Rows, Seat, Slot, order};

/// The slots of events that wait, as they came.
#[derive(Debug, Default)]
pub(super) struct Slots {
    of: Vec<OfBatch>,
    count: usize,
    extent: Option<Extent>,
}

/// Between which ends they are, and whether they came in order.
#[derive(Debug)]
struct Extent {
    least: (Date, u64),
    greatest: (Date, u64),
    /// The greatest of places.
    batch: u32,
    row: u32,
    last: (Date, u64),
    in_order: bool,
    firsts_in_order: bool,
    /// They are, and no two are alike.
    firsts_ascend: bool,
}

impl Extent {
    fn of(Slot { date, first, batch, row }: Slot) -> Extent {
        let own = (date, first);
        let [in_order, firsts_in_order, firsts_ascend] = [true; 3];
        let (least, greatest, last) = (own, own, own);
        Extent { least, greatest, batch, row, last, in_order, firsts_in_order, firsts_ascend }
    }

    #[inline]
    fn take(&mut self, Slot { date, first, batch, row }: Slot) {
        self.least = (self.least.0.min(date), self.least.1.min(first));
        self.greatest = (self.greatest.0.max(date), self.greatest.1.max(first));
        (self.batch, self.row) = (self.batch.max(batch), self.row.max(row));
        self.in_order &= self.last <= (date, first);
        self.firsts_in_order &= self.last.1 <= first;
        self.firsts_ascend &= self.last.1 < first;
        self.last = (date, first);
    }
}

/// Those of the events of a batch, or of some of them.
#[derive(Debug)]
struct OfBatch {
    came: Came,
    firsts: Vec<u64>,
}

impl OfBatch {
    /// They, as they came.
    fn slots(&self) -> impl Iterator<Item = Slot> + '_ {
        let Came { batch, rows, dates } = &self.came;
        let rows = rows.as_deref();
        let own = (0_u32..).zip(dates.iter().zip(&self.firsts));
        own.map(move |(place, (date, first))| {
            let row = rows.map_or(Some(place), |rows| rows.get(at(place)).copied());
            Slot { date: *date, first: *first, batch: *batch, row: row.unwrap_or(place) }
        })
    }
}

impl Slots {
    /// Adds those of a batch.
    pub fn add(&mut self, slots: &[Slot]) {
        let Some(first @ Slot { batch, .. }) = slots.first() else { return };
        let (known, mut extent) = match self.extent.take() {
            Some(extent) => (0, extent),
            None => (1, Extent::of(*first)),
        };
        slots.iter().skip(known).for_each(|slot| extent.take(*slot));
        self.extent = Some(extent);
        let all = (0..).zip(slots).all(|(row, slot)| slot.row == row);
        self.count += slots.len();
        let rows = (!all).then(|| slots.iter().map(|slot| slot.row).collect());
        let dates = slots.iter().map(|slot| slot.date).collect();
        let firsts = slots.iter().map(|slot| slot.first).collect();
        self.of.push(OfBatch { came: Came { batch: *batch, rows, dates }, firsts });
    }

    /// How many bytes of memory they take until they are in order.
    pub fn size(&self) -> usize {
        self.count * (size_of::<Date>() + 3 * size_of::<u64>())
    }

    /// Puts them in order.
    pub fn sorted<R: Rows>(self, kept: &[Kept<R>], events: &[Event]) -> Sorted {
        let Slots { of, count, extent } = self;
        if let Some(extent) = extent.as_ref().filter(|extent| extent.firsts_ascend) {
            let days = (extent.least.0, extent.greatest.0);
            if Dealt::can_be(days, count) {
                let came = of.into_iter().map(|of| of.came).collect();
                return Sorted::Dealt(Dealt::new(came, days, count));
            }
        }
        let digits = extent.as_ref().and_then(Digits::of);
        let (Some(digits), Some(extent)) = (digits, extent) else {
            let mut slots: Vec<Slot> = of.iter().flat_map(OfBatch::slots).collect();
            sort(&mut slots, kept, events);
            return Sorted::Slots(slots);
        };
        let all = || of.iter().flat_map(OfBatch::slots).map(|slot| digits.number(slot));
        let mut numbers = match extent.in_order || count < FEW {
            true => all().collect(),
            false => digits.sorted(count, all),
        };
        if !extent.in_order && count < FEW {
            numbers.sort_unstable();
        }
        // What is left stands side by side.
        let alike = |one: &u64, other: &u64| digits.are_alike(*one, *other);
        for same in numbers.chunk_by_mut(alike).filter(|same| same.len() > 1) {
            same.sort_by(|one, other| {
                order(&digits.slot(*one), &digits.slot(*other), kept, events)
            });
        }
        Sorted::Numbers(numbers, digits)
    }
}

/// Puts slots in order by comparing them.
pub(super) fn sort<R: Rows>(slots: &mut [Slot], kept: &[Kept<R>], events: &[Event]) {
    slots.sort_by(|one, other| order(one, other, kept, events));
}

/// Slots in their order.
pub(super) enum Sorted {
    /// As they are.
    Slots(Vec<Slot>),
    /// As numbers.
    Numbers(Vec<u64>, Digits),
    /// By day, no two alike.
    Dealt(Dealt),
}

impl Sorted {
    pub fn len(&self) -> usize {
        match self {
            Sorted::Slots(slots) => slots.len(),
            Sorted::Numbers(numbers, _) => numbers.len(),
            Sorted::Dealt(dealt) => dealt.len(),
        }
    }

    /// So many of them, or all that are left.
    pub fn window(&self, start: usize, count: usize) -> Vec<Seat> {
        let end = start.saturating_add(count).min(self.len());
        match self {
            Sorted::Slots(slots) => {
                let slots = slots.get(start..end).unwrap_or_default();
                slots.iter().map(|slot| Seat::from(*slot)).collect()
            }
            Sorted::Numbers(numbers, digits) => {
                let numbers = numbers.get(start..end).unwrap_or_default();
                numbers.iter().map(|number| digits.slot(*number).into()).collect()
            }
            Sorted::Dealt(dealt) => dealt.window(start, end),
        }
    }

    /// One of them, where some may have the same day and first field.
    pub fn slot(&self, place: usize) -> Option<Slot> {
        match self {
            Sorted::Slots(slots) => slots.get(place).copied(),
            Sorted::Numbers(numbers, digits) => {
                numbers.get(place).map(|number| digits.slot(*number))
            }
            Sorted::Dealt(_) => None,
        }
    }

    /// Whether the next has the same day and first field.
    pub fn is_like_the_next(&self, place: usize) -> bool {
        match self {
            Sorted::Slots(slots) => match slots.get(place..).unwrap_or_default() {
                [one, other, ..] => (one.date, one.first) == (other.date, other.first),
                _ => false,
            },
            Sorted::Numbers(numbers, digits) => match numbers.get(place..).unwrap_or_default() {
                [one, other, ..] => digits.are_alike(*one, *other),
                _ => false,
            },
            Sorted::Dealt(_) => false,
        }
    }
}

/// So few are sorted by comparing their numbers.
const FEW: usize = 4096;
/// So that a place for each digit still fits into the nearest memory.
const DIGIT_BITS_MAX: u32 = 13;

/// How slots are numbers of a few digits: from the front the day, the first field, the batch and the
/// row. To sort them digit by digit is to go through them a few times, where comparing goes twenty.
#[derive(Debug, Clone, Copy)]
pub(super) struct Digits {
    least_date: i32,
    least_first: u64,
    first_bits: u32,
    row_bits: u32,
    place_bits: u32,
    /// From which bit on they are to be sorted, and up to which.
    from_bit: u32,
    bits: u32,
}

impl Digits {
    /// Nothing if the numbers are too large.
    fn of(extent: &Extent) -> Option<Digits> {
        let (least_date, least_first) = (extent.least.0.days(), extent.least.1);
        let bits = |range: u64| u64::BITS - range.leading_zeros();
        let row_bits = bits(extent.row.into());
        let place_bits = row_bits + bits(extent.batch.into());
        let first_bits = bits(extent.greatest.1 - least_first);
        let date_bits = bits(u64::from(extent.greatest.0.days().abs_diff(least_date)));
        // What stands in the order of the first field needs to be sorted by date alone.
        let from_bit = place_bits + if extent.firsts_in_order { first_bits } else { 0 };
        let bits = place_bits + first_bits + date_bits;
        let digits =
            Digits { least_date, least_first, first_bits, row_bits, place_bits, from_bit, bits };
        (bits < u64::BITS).then_some(digits)
    }

    /// Whether two have the same day and first field.
    fn are_alike(&self, one: u64, other: u64) -> bool {
        one >> self.place_bits == other >> self.place_bits
    }

    #[inline]
    fn number(&self, slot: Slot) -> u64 {
        let date = u64::from(slot.date.days().abs_diff(self.least_date));
        let number = date << self.first_bits | (slot.first - self.least_first);
        let place = u64::from(slot.batch) << self.row_bits | u64::from(slot.row);
        number << self.place_bits | place
    }

    #[inline]
    fn slot(&self, number: u64) -> Slot {
        let low = |number: u64, bits: u32| number & ((1 << bits) - 1);
        let narrow = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
        let (place, own) = (low(number, self.place_bits), number >> self.place_bits);
        let days = self.least_date.wrapping_add_unsigned(narrow(own >> self.first_bits));
        Slot {
            // It was one before.
            date: Date::from_days(days).unwrap_or(Date::MIN),
            first: self.least_first + low(own, self.first_bits),
            batch: narrow(place >> self.row_bits),
            row: narrow(low(place, self.row_bits)),
        }
    }

    /// So many numbers, put in order digit by digit.
    fn sorted<I: Iterator<Item = u64>>(&self, count: usize, all: impl Fn() -> I) -> Vec<u64> {
        // As few digits as there can be, all of the same size.
        let bits = self.bits - self.from_bit;
        let digit_bits = bits.div_ceil(bits.div_ceil(DIGIT_BITS_MAX).max(1));
        let digits = 1 << digit_bits;
        let digit = |bit: u32| {
            move |number: u64| (usize::try_from(number >> bit & (digits - 1)).unwrap_or(0), number)
        };
        let size = usize::try_from(digits).unwrap_or(0);
        let mut numbers = vec![0; count];
        by_digit(size, &mut numbers, || all().map(digit(self.from_bit)));
        let (mut bit, mut other) = (self.from_bit + digit_bits, Vec::new());
        while bit < self.bits {
            other.resize(count, 0);
            by_digit(size, &mut other, || numbers.iter().copied().map(digit(bit)));
            std::mem::swap(&mut numbers, &mut other);
            bit += digit_bits;
        }
        numbers
    }
}

/// Puts all into a list in the order of one digit, of so many, that each comes with: those that share it as
/// they come. Gives the end of each digit.
pub(super) fn by_digit<T, I: Iterator<Item = (usize, T)>>(
    digits: usize,
    list: &mut [T],
    all: impl Fn() -> I,
) -> Vec<usize> {
    let mut ends = vec![0_usize; digits];
    all().for_each(|(digit, _)| {
        if let Some(count) = ends.get_mut(digit) {
            *count += 1;
        }
    });
    let mut before = 0;
    for end in &mut ends {
        before += std::mem::replace(end, before);
    }
    all().for_each(|(digit, one)| {
        if let Some(place) = ends.get_mut(digit) {
            if let Some(to) = list.get_mut(*place) {
                *to = one;
            }
            *place += 1;
        }
    });
    ends
}
