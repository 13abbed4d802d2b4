//! The clauses that many declarations share: labels, citations, places, keys, spans of time.

use super::literals::text_of;
use super::{Builder, Built, Parts};
use crate::base::Date;
use crate::syntax::ast::{
    AsTally, Cite, CiteUnit, Effective, Expr, Label, Level, Name, Place, Selection, SettlementKind,
};
use crate::syntax::grammar::{Pair, Rule};

impl Builder {
    /// The names of a list of `word`s.
    pub(super) fn names(&self, parts: &mut Parts<'_>) -> Vec<Name> {
        std::iter::from_fn(|| parts.accept(Rule::word)).map(|word| self.name(&word)).collect()
    }

    pub(super) fn need_name(&self, parts: &mut Parts<'_>) -> Built<Name> {
        Ok(self.name(&parts.need(Rule::word)?))
    }

    /// A dotted name, as modules have.
    pub(super) fn path(&self, pair: &Pair<'_>) -> Name {
        let words: Vec<&str> = self.parts(pair.clone()).map(|word| word.as_str()).collect();
        Name { text: words.join("."), span: self.span(pair) }
    }

    pub(super) fn label(&self, pair: Pair<'_>) -> Label {
        let mut label = Label::default();
        let mut language = None;
        for part in self.parts(pair) {
            match part.as_rule() {
                Rule::language => language = Some(part.as_str()),
                _ => {
                    let text = text_of(&part);
                    match language.take() {
                        Some("en") => label.en = Some(text),
                        Some(_) => label.zh = Some(text),
                        None => (label.en, label.zh) = (Some(text.clone()), Some(text)),
                    }
                }
            }
        }
        label
    }

    pub(super) fn label_in(&self, parts: &mut Parts<'_>) -> Option<Label> {
        parts.accept(Rule::label).map(|label| self.label(label))
    }

    pub(super) fn cite(&self, pair: Pair<'_>) -> Built<Cite> {
        let span = self.span(&pair);
        let mut parts = self.parts(pair);
        parts.has(Rule::k_per);
        let law = parts.accept(Rule::word).map(|word| self.name(&word));
        let mut places = Vec::new();
        while let Some(place) = parts.accept(Rule::cite_place) {
            let mut place = self.parts(place);
            let unit = place.need(Rule::cite_unit)?;
            let number = place.need(Rule::cite_number)?;
            places.push((self.cite_unit(unit)?, half_width_brackets(number.as_str())));
        }
        Ok(Cite { law, places, unverified: parts.has(Rule::unverified), span })
    }

    pub(super) fn cite_in(&self, parts: &mut Parts<'_>) -> Built<Option<Cite>> {
        parts.accept(Rule::cite).map(|cite| self.cite(cite)).transpose()
    }

    fn cite_unit(&self, pair: Pair<'_>) -> Built<CiteUnit> {
        let unit = self.only(pair)?;
        match unit.as_rule() {
            Rule::k_article => Ok(CiteUnit::Article),
            Rule::k_section => Ok(CiteUnit::Section),
            Rule::k_item => Ok(CiteUnit::Item),
            Rule::k_part => Ok(CiteUnit::Part),
            Rule::k_table => Ok(CiteUnit::Table),
            Rule::k_annex => Ok(CiteUnit::Annex),
            _ => Err(self.odd(&unit)),
        }
    }

    pub(super) fn level(&self, pair: Pair<'_>) -> Built<Level> {
        let mut parts = self.parts(pair);
        let kind = parts.any()?;
        let mut members = parts
            .map(|level_of| self.need_name(&mut self.parts(level_of)))
            .collect::<Built<Vec<Name>>>()?;
        match kind.as_rule() {
            Rule::k_national => Ok(Level::National),
            Rule::k_province => Ok(Level::Province(members.pop())),
            Rule::k_city => Ok(Level::City(members.pop())),
            Rule::k_agreement | Rule::agreement_bare => Ok(Level::Agreement(members)),
            _ => Err(self.odd(&kind)),
        }
    }

    pub(super) fn settlement_kind(&mut self, pair: Pair<'_>) -> Built<SettlementKind> {
        let mut parts = self.parts(pair);
        let kind = parts.any()?;
        match kind.as_rule() {
            Rule::k_largest_remainder => Ok(SettlementKind::LargestRemainder),
            Rule::k_in_order => Ok(SettlementKind::InOrder),
            Rule::k_remainder_to => {
                Ok(SettlementKind::RemainderTo(self.place(parts.need(Rule::place)?)?))
            }
            Rule::k_kept_apart_in => {
                Ok(SettlementKind::KeptApartIn(self.place(parts.need(Rule::place)?)?))
            }
            Rule::k_carried_per => {
                Ok(SettlementKind::CarriedPer(self.keys(parts.need(Rule::keys)?)?))
            }
            _ => Err(self.odd(&kind)),
        }
    }

    /// An account or a pool, with the key in brackets.
    pub(super) fn place(&mut self, pair: Pair<'_>) -> Built<Place> {
        let span = self.span(&pair);
        let mut parts = self.parts(pair);
        let name = self.name(&parts.need(Rule::place_name)?);
        let keys = match parts.accept(Rule::place_keys) {
            Some(keys) => self.exprs(keys)?,
            None => Vec::new(),
        };
        Ok(Place { name, keys, span })
    }

    /// The expressions a pair is made of.
    pub(super) fn exprs(&mut self, pair: Pair<'_>) -> Built<Vec<Expr>> {
        let parts = self.parts(pair);
        parts.filter(|part| part.as_rule() == Rule::expr).map(|part| self.expr(part)).collect()
    }

    /// `per A, B`.
    pub(super) fn keys(&mut self, pair: Pair<'_>) -> Built<Vec<Expr>> {
        self.parts(pair).map(|key| self.additive(self.only(key)?)).collect()
    }

    pub(super) fn as_tally(&mut self, pair: Pair<'_>) -> Built<AsTally> {
        let span = self.span(&pair);
        let mut parts = self.parts(pair);
        parts.need(Rule::k_as)?;
        let name = self.need_name(&mut parts)?;
        parts.has(Rule::k_per);
        let keys = parts.accept(Rule::keys).map(|keys| self.keys(keys)).transpose()?;
        Ok(AsTally { name, keys, span })
    }

    pub(super) fn as_tally_in(&mut self, parts: &mut Parts<'_>) -> Built<Option<AsTally>> {
        parts.accept(Rule::as_tally).map(|tally| self.as_tally(tally)).transpose()
    }

    /// `from D until E`, and either alone.
    pub(super) fn effective(&mut self, pair: Pair<'_>) -> Built<Effective> {
        let span = self.span(&pair);
        let mut parts = self.parts(pair);
        let from = self.date_after(&mut parts, Rule::k_from)?;
        let until = self.date_after(&mut parts, Rule::k_until)?;
        Ok(Effective { from, until, span })
    }

    pub(super) fn effective_in(&mut self, parts: &mut Parts<'_>) -> Built<Option<Effective>> {
        parts.accept(Rule::period).map(|pair| self.effective(pair)).transpose()
    }

    pub(super) fn date_after(
        &mut self,
        parts: &mut Parts<'_>,
        before: Rule,
    ) -> Built<Option<Date>> {
        if !parts.has(before) {
            return Ok(None);
        }
        let date = parts.need(Rule::date_literal)?;
        Ok(Some(self.date(&date)))
    }

    /// `for each SELECTION`.
    pub(super) fn for_each_in(&mut self, parts: &mut Parts<'_>) -> Built<Option<Selection>> {
        if !parts.has(Rule::k_for_each) {
            return Ok(None);
        }
        self.selection(parts.need(Rule::selection)?).map(Some)
    }
}

/// `1（3）` and `1(3)` name the same place in a law.
fn half_width_brackets(text: &str) -> String {
    super::literals::half_width(text).replace('（', "(").replace('）', ")")
}
