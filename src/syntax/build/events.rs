//! Events, registers, parameters and schedules: what a rule reads.

use super::{Builder, Built, Parts};
use crate::base::{Date, Span};
use crate::syntax::ast::{
    Bracket, Effective, Event, Expr, Field, MemberKey, Parameter, Register, Schedule,
    ScheduleVersion, Version, VersionValue,
};
use crate::syntax::grammar::{Pair, Rule};

impl Builder {
    pub(super) fn event(&mut self, pair: Pair<'_>) -> Built<Event> {
        let mut parts = self.parts(pair);
        parts.need(Rule::k_event)?;
        let name = self.need_name(&mut parts)?;
        let label = self.label_in(&mut parts);
        let cite = self.cite_in(&mut parts)?;
        let mut event = Event { name, label, cite, fields: Vec::new(), order_by: Vec::new() };
        for entry in parts {
            let entry = self.only(entry)?;
            match entry.as_rule() {
                Rule::event_order => {
                    let mut parts = self.parts(entry);
                    parts.need(Rule::k_order_by)?;
                    event.order_by.extend(self.names(&mut parts));
                }
                _ => event.fields.extend(self.entry_fields(entry)?),
            }
        }
        Ok(event)
    }

    pub(super) fn register(&mut self, pair: Pair<'_>) -> Built<Register> {
        let mut parts = self.parts(pair);
        parts.need(Rule::k_register)?;
        let name = self.need_name(&mut parts)?;
        let label = self.label_in(&mut parts);
        let many = parts.has(Rule::k_many);
        parts.need(Rule::k_by)?;
        let by = self.names(&mut parts);
        let cite = self.cite_in(&mut parts)?;
        let mut fields = Vec::new();
        for entry in parts {
            fields.extend(self.entry_fields(self.only(entry)?)?);
        }
        Ok(Register { name, label, many, by, cite, fields })
    }

    /// The fields of one entry: several for a `dated` group.
    fn entry_fields(&mut self, entry: Pair<'_>) -> Built<Vec<Field>> {
        match entry.as_rule() {
            Rule::dated => self.fields(entry, true),
            Rule::let_field => Ok(vec![self.let_field(entry)?]),
            Rule::field => Ok(vec![self.field(entry, false)?]),
            _ => Err(self.odd(&entry)),
        }
    }

    pub(super) fn parameter(&mut self, pair: Pair<'_>) -> Built<Parameter> {
        let span = self.span(&pair);
        let mut parts = self.parts(pair);
        parts.need(Rule::k_parameter)?;
        let name = self.need_name(&mut parts)?;
        let keys = self.family_in(&mut parts)?;
        let label = self.label_in(&mut parts);
        let ty = self.type_ref(parts.need(Rule::type_ref)?)?;
        let versions = match parts.accept(Rule::expr) {
            Some(value) => vec![self.undated(value, &mut parts, span)?],
            None => parts.map(|version| self.version(version)).collect::<Built<_>>()?,
        };
        Ok(Parameter { name, keys, label, ty, versions })
    }

    /// `= EXPR` is one version with neither end.
    fn undated(&mut self, value: Pair<'_>, parts: &mut Parts<'_>, span: Span) -> Built<Version> {
        let value = self.expr(value)?;
        let unverified = parts.has(Rule::marked);
        let cite = self.cite_in(parts)?;
        let value_span = value.span;
        let values = vec![VersionValue { keys: Vec::new(), value, unverified, span: value_span }];
        let effective = Effective { from: None, until: None, span };
        Ok(Version { effective, values, cite, span })
    }

    pub(super) fn version(&mut self, pair: Pair<'_>) -> Built<Version> {
        let span = self.span(&pair);
        let mut parts = self.parts(pair);
        let effective = self.effective(parts.need(Rule::period)?)?;
        let values = self.parts(parts.need(Rule::version_values)?);
        let values = values.map(|value| self.version_value(value)).collect::<Built<_>>()?;
        let cite = self.cite_in(&mut parts)?;
        Ok(Version { effective, values, cite, span })
    }

    fn version_value(&mut self, pair: Pair<'_>) -> Built<VersionValue> {
        let span = self.span(&pair);
        let mut parts = self.parts(pair);
        let keys = match parts.accept(Rule::member_keys) {
            Some(keys) => self.parts(keys).map(|key| self.member_key(key)).collect::<Built<_>>()?,
            None => Vec::new(),
        };
        let value = self.expr(parts.need(Rule::expr)?)?;
        let unverified = parts.has(Rule::unverified) || parts.has(Rule::marked);
        Ok(VersionValue { keys, value, unverified, span })
    }

    fn member_key(&mut self, pair: Pair<'_>) -> Built<MemberKey> {
        let key = self.only(pair)?;
        match key.as_rule() {
            Rule::k_others => Ok(MemberKey::Others(self.span(&key))),
            _ => Ok(MemberKey::Named(self.name(&key))),
        }
    }

    pub(super) fn schedule(&mut self, pair: Pair<'_>) -> Built<Schedule> {
        let mut parts = self.parts(pair);
        parts.need(Rule::k_schedule)?;
        let name = self.need_name(&mut parts)?;
        let keys = self.family_in(&mut parts)?;
        let label = self.label_in(&mut parts);
        let ty = self.type_ref(parts.need(Rule::type_ref)?)?;
        let versions = parts.map(|version| self.schedule_version(version)).collect::<Built<_>>()?;
        Ok(Schedule { name, keys, label, ty, versions })
    }

    pub(super) fn schedule_version(&mut self, pair: Pair<'_>) -> Built<ScheduleVersion> {
        let span = self.span(&pair);
        let mut parts = self.parts(pair);
        let effective = self.effective(parts.need(Rule::period)?)?;
        let cite = self.cite_in(&mut parts)?;
        let brackets = parts.map(|bracket| self.bracket(bracket)).collect::<Built<_>>()?;
        Ok(ScheduleVersion { effective, cite, brackets, span })
    }

    fn bracket(&mut self, pair: Pair<'_>) -> Built<Bracket> {
        let span = self.span(&pair);
        let mut parts = self.parts(pair);
        let up_to = match parts.accept(Rule::k_above) {
            Some(_) => None,
            None => self.expr_after(&mut parts, Rule::k_up_to)?,
        };
        let rate = self.expr(parts.need(Rule::expr)?)?;
        Ok(Bracket { up_to, rate, unverified: parts.has(Rule::unverified), span })
    }

    /// The expression after a word, where the word stands.
    pub(super) fn expr_after(
        &mut self,
        parts: &mut Parts<'_>,
        before: Rule,
    ) -> Built<Option<Expr>> {
        if !parts.has(before) {
            return Ok(None);
        }
        self.expr(parts.need(Rule::expr)?).map(Some)
    }

    /// `when C`, where it stands.
    pub(super) fn condition_in(&mut self, parts: &mut Parts<'_>) -> Built<Option<Expr>> {
        match parts.accept(Rule::condition_clause) {
            Some(clause) => self.condition(clause).map(Some),
            None => Ok(None),
        }
    }

    pub(super) fn condition(&mut self, pair: Pair<'_>) -> Built<Expr> {
        let mut parts = self.parts(pair);
        parts.need(Rule::k_when)?;
        self.expr(parts.need(Rule::expr)?)
    }

    /// The day after `on`, as an example has it.
    pub(super) fn need_date(&mut self, parts: &mut Parts<'_>) -> Built<Date> {
        let date = parts.need(Rule::date_literal)?;
        Ok(self.date(&date))
    }
}
