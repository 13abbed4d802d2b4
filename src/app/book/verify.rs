//! Verifying a book: chain, tree, store; whether editions declare what their texts do; who signs for it; and
//! checkpoints, its own and those that somebody kept.

use std::collections::BTreeSet;

use crate::book::{
    Book, BookError, Checkpoint, CheckpointNote, Contradiction, Damage, Entry, Note, NoteError,
    Root, SentKinds, Signed, Signer, Verification, VerifierKey,
};
use crate::diagnostics::Words;
use crate::report::book::{damage_words, note_words};

use super::BookTrouble;
use super::edition::sent_by_its_texts;
use super::post::EVALUATOR;
use super::signers::{KeptKey, Known, ON_KEYS, Signers, signed_then};

/// A checkpoint that was held against the book.
#[derive(Debug)]
pub struct Held {
    /// The entry that holds it; none for one that was given.
    pub entry: Option<u64>,
    /// Its size and root, if it is one.
    pub checkpoint: Option<Checkpoint>,
    /// Who signed it, of those that are trusted.
    pub signed: Vec<Signed>,
    /// What is wrong with it as it stands, before the book is looked at.
    pub wrong: Option<NoteError>,
}

/// What verifying says.
#[derive(Debug)]
pub struct Verified {
    /// Of chain, tree, keys and checkpoints.
    pub verification: Verification,
    /// The checkpoints.
    pub held: Vec<Held>,
    /// The keys that sign or signed, by the book's own word.
    pub keys: Vec<KeptKey>,
    /// Changes of keys that no key signed which signs for the book: they have no effect.
    pub unsigned: Vec<(u64, Signer)>,
    /// Whose signatures count; nothing, where the book's own word for its keys is taken.
    pub trusted: Vec<VerifierKey>,
}

impl Verified {
    /// Whether all holds. Where somebody said whom he trusts, one of these has signed a checkpoint.
    pub fn holds(&self) -> bool {
        self.verification.damages.is_empty()
            && self.held.iter().all(|it| it.wrong.is_none())
            && (self.trusted.is_empty() || self.signed_upto() > 0)
    }

    /// How many entries, from the first on, a sound checkpoint is of.
    pub fn signed_upto(&self) -> u64 {
        let sound = self.held.iter().filter(|it| it.wrong.is_none());
        sound.filter_map(|it| it.checkpoint.as_ref()).map(|it| it.root.size).max().unwrap_or(0)
    }

    /// Keys that sign by the book's own word and that whoever asks does not trust.
    pub fn strangers(&self) -> impl Iterator<Item = &KeptKey> {
        let asked = !self.trusted.is_empty();
        self.keys.iter().filter(move |it| asked && !self.trusted.contains(&it.key))
    }

    /// What is wrong, in a word: the first of it.
    pub fn wrong(&self) -> Option<Words> {
        let damage = self.verification.damages.first().map(damage_words);
        let checkpoint = || {
            let held = self.held.iter().find(|it| it.wrong.is_some())?;
            let (words, place) = (note_words(held.wrong.as_ref()?), held.entry);
            let (en, zh) = match place {
                Some(entry) => (
                    format!("checkpoint in entry {entry}: {}", words.en),
                    format!("第 {entry} 条的检查点：{}", words.zh),
                ),
                None => (
                    format!("the checkpoint given: {}", words.en),
                    format!("所给检查点：{}", words.zh),
                ),
            };
            Some(Words::new(en, zh))
        };
        damage.or_else(checkpoint)
    }
}

type Entries = Vec<(u64, Entry)>;

/// Verifies a book. Checkpoints, noted in it or kept outside, count by the keys that signed for it by the
/// entries that they are of, by its own word; where keys are trusted, by these alone, as far as the book had
/// not retired them.
///
/// # Errors
/// The store fails. Damage is no error but the answer.
pub fn verify(
    book: &mut Book,
    given: &[String],
    trusted: &[VerifierKey],
) -> Result<Verified, BookTrouble> {
    let (entries, editions) = bearing(book)?;
    let (keys, unsigned) = Signers::by_the_first(u64::MAX, &entries).end();
    let named: Vec<VerifierKey> = keys.iter().map(|it| it.key.clone()).collect();
    let known = match trusted.is_empty() {
        true => Known::Named(&named),
        false => Known::Trusted(trusted),
    };
    let noted = entries.iter().filter_map(|(number, entry)| match entry {
        Entry::Checkpoint(CheckpointNote { note, .. }) => Some((Some(*number), note)),
        _ => None,
    });
    let all = noted.chain(given.iter().map(|note| (None, note)));
    let mut held: Vec<Held> =
        all.map(|(entry, note)| hold(entry, note, signed_then(note, &entries, &known))).collect();
    let origin = book.opening().origin.clone();
    for it in &mut held {
        let told = it.checkpoint.as_ref().map(|it| &it.origin).filter(|told| **told != origin);
        let other = told.cloned().map(NoteError::OtherBook);
        // Whoever signs for another book need not sign for this one.
        if matches!(it.wrong, None | Some(NoteError::NotSigned)) && other.is_some() {
            it.wrong = other;
        }
    }
    let sound = held.iter().filter(|it| it.wrong.is_none());
    let roots: Vec<Root> =
        sound.filter_map(|it| it.checkpoint.as_ref()).map(|it| it.root).collect();
    let (sent, undeclared) = declared(&editions);
    let mut verification = book.verify_sent(&roots, &sent)?;
    let what = Contradiction::Declares;
    let undeclared = undeclared.into_iter().map(|entry| Damage::Contradiction { entry, what });
    verification.damages.extend(undeclared);
    Ok(Verified { verification, held, keys, unsigned, trusted: trusted.to_vec() })
}

/// The entries that bear on keys, and those of editions and batches. One that cannot be read is for
/// verification to name.
fn bearing(book: &mut Book) -> Result<(Entries, Entries), BookTrouble> {
    let kinds = [&ON_KEYS[..], &["edition", "batch"]].concat();
    let all = match book.readable_of(&kinds) {
        Err(BookError::Store(error)) if error.damage().is_some() => Vec::new(),
        read => read?,
    };
    let on_keys = |entry: &Entry| matches!(entry, Entry::Signer(_) | Entry::Checkpoint(_));
    Ok(all.into_iter().partition(|(_, entry)| on_keys(entry)))
}

/// Which kinds of events data send by the editions that this version used, and which of these editions
/// declare what their texts do not: what another version makes of them is not known here.
fn declared(entries: &Entries) -> (SentKinds, Vec<u64>) {
    let used = entries.iter().filter_map(|(_, entry)| match entry {
        Entry::Batch(batch) if batch.evaluator == EVALUATOR => Some(batch.edition_entry),
        _ => None,
    });
    let used: BTreeSet<u64> = used.collect();
    let (mut sent, mut undeclared) = (SentKinds::new(), Vec::new());
    for (number, entry) in entries.iter().filter(|(number, _)| used.contains(number)) {
        let Entry::Edition(edition) = entry else { continue };
        match sent_by_its_texts(edition) {
            Some(kinds) => {
                sent.insert(edition.digest(), kinds);
            }
            None => undeclared.push(*number),
        }
    }
    (sent, undeclared)
}

fn hold(
    entry: Option<u64>,
    note: &str,
    signed: Result<(Checkpoint, Vec<Signed>), NoteError>,
) -> Held {
    match signed {
        Ok((checkpoint, signed)) => {
            Held { entry, checkpoint: Some(checkpoint), signed, wrong: None }
        }
        Err(wrong) => {
            let checkpoint = Note::parse(note).and_then(|note| Checkpoint::of(&note)).ok();
            Held { entry, checkpoint, signed: Vec::new(), wrong: Some(wrong) }
        }
    }
}
