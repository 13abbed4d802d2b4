//! What expressions read: fields, rows, selections.

use crate::base::{Date, Exact};
use crate::plan::{Expr, Field, Kind, RowSource, Selection, at};
use crate::rows::{Cell, Column, Reason};

use super::eval::MISTYPED;
use super::evaluator::{AtHand, Evaluator, Once, Scope, nothing_there};
use super::fault::Fault;
use super::said::Said;
use super::trace::Trace;
use super::value::{List, Part, Row, Text, Value};

/// Rows of a selection, and their shares if there are weights that have a sum.
pub(crate) type Weighed<'a> = (Vec<Value<'a>>, Option<Vec<Exact>>);

/// Rows of a selection still to come.
pub(crate) enum Rows<'a> {
    Register { register: u32, next: u32, end: u32 },
    List { list: List<'a>, next: usize },
    Members { next: u32, end: u32 },
}

impl Rows<'_> {
    /// Goes past so many rows.
    pub fn skip(&mut self, rows: u32) {
        match self {
            Rows::Register { next, end, .. } | Rows::Members { next, end } => {
                *next = next.saturating_add(rows).min(*end);
            }
            Rows::List { next, .. } => *next = next.saturating_add(at(rows)),
        }
    }
}

impl<'a, T: Trace> Evaluator<'a, '_, T> {
    /// A field of the event at hand.
    pub fn field(&mut self, field: u32) -> Result<Value<'a>, Fault> {
        let event = self.event()?;
        let declared = event.fields.get(at(field)).ok_or(MISTYPED)?;
        let Some(formula) = &declared.computed else {
            let value = self.stored(field, declared)?;
            return match value {
                Value::Missing if !declared.optional => Err(Reason::FieldMissing { field }.into()),
                value => Ok(value),
            };
        };
        match self.frame.computed.get(at(field)) {
            Some(Once::Done(value)) => return Ok(value.clone()),
            Some(Once::NotYet) => {}
            Some(Once::Now) => return Err(Fault::Internal("a field computed from itself")),
            None => return Err(MISTYPED),
        }
        self.note(field, Once::Now);
        let base = self.open(formula.locals);
        let value = self.eval(&formula.expr, Scope { base, own: None });
        self.close(base);
        let value = value?;
        self.note(field, Once::Done(value.clone()));
        Ok(value)
    }

    fn note(&mut self, field: u32, value: Once<Value<'a>>) {
        if let Some(place) = self.frame.computed.get_mut(at(field)) {
            *place = value;
        }
    }

    fn stored(&self, field: u32, declared: &'a Field) -> Result<Value<'a>, Fault> {
        let at_hand = self.at_hand.as_ref().ok_or(MISTYPED)?;
        if let (1, Some(row)) = (field, &at_hand.made_for) {
            return Ok(row.clone());
        }
        let column = at_hand.batch.columns.get(at(field)).unwrap_or(&Column::Absent);
        Ok(value_of(column, at_hand.row, &declared.kind))
    }

    /// A field of a row, on a day if it is dated.
    pub fn row_field(
        &mut self,
        row: Row<'a>,
        shape: u32,
        field: u32,
        day: Date,
    ) -> Result<Value<'a>, Fault> {
        let plan = self.plan;
        let declared = plan.shapes.get(at(shape)).and_then(|it| it.fields.get(at(field)));
        let declared = declared.ok_or(MISTYPED)?;
        if let Some(formula) = &declared.computed {
            // Whoever is told how a value came about is told all of it.
            let steady = match row {
                Row::Register(register, place) if declared.steady && !T::ON => {
                    Some((register, place))
                }
                _ => None,
            };
            let known = steady.and_then(|(of, place)| self.registers.steady(of, place, field));
            if let Some(cell) = known {
                return Ok(Value::of_cell(cell, &declared.kind));
            }
            self.deeper()?;
            let base = self.open(formula.locals);
            let value = self.eval(&formula.expr, Scope { base, own: Some((row, shape)) });
            self.close(base);
            self.shallower();
            let value = value?;
            if let (Some((of, place)), Some(cell)) = (steady, value.to_lasting_cell()) {
                self.registers.keep_steady(of, place, field, cell);
            }
            return Ok(value);
        }
        let registers = self.registers;
        let said = match row {
            Row::Register(register, place) => {
                if declared.dated {
                    registers.cell_on(register, place, field, day)
                } else {
                    registers.cell(register, place, field)
                }
            }
            Row::Record(cells) => cells.get(at(field)).map(Said::Made),
        };
        if let Row::Register(register, place) = row {
            self.tell_row(register, place);
        }
        match said.filter(|said| !said.is_missing()) {
            None if declared.optional => Ok(Value::Missing),
            None => Err(Reason::RowFieldMissing { shape, field }.into()),
            Some(said) => Ok(said.value(&declared.kind)),
        }
    }

    /// Works out what holds of a register's row for the run, and keeps it; says whether it could.
    pub fn works_out(&mut self, register: u32, place: u32, field: u32) -> bool {
        let declared = self.plan.registers.get(at(register));
        declared.is_some_and(|declared| {
            let row = Row::Register(register, place);
            let worked_out = self.row_field(row, declared.shape, field, self.date);
            worked_out.is_ok() && self.registers.steady(register, place, field).is_some()
        })
    }

    /// Puts the parts of a key on the stack and says where they begin. Parts that were never
    /// written are marked as such.
    pub fn key(&mut self, keys: &'a [Expr], scope: Scope<'a>) -> Result<usize, Fault> {
        let start = self.frame.parts.len();
        for key in keys {
            match self.eval(key, scope) {
                Ok(value) => self.frame.parts.push(self.state.names.known(&value)),
                Err(fault) => {
                    self.frame.parts.truncate(start);
                    return Err(fault);
                }
            }
        }
        Ok(start)
    }

    /// The parts of a key from a place on.
    pub fn parts(&self, start: usize) -> &[Part] {
        self.frame.parts.get(start..).unwrap_or_default()
    }

    /// A register's row by its whole key.
    pub fn lookup(
        &mut self,
        register: u32,
        keys: &'a [Expr],
        scope: Scope<'a>,
    ) -> Result<Value<'a>, Fault> {
        let start = self.key(keys, scope)?;
        let (first, end) = self.registers.range(register, self.parts(start));
        self.frame.parts.truncate(start);
        if first == end {
            return Ok(Value::Missing);
        }
        if self.clashes(register, first) {
            let key = self.key_cells(register, keys, scope)?;
            return Err(Reason::ManyRows { register, key }.into());
        }
        self.tell_row(register, first);
        Ok(Value::Row(Row::Register(register, first)))
    }

    fn clashes(&self, register: u32, row: u32) -> bool {
        self.registers.clashes(register, row)
    }

    /// Values of a key, for a message.
    pub fn cells(&mut self, keys: &'a [Expr], scope: Scope<'a>) -> Result<Vec<Cell>, Fault> {
        keys.iter().map(|key| self.eval(key, scope).map(|value| value.to_cell())).collect()
    }

    /// The same of the key of a register, as its rows have it.
    fn key_cells(
        &mut self,
        register: u32,
        keys: &'a [Expr],
        scope: Scope<'a>,
    ) -> Result<Vec<Cell>, Fault> {
        let plan = self.plan;
        let declared = plan.registers.get(at(register)).ok_or(MISTYPED)?;
        let fields = plan.shapes.get(at(declared.shape)).map_or(&[][..], |shape| &shape.fields);
        let kinds = declared.keys.iter().map(|field| fields.get(at(*field)).map(|it| &it.kind));
        let cell = |(key, kind): (&'a Expr, Option<&'a Kind>)| {
            let value = self.eval(key, scope)?;
            Ok(kind.map_or_else(|| value.to_cell(), |kind| value.to_cell_of(kind)))
        };
        keys.iter().zip(kinds).map(cell).collect()
    }

    /// Why an optional value that is needed is not there.
    pub fn missing(&mut self, expr: &'a Expr, scope: Scope<'a>) -> Fault {
        match expr {
            Expr::Lookup { register, keys } => match self.key_cells(*register, keys, scope) {
                Ok(key) => Reason::NoRow { register: *register, key }.into(),
                Err(fault) => fault,
            },
            Expr::Otherwise(_, last) => self.missing(last, scope),
            Expr::Field(field) => Reason::FieldMissing { field: *field }.into(),
            Expr::RowField { shape, field, .. } => {
                Reason::RowFieldMissing { shape: *shape, field: *field }.into()
            }
            _ => nothing_there(),
        }
    }

    /// Begins a selection.
    pub fn rows(&mut self, selection: &'a Selection, scope: Scope<'a>) -> Result<Rows<'a>, Fault> {
        match &selection.source {
            RowSource::Register { register, keys } => {
                let start = self.key(keys, scope)?;
                let (next, end) = self.registers.range(*register, self.parts(start));
                self.frame.parts.truncate(start);
                Ok(Rows::Register { register: *register, next, end })
            }
            RowSource::List(list) => match self.eval(list, scope)? {
                Value::List(list) => Ok(Rows::List { list, next: 0 }),
                Value::Missing => Err(self.missing(list, scope)),
                _ => Err(MISTYPED),
            },
            RowSource::Members(count) => Ok(Rows::Members { next: 0, end: *count }),
        }
    }

    /// The next row of a selection, whether or not it meets the condition.
    pub fn next_row(&mut self, rows: &mut Rows<'a>) -> Result<Option<Value<'a>>, Fault> {
        match rows {
            Rows::Register { register, next, end } => {
                if next >= end {
                    return Ok(None);
                }
                let row = *next;
                *next += 1;
                if self.clashes(*register, row) {
                    return Err(self.many_rows(*register, row));
                }
                Ok(Some(Value::Row(Row::Register(*register, row))))
            }
            Rows::List { list, next } => {
                *next += 1;
                Ok(list.get(*next - 1))
            }
            Rows::Members { next, end } => {
                if next >= end {
                    return Ok(None);
                }
                *next += 1;
                Ok(Some(Value::Member(*next - 1)))
            }
        }
    }

    fn many_rows(&self, register: u32, row: u32) -> Fault {
        let keys = self.plan.registers.get(at(register)).map_or(&[][..], |it| &it.keys);
        Reason::ManyRows { register, key: self.registers.cells(register, row, keys) }.into()
    }

    /// The rows of a selection that meet its condition.
    pub fn selected(
        &mut self,
        selection: &'a Selection,
        scope: Scope<'a>,
    ) -> Result<Vec<Value<'a>>, Fault> {
        let mut selected = Vec::new();
        let mut rows = self.rows(selection, scope)?;
        while let Some(row) = self.next_row(&mut rows)? {
            self.bind(scope, selection.binding, row.clone());
            let counts = match &selection.condition {
                Some(condition) => self.holds(condition, scope)?,
                None => true,
            };
            if counts {
                selected.push(row);
            }
        }
        Ok(selected)
    }

    /// The rows of a selection, and their shares of the whole: none where there is no row or a factor
    /// sums to zero.
    pub fn weighed(
        &mut self,
        selection: &'a Selection,
        scope: Scope<'a>,
    ) -> Result<Weighed<'a>, Fault> {
        let rows = self.selected(selection, scope)?;
        let mut shares: Vec<Exact> = vec![Exact::ZERO; rows.len()];
        let mut values: Vec<Exact> = Vec::with_capacity(rows.len());
        let mut divisible = !rows.is_empty();
        for factor in &selection.factors {
            values.clear();
            let mut sum = Exact::ZERO;
            for row in &rows {
                self.bind(scope, selection.binding, row.clone());
                let value = self.number(&factor.value, scope)?;
                if value.is_negative() {
                    return Err(Reason::NegativeWeight.into());
                }
                sum = sum.add(&value)?;
                values.push(value);
            }
            if sum.is_zero() {
                divisible = false;
                continue;
            }
            let each = factor.weight.div(&sum)?;
            for (share, value) in shares.iter_mut().zip(&values) {
                *share = share.add(&value.mul(&each)?)?;
            }
        }
        Ok((rows, divisible.then_some(shares)))
    }

    /// Binds a row of a selection, and its share.
    pub fn bind_row(
        &mut self,
        selection: &'a Selection,
        row: Value<'a>,
        share: Option<Exact>,
        scope: Scope<'a>,
    ) {
        self.bind(scope, selection.binding, row);
        if let Some(slot) = selection.share {
            self.bind(scope, slot, share.map_or(Value::Missing, Value::Number));
        }
    }

    /// What stands for a row in the key of a figure: a register row's key, the key parts of a stage's
    /// row, the first field of a list's record, or a member or plain value itself.
    pub fn key_of_row(&self, row: &Value<'a>) -> Vec<Cell> {
        match row {
            Value::Row(Row::Register(register, place)) => {
                let keys = self.plan.registers.get(at(*register)).map_or(&[][..], |it| &it.keys);
                self.registers.cells(*register, *place, keys)
            }
            Value::Row(Row::Record(cells)) if self.is_stage() => {
                let keys = cells.len().saturating_sub(1);
                cells.iter().take(keys).cloned().collect()
            }
            Value::Row(Row::Record(cells)) => cells.first().cloned().into_iter().collect(),
            other => vec![other.to_cell()],
        }
    }

    pub fn is_stage(&self) -> bool {
        let source = self.at_hand.as_ref().map(|at_hand| &at_hand.event.source);
        matches!(source, Some(crate::plan::EventSource::Stage { .. }))
    }
}

/// A value of a column.
pub(crate) fn value_of<'a>(column: &'a Column, row: usize, kind: &'a Kind) -> Value<'a> {
    let value = match column {
        Column::Absent => None,
        Column::Bool(values) => values.get(row).map(Value::Bool),
        Column::Integer(values) => values.get(row).map(|it| Value::Number(Exact::from_int(it))),
        Column::Number(values) => values.get_ref(row).cloned().map(Value::Number),
        Column::Money(values) => values.money(row).map(|it| {
            Value::Number(match kind {
                Kind::Money { scale, .. } => it.to_exact(*scale),
                _ => Exact::from_int(it.minor()),
            })
        }),
        Column::Date(values) => values.get(row).map(Value::Date),
        Column::Period(values) => values.get(row).map(Value::Period),
        Column::Text(texts) => texts.get(row).map(|text| Value::Text(Text::Lent(text))),
        Column::Member(values) => values.get(row).map(match kind {
            Kind::Option(_) => Value::Option,
            _ => Value::Member,
        }),
        Column::Cells(cells) => cells.get(row).map(|cell| Value::of_cell(cell, kind)),
    };
    value.unwrap_or(Value::Missing)
}

impl AtHand<'_> {
    /// The column of a field.
    pub fn column(&self, field: u32) -> &Column {
        self.batch.columns.get(at(field)).unwrap_or(&Column::Absent)
    }
}
