//! Which computed fields of rows, and what of that which is gathered from rows, have one value for the
//! whole run.
//!
//! A register does not change in a run. A field worked out from its row, from other rows, readings and
//! parameters of days that the row gives has one value whatever event asks; the sum of three years of
//! payments need not be added up for each receipt.

use super::super::{Expr, Formula, Shape, at};
use super::Compiler;

impl Compiler<'_> {
    /// What is gathered from rows, worked out once for the run where it is the same for every event.
    pub(super) fn once_a_run(&mut self, gathered: Expr) -> Expr {
        let mut own = Vec::new();
        if !is_of_the_run(&gathered, &mut own, &self.shapes) {
            return gathered;
        }
        let known = self.steady.iter().position(|known| known.expr == gathered);
        let place = known.unwrap_or_else(|| {
            let locals = own.iter().max().map_or(0, |last| last + 1);
            self.steady.push(Formula { locals, expr: gathered.clone() });
            self.steady.len() - 1
        });
        Expr::Steady(u32::try_from(place).unwrap_or(u32::MAX), Box::new(gathered))
    }
}

/// Whether it reads nothing of an event, and no slot but those that it fills itself.
fn is_of_the_run(expr: &Expr, own: &mut Vec<u32>, shapes: &[Shape]) -> bool {
    match expr {
        Expr::Aggregate { selection, .. } => {
            own.push(selection.binding);
            own.extend(selection.share);
        }
        Expr::Bind(_, slot) => own.push(*slot),
        Expr::Local(slot) | Expr::Share(slot) if !own.contains(slot) => return false,
        // A dated field without a day is that of the event's.
        Expr::Own { .. } => return false,
        _ => {}
    }
    itself_is_steady(expr, None, shapes)
        && expr.parts().into_iter().all(|part| is_of_the_run(part, own, shapes))
}

/// Marks them. A field that asks another one is looked at again until nothing changes.
pub(super) fn mark(shapes: &mut [Shape]) {
    loop {
        let mut found = Vec::new();
        for (shape, declared) in shapes.iter().enumerate() {
            for (field, of) in declared.fields.iter().enumerate().filter(|(_, it)| !it.steady) {
                let formula = of.computed.as_ref();
                if formula.is_some_and(|formula| is_steady(&formula.expr, shape, shapes)) {
                    found.push((shape, field));
                }
            }
        }
        if found.is_empty() {
            return;
        }
        for (shape, field) in found {
            let fields = shapes.get_mut(shape).map(|shape| &mut shape.fields);
            if let Some(field) = fields.and_then(|fields| fields.get_mut(field)) {
                field.steady = true;
            }
        }
    }
}

fn is_steady(expr: &Expr, shape: usize, shapes: &[Shape]) -> bool {
    itself_is_steady(expr, Some(shape), shapes)
        && expr.parts().into_iter().all(|part| is_steady(part, shape, shapes))
}

/// The same but for the parts it is made of, in a row of some shape or in none.
fn itself_is_steady(expr: &Expr, own: Option<usize>, shapes: &[Shape]) -> bool {
    let lasting = |shape: usize, field: u32, day: bool| {
        let fields = shapes.get(shape).map(|shape| &shape.fields);
        let field = fields.and_then(|fields| fields.get(at(field)));
        field.is_some_and(|field| match &field.computed {
            Some(_) => field.steady,
            None => day || !field.dated,
        })
    };
    match expr {
        Expr::Field(_)
        | Expr::EffectiveDate
        | Expr::Total { .. }
        | Expr::Carried { .. }
        | Expr::Closed { .. }
        | Expr::Balance { .. } => false,
        Expr::Own { field, at } => own.is_some_and(|own| lasting(own, *field, at.is_some())),
        Expr::RowField { shape, field, at: day, .. } => lasting(at(*shape), *field, day.is_some()),
        _ => true,
    }
}
