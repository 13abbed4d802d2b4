//! Legs and their bounds, and what happens once an event is divided.

use crate::base::in_brackets;
use crate::diagnostics::Language;
use crate::report::names::Kind;
use crate::report::values::{keyed_label, money_label, person_text};
use crate::rows::{
    Allocation, BoundKind, BoundStory, Cell, Destination, LegStory, RowUsed, SettlementStory,
    SettlementWay,
};

use super::branch::Branch;
use super::told::Teller;
use super::{Owner, get, since};

/// More rows of one register than these are told by their number.
const ROWS_MAX: usize = 6;

impl Teller<'_> {
    /// A leg: what it takes, to whom, in which words, by which clause.
    pub(super) fn leg(&self, leg: &LegStory) -> Branch {
        let exact = self.amount(&leg.amount);
        let settled = self.amount(&leg.settled);
        let is_unknown = leg.portion.as_ref().is_some_and(|portion| portion.fault.is_some());
        let mut title = match leg.to {
            _ if is_unknown => "?".to_owned(),
            // What goes into a pool or is divided again settles there.
            Destination::Pool(..) | Destination::Legs => exact,
            // An event set aside was never settled.
            _ if exact == settled || self.story.aside.is_some() => exact,
            _ => format!("{settled} ({} {exact})", self.telling.say("exact", "精确值")),
        };
        let to = self.destination(&leg.to);
        if !to.is_empty() {
            title.push_str(&format!(" → {to}"));
        }
        if let Some(ground) = get(&self.telling.grounds.legs, leg.leg)
            && !ground.text.is_empty()
        {
            title.push_str(&format!("  `{}`", ground.text));
        }
        title.push_str(&self.ground_of_leg(leg.leg));
        if !leg.row.is_empty() {
            let kind = self.telling.grounds.rows.get(&leg.leg);
            title = format!("{} {title}", self.row(kind, &leg.row));
        }
        let head = self.head_of_leg(leg.leg);
        let mut below: Vec<Branch> =
            leg.portion.iter().flat_map(|portion| self.values(portion, head)).collect();
        below.extend(leg.bounds.iter().map(|bound| self.bound_told(bound, leg.leg)));
        below.extend(leg.legs.iter().map(|leg| self.leg(leg)));
        Branch::with(title, below)
    }

    fn head_of_leg(&self, leg: u32) -> Option<&super::Head> {
        let owner = *self.telling.grounds.owners.get(usize::try_from(leg).ok()?)?;
        self.head_of(owner)
    }

    fn bound_told(&self, bound: &BoundStory, leg: u32) -> Branch {
        let limit = self.amount(&bound.limit);
        let (before, after) = (self.amount(&bound.before), self.amount(&bound.after));
        let kind = match bound.kind {
            BoundKind::UpTo => self.telling.say("up to", "以内"),
            BoundKind::UpToInTotal => self.telling.say("in total up to", "累计以内"),
            BoundKind::AtLeast => self.telling.say("at least", "不少于"),
            BoundKind::GivesBack => self.telling.say("gives back at most", "至多退回"),
        };
        let effect = if before == after {
            self.telling.say("does not bite", "未触及").to_owned()
        } else {
            format!("{before} → {after}")
        };
        let mut below = self.values(&bound.bound, self.head_of_leg(leg));
        if let Some(total) = &bound.total {
            let name = self.keyed(&self.telling.names.tallies, total.tally, &total.key);
            let mut text = format!("{name} = {}", self.amount(&total.before));
            if total.now != total.before {
                let now = self.telling.say("with earlier legs", "含本笔在前各项");
                text.push_str(&format!("; {now} {}", self.amount(&total.now)));
            }
            below.push(Branch::new(text));
        }
        if bound.shut {
            let shut = "closed for good: the bound was reached before";
            below.push(Branch::new(self.telling.say(shut, "已永久关闭：此前已达上限")));
        }
        Branch::with(format!("{kind} {limit}: {effect}"), below)
    }

    /// Settlement, totals, figures, and what the result hangs on.
    pub(super) fn after(&self) -> Vec<Branch> {
        let mut sections: Vec<Branch> =
            self.story.settlements.iter().filter_map(|it| self.settlement(it)).collect();
        let mut add = |en, zh, below: Vec<Branch>| {
            if !below.is_empty() {
                sections.push(Branch::with(self.telling.say(en, zh), below));
            }
        };
        add("running totals", "累计", self.totals());
        add("carried values", "结转值", self.carries());
        add("figures", "指标", self.figures());
        add("values of the day", "当日取值", self.values_of_the_day());
        add("register rows", "登记行", self.register_rows());
        add("hangs on these readings", "取决于以下解释口径", self.readings());
        sections
    }

    /// Where units went that no leaf was owed whole; nothing where all shares were whole.
    fn settlement(&self, settlement: &SettlementStory) -> Option<Branch> {
        let whole = |settled| crate::base::Exact::from_scaled(settled, self.scale);
        let moved: Vec<Branch> = settlement
            .leaves
            .iter()
            .filter_map(|leaf| {
                let gain = whole(leaf.settled.minor()).sub(&leaf.share).ok()?;
                let sign = if gain.is_negative() { "" } else { "+" };
                (!gain.is_zero()).then(|| {
                    let settled = money_label(leaf.settled, self.scale);
                    let share = self.amount(&leaf.share);
                    let to = self.destination(&leaf.to);
                    let gain = gain.to_decimal_string(self.scale).unwrap_or(gain.to_string());
                    Branch::new(format!("{to}: {share} → {settled} ({sign}{gain})"))
                })
            })
            .collect();
        let way = match settlement.way {
            SettlementWay::LargestRemainder => self.telling.say("largest remainder", "最大余数"),
            SettlementWay::InOrder => self.telling.say("in order", "依次"),
            SettlementWay::RemainderTo => self.telling.say("remainder to one", "余数归一方"),
            SettlementWay::KeptApart => self.telling.say("kept apart", "余数另列"),
            SettlementWay::Carried => self.telling.say("carried", "余数结转"),
        };
        let word = self.telling.say("settled to whole units", "尾差结算");
        (!moved.is_empty()).then(|| Branch::with(format!("{word}: {way}"), moved))
    }

    fn totals(&self) -> Vec<Branch> {
        let mut told: Vec<Branch> = Vec::new();
        for change in &self.story.totals {
            let name = self.keyed(&self.telling.names.tallies, change.tally, &change.key);
            let sign = if change.amount.is_negative() { "" } else { "+" };
            let mut text = format!("{name} {sign}{}", self.amount(&change.amount));
            if let Some((before, after)) = &change.totals {
                text.push_str(&format!(": {} → {}", self.amount(before), self.amount(after)));
            }
            told.push(Branch::new(text));
        }
        for shut in &self.story.latches {
            let leg = self.leg_name(shut.leg);
            let word = self.telling.say("now closed for good", "自此永久关闭");
            told.push(Branch::new(format!("{word}: {leg}{}", self.row(None, &shut.key))));
        }
        told
    }

    fn carries(&self) -> Vec<Branch> {
        let told = self.story.carries.iter().map(|change| {
            let carries = &self.telling.names.carries;
            let name = self.keyed(carries, change.carry, &change.key);
            let kind = get(carries, change.carry).map_or(&Kind::Number, |carry| &carry.value);
            let value = match &change.value {
                Cell::Missing => "?".to_owned(),
                value => self.value(value, kind),
            };
            Branch::new(format!("{name} → {value}"))
        });
        told.collect()
    }

    fn figures(&self) -> Vec<Branch> {
        let told = self.story.figures.iter().filter_map(|story| {
            let figure = get(&self.telling.names.figures, story.figure)?;
            let name = figure.name.in_language(self.telling.language);
            let value = self.worked_out(&story.value, &figure.kind);
            let ground = self.ground(get(&self.telling.grounds.figures, story.figure));
            let head = self.head_of(Owner::Figure(story.figure));
            let title =
                format!("{name}{} = {value}{ground}", self.row(figure.row.as_ref(), &story.key));
            Some(Branch::with(title, self.values(&story.value, head)))
        });
        told.collect()
    }

    /// Parameters and brackets used, with the day since when they hold, and the clause.
    fn values_of_the_day(&self) -> Vec<Branch> {
        let (names, language) = (self.telling.names, self.telling.language);
        let from = |from: Option<crate::base::Date>| match from {
            Some(day) => format!("{}{day}", self.telling.say(" since ", "，自 ")),
            None => String::new(),
        };
        let parameters = self.story.parameters.iter().filter_map(|used| {
            let parameter = get(&names.parameters, used.parameter)?;
            let key: Vec<_> = used.key.iter().map(|it| crate::rows::Cell::Member(*it)).collect();
            let name = keyed_label(&parameter.name, &parameter.keys, &key, names, language);
            let value = person_text(&used.value, &parameter.value, names, language);
            let grounds = get(&self.telling.grounds.parameters, used.parameter)?;
            let ground = self.ground(since(grounds, &used.key, used.from));
            Some(Branch::new(format!("{name} = {value}{}{ground}", from(used.from))))
        });
        let schedules = self.story.schedules.iter().filter_map(|used| {
            let name = get(&names.schedules, used.schedule)?.in_language(language);
            let amount = self.amount(&used.amount);
            let rate = crate::report::values::percent(&used.rate);
            let quick = self.amount(&used.quick);
            let grounds = get(&self.telling.grounds.schedules, used.schedule)?;
            let ground = self.ground(since(grounds, &[], used.from));
            let words = self.telling.say("quick deduction", "速算扣除数");
            let from = from(used.from);
            Some(Branch::new(format!("{name}({amount}): {rate}, {words} {quick}{from}{ground}")))
        });
        let mut told: Vec<Branch> = Vec::new();
        for branch in parameters.chain(schedules) {
            // Asked for on several days, a value is told once.
            if !told.contains(&branch) {
                told.push(branch);
            }
        }
        told
    }

    /// Rows of registers used; rows of one register that are one range of a file are one line.
    fn register_rows(&self) -> Vec<Branch> {
        let mut told = Vec::new();
        let same = |one: &RowUsed, other: &RowUsed| {
            (one.register, one.origin.file) == (other.register, other.origin.file)
        };
        for rows in self.story.rows.chunk_by(same) {
            let [first, .., last] = rows else {
                told.extend(rows.iter().filter_map(|row| self.register_row(row)));
                continue;
            };
            let Some(register) = get(&self.telling.names.registers, first.register) else {
                continue;
            };
            if rows.len() <= ROWS_MAX {
                told.extend(rows.iter().filter_map(|row| self.register_row(row)));
                continue;
            }
            let name = register.name.in_language(self.telling.language);
            let place = self.telling.origin(first.origin).unwrap_or_default();
            let (rows, end) = (rows.len(), last.origin.line);
            told.push(Branch::new(match self.telling.language {
                Language::English => format!("{name}: {rows} rows  [{place} … {end}]"),
                Language::Chinese => format!("{name}：{rows} 行  [{place} … {end}]"),
            }));
        }
        told
    }

    fn register_row(&self, used: &RowUsed) -> Option<Branch> {
        let register = get(&self.telling.names.registers, used.register)?;
        let name = register.name.in_language(self.telling.language);
        let kinds: Vec<Kind> = register
            .key
            .iter()
            .filter_map(|at| register.fields.get(*at))
            .map(|field| field.kind.clone())
            .collect();
        let (names, language) = (self.telling.names, self.telling.language);
        let parts = used.key.iter().zip(&kinds);
        let key: Vec<String> =
            parts.map(|(cell, kind)| person_text(cell, kind, names, language)).collect();
        let place = self.telling.origin(used.origin);
        let place = place.map_or_else(String::new, |place| format!("  [{place}]"));
        Some(Branch::new(format!("{name}[{}]{place}", in_brackets(&key, ", "))))
    }

    fn readings(&self) -> Vec<Branch> {
        let told = self.story.readings.iter().filter_map(|(reading, option)| {
            let (label, options) = get(&self.telling.names.readings, *reading)?;
            let point = get(&self.telling.grounds.readings, *reading)?;
            let language = self.telling.language;
            let chosen = options.get(*option)?.in_language(language);
            let mut text = format!("{} = {chosen}", label.in_language(language));
            if point.default != *option {
                let usual = options.get(point.default)?.in_language(language);
                let words = self.telling.say("by default", "默认");
                text.push_str(&format!(" ({words} {usual})"));
            }
            if !point.clause.is_empty() {
                text.push_str(&format!("  [{}]", point.clause));
            }
            let because = if point.because.is_empty() {
                Vec::new()
            } else {
                vec![Branch::new(in_one_line(&point.because))]
            };
            Some(Branch::with(text, because))
        });
        told.collect()
    }

    /// A leg by its rule and place; what a settlement or a stage gave beside all legs by that.
    pub(super) fn leg_name(&self, leg: u32) -> String {
        match leg {
            Allocation::BY_SETTLEMENT => self.telling.say("settlement", "尾差结算").to_owned(),
            Allocation::BY_CLOSING => self.telling.say("closing", "清缴").to_owned(),
            Allocation::BY_RULING => self.telling.say("ruling", "裁决").to_owned(),
            leg => get(&self.telling.names.legs, leg).map_or_else(String::new, |leg| {
                let owner = leg.owner.in_language(self.telling.language);
                match self.telling.language {
                    Language::English => format!("{owner}, leg {}", leg.place),
                    Language::Chinese => format!("{owner}第 {} 项", leg.place),
                }
            }),
        }
    }
}

/// A text in one line.
fn in_one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
