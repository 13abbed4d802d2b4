//! Parameters and schedules: a timeline for each key, without sugar.

use std::collections::BTreeMap;

use crate::base::{Date, Exact, Span};
use crate::diagnostics::{Diagnostic, Words};
use crate::syntax::ast::{self, ItemKind, MemberKey};

use super::bare_shares::bare_rate;
use super::data::index;
use super::names::Kind;
use super::scope::Scope;
use super::{ModuleItems, Resolved, Resolver, words};
use crate::model::{
    Bracket, Constant, Dated, EnumerationId, MemberIx, ModuleId, ParameterId, Type,
};

type Timelines = BTreeMap<Vec<MemberIx>, Vec<Dated<Constant>>>;

impl<'a> Resolver<'a> {
    pub(super) fn fill_dated(&mut self, module: &ModuleItems<'a>) {
        for item in &module.items {
            match &item.kind {
                ItemKind::Parameter(parameter) => self.fill_parameter(module.id, parameter),
                ItemKind::Schedule(schedule) => self.fill_schedule(module.id, schedule),
                _ => {}
            }
        }
    }

    /// The enumerations of a key; anything else cannot be listed.
    fn enumerations(&mut self, module: ModuleId, keys: &'a [ast::TypeRef]) -> Vec<EnumerationId> {
        let mut found = Vec::new();
        for key in keys {
            match self.type_of(module, key, "") {
                Ok(Type::Member(id)) => found.push(id),
                Ok(other) => {
                    let what = words::a_type(&other);
                    self.error(
                        words::WRONG_TYPE,
                        key.span,
                        Words::new(
                            format!("a key here is an enumeration, and this is {}", what.en),
                            format!("此处的键须为枚举，而这是{}", what.zh),
                        ),
                    );
                }
                Err(_) => {}
            }
        }
        found
    }

    fn fill_parameter(&mut self, module: ModuleId, written: &'a ast::Parameter) {
        let Some(id) = self.find(Kind::Parameter, module, &written.name.text) else { return };
        let keys = self.enumerations(module, &written.keys);
        let Ok(ty) = self.type_of(module, &written.ty, "") else { return };
        if let Some(entry) = self.set.parameters.get_mut(index(id)) {
            entry.keys = keys.clone();
            entry.ty = ty.clone();
        }
        let mut written_values = Timelines::new();
        let mut others = Vec::new();
        let mut ends = Vec::new();
        for version in &written.versions {
            let cite = self.cite_of(module, version.cite.as_ref());
            let unverified = version.cite.as_ref().is_some_and(|cite| cite.unverified);
            if version.values.is_empty() {
                ends.extend(version.effective.until);
            }
            for value in &version.values {
                let Some((key, rest)) = self.version_keys(&keys, value) else { continue };
                let Ok(constant) = self.constant_of(module, &value.value, &ty) else { continue };
                if ty == Type::Rate {
                    self.found.extend(bare_rate(&value.value));
                }
                let dated = Dated {
                    from: version.effective.from,
                    until: version.effective.until,
                    value: constant,
                    cite: cite.clone(),
                    unverified: value.unverified || unverified,
                    span: value.span,
                };
                if rest {
                    others.push(dated);
                } else {
                    self.enter_value(written_values.entry(key).or_default(), dated);
                }
            }
        }
        let spread: Vec<Span> = others.iter().map(|dated| dated.span).collect();
        for dated in others {
            for key in self.combinations(&keys) {
                let timeline = written_values.entry(key).or_default();
                match timeline.iter_mut().find(|other| other.from == dated.from) {
                    None => timeline.push(dated.clone()),
                    Some(other) if self.is_amended(dated.span) && spread.contains(&other.span) => {
                        *other = dated.clone();
                    }
                    Some(_) => {}
                }
            }
        }
        let timelines = written_values
            .into_iter()
            .map(|(key, values)| (key, in_sequence(values, &ends)))
            .collect();
        if let Some(entry) = self.set.parameters.get_mut(index(ParameterId(id).0)) {
            entry.timelines = timelines;
        }
    }

    /// Adds a value to its key's own timeline. Versions may be grouped as the law groups them; for one
    /// key they stand in the order of their first days.
    fn enter_value(&mut self, timeline: &mut Vec<Dated<Constant>>, dated: Dated<Constant>) {
        self.days_in_order(dated.from, dated.until, dated.span);
        let amends = self.is_amended(dated.span);
        match timeline.last_mut() {
            Some(last) if last.from == dated.from && amends => {
                *last = Dated { until: dated.until.or(last.until), ..dated };
            }
            Some(last) if last.from == dated.from => {
                self.error(
                    words::BAD_VERSION,
                    dated.span,
                    Words::new(
                        "this key has a value from the same day already",
                        "该键自同一日起已有取值",
                    ),
                );
            }
            Some(last) if last.from > dated.from => self.out_of_order(dated.span),
            Some(last) => {
                let amends = amends || self.is_amended(last.span);
                if !amends {
                    self.no_overlap((last.until, last.span), dated.from, dated.span);
                }
                timeline.push(dated);
            }
            None => timeline.push(dated),
        }
    }

    /// A version may end before the next one begins, never after.
    fn no_overlap(&mut self, before: (Option<Date>, Span), from: Option<Date>, span: Span) {
        let (Some(until), Some(from)) = (before.0, from) else { return };
        if until > from {
            self.report(
                Diagnostic::error(
                    words::BAD_VERSION,
                    span,
                    Words::new(
                        format!(
                            "this begins on {from}, and the version before holds until {until}"
                        ),
                        format!("此版本自 {from} 起，而前一版本至 {until} 止"),
                    ),
                )
                .with_note(before.1, Words::new("the version before", "前一版本"))
                .with_help(Words::new(
                    "let the one before end where the next begins: without `until` it does so by \
                     itself",
                    "请让前一版本止于后一版本的起始日：不写「至」即自动如此",
                )),
            );
        }
    }

    /// `until` is the first day after, so it lies behind the first day.
    pub(super) fn days_in_order(&mut self, from: Option<Date>, until: Option<Date>, span: Span) {
        let (Some(from), Some(until)) = (from, until) else { return };
        if until <= from {
            self.report(
                Diagnostic::error(
                    words::BAD_VERSION,
                    span,
                    Words::new(
                        format!("these days end on {until}, before they begin on {from}"),
                        format!("此期间止于 {until}，不晚于起始日 {from}"),
                    ),
                )
                .with_help(Words::new(
                    "`from` is the first day, `until` the first day after the last",
                    "「自」为首日，「至」为末日之次日",
                )),
            );
        }
    }

    fn out_of_order(&mut self, span: Span) {
        self.report(
            Diagnostic::error(
                words::BAD_VERSION,
                span,
                Words::new(
                    "versions stand in the order of their first days",
                    "各版本须按起始日先后排列",
                ),
            )
            .with_help(Words::new("move the earlier version up", "请把较早的版本移到前面")),
        );
    }

    /// The members a value is for; the flag says `others`.
    fn version_keys(
        &mut self,
        keys: &[EnumerationId],
        value: &'a ast::VersionValue,
    ) -> Option<(Vec<MemberIx>, bool)> {
        if let [MemberKey::Others(_)] = value.keys.as_slice()
            && !keys.is_empty()
        {
            return Some((Vec::new(), true));
        }
        if value.keys.len() != keys.len() {
            let (wanted, given) = (keys.len(), value.keys.len());
            self.error(
                words::WRONG_COUNT,
                value.span,
                Words::new(
                    format!("a value here is for {wanted} key parts, and {given} are named"),
                    format!("此处取值的键有 {wanted} 部分，这里写了 {given} 个"),
                ),
            );
            return None;
        }
        let mut targets = Vec::new();
        for (key, enumeration) in value.keys.iter().zip(keys) {
            match key {
                MemberKey::Others(span) => {
                    self.error(
                        words::NOT_HERE,
                        *span,
                        Words::new(
                            "`others` stands for the whole key, not for a part of it",
                            "「其他」代表整个键，不能只代表一部分",
                        ),
                    );
                    return None;
                }
                MemberKey::Named(name) => {
                    let names = self.member_names(*enumeration);
                    match names.iter().position(|known| *known == name.text) {
                        Some(position) => targets.push(MemberIx::next(position)),
                        None => {
                            self.unknown(&Words::new("member", "枚举项"), name, &names);
                            return None;
                        }
                    }
                }
            }
        }
        Some((targets, false))
    }

    /// Every combination of members, in the order of declaration.
    fn combinations(&self, keys: &[EnumerationId]) -> Vec<Vec<MemberIx>> {
        let mut all: Vec<Vec<MemberIx>> = vec![Vec::new()];
        for key in keys {
            let members = self.set.enumerations.get(key.index()).map_or(0, |e| e.members.len());
            all = all
                .iter()
                .flat_map(|before| {
                    (0..members).map(move |member| {
                        let mut next = before.clone();
                        next.push(MemberIx::next(member));
                        next
                    })
                })
                .collect();
        }
        all
    }

    fn fill_schedule(&mut self, module: ModuleId, written: &'a ast::Schedule) {
        let Some(id) = self.find(Kind::Schedule, module, &written.name.text) else { return };
        let keys = self.enumerations(module, &written.keys);
        let Ok(ty) = self.type_of(module, &written.ty, "") else { return };
        let mut versions: Vec<Dated<Vec<Bracket>>> = Vec::new();
        for version in &written.versions {
            let cite = self.cite_of(module, version.cite.as_ref());
            let effective = &version.effective;
            let unverified = version.cite.as_ref().is_some_and(|cite| cite.unverified);
            let Ok(brackets) = self.brackets(module, &version.brackets, &ty, unverified) else {
                continue;
            };
            if versions.last().is_some_and(|before| before.from >= effective.from) {
                self.out_of_order(version.span);
                continue;
            }
            self.days_in_order(effective.from, effective.until, version.span);
            if let Some(before) = versions.last()
                && !self.is_amended(version.span)
                && !self.is_amended(before.span)
            {
                self.no_overlap((before.until, before.span), effective.from, version.span);
            }
            let dated = Dated {
                from: effective.from,
                until: effective.until,
                value: brackets,
                cite,
                unverified,
                span: version.span,
            };
            begin(&mut versions, dated);
        }
        if let Some(entry) = self.set.schedules.get_mut(index(id)) {
            entry.keys = keys;
            entry.ty = ty;
            entry.versions = versions;
        }
    }

    fn brackets(
        &mut self,
        module: ModuleId,
        written: &'a [ast::Bracket],
        ty: &Type,
        unverified: bool,
    ) -> Resolved<Vec<Bracket>> {
        let mut brackets = Vec::new();
        for bracket in written {
            let up_to = match &bracket.up_to {
                Some(bound) => Some(self.number_of(module, bound, ty)?),
                None => None,
            };
            let rate = self.number_of(module, &bracket.rate, &Type::Rate)?;
            self.found.extend(bare_rate(&bracket.rate));
            brackets.push(Bracket {
                up_to,
                rate,
                unverified: unverified || bracket.unverified,
                span: bracket.span,
            });
        }
        Ok(brackets)
    }

    fn number_of(
        &mut self,
        module: ModuleId,
        written: &'a ast::Expr,
        ty: &Type,
    ) -> Resolved<Exact> {
        match self.constant_of(module, written, ty)? {
            Constant::Number(value) => Ok(value),
            _ => Err(super::Reported),
        }
    }

    /// An expression that is known from the text alone, of a type.
    pub(super) fn constant_of(
        &mut self,
        module: ModuleId,
        written: &'a ast::Expr,
        ty: &Type,
    ) -> Resolved<Constant> {
        let mut scope = Scope::bare(module);
        let expr = self.expect(&mut scope, written, ty)?;
        match super::constant::value(&expr) {
            Some(constant) => Ok(constant),
            None => Err(self.error(
                words::NOT_CONSTANT,
                written.span,
                Words::new(
                    "a value here must be known from the text alone",
                    "此处的值须仅凭文本即可得知",
                ),
            )),
        }
    }
}

/// Starts a value; the one before ends there, if it did not end earlier. An open `until` of the new
/// value that ends it before a later one leaves a gap, which `check` reports where it matters.
fn begin<T>(timeline: &mut Vec<Dated<T>>, dated: Dated<T>) {
    if let Some(last) = timeline.last_mut()
        && last.until.is_none_or(|until| dated.from.is_some_and(|from| from < until))
    {
        last.until = dated.from;
    }
    timeline.push(dated);
}

/// A timeline in the order of its days: each value ends where the next begins, and all end at the
/// days of a version that only says `until D`.
fn in_sequence(mut values: Vec<Dated<Constant>>, ends: &[Date]) -> Vec<Dated<Constant>> {
    values.sort_by_key(|value| value.from);
    let mut timeline = Vec::new();
    for value in values {
        begin(&mut timeline, value);
    }
    for end in ends {
        let running = timeline.iter_mut().filter(|value| value.from.is_none_or(|from| from < *end));
        if let Some(last) = running.last()
            && last.until.is_none_or(|until| *end < until)
        {
            last.until = Some(*end);
        }
    }
    timeline
}
