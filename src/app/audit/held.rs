//! Row by row: what a table gives against what is due.

use std::collections::{HashMap, HashSet};

use crate::base::Money;
use crate::desk::{AccountTotal, Amounts, AuditRow, Illegible, Missing, Verdict};
use crate::formats::{ForeignRow, ForeignTable};
use crate::report::names::{Kind, Names};
use crate::rows::{Reason, Unreadable};

use super::amounts::{Written, cut_short};
use super::columns::{Columns, Naming, Shape, is_sent};
use super::dues::{Account, Due, Dues, Identity};
use super::spoken::{KnownAccounts, Spoken};

/// Holds every row against what the rules give.
pub(super) fn held(
    table: &ForeignTable,
    (columns, written): (&Columns, Written),
    dues: &Dues,
    (names, known): (&Names, &KnownAccounts<'_>),
) -> Held {
    let headings = headings(columns, &table.header);
    let (accounts, rows, held_by) = (Vec::new(), Vec::new(), HashMap::new());
    let mut holder =
        Holder { columns, written, dues, names, known, headings, accounts, rows, held_by };
    let mut places: HashMap<(Option<String>, Option<Identity>, bool), usize> = HashMap::new();
    for row in &table.rows {
        let (event, identity) = holder.event_of(row);
        let is_total = holder.is_total(row, identity.as_ref());
        // A table of accounts has several rows for an event: they are held against it together.
        let new = holder.rows.len();
        let place = match &columns.shape {
            Shape::Wide(_) => new,
            Shape::Long { .. } if event.is_none() => new,
            Shape::Long { .. } => {
                *places.entry((event.clone(), identity.clone(), is_total)).or_insert(new)
            }
        };
        if place == new {
            holder.rows.push(Gathered {
                lines: Vec::new(),
                event,
                identity,
                given: Vec::new(),
                total: row.total.clone(),
                is_total,
                fault: None,
            });
        }
        holder.gather(place, row, &table.header);
    }
    holder.finish()
}

/// What the table itself calls each account, where it has a column for one.
fn headings(columns: &Columns, header: &[String]) -> Vec<(Spoken, String)> {
    let Shape::Wide(accounts) = &columns.shape else { return Vec::new() };
    let mut headings: Vec<(Spoken, String)> = Vec::new();
    for (at, spoken) in accounts {
        let heading = header.get(*at).map_or("", |heading| heading.trim());
        match headings.iter_mut().find(|(known, _)| known == spoken) {
            // Two columns of one account are added up.
            Some((_, known)) => *known = format!("{known} + {heading}"),
            None => headings.push((spoken.clone(), heading.to_owned())),
        }
    }
    headings
}

/// The code of a currency, by whatever Chinese tables call it.
fn code_of(text: &str) -> String {
    let code = match text {
        "人民币" | "元" | "RMB" => "CNY",
        "日元" => "JPY",
        "美元" => "USD",
        "欧元" => "EUR",
        "港元" | "港币" => "HKD",
        code => code,
    };
    code.to_ascii_uppercase()
}

/// A table held against what the rules give.
pub(super) struct Held {
    pub rows: Vec<HeldRow>,
    pub accounts: Vec<AccountTotal>,
    /// Events that the table does not have.
    pub without_row: Vec<Missing>,
}

/// What a table says of one event, and what came of it.
pub(super) struct HeldRow {
    pub row: AuditRow,
    /// What the table gives, whatever is due.
    all: Vec<Given>,
    identity: Option<Identity>,
}

impl HeldRow {
    /// Whether other dues are exactly what the table gives.
    pub fn follows(&self, (columns, written): (&Columns, Written), theirs: &Dues) -> bool {
        if !matches!(self.row.verdict, Verdict::Agrees | Verdict::Off { .. }) {
            return false;
        }
        let due = self.identity.as_ref().and_then(|identity| theirs.find(identity)).flatten();
        let Some(Ok(paid)) = due.map(|due| &due.outcome) else { return false };
        let same = self.all.iter().all(|it| {
            let due = sum(paid, &it.spoken);
            due.is_some_and(|due| written.agree((it.amount, it.cells), due, self.row.scale))
        });
        // A table with a column for some accounts says nothing of the others.
        let wide = matches!(columns.shape, Shape::Wide(_));
        let named = |account| wide || self.all.iter().any(|it| it.spoken.is(account));
        same && paid.iter().all(|(account, amount)| amount.is_zero() || named(account))
    }
}

/// What a list of payments gives to what a table calls an account.
fn sum(paid: &[(Account, Money)], spoken: &Spoken) -> Option<Money> {
    let own = paid.iter().filter(|(account, _)| spoken.is(account));
    own.map(|(_, amount)| *amount).try_fold(Money::ZERO, Money::checked_add)
}

/// What a table gives to what it calls an account.
#[derive(Debug, Clone)]
struct Given {
    spoken: Spoken,
    amount: Money,
    /// Of so many cells together.
    cells: u32,
}

/// What a table says of an event, gathered.
struct Gathered {
    lines: Vec<u64>,
    event: Option<String>,
    identity: Option<Identity>,
    /// As far as the cells could be read.
    given: Vec<Given>,
    /// The word for totals that its first row has.
    total: Option<String>,
    /// Whether it stands for no event of its own, and so is the total it calls itself.
    is_total: bool,
    fault: Option<Verdict>,
}

struct Holder<'h> {
    columns: &'h Columns,
    written: Written,
    dues: &'h Dues,
    names: &'h Names,
    known: &'h KnownAccounts<'h>,
    headings: Vec<(Spoken, String)>,
    accounts: Vec<(Spoken, AccountTotal)>,
    rows: Vec<Gathered>,
    /// The line that each event is held against.
    held_by: HashMap<Identity, u64>,
}

impl Holder<'_> {
    /// How a row names its event, if it does, and that event.
    fn event_of(&self, row: &ForeignRow) -> (Option<String>, Option<Identity>) {
        if row.broken.is_some() || self.no_key(row).is_some() {
            return (None, None);
        }
        let cell = |at: &usize| row.cells.get(*at).map_or("", |cell| cell.trim());
        match &self.columns.naming {
            Naming::ByLine { kinds } => {
                let identity = Identity::Line(row.line);
                let key = self.dues.find(&identity).flatten().map(|due| due.key.clone());
                // What is no event that can be read may have a key all the same.
                let called = || {
                    let keys =
                        kinds.iter().map(|(_, of)| -> Vec<&str> { of.iter().map(cell).collect() });
                    let mut whole = keys.filter(|key| key.iter().all(|part| !part.is_empty()));
                    whole.next().map(|key| key.join("/"))
                };
                let named = key.or_else(|| row.total.is_none().then(called).flatten());
                (named, Some(identity))
            }
            Naming::ByKey { kinds, says } => {
                let said = says.as_ref().map(cell).filter(|said| !said.is_empty());
                let is_said = |kind: u32| {
                    let table = usize::try_from(kind).ok().and_then(|at| self.names.events.get(at));
                    match said {
                        None => is_sent(kind, self.names),
                        Some(said) => {
                            table.is_some_and(|table| table.name.spellings().any(|own| own == said))
                        }
                    }
                };
                // A key is taken as it stands, or else without the blanks around its parts.
                let by = |cell: fn(&str) -> &str| {
                    let kinds = kinds.iter().filter(|(kind, _)| is_said(*kind));
                    kinds.map(move |(kind, of)| {
                        let part = |at: &usize| row.cells.get(*at).map_or("", |it| cell(it));
                        let key: Vec<&str> = of.iter().map(part).collect();
                        Identity::Key(*kind, key.join("/"))
                    })
                };
                let known = |identity: &Identity| self.dues.find(identity).is_some();
                let mut all = by(|cell| cell).chain(by(str::trim));
                let found = all.find(known).or_else(|| by(str::trim).next());
                match found {
                    Some(Identity::Key(kind, key)) => {
                        (Some(key.clone()), Some(Identity::Key(kind, key)))
                    }
                    _ => (None, None),
                }
            }
        }
    }

    /// Whether a row that has a word for totals is one: it names no event, or no account of one.
    fn is_total(&self, row: &ForeignRow, identity: Option<&Identity>) -> bool {
        let event = identity.and_then(|identity| self.dues.find(identity));
        let account = match &self.columns.shape {
            Shape::Wide(_) => None,
            Shape::Long { account, .. } => row.cells.get(*account),
        };
        let no_account = |cell: &String| self.known.named(cell).is_none();
        row.total.is_some() && (event.is_none() || account.is_some_and(no_account))
    }

    /// A column of the key of a row's event whose cell has lost digits or shows others, and why nothing
    /// can be read there.
    fn no_key(&self, row: &ForeignRow) -> Option<(usize, Unreadable)> {
        let Naming::ByKey { kinds, says } = &self.columns.naming else { return None };
        let keys = kinds.iter().flat_map(|(kind, of)| {
            let table = usize::try_from(*kind).ok().and_then(|at| self.names.events.get(at));
            of.iter().enumerate().map(move |(part, at)| {
                let field = table.and_then(|table| table.fields.get(*table.key.get(part)?));
                (*at, field.is_none_or(|it| matches!(it.kind, Kind::Text | Kind::Member(_))))
            })
        });
        let mut all = keys.chain(says.iter().map(|at| (*at, true)));
        all.find_map(|(at, is_code)| Some((at, no_code(row, at, is_code)?)))
    }

    /// The column by which a row is in another currency than events of a kind.
    fn other_money(&self, row: &ForeignRow, kind: u32) -> Option<usize> {
        let Shape::Long { currency, .. } = &self.columns.shape else { return None };
        let said = |at: &usize| row.cells.get(*at).map_or("", |cell| cell.trim());
        let code = self.names.currency(kind).code;
        currency.filter(|at| !said(at).is_empty() && code_of(said(at)) != code)
    }

    /// Adds a row of the table to what it says of an event.
    fn gather(&mut self, place: usize, row: &ForeignRow, header: &[String]) {
        let Some(gathered) = self.rows.get(place) else { return };
        let due = gathered.identity.as_ref().and_then(|identity| self.dues.find(identity));
        let kind = due.flatten().map_or(0, |due| due.kind);
        let scale = self.names.currency(kind).scale;
        let cell = |at: usize| row.cells.get(at).map_or("", String::as_str);
        let written = self.written;
        let mut given: Vec<(Spoken, Money)> = Vec::new();
        let mut fault = None;
        let unreadable = |at: usize, why: Illegible| {
            let column = header.get(at).cloned().unwrap_or_default();
            Verdict::Unreadable { column, value: cell(at).to_owned(), why }
        };
        let seen = |at: usize| !row.shows_another_amount(at, written.in_unit());
        let amount = |at: usize| written.amount(cell(at), scale).filter(|_| seen(at));
        let no_amount = |at: usize| {
            let why = match seen(at) {
                true => written.no_amount(cell(at), scale),
                false => Unreadable::ShownOtherwise,
            };
            unreadable(at, Illegible::Cell(why))
        };
        let no_code = self.no_key(row).or_else(|| match &self.columns.shape {
            Shape::Long { account, .. } => Some((*account, no_code(row, *account, true)?)),
            Shape::Wide(_) => None,
        });
        let other = due.flatten().and_then(|due| self.other_money(row, due.kind));
        match (&self.columns.shape, row.broken) {
            (_, Some(why)) => {
                let (column, value) = (String::new(), cell(0).to_owned());
                fault = Some(Verdict::Unreadable { column, value, why: Illegible::Cell(why) });
            }
            _ if no_code.is_some() => {
                fault = no_code.map(|(at, why)| unreadable(at, Illegible::Cell(why)));
            }
            (Shape::Wide(accounts), None) => {
                for (at, spoken) in accounts {
                    match amount(*at) {
                        Some(amount) => given.push((spoken.clone(), amount)),
                        None => fault = Some(no_amount(*at)),
                    }
                }
            }
            (Shape::Long { .. }, None) if other.is_some() => {
                fault = other.map(|at| unreadable(at, Illegible::OtherMoney));
            }
            (Shape::Long { account, amount: of, .. }, None) => {
                match (self.known.named(cell(*account)), amount(*of)) {
                    (Some(spoken), Some(amount)) => given.push((spoken, amount)),
                    (None, _) => fault = Some(unreadable(*account, Illegible::NoAccount)),
                    (_, None) => fault = Some(no_amount(*of)),
                }
            }
        }
        let Some(gathered) = self.rows.get_mut(place) else { return };
        gathered.lines.push(row.line);
        gathered.fault = gathered.fault.take().or(fault);
        for (spoken, amount) in given {
            match gathered.given.iter_mut().find(|it| it.spoken == spoken) {
                Some(sum) => match sum.amount.checked_add(amount) {
                    Some(more) => (sum.amount, sum.cells) = (more, sum.cells.saturating_add(1)),
                    None => {
                        let (column, value) = (header.join(","), amount.format(scale));
                        let why = Illegible::Cell(Unreadable::OutOfRange);
                        gathered.fault = Some(Verdict::Unreadable { column, value, why });
                    }
                },
                None => gathered.given.push(Given { spoken, amount, cells: 1 }),
            }
        }
    }

    fn finish(mut self) -> Held {
        let mut rows = Vec::with_capacity(self.rows.len());
        for gathered in std::mem::take(&mut self.rows) {
            rows.push(self.judged(gathered));
        }
        let spoken_for: HashSet<(u32, &str)> = rows
            .iter()
            .filter(|held| !matches!(held.row.verdict, Verdict::Total { .. }))
            .filter_map(|held| held.identity.as_ref().and_then(|it| self.dues.find(it)).flatten())
            .map(|due| (due.kind, due.key.as_str()))
            .collect();
        let dues = self.dues.events.iter();
        let missing = dues.filter(|due| !spoken_for.contains(&(due.kind, due.key.as_str())));
        let without_row = missing.filter_map(|due| self.missing(due)).collect();
        let accounts = self.accounts.into_iter().map(|(_, total)| total).collect();
        Held { rows, accounts, without_row }
    }

    /// An event that the table does not have: what is due to it counts all the same. What a calendar or
    /// a stage makes, and in a table of accounts every event, is missed only where it gives something to
    /// accounts that the table speaks of.
    fn missing(&mut self, due: &Due) -> Option<Missing> {
        let Ok(paid) = &due.outcome else { return None };
        let owed: Vec<(Spoken, Money)> = match &self.columns.shape {
            Shape::Wide(_) => {
                let columns = self.headings.iter();
                columns.filter_map(|(it, _)| Some((it.clone(), sum(paid, it)?))).collect()
            }
            Shape::Long { .. } => {
                paid.iter().map(|(to, amount)| (self.spoken_of(to, due.kind), *amount)).collect()
            }
        };
        let mut amounts: Vec<Amounts> = Vec::new();
        for (spoken, owed) in owed.into_iter().filter(|(_, owed)| !owed.is_zero()) {
            let account = self.add(&spoken, due.kind, Money::ZERO, owed);
            amounts.push(Amounts { account, given: Money::ZERO, due: owed, agree: false });
        }
        let wide = matches!(self.columns.shape, Shape::Wide(_));
        let told = (wide && is_sent(due.kind, self.names)) || !amounts.is_empty();
        let (kind, key, scale) = (due.kind, due.key.clone(), self.names.currency(due.kind).scale);
        told.then_some(Missing { kind, key, scale, amounts })
    }

    /// What a table with a row for each account calls an account: by itself, with its family, or not.
    fn spoken_of(&self, account: &Account, kind: u32) -> Spoken {
        let currency = self.names.currency_of(kind);
        let known = |alone: bool| {
            self.accounts.iter().map(|(spoken, total)| (spoken, total.currency)).find(
                |(spoken, of)| {
                    *of == currency
                        && spoken.is(account)
                        && matches!(spoken, Spoken::One(_)) == alone
                },
            )
        };
        let known = known(true).or_else(|| known(false));
        known.map_or_else(|| Spoken::One(account.text.clone()), |(spoken, _)| spoken.clone())
    }

    /// What came of an event that the table speaks of.
    fn judged(&mut self, gathered: Gathered) -> HeldRow {
        let dues = self.dues;
        let found = gathered.identity.as_ref().and_then(|identity| dues.find(identity));
        let kind = found.flatten().map_or(0, |due| due.kind);
        let row = AuditRow {
            lines: gathered.lines,
            event: gathered.event,
            kind,
            scale: self.names.currency(kind).scale,
            verdict: Verdict::Agrees,
            amounts: Vec::new(),
            explained_by: Vec::new(),
        };
        let mut held = HeldRow { row, all: gathered.given, identity: gathered.identity };
        let verdict = match (gathered.fault, found) {
            _ if gathered.is_total => Verdict::NoEvent,
            (Some(fault), _) => fault,
            (None, None) => match held.identity.as_ref().and_then(|it| dues.unread_of(it)) {
                Some((column, value, why)) => Verdict::Unreadable {
                    column: column.clone(),
                    value: value.clone(),
                    why: Illegible::Cell(*why),
                },
                None => Verdict::NoEvent,
            },
            (None, Some(None)) => Verdict::Several,
            (None, Some(Some(due))) => match &due.outcome {
                Err(reason) => Verdict::SetAside(reason.clone()),
                Ok(paid) => match self.held_before(&held) {
                    Some(line) => Verdict::Again { line },
                    None => self.compared(&mut held, paid),
                },
            },
        };
        held.row.verdict = match (gathered.total, verdict) {
            (
                Some(word),
                Verdict::NoEvent | Verdict::Again { .. } | Verdict::SetAside(Reason::DuplicateKey),
            ) => Verdict::Total { word },
            (_, verdict) => verdict,
        };
        // What the table gives for nothing is given all the same: paid twice, it shows in the totals.
        let for_nothing = match &held.row.verdict {
            Verdict::NoEvent | Verdict::Several | Verdict::Again { .. } | Verdict::SetAside(_) => {
                true
            }
            Verdict::Agrees
            | Verdict::Off { .. }
            | Verdict::Total { .. }
            | Verdict::Unreadable { .. } => false,
        };
        if for_nothing {
            for it in &held.all {
                self.add(&it.spoken, held.row.kind, it.amount, Money::ZERO);
            }
        }
        held
    }

    /// The line that an event was held against before; else notes the one that it is held against now.
    fn held_before(&mut self, held: &HeldRow) -> Option<u64> {
        let identity = held.identity.as_ref()?;
        if let Some(line) = self.held_by.get(identity) {
            return Some(*line);
        }
        self.held_by.insert(identity.clone(), *held.row.lines.first()?);
        None
    }

    /// Holds the amounts of an event against what is due.
    fn compared(&mut self, held: &mut HeldRow, paid: &[(Account, Money)]) -> Verdict {
        let wide = matches!(self.columns.shape, Shape::Wide(_));
        // In a table of accounts those that it leaves out get nothing by it.
        let left_out = paid.iter().filter(|(account, amount)| {
            !wide && !amount.is_zero() && !held.all.iter().any(|it| it.spoken.is(account))
        });
        let left_out: Vec<Given> = left_out
            .map(|(account, _)| {
                let spoken = Spoken::One(account.text.clone());
                Given { spoken, amount: Money::ZERO, cells: 1 }
            })
            .collect();
        held.all.extend(left_out);
        let (mut agrees, mut by_a_unit) = (true, true);
        let row = &mut held.row;
        for Given { spoken, amount, cells } in &held.all {
            let given = *amount;
            let Some(due) = sum(paid, spoken) else {
                let (column, value) = (self.called(spoken), given.format(row.scale));
                let why = Illegible::Cell(Unreadable::OutOfRange);
                return Verdict::Unreadable { column, value, why };
            };
            let account = self.add(spoken, row.kind, given, due);
            let agree = self.written.agree((given, *cells), due, row.scale);
            if !given.is_zero() || !due.is_zero() {
                row.amounts.push(Amounts { account, given, due, agree });
            }
            agrees &= agree;
            by_a_unit &= self.written.by_a_unit(given, due, row.scale);
        }
        if agrees { Verdict::Agrees } else { Verdict::Off { by_a_unit } }
    }

    /// Adds to an account's total; gives its place.
    fn add(&mut self, spoken: &Spoken, kind: u32, given: Money, due: Money) -> usize {
        let account = self.account(spoken, kind);
        if let Some((_, total)) = self.accounts.get_mut(account) {
            total.given = total.given.and_then(|sum| sum.checked_add(given));
            total.due = total.due.and_then(|sum| sum.checked_add(due));
        }
        account
    }

    /// The place of an account's total.
    fn account(&mut self, spoken: &Spoken, kind: u32) -> usize {
        let currency = self.names.currency_of(kind);
        let known =
            |(own, total): &(Spoken, AccountTotal)| own == spoken && total.currency == currency;
        if let Some(known) = self.accounts.iter().position(known) {
            return known;
        }
        let (given, due) = (Some(Money::ZERO), Some(Money::ZERO));
        let (name, account) = (self.called(spoken), self.account_of(spoken));
        let total = AccountTotal { name, account, currency, given, due };
        self.accounts.push((spoken.clone(), total));
        self.accounts.len() - 1
    }

    /// What an account is called: as the table heads its column, else as files write it.
    fn called(&self, spoken: &Spoken) -> String {
        let heading = self.headings.iter().find(|(known, _)| known == spoken);
        heading.map_or_else(|| self.account_of(spoken), |(_, heading)| heading.clone())
    }

    /// An account as files write it.
    fn account_of(&self, spoken: &Spoken) -> String {
        match spoken {
            Spoken::One(text) => text.clone(),
            Spoken::Family(family) => {
                let at = usize::try_from(*family).ok();
                let account = at.and_then(|at| self.names.accounts.get(at));
                account.map_or_else(String::new, |account| account.name.text.clone())
            }
        }
    }
}

/// Why no code, or number, can be read in a cell.
fn no_code(row: &ForeignRow, at: usize, is_code: bool) -> Option<Unreadable> {
    if row.cut.contains(&at) {
        return Some(cut_short(row.cells.get(at).map_or("", String::as_str)));
    }
    (is_code && row.shows_another_code(at)).then_some(Unreadable::ShownOtherwise)
}
