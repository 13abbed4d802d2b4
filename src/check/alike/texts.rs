//! The texts by which files may write an account.
//!
//! Where a kind of part has texts that no set of ours holds to the letter (a ratio in lowest terms, an object
//! with fields left out) the set holds fewer of them: what is found alike can be written so.

use crate::base::{PeriodKind, Place, Spelling};
use crate::model::{Account, RuleSet, ShapeId, Type};

/// A set of texts.
#[derive(Debug, Clone)]
pub(super) enum Texts {
    /// One of these.
    Words(Vec<String>),
    /// One letter out of these.
    Among(&'static str),
    /// One letter that is none of these.
    Except(&'static str),
    /// One of each, in turn.
    Then(Vec<Texts>),
    /// Of any.
    Either(Vec<Texts>),
    /// Any number of these, one after the other.
    Repeated(Box<Texts>),
    /// These, as a part stands beside others with such signs between them.
    Beside(Box<Texts>, Vec<char>),
}

use Texts::{Among, Either, Except, Repeated, Then};

/// Every text by which files may write an account, or one of a family. `blank` says whether a text in its
/// key may be empty.
pub(super) fn of_account(rules: &RuleSet, name: &str, account: &Account, blank: bool) -> Texts {
    let code = account.code.as_deref().unwrap_or(name);
    let spelling = Spelling::of(code, account.keys.len());
    let (head, places) = spelling.parts();
    let mut all = vec![word(head)];
    for (key, (place, behind)) in account.keys.iter().zip(places) {
        let part = of_kind(rules, key, blank);
        all.push(match place {
            Place::Alone => part,
            Place::Beside(signs) => Texts::Beside(Box::new(part), signs.clone()),
        });
        all.push(word(behind));
    }
    Then(all)
}

pub(super) fn word(text: &str) -> Texts {
    Texts::Words(vec![text.to_owned()])
}

fn words<'w>(texts: impl IntoIterator<Item = &'w str>) -> Texts {
    Texts::Words(texts.into_iter().map(str::to_owned).collect())
}

fn any_of(letter: Texts) -> Texts {
    Repeated(Box::new(letter))
}

fn perhaps(text: Texts) -> Texts {
    Either(vec![text, word("")])
}

/// The texts of a value in a file.
fn of_kind(rules: &RuleSet, kind: &Type, blank: bool) -> Texts {
    match kind {
        Type::Text if blank => any_of(Except("")),
        Type::Text => Then(vec![Except(""), any_of(Except(""))]),
        Type::Member(id) => {
            let declared = rules.enumerations.get(id.index());
            let members = declared.into_iter().flat_map(|it| &it.members);
            words(members.map(|member| member.name.text.as_str()))
        }
        Type::Option(id) => {
            let declared = rules.readings.get(id.index());
            words(declared.into_iter().flat_map(|it| &it.options).map(|it| it.text.as_str()))
        }
        Type::Bool => words(["true", "false"]),
        Type::Integer => whole(),
        Type::Rate | Type::Number => number(),
        Type::Money(currency) => {
            let scale = rules.currencies.get(currency.index()).map_or(2, |it| it.scale);
            money(scale)
        }
        Type::Date => date(),
        Type::Period(kind) => period(*kind),
        Type::Duration => duration(),
        Type::Row(_) | Type::List(_) => json(rules, kind),
        Type::Optional(inner) => perhaps(of_kind(rules, inner, blank)),
    }
}

const DIGITS: &str = "0123456789";

fn digits() -> Texts {
    any_of(Among(DIGITS))
}

/// A whole number above zero.
fn count() -> Texts {
    Then(vec![Among("123456789"), digits()])
}

fn signed(number: Texts) -> Texts {
    Then(vec![perhaps(word("-")), number])
}

fn whole() -> Texts {
    Either(vec![word("0"), signed(count())])
}

/// A decimal that ends; or a ratio of which the numerator has one digit and zeros and the denominator
/// nothing in common with ten, so that it is in lowest terms.
fn number() -> Texts {
    let fraction = || Then(vec![word("."), digits(), Among("123456789")]);
    let below_one = signed(Then(vec![word("0"), fraction()]));
    let above = signed(Then(vec![count(), perhaps(fraction())]));
    let lowest = Then(vec![Among("12458"), any_of(word("0")), word("/")]);
    let odd = Either(vec![Among("379"), Then(vec![count(), Among("1379")])]);
    Either(vec![word("0"), below_one, above, signed(Then(vec![lowest, odd]))])
}

fn money(scale: u8) -> Texts {
    if scale == 0 {
        return whole();
    }
    let scale = usize::from(scale);
    let decimals = |count: usize| Then(vec![Among(DIGITS); count]);
    let mut all = vec![Then(vec![word("0."), word(&"0".repeat(scale))])];
    all.push(signed(Then(vec![count(), word("."), decimals(scale)])));
    // Less than one, and not nothing: its first digit stands at some place behind the point.
    all.extend((0..scale).map(|zeros| {
        let first = Then(vec![word("0."), word(&"0".repeat(zeros)), Among("123456789")]);
        signed(Then(vec![first, decimals(scale - zeros - 1)]))
    }));
    Either(all)
}

fn year() -> Texts {
    Then(vec![Among("123456789"), Among(DIGITS), Among(DIGITS), Among(DIGITS)])
}

fn date() -> Texts {
    let two = |numbers: std::ops::RangeInclusive<u8>| {
        Texts::Words(numbers.map(|number| format!("{number:02}")).collect())
    };
    let long = words(["01", "03", "05", "07", "08", "10", "12"]);
    let not_february = words(["01", "03", "04", "05", "06", "07", "08", "09", "10", "11", "12"]);
    let day = |months: Texts, days: Texts| Then(vec![word("-"), months, word("-"), days]);
    let of_any =
        [day(two(1..=12), two(1..=28)), day(not_february, two(29..=30)), day(long, word("31"))];
    let fourth = |digits: [&'static str; 2], after: [&'static str; 2]| {
        let all = digits.into_iter().zip(after);
        Either(all.map(|(one, two)| Then(vec![Among(one), Among(two)])).collect())
    };
    let leap = || {
        let other = fourth(["2468", "13579"], ["048", "26"]);
        Either(vec![words(["04", "08"]), other])
    };
    let century = Then(vec![fourth(["2468", "13579"], ["048", "26"]), word("00")]);
    let leap = Either(vec![Then(vec![Among("123456789"), Among(DIGITS), leap()]), century]);
    Either(vec![Then(vec![leap, word("-02-29")]), Then(vec![year(), Either(of_any.into())])])
}

fn period(kind: PeriodKind) -> Texts {
    match kind {
        PeriodKind::Month => {
            let months = (1..=12).map(|month| format!("-{month:02}"));
            Then(vec![year(), Texts::Words(months.collect())])
        }
        PeriodKind::Quarter => Then(vec![year(), word("Q"), Among("1234")]),
        PeriodKind::Year => year(),
    }
}

fn duration() -> Texts {
    let of = |number: Texts, unit: &str| Then(vec![number, word(unit)]);
    let months = || of(signed(count()), " months");
    let both = Then(vec![months(), word(" "), of(signed(count()), " days")]);
    Either(vec![months(), of(whole(), " days"), both])
}

/// The texts of a value in JSON, all of its fields said, and texts without letters that JSON escapes.
fn json(rules: &RuleSet, kind: &Type) -> Texts {
    let quoted = |text: Texts| Then(vec![word("\""), text, word("\"")]);
    match kind {
        Type::Bool | Type::Integer => of_kind(rules, kind, true),
        Type::Text => quoted(any_of(Except(ESCAPED))),
        Type::Optional(inner) => json(rules, inner),
        Type::List(inner) => {
            let more = Then(vec![word(","), json(rules, inner)]);
            let some = Then(vec![json(rules, inner), any_of(more)]);
            Then(vec![word("["), perhaps(some), word("]")])
        }
        Type::Row(shape) => object(rules, *shape),
        other => quoted(of_kind(rules, other, true)),
    }
}

fn object(rules: &RuleSet, shape: ShapeId) -> Texts {
    let declared = rules.shapes.get(shape.index()).into_iter().flat_map(|it| &it.fields);
    let mut all = vec![word("{")];
    for (at, field) in declared.filter(|field| field.computed.is_none()).enumerate() {
        let comma = if at == 0 { "" } else { "," };
        all.push(word(&format!("{comma}\"{}\":", field.name.text)));
        all.push(json(rules, &field.ty));
    }
    all.push(word("}"));
    Then(all)
}

/// What JSON does not write as it is.
const ESCAPED: &str = "\"\\\u{0}\u{1}\u{2}\u{3}\u{4}\u{5}\u{6}\u{7}\u{8}\t\n\u{b}\u{c}\r\u{e}\u{f}\u{10}\
                       \u{11}\u{12}\u{13}\u{14}\u{15}\u{16}\u{17}\u{18}\u{19}\u{1a}\u{1b}\u{1c}\u{1d}\u{1e}\u{1f}";
