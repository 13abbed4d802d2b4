//! Texts and long numbers that occur in keys, each held once and known by its place.

use std::collections::HashMap;
use std::hash::BuildHasher;
use std::sync::Arc;

use foldhash::fast::FixedState;
use hashbrown::HashTable;

use crate::base::Exact;
use crate::plan::at;

use super::blocks::Blocks;
use super::value::{Part, Row, Value};

/// A text that is looked for.
#[derive(Debug, Clone, Copy)]
enum Asked<'t> {
    Short(u128),
    Long(&'t str),
}

impl Asked<'_> {
    #[inline]
    fn of(text: &str) -> Asked<'_> {
        packed(text).map_or(Asked::Long(text), Asked::Short)
    }

    #[inline]
    fn hash(self) -> u64 {
        match self {
            Asked::Short(packed) => FixedState::default().hash_one(packed),
            Asked::Long(text) => FixedState::default().hash_one(text),
        }
    }
}

/// So many texts are looked for at a time.
const AT_ONCE: usize = 64;

/// Where a text stands, and what is kept of it; in bytes, which need no room between two of them.
#[derive(Debug, Clone, Copy)]
struct Placed {
    kept: [u8; 16],
    place: u32,
}

impl Placed {
    #[inline]
    fn kept(&self) -> u128 {
        u128::from_le_bytes(self.kept)
    }
}

/// Texts by their places.
#[derive(Debug, Clone, Default)]
struct TextList {
    /// Short ones packed; of a long one this says where it is.
    packed: Blocks<u128>,
    long: Vec<Arc<str>>,
}

/// What stands above the place of a long text, where a short one has its length.
const LONG: u128 = 0xFF << 120;

impl TextList {
    fn push(&mut self, text: &str, kept: impl FnOnce() -> Arc<str>) -> u128 {
        let own = packed(text).unwrap_or_else(|| {
            self.long.push(kept());
            LONG | u128::try_from(self.long.len() - 1).unwrap_or(0)
        });
        self.packed.push(own);
        own
    }

    fn long(&self, own: u128) -> Option<&Arc<str>> {
        self.long.get(usize::try_from(own.checked_sub(LONG)?).ok()?)
    }

    /// Whether a text stands at a place.
    #[inline]
    fn has(&self, place: u32, text: Asked<'_>) -> bool {
        self.packed.get(at(place)).is_some_and(|own| self.is(*own, text))
    }

    /// Whether this is what is kept of a text.
    #[inline]
    fn is(&self, own: u128, text: Asked<'_>) -> bool {
        match text {
            Asked::Short(packed) => own == packed,
            Asked::Long(text) => self.long(own).is_some_and(|long| **long == *text),
        }
    }

    fn get(&self, place: u32) -> Option<Arc<str>> {
        let own = *self.packed.get(at(place))?;
        self.long(own).cloned().or_else(|| unpacked(own))
    }

    fn hash(&self, own: u128) -> u64 {
        self.long(own).map_or(Asked::Short(own), |text| Asked::Long(text)).hash()
    }
}

/// Adds a text that is not among them, and gives its place.
fn added(
    (places, listed): (&mut HashTable<Placed>, &mut TextList),
    (text, hash): (&str, u64),
    kept: impl FnOnce() -> Arc<str>,
) -> u32 {
    let next = u32::try_from(listed.packed.len()).unwrap_or(u32::MAX);
    let kept = listed.push(text, kept);
    let placed = Placed { kept: kept.to_le_bytes(), place: next };
    places.insert_unique(hash, placed, |it| listed.hash(it.kept()));
    next
}

/// Texts and long numbers that occur in keys, each held once. Texts are shared with copies until one more
/// comes.
#[derive(Debug, Clone, Default)]
pub(crate) struct Names {
    /// The places of texts, each beside what is kept of its text: so one look into memory finds it.
    places: Arc<HashTable<Placed>>,
    /// By place.
    texts: Arc<TextList>,
    numbers: HashMap<Exact, u32>,
    /// The same, by place.
    number_list: Vec<Exact>,
}

impl Names {
    /// The part of a key that is to be written.
    pub fn part(&mut self, value: &Value<'_>) -> Part {
        match self.known(value) {
            Part::Unseen => {}
            part => return part,
        }
        match value {
            Value::Text(text) => Part::Text(self.add_text(text.as_str())),
            Value::Number(number) => {
                let next = u32::try_from(self.numbers.len()).unwrap_or(u32::MAX);
                self.number_list.push(number.clone());
                self.numbers.insert(number.clone(), next);
                Part::Number(next)
            }
            _ => Part::Unseen,
        }
    }

    /// The parts of many texts that are to be written, or missing.
    pub fn written_texts<'t>(
        &mut self,
        texts: impl ExactSizeIterator<Item = Option<&'t str>>,
    ) -> Vec<Part> {
        let (places, listed) = (Arc::make_mut(&mut self.places), Arc::make_mut(&mut self.texts));
        places.reserve(texts.len(), |placed| listed.hash(placed.kept()));
        let mut place = |text: &str| {
            let asked = Asked::of(text);
            let hash = asked.hash();
            match places.find(hash, |placed| listed.is(placed.kept(), asked)) {
                Some(placed) => placed.place,
                None => added((places, listed), (text, hash), || Arc::from(text)),
            }
        };
        texts.map(|text| text.map_or(Part::Missing, |text| Part::Text(place(text)))).collect()
    }

    /// A text as a part of a key: one that is to be written, or only looked for.
    pub fn text_part(&mut self, text: &str, written: bool) -> Part {
        match self.place(Asked::of(text)) {
            Some(place) => Part::Text(place),
            None if written => Part::Text(self.add_text(text)),
            None => Part::Unseen,
        }
    }

    /// The part of a text that is to be written, where `last` is the place of the one before it: texts
    /// often come in the order in which they came first.
    #[inline]
    pub fn next_text_part(&mut self, text: &str, last: &mut u32) -> Part {
        let place = self.next_place(text, *last);
        *last = place.unwrap_or_else(|| self.add_text(text));
        Part::Text(*last)
    }

    /// The same of a text that is only looked for.
    #[inline]
    pub fn next_known_text(&self, text: &str, last: &mut u32) -> Part {
        let place = self.next_place(text, *last);
        *last = place.unwrap_or(*last);
        place.map_or(Part::Unseen, Part::Text)
    }

    #[inline]
    fn next_place(&self, text: &str, last: u32) -> Option<u32> {
        let (asked, next) = (Asked::of(text), last.wrapping_add(1));
        if self.texts.has(next, asked) { Some(next) } else { self.place(asked) }
    }

    /// The part of a text that is kept already.
    pub fn kept_text_part(&mut self, text: &Arc<str>) -> Part {
        let known = self.place(Asked::of(text));
        Part::Text(known.unwrap_or_else(|| self.add(text, || Arc::clone(text))))
    }

    /// A text as a part of a key that is only looked for.
    #[inline]
    pub fn known_text(&self, text: &str) -> Part {
        self.place(Asked::of(text)).map_or(Part::Unseen, Part::Text)
    }

    /// The same of many; nothing where there is none. First it is found out where to look, then all are
    /// looked for: so little stands between one visit to memory and the next that many are under way.
    pub fn known_texts<'t>(
        &self,
        mut texts: impl Iterator<Item = Option<&'t str>>,
        parts: &mut Vec<Part>,
    ) {
        let mut asked: Vec<Option<(Asked<'_>, u64)>> = Vec::with_capacity(AT_ONCE);
        let hashed = |text| {
            let asked = Asked::of(text);
            (asked, asked.hash())
        };
        loop {
            asked.clear();
            asked.extend(texts.by_ref().take(AT_ONCE).map(|text| text.map(hashed)));
            if asked.is_empty() {
                return;
            }
            parts.extend(asked.iter().map(|asked| match *asked {
                Some((text, hash)) => self.place_by(text, hash).map_or(Part::Unseen, Part::Text),
                None => Part::Missing,
            }));
        }
    }

    #[inline]
    fn place(&self, text: Asked<'_>) -> Option<u32> {
        self.place_by(text, text.hash())
    }

    #[inline]
    fn place_by(&self, text: Asked<'_>, hash: u64) -> Option<u32> {
        let is = |placed: &Placed| self.texts.is(placed.kept(), text);
        self.places.find(hash, is).map(|placed| placed.place)
    }

    fn add_text(&mut self, text: &str) -> u32 {
        self.add(text, || Arc::from(text))
    }

    fn add(&mut self, text: &str, kept: impl FnOnce() -> Arc<str>) -> u32 {
        let (places, listed) = (Arc::make_mut(&mut self.places), Arc::make_mut(&mut self.texts));
        added((places, listed), (text, Asked::of(text).hash()), kept)
    }

    /// A text by its place.
    pub fn text(&self, place: u32) -> Option<Arc<str>> {
        self.texts.get(place)
    }

    /// A number by its place.
    pub fn number(&self, place: u32) -> Option<&Exact> {
        self.number_list.get(at(place))
    }

    /// The part of a key that is only looked for.
    pub fn known(&self, value: &Value<'_>) -> Part {
        match value {
            Value::Missing => Part::Missing,
            Value::Bool(value) => Part::Bool(*value),
            Value::Number(number) => match number.to_int().map(i64::try_from) {
                Some(Ok(integer)) => Part::Integer(integer),
                _ => self.numbers.get(number).map_or(Part::Unseen, |place| Part::Number(*place)),
            },
            Value::Date(value) => Part::Date(*value),
            Value::Period(value) => Part::Period(*value),
            Value::Duration(value) => Part::Duration(*value),
            Value::Text(text) => self.known_text(text.as_str()),
            Value::Member(value) | Value::Option(value) => Part::Member(*value),
            Value::Row(Row::Register(register, row)) => Part::Row(*register, *row),
            Value::Row(Row::Record(_)) | Value::List(_) => Part::Unseen,
        }
    }
}

/// A short text as a number: its bytes, and their count above all. Whole words are read where there
/// are any, the second one so that it ends where the text does.
#[inline]
pub(crate) fn packed(text: &str) -> Option<u128> {
    let bytes = text.as_bytes();
    let length = u32::try_from(bytes.len()).ok().filter(|length| *length < 16)?;
    let own = match (bytes.first_chunk::<8>(), bytes.last_chunk::<8>()) {
        (Some(first), Some(last)) => {
            let rest = u64::from_le_bytes(*last).checked_shr(8 * (16 - length)).unwrap_or(0);
            u128::from(u64::from_le_bytes(*first)) | u128::from(rest) << 64
        }
        _ => match (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
            (Some(first), Some(last)) => {
                let rest = u32::from_le_bytes(*last).checked_shr(8 * (8 - length)).unwrap_or(0);
                u128::from(u64::from(u32::from_le_bytes(*first)) | u64::from(rest) << 32)
            }
            _ => bytes.iter().rev().fold(0, |word, byte| word << 8 | u128::from(*byte)),
        },
    };
    Some(own | u128::from(length) << 120)
}

/// The text again.
fn unpacked(packed: u128) -> Option<Arc<str>> {
    let [bytes @ .., length] = packed.to_le_bytes();
    let text = str::from_utf8(bytes.get(..usize::from(length))?);
    text.ok().map(Arc::from)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Names, Part, packed, unpacked};

    proptest! {
        /// Short and long, each has its place, and stands there.
        #[test]
        fn texts_keep_their_places(texts in prop::collection::vec("[ab税]{0,7}", 0..40)) {
            let mut names = Names::default();
            let mut come: Vec<&str> = Vec::new();
            for text in &texts {
                let known = come.iter().position(|it| it == text);
                let part = |place| Part::Text(u32::try_from(place).unwrap());
                prop_assert_eq!(names.known_text(text), known.map_or(Part::Unseen, part));
                let place = known.unwrap_or(come.len());
                prop_assert_eq!(names.text_part(text, true), part(place));
                come.extend(known.is_none().then_some(text.as_str()));
            }
            for (place, text) in (0..).zip(come) {
                let kept = names.text(place);
                prop_assert_eq!(kept.as_deref(), Some(text));
            }
        }

        #[test]
        fn short_texts_are_their_bytes_and_their_count(text in "[a-z税]{0,18}") {
            let mut bytes = text.clone().into_bytes();
            let short = bytes.len() < 16;
            bytes.resize(15.max(bytes.len()), 0);
            bytes.push(u8::try_from(text.len()).unwrap());
            let number = short.then(|| u128::from_le_bytes(*bytes.first_chunk().unwrap()));
            prop_assert_eq!(packed(&text), number);
            let again = packed(&text).and_then(unpacked);
            prop_assert_eq!(again.as_deref(), short.then_some(text.as_str()));
        }
    }
}
