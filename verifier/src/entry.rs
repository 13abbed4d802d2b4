//! What an entry says.

use crate::reader::{DEPTH_MAX, Fault, Reader, Value, fault};
use crate::tree::Digest;
use crate::words::Words;

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

/// The first entry.
pub(crate) struct Opening {
    pub(crate) format: u64,
    pub(crate) origin: String,
    pub(crate) hash: String,
    pub(crate) learnt: String,
}

/// The end of a batch.
pub(crate) struct Close {
    pub(crate) batch: u64,
    /// How many stand between the two.
    pub(crate) entries: u64,
    pub(crate) inputs: Digest,
    pub(crate) sums: Vec<KindSums>,
    pub(crate) corrections: u64,
}

/// Control totals of an event kind; of rows of which not even that could be read, without one.
pub(crate) struct KindSums {
    kind: Option<u64>,
    allocated: u64,
    set_aside: u64,
    inflow: i128,
    undetermined: i128,
    inflow_set_aside: i128,
}

/// A party objects to entries.
pub(crate) struct Dispute {
    pub(crate) learnt: String,
    pub(crate) by: String,
    pub(crate) against: Vec<u64>,
    pub(crate) reason: String,
    pub(crate) holds: Option<String>,
}

/// A dispute is settled.
pub(crate) struct Resolution {
    pub(crate) learnt: String,
    pub(crate) by: String,
    pub(crate) dispute: u64,
    pub(crate) verdict: Verdict,
    pub(crate) reason: String,
}

pub(crate) enum Verdict {
    Upheld,
    /// By these entries.
    Corrected(Vec<u64>),
    Withdrawn,
}

/// A checkpoint was signed.
pub(crate) struct Noted {
    pub(crate) learnt: String,
    pub(crate) note: String,
}

/// A key begins or ceases to sign.
pub(crate) struct Signer {
    pub(crate) learnt: String,
    pub(crate) added: bool,
    pub(crate) key: String,
}

pub(crate) struct Leaf {
    /// Family and key; nobody yet, if undetermined.
    account: Option<(u64, Vec<Value>)>,
    leg: u64,
    pub(crate) amount: i128,
}

impl Edition {
    pub(crate) fn read(from: &mut Reader<'_>) -> Result<Edition, Fault> {
        let name = from.field("name", Reader::text)?;
        let texts = from.field("texts", |from| from.list(text))?;
        let currencies = from.field("schema.currencies", |from| {
            from.list(|from| {
                Ok((from.field("code", Reader::text)?, from.field("scale", Reader::small)?))
            })
        })?;
        let enumerations = from.field("schema.enumerations", |from| from.list(members))?;
        from.field("schema.shapes", |from| {
            from.list(|from| Ok((from.field("name", Reader::text)?, fields(from)?)))
        })?;
        let events = from.field("schema.events", |from| from.list(table))?;
        from.field("schema.registers", |from| from.list(table))?;
        let accounts = from.field("schema.accounts", |from| {
            from.list(|from| {
                let name = from.field("name", Reader::text)?;
                Ok((name, from.field("keys", |from| from.list(|from| kind(from, 0)))?))
            })
        })?;
        let legs = from.field("schema.legs", |from| {
            from.list(|from| {
                let (rule, place) =
                    (from.field("rule", Reader::text)?, from.field("place", Reader::text)?);
                Ok([rule, place, from.field("clause", Reader::text)?])
            })
        })?;
        from.field("schema.figures", |from| {
            from.list(|from| {
                from.field("name", Reader::text)?;
                from.field("kind", |from| kind(from, 0)).map(drop)
            })
        })?;
        from.field("schema.readings", |from| from.list(members))?;
        from.field("schema.readings", |from| from.end())?;
        Ok(Edition { name, texts, currencies, enumerations, events, accounts, legs })
    }

    /// What an event says, a line each.
    pub(crate) fn tell(&self, event: &Event) -> Vec<Words> {
        let table = at(&self.events, event.kind);
        let fields = table.map_or(&[][..], |table| &table.fields);
        let told = event.fields.iter().zip(fields);
        let told =
            told.filter(|(value, _)| **value != Value::Missing).map(|(value, (name, kind))| {
                let value = self.value(value, kind);
                Words::new(format!("{name} {}", value.en()), format!("{name} {}", value.zh()))
            });
        let told = Words::join(told, "; ", "；");
        let (name, date) = (self.event_name(event.kind), &event.date);
        let mut lines = vec![Words::new(
            format!("{} of {date}: {}", name.en(), told.en()),
            format!("{date} {}：{}", name.zh(), told.zh()),
        )];
        match &event.allocated {
            None => lines.push(Words::new("  set aside", "  搁置")),
            Some((_, leaves)) => lines.extend(self.leaves(event, leaves)),
        }
        lines
    }

    fn event_name(&self, kind: u64) -> Words {
        match at(&self.events, kind) {
            Some(table) => Words::same(&table.name),
            None => Words::new("event", "事项"),
        }
    }

    /// Amounts in the currency of an event, a line each.
    pub(crate) fn leaves(&self, event: &Event, leaves: &[Leaf]) -> Vec<Words> {
        let currency = self.currency_of(event.kind);
        leaves.iter().map(|leaf| self.leaf(leaf, currency)).collect()
    }

    fn currency_of(&self, kind: u64) -> u64 {
        at(&self.events, kind).map_or(0, |table| table.currency)
    }

    fn leaf(&self, leaf: &Leaf, currency: u64) -> Words {
        let account = match &leaf.account {
            None => Words::new("undetermined", "未定"),
            Some((family, key)) => match at(&self.accounts, *family) {
                None => Words::new(format!("account {family}"), format!("账户 {family}")),
                Some((name, _)) if key.is_empty() => Words::same(name),
                Some((name, kinds)) => {
                    let key = key.iter().zip(kinds).map(|(value, kind)| self.value(value, kind));
                    let key = Words::join(key, ", ", ", ");
                    Words::new(format!("{name}[{}]", key.en()), format!("{name}[{}]", key.zh()))
                }
            },
        };
        let by = match at(&self.legs, leaf.leg) {
            Some([rule, place, clause]) if clause.is_empty() => {
                Words::same(format!("{rule} {place}"))
            }
            Some([rule, place, clause]) => {
                Words::new(format!("{rule} {place}, {clause}"), format!("{rule} {place}，{clause}"))
            }
            None => Words::new("by settlement", "尾差调整"),
        };
        let amount = self.money(leaf.amount, currency);
        Words::new(
            format!("  {}  {amount}  ({})", account.en(), by.en()),
            format!("  {}  {amount}  （{}）", account.zh(), by.zh()),
        )
    }

    /// Control totals of a kind of event, in its currency.
    pub(crate) fn sums(&self, sums: &KindSums) -> Words {
        let (name, currency) = match sums.kind {
            Some(kind) => (self.event_name(kind), self.currency_of(kind)),
            None => (Words::new("of no known kind", "类别不明"), 0),
        };
        sums.tell(&name, |units| Words::same(self.money(units, currency)))
    }

    fn value(&self, value: &Value, kind: &Kind) -> Words {
        match (value, kind) {
            (Value::Missing, _) => Words::default(),
            (Value::Text(text), _) => text.clone(),
            (Value::Money(units), Kind::Money(currency)) => {
                Words::same(self.money(*units, *currency))
            }
            (Value::Money(units), _) => in_units(*units),
            (Value::Member(member), kind) => {
                let of = if let Kind::Member(of) = kind { Some(*of) } else { None };
                let names = of.and_then(|of| at(&self.enumerations, of));
                match names.and_then(|names| at(names, *member)) {
                    Some(name) => Words::same(name),
                    None => Words::new(format!("member {member}"), format!("第 {member} 值")),
                }
            }
            (Value::List(items), kind) => {
                let of = if let Kind::List(of) = kind { of } else { &Kind::Plain };
                let items = Words::join(items.iter().map(|item| self.value(item, of)), ", ", ", ");
                Words::new(format!("[{}]", items.en()), format!("[{}]", items.zh()))
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
    pub(crate) fn read(from: &mut Reader<'_>) -> Result<Batch, Fault> {
        let learnt = from.field("learnt", Reader::moment)?;
        from.field("by", |from| from.optional(Reader::text))?;
        let batch = Batch {
            learnt,
            evaluator: from.field("evaluator", Reader::text)?,
            edition: from.field("edition", Reader::digest)?,
            edition_entry: from.field("edition_entry", Reader::count)?,
            registers: from.field("registers", |from| from.list(register_use))?,
        };
        from.field("readings", |from| {
            from.list(|from| {
                from.field("reading", Reader::small)?;
                from.field("option", Reader::small)
            })
        })?;
        from.field("through", |from| from.optional(Reader::date))?;
        from.field("sources", |from| {
            from.list(|from| {
                from.field("name", Reader::text)?;
                from.field("digest", |from| from.optional(Reader::digest))
            })
        })?;
        from.field("sources", |from| from.end())?;
        Ok(batch)
    }
}

impl Correction {
    pub(crate) fn read(from: &mut Reader<'_>) -> Result<Correction, Fault> {
        let (batch, of) = (from.field("batch", Reader::count)?, from.field("of", Reader::count)?);
        // Why: after an entry, or in words.
        from.field("because", |from| match from.byte()? {
            0 | 1 => from.field("entry", Reader::count).map(drop),
            2 => from.field("reason", Reader::text).map(drop),
            _ => unknown(),
        })?;
        from.field("booked", Reader::date)?;
        // Withdrawn, or an outcome, with figures behind it or without.
        let stands = from.field("outcome", |from| match from.byte()? {
            0 => Ok(Stands::Withdrawn),
            1 | 2 => {
                Ok(outcome(from)?.map_or(Stands::SetAside, |(_, leaves)| Stands::Allocated(leaves)))
            }
            _ => unknown(),
        })?;
        // What follows the amounts or the reason of a set-aside is of no concern here.
        Ok(Correction { batch, of, stands })
    }
}

impl Event {
    pub(crate) fn read(from: &mut Reader<'_>) -> Result<Event, Fault> {
        let batch = from.field("batch", Reader::count)?;
        let kind = from.field("kind", Reader::small)?;
        let fields = from.field("fields", |from| from.list(|from| from.value(0)))?;
        from.field("origin.file", Reader::small)?;
        from.field("origin.line", Reader::count)?;
        let date = from.field("date", Reader::date)?;
        from.field("booked", |from| from.optional(Reader::date))?;
        for name in ["key", "lane", "rank"] {
            from.field(name, |from| from.list(part))?;
        }
        from.field("late", Reader::flag)?;
        let allocated = from.field("outcome", outcome)?;
        Ok(Event { batch, kind, fields, date, allocated })
    }
}

impl Opening {
    pub(crate) fn read(from: &mut Reader<'_>) -> Result<Opening, Fault> {
        let opening = Opening {
            format: from.field("format", Reader::small)?,
            origin: from.field("origin", Reader::text)?,
            hash: from.field("hash", Reader::text)?,
            learnt: from.field("learnt", Reader::moment)?,
        };
        from.field("learnt", |from| from.end())?;
        Ok(opening)
    }
}

impl Close {
    pub(crate) fn read(from: &mut Reader<'_>) -> Result<Close, Fault> {
        let close = Close {
            batch: from.field("batch", Reader::count)?,
            entries: from.field("entries", Reader::count)?,
            inputs: from.field("inputs", Reader::digest)?,
            sums: from.field("sums", |from| from.list(KindSums::read))?,
            corrections: from.field("corrections", Reader::count)?,
        };
        from.field("corrections", |from| from.end())?;
        Ok(close)
    }
}

impl KindSums {
    fn read(from: &mut Reader<'_>) -> Result<KindSums, Fault> {
        Ok(KindSums {
            kind: from.field("kind", |from| from.optional(Reader::small))?,
            allocated: from.field("allocated", Reader::count)?,
            set_aside: from.field("set_aside", Reader::count)?,
            inflow: from.field("inflow", Reader::signed)?,
            undetermined: from.field("undetermined", Reader::signed)?,
            inflow_set_aside: from.field("inflow_set_aside", Reader::signed)?,
        })
    }

    /// The same without the names of an edition.
    pub(crate) fn plain(&self) -> Words {
        let name = match self.kind {
            Some(kind) => Words::new(format!("kind {kind}"), format!("第 {kind} 类")),
            None => Words::new("of no known kind", "类别不明"),
        };
        self.tell(&name, in_units)
    }

    fn tell(&self, name: &Words, money: impl Fn(i128) -> Words) -> Words {
        let (allocated, aside) = (self.allocated, self.set_aside);
        let [inflow, open, held] =
            [self.inflow, self.undetermined, self.inflow_set_aside].map(money);
        Words::new(
            format!(
                "  {}: {allocated} allocated, {aside} set aside; inflow {}, of that undetermined {}; \
                 inflow set aside {}",
                name.en(),
                inflow.en(),
                open.en(),
                held.en()
            ),
            format!(
                "  {}：已分配 {allocated} 条，搁置 {aside} 条；流入 {}，其中未定 {}；搁置的流入 {}",
                name.zh(),
                inflow.zh(),
                open.zh(),
                held.zh()
            ),
        )
    }
}

impl Dispute {
    pub(crate) fn read(from: &mut Reader<'_>) -> Result<Dispute, Fault> {
        let dispute = Dispute {
            learnt: from.field("learnt", Reader::moment)?,
            by: from.field("by", Reader::text)?,
            against: from.field("against", |from| from.list(Reader::count))?,
            reason: from.field("reason", Reader::text)?,
            holds: from.field("holds", |from| from.optional(Reader::text))?,
        };
        from.field("holds", |from| from.end())?;
        Ok(dispute)
    }
}

impl Resolution {
    pub(crate) fn read(from: &mut Reader<'_>) -> Result<Resolution, Fault> {
        let resolution = Resolution {
            learnt: from.field("learnt", Reader::moment)?,
            by: from.field("by", Reader::text)?,
            dispute: from.field("dispute", Reader::count)?,
            verdict: from.field("verdict", |from| match from.byte()? {
                0 => Ok(Verdict::Upheld),
                1 => from.field("by", |from| from.list(Reader::count)).map(Verdict::Corrected),
                2 => Ok(Verdict::Withdrawn),
                _ => unknown(),
            })?,
            reason: from.field("reason", Reader::text)?,
        };
        from.field("reason", |from| from.end())?;
        Ok(resolution)
    }
}

impl Noted {
    pub(crate) fn read(from: &mut Reader<'_>) -> Result<Noted, Fault> {
        let learnt = from.field("learnt", Reader::moment)?;
        let noted = Noted { learnt, note: from.field("note", Reader::text)? };
        from.field("note", |from| from.end())?;
        Ok(noted)
    }
}

impl Signer {
    pub(crate) fn read(from: &mut Reader<'_>) -> Result<Signer, Fault> {
        let learnt = from.field("learnt", Reader::moment)?;
        let added = from.field("change", |from| match from.byte()? {
            0 => Ok(true),
            1 => Ok(false),
            _ => unknown(),
        })?;
        let signer = Signer { learnt, added, key: from.field("key", Reader::text)? };
        from.field("key", |from| from.end())?;
        Ok(signer)
    }
}

/// The part of a register's entry that its digest is over: the rows, after edition, number of the
/// register, number of the part and number of rows.
pub(crate) fn register_rows<'a>(from: &mut Reader<'a>) -> Result<&'a [u8], Fault> {
    from.field("edition", Reader::digest)?;
    for name in ["register", "part", "rows"] {
        from.field(name, Reader::count)?;
    }
    Ok(from.0)
}

fn unknown<T>() -> Result<T, Fault> {
    fault("it is of an unknown kind", "类别未知")
}

/// What an event brought and the amounts; nothing if it was set aside.
fn outcome(from: &mut Reader<'_>) -> Result<Option<(i128, Vec<Leaf>)>, Fault> {
    match from.byte()? {
        0 => {
            let inflow = from.field("inflow", Reader::signed)?;
            from.field("residue_units", Reader::count)?;
            Ok(Some((inflow, from.field("leaves", |from| from.list(leaf))?)))
        }
        1 => Ok(None),
        _ => unknown(),
    }
}

fn register_use(from: &mut Reader<'_>) -> Result<RegisterUse, Fault> {
    Ok(RegisterUse {
        register: from.field("register", Reader::small)?,
        digest: from.field("digest", Reader::digest)?,
        first: from.field("first", Reader::count)?,
        parts: from.field("parts", Reader::small)?,
    })
}

fn part(from: &mut Reader<'_>) -> Result<(), Fault> {
    match from.byte()? {
        0 => from.field("field", Reader::small).map(drop),
        1 => from.field("value", |from| from.value(0)).map(drop),
        _ => unknown(),
    }
}

fn leaf(from: &mut Reader<'_>) -> Result<Leaf, Fault> {
    let account = from.field("account", |from| {
        from.optional(|from| {
            let family = from.field("family", Reader::small)?;
            Ok((family, from.field("key", |from| from.list(|from| from.value(0)))?))
        })
    })?;
    let leg = from.field("leg", Reader::small)?;
    Ok(Leaf { account, leg, amount: from.field("amount", Reader::signed)? })
}

fn text(from: &mut Reader<'_>) -> Result<(String, Digest, String), Fault> {
    let path = from.field("path", Reader::text)?;
    let digest = from.field("digest", Reader::digest)?;
    Ok((path, digest, from.field("text", Reader::text)?))
}

fn members(from: &mut Reader<'_>) -> Result<Vec<String>, Fault> {
    from.field("name", Reader::text)?;
    from.field("members", |from| from.list(Reader::text))
}

fn table(from: &mut Reader<'_>) -> Result<Table, Fault> {
    let (name, fields) = (from.field("name", Reader::text)?, fields(from)?);
    Ok(Table { name, fields, currency: from.field("currency", Reader::small)? })
}

fn fields(from: &mut Reader<'_>) -> Result<Vec<(String, Kind)>, Fault> {
    from.field("fields", |from| {
        from.list(|from| {
            Ok((from.field("name", Reader::text)?, from.field("kind", |from| kind(from, 0))?))
        })
    })
}

fn kind(from: &mut Reader<'_>, depth: u32) -> Result<Kind, Fault> {
    Ok(match from.byte()? {
        4 => Kind::Money(from.small()?),
        6 if from.byte()? > 2 => return unknown(),
        6 => Kind::Plain,
        9 => Kind::Member(from.small()?),
        10 if depth >= DEPTH_MAX => {
            return fault("lists are too deep in each other", "列表嵌套过深");
        }
        10 => Kind::List(Box::new(kind(from, depth + 1)?)),
        11 => {
            from.small()?;
            Kind::Plain
        }
        0..=3 | 5 | 7 | 8 => Kind::Plain,
        _ => return unknown(),
    })
}

/// An amount without its currency.
fn in_units(units: i128) -> Words {
    Words::new(format!("{units} units"), format!("{units} 最小单位"))
}

fn at<T>(list: &[T], position: u64) -> Option<&T> {
    usize::try_from(position).ok().and_then(|position| list.get(position))
}
