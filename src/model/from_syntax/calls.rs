//! Functions: built-in ones, schedules, and those over many rows.

use crate::base::Span;
use crate::diagnostics::Words;
use crate::syntax::ast::{self, AggregateFunction, ExprKind as Written};
use crate::syntax::function_name;

use super::access::today;
use super::names::{Kind, nearest};
use super::scope::Scope;
use super::units::{is_number, is_quantity, unified};
use super::{Resolved, Resolver, words};
use crate::base::PeriodKind;
use crate::model::{
    Aggregate, EnumerationId, Expr, ExprKind, Factor, Function, LocalIx, RegisterId, RowSource,
    ScheduleId, ScheduleValue, Selection, Type,
};

/// Built-in functions by their English name.
const FUNCTIONS: &[(&str, Function)] = &[
    ("min", Function::Min),
    ("max", Function::Max),
    ("abs", Function::Abs),
    ("date", Function::MakeDate),
    ("month", Function::Month),
    ("quarter", Function::Quarter),
    ("year", Function::Year),
    ("month_of_year", Function::MonthOfYear),
    ("day_of_month", Function::DayOfMonth),
    ("year_number", Function::YearNumber),
    ("weekday", Function::Weekday),
    ("start", Function::Start),
    ("end", Function::End),
    ("days", Function::Days),
    ("months_between", Function::MonthsBetween),
    ("remainder", Function::Remainder),
    ("present", Function::Present),
];

/// Functions over a plain list.
const OVER_LISTS: &[(&str, Aggregate)] = &[
    ("sum", Aggregate::Sum),
    ("count", Aggregate::Count),
    ("min", Aggregate::Min),
    ("max", Aggregate::Max),
];

impl<'a> Resolver<'a> {
    /// `f(x)`, `annual(x)`, `annual.rate(x)`, `annual[key](x)`.
    pub(super) fn call(
        &mut self,
        scope: &mut Scope,
        span: Span,
        callee: &'a ast::Expr,
        arguments: &'a [ast::Expr],
        day: Option<Expr>,
        want: Option<&Type>,
    ) -> Resolved<Expr> {
        let (base, what) = match &callee.kind {
            Written::Access(base, field) => match schedule_value(&field.text) {
                Some(what) => (&**base, what),
                None => {
                    let known = ["rate", "quick"].map(str::to_owned);
                    let kind = Words::new("value of a schedule", "税率表的取值");
                    return Err(self.unknown(&kind, field, &known));
                }
            },
            _ => (callee, ScheduleValue::Amount),
        };
        let (name, keys): (&str, &'a [ast::Expr]) = match &base.kind {
            Written::Name(name) => (name, &[]),
            Written::Index(inner, keys) => match &inner.kind {
                Written::Name(name) => (name, keys),
                _ => ("", keys),
            },
            _ => ("", &[]),
        };
        if let Some(id) = self.find(Kind::Schedule, scope.module, name) {
            let id = ScheduleId(id);
            return self.schedule(scope, span, id, what, keys, arguments, day);
        }
        let english = function_name(name).map_or("", |(en, _)| en);
        let list = OVER_LISTS.iter().find(|(en, _)| english == *en);
        if let (Some((_, function)), [only]) = (list, arguments) {
            return self.over_list(scope, span, *function, only);
        }
        let function = FUNCTIONS.iter().find(|(en, _)| english == *en);
        match function {
            Some((_, function)) => self.function(scope, span, *function, name, arguments, want),
            None => {
                let mut known: Vec<String> =
                    FUNCTIONS.iter().map(|(en, _)| (*en).to_owned()).collect();
                known.extend(self.known(&[Kind::Schedule], scope.module));
                let written = ast::Name { text: name.to_owned(), span: base.span };
                let _ = nearest(name, &known);
                let kind = Words::new("function or schedule", "函数或税率表");
                Err(self.unknown(&kind, &written, &known))
            }
        }
    }

    #[expect(clippy::too_many_arguments, reason = "each is one part of what is written")]
    fn schedule(
        &mut self,
        scope: &mut Scope,
        span: Span,
        id: ScheduleId,
        what: ScheduleValue,
        keys: &'a [ast::Expr],
        arguments: &'a [ast::Expr],
        day: Option<Expr>,
    ) -> Resolved<Expr> {
        let Some(schedule) = self.set.schedules.get(id.index()) else {
            return Err(super::Reported);
        };
        let (ty, text) = (schedule.ty.clone(), schedule.name.text.clone());
        let types: Vec<Type> = schedule.keys.iter().map(|key| Type::Member(*key)).collect();
        let name = ast::Name { text, span };
        let keys = self.keys(scope, &name, keys, &types)?;
        let [of] = arguments else {
            return Err(self.argument_count(&name, 1, arguments.len()));
        };
        let of = Box::new(self.expect(scope, of, &ty)?);
        let at = Box::new(day.unwrap_or_else(|| today(span)));
        let ty = if what == ScheduleValue::Rate { Type::Rate } else { ty };
        Ok(Expr { kind: ExprKind::Schedule { schedule: id, keys, what, of, at }, ty, span })
    }

    fn argument_count(&mut self, name: &ast::Name, wanted: usize, given: usize) -> super::Reported {
        let chinese = function_name(&name.text).map_or(name.text.as_str(), |(_, zh)| zh);
        self.error(
            words::WRONG_COUNT,
            name.span,
            Words::new(
                format!("`{}` takes {wanted} arguments, and {given} are given", name.text),
                format!("「{}」需要 {wanted} 个参数，这里给了 {given} 个", chinese),
            ),
        )
    }

    fn over_list(
        &mut self,
        scope: &mut Scope,
        span: Span,
        function: Aggregate,
        list: &'a ast::Expr,
    ) -> Resolved<Expr> {
        let list = self.expr(scope, list, None)?;
        self.present(&list)?;
        let Type::List(element) = &list.ty else {
            return Err(self.mismatch(&list, &Type::List(Box::new(Type::Number))));
        };
        let ty = match function {
            Aggregate::Count => Type::Integer,
            Aggregate::Sum if !is_quantity(element) => {
                return Err(self.mismatch(&list, &Type::List(Box::new(Type::Number))));
            }
            Aggregate::Sum | Aggregate::Min | Aggregate::Max => (**element).clone(),
        };
        Ok(Expr { kind: ExprKind::AggregateList(function, Box::new(list)), ty, span })
    }

    fn function(
        &mut self,
        scope: &mut Scope,
        span: Span,
        function: Function,
        name: &str,
        arguments: &'a [ast::Expr],
        want: Option<&Type>,
    ) -> Resolved<Expr> {
        let written = ast::Name { text: name.to_owned(), span };
        let wanted = match function {
            Function::Min | Function::Max => arguments.len().max(2),
            Function::MakeDate => 3,
            Function::MonthsBetween | Function::Remainder => 2,
            Function::Days => arguments.len().clamp(1, 2),
            Function::Abs
            | Function::Month
            | Function::Quarter
            | Function::Year
            | Function::MonthOfYear
            | Function::DayOfMonth
            | Function::YearNumber
            | Function::Weekday
            | Function::Start
            | Function::End
            | Function::Present => 1,
        };
        if arguments.len() != wanted {
            return Err(self.argument_count(&written, wanted, arguments.len()));
        }
        let heeds = matches!(function, Function::Min | Function::Max | Function::Abs);
        let arguments = self.alike(scope, arguments, want.filter(|_| heeds))?;
        if function != Function::Present {
            for argument in &arguments {
                self.present(argument)?;
            }
        }
        let types: Vec<&Type> = arguments.iter().map(|argument| &argument.ty).collect();
        match result(function, &types) {
            Some(ty) => Ok(Expr { kind: ExprKind::Call(function, arguments), ty, span }),
            None => {
                let said: Vec<Words> = types.iter().map(|ty| words::a_type(ty)).collect();
                let en: Vec<&str> = said.iter().map(|words| words.en.as_str()).collect();
                let zh: Vec<&str> = said.iter().map(|words| words.zh.as_str()).collect();
                Err(self.error(
                    words::WRONG_TYPE,
                    span,
                    Words::new(
                        format!("`{name}` cannot be applied to {}", en.join(" and ")),
                        format!("「{name}」不能用于{}", zh.join("与")),
                    ),
                ))
            }
        }
    }

    /// Arguments of which the literal ones take the type of the others.
    fn alike(
        &mut self,
        scope: &mut Scope,
        written: &'a [ast::Expr],
        want: Option<&Type>,
    ) -> Resolved<Vec<Expr>> {
        let mut model = want.cloned();
        let mut resolved: Vec<Option<Resolved<Expr>>> = vec![None; written.len()];
        for literal in [false, true] {
            for (slot, argument) in resolved.iter_mut().zip(written) {
                if super::units::is_literal(argument) == literal {
                    let expr = self.expr(scope, argument, model.as_ref());
                    if let (Ok(expr), None) = (&expr, &model) {
                        model = Some(expr.ty.clone());
                    }
                    *slot = Some(expr);
                }
            }
        }
        resolved.into_iter().flatten().collect()
    }

    /// `sum(EXPR for SELECTION)` and its like.
    pub(super) fn aggregate(
        &mut self,
        scope: &mut Scope,
        span: Span,
        function: AggregateFunction,
        value: Option<&'a ast::Expr>,
        selection: &'a ast::Selection,
        want: Option<&Type>,
    ) -> Resolved<Expr> {
        let mark = scope.mark();
        let selection = self.selection(scope, selection);
        let value = match (&selection, value) {
            (Ok(_), Some(value)) => Some(self.expr(scope, value, want)),
            _ => None,
        };
        scope.reset(mark);
        let selection = Box::new(selection?);
        let value = value.transpose()?;
        if let Some(value) = &value {
            self.present(value)?;
        }
        let function = match function {
            AggregateFunction::Sum => Aggregate::Sum,
            AggregateFunction::Count => Aggregate::Count,
            AggregateFunction::Min => Aggregate::Min,
            AggregateFunction::Max => Aggregate::Max,
        };
        let ty = match (function, &value) {
            (Aggregate::Count, _) => Type::Integer,
            (Aggregate::Sum, Some(value)) if !is_quantity(&value.ty) => {
                return Err(self.mismatch(value, &Type::Number));
            }
            (_, Some(value)) => value.ty.clone(),
            (_, None) => {
                return Err(self.error(
                    words::WRONG_COUNT,
                    span,
                    Words::new(
                        "say what is to be added up: `sum(b.revenue for branches as b)`",
                        "请写明合计什么：「合计(b.收入 对 branches 记入 b)」",
                    ),
                ));
            }
        };
        let value = value.filter(|_| function != Aggregate::Count).map(Box::new);
        Ok(Expr { kind: ExprKind::Aggregate { function, value, selection }, ty, span })
    }

    /// A selection; its binding stays visible, and without a name of its own its row's fields do.
    pub(super) fn selection(
        &mut self,
        scope: &mut Scope,
        written: &'a ast::Selection,
    ) -> Resolved<Selection> {
        let (source, row) = self.row_source(scope, &written.group)?;
        let name = written.binding.as_ref().map_or("", |name| name.text.as_str());
        let binding = scope.bind(name, row);
        let named = written.binding.is_some();
        if !named {
            scope.rows.push(binding);
        }
        let inner = scope.mark();
        let condition = match &written.condition {
            Some(condition) => {
                let condition = self.condition(scope, condition);
                scope.reset(inner);
                Some(condition?)
            }
            None => None,
        };
        let shares = self.factors(scope, binding, &written.shares)?;
        if !shares.is_empty() {
            scope.weighted.insert(binding);
        }
        Ok(Selection { source, binding, condition, shares, span: written.span })
    }

    /// Weights: bare names are fields of the row first.
    fn factors(
        &mut self,
        scope: &mut Scope,
        binding: LocalIx,
        written: &'a [ast::Factor],
    ) -> Resolved<Vec<Factor>> {
        let mark = scope.mark();
        scope.rows.push(binding);
        let mut factors = Vec::new();
        for factor in written {
            let value = self.expr(scope, &factor.value, None)?;
            self.present(&value)?;
            if !is_quantity(&value.ty) {
                return Err(self.mismatch(&value, &Type::Number));
            }
            factors.push(Factor { weight: factor.weight.clone(), value });
        }
        scope.reset(mark);
        Ok(factors)
    }

    fn row_source(
        &mut self,
        scope: &mut Scope,
        group: &'a ast::Expr,
    ) -> Resolved<(RowSource, Type)> {
        let (name, keys): (Option<&str>, &'a [ast::Expr]) = match &group.kind {
            Written::Name(name) => (Some(name), &[]),
            Written::Index(base, keys) => match &base.kind {
                Written::Name(name) => (Some(name), keys),
                _ => (None, &[]),
            },
            _ => (None, &[]),
        };
        if let Some(name) = name {
            if let Some(id) = self.find(Kind::Register, scope.module, name) {
                return self.register_rows(scope, group, RegisterId(id), keys);
            }
            if let Some(id) = self.find(Kind::Enumeration, scope.module, name)
                && keys.is_empty()
            {
                let id = EnumerationId(id);
                return Ok((RowSource::Members(id), Type::Member(id)));
            }
        }
        let list = self.expr(scope, group, None)?;
        self.present(&list)?;
        match list.ty.clone() {
            Type::List(element) => {
                let shape = match *element {
                    Type::Row(shape) => Some(shape),
                    _ => None,
                };
                Ok((RowSource::List { list, shape }, *element))
            }
            _ => Err(self.error(
                words::WRONG_TYPE,
                group.span,
                Words::new(
                    "rows come from a register, a list or an enumeration",
                    "行须来自登记簿、列表或枚举",
                ),
            )),
        }
    }

    fn register_rows(
        &mut self,
        scope: &mut Scope,
        group: &'a ast::Expr,
        id: RegisterId,
        keys: &'a [ast::Expr],
    ) -> Resolved<(RowSource, Type)> {
        let mut types = self.register_key_types(id);
        if keys.len() > types.len() {
            let text = self.set.registers.get(id.index()).map(|entry| entry.name.text.clone());
            let name = ast::Name { text: text.unwrap_or_default(), span: group.span };
            return Err(self.argument_count(&name, types.len(), keys.len()));
        }
        types.truncate(keys.len());
        let name = ast::Name { text: String::new(), span: group.span };
        let keys = self.keys(scope, &name, keys, &types)?;
        let shape = self.set.registers.get(id.index()).map(|register| register.shape);
        let row = Type::Row(shape.ok_or(super::Reported)?);
        Ok((RowSource::Register { register: id, keys }, row))
    }

    /// `share(b)`: of a row bound by a selection with weights.
    pub(super) fn share(
        &mut self,
        scope: &mut Scope,
        span: Span,
        name: &ast::Name,
    ) -> Resolved<Expr> {
        match scope.local(&name.text) {
            Some((local, _)) if scope.weighted.contains(&local) => {
                Ok(Expr { kind: ExprKind::Share(local), ty: Type::Rate, span })
            }
            _ => Err(self.error(
                words::NOT_HERE,
                name.span,
                Words::new(
                    format!("`{}` is not a row bound by a selection with `by shares`", name.text),
                    format!("「{}」不是带「按比例」的选择所命名的行", name.text),
                ),
            )),
        }
    }
}

fn schedule_value(name: &str) -> Option<ScheduleValue> {
    match name {
        "rate" | "税率" => Some(ScheduleValue::Rate),
        "quick" | "速算扣除数" => Some(ScheduleValue::Quick),
        _ => None,
    }
}

/// The type of a function's result, if its arguments fit.
fn result(function: Function, types: &[&Type]) -> Option<Type> {
    let (first, second) = (*types.first()?, types.get(1).copied());
    let over_time = matches!(first, Type::Date | Type::Period(_));
    match function {
        Function::Min | Function::Max => {
            let ordered = is_quantity(first) || over_time;
            let all = types.iter().skip(1).try_fold(first.clone(), |ty, next| unified(&ty, next));
            all.filter(|_| ordered)
        }
        Function::Abs => is_quantity(first).then(|| first.clone()),
        Function::MakeDate => types
            .iter()
            .enumerate()
            .all(|(position, ty)| {
                **ty == Type::Integer || (position == 0 && **ty == Type::Period(PeriodKind::Year))
            })
            .then_some(Type::Date),
        Function::Month => (*first == Type::Date).then_some(Type::Period(PeriodKind::Month)),
        Function::Quarter => (over_time && *first != Type::Period(PeriodKind::Year))
            .then_some(Type::Period(PeriodKind::Quarter)),
        Function::Year => over_time.then_some(Type::Period(PeriodKind::Year)),
        Function::MonthOfYear => over_time.then_some(Type::Integer),
        Function::DayOfMonth | Function::Weekday => (*first == Type::Date).then_some(Type::Integer),
        Function::YearNumber => over_time.then_some(Type::Integer),
        Function::Start | Function::End => matches!(first, Type::Period(_)).then_some(Type::Date),
        Function::Days => match second {
            None => matches!(first, Type::Period(_)).then_some(Type::Integer),
            Some(second) => {
                (*first == Type::Date && *second == Type::Date).then_some(Type::Integer)
            }
        },
        Function::MonthsBetween => {
            (*first == Type::Date && second == Some(&Type::Date)).then_some(Type::Integer)
        }
        Function::Remainder => {
            let second = second?;
            let same = first == second && is_quantity(first);
            (same || (is_number(first) && is_number(second)))
                .then(|| unified(first, second))
                .flatten()
        }
        Function::Present => matches!(first, Type::Optional(_)).then_some(Type::Bool),
    }
}
