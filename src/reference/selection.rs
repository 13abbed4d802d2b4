//! The rows of a selection, one scope for each, and their weights.

use num_traits::{Signed, Zero};

use crate::model::{Aggregate, Expr, FieldIx, RowSource, Selection};
use crate::rows::Reason;

use super::error::{Stop, entry};
use super::number::{self, Number};
use super::scene::{Scene, Scope};
use super::value::Value;

impl Scene<'_> {
    /// The rows that meet the condition, in their order: each as the scope in which it is bound, its
    /// share with it where the weights give one.
    pub fn selected(&self, selection: &Selection, scope: &Scope) -> Result<Vec<Scope>, Stop> {
        let mut rows = Vec::new();
        for row in self.rows(&selection.source, scope)? {
            let mut scope = scope.clone();
            scope.bind(selection.binding, row)?;
            let counts = match &selection.condition {
                Some(condition) => self.value(condition, &mut scope)?.bool()?,
                None => true,
            };
            if counts {
                rows.push(scope);
            }
        }
        if !selection.shares.is_empty()
            && let Some(shares) = self.shares(selection, &rows)?
        {
            for (scope, share) in rows.iter_mut().zip(shares) {
                scope.bind_share(selection.binding, share)?;
            }
        }
        Ok(rows)
    }

    /// Each row's share: Σ over the factors of weight × value / sum of the values. `None` where there
    /// is no row, or a factor's values sum to zero.
    pub fn shares(
        &self,
        selection: &Selection,
        rows: &[Scope],
    ) -> Result<Option<Vec<Number>>, Stop> {
        if rows.is_empty() {
            return Ok(None);
        }
        let mut shares = vec![Number::zero(); rows.len()];
        let mut zero = false;
        for factor in &selection.shares {
            let weight = number::from_exact(&factor.weight)?;
            let mut values = Vec::new();
            for scope in rows {
                let value = self.value(&factor.value, &mut scope.clone())?.number()?;
                if value.is_negative() {
                    return Err(Reason::NegativeWeight.into());
                }
                values.push(value);
            }
            let total: Number = number::held(values.iter().sum())?;
            if total.is_zero() {
                zero = true;
                continue;
            }
            for (share, value) in shares.iter_mut().zip(&values) {
                let part = number::product(&weight, &number::quotient(value, &total)?)?;
                *share = number::sum(share, &part)?;
            }
        }
        Ok(if zero { None } else { Some(shares) })
    }

    /// Of an empty selection a sum and a count are zero, a least and a greatest set the event aside.
    pub fn aggregate(
        &self,
        function: Aggregate,
        value: Option<&Expr>,
        selection: &Selection,
        scope: &Scope,
    ) -> Result<Value, Stop> {
        let mut values = Vec::new();
        for mut row in self.selected(selection, scope)? {
            values.push(match value {
                Some(value) => self.value(value, &mut row)?,
                None => row.local(selection.binding)?.clone(),
            });
        }
        super::function::aggregate(function, values)
    }

    pub fn rows(&self, source: &RowSource, scope: &Scope) -> Result<Vec<Value>, Stop> {
        match source {
            RowSource::Register { register, keys } => {
                let mut scope = scope.clone();
                let keys = keys.iter().map(|key| self.value(key, &mut scope));
                let keys: Vec<Value> = keys.collect::<Result<_, _>>()?;
                let rows = self.registers.starting_with(self.rules, *register, &keys)?;
                Ok(rows.into_iter().map(Value::Row).collect())
            }
            RowSource::List { list, .. } => self.value(list, &mut scope.clone())?.list(),
            RowSource::Members(enumeration) => {
                let declared = entry(&self.rules.enumerations, enumeration.index(), "enumeration")?;
                let members = declared.members.iter().enumerate();
                Ok(members.map(|(at, _)| Value::Member(FieldIx::next(at).0)).collect())
            }
        }
    }
}
