//! The names of a rule set, as readers, writers and reports want them.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::diagnostics::Language;
use crate::model::{self, RuleSet, Type, shared_names};
use crate::report::names::{
    Currency, Field, Figure, Keyed, Kind, Label, Leg, Members, Names, Shape, Table,
};

use super::clauses::clause;

/// Makes the names of a rule set, every list in the rule set's own order; clauses are cited in the
/// language.
pub fn names(rules: &RuleSet, language: Language) -> Names {
    let maker = Maker::new(rules, language);
    Names {
        events: rules
            .events
            .iter()
            .enumerate()
            .map(|(at, event)| maker.event(model::EventId::next(at), event))
            .collect(),
        registers: rules.registers.iter().map(|register| maker.register(register)).collect(),
        shapes: (0..rules.shapes.len()).filter_map(|at| maker.shape(at)).collect(),
        accounts: rules
            .accounts
            .iter()
            .map(|account| Keyed {
                name: maker.own_name((&account.name, account.module), &maker.shared.accounts),
                code: account.code.clone(),
                ..maker.keyed(&account.name, &account.keys, &Type::Money(account.currency))
            })
            .collect(),
        pools: rules.pools.iter().map(|pool| label(&pool.name)).collect(),
        parameters: rules
            .parameters
            .iter()
            .map(|parameter| {
                let keys: Vec<Type> = parameter.keys.iter().map(|id| Type::Member(*id)).collect();
                maker.keyed(&parameter.name, &keys, &parameter.ty)
            })
            .collect(),
        schedules: rules.schedules.iter().map(|schedule| label(&schedule.name)).collect(),
        rules: rules.rules.iter().map(|rule| label(&rule.name)).collect(),
        levies: rules.levies.iter().map(|levy| label(&levy.name)).collect(),
        tallies: rules
            .tallies
            .iter()
            .map(|tally| maker.keyed(&tally.name, &tally.keys, &tally.ty))
            .collect(),
        carries: rules
            .carries
            .iter()
            .map(|carry| maker.keyed(&carry.name, &carry.keys, &carry.ty))
            .collect(),
        figures: rules.figures.iter().map(|figure| maker.figure(figure)).collect(),
        legs: rules.legs.iter().map(|leg| maker.leg(leg)).collect(),
        readings: rules
            .readings
            .iter()
            .zip(&maker.readings)
            .map(|(reading, options)| (label(&reading.name), Arc::clone(options)))
            .collect(),
    }
}

/// A declared name without its place.
pub fn label(name: &model::Name) -> Label {
    // A label without a language stands for both; a Chinese one reads worse in English than the name.
    let en = name.en.clone().filter(|label| label.is_ascii());
    Label { text: name.text.clone(), en, zh: name.zh.clone() }
}

/// Makes names of one rule set.
pub(super) struct Maker<'m> {
    rules: &'m RuleSet,
    language: Language,
    enumerations: Vec<Arc<Members>>,
    readings: Vec<Arc<Members>>,
    shared: Shared<'m>,
}

/// The names that several modules give to things of one kind.
struct Shared<'m> {
    events: BTreeSet<&'m str>,
    registers: BTreeSet<&'m str>,
    accounts: BTreeSet<&'m str>,
    figures: BTreeSet<&'m str>,
    /// Of rules and levies.
    rules: BTreeSet<&'m str>,
}

impl<'m> Shared<'m> {
    fn of(rules: &'m RuleSet) -> Shared<'m> {
        let levies = rules.levies.iter().map(|it| (&it.name, it.module));
        Shared {
            events: shared_names(rules.events.iter().map(|it| (&it.name, it.module))),
            registers: shared_names(rules.registers.iter().map(|it| (&it.name, it.module))),
            accounts: shared_names(rules.accounts.iter().map(|it| (&it.name, it.module))),
            figures: shared_names(rules.figures.iter().map(|it| (&it.name, it.module))),
            rules: shared_names(rules.rules.iter().map(|it| (&it.name, it.module)).chain(levies)),
        }
    }
}

impl<'m> Maker<'m> {
    pub(super) fn new(rules: &'m RuleSet, language: Language) -> Maker<'m> {
        Maker {
            rules,
            language,
            enumerations: rules.enumerations.iter().map(members).collect(),
            readings: rules.readings.iter().map(options).collect(),
            shared: Shared::of(rules),
        }
    }

    /// What data and results call a thing: by the name of its module too, where one of its kind is called
    /// so in another module.
    fn own_name(
        &self,
        (name, module): (&model::Name, model::ModuleId),
        shared: &BTreeSet<&str>,
    ) -> Label {
        match shared.contains(name.text.as_str()) {
            true => Label::plain(self.rules.own_name((name, module), shared)),
            false => label(name),
        }
    }

    fn event(&self, id: model::EventId, event: &model::Event) -> Table {
        let sent = matches!(event.source, model::EventSource::Sent);
        let mut key: Vec<usize> = event.unique.iter().map(|field| index(field.0)).collect();
        if key.is_empty() {
            // What nobody sends is known by its day, and by its row if there is one for each.
            key.push(index(event.effective.0));
            let rows = event.fields.iter().enumerate().filter(|(_, field)| {
                !sent
                    && field.computed.is_none()
                    && matches!(field.ty, Type::Row(_) | Type::Member(_))
            });
            key.extend(rows.map(|(at, _)| at));
        }
        Table {
            name: self.own_name((&event.name, event.module), &self.shared.events),
            fields: event.fields.iter().map(|field| self.field(field)).collect(),
            key,
            effective: Some(index(event.effective.0)),
            inflow: event.inflow.map(|field| index(field.0)),
            sent,
            currency: self.currency(self.rules.currency_of(id)),
            settlement: self.settlement(id),
        }
    }

    /// The clauses of the settlements of the modules whose rules divide the event's inflow.
    fn settlement(&self, event: model::EventId) -> String {
        let divides = |case: &model::RuleCase| {
            let inflow = matches!(&case.body, model::Body::Split(split)
                if split.source == model::Source::Inflow);
            case.event == event && inflow
        };
        let mut clauses: Vec<String> = Vec::new();
        for rule in self.rules.rules.iter().filter(|rule| rule.cases.iter().any(divides)) {
            let module = self.rules.modules.get(rule.module.index());
            let cite = module.and_then(|module| module.settlement_cite.as_ref());
            let clause = cite.map(|cite| clause(cite, self.rules, self.language));
            clauses.extend(clause.filter(|clause| !clauses.contains(clause)));
        }
        clauses.join("; ")
    }

    fn register(&self, register: &model::Register) -> Table {
        let shape = self.rules.shapes.get(register.shape.index());
        Table {
            name: self.own_name((&register.name, register.module), &self.shared.registers),
            fields: shape.map_or_else(Vec::new, |shape| {
                shape.fields.iter().map(|field| self.field(field)).collect()
            }),
            key: register.keys.iter().map(|field| index(field.0)).collect(),
            effective: None,
            inflow: None,
            sent: true,
            currency: self.currency(model::CurrencyId(0)),
            settlement: String::new(),
        }
    }

    fn shape(&self, at: usize) -> Option<Shape> {
        let shape = self.rules.shapes.get(at)?;
        let register = self.rules.registers.iter().find(|register| register.shape.index() == at);
        Some(Shape {
            name: register
                .map_or_else(|| Label::plain(&shape.name), |register| label(&register.name)),
            fields: shape.fields.iter().map(|field| self.field(field)).collect(),
            key: register.map_or_else(Vec::new, |register| {
                register.keys.iter().map(|field| index(field.0)).collect()
            }),
        })
    }

    fn field(&self, field: &model::Field) -> Field {
        Field {
            name: label(&field.name),
            kind: self.kind(&field.ty),
            required: !matches!(field.ty, Type::Optional(_)),
            computed: field.computed.is_some(),
            dated: field.dated,
        }
    }

    fn keyed(&self, name: &model::Name, keys: &[Type], value: &Type) -> Keyed {
        let keys = keys.iter().map(|ty| self.kind(ty)).collect();
        Keyed { name: label(name), keys, value: self.kind(value), code: None }
    }

    fn figure(&self, figure: &model::Figure) -> Figure {
        let row = figure.for_each.as_ref().and_then(|selection| {
            let local = figure.locals.get(index(selection.binding.0))?;
            Some(self.kind(&local.ty))
        });
        let name = self.own_name((&figure.name, figure.module), &self.shared.figures);
        Figure { name, kind: self.kind(&figure.value.ty), row }
    }

    fn leg(&self, leg: &model::LegOrigin) -> Leg {
        let (name, owner_cite) = match leg.owner {
            model::LegOwner::Rule(id) => {
                let rule = self.rules.rules.get(id.index());
                (rule.map(|it| (&it.name, it.module)), rule.and_then(|it| it.cite.as_ref()))
            }
            model::LegOwner::Levy(id) => {
                let levy = self.rules.levies.get(id.index());
                (levy.map(|it| (&it.name, it.module)), levy.and_then(|it| it.cite.as_ref()))
            }
        };
        let name = name.map(|name| self.own_name(name, &self.shared.rules));
        let path: Vec<String> = leg.path.iter().map(u32::to_string).collect();
        let cite = leg.cite.as_ref().or(owner_cite);
        Leg {
            owner: name.unwrap_or_default(),
            place: path.join("."),
            clause: cite.map(|cite| clause(cite, self.rules, self.language)).unwrap_or_default(),
        }
    }

    /// Of what kind a value of the type is.
    pub(super) fn kind(&self, ty: &Type) -> Kind {
        match ty {
            Type::Money(currency) => Kind::Money(self.currency(*currency).scale),
            Type::Rate => Kind::Rate,
            Type::Number => Kind::Number,
            Type::Integer => Kind::Integer,
            Type::Date => Kind::Date,
            Type::Period(kind) => Kind::Period(*kind),
            Type::Duration => Kind::Duration,
            Type::Bool => Kind::Bool,
            Type::Text => Kind::Text,
            Type::Member(id) => self
                .enumerations
                .get(id.index())
                .map_or(Kind::Text, |list| Kind::Member(list.clone())),
            Type::Option(id) => {
                self.readings.get(id.index()).map_or(Kind::Text, |list| Kind::Member(list.clone()))
            }
            Type::Row(shape) => Kind::Record(shape.index()),
            Type::List(inner) => Kind::List(Box::new(self.kind(inner))),
            Type::Optional(inner) => self.kind(inner),
        }
    }

    fn currency(&self, id: model::CurrencyId) -> Currency {
        let currency = self.rules.currencies.get(id.index());
        Currency {
            code: currency.map_or_else(|| "CNY".to_owned(), |currency| currency.name.clone()),
            scale: currency.map_or(2, |currency| currency.scale),
        }
    }
}

fn members(enumeration: &model::Enumeration) -> Arc<Members> {
    let members =
        enumeration.members.iter().map(|member| (label(&member.name), member.code.clone()));
    Arc::new(Members::new(label(&enumeration.name), members.collect()))
}

fn options(reading: &model::Reading) -> Arc<Members> {
    let options = reading.options.iter().map(|option| (label(option), None));
    Arc::new(Members::new(label(&reading.name), options.collect()))
}

fn index(id: u32) -> usize {
    usize::try_from(id).unwrap_or(usize::MAX)
}
