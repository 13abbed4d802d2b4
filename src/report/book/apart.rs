//! What tells what a book holds from what comes out now: thing by thing, for people and for programs.

use std::collections::BTreeMap;

use crate::base::{Exact, Money, in_brackets, keyed};
use crate::book::{Account, Counted, Event, FigureValue, Leaf, Outcome};
use crate::diagnostics::Language;
use crate::report::names::{Kind, Names, Table};
use crate::report::reason_words;
use crate::report::values::{money_label, person_text, row_texts};
use crate::rows::Cell;

use super::entry_json::{account_name, get, key_parts, leg_name, plain_text, units_text};
use super::log::{Called, leg_label, outcome_text, payee_text, pick};

/// Something that stands otherwise in the book than it comes out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Apart {
    /// What it is, for programs: `amount`, `date`, `figure`.
    pub thing: &'static str,
    /// Which, for a person: an account by its label, else a few words.
    pub what: String,
    /// The leg that gives an amount.
    pub leg: Option<LegNames>,
    /// As it stands in the book.
    pub stored: String,
    /// As it comes out.
    pub now: String,
}

/// What a leg is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LegNames {
    /// The account it gives to, as files write it.
    pub account: String,
    /// Its rule, as the rules write it.
    pub rule: String,
    /// Its rule, as a person reads it.
    pub label: String,
    /// Its place in the rule.
    pub place: String,
    /// The clause behind it.
    pub clause: String,
}

/// What became of an event, in the book or now.
#[derive(Debug, Clone, Copy)]
pub enum Side<'o> {
    /// This.
    Outcome(&'o Outcome),
    /// A correction withdrew it.
    Withdrawn,
    /// The event is not there.
    Absent,
}

/// The names of what is told apart, and for whom.
#[derive(Debug, Clone, Copy)]
pub struct TellingApart<'n> {
    /// The names of the rules.
    pub names: &'n Names,
    /// The kind of the event, if it is known.
    pub kind: Option<u32>,
    /// For people of this language.
    pub language: Language,
}

impl TellingApart<'_> {
    /// One side in a line; nothing where the event is not there.
    pub fn line(&self, side: Side<'_>) -> String {
        let said = (self.language, Called::InFiles);
        match side {
            Side::Outcome(it) => outcome_text(it, self.kind, self.scale(), self.names, said),
            Side::Withdrawn => self.pick("withdrawn", "撤回").to_owned(),
            Side::Absent => String::new(),
        }
    }

    /// In what two outcomes differ.
    pub fn outcomes(&self, stored: Side<'_>, now: Side<'_>) -> Vec<Apart> {
        let mut found = Vec::new();
        let became = (self.became(stored), self.became(now));
        self.note(&mut found, ("outcome", self.pick("outcome", "结果")), became);
        self.note(
            &mut found,
            ("inflow", self.pick("money in", "金额流入")),
            (self.inflow(stored), self.inflow(now)),
        );
        self.note(
            &mut found,
            ("residue_units", self.pick("units moved by settlement", "尾差调整的最小单位数")),
            (self.residue(stored), self.residue(now)),
        );
        let (stored, now) = (leaves(stored), leaves(now));
        if stored != now {
            self.amounts(&mut found, stored, now);
        }
        found
    }

    /// In what two entries of one event differ.
    pub fn events(&self, stored: &Event, now: &Event) -> Vec<Apart> {
        let mut found = self.outcomes(Side::Outcome(&stored.outcome), Side::Outcome(&now.outcome));
        self.figures(&mut found, stored, now);
        self.open_items(&mut found, &stored.open_items, &now.open_items);
        let kind = |event: &Event| {
            let table = get(&self.names.events, event.kind);
            table.map_or_else(String::new, |it| it.name.in_language(self.language).to_owned())
        };
        let booked =
            |event: &Event| event.booked.map_or_else(|| self.none(), |day| day.to_string());
        let dates = (stored.date.to_string(), now.date.to_string());
        self.note(&mut found, ("event", self.pick("kind of event", "事项类型")), {
            (kind(stored), kind(now))
        });
        self.note(&mut found, ("date", self.pick("date", "日期")), dates);
        self.note(&mut found, ("booked", self.pick("booked", "入账日期")), {
            (booked(stored), booked(now))
        });
        self.fields(&mut found, stored, now);
        for (thing, (en, zh), one, other) in [
            ("key", ("key", "键"), &stored.key, &now.key),
            ("lane", ("shares running totals with", "共用累计"), &stored.lane, &now.lane),
            ("rank", ("place in the order", "次序"), &stored.rank, &now.rank),
        ] {
            if one != other {
                let texts = (key_parts(one, stored), key_parts(other, now));
                found.push(self.apart((thing, self.pick(en, zh)), texts));
            }
        }
        found
    }

    /// Another event is behind a correction than it says.
    pub fn cause(&self, told: u64, cause: u64) -> Apart {
        let entry = |entry: u64| match self.language {
            Language::English => format!("entry {entry}"),
            Language::Chinese => format!("第 {entry} 条"),
        };
        let about = ("because", self.pick("corrected since there came", "更正所因"));
        self.apart(about, (entry(told), entry(cause)))
    }

    /// In what it differs what an event adds to running totals, as a dispute settled it. These amounts of it
    /// stand.
    pub fn counted(
        &self,
        stored: Option<&Counted>,
        now: Option<&Counted>,
        leaves: &[Leaf],
    ) -> Vec<Apart> {
        let (stored, now) = (totals_text(stored, leaves), totals_text(now, leaves));
        let mut totals: Vec<&String> = stored.keys().chain(now.keys()).collect();
        totals.sort_unstable();
        totals.dedup();
        let mut found = Vec::new();
        for total in totals {
            let side = |of: &BTreeMap<_, _>| of.get(total).cloned().unwrap_or_else(|| self.none());
            let what = format!("{} {total}", self.pick("adds to", "计入台账"));
            self.note(&mut found, ("total", &what), (side(&stored), side(&now)));
        }
        found
    }

    fn became(&self, side: Side<'_>) -> String {
        match side {
            Side::Outcome(Outcome::Allocated { .. }) => self.pick("allocated", "已分配").to_owned(),
            Side::Outcome(Outcome::SetAside { reason, .. }) => {
                let words = reason_words(reason, self.kind, self.names);
                let word = self.pick("set aside", "搁置");
                format!("{word}[{}]: {}", words.code, words.what.in_language(self.language))
            }
            Side::Withdrawn => self.pick("withdrawn", "撤回").to_owned(),
            Side::Absent => self.pick("there is no such event", "没有此事项").to_owned(),
        }
    }

    fn inflow(&self, side: Side<'_>) -> String {
        let inflow = match side {
            Side::Outcome(Outcome::Allocated { inflow, .. }) => Some(*inflow),
            Side::Outcome(Outcome::SetAside { inflow, .. }) => *inflow,
            Side::Withdrawn | Side::Absent => None,
        };
        inflow.map_or_else(|| self.none(), |it| money_label(it, self.scale()))
    }

    fn residue(&self, side: Side<'_>) -> String {
        match side {
            Side::Outcome(Outcome::Allocated { residue_units, .. }) => residue_units.to_string(),
            Side::Outcome(Outcome::SetAside { .. }) | Side::Withdrawn | Side::Absent => self.none(),
        }
    }

    /// Amounts by account and leg; where these are the same, the order in which they were written.
    fn amounts(&self, found: &mut Vec<Apart>, stored: &[Leaf], now: &[Leaf]) {
        let known = found.len();
        let mut seen: Vec<(Option<&Account>, u32)> = Vec::new();
        for leaf in stored.iter().chain(now) {
            let of = (leaf.account.as_ref(), leaf.leg);
            if seen.contains(&of) {
                continue;
            }
            seen.push(of);
            let own = |side: &[Leaf]| {
                let own = side.iter().filter(|it| (it.account.as_ref(), it.leg) == of);
                let own: Vec<i128> = own.map(|it| it.amount.minor()).collect();
                let sum = Money::from_minor(own.iter().sum());
                if own.is_empty() { self.none() } else { money_label(sum, self.scale()) }
            };
            let texts = (own(stored), own(now));
            if texts.0 != texts.1 {
                found.push(self.amount(leaf, texts));
            }
        }
        if found.len() == known {
            let line = |side: &[Leaf]| {
                let each = side.iter().map(|it| {
                    let account = self.payee(it.account.as_ref());
                    format!("{account} {}", money_label(it.amount, self.scale()))
                });
                each.collect::<Vec<String>>().join("; ")
            };
            let what = self.pick("order of the amounts", "各笔金额的次序");
            found.push(self.apart(("order", what), (line(stored), line(now))));
        }
    }

    fn figures(&self, found: &mut Vec<Apart>, stored: &Event, now: &Event) {
        let of = |it: &FigureValue| (it.figure, it.key.clone());
        let mut seen = Vec::new();
        for figure in stored.figures.iter().chain(&now.figures) {
            if seen.contains(&of(figure)) {
                continue;
            }
            seen.push(of(figure));
            let own = |event: &Event| {
                event.figures.iter().find(|it| of(it) == of(figure)).map(|it| it.value.clone())
            };
            let (one, other) = (own(stored), own(now));
            if one != other {
                let declared = get(&self.names.figures, figure.figure);
                let kind = declared.map_or(&Kind::Number, |it| &it.kind);
                let mut what =
                    declared.map_or("", |it| it.name.in_language(self.language)).to_owned();
                if !figure.key.is_empty() {
                    let row = declared.and_then(|it| it.row.as_ref());
                    let key = row_texts(&figure.key, row, self.names, |cell, kind| match row {
                        Some(_) => person_text(cell, kind, self.names, self.language),
                        // The names of a book do not tell of what the rows are.
                        None => plain_text(cell),
                    });
                    what.push_str(&format!("[{}]", in_brackets(&key, ", ")));
                }
                let texts = (self.value(one.as_ref(), kind), self.value(other.as_ref(), kind));
                found.push(self.apart(("figure", &what), texts));
            }
        }
        if stored.figures != now.figures && !found.iter().any(|it| it.thing == "figure") {
            let count = |event: &Event| event.figures.len().to_string();
            let what = self.pick("order of the figures", "指标的次序");
            found.push(self.apart(("order", what), (count(stored), count(now))));
        }
    }

    fn open_items(&self, found: &mut Vec<Apart>, stored: &[u32], now: &[u32]) {
        let line = |side: &[u32]| {
            let each = side.iter().map(|leg| {
                let (_, place, _) = leg_name(*leg, self.names);
                format!("{} {place}", leg_label(*leg, self.names, self.language))
            });
            let line = each.collect::<Vec<String>>().join("; ");
            if line.is_empty() { self.none() } else { line }
        };
        let what = self.pick("open items without amount", "无金额的待定事项");
        if stored != now {
            found.push(self.apart(("open_items", what), (line(stored), line(now))));
        }
    }

    fn fields(&self, found: &mut Vec<Apart>, stored: &Event, now: &Event) {
        let fields = self.table().map_or(&[][..], |table| &table.fields);
        for (at, field) in fields.iter().enumerate() {
            let (one, other) = (stored.fields.get(at), now.fields.get(at));
            if one != other {
                let name = field.name.in_language(self.language);
                let what = match self.language {
                    Language::English => format!("field `{name}`"),
                    Language::Chinese => format!("字段「{name}」"),
                };
                let texts = (self.value(one, &field.kind), self.value(other, &field.kind));
                found.push(self.apart(("field", &what), texts));
            }
        }
    }

    /// Notes two texts, if they differ.
    fn note(&self, found: &mut Vec<Apart>, about: (&'static str, &str), texts: (String, String)) {
        if texts.0 != texts.1 {
            found.push(self.apart(about, texts));
        }
    }

    /// Values that differ may be written alike.
    fn apart(&self, (thing, what): (&'static str, &str), texts: (String, String)) -> Apart {
        let (stored, mut now) = texts;
        if stored == now {
            now.push_str(self.pick(" (kept in another form)", "（存储形式不同）"));
        }
        Apart { thing, what: what.to_owned(), leg: None, stored, now }
    }

    fn amount(&self, leaf: &Leaf, texts: (String, String)) -> Apart {
        let (rule, place, clause) = leg_name(leaf.leg, self.names);
        let names = LegNames {
            account: account_name(leaf.account.as_ref(), self.names),
            rule: rule.to_owned(),
            label: leg_label(leaf.leg, self.names, self.language).to_owned(),
            place: place.to_owned(),
            clause: clause.to_owned(),
        };
        let account = self.payee(leaf.account.as_ref());
        Apart { leg: Some(names), ..self.apart(("amount", &account), texts) }
    }

    fn payee(&self, account: Option<&Account>) -> String {
        payee_text(account, self.names, (self.language, Called::ByPeople))
    }

    fn value(&self, cell: Option<&Cell>, kind: &Kind) -> String {
        cell.map_or_else(|| self.none(), |it| person_text(it, kind, self.names, self.language))
    }

    fn none(&self) -> String {
        self.pick("none", "无").to_owned()
    }

    fn table(&self) -> Option<&Table> {
        get(&self.names.events, self.kind?)
    }

    fn scale(&self) -> u8 {
        self.table().map_or(2, |table| table.currency.scale)
    }

    fn pick<'t>(&self, en: &'t str, zh: &'t str) -> &'t str {
        pick(self.language, en, zh)
    }
}

fn leaves<'o>(side: Side<'o>) -> &'o [Leaf] {
    match side {
        Side::Outcome(Outcome::Allocated { leaves, .. }) => leaves,
        Side::Outcome(Outcome::SetAside { .. }) | Side::Withdrawn | Side::Absent => &[],
    }
}

/// What an event adds to each running total, with the places of the amounts that it adds.
fn totals_text(counted: Option<&Counted>, leaves: &[Leaf]) -> BTreeMap<String, String> {
    let mut texts = BTreeMap::new();
    for total in counted.into_iter().flat_map(|it| &it.totals) {
        if total.adds.is_empty() {
            texts.insert(keyed(&total.name, &total.keys, ","), "0".to_owned());
        }
        for add in &total.adds {
            let key: Vec<String> = add.key.iter().map(plain_text).collect();
            let amount = |place: &u32| Some(leaves.get(usize::try_from(*place).ok()?)?.amount);
            let units = add.leaves.iter().filter_map(amount).map(|it| Exact::from_int(it.minor()));
            let sum = units.fold(add.besides.clone(), |sum, it| sum.add(&it).unwrap_or_default());
            let places: Vec<String> = add.leaves.iter().map(u32::to_string).collect();
            let text = format!("{} ({})", units_text(&sum, total.scale), places.join(", "));
            texts.insert(keyed(&total.name, &key, ","), text);
        }
    }
    texts
}
