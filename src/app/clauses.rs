//! Citations in words: `财预〔2015〕92号 section 1(3)`, `财预〔2015〕92号第1(3)款`.

use crate::diagnostics::{Language, Words};
use crate::model::{Citation, CiteUnit, RuleSet};

/// How a citation reads: the law's number, then the places, outermost first.
pub fn clause(cite: &Citation, rules: &RuleSet, language: Language) -> String {
    let law = cite.law.and_then(|id| rules.laws.get(id.index()));
    let mut out = law
        .map(|law| law.titles.first().cloned().unwrap_or_else(|| law.name.text.clone()))
        .unwrap_or_default();
    let places = places(cite);
    let blank = language == Language::English && !out.is_empty() && !places.en.is_empty();
    if blank {
        out.push(' ');
    }
    out.push_str(places.in_language(language));
    out
}

/// The places of a citation, without the law.
pub(super) fn places(cite: &Citation) -> Words {
    let place = |(unit, number): &(CiteUnit, String)| {
        let (en, zh) = unit_words(*unit);
        (format!("{en} {number}"), format!("第{number}{zh}"))
    };
    let (en, zh): (Vec<String>, Vec<String>) = cite.places.iter().map(place).unzip();
    Words::new(en.join(" "), zh.concat())
}

fn unit_words(unit: CiteUnit) -> (&'static str, &'static str) {
    match unit {
        CiteUnit::Article => ("article", "条"),
        CiteUnit::Section => ("section", "款"),
        CiteUnit::Item => ("item", "项"),
        CiteUnit::Part => ("part", "部分"),
        CiteUnit::Table => ("table", "表"),
        CiteUnit::Annex => ("annex", "附件"),
    }
}
