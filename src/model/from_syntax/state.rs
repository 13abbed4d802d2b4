//! Tallies, carries, calendar events, stages, figures and delegations.

use crate::diagnostics::{Diagnostic, Words};
use crate::syntax::ast::{self, CalendarWhen, ItemKind};

use super::data::NOWHERE;
use super::declare::count;
use super::names::Kind;
use super::scope::Scope;
use super::{ModuleItems, Reported, Resolved, Resolver, named, words};
use crate::base::{Exact, PeriodKind};
use crate::model::{
    AccountId, Carry, CarryId, Change, Constant, CurrencyId, Delegated, Delegation, EventId,
    EventSource, Expr, ExprKind, Field, FieldIx, Figure, FigureId, Formula, ModuleId, Name, PoolId,
    RuleId, Tally, TallyId, Type,
};

impl<'a> Resolver<'a> {
    pub(super) fn declare_state(&mut self, module: ModuleId, item: &'a ast::Item) {
        match &item.kind {
            ItemKind::Tally(tally) => {
                let keys: Vec<&'a ast::Expr> = tally.keys.iter().collect();
                self.new_tally(module, &tally.name, tally.label.as_ref(), keys);
            }
            ItemKind::Carry(carry) => {
                self.enter(Kind::Carry, module, &carry.name, count(&self.set.carries));
                self.set.carries.push(Carry {
                    name: named(&carry.name, carry.label.as_ref()),
                    module,
                    key_names: carry.keys.iter().map(key_name).collect(),
                    keys: Vec::new(),
                    ty: Type::Number,
                    starts: Expr {
                        kind: ExprKind::Constant(Constant::Number(Exact::ZERO)),
                        ty: Type::Number,
                        span: NOWHERE,
                    },
                    changes: Vec::new(),
                    span: item.span,
                });
                self.names.carry_keys.push(carry.keys.iter().collect());
            }
            _ => {}
        }
    }

    /// A tally declared by name, or by the `as … per …` of a leg.
    pub(super) fn new_tally(
        &mut self,
        module: ModuleId,
        name: &ast::Name,
        label: Option<&ast::Label>,
        keys: Vec<&'a ast::Expr>,
    ) {
        self.enter(Kind::Tally, module, name, count(&self.set.tallies));
        self.set.tallies.push(Tally {
            name: named(name, label),
            module,
            key_names: keys.iter().map(|key| key_name(key)).collect(),
            keys: Vec::new(),
            ty: Type::Money(CurrencyId(0)),
            feeders: Vec::new(),
            span: name.span,
        });
        self.tally_types.push(keys.is_empty());
        self.tally_keys.push(keys);
    }

    pub(super) fn carry_keys(&self, id: CarryId) -> Vec<&'a ast::Expr> {
        self.names.carry_keys.get(id.index()).cloned().unwrap_or_default()
    }

    /// The types of tallies and carries, which computed fields may read.
    pub(super) fn fill_state_types(&mut self, module: &ModuleItems<'a>) {
        for item in &module.items {
            match &item.kind {
                ItemKind::Tally(tally) => {
                    let id = self.find(Kind::Tally, module.id, &tally.name.text).map(TallyId);
                    let ty = self.type_of(module.id, &tally.ty, "");
                    if let (Some(id), Ok(ty)) = (id, ty)
                        && let Some(entry) = self.set.tallies.get_mut(id.index())
                    {
                        entry.ty = ty;
                    }
                }
                ItemKind::Carry(carry) => {
                    let id = self.find(Kind::Carry, module.id, &carry.name.text).map(CarryId);
                    let ty = self.type_of(module.id, &carry.ty, "");
                    if let (Some(id), Ok(ty)) = (id, ty)
                        && let Some(entry) = self.set.carries.get_mut(id.index())
                    {
                        entry.ty = ty;
                    }
                }
                _ => {}
            }
        }
    }

    pub(super) fn fill_state(&mut self, module: &ModuleItems<'a>) {
        for item in &module.items {
            match &item.kind {
                ItemKind::Tally(tally) => self.fill_tally(module.id, tally),
                ItemKind::Carry(carry) => self.fill_carry(module.id, carry),
                _ => {}
            }
        }
    }

    fn fill_tally(&mut self, module: ModuleId, written: &'a ast::Tally) {
        let Some(id) = self.find(Kind::Tally, module, &written.name.text).map(TallyId) else {
            return;
        };
        let Some(ty) = self.tally(id).map(|tally| tally.ty.clone()) else { return };
        for feeder in &written.feeders {
            let keys: Vec<&'a ast::Expr> = written.keys.iter().collect();
            let Ok(change) = self.change(module, feeder, &keys, &ty) else { continue };
            let fits = change
                .keys
                .iter()
                .enumerate()
                .map(|(position, key)| self.tally_key(id, position, key))
                .fold(Ok(()), Result::and);
            if fits.is_ok()
                && let Some(tally) = self.set.tallies.get_mut(id.index())
            {
                tally.feeders.push(change);
            }
        }
    }

    fn fill_carry(&mut self, module: ModuleId, written: &'a ast::Carry) {
        let Some(id) = self.find(Kind::Carry, module, &written.name.text).map(CarryId) else {
            return;
        };
        let Some(ty) = self.set.carries.get(id.index()).map(|carry| carry.ty.clone()) else {
            return;
        };
        let mut scope = Scope::bare(module);
        if let Ok(starts) = self.expect(&mut scope, &written.starts, &ty)
            && let Some(carry) = self.set.carries.get_mut(id.index())
        {
            carry.starts = starts;
        }
        for change in &written.becomes {
            let keys: Vec<&'a ast::Expr> = written.keys.iter().collect();
            let Ok(change) = self.change(module, change, &keys, &ty) else { continue };
            let fits = change
                .keys
                .iter()
                .enumerate()
                .map(|(position, key)| self.carry_key(id, position, key))
                .fold(Ok(()), Result::and);
            if fits.is_ok()
                && let Some(carry) = self.set.carries.get_mut(id.index())
            {
                carry.changes.push(change);
            }
        }
    }

    /// `on EVENT [when C] adds|becomes EXPR`.
    fn change(
        &mut self,
        module: ModuleId,
        written: &'a ast::Change,
        keys: &[&'a ast::Expr],
        ty: &Type,
    ) -> Resolved<Change> {
        let event = EventId(self.need(Kind::Event, module, &written.event)?);
        let mut scope = Scope::event(module, event);
        let when = match &written.when {
            Some(when) => Some(self.condition(&mut scope, when)?),
            None => None,
        };
        let mut resolved = Vec::new();
        for key in keys {
            let before = self.found.len();
            match self.expr(&mut scope, key, None) {
                Ok(key) => resolved.push(key),
                // What it stands for is not known, which was said where it is declared.
                Err(Reported) if self.found.len() == before => return Err(Reported),
                Err(Reported) => {
                    self.found.truncate(before);
                    return Err(self.no_key(&written.event, key));
                }
            }
        }
        let value = self.expect(&mut scope, &written.value, ty)?;
        let keys = resolved;
        Ok(Change { event, locals: scope.locals, when, keys, value, span: written.span })
    }

    fn no_key(&mut self, event: &ast::Name, key: &'a ast::Expr) -> Reported {
        let (event_name, part) = (&event.text, key_name(key));
        self.report(
            Diagnostic::error(
                words::TOTAL_KEY,
                event.span,
                Words::new(
                    format!("event `{event_name}` has no `{part}`, by which this is kept"),
                    format!("事项「{event_name}」没有「{part}」，而这里按它记"),
                ),
            )
            .with_note(key.span, Words::new("part of the key", "键的一部分")),
        )
    }

    /// Calendar events and stages: their fields come from what they are for.
    pub(super) fn fill_calendar(&mut self, module: &ModuleItems<'a>) {
        for item in &module.items {
            match &item.kind {
                ItemKind::Calendar(calendar) => {
                    if let Some(id) = self.find(Kind::Event, module.id, &calendar.name.text) {
                        let _ = self.fill_one_calendar(module.id, EventId(id), calendar);
                    }
                }
                ItemKind::Stage(stage) => {
                    if let Some(id) = self.find(Kind::Event, module.id, &stage.name.text) {
                        let _ = self.fill_stage(module.id, EventId(id), stage);
                    }
                }
                _ => {}
            }
        }
    }

    /// The days on which events are made that nobody sends.
    fn fill_days(&mut self, id: EventId, written: Option<&ast::Effective>) {
        let Some(days) = written else { return };
        self.days_in_order(days.from, days.until, days.span);
        if let Some(event) = self.set.events.get_mut(id.index()) {
            (event.from, event.until) = (days.from, days.until);
        }
    }

    fn fill_one_calendar(
        &mut self,
        module: ModuleId,
        id: EventId,
        written: &'a ast::Calendar,
    ) -> Resolved<()> {
        self.fill_days(id, written.effective.as_ref());
        let mut scope = Scope::bare(module);
        scope.knows_day = true;
        let for_each = match &written.for_each {
            Some(selection) => Some(self.selection(&mut scope, selection)?),
            None => None,
        };
        // The day of a row is worked out before there is one.
        scope.knows_day = false;
        let mut fields = vec![plain_field("date", "日期", Type::Date)];
        if let Some(selection) = &for_each
            && let Some(local) = scope.locals.get(selection.binding.index())
        {
            fields.push(plain_field(&local.name, &local.name, local.ty.clone()));
        }
        let source = match (&written.when, for_each) {
            (CalendarWhen::AtEndOf(kind), for_each) => {
                EventSource::Periodic { kind: period_kind(*kind), for_each, locals: scope.locals }
            }
            (CalendarWhen::On(date), Some(for_each)) => {
                let date = self.expect(&mut scope, date, &Type::Date)?;
                EventSource::OnDate { date, for_each, locals: scope.locals }
            }
            (CalendarWhen::On(date), None) => {
                return Err(self.error(
                    words::NOT_HERE,
                    date.span,
                    Words::new(
                        "a calendar event on a day of its own is made `for each` row of a register",
                        "按日的历日事项须「逐个」写明登记簿的行",
                    ),
                ));
            }
        };
        let unique = (0..fields.len()).map(FieldIx::next).collect();
        if let Some(event) = self.set.events.get_mut(id.index()) {
            event.fields = fields;
            event.source = source;
            event.unique = unique;
        }
        Ok(())
    }

    fn fill_stage(
        &mut self,
        module: ModuleId,
        id: EventId,
        written: &'a ast::Stage,
    ) -> Resolved<()> {
        self.fill_days(id, written.effective.as_ref());
        let closes = AccountId(self.need(Kind::Account, module, &written.closes)?);
        let keys = self
            .set
            .accounts
            .get(closes.index())
            .map(|account| account.keys.clone())
            .unwrap_or_default();
        self.check_closed_keys(module, written, &keys);
        let money = Type::Money(self.assumed.of_account(closes));
        let shape = self.new_shape(&format!("{}.rows", written.name.text));
        let mut row: Vec<Field> = Vec::new();
        for (position, ty) in keys.iter().enumerate() {
            let number = if keys.len() == 1 { String::new() } else { (position + 1).to_string() };
            row.push(plain_field(&format!("key{number}"), &format!("键{number}"), ty.clone()));
        }
        row.push(plain_field("balance", "余额", money.clone()));
        if let Some(entry) = self.set.shapes.get_mut(shape.index()) {
            entry.fields = row;
        }
        let fields = vec![
            plain_field("date", "日期", Type::Date),
            plain_field("inflow", "流入", money),
            plain_field("rows", "各行", Type::List(Box::new(Type::Row(shape)))),
        ];
        if let Some(event) = self.set.events.get_mut(id.index()) {
            event.fields = fields;
            event.unique = vec![FieldIx(0)];
            event.inflow = Some(FieldIx(1));
        }
        let condition = match &written.condition {
            Some(condition) => {
                let mut scope = Scope::bare(module);
                let row = scope.bind("", Type::Row(shape));
                scope.rows.push(row);
                let expr = self.condition(&mut scope, condition)?;
                Some(Formula { locals: scope.locals, expr })
            }
            None => None,
        };
        let booked = match &written.booked {
            Some(booked) => {
                let mut scope = Scope::event(module, id);
                let expr = self.expect(&mut scope, booked, &Type::Date)?;
                Some(Formula { locals: scope.locals, expr })
            }
            None => None,
        };
        if let Some(event) = self.set.events.get_mut(id.index()) {
            let kind = period_kind(written.at_end_of);
            event.source = EventSource::Stage { closes, kind, condition, booked };
        }
        Ok(())
    }

    /// A stage closes every part of a key, and so writes the key as its account does; or not at all.
    fn check_closed_keys(&mut self, module: ModuleId, written: &'a ast::Stage, keys: &[Type]) {
        let given = self.key_types(module, &written.keys);
        let misread = given.len() != written.keys.len();
        if misread || written.keys.is_empty() || given == keys {
            return;
        }
        let account = &written.closes.text;
        let words = match (given.len(), keys.len()) {
            (given, wanted) if given != wanted => Words::new(
                format!("`{account}` has {wanted} key parts, and {given} are given"),
                format!("「{account}」的键有 {wanted} 部分，这里给了 {given} 个"),
            ),
            _ => Words::new(
                format!("the key of `{account}` is another"),
                format!("「{account}」的键并非如此"),
            ),
        };
        let help = Words::new(
            "a stage closes the whole key: write it as the account is declared",
            "清算结清整个键：请按账户的声明书写",
        );
        let finding = Diagnostic::error(words::WRONG_COUNT, written.closes.span, words);
        self.found.push(finding.with_help(help));
    }

    pub(super) fn declare_figure(&mut self, module: ModuleId, figure: &'a ast::Figure) {
        let id = FigureId(count(&self.set.figures));
        self.enter(Kind::Figure, module, &figure.name, id.0);
        self.set.figures.push(Figure {
            id,
            name: named(&figure.name, figure.label.as_ref()),
            module,
            event: EventId(0),
            locals: Vec::new(),
            for_each: None,
            when: None,
            value: super::expr::constant(Constant::Number(Exact::ZERO), Type::Number, NOWHERE),
            cite: None,
            span: figure.span,
        });
    }

    pub(super) fn fill_figures(&mut self, module: &ModuleItems<'a>) {
        for item in &module.items {
            match &item.kind {
                ItemKind::Figure(figure) => {
                    let _ = self.fill_figure(module.id, figure);
                }
                ItemKind::Delegates(delegates) => {
                    let _ = self.fill_delegation(module.id, delegates);
                }
                _ => {}
            }
        }
    }

    fn fill_figure(&mut self, module: ModuleId, written: &'a ast::Figure) -> Resolved<()> {
        let id = FigureId(self.find(Kind::Figure, module, &written.name.text).unwrap_or(0));
        let event = EventId(self.need(Kind::Event, module, &written.event)?);
        let mut scope = Scope::event(module, event);
        let for_each = match &written.for_each {
            Some(selection) => Some(self.selection(&mut scope, selection)?),
            None => None,
        };
        let when = match &written.when {
            Some(when) => Some(self.condition(&mut scope, when)?),
            None => None,
        };
        let value = self.expr(&mut scope, &written.value, None)?;
        self.present(&value)?;
        let cite = self.cite_of(module, written.cite.as_ref());
        if let Some(figure) = self.set.figures.get_mut(id.index()) {
            figure.event = event;
            figure.locals = scope.locals;
            figure.for_each = for_each;
            figure.when = when;
            figure.value = value;
            figure.cite = cite;
        }
        Ok(())
    }

    fn fill_delegation(&mut self, module: ModuleId, written: &'a ast::Delegates) -> Resolved<()> {
        let text = &written.what.text;
        let rule = self.find(Kind::Rule, module, text).map(|id| Delegated::Rule(RuleId(id)));
        let pool = self.find(Kind::Pool, module, text).map(|id| Delegated::Pool(PoolId(id)));
        let account = self.find(Kind::Account, module, text);
        let account = account.map(|id| Delegated::Account(AccountId(id)));
        let Some(what) = rule.or(pool).or(account) else {
            let known = self.known(&[Kind::Rule, Kind::Pool, Kind::Account], module);
            let what = Words::new("rule, pool or account", "规则、待分或账户");
            return Err(self.unknown(&what, &written.what, &known));
        };
        let to = self.level(module, &written.to);
        let when = match &written.when {
            Some(when) => Some(self.delegated_case(module, what, when)?),
            None => None,
        };
        let cite = self.cite_of(module, written.cite.as_ref());
        self.set.delegations.push(Delegation { module, what, to, when, cite, span: written.span });
        Ok(())
    }

    /// The condition of a delegation, read on the events its rule serves.
    fn delegated_case(
        &mut self,
        module: ModuleId,
        what: Delegated,
        when: &'a ast::Expr,
    ) -> Resolved<Formula> {
        let served = match what {
            Delegated::Rule(rule) => self
                .set
                .rules
                .get(rule.index())
                .and_then(|rule| rule.cases.first())
                .map(|case| case.event),
            Delegated::Pool(_) | Delegated::Account(_) => None,
        };
        let events: Vec<EventId> = match served {
            Some(event) => vec![event],
            None => (0..self.set.events.len()).map(EventId::next).collect(),
        };
        let before = self.found.len();
        let mut last = Err(Reported);
        for event in events {
            self.found.truncate(before);
            let mut scope = Scope::event(module, event);
            last =
                self.condition(&mut scope, when).map(|expr| Formula { locals: scope.locals, expr });
            if last.is_ok() {
                return last;
            }
        }
        last
    }
}

fn plain_field(en: &str, zh: &str, ty: Type) -> Field {
    Field {
        name: Name { text: en.to_owned(), en: None, zh: Some(zh.to_owned()), span: NOWHERE },
        ty,
        computed: None,
        dated: false,
    }
}

pub(super) fn period_kind(kind: ast::PeriodKind) -> PeriodKind {
    match kind {
        ast::PeriodKind::Month => PeriodKind::Month,
        ast::PeriodKind::Quarter => PeriodKind::Quarter,
        ast::PeriodKind::Year => PeriodKind::Year,
    }
}

/// A part of a key as its author wrote it, in short.
fn key_name(key: &ast::Expr) -> String {
    use ast::ExprKind as Written;
    match &key.kind {
        Written::Name(name) => name.clone(),
        Written::Access(base, field) => format!("{}.{}", key_name(base), field.text),
        Written::Call(callee, arguments) => {
            let arguments: Vec<String> = arguments.iter().map(key_name).collect();
            format!("{}({})", key_name(callee), arguments.join(", "))
        }
        _ => "…".to_owned(),
    }
}
