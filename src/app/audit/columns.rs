//! What the columns of a table mean.

use crate::diagnostics::Words;
use crate::formats::ForeignTable;
use crate::report::names::{Kind, Label, Names, Table, folded};
use crate::report::values::some_accounts;

use super::spoken::{KnownAccounts, Spoken};

/// What the columns of a table mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Columns {
    /// Where the accounts and their amounts stand.
    pub(super) shape: Shape,
    /// How a row names its event.
    pub(super) naming: Naming,
    /// Columns that mean nothing to the rules.
    pub unknown: Vec<String>,
    /// Columns of amounts.
    pub amounts: Vec<usize>,
}

/// Where accounts and amounts stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Shape {
    /// A row an event, a column an account.
    Wide(Vec<(usize, Spoken)>),
    /// A row an account of an event; a column may say in which currency.
    Long { account: usize, amount: usize, currency: Option<usize> },
}

/// How a row names its event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Naming {
    /// The table is the file of events; and the columns of the key of each event kind that it has.
    ByLine { kinds: Vec<(u32, Vec<usize>)> },
    /// For each event kind the columns of its key; and the column that says the kind. What a calendar
    /// or a stage makes is named by its kind besides its key.
    ByKey { kinds: Vec<(u32, Vec<usize>)>, says: Option<usize> },
}

/// Why a table cannot be held against the rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotATable {
    /// What is missing.
    pub what: Words,
    /// What to do.
    pub hint: Words,
}

impl Columns {
    /// The same, with the accounts that columns name told anew.
    pub(super) fn naming(&self, table: &ForeignTable, known: &KnownAccounts<'_>) -> Columns {
        let mut columns = self.clone();
        if let Shape::Wide(accounts) = &mut columns.shape {
            for (at, spoken) in accounts {
                *spoken = headed(table, *at, known).unwrap_or_else(|| spoken.clone());
            }
        }
        columns
    }
}

/// Finds out what the columns of a table mean. `is_events` says that the table itself is the file of
/// events.
///
/// # Errors
/// No column names an account, or none says which event a row speaks of.
pub fn columns(
    table: &ForeignTable,
    names: &Names,
    is_events: bool,
) -> Result<Columns, Box<NotATable>> {
    let header: Vec<String> = table.header.iter().map(|column| folded(column)).collect();
    let column = |words: &[&str]| header.iter().position(|own| words.contains(&own.as_str()));
    let account = column(&["account", "账户", "科目", "国库"]);
    let amount = column(&["amount", "金额", "分得金额", "分配金额"]);
    let mut fields = vec![false; header.len()];
    let says = column(&["event", "事项"]).filter(|_| !is_events);
    let kinds = keys(&header, names, &mut fields, says.is_some());
    let shape = match (account, amount) {
        (Some(account), Some(amount)) if !is_events => {
            let free = |at: &usize| fields.get(*at) != Some(&true);
            let currency = column(&["currency", "币种", "货币"]).filter(free);
            Shape::Long { account, amount, currency }
        }
        _ => {
            // A field of the events is no account, even if one is called alike.
            let accounts =
                header.iter().enumerate().filter(|(at, _)| fields.get(*at) != Some(&true));
            let known = KnownAccounts::of(names, []);
            let accounts = accounts.filter_map(|(at, _)| Some((at, headed(table, at, &known)?)));
            Shape::Wide(accounts.collect())
        }
    };
    if matches!(&shape, Shape::Wide(accounts) if accounts.is_empty()) {
        let long = is_events && account.zip(amount).is_some();
        return Err(Box::new(if long { no_events(table) } else { no_accounts(table, names) }));
    }
    let naming = match is_events {
        true => Naming::ByLine { kinds },
        false => Naming::ByKey { kinds, says },
    };
    let sent = |(kind, _): &(u32, Vec<usize>)| is_sent(*kind, names);
    if matches!(&naming, Naming::ByKey { kinds, .. } if !kinds.iter().any(sent)) {
        return Err(Box::new(no_key(names)));
    }
    let used = |at: usize| {
        fields.get(at) == Some(&true)
            || says == Some(at)
            || match &shape {
                Shape::Wide(accounts) => accounts.iter().any(|(column, _)| *column == at),
                Shape::Long { account, amount, currency } => {
                    [*account, *amount].contains(&at) || *currency == Some(at)
                }
            }
    };
    let unknown = table.header.iter().enumerate().filter(|(at, _)| !used(*at));
    let unknown = unknown.map(|(_, name)| name.clone()).collect();
    let amounts = (0..header.len()).filter(|at| match &shape {
        Shape::Wide(accounts) if accounts.iter().any(|(column, _)| column == at) => true,
        Shape::Long { amount, .. } if amount == at => true,
        _ => header.get(*at).is_some_and(|column| is_money(column, names)),
    });
    let amounts = amounts.collect();
    Ok(Columns { shape, naming, unknown, amounts })
}

/// Whether a column is called as an amount of an event.
fn is_money(column: &str, names: &Names) -> bool {
    let fields = names.events.iter().filter(|table| table.sent).flat_map(|table| &table.fields);
    let mut money = fields.filter(|field| matches!(field.kind, Kind::Money(_)));
    money.any(|field| field.name.spellings().any(|own| folded(own) == column))
}

/// Whether the data send events of a kind.
pub(super) fn is_sent(kind: u32, names: &Names) -> bool {
    let table = usize::try_from(kind).ok().and_then(|at| names.events.get(at));
    table.is_some_and(|table| table.sent)
}

/// The event kinds whose key the table has, and the columns of each; marks columns that are fields.
/// `with_made` says that a column tells the kinds apart.
fn keys(
    header: &[String],
    names: &Names,
    fields: &mut [bool],
    with_made: bool,
) -> Vec<(u32, Vec<usize>)> {
    let called = |label: &Label, column: &str| label.spellings().any(|own| folded(own) == column);
    let mut kinds = Vec::new();
    let told = |(_, table): &(u32, &Table)| table.sent || with_made;
    for (kind, table) in (0_u32..).zip(&names.events).filter(told) {
        for (column, mark) in header.iter().zip(fields.iter_mut()) {
            let own = table.fields.iter().enumerate();
            let mut own = own.filter(|(at, _)| table.sent || table.key.contains(at));
            *mark |= own.any(|(_, field)| called(&field.name, column));
        }
        let of_field = |field: &usize| {
            let label = &table.fields.get(*field)?.name;
            // As results call a field whose name is a column of theirs.
            let whole = folded(&format!("{}.{}", table.name.text, label.text));
            let of_result = header.iter().position(|column| *column == whole);
            of_result.or_else(|| header.iter().position(|column| called(label, column)))
        };
        let columns: Option<Vec<usize>> = table.key.iter().map(of_field).collect();
        kinds.extend(columns.filter(|columns| !columns.is_empty()).map(|columns| (kind, columns)));
    }
    kinds
}

/// The account that heads a column: in its own cell, or with a part in this and the family above.
fn headed(table: &ForeignTable, at: usize, known: &KnownAccounts<'_>) -> Option<Spoken> {
    let own = table.header.get(at)?;
    let member = || {
        let above = table.above.get(at).filter(|above| !above.is_empty())?;
        known.named(&format!("{}[{}]", above.trim(), own.trim()))
    };
    known.named(own).or_else(member)
}

/// A table of accounts says what each got of an event, and not what the event brought.
fn no_events(table: &ForeignTable) -> NotATable {
    let columns: Vec<&str> = table.header.iter().take(8).map(String::as_str).collect();
    NotATable {
        what: Words::new(
            "a table with a row for each account does not hold the events that were divided",
            "每个账户一行的表中没有所分配的事项本身",
        ),
        hint: Words::new(
            format!(
                "name the files of the events with `--events FILE`; the columns here are {}",
                columns.join(", ")
            ),
            format!("请用 --events 文件 指定事项文件；此表的列为 {}", columns.join("、")),
        ),
    }
}

fn no_accounts(table: &ForeignTable, names: &Names) -> NotATable {
    // A column of a sheet without a name is called by its letters.
    let named = table.header.iter().filter(|name| !name.is_empty() && !name.starts_with('['));
    if named.count() <= 1 {
        return below_a_title();
    }
    let (en, zh) = (some_accounts(names, ", "), some_accounts(names, "、"));
    NotATable {
        what: Words::new("no column names an account of the rules", "没有一列是规则中的账户"),
        hint: Words::new(
            format!(
                "head a column by an account ({en}), or have the columns `account` and `amount`"
            ),
            format!("请以账户作列名（{zh}），或设「账户」「金额」两列"),
        ),
    }
}

/// The first row has one name alone.
fn below_a_title() -> NotATable {
    NotATable {
        what: Words::new("no column names an account of the rules", "没有一列是规则中的账户"),
        hint: Words::new(
            "the first row has one cell alone: if it is a title, name the table with the line of its column names \
             behind it, such as `FILE:2` (`FILE:2-3`, where they stand in two lines)",
            "首行只有一格：若为标题，请在文件名后写明列名所在的行，如 文件:2（列名占两行时写 文件:2-3）",
        ),
    }
}

fn no_key(names: &Names) -> NotATable {
    let keys = names.events.iter().filter(|table| table.sent).map(|table| {
        let key = table.key.iter().filter_map(|at| table.fields.get(*at));
        let key: Vec<&str> = key.map(|field| field.name.text.as_str()).collect();
        format!("{}: {}", table.name.text, key.join(", "))
    });
    let keys: Vec<String> = keys.collect();
    NotATable {
        what: Words::new(
            "no column says which event a row speaks of",
            "没有一列说明各行所指的事项",
        ),
        hint: Words::new(
            format!("the columns of an event's key are needed ({})", keys.join("; ")),
            format!("须有事项的键（{}）", keys.join("；")),
        ),
    }
}
