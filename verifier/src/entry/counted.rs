//! What events that a dispute settled add to running totals.

use crate::reader::{Fault, Reader, Value, fault};
use crate::words::Words;

/// An event, and what it adds.
pub(crate) struct Counted {
    pub(crate) entry: u64,
    totals: Vec<Total>,
}

struct Total {
    name: String,
    keys: Vec<String>,
    adds: Vec<Add>,
}

struct Add {
    key: Vec<Value>,
    leaves: Vec<u64>,
    besides: String,
}

impl Counted {
    /// Those behind the other fields of a resolution: none where that ends.
    pub(crate) fn read(from: &mut Reader<'_>) -> Result<Vec<Counted>, Fault> {
        if from.end().is_ok() {
            return Ok(Vec::new());
        }
        let counted = from.list(|from| {
            let entry = from.field("entry", Reader::count)?;
            Ok(Counted { entry, totals: from.field("totals", |from| from.list(total))? })
        })?;
        match counted.is_empty() {
            true => fault("an entry goes on after its end", "条目末尾有多余内容"),
            false => Ok(counted),
        }
    }

    /// A line for each total that it adds to.
    pub(crate) fn tell(&self) -> Vec<Words> {
        let entry = self.entry;
        let adds =
            self.totals.iter().flat_map(|total| total.adds.iter().map(move |it| (total, it)));
        let line = |(total, add): (&Total, &Add)| {
            let parts = add.key.iter().map(part);
            let key = match total.keys.is_empty() {
                true => Words::default(),
                false => {
                    let parts = Words::join(parts, ", ", ", ");
                    Words::new(format!("[{}]", parts.en()), format!("[{}]", parts.zh()))
                }
            };
            let places: Vec<String> = add.leaves.iter().map(ToString::to_string).collect();
            let (name, places, besides) = (&total.name, places.join(", "), &add.besides);
            Words::new(
                format!(
                    "  entry {entry} adds to running total {name}{}: its amounts [{places}] (counted from 0), and \
                     {besides} smallest units by legs into pools",
                    key.en()
                ),
                format!(
                    "  第 {entry} 条计入台账 {name}{}：其第 [{places}] 项金额（自 0 起数），另注入资金池 {besides} 个最小单位",
                    key.zh()
                ),
            )
        };
        adds.map(line).collect()
    }
}

/// A part of a key: such ones are texts, numbers and times.
fn part(value: &Value) -> Words {
    match value {
        Value::Text(text) => text.clone(),
        Value::Money(number) => Words::same(number.to_string()),
        Value::Missing | Value::Member(_) | Value::List(_) => Words::same("?"),
    }
}

fn total(from: &mut Reader<'_>) -> Result<Total, Fault> {
    let name = from.field("name", Reader::text)?;
    let keys = from.field("keys", |from| from.list(Reader::text))?;
    from.field("scale", Reader::small)?;
    Ok(Total { name, keys, adds: from.field("adds", |from| from.list(add))? })
}

fn add(from: &mut Reader<'_>) -> Result<Add, Fault> {
    Ok(Add {
        key: from.field("key", |from| from.list(|from| from.value(0)))?,
        leaves: from.field("leaves", |from| from.list(Reader::small))?,
        besides: from.field("besides", Reader::fraction)?,
    })
}
