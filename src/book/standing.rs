//! By which entries events stand: corrections take the place of what they correct.

use std::collections::HashMap;

use super::entry::{Entry, Outcome};
use super::identity::Identity;
use super::journal::settled_key;
use super::keys::Key;
use super::{Book, BookError, Drafts};

/// What became of an event since its entry.
#[derive(Debug)]
pub(super) enum Since {
    /// It stands by an entry: its own, or the latest that corrects it.
    Stands(u64),
    /// A correction sets it aside.
    SetAside(u64, Outcome),
    /// A correction withdraws it.
    Withdrawn,
}

/// How an event was set aside.
#[derive(Debug)]
pub(crate) struct Aside {
    /// The entry of the event.
    pub(crate) entry: u64,
    /// The entry that sets it aside: its own, or that of a correction.
    pub(crate) by: u64,
    /// How a correction sets it aside; nothing, where its own entry says it.
    pub(crate) outcome: Option<Outcome>,
}

impl Book {
    /// For each identity the entry by which the event stands allocated: its own, or that of its
    /// latest correction. None if it never was, was withdrawn, or came to be set aside.
    ///
    /// # Errors
    /// The store fails, or an entry cannot be read.
    pub fn standing(&mut self, of: &[Identity]) -> Result<Vec<Option<u64>>, BookError> {
        self.standing_by(&of.iter().map(Identity::allocated).collect::<Vec<Key>>())
    }

    /// The same for events that were written.
    pub(crate) fn standing_drafts(&mut self, of: &Drafts) -> Result<Vec<Option<u64>>, BookError> {
        self.standing_by(&of.iter().map(|draft| draft.allocated).collect::<Vec<Key>>())
    }

    /// For each identity the last entry under which the event was posted, whatever became of it.
    ///
    /// # Errors
    /// The store fails.
    pub(crate) fn latest(&mut self, of: &[Identity]) -> Result<Vec<Option<u64>>, BookError> {
        let allocated = self.find(&of.iter().map(Identity::allocated).collect::<Vec<Key>>())?;
        let aside = self.find(&of.iter().map(Identity::set_aside).collect::<Vec<Key>>())?;
        Ok(allocated.into_iter().zip(aside).map(|(one, other)| one.max(other)).collect())
    }

    /// Whether an entry before this one is of the event, whatever became of it.
    ///
    /// # Errors
    /// The store fails.
    pub(crate) fn was_posted_before(
        &mut self,
        of: &Identity,
        entry: u64,
    ) -> Result<bool, BookError> {
        let found = self.find_each(&[of.allocated(), of.set_aside()])?;
        Ok(found.iter().any(|(_, of)| *of < entry))
    }

    /// How an event was set aside and is since, in the order of the entries that set it aside.
    ///
    /// # Errors
    /// The store fails, or an entry cannot be read.
    pub(crate) fn set_aside(&mut self, of: &Identity) -> Result<Vec<Aside>, BookError> {
        let asides = self.asides(&[(of.set_aside(), of.allocated())])?;
        Ok(asides.into_iter().map(|(_, aside)| aside).collect())
    }

    /// The same for events that have the one key when they are set aside, and the other when they are
    /// allocated; each with the first.
    pub(super) fn asides(&mut self, keys: &[(Key, Key)]) -> Result<Vec<(Key, Aside)>, BookError> {
        let under = keys.iter().copied();
        let under: HashMap<Key, (Key, bool)> = under
            .flat_map(|(aside, allocated)| [(aside, (aside, true)), (allocated, (aside, false))])
            .collect();
        let mut keys: Vec<Key> = keys.iter().flat_map(|(one, other)| [*one, *other]).collect();
        keys.sort_unstable();
        keys.dedup();
        let found = self.find_each(&keys)?;
        let settled: Vec<Key> = found.iter().map(|(_, entry)| settled_key(*entry)).collect();
        let settled = self.find(&settled)?;
        let mut asides = Vec::with_capacity(found.len());
        for ((key, entry), settled) in found.into_iter().zip(settled) {
            let Some((key, posted_so)) = under.get(&key).copied() else { continue };
            let since = match settled {
                Some(_) => self.since(entry)?,
                None => Since::Stands(entry),
            };
            let (by, outcome) = match since {
                Since::Stands(by) if posted_so => (by, None),
                Since::SetAside(by, outcome) => (by, Some(outcome)),
                Since::Stands(_) | Since::Withdrawn => continue,
            };
            asides.push((key, Aside { entry, by, outcome }));
        }
        asides.sort_unstable_by_key(|(_, aside)| aside.by);
        Ok(asides)
    }

    fn standing_by(&mut self, keys: &[Key]) -> Result<Vec<Option<u64>>, BookError> {
        let found = self.find(keys)?;
        found
            .into_iter()
            .map(|entry| match entry {
                Some(entry) => self.in_force(entry),
                None => Ok(None),
            })
            .collect()
    }

    /// The entry that corrects an entry, or settles a dispute.
    ///
    /// # Errors
    /// The store fails.
    pub fn settled_by(&mut self, number: u64) -> Result<Option<u64>, BookError> {
        let found = self.find(&[settled_key(number)])?;
        Ok(found.first().copied().flatten())
    }

    /// The entry by which an event stands; none if it was withdrawn, or came to be set aside.
    pub(super) fn in_force(&mut self, entry: u64) -> Result<Option<u64>, BookError> {
        Ok(match self.since(entry)? {
            Since::Stands(by) => Some(by),
            Since::SetAside(..) | Since::Withdrawn => None,
        })
    }

    /// Follows the corrections of an entry to the one in force.
    pub(super) fn since(&mut self, entry: u64) -> Result<Since, BookError> {
        let mut since = Since::Stands(entry);
        let mut standing = entry;
        while let Some(by) = self.settled_by(standing)? {
            since = match self.entry(by)? {
                // A correction stands after what it corrects; another order is damage.
                _ if by <= standing => return Err(BookError::Damaged { entry: by }),
                Entry::Correction(it) => match it.outcome {
                    None => return Ok(Since::Withdrawn),
                    Some(Outcome::Allocated { .. }) => Since::Stands(by),
                    Some(aside @ Outcome::SetAside { .. }) => Since::SetAside(by, aside),
                },
                _ => since,
            };
            standing = by;
        }
        Ok(since)
    }
}
