//! Guesses at what was meant where a text could not be read.
//!
//! A guess is only offered when the text reads further with it: `unexpected` tries them in this order.

use std::ops::Range;

use crate::base::Exact;
use crate::diagnostics::{Code, Words};

use super::codes;
use super::grammar::Rule;
use super::keywords::keywords;
use super::scan::is_word;

/// Where the parser could not go on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'t> {
    /// The declaration.
    pub(super) text: &'t str,
    pub(super) at: usize,
    /// A word, a number, or one sign; empty at the end of a line or of the declaration.
    pub(super) word: &'t str,
}

impl<'t> Place<'t> {
    /// The place in a declaration; at its end, the end of its last word or sign.
    pub(super) fn new(text: &'t str, at: usize) -> Place<'t> {
        let rest = text.get(at..).unwrap_or_default();
        let at = if rest.trim().is_empty() { super::scan::end_of_code(text) } else { at };
        let rest = text.get(at..).unwrap_or_default();
        let word = match rest.chars().next() {
            Some('\n' | '\r') | None => "",
            Some(c) if is_word(c) => rest.split(|c| !is_word(c)).next().unwrap_or_default(),
            Some(c) if c.is_whitespace() => "",
            Some(c) => rest.get(..c.len_utf8()).unwrap_or_default(),
        };
        Place { text, at, word }
    }

    pub(super) fn end(&self) -> usize {
        self.at + self.word.len()
    }

    pub(super) fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    pub(super) fn before(&self) -> &'t str {
        self.text.get(..self.at).unwrap_or_default()
    }
}

/// A mend that might help, and how it is put to the reader.
#[derive(Debug, Clone)]
pub(super) struct Hint {
    pub(super) range: Range<usize>,
    pub(super) replacement: String,
    pub(super) help: Words,
    /// The code and the message, where the mistake has a name of its own.
    pub(super) named: Option<(Code, Words)>,
    /// Whether it helps only if the rest of its line reads: it would fit nearly anywhere.
    pub(super) whole_line: bool,
}

impl Hint {
    fn new(range: Range<usize>, replacement: impl Into<String>, help: Words) -> Hint {
        let replacement = replacement.into();
        Hint { range, replacement, help, named: None, whole_line: false }
    }

    fn write(range: Range<usize>, ours: &str) -> Hint {
        Hint::new(range, ours, Words::new(format!("write `{ours}`"), format!("请写「{ours}」")))
    }

    fn named(self, code: Code, message: Words) -> Hint {
        Hint { named: Some((code, message)), ..self }
    }

    fn for_whole_line(self) -> Hint {
        Hint { whole_line: true, ..self }
    }
}

/// The guesses for a place, the surest first; `wanted` is what could stand there.
pub(super) fn candidates(place: &Place<'_>, wanted: &[Rule]) -> Vec<Hint> {
    let mut hints = Vec::new();
    hints.extend(thousands(place));
    hints.extend(decimal_comma(place));
    hints.extend(yuan(place));
    hints.extend(tenths(place));
    hints.extend(proportion(place));
    hints.extend(ordinal(place));
    hints.extend(half_a_number(place));
    hints.extend(foreign_sign(place));
    hints.extend(misspelt(place.text, place.at, place.word));
    hints.extend(glued(place));
    hints.extend(blank_before_bracket(place));
    hints.extend(swapped_sign(place));
    hints.extend(misspelt_before(place));
    hints.extend(glued_before(place));
    hints.extend(missing_sign(place, wanted));
    hints.extend(missing_semicolon(place, wanted));
    hints.extend(unquoted(place, wanted));
    hints
}

/// `1,000.00`: a comma between digits.
fn thousands(place: &Place<'_>) -> Option<Hint> {
    let is_sign = |c: &char| matches!(c, ',' | '，' | '\'');
    let before = place.before();
    // Where a comma may stand, what follows it cannot.
    let behind = before.chars().next_back().filter(|c| is_sign(c) && place.word.len() >= 3);
    let start = place.at - behind.map_or(0, char::len_utf8);
    let sign = place.text.get(start..)?.chars().next().filter(is_sign)?;
    if !place.text.get(..start)?.ends_with(|c| half_width(c).is_some()) {
        return None;
    }
    // Every group of the number goes at once.
    let mut end = start;
    let mut plain = String::new();
    while let Some(group) = place.text.get(end..).and_then(|rest| rest.strip_prefix(sign)) {
        let digits: Vec<char> = group.chars().map_while(half_width).collect();
        if digits.len() != 3 {
            break;
        }
        plain.extend(digits);
        end += sign.len_utf8() + group.chars().take(3).map(char::len_utf8).sum::<usize>();
    }
    let help = Words::new(
        "leave the separators out, or write `_` for them: `1_000`",
        "请去掉分隔号，或写作「_」：「1_000」",
    );
    let message =
        Words::new("a number is written without thousands separators", "数字不写千位分隔号");
    let hint = Hint::new(start..end, plain, help);
    (end > start).then(|| hint.named(codes::THOUSANDS_SEPARATOR, message))
}

/// A digit as a number is written, of either width.
fn half_width(c: char) -> Option<char> {
    let full = u32::from(c).checked_sub(u32::from('０')).filter(|digit| *digit < 10);
    full.and_then(|digit| char::from_digit(digit, 10)).or(c.is_ascii_digit().then_some(c))
}

/// The whole number that digits of either width are.
fn whole(digits: &str) -> Option<u32> {
    digits.chars().map(half_width).collect::<Option<String>>()?.parse().ok()
}

/// `400元`, `0.04万元`: amounts are in yuan, without the word.
fn yuan(place: &Place<'_>) -> Option<Hint> {
    let zeros = match place.word {
        "元" => 0,
        "万元" | "万" => 4,
        "亿元" | "亿" => 8,
        _ => return None,
    };
    let before = place.before().trim_end_matches([' ', '\t']);
    let start =
        before.trim_end_matches(|c: char| c.is_ascii_digit() || matches!(c, '.' | '_')).len();
    let number = Exact::parse_decimal(&before.get(start..)?.replace('_', ""))?;
    let power =
        (0..zeros).try_fold(Exact::ONE, |so_far, _| so_far.mul(&Exact::from_int(10)).ok())?;
    let plain = number.mul(&power).ok()?.to_decimal_string(0)?;
    let help = Words::new(
        format!("amounts are in yuan, without the word: `{plain}`"),
        format!("金额以元为单位，不写单位：「{plain}」"),
    );
    Some(Hint::new(start..place.end(), plain, help))
}

/// `47,5`: a comma for the point. Three digits behind it are thousands.
fn decimal_comma(place: &Place<'_>) -> Option<Hint> {
    let behind = place.text.get(place.end()..)?;
    let digits = behind.chars().take_while(|c| half_width(*c).is_some()).count();
    let is_number = place.before().ends_with(|c| half_width(c).is_some()) && digits > 0;
    (matches!(place.word, "," | "，") && is_number && digits != 3)
        .then(|| Hint::write(place.at..place.end(), "."))
}

/// `5成`, tenths, are so many per cent.
fn tenths(place: &Place<'_>) -> Option<Hint> {
    let before = place.before();
    let start = before.trim_end_matches(|c| half_width(c).is_some()).len();
    let number = whole(before.get(start..)?).filter(|number| *number <= 10)?;
    let percent = format!("{}%", number * 10);
    let is_whole = !before.get(..start)?.ends_with(['.', '．', '_']);
    (place.word == "成" && is_whole).then(|| Hint::write(start..place.end(), &percent))
}

/// `3:7`, `3比7`: parts of a whole that is their sum. The first is the share of the leg it stands before.
fn proportion(place: &Place<'_>) -> Option<Hint> {
    let is_sign = |c: char| matches!(c, ':' | '：' | '∶' | '比');
    let is_part = |c: char| half_width(c).is_some() || is_sign(c);
    let before = place.before();
    let start = before.trim_end_matches(is_part).len();
    let end = place.text.len() - place.rest().trim_start_matches(is_part).len();
    let parts: Vec<u32> =
        place.text.get(start..end)?.split(is_sign).map(whole).collect::<Option<_>>()?;
    if parts.len() < 2 {
        return None;
    }
    let whole = parts.iter().try_fold(0_u32, |sum, part| sum.checked_add(*part))?;
    let first = *parts.first()?;
    let percent = first.checked_mul(100)?;
    let share = match percent.checked_rem(whole)? {
        0 => format!("{}%", percent / whole),
        _ => format!("{first}/{whole}"),
    };
    let help = Words::new(
        format!("each leg has its own share of the whole: here `{share}`"),
        format!("各分项分别写所占的份额：此处为「{share}」"),
    );
    Some(Hint::new(start..end, share, help))
}

/// `第3条`, `第三条`: the unit stands before the number.
fn ordinal(place: &Place<'_>) -> Option<Hint> {
    let inner = place.word.strip_prefix('第')?;
    let number = inner.trim_end_matches(['条', '款', '项']);
    let unit = inner.get(number.len()..).filter(|unit| unit.chars().count() == 1)?;
    (!number.is_empty()).then(|| Hint::write(place.at..place.end(), &format!("{unit} {number}")))
}

/// `.5`.
fn half_a_number(place: &Place<'_>) -> Option<Hint> {
    let help = Words::new("put a nought before the point", "请在小数点前写「0」");
    let fraction = place.rest().strip_prefix('.')?;
    let is_number = fraction.starts_with(|c: char| c.is_ascii_digit());
    is_number.then(|| Hint::new(place.at..place.at, "0", help))
}

/// Signs and words that other languages have for ours.
const FOREIGN: &[(&str, &str)] = &[
    ("&&", "and"),
    ("||", "or"),
    ("&", "and"),
    ("|", "or"),
    ("=>", ">="),
    ("=<", "<="),
    ("===", "="),
    ("!==", "!="),
    (":=", "="),
    ("!", "not "),
    ("->", "to"),
    ("→", "to"),
    ("⇒", "to"),
    ("...", ".."),
    ("…", ".."),
    ("~", ".."),
    ("～", ".."),
    ("//", "#"),
    ("--", "#"),
    ("/*", "#"),
    ("—", "-"),
    ("——", "-"),
    ("–", "-"),
    ("−", "-"),
    ("﹣", "-"),
    ("＿", "_"),
    ("﹪", "%"),
    ("﹐", ","),
    ("﹔", ";"),
];

/// Signs and words of ours that stand where another belongs.
const ELSEWHERE: &[(&str, &str)] = &[("，", ";"), ("to", ".."), ("给", "归"), ("其它", "其他")];

fn foreign_sign(place: &Place<'_>) -> Vec<Hint> {
    let mut hints = Vec::new();
    let run = sign_run(place);
    let written = place.text.get(run.clone()).unwrap_or_default();
    if let Some((sign, ours)) = FOREIGN.iter().find(|(sign, _)| *sign == written) {
        let message =
            Words::new(format!("`{sign}` is not a sign of Fen"), format!("Fen 没有符号「{sign}」"));
        let said = ours.trim();
        let help = Words::new(format!("write `{said}`"), format!("请写「{said}」"));
        hints.push(Hint::new(run, *ours, help).named(codes::FOREIGN_SIGN, message));
    }
    let range = place.at..place.end();
    if let Some((_, ours)) = ELSEWHERE.iter().find(|(sign, _)| *sign == place.word) {
        hints.push(Hint::write(range.clone(), ours));
    }
    let ends_line = place.rest().get(place.word.len()..).is_some_and(|rest| {
        rest.split(['\n', '\r']).next().is_none_or(|line| line.trim().is_empty())
    });
    if ends_line && matches!(place.word, "。" | "．" | ".") {
        hints.push(Hint::new(range, "", Words::new("leave it out", "请去掉")));
    }
    hints
}

/// The signs around a place that belong together.
fn sign_run(place: &Place<'_>) -> Range<usize> {
    let is_sign = |c: char| "&|=<>!:-.~/*→⇒…～—–−﹣＿﹪﹐﹔".contains(c);
    let before = place.before();
    let start = before.trim_end_matches(is_sign).len();
    let after = place.rest();
    let end = place.text.len() - after.trim_start_matches(is_sign).len();
    if after.starts_with(is_sign) { start..end } else { place.at..place.at }
}

/// The words of the language that are spelt nearly so, the nearest first.
fn misspelt(text: &str, at: usize, word: &str) -> Vec<Hint> {
    let mut near: Vec<(usize, &str, Range<usize>)> = Vec::new();
    if !word.starts_with(char::is_alphabetic) {
        return Vec::new();
    }
    for spelling in keywords().iter().flat_map(|keyword| keyword.en.iter().chain(&keyword.zh)) {
        let words = spelling.split(' ').count();
        for end in [end_of_words(text, at, words), at + word.len()] {
            let written = text.get(at..end).unwrap_or_default();
            if let Some(distance) = distance(written, spelling) {
                near.push((distance, spelling, at..end));
            }
        }
    }
    near.sort_by_key(|(distance, _, _)| *distance);
    near.dedup();
    near.truncate(6);
    let help = |spelling: &str| {
        Words::new(format!("did you mean `{spelling}`?"), format!("是否应为「{spelling}」？"))
    };
    near.into_iter()
        .map(|(_, spelling, range)| Hint::new(range, spelling, help(spelling)))
        .collect()
}

/// How far a word is from a spelling; none where it is that, or nothing like it.
pub(super) fn distance(written: &str, spelling: &str) -> Option<usize> {
    let distance = strsim::damerau_levenshtein(&written.to_lowercase(), spelling);
    let length = spelling.chars().count().max(written.chars().count());
    let allowed = match length {
        0..=1 => 0,
        2 => usize::from(!spelling.is_ascii()),
        3..=5 => 1,
        _ => 2,
    };
    (written != spelling && distance <= allowed).then_some(distance)
}

/// Where so many words end, counted from a place.
fn end_of_words(text: &str, at: usize, count: usize) -> usize {
    let mut end = at;
    for nth in 0..count {
        let rest = text.get(end..).unwrap_or_default();
        let blanks = if nth == 0 { 0 } else { rest.len() - rest.trim_start_matches(' ').len() };
        let word = rest.get(blanks..).unwrap_or_default();
        let length = word.find(|c| !is_word(c)).unwrap_or(word.len());
        if length == 0 {
            break;
        }
        end += blanks + length;
    }
    end
}

/// A word of the language that was taken for a name, so that what follows it could not be read.
fn misspelt_before(place: &Place<'_>) -> Vec<Hint> {
    let before = place.before().trim_end_matches([' ', '\t']);
    let start = before.trim_end_matches(is_word).len();
    let word = before.get(start..).unwrap_or_default();
    misspelt(place.text, start, word).into_iter().map(Hint::for_whole_line).collect()
}

/// `归中央`: a Chinese word of the language and a name without a blank between.
fn glued(place: &Place<'_>) -> Option<Hint> {
    let spelling = opening_word(place.word)?;
    let end = place.at + spelling.len();
    let help = Words::new(
        format!("put a blank after `{spelling}`: words of the language stand apart from names"),
        format!("请在「{spelling}」后加空格：关键词与名称之间要有空格"),
    );
    Some(Hint::new(end..end, " ", help))
}

/// `全部归 中央`: two words of the language taken for one name, so that what follows could not be read.
fn glued_before(place: &Place<'_>) -> Option<Hint> {
    let before = place.before().trim_end_matches([' ', '\t']);
    let start = before.trim_end_matches(is_word).len();
    let spelling = opening_word(before.get(start..)?)?;
    let at = start + spelling.len();
    let help = Words::new(
        format!("put a blank after `{spelling}`: words of the language stand apart"),
        format!("请在「{spelling}」后加空格：关键词之间要有空格"),
    );
    Some(Hint::new(at..at, " ", help).for_whole_line())
}

/// The Chinese word of the language that a longer word begins with.
pub(super) fn opening_word(word: &str) -> Option<&'static str> {
    keywords()
        .iter()
        .flat_map(|keyword| keyword.zh.iter().copied())
        .filter(|spelling| word.len() > spelling.len() && word.starts_with(spelling))
        .max_by_key(|spelling| spelling.len())
}

/// `treasury [beijing]`.
fn blank_before_bracket(place: &Place<'_>) -> Option<Hint> {
    let bracket = place.rest().chars().next().filter(|c| "[［【(（".contains(*c))?;
    let end = place.before().trim_end_matches([' ', '\t', '\u{3000}']).len();
    let help = Words::new(
        format!("leave out the blank before `{bracket}`: a name and its bracket stand together"),
        format!("请去掉「{bracket}」前的空格：名称与其括号要相连"),
    );
    (end < place.at).then(|| Hint::new(end..place.at, "", help))
}

/// `:` for `=`, `,` for `;`, and the other way round.
fn swapped_sign(place: &Place<'_>) -> Option<Hint> {
    let ours = match place.word {
        "=" | "＝" => ":",
        ":" | "：" => "=",
        "," | "，" | "、" => ";",
        ";" | "；" => ",",
        _ => return None,
    };
    Some(Hint::write(place.at..place.end(), ours))
}

/// A `:` or `=` that was left out before a word.
fn missing_sign(place: &Place<'_>, wanted: &[Rule]) -> Vec<Hint> {
    let mut hints = Vec::new();
    // After a value `=` would only compare.
    let after_value = wanted.contains(&Rule::star);
    for (sign, kind) in [(":", Rule::colon), ("=", Rule::equals)] {
        if wanted.contains(&kind) && !(kind == Rule::equals && after_value) {
            let help = Words::new(
                format!("put `{sign}` before `{}`", place.word),
                format!("请在「{}」前写「{sign}」", place.word),
            );
            hints.push(Hint::new(place.at..place.at, format!("{sign} "), help).for_whole_line());
        }
    }
    if place.word.is_empty() { Vec::new() } else { hints }
}

/// `'…'`, and a label without any marks.
fn unquoted(place: &Place<'_>, wanted: &[Rule]) -> Option<Hint> {
    let rest = place.rest();
    let help = Words::new("a text stands in double quotation marks", "文字写在双引号之内");
    let open = rest.chars().next()?;
    if matches!(open, '\'' | '‘' | '’' | '`') {
        let inner = rest.get(open.len_utf8()..)?;
        let length = inner.find(['\'', '’', '`', '\n', '\r'])?;
        let close = inner.get(length..)?.chars().next().filter(|c| !c.is_whitespace())?;
        let end = place.at + open.len_utf8() + length + close.len_utf8();
        let text = inner.get(..length)?;
        return Some(Hint::new(place.at..end, format!("\"{text}\""), help));
    }
    let is_wanted = wanted.iter().any(|kind| matches!(kind, Rule::label | Rule::text));
    let is_name = wanted.iter().any(|kind| matches!(kind, Rule::colon | Rule::lbrace));
    (is_wanted && !is_name && open.is_alphabetic()).then(|| {
        Hint::new(place.at..place.end(), format!("\"{}\"", place.word), help).for_whole_line()
    })
}

/// Entries side by side on a line.
fn missing_semicolon(place: &Place<'_>, wanted: &[Rule]) -> Option<Hint> {
    let before = place.before();
    let line = before.rsplit(['\n', '\r']).next()?;
    if !wanted.contains(&Rule::semi) || place.word.is_empty() || line.trim().is_empty() {
        return None;
    }
    let end = before.trim_end().len();
    let help =
        Words::new("divide entries that stand on one line with `;`", "同一行的各项之间用「;」分隔");
    Some(Hint::new(end..end, ";", help).for_whole_line())
}
