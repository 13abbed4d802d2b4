//! Rows of results, in whichever of our layouts was asked for.

use std::fmt::Write;
use std::path::Path;

use crate::diagnostics::Words;
use crate::report::table::{Align, Table};

use super::apostrophes::unlike_formula;
use super::built::Built;
use super::error::FormatsError;
use super::output::Output;
use super::packed::unpacked_name;

/// A layout of results.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResultLayout {
    /// Aligned columns for a person.
    Table,
    /// A header and a row a line.
    Csv,
    /// As CSV, so that a spreadsheet opens it as it is: in UTF-8 with a byte order mark, lines ending
    /// in CR LF, and an apostrophe before a cell that it would take for a formula.
    ForExcel,
    /// As CSV, cells apart by tabs.
    Tsv,
    /// An array of records.
    Json,
    /// A record a line.
    Ndjson,
    /// A workbook, for Excel and WPS.
    Xlsx,
    /// Columns of values, as Parquet has them.
    Parquet,
    /// The same, as Arrow does.
    Arrow,
}

impl ResultLayout {
    /// The layout that the ending of a file's name asks for.
    pub fn by_ending(name: &str) -> Option<ResultLayout> {
        let inside = unpacked_name(name);
        let ending = Path::new(inside).extension()?.to_str()?.to_ascii_lowercase();
        // What is packed inside needs no second wrapping.
        match ending.as_str() {
            "xlsx" if inside == name => Some(ResultLayout::Xlsx),
            "parquet" if inside == name => Some(ResultLayout::Parquet),
            "arrow" | "feather" if inside == name => Some(ResultLayout::Arrow),
            "csv" => Some(ResultLayout::Csv),
            "tsv" => Some(ResultLayout::Tsv),
            "json" => Some(ResultLayout::Json),
            "ndjson" | "jsonl" => Some(ResultLayout::Ndjson),
            _ => None,
        }
    }
}

/// A column of results.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResultColumn {
    /// Its name in files.
    pub name: String,
    /// Its heading in a table.
    pub heading: String,
    /// Whether it holds numbers, which stand to the right.
    pub numeric: bool,
    /// What its cells are where a layout has more than texts.
    pub holds: Holds,
}

/// What the cells of a column are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holds {
    /// Texts, and what is to stay as it is written.
    Text,
    /// Whole numbers.
    Whole,
    /// Yes or no: `true` or `false`.
    Bool,
    /// Days.
    Date,
    /// Amounts with at most so many decimals.
    Amount(u8),
}

impl ResultColumn {
    /// A column of texts.
    pub fn new(name: &str, heading: &str, numeric: bool) -> ResultColumn {
        let (name, heading) = (name.to_owned(), heading.to_owned());
        ResultColumn { name, heading, numeric, holds: Holds::Text }
    }

    /// The same column, of cells that are more than texts.
    pub fn holding(self, holds: Holds) -> ResultColumn {
        ResultColumn { holds, ..self }
    }
}

/// Writes rows of cells, one after the other.
#[derive(Debug)]
pub struct Records {
    output: Output,
    layout: ResultLayout,
    columns: Vec<ResultColumn>,
    row: String,
    /// Cells of the row at hand so far.
    cells: usize,
    rows: u64,
    table: Option<Table>,
    /// The file in the making, where that is not written row by row.
    built: Option<Built>,
    more: String,
}

/// More rows than a person reads: a table shows the first ones and says how many follow.
const TABLE_ROWS_MAX: u64 = 1000;

impl Records {
    /// Starts with the header. `more` ends a table that has been cut; `{}` in it is how many rows
    /// are left out.
    ///
    /// # Errors
    /// The output cannot be written.
    pub fn new(
        output: Output,
        layout: ResultLayout,
        columns: Vec<ResultColumn>,
        more: &str,
    ) -> Result<Records, FormatsError> {
        Records::with_facts(output, layout, columns, &[], more)
    }

    /// The same, with names and texts that tell what the rows are, where the layout has room for
    /// them: Parquet and Arrow have.
    ///
    /// # Errors
    /// The output cannot be written.
    pub fn with_facts(
        output: Output,
        layout: ResultLayout,
        columns: Vec<ResultColumn>,
        facts: &[(String, String)],
        more: &str,
    ) -> Result<Records, FormatsError> {
        let table = (layout == ResultLayout::Table).then(|| {
            Table::new(columns.iter().map(|column| {
                let align = if column.numeric { Align::Right } else { Align::Left };
                (column.heading.clone(), align)
            }))
        });
        let (more, row) = (more.to_owned(), String::new());
        let built = Built::new(layout, output.name(), &columns, facts)?;
        if built.is_some() && output.is_screen() {
            return Err(FormatsError::Binary {
                file: output.name().to_owned(),
                what: Words::new(
                    "a screen cannot show a workbook or a file of columns",
                    "屏幕无法显示工作簿或列式文件",
                ),
                hint: Words::new(
                    "name a file with `--out`, or send the output on",
                    "请用 --out 指定文件，或将输出转到别处",
                ),
            });
        }
        let (cells, rows) = (0, 0);
        let mut records = Records { output, layout, columns, row, cells, rows, table, built, more };
        if layout == ResultLayout::ForExcel {
            records.output.write("\u{feff}".as_bytes())?;
        }
        if matches!(layout, ResultLayout::Csv | ResultLayout::ForExcel | ResultLayout::Tsv) {
            for at in 0..records.columns.len() {
                let name = records.columns.get(at).map(|column| column.name.clone());
                records.text(name.as_deref().unwrap_or_default());
            }
            records.end_line()?;
        }
        Ok(records)
    }

    /// Adds a text, or digits that are to stay as they are.
    pub fn text(&mut self, text: &str) {
        if let Some(built) = &mut self.built {
            return built.cell(Some(text));
        }
        self.begin_cell();
        match self.layout {
            ResultLayout::Csv => self.delimited(text, b','),
            ResultLayout::ForExcel => self.delimited(&unlike_formula(text), b','),
            ResultLayout::Tsv => self.delimited(text, b'\t'),
            ResultLayout::Json | ResultLayout::Ndjson => push_json(&mut self.row, text),
            ResultLayout::Table => self.table_cell(text),
            ResultLayout::Xlsx | ResultLayout::Parquet | ResultLayout::Arrow => {}
        }
        self.cells += 1;
    }

    /// Adds whole rows that are written already, as lines of this layout.
    ///
    /// # Errors
    /// The output cannot be written.
    pub fn lines(&mut self, lines: &[u8]) -> Result<(), FormatsError> {
        self.output.write(lines)
    }

    /// Adds a whole number, or truth value: bare in JSON.
    pub fn bare(&mut self, text: &str) {
        match self.layout {
            ResultLayout::Csv
            | ResultLayout::ForExcel
            | ResultLayout::Tsv
            | ResultLayout::Xlsx
            | ResultLayout::Parquet
            | ResultLayout::Arrow
            | ResultLayout::Table => self.text(text),
            ResultLayout::Json | ResultLayout::Ndjson => {
                self.begin_cell();
                self.row.push_str(text);
                self.cells += 1;
            }
        }
    }

    /// Adds nothing.
    pub fn missing(&mut self) {
        if let Some(built) = &mut self.built {
            return built.cell(None);
        }
        match self.layout {
            ResultLayout::Csv
            | ResultLayout::ForExcel
            | ResultLayout::Tsv
            | ResultLayout::Xlsx
            | ResultLayout::Parquet
            | ResultLayout::Arrow
            | ResultLayout::Table => self.text(""),
            ResultLayout::Json | ResultLayout::Ndjson => self.bare("null"),
        }
    }

    /// Ends a row.
    ///
    /// # Errors
    /// The output cannot be written.
    pub fn end_row(&mut self) -> Result<(), FormatsError> {
        self.rows += 1;
        match &mut self.built {
            Some(built) => built.end_row(&mut self.output),
            None => self.end_line(),
        }
    }

    /// Ends the rows and puts the file in its place.
    ///
    /// # Errors
    /// The output cannot be written.
    pub fn finish(mut self) -> Result<(), FormatsError> {
        if let Some(built) = self.built.take() {
            built.finish(&mut self.output)?;
        }
        match self.layout {
            ResultLayout::Json if self.rows == 0 => self.output.write(b"[]\n")?,
            ResultLayout::Json => self.output.write(b"\n]\n")?,
            ResultLayout::Table => {
                if let Some(table) = &self.table {
                    self.output.write(table.draw().as_bytes())?;
                }
                let left = self.rows.saturating_sub(TABLE_ROWS_MAX);
                if left > 0 {
                    let more = self.more.replace("{}", &left.to_string());
                    self.output.write(more.as_bytes())?;
                    self.output.write(b"\n")?;
                }
            }
            ResultLayout::Csv
            | ResultLayout::ForExcel
            | ResultLayout::Tsv
            | ResultLayout::Xlsx
            | ResultLayout::Parquet
            | ResultLayout::Arrow
            | ResultLayout::Ndjson => {}
        }
        self.output.finish()
    }

    fn begin_cell(&mut self) {
        match self.layout {
            ResultLayout::Csv | ResultLayout::ForExcel if self.cells > 0 => self.row.push(','),
            ResultLayout::Tsv if self.cells > 0 => self.row.push('\t'),
            ResultLayout::Json | ResultLayout::Ndjson => {
                self.row.push_str(if self.cells == 0 { "{" } else { "," });
                let name = self.columns.get(self.cells).map_or("", |column| column.name.as_str());
                push_json(&mut self.row, name);
                self.row.push(':');
            }
            ResultLayout::Csv
            | ResultLayout::ForExcel
            | ResultLayout::Tsv
            | ResultLayout::Xlsx
            | ResultLayout::Parquet
            | ResultLayout::Arrow
            | ResultLayout::Table => {}
        }
    }

    fn delimited(&mut self, text: &str, delimiter: u8) {
        match quoted(text, delimiter) {
            None => self.row.push_str(text),
            Some(quoted) => self.row.push_str(&quoted),
        }
    }

    fn table_cell(&mut self, text: &str) {
        if self.rows < TABLE_ROWS_MAX
            && let Some(table) = &mut self.table
        {
            if self.cells == 0 {
                table.row();
            }
            table.cell(text);
        }
    }

    fn end_line(&mut self) -> Result<(), FormatsError> {
        self.cells = 0;
        match self.layout {
            ResultLayout::Table
            | ResultLayout::Xlsx
            | ResultLayout::Parquet
            | ResultLayout::Arrow => return Ok(()),
            ResultLayout::Csv | ResultLayout::Tsv => self.row.push('\n'),
            ResultLayout::ForExcel => self.row.push_str("\r\n"),
            ResultLayout::Ndjson => self.row.push_str("}\n"),
            ResultLayout::Json => {
                self.row.push('}');
                self.output.write(if self.rows == 1 { b"[\n" } else { b",\n" })?;
            }
        }
        self.output.write(self.row.as_bytes())?;
        self.row.clear();
        Ok(())
    }
}

/// A text in quotes, if it cannot stand in a cell without them.
pub(super) fn quoted(text: &str, delimiter: u8) -> Option<String> {
    let needed = need_quotes(text.as_bytes(), delimiter);
    needed.then(|| format!("\"{}\"", text.replace('"', "\"\"")))
}

/// Whether bytes of a text cannot stand in a cell without quotes.
#[inline]
pub(super) fn need_quotes(bytes: &[u8], delimiter: u8) -> bool {
    let needs = |byte: u8| (byte == b'"') | (byte == b'\n') | (byte == b'\r') | (byte == delimiter);
    // All of them are looked at: there are few, and to stop in time takes longer.
    bytes.iter().fold(false, |any, byte| any | needs(*byte))
}

fn push_json(row: &mut String, text: &str) {
    row.push('"');
    for character in text.chars() {
        match character {
            '"' => row.push_str("\\\""),
            '\\' => row.push_str("\\\\"),
            '\n' => row.push_str("\\n"),
            '\r' => row.push_str("\\r"),
            '\t' => row.push_str("\\t"),
            control if control < ' ' => {
                let _ = write!(row, "\\u{:04x}", u32::from(control));
            }
            other => row.push(other),
        }
    }
    row.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(layout: ResultLayout, wanted: &str) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out");
        let output = Output::create(path.to_str().unwrap()).unwrap();
        let column = |name: &str, numeric| ResultColumn::new(name, &name.to_uppercase(), numeric);
        let columns = vec![column("id", true), column("account", false)];
        let mut records = Records::new(output, layout, columns, "").unwrap();
        for (id, account) in [("1", "国库, \"central\""), ("23", "a\tb")] {
            records.bare(id);
            records.text(account);
            records.end_row().unwrap();
        }
        records.finish().unwrap();
        let mut text = String::new();
        #[expect(clippy::disallowed_methods, reason = "the test reads what was written")]
        let mut file = std::fs::File::open(&path).unwrap();
        std::io::Read::read_to_string(&mut file, &mut text).unwrap();
        assert_eq!(text, wanted);
    }

    #[test]
    fn every_layout() {
        check(
            ResultLayout::ForExcel,
            "\u{feff}id,account\r\n1,\"国库, \"\"central\"\"\"\r\n23,a\tb\r\n",
        );
        check(ResultLayout::Csv, "id,account\n1,\"国库, \"\"central\"\"\"\n23,a\tb\n");
        check(ResultLayout::Tsv, "id\taccount\n1\t\"国库, \"\"central\"\"\"\n23\t\"a\tb\"\n");
        check(
            ResultLayout::Ndjson,
            "{\"id\":1,\"account\":\"国库, \\\"central\\\"\"}\n{\"id\":23,\"account\":\"a\\tb\"}\n",
        );
        check(
            ResultLayout::Json,
            "[\n{\"id\":1,\"account\":\"国库, \\\"central\\\"\"},\n{\"id\":23,\"account\":\"a\\tb\"}\n]\n",
        );
    }
}
