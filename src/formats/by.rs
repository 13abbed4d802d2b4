//! The columns by which a summary adds up.

use crate::base::PeriodKind;
use crate::diagnostics::{Language, Words};
use crate::report::names::{Field, Names, Table, folded, nearest};

use super::allocations::{column_name, holds};
use super::records::Holds;

/// A column of a summary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum By {
    /// The account.
    Account,
    /// A field of the events: its name, and its position in each event kind that has it.
    Field(String, Vec<Option<usize>>),
    /// The period of the date by which an event is booked.
    Period(PeriodKind),
}

impl By {
    /// Reads a list of columns such as `account,year`.
    ///
    /// # Errors
    /// A column is neither the account, nor a field of an event, nor a period.
    pub fn parse(list: &str, names: &Names) -> Result<Vec<By>, Words> {
        list.split([',', '，', '、']).map(|column| By::column(&folded(column), names)).collect()
    }

    fn column(column: &str, names: &Names) -> Result<By, Words> {
        if column == "account" || column == "账户" {
            return Ok(By::Account);
        }
        let position = |table: &Table| {
            let called = |field: &Field| {
                let whole = column_name(&table.name.text, &field.name.text);
                whole == column || field.name.spellings().any(|own| own == column)
            };
            table.fields.iter().position(called)
        };
        let positions: Vec<Option<usize>> = names.events.iter().map(position).collect();
        let mut fields = names.events.iter().zip(&positions);
        let first =
            fields.find_map(|(table, at)| Some((table, at.and_then(|at| table.fields.get(at))?)));
        if let Some((table, field)) = first {
            let name = column_name(&table.name.text, &field.name.text);
            return Ok(By::Field(name, positions));
        }
        match column {
            "year" | "年" => Ok(By::Period(PeriodKind::Year)),
            "quarter" | "季" => Ok(By::Period(PeriodKind::Quarter)),
            "month" | "月" => Ok(By::Period(PeriodKind::Month)),
            _ => {
                let fields = names.events.iter().flat_map(|table| &table.fields);
                let known = fields.map(|field| field.name.text.as_str());
                let known = known.chain(["account", "year", "quarter", "month"]);
                let (en, zh) = match nearest(column, known) {
                    Some(near) => {
                        (format!("; did you mean `{near}`?"), format!("；是否应为「{near}」？"))
                    }
                    None => (
                        "; it may be account, a field of the events, year, quarter or month".into(),
                        "；可用 account、事项的字段、year、quarter 或 month".into(),
                    ),
                };
                Err(Words::new(
                    format!("there is no column `{column}` to sum by{en}"),
                    format!("没有可供汇总的列「{column}」{zh}"),
                ))
            }
        }
    }

    pub(super) fn name(&self) -> &str {
        match self {
            By::Account => "account",
            By::Field(name, _) => name,
            By::Period(PeriodKind::Year) => "year",
            By::Period(PeriodKind::Quarter) => "quarter",
            By::Period(PeriodKind::Month) => "month",
        }
    }

    /// What its cells are: of a field, if it is of one kind wherever it is.
    pub(super) fn holds(&self, names: &Names) -> Holds {
        let By::Field(_, positions) = self else {
            let year = matches!(self, By::Period(PeriodKind::Year));
            return if year { Holds::Whole } else { Holds::Text };
        };
        let fields = names.events.iter().zip(positions);
        let mut fields = fields.filter_map(|(table, at)| at.and_then(|at| table.fields.get(at)));
        let first = fields.next().map_or(Holds::Text, |field| holds(&field.kind));
        if fields.all(|field| holds(&field.kind) == first) { first } else { Holds::Text }
    }

    pub(super) fn heading(&self, names: &Names, language: Language) -> String {
        if let By::Field(_, positions) = self {
            let field = names
                .events
                .iter()
                .zip(positions)
                .find_map(|(table, at)| at.and_then(|at| table.fields.get(at)));
            return field
                .map_or_else(String::new, |field| field.name.in_language(language).to_owned());
        }
        let zh = match self {
            By::Account | By::Field(..) => "账户",
            By::Period(PeriodKind::Year) => "年",
            By::Period(PeriodKind::Quarter) => "季",
            By::Period(PeriodKind::Month) => "月",
        };
        match language {
            Language::English => self.name().to_owned(),
            Language::Chinese => zh.to_owned(),
        }
    }
}
