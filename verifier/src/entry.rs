//! What an entry says.

use crate::reader::{Reader, Value};
use crate::tree::Digest;
use crate::{Unreadable, unreadable};

/// An edition: its texts and the names that the reports need.
pub(crate) struct Edition {
    pub(crate) name: String,
    /// Path, digest as told, text.
    pub(crate) texts: Vec<(String, Digest, String)>,
    currencies: Vec<(String, u64)>,
    enumerations: Vec<Vec<String>>,
    events: Vec<Table>,
    accounts: Vec<(String, Vec<Kind>)>,
    legs: Vec<[String; 3]>,
}

struct Table {
    name: String,
    fields: Vec<(String, Kind)>,
    currency: u64,
}

/// Of what kind a value is, as far as it takes names from elsewhere.
enum Kind {
    Plain,
    Money(u64),
    Member(u64),
    List(Box<Kind>),
}

/// The beginning of a batch.
pub(crate) struct Batch {
    pub(crate) learnt: String,
    pub(crate) evaluator: String,
    pub(crate) edition: Digest,
    pub(crate) edition_entry: u64,
    pub(crate) registers: Vec<RegisterUse>,
}

pub(crate) struct RegisterUse {
    pub(crate) register: u64,
    pub(crate) digest: Digest,
    pub(crate) first: u64,
    pub(crate) parts: u64,
}

/// An event, allocated or set aside.
pub(crate) struct Event {
    pub(crate) batch: u64,
    kind: u64,
    fields: Vec<Value>,
    date: String,
    /// What it brought and the amounts; nothing if it was set aside.
    pub(crate) allocated: Option<(i128, Vec<Leaf>)>,
}

/// What stands in the place of an earlier outcome.
pub(crate) struct Correction {
    pub(crate) batch: u64,
    /// The entry it takes the place of.
    pub(crate) of: u64,
    pub(crate) stands: Stands,
}

/// What stands after a correction.
pub(crate) enum Stands {
    /// Nothing: the event is withdrawn.
    Withdrawn,
    /// The event is set aside.
    SetAside,
    /// These amounts.
    Allocated(Vec<Leaf>),
}

pub(crate) struct Leaf {
    /// Family and key; nobody yet, if undetermined.
    account: Option<(u64, Vec<Value>)>,
    leg: u64,
    pub(crate) amount: i128,
}

impl Edition {
    pub(crate) fn read(body: &[u8]) -> Result<Edition, Unreadable> {
        let mut from = Reader(body);
        let name = from.text()?;
        let texts = from.list(|from| Ok((from.text()?, from.digest()?, from.text()?)))?;
        let currencies = from.list(|from| Ok((from.text()?, from.count()?)))?;
        let enumerations = from.list(members)?;
        from.list(|from| Ok((from.text()?, from.list(field)?)))?;
        let events = from.list(table)?;
        from.list(table)?;
        let accounts = from.list(|from| Ok((from.text()?, from.list(kind)?)))?;
        let legs = from.list(|from| Ok([from.text()?, from.text()?, from.text()?]))?;
        Ok(Edition { name, texts, currencies, enumerations, events, accounts, legs })
    }

    /// What an event says, a line each.
    pub(crate) fn tell(&self, event: &Event) -> Vec<String> {
        let table = at(&self.events, event.kind);
        let name = table.map_or("event", |table| table.name.as_str());
        let fields = table.map_or(&[][..], |table| &table.fields);
        let told: Vec<String> = event
            .fields
            .iter()
            .zip(fields)
            .filter(|(value, _)| **value != Value::Missing)
            .map(|(value, (name, kind))| format!("{name} {}", self.value(value, kind)))
            .collect();
        let mut lines = vec![format!("{name} of {}: {}", event.date, told.join("; "))];
        match &event.allocated {
            None => lines.push("  set aside".to_owned()),
            Some((_, leaves)) => lines.extend(self.leaves(event, leaves)),
        }
        lines
    }

    /// Amounts in the currency of an event, a line each.
    pub(crate) fn leaves(&self, event: &Event, leaves: &[Leaf]) -> Vec<String> {
        let currency = at(&self.events, event.kind).map_or(0, |table| table.currency);
        leaves.iter().map(|leaf| self.leaf(leaf, currency)).collect()
    }

    fn leaf(&self, leaf: &Leaf, currency: u64) -> String {
        let account = match &leaf.account {
            None => "undetermined".to_owned(),
            Some((family, key)) => match at(&self.accounts, *family) {
                None => format!("account {family}"),
                Some((name, _)) if key.is_empty() => name.clone(),
                Some((name, kinds)) => {
                    let key = key.iter().zip(kinds).map(|(value, kind)| self.value(value, kind));
                    format!("{name}[{}]", key.collect::<Vec<String>>().join(", "))
                }
            },
        };
        let by = match at(&self.legs, leaf.leg) {
            Some([rule, place, clause]) if clause.is_empty() => format!("{rule} {place}"),
            Some([rule, place, clause]) => format!("{rule} {place}, {clause}"),
            None => "by settlement".to_owned(),
        };
        format!("  {account}  {}  ({by})", self.money(leaf.amount, currency))
    }

    fn value(&self, value: &Value, kind: &Kind) -> String {
        match (value, kind) {
            (Value::Missing, _) => String::new(),
            (Value::Text(text), _) => text.clone(),
            (Value::Money(units), Kind::Money(currency)) => self.money(*units, *currency),
            (Value::Money(units), _) => format!("{units} units"),
            (Value::Member(member), Kind::Member(of)) => {
                let name = at(&self.enumerations, *of).and_then(|names| at(names, *member));
                name.cloned().unwrap_or_else(|| format!("member {member}"))
            }
            (Value::Member(member), _) => format!("member {member}"),
            (Value::List(items), kind) => {
                let of = if let Kind::List(of) = kind { of } else { &Kind::Plain };
                let items = items.iter().map(|item| self.value(item, of));
                format!("[{}]", items.collect::<Vec<String>>().join(", "))
            }
        }
    }

    fn money(&self, units: i128, currency: u64) -> String {
        let scale = at(&self.currencies, currency).map_or(2, |(_, scale)| *scale);
        let scale = usize::try_from(scale).unwrap_or(2).min(38);
        let digits = format!("{:0width$}", units.unsigned_abs(), width = scale + 1);
        let (whole, part) = digits.split_at_checked(digits.len() - scale).unwrap_or((&digits, ""));
        let sign = if units < 0 { "-" } else { "" };
        if part.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{part}") }
    }
}

impl Batch {
    pub(crate) fn read(body: &[u8]) -> Result<Batch, Unreadable> {
        let mut from = Reader(body);
        let millis = from.signed()?;
        from.optional(Reader::text)?;
        Ok(Batch {
            learnt: crate::reader::civil(millis.div_euclid(86_400_000)),
            evaluator: from.text()?,
            edition: from.digest()?,
            edition_entry: from.count()?,
            registers: from.list(|from| {
                Ok(RegisterUse {
                    register: from.count()?,
                    digest: from.digest()?,
                    first: from.count()?,
                    parts: from.count()?,
                })
            })?,
        })
    }
}

impl Correction {
    pub(crate) fn read(body: &[u8]) -> Result<Correction, Unreadable> {
        let mut from = Reader(body);
        let (batch, of) = (from.count()?, from.count()?);
        // Why: after an entry, or in words.
        match from.byte()? {
            0 | 1 => {
                from.count()?;
            }
            _ => {
                from.text()?;
            }
        }
        from.date()?;
        // Withdrawn, or an outcome, with figures behind it or without.
        let stands = match from.byte()? {
            0 => Stands::Withdrawn,
            1 | 2 => match from.byte()? {
                0 => {
                    from.signed()?;
                    from.count()?;
                    Stands::Allocated(from.list(leaf)?)
                }
                _ => Stands::SetAside,
            },
            _ => return unreadable("a correction of an unknown form"),
        };
        // What follows the amounts or the reason of a set-aside is of no concern here.
        Ok(Correction { batch, of, stands })
    }
}

impl Event {
    pub(crate) fn read(body: &[u8]) -> Result<Event, Unreadable> {
        let mut from = Reader(body);
        let (batch, kind) = (from.count()?, from.count()?);
        let fields = from.list(|from| from.value(0))?;
        // Where it was read.
        from.count()?;
        from.count()?;
        let date = from.date()?;
        from.optional(Reader::date)?;
        for _ in ["key", "lane", "rank"] {
            from.list(part)?;
        }
        from.flag()?;
        let allocated = match from.byte()? {
            0 => {
                let inflow = from.signed()?;
                from.count()?;
                Some((inflow, from.list(leaf)?))
            }
            _ => None,
        };
        Ok(Event { batch, kind, fields, date, allocated })
    }
}

/// The part of a register's entry that its digest is over: the rows, after edition, number of the
/// register, number of the part and number of rows.
pub(crate) fn register_rows(body: &[u8]) -> Result<&[u8], Unreadable> {
    let mut from = Reader(body);
    from.digest()?;
    for _ in ["register", "part", "rows"] {
        from.count()?;
    }
    Ok(from.0)
}

fn part(from: &mut Reader<'_>) -> Result<(), Unreadable> {
    match from.byte()? {
        0 => from.count().map(drop),
        _ => from.value(0).map(drop),
    }
}

fn leaf(from: &mut Reader<'_>) -> Result<Leaf, Unreadable> {
    let account = from.optional(|from| Ok((from.count()?, from.list(|from| from.value(0))?)))?;
    Ok(Leaf { account, leg: from.count()?, amount: from.signed()? })
}

fn members(from: &mut Reader<'_>) -> Result<Vec<String>, Unreadable> {
    from.text()?;
    from.list(Reader::text)
}

fn table(from: &mut Reader<'_>) -> Result<Table, Unreadable> {
    Ok(Table { name: from.text()?, fields: from.list(field)?, currency: from.count()? })
}

fn field(from: &mut Reader<'_>) -> Result<(String, Kind), Unreadable> {
    Ok((from.text()?, kind(from)?))
}

fn kind(from: &mut Reader<'_>) -> Result<Kind, Unreadable> {
    Ok(match from.byte()? {
        4 => Kind::Money(from.count()?),
        6 => {
            from.byte()?;
            Kind::Plain
        }
        9 => Kind::Member(from.count()?),
        10 => Kind::List(Box::new(kind(from)?)),
        11 => {
            from.count()?;
            Kind::Plain
        }
        0..=3 | 5 | 7 | 8 => Kind::Plain,
        _ => return crate::unreadable("an unknown kind of field"),
    })
}

fn at<T>(list: &[T], position: u64) -> Option<&T> {
    usize::try_from(position).ok().and_then(|position| list.get(position))
}
