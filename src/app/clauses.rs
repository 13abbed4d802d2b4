//! Citations in words: `财预〔2015〕92号 section 1(3)`, `财预〔2015〕92号第1(3)款`.

use crate::diagnostics::Language;
use crate::model::{Citation, CiteUnit, RuleSet};

/// How a citation reads: the law's number, then the places, outermost first.
pub fn clause(cite: &Citation, rules: &RuleSet, language: Language) -> String {
    let law = cite.law.and_then(|id| rules.laws.get(id.index()));
    let mut out = law
        .map(|law| law.titles.first().cloned().unwrap_or_else(|| law.name.text.clone()))
        .unwrap_or_default();
    for (unit, number) in &cite.places {
        match language {
            Language::English => {
                let blank = if out.is_empty() { "" } else { " " };
                out.push_str(&format!("{blank}{} {number}", unit_words(*unit).0));
            }
            Language::Chinese => out.push_str(&format!("第{number}{}", unit_words(*unit).1)),
        }
    }
    out
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
