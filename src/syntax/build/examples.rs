//! Examples and scenarios: what a rule set is tried on, and how it might differ.

use super::literals::text_of;
use super::{Builder, Built, Parts};
use crate::syntax::ast::{
    Amendment, Example, ExampleEntry, Expected, Given, GivenValue, Outcome, RecordField, Scenario,
};
use crate::syntax::grammar::{Pair, Rule};

impl Builder {
    pub(super) fn example(&mut self, pair: Pair<'_>) -> Built<Example> {
        let span = self.span(&pair);
        let mut parts = self.parts(pair);
        parts.need(Rule::k_example)?;
        let title = text_of(&parts.need(Rule::text)?);
        let cite = self.cite_in(&mut parts)?;
        let (on, readings, scenario, entries) = (None, Vec::new(), None, Vec::new());
        let mut example = Example { title, cite, on, readings, scenario, entries, span };
        for part in parts {
            match part.as_rule() {
                Rule::example_setting => self.setting(part, &mut example)?,
                _ => {
                    let entry = self.only(part)?;
                    example.entries.push(self.entry(entry)?);
                }
            }
        }
        Ok(example)
    }

    fn setting(&mut self, pair: Pair<'_>, example: &mut Example) -> Built<()> {
        let mut parts = self.parts(pair);
        let word = parts.any()?;
        match word.as_rule() {
            Rule::k_on => example.on = Some(self.need_date(&mut parts)?),
            Rule::k_with => {
                let reading = self.need_name(&mut parts)?;
                example.readings.push((reading, self.need_name(&mut parts)?));
            }
            Rule::k_scenario => example.scenario = Some(self.need_name(&mut parts)?),
            _ => return Err(self.odd(&word)),
        }
        Ok(())
    }

    fn entry(&mut self, pair: Pair<'_>) -> Built<ExampleEntry> {
        let span = self.span(&pair);
        match pair.as_rule() {
            Rule::given => self.given(pair).map(ExampleEntry::Given),
            Rule::expected => self.expected(pair).map(ExampleEntry::Expected),
            Rule::checked => {
                let mut parts = self.parts(pair);
                parts.need(Rule::k_check)?;
                let condition = self.expr(parts.need(Rule::expr)?)?;
                Ok(ExampleEntry::Check { condition, span })
            }
            _ => Err(self.odd(&pair)),
        }
    }

    fn given(&mut self, pair: Pair<'_>) -> Built<Given> {
        let span = self.span(&pair);
        let mut parts = self.parts(pair);
        parts.need(Rule::k_given)?;
        let name = self.need_name(&mut parts)?;
        let key = self.given_key(&mut parts)?;
        let fields = match parts.accept(Rule::record) {
            Some(record) => self.record(record)?,
            None => Vec::new(),
        };
        Ok(Given { name, key, fields, span })
    }

    fn given_key(&mut self, parts: &mut Parts<'_>) -> Built<Vec<GivenValue>> {
        match parts.accept(Rule::given_key) {
            Some(key) => self.parts(key).map(|value| self.given_value(value)).collect(),
            None => Ok(Vec::new()),
        }
    }

    fn record(&mut self, pair: Pair<'_>) -> Built<Vec<RecordField>> {
        self.parts(pair).map(|field| self.record_field(field)).collect()
    }

    fn record_field(&mut self, pair: Pair<'_>) -> Built<RecordField> {
        let mut parts = self.parts(pair);
        if let Some(dated) = parts.accept(Rule::dated_record) {
            let mut parts = self.parts(dated);
            let effective = self.effective(parts.need(Rule::period)?)?;
            let fields = self.record(parts.need(Rule::record)?)?;
            return Ok(RecordField::Dated { effective, fields });
        }
        let name = self.need_name(&mut parts)?;
        let value =
            parts.accept(Rule::given_value).map(|value| self.given_value(value)).transpose()?;
        Ok(RecordField::Field { name, value })
    }

    fn given_value(&mut self, pair: Pair<'_>) -> Built<GivenValue> {
        let inner = self.only(pair)?;
        let span = self.span(&inner);
        match inner.as_rule() {
            Rule::record => Ok(GivenValue::Record { fields: self.record(inner)?, span }),
            Rule::given_list => {
                let values = self.parts(inner).map(|value| self.given_value(value));
                Ok(GivenValue::List { values: values.collect::<Built<_>>()?, span })
            }
            _ => self.expr(inner).map(GivenValue::Value),
        }
    }

    fn expected(&mut self, pair: Pair<'_>) -> Built<Expected> {
        let span = self.span(&pair);
        let mut parts = self.parts(pair);
        parts.need(Rule::k_then)?;
        let of = match parts.accept(Rule::k_of) {
            Some(_) => Some((self.need_name(&mut parts)?, self.given_key(&mut parts)?)),
            None => None,
        };
        let outcomes = parts.map(|outcome| self.outcome(outcome)).collect::<Built<_>>()?;
        Ok(Expected { of, outcomes, span })
    }

    fn outcome(&mut self, pair: Pair<'_>) -> Built<Outcome> {
        let span = self.span(&pair);
        let mut parts = self.parts(pair);
        let first = parts.any()?;
        Ok(match first.as_rule() {
            Rule::k_nothing => Outcome::Nothing(span),
            Rule::k_set_aside => {
                let because = parts.accept(Rule::text).map(|text| text_of(&text));
                Outcome::SetAside { because, span }
            }
            Rule::k_undetermined => {
                if let Some(text) = parts.accept(Rule::text) {
                    return Ok(Outcome::Open { what: text_of(&text), span });
                }
                Outcome::Undetermined { amount: self.expr(parts.need(Rule::expr)?)?, span }
            }
            Rule::k_booked => Outcome::Booked { day: self.need_date(&mut parts)?, span },
            Rule::k_figure => {
                let place = self.place(parts.need(Rule::place)?)?;
                Outcome::Figure { place, value: self.expr(parts.need(Rule::expr)?)? }
            }
            Rule::place => {
                let place = self.place(first)?;
                Outcome::Account { place, amount: self.expr(parts.need(Rule::expr)?)? }
            }
            _ => return Err(self.odd(&first)),
        })
    }

    pub(super) fn scenario(&mut self, pair: Pair<'_>) -> Built<Scenario> {
        let span = self.span(&pair);
        let mut parts = self.parts(pair);
        parts.need(Rule::k_scenario)?;
        let name = self.need_name(&mut parts)?;
        let label = self.label_in(&mut parts);
        parts.need(Rule::k_amends)?;
        let mut amends = Vec::new();
        while let Some(path) = parts.accept(Rule::path) {
            amends.push(self.path(&path));
        }
        let amendments = parts.map(|amendment| self.amendment(amendment)).collect::<Built<_>>()?;
        Ok(Scenario { name, label, amends, amendments, span })
    }

    fn amendment(&mut self, pair: Pair<'_>) -> Built<Amendment> {
        let amendment = self.only(pair)?;
        let kind = amendment.as_rule();
        let mut parts = self.parts(amendment.clone());
        let first = parts.any()?;
        Ok(match kind {
            Rule::amend_rule => {
                let rule = self.need_name(&mut parts)?;
                let mut legs = Vec::new();
                for leg in parts {
                    let span = self.span(&leg);
                    let mut parts = self.parts(leg);
                    parts.need(Rule::k_leg)?;
                    let number = leg_number(&parts.need(Rule::leg_number)?);
                    legs.push((number, self.expr(parts.need(Rule::expr)?)?, span));
                }
                Amendment::Legs { rule, legs }
            }
            Rule::amend_parameter => {
                let name = self.need_name(&mut parts)?;
                Amendment::Parameter { name, version: self.version(parts.need(Rule::version)?)? }
            }
            Rule::amend_schedule => {
                let name = self.need_name(&mut parts)?;
                let version = self.schedule_version(parts.need(Rule::schedule_version)?)?;
                Amendment::Schedule { name, version }
            }
            Rule::amend_reading => {
                let name = self.need_name(&mut parts)?;
                Amendment::Reading { name, option: self.need_name(&mut parts)? }
            }
            Rule::removal => {
                parts.any()?;
                Amendment::Remove { name: self.need_name(&mut parts)? }
            }
            Rule::addition => match first.as_rule() {
                Rule::rule => Amendment::AddRule(self.rule(first)?),
                Rule::levy => Amendment::AddLevy(self.levy(first)?),
                _ => return Err(self.odd(&first)),
            },
            _ => return Err(self.odd(&amendment)),
        })
    }
}

/// `2.1`: the first leg of the second leg's block. A part beyond all counts is none.
fn leg_number(pair: &Pair<'_>) -> Vec<u32> {
    let digits = super::literals::half_width(pair.as_str());
    digits.split('.').map(|part| part.parse().unwrap_or(0)).collect()
}
