//! The rows of a register.

use crate::base::Date;

use super::values::Values;
use super::{Batch, Cell, Column, Origin};

/// A row of a register as read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegisterRow {
    /// A cell for each field of the register's shape (computed fields are `Missing`).
    pub cells: Vec<Cell>,
    /// First day its dated fields hold; absent: always before.
    pub from: Option<Date>,
    /// First day they no longer hold; absent: for good.
    pub until: Option<Date>,
    /// Where it was read.
    pub origin: Origin,
}

/// Rows of a register, column by column, in the order in which they were read.
#[derive(Debug, Clone, Default)]
pub struct RegisterTable {
    /// One for each field of the register's shape, in order.
    columns: Vec<Column>,
    /// From when and until when dated fields hold; `Absent` where no row says.
    period: [Column; 2],
    origins: Vec<Origin>,
}

impl RegisterTable {
    /// Rows that were read in columns, the first so many of which are those of the register's fields; behind
    /// them may stand from when and until when dated fields hold.
    pub fn of(batch: Batch, fields: usize) -> RegisterTable {
        let Batch { mut columns, origins, .. } = batch;
        let mut ends = columns.split_off(fields.min(columns.len())).into_iter();
        let period = std::array::from_fn(|_| ends.next().unwrap_or_default());
        RegisterTable { columns, period, origins }
    }

    /// How many rows.
    pub fn len(&self) -> usize {
        self.origins.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.origins.is_empty()
    }

    /// The column of a field; `Absent` where no row says anything of it.
    pub fn column(&self, field: usize) -> &Column {
        self.columns.get(field).unwrap_or(&Column::Absent)
    }

    /// From when the dated fields of a row hold.
    pub fn holds_from(&self, row: usize) -> Option<Date> {
        let [from, _] = &self.period;
        day(from, row)
    }

    /// Until when they do.
    pub fn holds_until(&self, row: usize) -> Option<Date> {
        let [_, until] = &self.period;
        day(until, row)
    }

    /// Where a row was read.
    pub fn origin(&self, row: usize) -> Option<Origin> {
        self.origins.get(row).copied()
    }

    /// A row.
    pub fn row(&self, row: usize) -> Option<RegisterRow> {
        let origin = self.origin(row)?;
        let cells = self.columns.iter().map(|column| column.cell(row)).collect();
        Some(RegisterRow {
            cells,
            from: self.holds_from(row),
            until: self.holds_until(row),
            origin,
        })
    }

    /// All rows, one after the other.
    pub fn rows(&self) -> impl Iterator<Item = RegisterRow> {
        (0..self.len()).filter_map(|row| self.row(row))
    }

    /// Adds the rows of another.
    pub fn append(&mut self, other: RegisterTable) {
        if self.is_empty() {
            *self = other;
            return;
        }
        let (before, more) = (self.len(), other.len());
        let width = self.columns.len().max(other.columns.len());
        self.columns.resize(width, Column::Absent);
        let own = self.columns.iter_mut().chain(&mut self.period);
        let beyond = width - other.columns.len();
        let others = other.columns.iter();
        let others =
            others.chain(std::iter::repeat_n(&Column::Absent, beyond)).chain(&other.period);
        own.zip(others).for_each(|(own, other)| own.append((before, other, more)));
        self.origins.extend(other.origins);
    }
}

/// Rows one after the other. Whatever a field holds, its column holds cells.
impl FromIterator<RegisterRow> for RegisterTable {
    fn from_iter<I: IntoIterator<Item = RegisterRow>>(rows: I) -> RegisterTable {
        let rows: Vec<RegisterRow> = rows.into_iter().collect();
        let days =
            |of: fn(&RegisterRow) -> Option<Date>| match rows.iter().any(|it| of(it).is_some()) {
                true => Column::Date(rows.iter().map(of).collect::<Values<Date>>()),
                false => Column::Absent,
            };
        let period = [days(|row| row.from), days(|row| row.until)];
        let width = rows.iter().map(|row| row.cells.len()).max().unwrap_or(0);
        let mut columns = vec![Vec::with_capacity(rows.len()); width];
        let mut origins = Vec::with_capacity(rows.len());
        for RegisterRow { cells, origin, .. } in rows {
            let cells = cells.into_iter().chain(std::iter::repeat(Cell::Missing));
            columns.iter_mut().zip(cells).for_each(|(column, cell)| column.push(cell));
            origins.push(origin);
        }
        RegisterTable { columns: columns.into_iter().map(Column::Cells).collect(), period, origins }
    }
}

impl From<Vec<RegisterRow>> for RegisterTable {
    fn from(rows: Vec<RegisterRow>) -> RegisterTable {
        rows.into_iter().collect()
    }
}

fn day(column: &Column, row: usize) -> Option<Date> {
    match column {
        Column::Date(days) => days.get(row),
        column => match column.cell(row) {
            Cell::Date(day) => Some(day),
            _ => None,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::super::values::Wholes;
    use super::*;

    fn table(column: Column, lines: std::ops::Range<u64>) -> RegisterTable {
        let origins = lines.map(|line| Origin { file: 0, line }).collect();
        RegisterTable::of(Batch { event: 0, columns: vec![column], origins }, 1)
    }

    /// A field that one file has and another does not, and one that is read otherwise.
    #[test]
    fn rows_of_several_files_stand_in_one_table() {
        let whole = |values: &[i128]| {
            Column::Integer(values.iter().map(|it| Some(*it)).collect::<Wholes>())
        };
        let mut all = table(whole(&[1, 2]), 1..3);
        all.append(table(Column::Absent, 3..4));
        all.append(table(whole(&[4]), 4..5));
        all.append(table(Column::Cells(vec![Cell::Bool(true)]), 5..6));
        let said: Vec<Vec<Cell>> = all.rows().map(|row| row.cells).collect();
        let integer = |value| vec![Cell::Integer(value)];
        let expected =
            [integer(1), integer(2), vec![Cell::Missing], integer(4), vec![Cell::Bool(true)]];
        assert_eq!(said, expected);
        let mut behind = table(Column::Absent, 1..2);
        behind.append(table(whole(&[7]), 2..3));
        let said: Vec<Vec<Cell>> = behind.rows().map(|row| row.cells).collect();
        assert_eq!(said, [vec![Cell::Missing], integer(7)]);
    }

    #[test]
    fn rows_come_out_as_they_went_in() {
        let row = |line, cells, from: Option<i32>| RegisterRow {
            cells,
            from: from.and_then(Date::from_days),
            until: None,
            origin: Origin { file: 3, line },
        };
        let rows = vec![
            row(2, vec![Cell::Text("E1".into()), Cell::Member(1)], None),
            row(3, vec![Cell::Text("E2".into()), Cell::Missing], Some(17_000)),
        ];
        let table = RegisterTable::from(rows.clone());
        assert_eq!(table.rows().collect::<Vec<RegisterRow>>(), rows);
    }
}
