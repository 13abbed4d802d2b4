//! A table for a terminal: columns aligned under Chinese and Latin letters alike.

use comfy_table::{CellAlignment, ContentArrangement, presets};

use crate::diagnostics::{Language, pictured};

/// How the cells of a column stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    /// To the left, as words do.
    Left,
    /// To the right, as numbers do.
    Right,
}

/// Headings and rows.
#[derive(Debug)]
pub struct Table {
    table: comfy_table::Table,
    columns: usize,
    row: Vec<String>,
}

impl Table {
    /// A table with headings in one of the two languages.
    pub fn headed<'h>(
        language: Language,
        headings: impl IntoIterator<Item = (&'h str, &'h str, Align)>,
    ) -> Table {
        let heading = |(en, zh, align): (&str, &str, Align)| match language {
            Language::English => (en.to_owned(), align),
            Language::Chinese => (zh.to_owned(), align),
        };
        Table::new(headings.into_iter().map(heading))
    }

    /// A table with these headings.
    pub fn new(headings: impl IntoIterator<Item = (String, Align)>) -> Table {
        let (headings, aligns): (Vec<String>, Vec<Align>) = headings.into_iter().unzip();
        let mut table = comfy_table::Table::new();
        table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
        let columns = headings.len();
        table.set_header(headings);
        for (at, align) in aligns.into_iter().enumerate() {
            if let Some(column) = table.column_mut(at) {
                column.set_padding((0, 2));
                column.set_cell_alignment(match align {
                    Align::Left => CellAlignment::Left,
                    Align::Right => CellAlignment::Right,
                });
            }
        }
        Table { table, columns, row: Vec::new() }
    }

    /// Starts a row.
    pub fn row(&mut self) {
        self.flush();
    }

    /// Adds a cell to the row.
    pub fn cell(&mut self, text: &str) {
        // A line end inside a cell would tear the row apart.
        self.row.push(pictured(&text.replace(['\n', '\r'], " ")).into_owned());
    }

    /// Adds a whole row.
    pub fn add<T: Into<String>>(&mut self, cells: impl IntoIterator<Item = T>) {
        self.flush();
        cells.into_iter().for_each(|cell| self.cell(&cell.into()));
    }

    /// The table as lines, without blanks at their ends.
    pub fn draw(&self) -> String {
        let mut table = self.table.clone();
        if !self.row.is_empty() {
            table.add_row(self.padded(self.row.clone()));
        }
        let mut out = String::new();
        for line in table.to_string().lines() {
            out.push_str(line.trim_end());
            out.push('\n');
        }
        out
    }

    fn flush(&mut self) {
        if !self.row.is_empty() {
            let row = std::mem::take(&mut self.row);
            let row = self.padded(row);
            self.table.add_row(row);
        }
    }

    fn padded(&self, mut row: Vec<String>) -> Vec<String> {
        row.resize(self.columns, String::new());
        row
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chinese_and_latin_stand_in_line() {
        let mut table =
            Table::new([("账户".to_owned(), Align::Left), ("金额".to_owned(), Align::Right)]);
        table.add(["中央国库", "1,000.00"]);
        table.add(["beijing", "-5.00"]);
        let drawn = table.draw();
        assert_eq!(drawn, "账户          金额\n中央国库  1,000.00\nbeijing      -5.00\n");
    }
}
