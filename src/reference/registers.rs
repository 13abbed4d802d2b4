//! Registers as looked up: rows in the order of their key, those of one key and many periods as one.

use std::cmp::Ordering;
use std::rc::Rc;

use crate::base::Date;
use crate::model::{Register, RegisterId, RuleSet};
use crate::rows::{Cell, Reason, RegisterRow, RegisterTable};

use super::error::{Stop, entry};
use super::value::{Row, RowPiece, RowPlace, Value, compare, record_values, to_cell};

/// The rows of every register.
#[derive(Debug, Default)]
pub(super) struct Registers {
    tables: Vec<Table>,
}

#[derive(Debug)]
struct Table {
    /// In key order, then in the order of the file.
    rows: Vec<Keyed>,
}

#[derive(Debug)]
struct Keyed {
    key: Vec<Value>,
    /// There are two rows under the key for one day, and the register has one row a key.
    clash: bool,
    row: Rc<Row>,
}

impl Registers {
    /// Reads the rows; several groups may belong to one register.
    pub fn read(rules: &RuleSet, groups: &[(u32, RegisterTable)]) -> Result<Registers, Stop> {
        let mut tables = Vec::new();
        for (at, register) in rules.registers.iter().enumerate() {
            let id = RegisterId::next(at);
            let of_register = groups.iter().filter(|(group, _)| *group == id.0);
            let rows = of_register.flat_map(|(_, rows)| rows.rows());
            tables.push(Table { rows: table(rules, id, register, rows)? });
        }
        Ok(Registers { tables })
    }

    /// The rows whose key starts with these values.
    pub fn starting_with(
        &self,
        rules: &RuleSet,
        register: RegisterId,
        prefix: &[Value],
    ) -> Result<Vec<Rc<Row>>, Stop> {
        let rows = &entry(&self.tables, register.index(), "register")?.rows;
        // The rows stand in the order of their keys, so those with one front stand together.
        let order = |keyed: &Keyed| {
            let front = keyed.key.get(..prefix.len()).unwrap_or(&keyed.key);
            compare_keys(front, prefix).unwrap_or(Ordering::Less)
        };
        let first = rows.partition_point(|keyed| order(keyed) == Ordering::Less);
        let mut found = Vec::new();
        for keyed in rows.iter().skip(first).take_while(|keyed| order(keyed) == Ordering::Equal) {
            if keyed.clash {
                let key = key_cells(rules, register, &keyed.key)?;
                return Err(Reason::ManyRows { register: register.0, key }.into());
            }
            found.push(Rc::clone(&keyed.row));
        }
        Ok(found)
    }
}

/// The parts of a key, or of the front of one, as cells.
pub(super) fn key_cells(
    rules: &RuleSet,
    register: RegisterId,
    key: &[Value],
) -> Result<Vec<Cell>, Stop> {
    let register = entry(&rules.registers, register.index(), "register")?;
    let shape = entry(&rules.shapes, register.shape.index(), "row shape")?;
    let part = |(field, value): (&crate::model::FieldIx, &Value)| {
        to_cell(rules, &entry(&shape.fields, field.index(), "field")?.ty, value)
    };
    register.keys.iter().zip(key).map(part).collect()
}

fn table(
    rules: &RuleSet,
    id: RegisterId,
    register: &Register,
    rows: impl Iterator<Item = RegisterRow>,
) -> Result<Vec<Keyed>, Stop> {
    let mut pieces: Vec<(Vec<Value>, RowPiece)> = Vec::new();
    for row in rows {
        let values = record_values(rules, register.shape, &row.cells)?;
        let key = register.keys.iter();
        let key = key.map(|field| values.get(field.index()).cloned().unwrap_or(Value::Missing));
        pieces.push((key.collect(), RowPiece { from: row.from, until: row.until, values }));
    }
    let mut failure = None;
    pieces.sort_by(|(left, _), (right, _)| {
        compare_keys(left, right).unwrap_or_else(|stop| {
            failure = Some(stop);
            Ordering::Equal
        })
    });
    if let Some(stop) = failure {
        return Err(stop);
    }
    let mut keyed: Vec<(Vec<Value>, Vec<RowPiece>)> = Vec::new();
    for (key, piece) in pieces {
        match keyed.last_mut() {
            Some((last, pieces)) if *last == key && !register.many => pieces.push(piece),
            _ => keyed.push((key, vec![piece])),
        }
    }
    for (_, pieces) in &mut keyed {
        pieces.sort_by_key(|piece| piece.from);
    }
    let row = |(at, (key, pieces)): (usize, (Vec<Value>, Vec<RowPiece>))| Keyed {
        key,
        clash: any_overlap(&pieces),
        row: Rc::new(Row { shape: register.shape, place: RowPlace::Register(id, at), pieces }),
    };
    Ok(keyed.into_iter().enumerate().map(row).collect())
}

pub(super) fn compare_keys(left: &[Value], right: &[Value]) -> Result<Ordering, Stop> {
    for (left, right) in left.iter().zip(right) {
        let order = compare(left, right)?;
        if order != Ordering::Equal {
            return Ok(order);
        }
    }
    Ok(left.len().cmp(&right.len()))
}

fn any_overlap(pieces: &[RowPiece]) -> bool {
    pieces.iter().enumerate().any(|(at, piece)| {
        pieces
            .iter()
            .skip(at + 1)
            .any(|other| before(piece.from, other.until) && before(other.from, piece.until))
    })
}

/// Whether a first day comes before a first day after; an absent end has no limit.
fn before(from: Option<Date>, until: Option<Date>) -> bool {
    match (from, until) {
        (Some(from), Some(until)) => from < until,
        _ => true,
    }
}
