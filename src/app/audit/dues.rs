//! What each event should have given, by account as files write it.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::convert::Infallible;

use crate::app::book::Translator;
use crate::app::keys::key_text;
use crate::app::reading::Batches;
use crate::app::run::{Job, RunReport, listen};
use crate::base::Money;
use crate::book;
use crate::formats::{FormatsError, Unread};
use crate::report::names::Names;
use crate::report::values::account_text;
use crate::rows::{Accounts, EventAt, Outcome, Payee, Reason, Sink, Told, Unreadable};

/// How an event is found: the same in every variant.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Identity {
    /// By the line of the table, which is itself the file of events.
    Line(u64),
    /// By kind and key.
    Key(u32, String),
}

/// An account as files write it, and the family it belongs to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Account {
    pub text: String,
    /// By position among the declared; none for what is undetermined.
    pub family: Option<u32>,
}

/// What one event gives.
#[derive(Debug)]
pub(super) struct Due {
    pub kind: u32,
    pub key: String,
    pub outcome: Result<Vec<(Account, Money)>, Reason>,
}

/// What every event gives, also those that a calendar or a stage makes.
#[derive(Debug, Default)]
pub(super) struct Dues {
    pub events: Vec<Due>,
    /// What cannot be read of the first file of events, by line: its column, what stands there and why.
    pub unread: BTreeMap<u64, (String, String, Unreadable)>,
    /// Where an identity stands; nowhere if several events have it.
    places: HashMap<Identity, Option<usize>>,
}

/// How the file writes what no rule gives to anybody.
pub(super) const UNDETERMINED: &str = "undetermined";

/// Rules that declare things of their own, and the names by which the audit speaks.
#[derive(Debug)]
pub(super) struct Abroad<'a> {
    pub names: &'a Names,
    pub translator: Translator<'a>,
}

/// Runs a rule set and keeps what each event gives, told by the names of the audit.
pub(super) fn dues(
    job: &Job<'_>,
    abroad: Option<&Abroad<'_>>,
) -> Result<(Dues, RunReport), FormatsError> {
    let mut listener = Listener { names: job.names, abroad, dues: Dues::default() };
    let report = listen(job, &mut listener)?;
    Ok((listener.dues, report))
}

/// What cannot be read of the first file of events, by line.
pub(super) fn unread(
    job: &Job<'_>,
) -> Result<BTreeMap<u64, (String, String, Unreadable)>, FormatsError> {
    let mut found = BTreeMap::new();
    let mut unread = |rows: Vec<Unread>| {
        for row in rows.into_iter().filter(|row| row.origin.file == 0) {
            if let Reason::Unreadable { column, value, why } = row.reason {
                let column = column.as_deref().unwrap_or_default().to_owned();
                found.insert(row.origin.line, (column, value.to_string(), why));
            }
        }
        Ok(())
    };
    let remarks = RefCell::new(Vec::new());
    for batch in Batches::new(job.to_read(), &mut unread, &remarks) {
        batch?;
    }
    Ok(found)
}

impl Dues {
    /// Why a row of the table, which is the file of events, is no event that can be read: the column, what
    /// stands there and what is wrong with it.
    pub fn unread_of(&self, identity: &Identity) -> Option<&(String, String, Unreadable)> {
        let Identity::Line(line) = identity else { return None };
        self.unread.get(line)
    }

    /// The accounts that events give something to.
    pub fn accounts(&self) -> impl Iterator<Item = &Account> {
        let paid = self.events.iter().filter_map(|due| due.outcome.as_ref().ok());
        paid.flatten().map(|(account, _)| account)
    }

    /// The event, if there is one; `None` inside if several have this identity.
    pub fn find(&self, identity: &Identity) -> Option<Option<&Due>> {
        let place = self.places.get(identity)?;
        Some(place.and_then(|place| self.events.get(place)))
    }
}

struct Listener<'n> {
    names: &'n Names,
    abroad: Option<&'n Abroad<'n>>,
    dues: Dues,
}

impl Sink for Listener<'_> {
    type Error = Infallible;

    fn told(&mut self, told: Told<'_>, accounts: &dyn Accounts) -> Result<(), Infallible> {
        self.event(told.event(), told.outcome(), accounts);
        Ok(())
    }
}

impl Listener<'_> {
    fn event(&mut self, event: EventAt<'_>, outcome: Outcome<'_>, accounts: &dyn Accounts) {
        let kind = match self.abroad.map(|abroad| abroad.translator.kind(event.batch.event)) {
            None => event.batch.event,
            Some(Some(kind)) => kind,
            // The table cannot speak of events that the rules of the audit do not have.
            Some(None) => return,
        };
        let key = key_text(event, self.names);
        // The first row of a key stands, whatever comes after it.
        let again = matches!(outcome, Outcome::SetAside { reason: Reason::DuplicateKey, .. });
        let outcome = match outcome {
            Outcome::SetAside { reason, .. } => Err(reason.clone()),
            Outcome::Allocated { allocations, .. } => {
                let mut paid: Vec<(Account, Money)> = Vec::new();
                for allocation in allocations {
                    let account = self.account(allocation.payee, accounts);
                    match paid.iter_mut().find(|(known, _)| *known == account) {
                        // The engine has summed these amounts already, so the sum is in range.
                        Some((_, sum)) => *sum = sum.checked_add(allocation.amount).unwrap_or(*sum),
                        None => paid.push((account, allocation.amount)),
                    }
                }
                Ok(paid)
            }
        };
        let place = self.dues.events.len();
        if let Some(origin) = event.batch.origins.get(event.row).filter(|origin| origin.file == 0) {
            self.dues.places.insert(Identity::Line(origin.line), Some(place));
        }
        if !again {
            let by_key = self.dues.places.entry(Identity::Key(kind, key.clone()));
            by_key.and_modify(|known| *known = None).or_insert(Some(place));
        }
        self.dues.events.push(Due { kind, key, outcome });
    }

    fn account(&self, payee: Payee, accounts: &dyn Accounts) -> Account {
        let Payee::Account(position) = payee else {
            return Account { text: UNDETERMINED.to_owned(), family: None };
        };
        let Some((family, key)) = accounts.account(position) else {
            return Account { text: position.to_string(), family: None };
        };
        let (family, key, names) = match self.abroad {
            None => (family, key.to_vec(), self.names),
            Some(abroad) => {
                let account = book::Account { family, key: key.to_vec() };
                match abroad.translator.account(&account) {
                    Some(account) => (account.family, account.key, abroad.names),
                    // Whatever it is called, it is none of the audit's.
                    None => return Account { text: String::new(), family: None },
                }
            }
        };
        let declared = usize::try_from(family).ok().and_then(|at| names.accounts.get(at));
        match declared {
            Some(account) => {
                Account { text: account_text(account, &key, names), family: Some(family) }
            }
            None => Account { text: position.to_string(), family: None },
        }
    }
}
