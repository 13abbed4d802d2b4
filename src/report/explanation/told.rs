//! The story of an event as a tree of sentences.

use crate::base::{Exact, Money, in_brackets};
use crate::diagnostics::{Language, pictured};
use crate::report::names::{Kind, Table};
use crate::report::reasons::reason_words;
use crate::report::table::{self, Align};
use crate::report::values::{account_label, file_text, grouped_exact, keyed_label, person_text};
use crate::rows::{
    Cell, Destination, Division, Explanation, HeadStep, LevyStory, Operation, Reckoning,
    ReversalStory, Term, TransferStory, Tried, Verdict,
};

use super::branch::Branch;
use super::leaves::Leaves;
use super::{Ground, Head, Owner, Phrase, Telling, get};

/// Tells the story to a person.
pub fn explanation_text(story: &Explanation, telling: Telling<'_>) -> String {
    let scale = get(&telling.names.events, story.event).map_or(2, |event| event.currency.scale);
    let teller = Teller { telling, story, scale };
    let mut out = teller.title();
    out.push_str(&teller.fields());
    if let Some(reason) = &story.aside {
        let words = reason_words(reason, Some(story.event), telling.names);
        let what = words.what.in_language(telling.language);
        let hint = words.hint.in_language(telling.language);
        let (aside, help) = (telling.say("set aside", "已搁置"), telling.say("help", "提示"));
        out.push_str(&format!("\n{aside}[{}]: {what}\n  {help}: {hint}\n", words.code));
    }
    out.push_str(&teller.result());
    for section in teller.sections() {
        out.push('\n');
        section.draw(&mut out);
    }
    out
}

pub(super) struct Teller<'t> {
    pub(super) telling: Telling<'t>,
    pub(super) story: &'t Explanation,
    /// Decimals of the event's money.
    pub(super) scale: u8,
}

impl<'t> Teller<'t> {
    fn title(&self) -> String {
        let Some(event) = self.table() else { return String::new() };
        let label = event.name.in_language(self.telling.language);
        let mut parts = vec![format!("{label} {}", self.key(event))];
        parts.extend(self.story.is_dated().then(|| self.story.date.to_string()));
        if let Some(inflow) = self.story.inflow {
            let amount = crate::report::values::money_label(inflow, self.scale);
            parts.push(format!("{amount} {}", event.currency.code));
        }
        parts.extend(self.telling.origin(self.story.origin));
        pictured(&parts.join(" · ")).into_owned() + "\n"
    }

    /// Fields with a value, but for the key, lists and what the title says.
    fn fields(&self) -> String {
        let Some(event) = self.table() else { return String::new() };
        let mut told = Vec::new();
        for (at, (field, cell)) in event.fields.iter().zip(&self.story.fields).enumerate() {
            let said = event.key.contains(&at)
                || event.effective == Some(at)
                || (event.inflow == Some(at) && self.story.inflow.is_some());
            if said || matches!(cell, Cell::Missing | Cell::List(_)) {
                continue;
            }
            let label = field.name.in_language(self.telling.language);
            told.push(format!("{label} = {}", self.value(cell, &field.kind)));
        }
        if told.is_empty() { String::new() } else { format!("{}\n", told.join("; ")) }
    }

    fn result(&self) -> String {
        if self.story.result.is_empty() {
            return String::new();
        }
        let mut table = table::Table::new([
            (self.telling.say("gets", "所得").to_owned(), Align::Left),
            (self.telling.say("amount", "金额").to_owned(), Align::Right),
        ]);
        for (to, amount) in &self.story.result {
            let amount = crate::report::values::money_label(*amount, self.scale);
            table.add([self.destination(to), amount]);
        }
        format!("\n{}", table.draw())
    }

    fn sections(&self) -> Vec<Branch> {
        let mut sections: Vec<Branch> = Vec::new();
        sections.extend(self.story.levies.iter().map(|levy| self.levy(levy)));
        sections.extend(self.story.transfers.iter().map(|made| self.transfers(made)));
        sections.extend(self.story.reversal.iter().map(|undone| self.reversal(undone)));
        sections.extend(self.story.divisions.iter().map(|division| self.division(division)));
        sections.extend(self.after());
        sections
    }

    /// The event that is undone, how much of it was and will be, and what each gives back.
    fn reversal(&self, undone: &ReversalStory) -> Branch {
        let label = |amount| crate::report::values::money_label(amount, self.scale);
        let place = self.telling.origin(undone.origin).unwrap_or_default();
        let (date, inflow, before) = (undone.date, label(undone.inflow), label(undone.before));
        let left = |back: Money| undone.inflow.checked_sub(undone.before)?.checked_sub(back);
        let after = self.story.inflow.and_then(|refund| left(refund.checked_neg()?));
        let title = match (self.telling.language, after.filter(|_| !undone.legs.is_empty())) {
            (Language::English, Some(after)) => format!(
                "takes back of the {inflow} of {date} ({place}); {before} was taken back before, {} is \
                 left then",
                label(after)
            ),
            (Language::Chinese, Some(after)) => format!(
                "冲回 {date} 的 {inflow}（{place}）；此前已冲回 {before}，冲回后余 {}",
                label(after)
            ),
            (Language::English, None) => format!(
                "would take back of the {inflow} of {date} ({place}); {before} was taken back before"
            ),
            (Language::Chinese, None) => {
                format!("拟冲回 {date} 的 {inflow}（{place}）；此前已冲回 {before}")
            }
        };
        Branch::with(&title, undone.legs.iter().map(|leg| self.leg(leg)).collect())
    }

    fn division(&self, division: &Division) -> Branch {
        let amount = self.amount(&division.content);
        let title = match division.pool {
            None => format!("{} {amount}", self.telling.say("inflow", "收入")),
            Some(pool) => format!("{} {amount}", self.pool(pool, &division.row)),
        };
        let mut below = Vec::new();
        for arrival in &division.arrivals {
            let came = self.telling.say("came in", "转入");
            let by = self.leg_name(arrival.leg);
            let from = self.telling.say(" from ", "，来自 ");
            below.push(Branch::new(format!("{came} {}{from}{by}", self.amount(&arrival.amount))));
        }
        let (applied, others): (Vec<&Tried>, Vec<&Tried>) =
            division.tried.iter().partition(|tried| tried.verdict == Verdict::Applies);
        below.extend(applied.into_iter().map(|tried| {
            let mut branch = self.tried(tried);
            branch.below.extend(division.legs.iter().map(|leg| self.leg(leg)));
            branch
        }));
        below.extend(others.into_iter().map(|tried| self.tried(tried)));
        Branch::with(title, below)
    }

    /// A rule, and why it applies or does not.
    fn tried(&self, tried: &Tried) -> Branch {
        let name = get(&self.telling.names.rules, tried.rule);
        let name = name.map_or("", |name| name.in_language(self.telling.language));
        let rule = self.telling.say("rule", "规则");
        let ground = self.ground(get(&self.telling.grounds.rules, tried.rule));
        let title = match tried.verdict {
            Verdict::Applies => format!("{rule} {name}{ground}"),
            other => format!("✗ {rule} {name}{}{ground}", self.verdict(other)),
        };
        Branch::with(title, self.head(Owner::Rule(tried.rule), &tried.head))
    }

    fn verdict(&self, verdict: Verdict) -> String {
        match verdict {
            Verdict::Applies => String::new(),
            Verdict::OutOfPeriod => {
                self.telling.say(": not in force on this day", "：当日无效").to_owned()
            }
            Verdict::Failed => {
                self.telling.say(": a condition does not hold", "：条件不成立").to_owned()
            }
            Verdict::Unknown => self.telling.say(": cannot be worked out", "：无法计算").to_owned(),
            Verdict::Overridden { by } => {
                let by = get(&self.telling.names.rules, by);
                let by = by.map_or("", |by| by.in_language(self.telling.language));
                format!("{}{by}", self.telling.say(": overridden by ", "：被替代，优先适用 "))
            }
        }
    }

    fn levy(&self, levy: &LevyStory) -> Branch {
        let name = get(&self.telling.names.levies, levy.levy);
        let name = name.map_or("", |name| name.in_language(self.telling.language));
        let word = self.telling.say("levy", "应缴");
        let ground = self.ground(get(&self.telling.grounds.levies, levy.levy));
        let owner = Owner::Levy(levy.levy);
        let mut below = self.head(owner, &levy.head);
        let title = match (&levy.due, levy.verdict) {
            (Some(due), _) => {
                below.extend(self.values(due, self.head_of(owner)));
                let due = self.worked_out(due, &Kind::Money(self.scale));
                format!("{word} {name} = {due}{ground}")
            }
            (None, verdict) => format!("✗ {word} {name}{}{ground}", self.verdict(verdict)),
        };
        below.extend(levy.leg.iter().map(|leg| self.leg(leg)));
        Branch::with(title, below)
    }

    fn transfers(&self, story: &TransferStory) -> Branch {
        let mut branch = self.tried(&story.tried);
        let head = self.head_of(Owner::Rule(story.tried.rule));
        for made in &story.made {
            let ground = self.ground_of_leg(made.leg);
            let row = self.row(self.telling.grounds.rows.get(&made.leg), &made.row);
            let title = match &made.amount {
                Some(amount) => {
                    let amount = self.worked_out(amount, &Kind::Money(self.scale));
                    format!("{}{row} {amount}{ground}", self.telling.say("moves", "划转"))
                }
                None => format!("{}{row}{ground}", self.telling.say("open item", "未定事项")),
            };
            let mut below: Vec<Branch> =
                made.amount.iter().flat_map(|amount| self.values(amount, head)).collect();
            let held = made.balances.iter().map(|(of, held)| {
                let words = self.telling.say("held", "原有余额");
                Branch::new(format!("{}: {words} {}", self.destination(of), self.amount(held)))
            });
            below.extend(held);
            below.extend(made.legs.iter().map(|leg| self.leg(leg)));
            branch.below.push(Branch::with(title, below));
        }
        branch
    }

    /// The steps of a head, each with what it rests on.
    pub(super) fn head(&self, owner: Owner, steps: &[HeadStep]) -> Vec<Branch> {
        let head = self.head_of(owner);
        let told = |(at, step): (usize, &HeadStep)| {
            let phrase = head.and_then(|head| head.steps.get(at)).cloned().unwrap_or_default();
            let (value, reckoning) = match step {
                HeadStep::When(reckoning) => (self.value(&reckoning.value, &Kind::Bool), reckoning),
                HeadStep::With(slot, reckoning) | HeadStep::Let(slot, reckoning) => {
                    let kind = head.and_then(|head| get(&head.locals, *slot)).map(|(_, kind)| kind);
                    (self.bound(&reckoning.value, kind), reckoning)
                }
            };
            let value = if reckoning.fault.is_some() { "?".to_owned() } else { value };
            let mut branch = self.phrase(&phrase, reckoning, head);
            branch.text = format!("{} → {value}{}", phrase.text, branch.text);
            branch
        };
        steps.iter().enumerate().map(told).collect()
    }

    /// What a condition rests on: the parts that were asked, up to the one that decided; or the values
    /// in it, behind it if they are few.
    fn phrase(&self, phrase: &Phrase, reckoning: &Reckoning, head: Option<&'t Head>) -> Branch {
        let decides = match reckoning.term {
            Term::Operation(Operation::And) => false,
            Term::Operation(Operation::Or) => true,
            _ => return self.with_values(String::new(), reckoning, head),
        };
        if phrase.parts.len() != reckoning.parts.len() {
            return self.with_values(String::new(), reckoning, head);
        }
        let mut below = Vec::new();
        for (words, part) in phrase.parts.iter().zip(&reckoning.parts) {
            let holds = part.value == Cell::Bool(true);
            let sign = if holds { "✓" } else { "✗" };
            let mut branch = self.phrase(words, part, head);
            branch.text = format!("{sign} {}{}", words.text, branch.text);
            below.push(branch);
            if holds == decides {
                break;
            }
        }
        Branch::with(String::new(), below)
    }

    /// A sentence, with the values an expression rests on behind it, or below if they are many.
    pub(super) fn with_values(
        &self,
        text: String,
        reckoning: &Reckoning,
        head: Option<&'t Head>,
    ) -> Branch {
        match self.values(reckoning, head).as_mut_slice() {
            [] => Branch::new(text),
            [only] => Branch::new(format!("{text}  ({})", only.text)),
            several => Branch::with(text, several.to_vec()),
        }
    }

    /// What a name is bound to: of a row it is enough that there is one.
    fn bound(&self, cell: &Cell, kind: Option<&Kind>) -> String {
        match (cell, kind) {
            (Cell::Record(_), _) => self.telling.say("found", "有").to_owned(),
            (cell, Some(kind)) => self.value(cell, kind),
            (cell, None) => self.value(cell, &Kind::Text),
        }
    }

    /// The values an expression rests on, a line together.
    pub(super) fn values(&self, reckoning: &Reckoning, head: Option<&'t Head>) -> Vec<Branch> {
        let leaves = Leaves::new(self.telling, self.story.event, head).of(reckoning);
        if leaves.is_empty() {
            return Vec::new();
        }
        const LINE_MAX: usize = 100;
        let told = leaves.into_iter().map(|leaf| format!("{} = {}", leaf.name, leaf.value));
        let told: Vec<String> = told.collect();
        let line = told.join("; ");
        match line.chars().count() <= LINE_MAX {
            true => vec![Branch::new(line)],
            false => told.into_iter().map(Branch::new).collect(),
        }
    }

    pub(super) fn head_of(&self, owner: Owner) -> Option<&'t Head> {
        self.telling.grounds.heads.get(&(owner, self.story.event))
    }

    fn table(&self) -> Option<&'t Table> {
        get(&self.telling.names.events, self.story.event)
    }

    fn key(&self, event: &Table) -> String {
        event_key(event, self.story, self.telling)
    }

    /// An exact amount: its decimals, or the nearest that end and the ratio.
    pub(super) fn amount(&self, amount: &Exact) -> String {
        grouped_exact(amount, self.scale)
    }

    pub(super) fn value(&self, cell: &Cell, kind: &Kind) -> String {
        person_text(cell, kind, self.telling.names, self.telling.language)
    }

    /// A value, or `?` where it could not be worked out.
    pub(super) fn worked_out(&self, reckoning: &Reckoning, kind: &Kind) -> String {
        match reckoning.fault {
            Some(_) => "?".to_owned(),
            None => self.value(&reckoning.value, kind),
        }
    }

    pub(super) fn destination(&self, to: &Destination) -> String {
        let (names, language) = (self.telling.names, self.telling.language);
        match to {
            Destination::Account(account, key) => get(&names.accounts, *account)
                .map_or_else(String::new, |it| account_label(it, key, names, language)),
            Destination::Undetermined => self.telling.say("undetermined", "待定").to_owned(),
            Destination::Pool(pool, row) => self.pool(*pool, row),
            Destination::Nothing | Destination::Legs => String::new(),
        }
    }

    fn pool(&self, pool: u32, row: &[Cell]) -> String {
        let label = get(&self.telling.names.pools, pool);
        let label = label.map_or("", |label| label.in_language(self.telling.language));
        let row = self.row(self.telling.grounds.pool_rows.get(&pool), row);
        format!("{} {label}{row}", self.telling.say("pool", "待分"))
    }

    /// `[B2]` for the row of a leg or pool; nothing without one.
    pub(super) fn row(&self, kind: Option<&Kind>, row: &[Cell]) -> String {
        match row {
            [] => String::new(),
            row => format!("[{}]", in_brackets(&self.telling.row_parts(kind, row, false), ", ")),
        }
    }

    pub(super) fn keyed(
        &self,
        list: &[crate::report::names::Keyed],
        at: u32,
        key: &[Cell],
    ) -> String {
        let (names, language) = (self.telling.names, self.telling.language);
        get(list, at)
            .map_or_else(String::new, |it| keyed_label(&it.name, &it.keys, key, names, language))
    }

    /// ` [clause; place]`, as far as they are known.
    pub(super) fn ground(&self, ground: Option<&Ground>) -> String {
        let Some(ground) = ground else { return String::new() };
        let mut parts = Vec::new();
        if !ground.clause.is_empty() {
            parts.push(ground.clause.as_str());
        }
        if ground.unverified {
            parts.push(self.telling.say("unverified", "未核实"));
        }
        if !ground.place.is_empty() {
            parts.push(ground.place.as_str());
        }
        if parts.is_empty() { String::new() } else { format!("  [{}]", parts.join("; ")) }
    }

    pub(super) fn ground_of_leg(&self, leg: u32) -> String {
        self.ground(get(&self.telling.grounds.legs, leg))
    }
}

/// The events that were set aside for having a key that stands already: a line each, with its reason.
pub fn same_key_text(others: &[Explanation], telling: Telling<'_>) -> String {
    let mut out = String::new();
    if !others.is_empty() {
        out.push_str(telling.say("\nother events with this key\n", "\n键值相同的其他事项\n"));
    }
    for (at, other) in others.iter().enumerate() {
        let branch = if at + 1 == others.len() { "└─" } else { "├─" };
        let place = telling.origin(other.origin).unwrap_or_default();
        let what = match &other.aside {
            Some(reason) => {
                let words = reason_words(reason, Some(other.event), telling.names);
                let what = words.what.in_language(telling.language).to_owned();
                format!("{}[{}]: {what}", telling.say("set aside", "搁置"), words.code)
            }
            None => telling.say("allocated", "已分配").to_owned(),
        };
        out.push_str(&format!("{branch} {place}: {what}\n"));
    }
    out
}

/// The key of the event, as files write it.
pub(super) fn event_key(event: &Table, story: &Explanation, telling: Telling<'_>) -> String {
    let part = |at: &usize| {
        let (field, cell) = (event.fields.get(*at)?, story.fields.get(*at)?);
        Some(match cell {
            Cell::Missing if event.effective == Some(*at) => story.date.to_string(),
            Cell::List(parts) => telling.row_parts(Some(&field.kind), parts, true).join("/"),
            cell => file_text(cell, &field.kind, telling.names),
        })
    };
    event.key.iter().filter_map(part).collect::<Vec<_>>().join("/")
}
