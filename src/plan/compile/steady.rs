//! Which computed fields of rows have one value for the whole run.
//!
//! A register does not change in a run. A field worked out from its row, from other rows, readings and
//! parameters of days that the row gives has one value whatever event asks; the sum of three years of
//! payments need not be added up for each receipt.

use super::super::{Expr, Shape, at};

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
    let lasting = |shape: usize, field: u32, day: bool| {
        let fields = shapes.get(shape).map(|shape| &shape.fields);
        let field = fields.and_then(|fields| fields.get(at(field)));
        field.is_some_and(|field| match &field.computed {
            Some(_) => field.steady,
            None => day || !field.dated,
        })
    };
    let itself = match expr {
        Expr::Field(_)
        | Expr::EffectiveDate
        | Expr::Total { .. }
        | Expr::Carried { .. }
        | Expr::Closed { .. }
        | Expr::Balance { .. } => false,
        Expr::Own { field, at } => lasting(shape, *field, at.is_some()),
        Expr::RowField { shape, field, at: day, .. } => lasting(at(*shape), *field, day.is_some()),
        _ => true,
    };
    itself && expr.parts().into_iter().all(|part| is_steady(part, shape, shapes))
}
