//! Which keys sign for a book, by the entries that say so.
//!
//! The first key that a book names signs for it from there on. Every other change of keys is signed by
//! a key that signs already: right after the entries that tell it stands a checkpoint of the book up to
//! there, whose text names the changes. Changes without such a signature are said, and have no effect:
//! whoever may add entries cannot make himself the signer, nor take the signers away.

use crate::book::{Checkpoint, Entry, KeyChange, Note, NoteError, Signed, Signer, VerifierKey};

/// A key that signs or signed for a book, by its history in the book.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptKey {
    /// The verifier key.
    pub key: VerifierKey,
    /// The entry by which it began to sign.
    pub added: u64,
    /// The entry by which it ceased to.
    pub retired: Option<u64>,
}

/// The keys whose signatures are looked at.
#[derive(Debug, Clone, Copy)]
pub(super) enum Known<'k> {
    /// All that the book names, whenever they sign: they count by its word.
    Named(&'k [VerifierKey]),
    /// Those that whoever asks trusts.
    Trusted(&'k [VerifierKey]),
}

/// Kinds of entries that bear on keys.
pub(super) const ON_KEYS: [&str; 2] = ["signer", "checkpoint"];

/// How many entries a checkpoint is of; of what is none, nothing.
pub(super) fn size_of(note: &str) -> u64 {
    let checkpoint = Note::parse(note).and_then(|note| Checkpoint::of(&note));
    checkpoint.map_or(0, |it| it.root.size)
}

/// Reads a checkpoint, and who signed it by the entries that it is of; of a book those are given that bear
/// on keys.
pub(super) fn signed_then(
    note: &str,
    entries: &[(u64, Entry)],
    known: &Known<'_>,
) -> Result<(Checkpoint, Vec<Signed>), NoteError> {
    Signers::by_the_first(size_of(note), entries).signed(note, known)
}

/// All keys that a book names, by its entries that bear on keys.
pub(super) fn named(entries: &[(u64, Entry)]) -> Vec<VerifierKey> {
    let kept = Signers::by_the_first(u64::MAX, entries).end().0;
    kept.into_iter().map(|it| it.key).collect()
}

/// Follows the entries that bear on keys, in order.
#[derive(Debug, Default)]
pub(super) struct Signers {
    kept: Vec<KeptKey>,
    /// Changes that await the checkpoint which signs them.
    told: Vec<(u64, Signer)>,
    unsigned: Vec<(u64, Signer)>,
}

impl Signers {
    /// By the first entries of a book, of which those are given that bear on keys.
    pub(super) fn by_the_first(size: u64, entries: &[(u64, Entry)]) -> Signers {
        let mut signers = Signers::default();
        for (number, entry) in entries.iter().take_while(|(number, _)| *number < size) {
            signers.take(*number, entry);
        }
        signers
    }

    /// Takes the next entry, if it bears on keys.
    pub(super) fn take(&mut self, number: u64, entry: &Entry) {
        match entry {
            Entry::Signer(signer) => self.change(number, signer.clone()),
            Entry::Checkpoint(checkpoint) => self.checkpoint(number, &checkpoint.note),
            _ => {}
        }
    }

    /// Reads a checkpoint of as many entries as were taken, and who signed it: of the keys that sign for
    /// the book by these entries, or of some that are trusted, as far as the book has not retired them.
    fn signed(
        &self,
        note: &str,
        known: &Known<'_>,
    ) -> Result<(Checkpoint, Vec<Signed>), NoteError> {
        let (sign, keys) = match known {
            Known::Named(all) => (self.in_force(), *all),
            Known::Trusted(keys) => (self.not_retired(keys), *keys),
        };
        let (checkpoint, mut signed) = Checkpoint::open(note, keys)?;
        let any = signed.first().map(Signed::to_string).unwrap_or_default();
        signed.retain(|it| sign.iter().any(|key| it.is_of(key)));
        match signed.is_empty() {
            true => Err(NoteError::OutOfTerm(any)),
            false => Ok((checkpoint, signed)),
        }
    }

    /// Takes a change of keys.
    fn change(&mut self, entry: u64, signer: Signer) {
        if self.told.last().is_some_and(|(last, _)| last.saturating_add(1) != entry) {
            self.unsigned.append(&mut self.told);
        }
        self.told.push((entry, signer));
        if self.kept.is_empty() {
            self.take_told();
        }
    }

    /// Takes a checkpoint that the book notes. It signs as many of the last changes as it names; others that
    /// stand before those nobody signed, and they keep nobody from signing.
    fn checkpoint(&mut self, entry: u64, note: &str) {
        let Some((last, _)) = self.told.last() else { return };
        let behind = last.saturating_add(1) == entry;
        let opened = Checkpoint::open(note, &self.in_force()).ok().filter(|_| behind);
        let signs = opened.and_then(|(checkpoint, _)| {
            let named = &checkpoint.extension;
            let before = self.told.len().checked_sub(named.len())?;
            let told = self.told.get(before..).unwrap_or_default();
            let lines = told.iter().map(|(_, it)| change_line(it.change, &it.key));
            (checkpoint.root.size == entry && lines.eq(named.iter().cloned())).then_some(before)
        });
        let unsigned = signs.unwrap_or(self.told.len());
        self.unsigned.extend(self.told.drain(..unsigned));
        self.take_told();
    }

    /// The keys that sign.
    fn in_force(&self) -> Vec<VerifierKey> {
        in_force(&self.kept)
    }

    /// All keys that the book names, and the changes that nobody signed.
    pub(super) fn end(mut self) -> (Vec<KeptKey>, Vec<(u64, Signer)>) {
        self.unsigned.append(&mut self.told);
        (self.kept, self.unsigned)
    }

    /// Keys of those given that the book has not retired.
    fn not_retired(&self, keys: &[VerifierKey]) -> Vec<VerifierKey> {
        let open =
            |key: &VerifierKey| self.kept.iter().any(|it| it.key == *key && it.retired.is_none());
        let named = |key: &VerifierKey| self.kept.iter().any(|it| it.key == *key);
        keys.iter().filter(|key| open(key) || !named(key)).cloned().collect()
    }

    fn take_told(&mut self) {
        for (entry, signer) in std::mem::take(&mut self.told) {
            // One that is no key has signed nothing and can sign nothing, and a witness's not for the book.
            let key = VerifierKey::parse(&signer.key).ok().filter(|key| !key.is_witness());
            let Some(key) = key else { continue };
            match signer.change {
                KeyChange::Added => self.kept.push(KeptKey { key, added: entry, retired: None }),
                KeyChange::Retired => {
                    let open = self.kept.iter_mut().filter(|it| it.key == key);
                    open.filter(|it| it.retired.is_none()).for_each(|it| it.retired = Some(entry));
                }
            }
        }
    }
}

/// Of some keys those that sign.
pub(super) fn in_force(kept: &[KeptKey]) -> Vec<VerifierKey> {
    let in_force = kept.iter().filter(|it| it.retired.is_none());
    in_force.map(|it| it.key.clone()).collect()
}

/// The line of a checkpoint that names a change of keys.
pub(super) fn change_line(change: KeyChange, key: &str) -> String {
    match change {
        KeyChange::Added => format!("added {key}"),
        KeyChange::Retired => format!("retired {key}"),
    }
}
