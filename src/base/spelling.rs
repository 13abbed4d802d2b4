//! Parts of a key beside each other, written so that different keys stay different and can be read back.
//!
//! A part alone stands as it is. Of several, one that holds a sign that stands between parts, or a
//! quotation mark, stands in quotation marks, with those inside it doubled, as in a CSV file. In a code one
//! that holds a bracket does so too: else `owner[a` in `{}/{}` would begin as a key of `owner` does.

use std::borrow::Cow;

/// The signs that may stand between parts in brackets; the first is the one we write.
const BETWEEN: &[char] = &[',', '，', '、'];

/// A name, with the parts of its key in brackets behind it, if it has one.
pub fn keyed(name: &str, parts: &[String], between: &str) -> String {
    match parts {
        [] => name.to_owned(),
        parts => format!("{name}[{}]", in_brackets(parts, between)),
    }
}

/// What stands in brackets behind a name: parts with commas between them, and perhaps blanks.
pub fn in_brackets(parts: &[String], between: &str) -> String {
    let several = parts.len() > 1;
    let written = parts.iter().map(|part| match several {
        true => beside(part, BETWEEN),
        false => Cow::Borrowed(part.as_str()),
    });
    written.collect::<Vec<_>>().join(between)
}

/// So many parts, as they stand in brackets.
pub fn of_brackets(text: &str, count: usize) -> Option<Vec<String>> {
    if count == 1 {
        return Some(vec![text.to_owned()]);
    }
    let mut parts = Vec::with_capacity(count);
    let mut left = text;
    loop {
        let (part, behind) = first(left.trim_start(), BETWEEN)?;
        parts.push(part.trim_end().to_owned());
        let Some(behind) = behind.trim_start().strip_prefix(BETWEEN) else {
            return (behind.trim().is_empty() && parts.len() == count).then_some(parts);
        };
        left = behind;
    }
}

/// How files write what has a key: an account, a parameter, a running total.
///
/// A code or a name in which each `{}` stands for a part, in turn; the parts for which it has none stand in
/// brackets behind it, with commas between them. Different keys are written differently, unless two places
/// have nothing or a quotation mark between them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spelling {
    /// What stands before the first place, between each two, and behind the last: one more than places.
    pieces: Vec<String>,
    places: Vec<Place>,
}

/// How a part stands in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// As it is.
    Alone,
    /// In quotation marks if it holds one, or one of these signs.
    Beside(Vec<char>),
}

impl Spelling {
    /// Of a code, or of a name where there is none, and a key of so many parts. Where a code has more
    /// places than that, the last ones stay empty.
    pub fn of(code: &str, count: usize) -> Spelling {
        let mut pieces: Vec<String> = code.split("{}").map(str::to_owned).collect();
        let mut signs: Vec<char> = pieces.iter().skip(1).flat_map(|it| it.chars()).collect();
        signs.push('[');
        let inside = count.min(pieces.len() - 1);
        let empty = pieces.split_off(inside + 1).concat();
        let mut last = pieces.pop().unwrap_or_default() + &empty;
        let several = |signs: &[char], several| match several {
            true => Place::Beside(signs.to_vec()),
            false => Place::Alone,
        };
        let mut places = vec![several(&signs, count > 1); inside];
        let left = count - inside;
        if left > 0 {
            pieces.push(last + "[");
            pieces.extend(std::iter::repeat_n(",".to_owned(), left - 1));
            places.extend(std::iter::repeat_n(several(BETWEEN, left > 1), left));
            last = "]".to_owned();
        }
        pieces.push(last);
        Spelling { pieces, places }
    }

    /// What stands before the first part; then each place with what stands behind it.
    pub fn parts(&self) -> (&str, impl Iterator<Item = (&Place, &str)>) {
        let mut pieces = self.pieces.iter().map(String::as_str);
        let head = pieces.next().unwrap_or_default();
        (head, self.places.iter().zip(pieces))
    }

    /// A key as files write it.
    pub fn write(&self, key: &[String]) -> String {
        let (head, places) = self.parts();
        let mut out = head.to_owned();
        let key = key.iter().map(String::as_str).chain(std::iter::repeat(""));
        for (part, (place, behind)) in key.zip(places) {
            match place {
                Place::Alone => out.push_str(part),
                Place::Beside(signs) => out.push_str(&beside(part, signs)),
            }
            out.push_str(behind);
        }
        out
    }

    /// The key that is written so: [`write`](Spelling::write) of it gives just this text.
    pub fn read(&self, text: &str) -> Option<Vec<String>> {
        let (head, places) = self.parts();
        let mut left = text.strip_prefix(head)?;
        let last = self.places.len().checked_sub(1);
        let tail = last.and_then(|last| self.pieces.get(last + 1)).map_or("", String::as_str);
        left = left.strip_suffix(tail)?;
        let mut key = Vec::with_capacity(self.places.len());
        for (at, (place, behind)) in places.enumerate() {
            let part = match place {
                Place::Alone => std::mem::take(&mut left).to_owned(),
                Place::Beside(signs) => {
                    let (part, rest) = first(left, signs)?;
                    left = rest;
                    part
                }
            };
            key.push(part);
            if Some(at) != last {
                left = left.strip_prefix(behind)?;
            }
        }
        (self.write(&key) == text).then_some(key)
    }
}

/// A part as it stands beside others, with these signs between them.
fn beside<'p>(part: &'p str, signs: &[char]) -> Cow<'p, str> {
    match part.contains(signs) || part.contains('"') {
        true => Cow::Owned(format!("\"{}\"", part.replace('"', "\"\""))),
        false => Cow::Borrowed(part),
    }
}

/// The first part of a text, and what is behind it.
fn first<'t>(text: &'t str, signs: &[char]) -> Option<(String, &'t str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let (part, behind) = text.split_at_checked(text.find(signs).unwrap_or(text.len()))?;
        return Some((part.to_owned(), behind));
    };
    let mut part = String::new();
    let mut left = quoted;
    loop {
        let (piece, behind) = left.split_once('"')?;
        part.push_str(piece);
        let Some(more) = behind.strip_prefix('"') else { return Some((part, behind)) };
        part.push('"');
        left = more;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn parts_that_are_plain_stand_as_they_are() {
        let parts = |parts: &[&str]| parts.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>();
        for (own, wanted) in [
            (parts(&["beijing", "vat"]), "beijing,vat"),
            (parts(&["a,b", "c"]), "\"a,b\",c"),
            (parts(&["a", "b,c"]), "a,\"b,c\""),
            (parts(&["say \"so\"", "c"]), "\"say \"\"so\"\"\",c"),
            (parts(&["Bo & Co, Ltd"]), "Bo & Co, Ltd"),
        ] {
            assert_eq!(in_brackets(&own, ","), wanted);
        }
        for (code, own, wanted) in [
            ("{}/{}", parts(&["n", "n/n"]), "n/\"n/n\""),
            ("T-{}", parts(&["n-n"]), "T-n-n"),
            ("owner", parts(&["a]", "b,c"]), "owner[a],\"b,c\"]"),
            ("T{}", parts(&["a[", "]"]), "T\"a[\"[]]"),
            ("{}/{}", parts(&["owner[a", "b]"]), "\"owner[a\"/b]"),
            ("{}/{}", parts(&["a"]), "a/"),
            ("T{}", parts(&[]), "T"),
        ] {
            assert_eq!(Spelling::of(code, own.len()).write(&own), wanted);
            assert_eq!(Spelling::of(code, own.len()).read(wanted), Some(own));
        }
        assert_eq!(Spelling::of("{}/{}", 2).read("\"a\"/b"), None);
        assert_eq!(of_brackets("北京市、增值税", 2), Some(parts(&["北京市", "增值税"])));
        assert_eq!(of_brackets("a, b", 2), Some(parts(&["a", "b"])));
        assert_eq!(of_brackets("a,b,c", 2), None);
        assert_eq!(of_brackets("\"a\"b,c", 2), None);
    }

    const CODES: &[&str] = &[
        "owner", "T", "{}", "T{}", "T{}--{}", "{}/{}/{}", "[{}][{}]", "{}[{}]", "{} [{}]", "\"{}{",
    ];

    proptest! {
        #[test]
        fn several_parts_are_read_back(
            parts in prop::collection::vec("[a,\"/ 、\\[\\]T-]{0,4}", 1..4),
            code in prop::sample::select(CODES),
        ) {
            let count = parts.len();
            let spelling = Spelling::of(code, count);
            let bare: Vec<String> = parts.iter().map(|part| part.trim().to_owned()).collect();
            prop_assert_eq!(of_brackets(&in_brackets(&bare, ", "), count), Some(bare));
            prop_assert_eq!(spelling.read(&spelling.write(&parts)), Some(parts));
        }
    }
}
