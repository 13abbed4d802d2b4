//! What a rule set rests on: its instruments, every place that cites them, the questions they leave
//! open, and what nobody has checked against a source.
//!
//! A [`Law`] is plain data with positions into its own lists; `page` prints rules and law side by
//! side.

mod code;
mod page;

use crate::base::{Date, Span};
use crate::diagnostics::Words;

use super::names::Label;

pub use page::{PageFile, page};

/// Instruments and what hangs on them.
#[derive(Debug, Clone, Default)]
pub struct Law {
    /// Instruments by day of issue, those without a day last.
    pub instruments: Vec<Instrument>,
    /// Every place that cites an instrument or is marked `unverified`: instrument by instrument,
    /// clause by clause, then in the order of the text.
    pub mentions: Vec<Mention>,
    /// Open questions, in the order of the text.
    pub readings: Vec<Reading>,
}

/// A law or circular, however many modules declare it.
#[derive(Debug, Clone)]
pub struct Instrument {
    /// Its name in the rules.
    pub name: String,
    /// Its number, or its title where it has none.
    pub number: String,
    /// Its title; empty where only the number is given.
    pub title: String,
    /// Day of issue.
    pub issued: Option<Date>,
    /// A declaration says that its source was not seen.
    pub unverified: bool,
    /// Where it is declared.
    pub declared: Vec<Span>,
}

/// A place in the rules.
#[derive(Debug, Clone)]
pub struct Mention {
    /// The instrument, by position; absent where only `unverified` stands.
    pub instrument: Option<usize>,
    /// The clause, without the instrument; empty for the whole of it.
    pub clause: Words,
    /// What kind of declaration it belongs to.
    pub of: Of,
    /// The declaration.
    pub name: Label,
    /// Not seen in a source.
    pub unverified: bool,
    /// Where.
    pub span: Span,
}

/// A kind of declaration that may cite.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Of {
    /// The instrument's own declaration.
    Law,
    /// A module.
    Module,
    /// The settlement of a module.
    Settlement,
    /// An event kind.
    Event,
    /// A register.
    Register,
    /// A value of a parameter.
    Parameter,
    /// A table of a schedule, or a bracket.
    Schedule,
    /// A reading.
    Reading,
    /// A rule.
    Rule,
    /// A leg of a rule or levy.
    Leg,
    /// A levy.
    Levy,
    /// A figure.
    Figure,
    /// A delegation.
    Delegation,
    /// An example.
    Example,
}

/// A question the text leaves open.
#[derive(Debug, Clone)]
pub struct Reading {
    /// Its name and the question.
    pub name: Label,
    /// The instrument, by position.
    pub instrument: Option<usize>,
    /// The clause, without the instrument.
    pub clause: Words,
    /// The answers.
    pub options: Vec<Label>,
    /// The answer taken unless said otherwise, by position.
    pub default: usize,
    /// Why.
    pub because: String,
    /// Where.
    pub span: Span,
}

impl Of {
    /// The word of the language for it.
    pub fn words(self) -> Words {
        let (en, zh) = match self {
            Of::Law => ("law", "法规"),
            Of::Module => ("module", "模块"),
            Of::Settlement => ("settlement", "尾差"),
            Of::Event => ("event", "事项"),
            Of::Register => ("register", "登记簿"),
            Of::Parameter => ("parameter", "参数"),
            Of::Schedule => ("schedule", "税率表"),
            Of::Reading => ("reading", "释义"),
            Of::Rule => ("rule", "规则"),
            Of::Leg => ("leg", "分项"),
            Of::Levy => ("levy", "征收"),
            Of::Figure => ("figure", "指标"),
            Of::Delegation => ("delegates", "下放"),
            Of::Example => ("example", "示例"),
        };
        Words::new(en, zh)
    }
}

impl Law {
    /// Everything that cites an instrument, clause by clause.
    pub fn citations(&self, instrument: usize) -> impl Iterator<Item = &Mention> {
        let cites = move |mention: &&Mention| {
            mention.instrument == Some(instrument) && mention.of != Of::Law
        };
        self.mentions.iter().filter(cites)
    }

    /// The number of a mention's instrument, and the clause.
    pub fn clause(&self, instrument: Option<usize>, clause: &Words) -> Words {
        let number = instrument.and_then(|at| self.instruments.get(at));
        let number = number.map_or("", |instrument| instrument.number.as_str());
        let blank = if number.is_empty() || clause.en.is_empty() { "" } else { " " };
        Words::new(format!("{number}{blank}{}", clause.en), format!("{number}{}", clause.zh))
    }

    /// The instruments that a person means: by name, number or title; else those whose number or
    /// title holds the text.
    pub fn find(&self, wanted: &str) -> Vec<usize> {
        let named = |instrument: &Instrument| {
            let spellings = [&instrument.name, &instrument.number, &instrument.title];
            !wanted.is_empty() && spellings.iter().any(|own| own.as_str() == wanted)
        };
        let holds = |instrument: &Instrument| {
            !wanted.is_empty()
                && (instrument.number.contains(wanted) || instrument.title.contains(wanted))
        };
        let all = |test: &dyn Fn(&Instrument) -> bool| -> Vec<usize> {
            let numbered = self.instruments.iter().enumerate();
            numbered.filter(|(_, instrument)| test(instrument)).map(|(at, _)| at).collect()
        };
        let exact = all(&named);
        if exact.is_empty() { all(&holds) } else { exact }
    }
}

/// By this, clauses stand as in the law: `section 1(3)` before `section 10`.
pub fn clause_order(clause: &str) -> Vec<(u64, String)> {
    let mut parts: Vec<(u64, String)> = Vec::new();
    let mut digits = String::new();
    let mut words = String::new();
    for letter in clause.chars() {
        if letter.is_ascii_digit() {
            if !words.is_empty() {
                parts.push((0, std::mem::take(&mut words)));
            }
            digits.push(letter);
        } else {
            if !digits.is_empty() {
                parts
                    .push((std::mem::take(&mut digits).parse().unwrap_or(u64::MAX), String::new()));
            }
            words.push(letter);
        }
    }
    if !words.is_empty() {
        parts.push((0, words));
    }
    if !digits.is_empty() {
        parts.push((digits.parse().unwrap_or(u64::MAX), String::new()));
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clauses_stand_as_in_the_law() {
        let mut clauses = ["section 10", "section 2", "", "section 1(3)", "section 1"];
        clauses.sort_by_key(|clause| clause_order(clause));
        assert_eq!(clauses, ["", "section 1", "section 1(3)", "section 2", "section 10"]);
    }

    #[test]
    fn an_instrument_is_found_by_what_a_person_knows_of_it() {
        let instrument = |name: &str, number: &str, title: &str| Instrument {
            name: name.to_owned(),
            number: number.to_owned(),
            title: title.to_owned(),
            issued: None,
            unverified: false,
            declared: Vec::new(),
        };
        let instruments = vec![
            instrument("gf2016_26", "国发〔2016〕26号", "过渡方案"),
            instrument("gf2016_2", "国发〔2016〕2号", "另一方案"),
        ];
        let law = Law { instruments, ..Law::default() };
        assert_eq!(law.find("gf2016_26"), [0]);
        assert_eq!(law.find("国发〔2016〕2号"), [1]);
        assert_eq!(law.find("方案"), [0, 1]);
        assert!(law.find("").is_empty() && law.find("2015").is_empty());
    }
}
