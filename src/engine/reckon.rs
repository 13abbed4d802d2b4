//! An expression worked out once more, part by part, for whoever wants to see how.

use crate::base::Date;
use crate::plan::{Aggregate, Arithmetic, Comparison, Expr, Formula, Function, Selection, at};
use crate::rows::{Cell, Operation, Reason, Reckoning, Term};

use super::evaluator::{Evaluator, Scope};
use super::fault::Fault;
use super::trace::Trace;
use super::value::{Part, Row, Value};

/// Beyond so many values a sum shows only itself.
const PARTS_MAX: usize = 100;

impl<'a, T: Trace> Evaluator<'a, '_, T> {
    /// An expression with its value and its parts.
    pub fn reckon(&mut self, expr: &'a Expr, scope: Scope<'a>) -> Reckoning {
        let (value, fault) = match self.eval(expr, scope) {
            Ok(value) => (self.shown(&value), None),
            Err(Fault::Aside(reason)) => (Cell::Missing, Some(*reason)),
            Err(Fault::Internal(_)) => (Cell::Missing, Some(Reason::ValueMissing)),
        };
        let (term, parts) = self.taken_apart(expr, scope);
        Reckoning { term, value, fault, parts }
    }

    fn each<'e>(
        &mut self,
        exprs: impl IntoIterator<Item = &'e Expr>,
        scope: Scope<'a>,
    ) -> Vec<Reckoning>
    where
        'a: 'e,
        'e: 'a,
    {
        exprs.into_iter().map(|expr| self.reckon(expr, scope)).collect()
    }

    /// A value as it may be shown: a row of a register by its record.
    fn shown(&self, value: &Value<'a>) -> Cell {
        match value {
            Value::Row(Row::Register(register, place)) => {
                let row = self.registers.record(*register, *place);
                row.map_or(Cell::Missing, Cell::Record)
            }
            other => other.to_cell(),
        }
    }

    fn taken_apart(&mut self, expr: &'a Expr, scope: Scope<'a>) -> (Term, Vec<Reckoning>) {
        let operation = |operation| Term::Operation(operation);
        match expr {
            Expr::Constant(_) => (Term::Constant, Vec::new()),
            Expr::EffectiveDate => (Term::EffectiveDate, Vec::new()),
            Expr::Local(slot) => (Term::Local(*slot), Vec::new()),
            Expr::Share(_) => (Term::Share, Vec::new()),
            Expr::Reading { reading, .. } => (Term::Reading(*reading), Vec::new()),
            Expr::List(values) => (operation(Operation::List), self.each(values, scope)),
            Expr::Field(field) => (Term::Field(*field), self.of_field(*field)),
            Expr::Own { field, .. } => (Term::Own(*field), Vec::new()),
            Expr::RowField { row, shape, field, .. } => {
                let parts = self.of_row_field(row, *shape, *field, scope);
                (Term::RowField { shape: *shape, field: *field }, parts)
            }
            Expr::Parameter { parameter, keys, at } => {
                let day = self.day_of(at, scope);
                (Term::Parameter { parameter: *parameter, day }, self.each(keys, scope))
            }
            Expr::Schedule { schedule, of, at, .. } => {
                let day = self.day_of(at, scope);
                let parts = vec![self.reckon(of, scope)];
                (Term::Schedule { schedule: *schedule, day }, parts)
            }
            Expr::Lookup { .. }
            | Expr::Total { .. }
            | Expr::Carried { .. }
            | Expr::Closed { .. }
            | Expr::Balance { .. } => (self.found_under(expr, scope), Vec::new()),
            Expr::Negate(inner) => (operation(Operation::Negate), self.each([&**inner], scope)),
            Expr::AsDuration(inner) => (operation(Operation::Days), self.each([&**inner], scope)),
            Expr::Not(inner) => (operation(Operation::Not), self.each([&**inner], scope)),
            Expr::And(parts) => (operation(Operation::And), self.each(parts, scope)),
            Expr::Or(parts) => (operation(Operation::Or), self.each(parts, scope)),
            Expr::Arithmetic(how, a, b) => {
                (operation(arithmetic(*how)), self.each([&**a, &**b], scope))
            }
            Expr::Compare(how, a, b) => {
                (operation(comparison(*how)), self.each([&**a, &**b], scope))
            }
            Expr::InSet(value, set) => {
                let mut parts = vec![self.reckon(value, scope)];
                parts.extend(self.each(set, scope));
                (operation(Operation::In), parts)
            }
            Expr::MemberIn(value, table) => {
                let mut parts = vec![self.reckon(value, scope)];
                let members = (0_u32..).zip(table).filter(|(_, inside)| **inside);
                parts.extend(members.map(|(member, _)| constant(Cell::Member(member))));
                (operation(Operation::In), parts)
            }
            Expr::InTree { inner, outer, .. } => {
                (operation(Operation::In), self.each([&**inner, &**outer], scope))
            }
            Expr::InPeriod(date, period) => {
                (operation(Operation::In), self.each([&**date, &**period], scope))
            }
            Expr::InRange { value, from, to, closed } => {
                let how = if *closed { Operation::InRangeClosed } else { Operation::InRange };
                (operation(how), self.each([&**value, &**from, &**to], scope))
            }
            Expr::Bind(value, _) => (operation(Operation::Bind), self.each([&**value], scope)),
            Expr::If(condition, yes, no) => {
                let holds = self.holds(condition, scope).unwrap_or(false);
                let chosen = if holds { yes } else { no };
                (operation(Operation::If), self.each([&**condition, &**chosen], scope))
            }
            Expr::Otherwise(value, other) => {
                (operation(Operation::Otherwise), self.each([&**value, &**other], scope))
            }
            Expr::Rounded(value, ..) => {
                (operation(Operation::Rounded), self.each([&**value], scope))
            }
            Expr::Aggregate { function, value, selection } => {
                let parts = self.of_rows(value.as_deref(), selection, scope);
                (Term::OverRows(aggregate(*function)), parts)
            }
            Expr::Steady(_, inner) => self.taken_apart(inner, scope),
            Expr::AggregateList(function, list) => {
                (operation(aggregate(*function)), self.each([&**list], scope))
            }
            Expr::Call(how, arguments) => (operation(function(*how)), self.each(arguments, scope)),
        }
    }

    /// What is found under a key.
    fn found_under(&mut self, expr: &'a Expr, scope: Scope<'a>) -> Term {
        let mut cells = |keys: &'a [Expr]| self.cells(keys, scope).unwrap_or_default();
        match expr {
            Expr::Lookup { register, keys } => {
                Term::Lookup { register: *register, key: cells(keys) }
            }
            Expr::Carried { carry, keys } => Term::Carried { carry: *carry, key: cells(keys) },
            Expr::Closed { account, keys } | Expr::Balance { account, keys } => {
                Term::Balance { account: *account, key: cells(keys) }
            }
            Expr::Total { tally, with_this, keys, as_of, .. } => {
                let key = cells(keys);
                let as_of = as_of.as_ref().map(|day| self.day_of(day, scope));
                Term::Total { tally: *tally, key, with_this: *with_this, as_of }
            }
            _ => Term::Constant,
        }
    }

    fn day_of(&mut self, expr: &'a Expr, scope: Scope<'a>) -> Date {
        self.date_of(expr, scope).unwrap_or(self.date)
    }

    fn of_field(&mut self, field: u32) -> Vec<Reckoning> {
        let event = self.at_hand.as_ref().map(|at_hand| at_hand.event);
        let declared = event.and_then(|event| event.fields.get(at(field)));
        let formula = declared.and_then(|declared| declared.computed.as_ref());
        formula.map(|formula| self.of_formula(formula, None)).into_iter().collect()
    }

    fn of_row_field(
        &mut self,
        row: &'a Expr,
        shape: u32,
        field: u32,
        scope: Scope<'a>,
    ) -> Vec<Reckoning> {
        let declared = self.plan.shapes.get(at(shape)).and_then(|it| it.fields.get(at(field)));
        let formula = declared.and_then(|declared| declared.computed.as_ref());
        let Some(formula) = formula else { return Vec::new() };
        match self.eval(row, scope) {
            Ok(Value::Row(row)) => vec![self.of_formula(formula, Some((row, shape)))],
            _ => Vec::new(),
        }
    }

    fn of_formula(&mut self, formula: &'a Formula, own: Option<(Row<'a>, u32)>) -> Reckoning {
        let base = self.open(formula.locals);
        let reckoning = match self.deeper() {
            Ok(()) => self.reckon(&formula.expr, Scope { base, own }),
            Err(_) => constant(Cell::Missing),
        };
        self.shallower();
        self.close(base);
        reckoning
    }

    /// The values of a function over rows, row by row.
    fn of_rows(
        &mut self,
        value: Option<&'a Expr>,
        selection: &'a Selection,
        scope: Scope<'a>,
    ) -> Vec<Reckoning> {
        let Ok((rows, shares)) = self.weighed(selection, scope) else { return Vec::new() };
        if rows.len() > PARTS_MAX {
            return Vec::new();
        }
        let mut shares = shares.map(Vec::into_iter);
        let mut parts = Vec::new();
        for row in rows {
            let share = shares.as_mut().and_then(Iterator::next);
            let shown = self.shown(&row);
            self.bind_row(selection, row, share, scope);
            parts.push(match value {
                Some(value) => self.reckon(value, scope),
                None => constant(shown),
            });
        }
        parts
    }

    /// The parts of a key as cells.
    pub fn cells_of(&self, parts: &[Part]) -> Vec<Cell> {
        parts.iter().map(|part| self.cell_of(*part)).collect()
    }

    fn cell_of(&self, part: Part) -> Cell {
        match part {
            Part::Missing | Part::Unseen => Cell::Missing,
            Part::Bool(value) => Cell::Bool(value),
            Part::Integer(value) => Cell::Integer(value.into()),
            Part::Number(place) => {
                self.state.names.number(place).cloned().map_or(Cell::Missing, Cell::Number)
            }
            Part::Date(value) => Cell::Date(value),
            Part::Period(value) => Cell::Period(value),
            Part::Duration(value) => Cell::Duration(value),
            Part::Text(place) => self.state.names.text(place).map_or(Cell::Missing, Cell::Text),
            Part::Member(value) => Cell::Member(value),
            Part::Row(register, row) => {
                Cell::List(self.key_of_row(&Value::Row(Row::Register(register, row))))
            }
        }
    }
}

fn constant(value: Cell) -> Reckoning {
    Reckoning { term: Term::Constant, value, fault: None, parts: Vec::new() }
}

fn arithmetic(how: Arithmetic) -> Operation {
    match how {
        Arithmetic::Add => Operation::Add,
        Arithmetic::Subtract => Operation::Subtract,
        Arithmetic::Multiply => Operation::Multiply,
        Arithmetic::Divide => Operation::Divide,
    }
}

fn comparison(how: Comparison) -> Operation {
    match how {
        Comparison::Equal => Operation::Equal,
        Comparison::NotEqual => Operation::NotEqual,
        Comparison::Less => Operation::Less,
        Comparison::LessEqual => Operation::LessEqual,
        Comparison::Greater => Operation::Greater,
        Comparison::GreaterEqual => Operation::GreaterEqual,
    }
}

fn aggregate(how: Aggregate) -> Operation {
    match how {
        Aggregate::Sum => Operation::Sum,
        Aggregate::Count => Operation::Count,
        Aggregate::Min => Operation::Min,
        Aggregate::Max => Operation::Max,
    }
}

fn function(how: Function) -> Operation {
    match how {
        Function::Min => Operation::Min,
        Function::Max => Operation::Max,
        Function::Abs => Operation::Abs,
        Function::MakeDate => Operation::MakeDate,
        Function::Month => Operation::Month,
        Function::Quarter => Operation::Quarter,
        Function::Year => Operation::Year,
        Function::MonthOfYear => Operation::MonthOfYear,
        Function::DayOfMonth => Operation::DayOfMonth,
        Function::YearNumber => Operation::YearNumber,
        Function::Weekday => Operation::Weekday,
        Function::Start => Operation::Start,
        Function::End => Operation::End,
        Function::Days => Operation::Days,
        Function::MonthsBetween => Operation::MonthsBetween,
        Function::Remainder => Operation::Remainder,
        Function::Present => Operation::Present,
    }
}
