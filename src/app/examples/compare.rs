//! What came out, held against what an example expects.

use crate::base::{Date, Money, Span};
use crate::diagnostics::{Language, Words};
use crate::model::{Body, Constant, Outcome, RuleSet, Type};
use crate::report::names::Names;
use crate::report::reason_words;
use crate::report::values::{account_text, file_text, grouped_exact, money_label};
use crate::rows::Cell;

use super::Difference;
use super::given::{Given, Subject, constant, exact, plain, scale};
use crate::app::collect::{Allocated, Collected, EventResult};

/// An account and its key; none for what is undetermined.
type Payee = Option<(u32, Vec<Cell>)>;

/// Everything that differs, in written order.
pub fn differences(
    rules: &RuleSet,
    names: &Names,
    given: &Given<'_>,
    collected: &Collected,
    language: Language,
) -> Vec<Difference> {
    let mut found = Vec::new();
    for (subject, outcomes, span) in &given.expected {
        let event = collected.events.iter().find(|event| is_subject(rules, event, subject));
        let Some(event) = event else {
            found.push(Difference {
                span: *span,
                subject: String::new(),
                expected: Words::new("an event", "有此事项"),
                found: Words::new("there is no such event", "没有此事项"),
                by: None,
            });
            continue;
        };
        let mut teller = Teller { rules, names, event, span: *span, language, found: Vec::new() };
        teller.tell(outcomes);
        found.append(&mut teller.found);
    }
    found
}

fn is_subject(rules: &RuleSet, event: &EventResult, subject: &Subject) -> bool {
    match subject {
        Subject::Sent(number) => event.origin.file == 0 && event.origin.line == *number,
        Subject::Named(id, key) => {
            let declared = rules.events.get(id.index());
            let unique = declared.map_or(&[][..], |event| &event.unique);
            let own: Vec<&Cell> = match unique {
                [] => event.cells.iter().collect(),
                unique => unique.iter().filter_map(|at| event.cells.get(at.index())).collect(),
            };
            event.event == id.0
                && key
                    .iter()
                    .enumerate()
                    .all(|(at, part)| own.get(at).is_some_and(|own| same_part(own, part)))
        }
    }
}

/// A row is named by the first of its fields.
fn same_part(own: &Cell, part: &Cell) -> bool {
    match (own, part) {
        (Cell::Record(cells), part) if !matches!(part, Cell::Record(_)) => {
            cells.first() == Some(part)
        }
        (Cell::Record(cells), Cell::Record(parts)) => cells.starts_with(parts),
        (own, part) => own == part,
    }
}

/// Tells what differs for one event.
struct Teller<'t> {
    rules: &'t RuleSet,
    names: &'t Names,
    event: &'t EventResult,
    span: Span,
    language: Language,
    found: Vec<Difference>,
}

impl Teller<'_> {
    fn tell(&mut self, outcomes: &[Outcome]) {
        let event = self.event;
        let wants_aside = outcomes.iter().find_map(|outcome| match outcome {
            Outcome::SetAside(text) => Some(text),
            _ => None,
        });
        match (&event.outcome, wants_aside) {
            (Err(reason), Some(text)) => {
                let words = reason_words(reason, Some(event.event), self.names);
                let holds = text.as_ref().is_none_or(|text| {
                    words.what.en.contains(text) || words.what.zh.contains(text)
                });
                if !holds {
                    let expected = text.clone().unwrap_or_default();
                    self.add("", Words::new(expected.clone(), expected), words.what);
                }
            }
            (Err(reason), None) => {
                let words = reason_words(reason, Some(event.event), self.names);
                let found = Words::new(
                    format!("set aside: {}", words.what.en),
                    format!("搁置：{}", words.what.zh),
                );
                self.add("", Words::new("allocated", "分配"), found);
            }
            (Ok(_), Some(_)) => {
                let expected = Words::new("set aside", "搁置");
                self.add("", expected, Words::new("allocated", "已分配"));
            }
            (Ok(allocated), None) => self.amounts(outcomes, allocated),
        }
    }

    fn amounts(&mut self, outcomes: &[Outcome], allocated: &Allocated) {
        let mut told: Vec<(Payee, Money)> = Vec::new();
        for outcome in outcomes {
            match outcome {
                Outcome::Nothing | Outcome::SetAside(_) => {}
                Outcome::Open { what, span } => self.open(what, *span),
                Outcome::Booked { day, span } => self.booked(*day, *span),
                Outcome::Undetermined(amount) => self.expect(&mut told, None, amount, self.span),
                Outcome::Account { account, keys, amount, span } => {
                    let types = self.rules.accounts.get(account.index()).map(|a| &a.keys);
                    let key: Option<Vec<Cell>> = keys
                        .iter()
                        .zip(types.into_iter().flatten())
                        .map(|(key, ty)| constant(self.rules, ty, key))
                        .collect();
                    let payee = Some((account.0, key.unwrap_or_default()));
                    self.expect(&mut told, payee, amount, *span);
                }
                Outcome::Figure { figure, keys, value, span } => {
                    let keys: Option<Vec<Cell>> = keys.iter().map(plain).collect();
                    self.figure(figure.0, &keys.unwrap_or_default(), value, *span);
                }
            }
        }
        if !outcomes.is_empty() && !outcomes.iter().any(Outcome::speaks_of_accounts) {
            return;
        }
        let scale = self.scale();
        // What an account gets that the example does not name is a difference too.
        for (payee, sum) in &allocated.sums {
            if !told.iter().any(|(known, _)| known == payee) {
                self.differ(payee, Money::ZERO, *sum, scale, self.span);
            }
        }
        self.together(&told, allocated);
        for (payee, wanted) in told {
            let sum = allocated.sums.iter().find(|(known, _)| *known == payee);
            let sum = sum.map_or(Money::ZERO, |(_, sum)| *sum);
            if sum != wanted {
                self.differ(&payee, wanted, sum, scale, self.span);
            }
        }
    }

    /// Says where the amounts of an example cannot come out, since together they are another sum than
    /// the event gives: a slip of the hand is found there first.
    fn together(&mut self, told: &[(Payee, Money)], allocated: &Allocated) {
        let sum = |amounts: &[(Payee, Money)]| {
            amounts.iter().try_fold(Money::ZERO, |sum, (_, amount)| sum.checked_add(*amount))
        };
        let (wanted, given) = (sum(told), sum(&allocated.sums));
        if let (Some(wanted), Some(given)) = (wanted, given)
            && wanted != given
        {
            let subject = match self.language {
                Language::English => "all together",
                Language::Chinese => "合计",
            };
            let label = |amount| {
                let label = money_label(amount, self.scale());
                Words::new(label.clone(), label)
            };
            let (expected, found) = (label(wanted), label(given));
            self.add(subject, expected, found);
        }
    }

    /// Adds an expected amount to those of the same account.
    fn expect(
        &mut self,
        told: &mut Vec<(Payee, Money)>,
        payee: Payee,
        amount: &Constant,
        span: Span,
    ) {
        let scale = self.scale();
        let whole = match amount {
            Constant::Number(number) => Money::from_exact(number, scale),
            _ => None,
        };
        let Some(whole) = whole else {
            let expected = Words::new("an amount", "金额");
            self.span = span;
            let found = Words::new("a value that is no whole unit", "不是整数单位的值");
            self.add("", expected, found);
            return;
        };
        match told.iter_mut().find(|(known, _)| *known == payee) {
            Some((_, sum)) => *sum = sum.checked_add(whole).unwrap_or(*sum),
            None => told.push((payee, whole)),
        }
    }

    fn open(&mut self, what: &str, span: Span) {
        let open: Vec<&str> =
            self.event.open_items.iter().map(|leg| self.open_words(*leg)).collect();
        if open.iter().any(|words| words.contains(what)) {
            return;
        }
        let found = match open.is_empty() {
            true => Words::new("nothing is left open", "没有未定的划转"),
            false => Words::new(open.join("; "), open.join("；")),
        };
        let expected = Words::new(what, what);
        let subject = match self.language {
            Language::English => "undetermined",
            Language::Chinese => "待定",
        };
        let subject = subject.to_owned();
        self.found.push(Difference { span, subject, expected, found, by: None });
    }

    /// The words of a transfer that is left open.
    fn open_words(&self, leg: u32) -> &str {
        let cases = self.rules.rules.iter().flat_map(|rule| &rule.cases);
        let transfers = cases.filter_map(|case| match &case.body {
            Body::Transfers(transfers) => Some(transfers),
            Body::Split { .. } => None,
        });
        let mut transfers = transfers.flatten();
        let of_leg = transfers.find(|transfer| transfer.leg.0 == leg);
        of_leg.and_then(|transfer| transfer.undetermined.as_deref()).unwrap_or_default()
    }

    fn booked(&mut self, day: Date, span: Span) {
        let found = self.event.booked;
        if found != day {
            let words = |day: Date| Words::new(day.to_string(), day.to_string());
            let subject = match self.language {
                Language::English => "booked",
                Language::Chinese => "入账于",
            };
            let (subject, expected, found) = (subject.to_owned(), words(day), words(found));
            self.found.push(Difference { span, subject, expected, found, by: None });
        }
    }

    fn figure(&mut self, figure: u32, keys: &[Cell], wanted: &Constant, span: Span) {
        let at = usize::try_from(figure).unwrap_or(usize::MAX);
        let (Some(declared), Some(name)) = (self.rules.figures.get(at), self.names.figures.get(at))
        else {
            return;
        };
        let ty = declared.value.ty.required();
        let money_scale = match ty {
            Type::Money(currency) => scale(self.rules, *currency),
            _ => 0,
        };
        let wanted_cell = match (wanted, ty) {
            // A figure is exact: it need not be whole units.
            (Constant::Number(number), _) => Some(Cell::Number(number.clone())),
            (wanted, ty) => constant(self.rules, ty, wanted),
        };
        let of_key =
            self.event.figures.iter().find(|(known, key, _)| *known == figure && is_key(key, keys));
        let same =
            |one: &Cell, other: &Cell| match (exact(one, money_scale), exact(other, money_scale)) {
                (Some(one), Some(other)) => one == other,
                _ => one == other,
            };
        let value = of_key.map(|(_, _, value)| value);
        if let (Some(value), Some(wanted)) = (value, &wanted_cell)
            && same(value, wanted)
        {
            return;
        }
        let text = |cell: &Cell| match exact(cell, money_scale) {
            Some(number) => grouped_exact(&number, money_scale),
            None => file_text(cell, &name.kind, self.names),
        };
        let expected = wanted_cell.as_ref().map_or_else(String::new, &text);
        let expected = Words::new(expected.clone(), expected);
        let found = match value {
            Some(value) => Words::new(text(value), text(value)),
            None => Words::new("there is no such figure", "没有此指标"),
        };
        let subject = format!("figure {}", name.name.in_language(self.language));
        self.found.push(Difference { span, subject, expected, found, by: None });
    }

    fn differ(&mut self, payee: &Payee, wanted: Money, found: Money, scale: u8, span: Span) {
        let subject = match payee {
            None => "undetermined".to_owned(),
            Some((account, key)) => {
                let at = usize::try_from(*account).unwrap_or(usize::MAX);
                let mut plain = self.names.accounts.get(at).cloned();
                if let Some(account) = &mut plain {
                    // An example names the account as the rules do, not by its code in files.
                    account.code = None;
                }
                plain.map_or_else(String::new, |account| account_text(&account, key, self.names))
            }
        };
        let label = |amount: Money| money_label(amount, scale);
        let by = found
            .checked_sub(wanted)
            .map(|by| if by.is_negative() { label(by) } else { format!("+{}", label(by)) });
        let expected = Words::new(label(wanted), label(wanted));
        let found = Words::new(label(found), label(found));
        self.found.push(Difference { span, subject, expected, found, by });
    }

    fn add(&mut self, subject: &str, expected: Words, found: Words) {
        let subject = subject.to_owned();
        self.found.push(Difference { span: self.span, subject, expected, found, by: None });
    }

    fn scale(&self) -> u8 {
        let at = usize::try_from(self.event.event).unwrap_or(usize::MAX);
        self.names.events.get(at).map_or(2, |table| table.currency.scale)
    }
}

/// A row's key as a figure has it, named in an example by its first fields.
fn is_key(have: &[Cell], wanted: &[Cell]) -> bool {
    let flat: Vec<&Cell> = have
        .iter()
        .flat_map(|cell| match cell {
            Cell::Record(cells) => cells.iter().collect(),
            other => vec![other],
        })
        .collect();
    let named = wanted.iter().enumerate().all(|(at, part)| flat.get(at) == Some(&part));
    // A row of a list is told by its place alone.
    named || matches!(flat.as_slice(), [Cell::Integer(_)])
}
