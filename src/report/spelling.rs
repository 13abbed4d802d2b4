//! Parts of a key beside each other, written so that different keys stay different and can be read back.
//!
//! A part alone stands as it is. Of several, one that holds a sign that stands between parts, or a
//! quotation mark, stands in quotation marks, with those inside it doubled, as in a CSV file.

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
    beside(parts, BETWEEN, parts.len() > 1).collect::<Vec<Cow<'_, str>>>().join(between)
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

/// A code with parts in the place of each `{}`; those for which it has none, in brackets behind it.
pub fn in_code(code: &str, parts: &[String]) -> String {
    let places = code.matches("{}").count();
    let (inside, left) = parts.split_at(places.min(parts.len()));
    let mut signs = signs_of(code);
    signs.extend((!left.is_empty()).then_some('['));
    let mut written = beside(inside, &signs, parts.len() > 1);
    let mut pieces = code.split("{}");
    let mut out = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        out.push_str(&written.next().unwrap_or_default());
        out.push_str(piece);
    }
    keyed(&out, left, ",")
}

/// The parts of a text that a code with that many places may have given.
pub fn of_code(code: &str, text: &str) -> Option<Vec<String>> {
    let signs = signs_of(code);
    let (head, tail) = code.split_once("{}")?;
    let mut left = text.strip_prefix(head)?;
    if !tail.contains("{}") {
        return Some(vec![left.strip_suffix(tail)?.to_owned()]);
    }
    let mut parts = Vec::new();
    for piece in tail.split("{}") {
        let (part, behind) = first(left, &signs)?;
        parts.push(part);
        left = behind.strip_prefix(piece)?;
    }
    left.is_empty().then_some(parts)
}

/// The signs that stand between the places of a code, and behind the last.
fn signs_of(code: &str) -> Vec<char> {
    code.split("{}").skip(1).flat_map(str::chars).collect()
}

/// Parts that may stand beside others, with these signs between them.
fn beside<'p>(
    parts: &'p [String],
    signs: &[char],
    several: bool,
) -> impl Iterator<Item = Cow<'p, str>> {
    parts.iter().map(move |part| {
        let plain = !part.contains(signs) && !part.contains('"');
        match several && !plain {
            true => Cow::Owned(format!("\"{}\"", part.replace('"', "\"\""))),
            false => Cow::Borrowed(part.as_str()),
        }
    })
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
        assert_eq!(in_code("{}/{}", &parts(&["n", "n/n"])), "n/\"n/n\"");
        assert_eq!(in_code("T-{}", &parts(&["n-n"])), "T-n-n");
        assert_eq!(of_brackets("北京市、增值税", 2), Some(parts(&["北京市", "增值税"])));
        assert_eq!(of_brackets("a, b", 2), Some(parts(&["a", "b"])));
        assert_eq!(of_brackets("a,b,c", 2), None);
        assert_eq!(of_brackets("\"a\"b,c", 2), None);
    }

    proptest! {
        #[test]
        fn several_parts_are_read_back(
            parts in prop::collection::vec("[a,\"/ 、-]{0,4}".prop_map(|it| it.trim().to_owned()), 1..4),
            code in prop::sample::select(vec!["{}/{}/{}", "T{}--{}", "{}"]),
        ) {
            let count = parts.len();
            prop_assert_eq!(of_brackets(&in_brackets(&parts, ","), count), Some(parts.clone()));
            prop_assert_eq!(of_brackets(&in_brackets(&parts, ", "), count), Some(parts.clone()));
            if code.matches("{}").count() == count {
                prop_assert_eq!(of_code(code, &in_code(code, &parts)), Some(parts));
            }
        }
    }
}
