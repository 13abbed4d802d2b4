//! What entries speak of by its position in an edition, which has to have it.

use crate::words::Words;

use super::{BY_CLOSING, BY_RULING, BY_SETTLEMENT, Batch, Edition, Event, Leaf, at};

impl Edition {
    /// The first that a batch speaks of and the edition does not have.
    pub(crate) fn lacks_of_batch(&self, batch: &Batch) -> Option<Words> {
        let lacking = |chosen: &&(u64, u64)| self.reading(**chosen).is_none();
        let reading = batch.readings.iter().find(lacking).map(|(reading, option)| {
            let zh = format!("释义 {reading} 的选项 {option}");
            Words::new(format!("reading {reading} with option {option}"), zh)
        });
        let mut registers = batch.registers.iter().map(|used| used.register);
        reading.or_else(|| {
            let register = registers.find(|register| self.register(*register).is_none())?;
            Some(Words::new(format!("register {register}"), format!("登记簿 {register}")))
        })
    }

    /// The same of an event.
    pub(crate) fn lacks_of_event(&self, event: &Event) -> Option<Words> {
        let (kind, count) = (event.kind, event.fields.len());
        let Some(table) = at(&self.events, kind) else {
            return Some(Words::new(format!("event kind {kind}"), format!("第 {kind} 类事项")));
        };
        if count != table.fields.len() {
            let name = &table.name;
            let en = format!("`{name}` with {count} {}", many(count, "field", "fields"));
            return Some(Words::new(en, format!("有 {count} 个字段的事项「{name}」")));
        }
        self.lacks_of_leaves(event.allocated.as_ref().map_or(&[], |it| &it.leaves))
    }

    /// The same of amounts.
    pub(crate) fn lacks_of_leaves(&self, leaves: &[Leaf]) -> Option<Words> {
        leaves.iter().find_map(|leaf| self.lacks_of_leaf(leaf))
    }

    fn lacks_of_leaf(&self, leaf: &Leaf) -> Option<Words> {
        if let Some((family, key)) = &leaf.account {
            let Some((name, kinds)) = at(&self.accounts, *family) else {
                return Some(Words::new(format!("account {family}"), format!("账户 {family}")));
            };
            let count = key.len();
            if count != kinds.len() {
                let parts = many(count, "part", "parts");
                let en = format!("account `{name}` with a key of {count} {parts}");
                return Some(Words::new(en, format!("键有 {count} 个部分的账户「{name}」")));
            }
        }
        let leg = leaf.leg;
        let has =
            [BY_SETTLEMENT, BY_CLOSING, BY_RULING].contains(&leg) || at(&self.legs, leg).is_some();
        (!has).then(|| Words::new(format!("leg {leg}"), format!("第 {leg} 分项")))
    }
}

fn many(count: usize, one: &'static str, more: &'static str) -> &'static str {
    if count == 1 { one } else { more }
}
