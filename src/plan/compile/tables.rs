//! Tables that hold no expressions of their own.

use crate::base::Exact;
use crate::model::{self, RuleSet, Type};

use super::super::{
    Account, Bracket, Currency, Enumeration, Field, Kind, Overrides, Parameter, Pool, Reading,
    Register, Rule, Schedule, Shape, Version, at,
};
use super::{Compiler, Context};

pub(super) fn currency(currency: &model::Currency) -> Currency {
    Currency { name: currency.name.clone(), scale: currency.scale }
}

pub(super) fn enumeration(enumeration: &model::Enumeration) -> Enumeration {
    Enumeration {
        name: enumeration.name.text.clone(),
        members: enumeration.members.iter().map(|member| member.name.text.clone()).collect(),
        parents: enumeration.members.iter().map(|member| member.parent.map(|up| up.0)).collect(),
    }
}

pub(super) fn pool(pool: &model::Pool) -> Pool {
    Pool { name: pool.name.text.clone(), per: pool.per.map(|shape| shape.0) }
}

pub(super) fn rule_names(rules: &RuleSet) -> Vec<Rule> {
    let module = |rule: &model::Rule| {
        rules.modules.get(rule.module.index()).map_or("", |module| module.name.text.as_str())
    };
    rules
        .rules
        .iter()
        .map(|rule| Rule { name: format!("{}.{}", module(rule), rule.name.text) })
        .collect()
}

/// Overrides reach through the rule in the middle, whether or not that one applies.
pub(super) fn overrides(rules: &RuleSet) -> Overrides {
    let mut closed = Overrides::none(rules.rules.len());
    for rule in &rules.rules {
        let mut waiting: Vec<model::RuleId> = rule.overrides.clone();
        while let Some(lower) = waiting.pop() {
            if !closed.has(rule.id.0, lower.0) {
                closed.add(rule.id.0, lower.0);
                let next = rules.rules.get(lower.index()).map(|rule| rule.overrides.as_slice());
                waiting.extend_from_slice(next.unwrap_or_default());
            }
        }
    }
    closed
}

/// Brackets get the quick deduction that makes the tax of the whole amount one multiplication.
pub(super) fn schedule(schedule: &model::Schedule) -> Schedule {
    let versions = schedule.versions.iter().map(|version| Version {
        from: version.from,
        until: version.until,
        value: brackets(&version.value),
    });
    Schedule { name: schedule.name.text.clone(), versions: versions.collect() }
}

fn brackets(declared: &[model::Bracket]) -> Vec<Bracket> {
    let (mut below, mut quick, mut rate_below) = (Exact::ZERO, Exact::ZERO, Exact::ZERO);
    let mut brackets = Vec::with_capacity(declared.len());
    for bracket in declared {
        // What the lower brackets are taxed less than this one: the part below × the difference.
        let more = bracket.rate.sub(&rate_below).and_then(|step| step.mul(&below));
        // The text of rules cannot hold numbers near the limit of bits.
        quick = more.and_then(|more| quick.add(&more)).unwrap_or_default();
        brackets.push(Bracket {
            up_to: bracket.up_to.clone(),
            rate: bracket.rate.clone(),
            quick: quick.clone(),
        });
        rate_below = bracket.rate.clone();
        below = bracket.up_to.clone().unwrap_or(below);
    }
    brackets
}

impl Compiler<'_> {
    pub(super) fn readings(&self) -> Vec<Reading> {
        let reading = |(id, reading): (usize, &model::Reading)| Reading {
            name: reading.name.text.clone(),
            options: reading.options.iter().map(|option| option.text.clone()).collect(),
            chosen: self.chosen(model::ReadingId::next(id)),
        };
        self.rules.readings.iter().enumerate().map(reading).collect()
    }

    pub(super) fn parameter(&mut self, parameter: &model::Parameter) -> Parameter {
        let members = |id: &model::EnumerationId| {
            let enumeration = self.rules.enumerations.get(id.index());
            enumeration.map_or(0, |it| u32::try_from(it.members.len()).unwrap_or(u32::MAX))
        };
        let sizes: Vec<u32> = parameter.keys.iter().map(members).collect();
        let combinations = sizes.iter().fold(1_usize, |product, size| product * at(*size));
        let mut timelines = vec![Vec::new(); combinations];
        for (key, declared) in &parameter.timelines {
            let place = key
                .iter()
                .zip(&sizes)
                .fold(0, |place, (member, size)| place * at(*size) + at(member.0));
            let version = |dated: &model::Dated<model::Constant>| Version {
                from: dated.from,
                until: dated.until,
                value: super::expr::constant(&dated.value),
            };
            if let Some(timeline) = timelines.get_mut(place) {
                *timeline = declared.iter().map(version).collect();
            }
        }
        Parameter { name: parameter.name.text.clone(), sizes, timelines }
    }

    pub(super) fn kind(&self, ty: &Type) -> Kind {
        match ty {
            Type::Money(currency) => {
                let scale = self.rules.currencies.get(currency.index()).map_or(2, |it| it.scale);
                Kind::Money { currency: currency.0, scale }
            }
            Type::Rate | Type::Number => Kind::Number,
            Type::Integer => Kind::Integer,
            Type::Date => Kind::Date,
            Type::Period(_) => Kind::Period,
            Type::Duration => Kind::Duration,
            Type::Bool => Kind::Bool,
            Type::Text => Kind::Text,
            Type::Member(enumeration) => Kind::Member(enumeration.0),
            Type::Option(reading) => Kind::Option(reading.0),
            Type::Row(shape) => Kind::Row(shape.0),
            Type::List(inner) => Kind::List(Box::new(self.kind(inner))),
            Type::Optional(inner) => self.kind(inner),
        }
    }

    pub(super) fn field(&mut self, field: &model::Field, context: Context<'_>) -> Field {
        Field {
            name: field.name.text.clone(),
            kind: self.kind(&field.ty),
            optional: matches!(field.ty, Type::Optional(_)),
            computed: field.computed.as_ref().map(|formula| self.formula(formula, context)),
            dated: field.dated,
            steady: false,
        }
    }

    pub(super) fn shapes(&mut self) -> Vec<Shape> {
        let rules = self.rules;
        let mut shapes = Vec::with_capacity(rules.shapes.len());
        for shape in &rules.shapes {
            let context = Context { event: None, who: &shape.name };
            let fields = shape.fields.iter().map(|field| self.field(field, context)).collect();
            shapes.push(Shape { name: shape.name.clone(), fields });
        }
        shapes
    }

    pub(super) fn accounts(&self) -> Vec<Account> {
        let account = |(account, counted): (&model::Account, &bool)| Account {
            name: account.name.text.clone(),
            keys: account.keys.iter().map(|ty| self.kind(ty)).collect(),
            holds: account.holds,
            counted: *counted,
        };
        self.rules.accounts.iter().zip(&self.counted).map(account).collect()
    }

    pub(super) fn registers(&self) -> Vec<Register> {
        let register =
            |(register, prefixes): (&model::Register, &std::collections::BTreeSet<usize>)| {
                Register {
                    name: register.name.text.clone(),
                    shape: register.shape.0,
                    keys: register.keys.iter().map(|field| field.0).collect(),
                    many: register.many,
                    prefixes: prefixes.iter().copied().collect(),
                }
            };
        self.rules.registers.iter().zip(&self.prefixes).map(register).collect()
    }
}
