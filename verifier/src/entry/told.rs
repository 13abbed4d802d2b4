//! Events, amounts and control totals, told by the names that an edition gives.

use crate::reader::Value;
use crate::words::Words;

use super::{BY_CLOSING, BY_RULING, BY_SETTLEMENT, Edition, Event, Kind, KindSums, Leaf, at};

impl Edition {
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
        let booked = match event.booked.as_ref().filter(|booked| *booked != date) {
            None => Words::default(),
            Some(day) => Words::new(format!(", booked {day}"), format!("（{day} 入账）")),
        };
        let money = match self.currency(event.kind) {
            None => Words::default(),
            Some(code) => Words::new(format!(", in {code}"), format!("，{code}")),
        };
        let mut lines = vec![Words::new(
            format!("{} of {date}{}{}: {}", name.en(), booked.en(), money.en(), told.en()),
            format!("{date}{} {}{}：{}", booked.zh(), name.zh(), money.zh(), told.zh()),
        )];
        match &event.allocated {
            None => lines.push(Words::new("  set aside", "  搁置")),
            Some(allocated) => {
                lines.extend(self.leaves(self.decimals(event.kind), &allocated.leaves));
            }
        }
        lines
    }

    /// What a register is called.
    pub(crate) fn register(&self, register: u64) -> Option<&str> {
        at(&self.registers, register).map(|table| table.name.as_str())
    }

    /// What a reading and its option are called.
    pub(crate) fn reading(&self, (reading, option): (u64, u64)) -> Option<(&str, &str)> {
        let (name, options) = at(&self.readings, reading)?;
        Some((name, at(options, option)?))
    }

    fn event_name(&self, kind: u64) -> Words {
        match at(&self.events, kind) {
            Some(table) => Words::same(&table.name),
            None => Words::new("event", "事项"),
        }
    }

    /// Amounts with so many decimals, a line each.
    pub(crate) fn leaves(&self, decimals: usize, leaves: &[Leaf]) -> Vec<Words> {
        leaves.iter().map(|leaf| self.leaf(leaf, decimals)).collect()
    }

    /// The decimals of the money of a kind of event.
    pub(crate) fn decimals(&self, kind: u64) -> usize {
        self.decimals_of(self.currency_of(kind))
    }

    /// The code of the money of a kind of event.
    pub(crate) fn currency(&self, kind: u64) -> Option<&str> {
        at(&self.currencies, self.currency_of(kind)).map(|(code, _)| code.as_str())
    }

    fn currency_of(&self, kind: u64) -> u64 {
        at(&self.events, kind).map_or(0, |table| table.currency)
    }

    fn leaf(&self, leaf: &Leaf, decimals: usize) -> Words {
        let account = match &leaf.account {
            None => Words::new("undetermined", "未定"),
            Some((family, key)) => match at(&self.accounts, *family) {
                None => Words::new(format!("account {family}"), format!("账户 {family}")),
                Some((name, _)) if key.is_empty() => Words::same(name),
                Some((name, kinds)) => {
                    let parts = key.iter().zip(kinds).map(|(value, kind)| self.value(value, kind));
                    let apart = |part: Words| if key.len() > 1 { apart(&part) } else { part };
                    let key = Words::join(parts.map(apart), ", ", ", ");
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
            None if leaf.leg == BY_SETTLEMENT => Words::new("by settlement", "尾差调整"),
            None if leaf.leg == BY_CLOSING => Words::new("closing", "清算"),
            None if leaf.leg == BY_RULING => Words::new("by a ruling", "裁决"),
            None => Words::new(
                format!("leg {}, which its rules do not have", leaf.leg),
                format!("规则中没有的第 {} 分项", leaf.leg),
            ),
        };
        let amount = written(leaf.amount, decimals);
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
                match names.and_then(|(_, names)| at(names, *member)) {
                    Some(name) => Words::same(name),
                    None => Words::new(format!("member {member}"), format!("第 {member} 值")),
                }
            }
            (Value::List(items), Kind::Record(shape)) => {
                let fields = at(&self.shapes, *shape).map_or(&[][..], Vec::as_slice);
                let told = items.iter().zip(fields).filter(|(item, _)| **item != Value::Missing);
                let told = told.map(|(item, (name, kind))| {
                    let value = self.value(item, kind);
                    Words::new(format!("{name} {}", value.en()), format!("{name} {}", value.zh()))
                });
                let told = Words::join(told, ", ", ", ");
                Words::new(format!("{{{}}}", told.en()), format!("{{{}}}", told.zh()))
            }
            (Value::List(items), kind) => {
                let of = if let Kind::List(of) = kind { of } else { &Kind::Plain };
                let items = Words::join(items.iter().map(|item| self.value(item, of)), ", ", ", ");
                Words::new(format!("[{}]", items.en()), format!("[{}]", items.zh()))
            }
        }
    }

    fn money(&self, units: i128, currency: u64) -> String {
        written(units, self.decimals_of(currency))
    }

    fn decimals_of(&self, currency: u64) -> usize {
        let scale = at(&self.currencies, currency).map_or(2, |(_, scale)| *scale);
        usize::try_from(scale).unwrap_or(2).min(38)
    }
}

/// Units of money with a point before so many decimals.
fn written(units: i128, decimals: usize) -> String {
    let digits = format!("{:0width$}", units.unsigned_abs(), width = decimals + 1);
    let (whole, part) = digits.split_at_checked(digits.len() - decimals).unwrap_or((&digits, ""));
    let sign = if units < 0 { "-" } else { "" };
    if part.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{part}") }
}

impl KindSums {
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

/// An amount without its currency.
fn in_units(units: i128) -> Words {
    Words::new(format!("{units} units"), format!("{units} 最小单位"))
}

/// A part of a key among others: in quotation marks, if it holds a comma or one of them.
fn apart(part: &Words) -> Words {
    let apart = |text: &str| match text.contains([',', '，', '、', '"']) {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text.to_owned(),
    };
    Words::new(apart(part.en()), apart(part.zh()))
}
