//! What an entry says, read from its body; `told` tells it by the names of its edition.

use crate::reader::{DEPTH_MAX, Fault, Reader, Value, fault};
use crate::tree::Digest;

mod counted;
mod positions;
mod told;

pub(crate) use counted::Counted;

/// An edition: its texts and the names that the reports need.
pub(crate) struct Edition {
    pub(crate) name: String,
    /// Path, digest as told, text.
    pub(crate) texts: Vec<(String, Digest, String)>,
    currencies: Vec<(String, u64)>,
    enumerations: Vec<(String, Vec<String>)>,
    shapes: Vec<Vec<(String, Kind)>>,
    events: Vec<Table>,
    registers: Vec<Table>,
    accounts: Vec<(String, Vec<Kind>)>,
    legs: Vec<[String; 3]>,
    /// Each with its options.
    readings: Vec<(String, Vec<String>)>,
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
    /// Of a shape.
    Record(u64),
}

/// The beginning of a batch.
pub(crate) struct Batch {
    pub(crate) learnt: String,
    pub(crate) by: Option<String>,
    pub(crate) evaluator: String,
    pub(crate) edition: Digest,
    pub(crate) edition_entry: u64,
    pub(crate) registers: Vec<RegisterUse>,
    /// Which reading, and which of its options.
    pub(crate) readings: Vec<(u64, u64)>,
    pub(crate) through: Option<String>,
    /// The files it came from, with their digests as far as they are told.
    pub(crate) sources: Vec<(String, Option<Digest>)>,
}

pub(crate) struct RegisterUse {
    pub(crate) register: u64,
    pub(crate) digest: Digest,
    pub(crate) first: u64,
    pub(crate) parts: u64,
}

/// A part of a register.
pub(crate) struct RegisterPart<'a> {
    pub(crate) edition: Digest,
    pub(crate) register: u64,
    /// Which of its parts.
    pub(crate) part: u64,
    /// What the digest of the register is over.
    pub(crate) rows: &'a [u8],
}

/// An event, allocated or set aside.
pub(crate) struct Event {
    pub(crate) batch: u64,
    pub(crate) kind: u64,
    fields: Vec<Value>,
    date: String,
    /// The day by which it is booked, where that is another.
    booked: Option<String>,
    /// Nothing if it was set aside.
    pub(crate) allocated: Option<Allocated>,
}

/// What stands in the place of an earlier outcome.
pub(crate) struct Correction {
    pub(crate) batch: u64,
    /// The entry it takes the place of.
    pub(crate) of: u64,
    pub(crate) because: Because,
    pub(crate) booked: String,
    pub(crate) stands: Stands,
}

/// What brought a correction about.
pub(crate) enum Because {
    /// An event that came late.
    Late(u64),
    Dispute(u64),
    /// In the words of who made it.
    Stated(String),
}

/// What stands after a correction.
pub(crate) enum Stands {
    /// Nothing: the event is withdrawn.
    Withdrawn,
    /// The event is set aside.
    SetAside,
    /// These amounts.
    Allocated(Allocated),
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
    /// What events add to running totals, as it settles them.
    pub(crate) counted: Vec<Counted>,
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

/// What an event brought, and the amounts it was divided into.
pub(crate) struct Allocated {
    inflow: i128,
    pub(crate) leaves: Vec<Leaf>,
}

pub(crate) struct Leaf {
    /// Family and key; nobody yet, if undetermined.
    account: Option<(u64, Vec<Value>)>,
    leg: u64,
    amount: i128,
}

/// The leg of what a settlement gave beside all legs, and of what a stage took out of an account.
const BY_SETTLEMENT: u64 = 4_294_967_295;
const BY_CLOSING: u64 = 4_294_967_294;
const BY_RULING: u64 = 4_294_967_293;

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
        let shapes = from.field("schema.shapes", |from| {
            from.list(|from| {
                from.field("name", Reader::text)?;
                fields(from)
            })
        })?;
        let events = from.field("schema.events", |from| from.list(table))?;
        let registers = from.field("schema.registers", |from| from.list(table))?;
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
        let readings = from.field("schema.readings", |from| from.list(members))?;
        from.field("schema.readings", |from| from.end())?;
        Ok(Edition {
            name,
            texts,
            currencies,
            enumerations,
            shapes,
            events,
            registers,
            accounts,
            legs,
            readings,
        })
    }
}

impl Batch {
    pub(crate) fn read(from: &mut Reader<'_>) -> Result<Batch, Fault> {
        let batch = Batch {
            learnt: from.field("learnt", Reader::moment)?,
            by: from.field("by", |from| from.optional(Reader::text))?,
            evaluator: from.field("evaluator", Reader::text)?,
            edition: from.field("edition", Reader::digest)?,
            edition_entry: from.field("edition_entry", Reader::count)?,
            registers: from.field("registers", |from| from.list(register_use))?,
            readings: from.field("readings", |from| {
                from.list(|from| {
                    Ok((
                        from.field("reading", Reader::small)?,
                        from.field("option", Reader::small)?,
                    ))
                })
            })?,
            through: from.field("through", |from| from.optional(Reader::date))?,
            sources: from.field("sources", |from| from.list(source))?,
        };
        from.field("sources", |from| from.end())?;
        Ok(batch)
    }
}

impl Correction {
    pub(crate) fn read(from: &mut Reader<'_>) -> Result<Correction, Fault> {
        let (batch, of) = (from.field("batch", Reader::count)?, from.field("of", Reader::count)?);
        let because = from.field("because", |from| match from.byte()? {
            0 => from.field("entry", Reader::count).map(Because::Late),
            1 => from.field("entry", Reader::count).map(Because::Dispute),
            2 => from.field("reason", Reader::text).map(Because::Stated),
            _ => unknown(),
        })?;
        let booked = from.field("booked", Reader::date)?;
        // Withdrawn, or an outcome, with figures behind it or without.
        let stands = from.field("outcome", |from| match from.byte()? {
            0 => Ok(Stands::Withdrawn),
            1 | 2 => Ok(outcome(from)?.map_or(Stands::SetAside, Stands::Allocated)),
            _ => unknown(),
        })?;
        // What follows the amounts or the reason of a set-aside is of no concern here.
        Ok(Correction { batch, of, because, booked, stands })
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
        let booked = from.field("booked", |from| from.optional(Reader::date))?;
        for name in ["key", "lane", "rank"] {
            from.field(name, |from| from.list(part))?;
        }
        from.field("late", Reader::flag)?;
        let allocated = from.field("outcome", outcome)?;
        Ok(Event { batch, kind, fields, date, booked, allocated })
    }
}

impl Allocated {
    /// Whether the amounts are together what was brought.
    pub(crate) fn is_whole(&self) -> bool {
        let mut leaves = self.leaves.iter();
        let sum = leaves.try_fold(0_i128, |sum, leaf| sum.checked_add(leaf.amount));
        sum == Some(self.inflow)
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
            counted: from.field("counted", Counted::read)?,
        };
        from.field("counted", |from| from.end())?;
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

impl<'a> RegisterPart<'a> {
    pub(crate) fn read(from: &mut Reader<'a>) -> Result<RegisterPart<'a>, Fault> {
        let edition = from.field("edition", Reader::digest)?;
        let register = from.field("register", Reader::count)?;
        let part = from.field("part", Reader::count)?;
        from.field("rows", Reader::count)?;
        Ok(RegisterPart { edition, register, part, rows: from.0 })
    }
}

fn unknown<T>() -> Result<T, Fault> {
    fault("it is of an unknown kind", "类别未知")
}

/// What was allocated; nothing if it was set aside.
fn outcome(from: &mut Reader<'_>) -> Result<Option<Allocated>, Fault> {
    match from.byte()? {
        0 => {
            let inflow = from.field("inflow", Reader::signed)?;
            from.field("residue_units", Reader::count)?;
            let leaves = from.field("leaves", |from| from.list(leaf))?;
            Ok(Some(Allocated { inflow, leaves }))
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

fn source(from: &mut Reader<'_>) -> Result<(String, Option<Digest>), Fault> {
    let name = from.field("name", Reader::text)?;
    Ok((name, from.field("digest", |from| from.optional(Reader::digest))?))
}

fn members(from: &mut Reader<'_>) -> Result<(String, Vec<String>), Fault> {
    let name = from.field("name", Reader::text)?;
    Ok((name, from.field("members", |from| from.list(Reader::text))?))
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
        11 => Kind::Record(from.small()?),
        0..=3 | 5 | 7 | 8 => Kind::Plain,
        _ => return unknown(),
    })
}

fn at<T>(list: &[T], position: u64) -> Option<&T> {
    usize::try_from(position).ok().and_then(|position| list.get(position))
}
