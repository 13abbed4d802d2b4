//! What an expression may look at: the rule set, the registers, the state, and the event at hand.

use std::cell::RefCell;
use std::rc::Rc;

use num_traits::Zero;

use crate::base::Date;
use crate::model::{
    self, Change, EventId, Expr, FieldIx, LocalIx, RuleSet, TallyId, TotalKey, Type,
};
use crate::rows::{Cell, Reason};

use super::error::{ReferenceError, Stop, dangling, entry, mistyped};
use super::number::{self, Number};
use super::registers::Registers;
use super::state::{Asked, Books, Key};
use super::value::{Row, RowPiece, Value, in_force, to_cell};

/// The surroundings of an expression.
#[derive(Clone, Copy)]
pub(super) struct Scene<'a> {
    pub rules: &'a RuleSet,
    /// The option chosen of each reading.
    pub readings: &'a [u32],
    pub registers: &'a Registers,
    pub books: Books<'a>,
    /// Absent where a calendar is made and where a carry starts.
    pub event: Option<&'a EventAtHand>,
    /// The effective date, or the day that stands for one where there is no event.
    pub day: Date,
}

/// The event an expression speaks of.
#[derive(Debug)]
pub(super) struct EventAtHand {
    pub kind: EventId,
    /// A value for each field, `Missing` for computed ones.
    pub stored: Vec<Value>,
    /// Computed fields as far as they were used.
    pub computed: RefCell<Vec<Option<Value>>>,
    /// In a stage: what it took out of its account, by key.
    pub closed: Vec<(Key, Number)>,
    /// The tallies whose additions are being worked out.
    adding: RefCell<Vec<TallyId>>,
}

impl EventAtHand {
    pub fn new(kind: EventId, stored: Vec<Value>) -> EventAtHand {
        let computed = RefCell::new(vec![None; stored.len()]);
        let adding = RefCell::new(Vec::new());
        EventAtHand { kind, stored, computed, closed: Vec::new(), adding }
    }
}

/// The names in reach of an expression.
#[derive(Debug, Clone)]
pub(super) struct Scope {
    values: Vec<Value>,
    /// For a name that a selection with weights binds: its row's share.
    shares: Vec<Option<Number>>,
    /// The row whose computed field is being worked out.
    pub own: Option<Rc<Row>>,
}

impl Scope {
    pub fn of(locals: &[model::Local]) -> Scope {
        let values = vec![Value::Missing; locals.len()];
        Scope { values, shares: vec![None; locals.len()], own: None }
    }

    pub fn bind(&mut self, local: LocalIx, value: Value) -> Result<(), Stop> {
        *self.values.get_mut(local.index()).ok_or(dangling("local name"))? = value;
        Ok(())
    }

    pub fn bind_share(&mut self, local: LocalIx, share: Number) -> Result<(), Stop> {
        *self.shares.get_mut(local.index()).ok_or(dangling("local name"))? = Some(share);
        Ok(())
    }

    pub fn local(&self, local: LocalIx) -> Result<&Value, Stop> {
        entry(&self.values, local.index(), "local name")
    }

    /// The share of a bound row; there is none where the weights sum to zero.
    pub fn share(&self, local: LocalIx) -> Result<Number, Stop> {
        let share = entry(&self.shares, local.index(), "local name")?;
        share.clone().ok_or(Stop::Aside(Reason::NoShares))
    }
}

impl<'a> Scene<'a> {
    pub fn event(&self) -> Result<&'a EventAtHand, Stop> {
        self.event.ok_or(dangling("event"))
    }

    pub fn kind(&self) -> Result<&'a model::Event, Stop> {
        entry(&self.rules.events, self.event()?.kind.index(), "event kind")
    }

    /// A field of the event at hand; computed when first used.
    pub fn field(&self, field: FieldIx) -> Result<Value, Stop> {
        let event = self.event()?;
        let declared = entry(&self.kind()?.fields, field.index(), "field")?;
        let Some(formula) = &declared.computed else {
            return event.stored.get(field.index()).cloned().ok_or(dangling("field"));
        };
        let known = event.computed.borrow().get(field.index()).cloned().flatten();
        if let Some(value) = known {
            return Ok(value);
        }
        let value = self.value(&formula.expr, &mut Scope::of(&formula.locals))?;
        if let Some(place) = event.computed.borrow_mut().get_mut(field.index()) {
            *place = Some(value.clone());
        }
        Ok(value)
    }

    /// A field of a row on a day.
    pub fn row_field(&self, row: &Rc<Row>, field: FieldIx, day: Date) -> Result<Value, Stop> {
        let shape = entry(&self.rules.shapes, row.shape.index(), "row shape")?;
        let declared = entry(&shape.fields, field.index(), "field")?;
        if let Some(formula) = &declared.computed {
            let mut scope = Scope::of(&formula.locals);
            scope.own = Some(Rc::clone(row));
            return self.value(&formula.expr, &mut scope);
        }
        let piece = if declared.dated {
            row.pieces.iter().find(|piece| in_force(piece.from, piece.until, day))
        } else {
            // Of several periods the earliest that says it.
            let says = |piece: &&RowPiece| {
                piece.values.get(field.index()).is_some_and(|value| !value.is_missing())
            };
            row.pieces.iter().find(says)
        };
        let value = piece.and_then(|piece| piece.values.get(field.index()));
        match (value, &declared.ty) {
            (None | Some(Value::Missing), Type::Optional(_)) => Ok(Value::Missing),
            (None | Some(Value::Missing), _) => {
                Err(Reason::RowFieldMissing { shape: row.shape.0, field: field.0 }.into())
            }
            (Some(value), _) => Ok(value.clone()),
        }
    }

    /// The values of key parts, as cells of their types.
    pub fn key(&self, parts: &[Expr], types: &[Type], scope: &mut Scope) -> Result<Key, Stop> {
        let part = |(part, ty)| to_cell(self.rules, ty, &self.value(part, scope)?);
        parts.iter().zip(types).map(part).collect()
    }

    /// The key of a tally, `None` for a part that is summed over.
    pub fn asked(
        &self,
        tally: TallyId,
        keys: &[TotalKey],
        scope: &mut Scope,
    ) -> Result<Asked, Stop> {
        let types = &entry(&self.rules.tallies, tally.index(), "tally")?.keys;
        let part = |(key, ty): (&TotalKey, &Type)| match key {
            TotalKey::All => Ok(None),
            TotalKey::Key(expr) => to_cell(self.rules, ty, &self.value(expr, scope)?).map(Some),
        };
        keys.iter().zip(types).map(part).collect()
    }

    /// What the event at hand adds to a tally by the tally's own feeders, under which keys.
    pub fn additions(&self, tally: TallyId) -> Result<Vec<(Key, Number)>, Stop> {
        let event = self.event()?;
        if event.adding.borrow().contains(&tally) {
            return Err(Stop::Broken(ReferenceError::Circular));
        }
        event.adding.borrow_mut().push(tally);
        let declared = entry(&self.rules.tallies, tally.index(), "tally")?;
        let mut additions = Vec::new();
        for change in &declared.feeders {
            if let Some((key, value)) = self.change(change, &declared.keys)? {
                additions.push((key, value.number()?));
            }
        }
        event.adding.borrow_mut().pop();
        Ok(additions)
    }

    /// The key and value of a change, if the event at hand makes it.
    pub fn change(&self, change: &Change, types: &[Type]) -> Result<Option<(Key, Value)>, Stop> {
        if change.event != self.event()?.kind {
            return Ok(None);
        }
        let mut scope = Scope::of(&change.locals);
        if let Some(when) = &change.when
            && !self.value(when, &mut scope)?.bool()?
        {
            return Ok(None);
        }
        let key = self.key(&change.keys, types, &mut scope)?;
        let value = self.value(&change.value, &mut scope)?;
        Ok(Some((key, value)))
    }

    /// A total over the keys asked for, with what the event at hand adds if that is wanted.
    pub fn total(
        &self,
        tally: TallyId,
        asked: &Asked,
        with_this: bool,
        before: Option<Date>,
    ) -> Result<Number, Stop> {
        let mut total = self.books.total(tally, asked, before);
        // Books that show the event's changes have its additions already.
        if with_this && self.books.changes.is_none() && before.is_none_or(|day| self.day < day) {
            let fits = |key: &Key| {
                let mut parts = asked.iter().zip(key);
                parts.all(|(asked, part)| asked.as_ref().is_none_or(|asked| asked == part))
            };
            let additions = self.additions(tally)?;
            for (_, amount) in additions.iter().filter(|(key, _)| fits(key)) {
                total += amount;
            }
        }
        number::held(total)
    }

    /// What a stage took out of an account under a key.
    pub fn closed(&self, key: &[Cell]) -> Result<Number, Stop> {
        let closed = self.event()?.closed.iter().find(|(at, _)| at == key);
        Ok(closed.map_or_else(Number::zero, |(_, amount)| amount.clone()))
    }

    /// Whether a region is another or lies in it.
    pub fn lies_in(&self, ty: &Type, inner: u32, outer: u32) -> Result<bool, Stop> {
        let Type::Member(enumeration) = ty.required() else { return Err(mistyped("member")) };
        let members = &entry(&self.rules.enumerations, enumeration.index(), "enumeration")?.members;
        let mut at = Some(model::MemberIx(inner));
        while let Some(member) = at {
            if member.0 == outer {
                return Ok(true);
            }
            at = entry(members, member.index(), "member")?.parent;
        }
        Ok(false)
    }
}
