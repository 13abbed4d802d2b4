//! What identifies an event of a kind.

use std::hash::BuildHasher;

use foldhash::fast::FixedState;

use crate::base::{Period, PeriodKind};
use crate::rows::Column;

use super::duplicates::numbered;
use super::names::{Names, packed};
use super::value::{Part, Value};

/// What identifies an event of a kind, as a number: equal exactly where the values are.
///
/// A short text is its own bytes, so that nobody has to be asked for its place among the names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Identity(u128);

impl Identity {
    /// That of a value that is to be kept.
    pub fn of(value: &Value<'_>, names: &mut Names) -> Identity {
        Identity::of_short(value).unwrap_or_else(|| Identity::of_part(names.part(value)))
    }

    /// That of a value that is only looked for.
    pub fn known(value: &Value<'_>, names: &Names) -> Identity {
        Identity::of_short(value).unwrap_or_else(|| Identity::of_part(names.known(value)))
    }

    /// That of what stands in a column, if it is of a plain type; to be kept, or compared with others.
    #[inline]
    pub fn in_column(column: &Column, row: usize, names: &mut Names) -> Option<Identity> {
        let Column::Text(texts) = column else {
            return Some(Identity::of_part(names.part(&Value::of_plain(&column.cell(row))?)));
        };
        let text = texts.get(row)?;
        let long = || Identity::of_part(names.text_part(text, true));
        Some(packed(text).map(Identity).unwrap_or_else(long))
    }

    /// Some bits in which all of it is mixed.
    #[inline]
    pub fn mixed<const BITS: u32>(self) -> usize {
        let Identity(own) = self;
        let halves = [own, own >> 64].map(|half| u64::try_from(half & u128::from(u64::MAX)));
        let [lower, upper] =
            halves.map(|half| half.unwrap_or(0).wrapping_mul(0x9E37_79B9_7F4A_7C15));
        usize::try_from((lower ^ upper.rotate_left(32)) >> (64 - BITS)).unwrap_or(0)
    }

    fn of_short(value: &Value<'_>) -> Option<Identity> {
        match value {
            Value::Text(text) => packed(text.as_str()).map(Identity),
            _ => None,
        }
    }

    /// As a number, behind what stands before it, if it is or ends in one.
    pub fn numbered(self) -> Option<(u128, i64)> {
        let Identity(own) = self;
        if own >> 127 == 0 {
            return numbered(own);
        }
        let lower = own & u128::from(u64::MAX);
        Some((own ^ lower, u64::try_from(lower).ok()?.cast_signed()))
    }

    /// What it comes to in 32 bits, among the events of its kind.
    pub fn hash(self, kind: u32) -> u32 {
        let hash = FixedState::default().hash_one((kind, self)) >> 32;
        u32::try_from(hash).unwrap_or(0)
    }

    pub fn of_part(part: Part) -> Identity {
        let (kind, value) = match part {
            Part::Missing => (0_u8, 0),
            Part::Bool(value) => (1, u64::from(value)),
            Part::Integer(value) => (2, value.cast_unsigned()),
            Part::Number(place) => (3, place.into()),
            Part::Date(day) => (4, day.days().cast_unsigned().into()),
            Part::Period(period) => (5 + kind_of(period), period.index().cast_unsigned().into()),
            Part::Duration(length) => (8, of_two(length.months, length.days)),
            Part::Text(place) => (9, place.into()),
            Part::Member(member) => (10, member.into()),
            Part::Row(register, row) => (11, u64::from(register) << 32 | u64::from(row)),
            Part::Unseen => (12, 0),
        };
        // Texts have their length there, which is below sixteen.
        Identity(u128::from(0x80 | kind) << 120 | u128::from(value))
    }
}

fn kind_of(period: Period) -> u8 {
    match period.kind() {
        PeriodKind::Month => 0,
        PeriodKind::Quarter => 1,
        PeriodKind::Year => 2,
    }
}

fn of_two(upper: i32, lower: i32) -> u64 {
    u64::from(upper.cast_unsigned()) << 32 | u64::from(lower.cast_unsigned())
}
