//! Signed notes and checkpoints: what is handed to an auditor, and what a witness signs.
//!
//! The forms are those of C2SP (<https://c2sp.org>): `signed-note`, `tlog-checkpoint`,
//! `tlog-cosignature`. `keys` makes and checks signatures, `key_file` keeps keys.

mod key_file;
mod keys;

use std::fmt;

use base64ct::{Base64, Encoding};
use thiserror::Error;

use crate::base::Digest;

use super::verify::Root;

pub use key_file::{KeyError, Protection};
pub use keys::{SigningKey, VerifierKey};

/// A text with signatures under it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// The text; its last line ends like every other.
    pub text: String,
    /// The signatures.
    pub signatures: Vec<Signature>,
}

/// A signature under a note.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// The name of the key.
    pub name: String,
    /// The first four bytes of the key's digest.
    pub id: [u8; 4],
    /// What the key made of the text.
    pub bytes: Vec<u8>,
}

/// A checkpoint: a book's name, size and root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// The name.
    pub origin: String,
    /// Size and root.
    pub root: Root,
    /// Lines after these, by which whoever signs says something more: mostly none.
    pub extension: Vec<String>,
}

/// Who signed a note, of those one trusts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// The name of the key.
    pub by: String,
    /// The beginning of its digest, since anybody can call a key by that name.
    pub id: [u8; 4],
    /// When, in seconds since 1970, if a witness signed: by its own clock.
    pub at: Option<u64>,
}

/// Why a note or checkpoint is none.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NoteError {
    /// It is not built like a signed note.
    #[error("it is no signed note: {0}")]
    NotANote(&'static str),
    /// Its text is no checkpoint.
    #[error("it is no checkpoint: {0}")]
    NotACheckpoint(&'static str),
    /// A verifier key cannot be read.
    #[error("`{0}` is no verifier key")]
    NotAKey(String),
    /// A key one trusts did not make the signature that bears its name.
    #[error("the signature of `{0}` is false")]
    FalseSignature(String),
    /// None of the keys one trusts has signed.
    #[error("no key whose signature counts has signed it")]
    NotSigned,
    /// It is a checkpoint of this other book.
    #[error("it is of another book, `{0}`")]
    OtherBook(String),
    /// Only keys have signed that do not sign for the book at the size it is of.
    #[error("`{0}` has signed it, a key that does not sign for the book at that size")]
    OutOfTerm(String),
}

impl Signature {
    /// In whose name it stands, as the head of a verifier key has it: name and id. Nobody has checked it.
    pub fn called(&self) -> String {
        format!("{}+{}", self.name, keys::hex(self.id))
    }
}

impl Signed {
    /// Whether it is the signature of this key.
    pub fn is_of(&self, key: &VerifierKey) -> bool {
        self.by == key.name() && self.id == key.id()
    }
}

/// Prints the key as the head of a verifier key does: name and id.
impl fmt::Display for Signed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}+{}", self.by, keys::hex(self.id))
    }
}

impl Note {
    /// A text that nobody has signed yet.
    pub fn new(text: String) -> Note {
        Note { text, signatures: Vec::new() }
    }

    /// Reads a signed note.
    ///
    /// # Errors
    /// It is built otherwise.
    pub fn parse(note: &str) -> Result<Note, NoteError> {
        let wrong = NoteError::NotANote;
        if note.chars().any(|c| c.is_control() && c != '\n') {
            return Err(wrong("it has control characters"));
        }
        let (text, lines) = note.rsplit_once("\n\n").ok_or(wrong("no blank line"))?;
        if lines.is_empty() {
            return Err(wrong("no signature stands in it"));
        }
        let lines = lines.strip_suffix('\n').ok_or(wrong("its last line has no end"))?;
        let signatures = lines.split('\n').map(|line| {
            let line = line.strip_prefix("— ").ok_or(wrong("a signature begins with a dash"))?;
            let (name, signed) = line.split_once(' ').ok_or(wrong("a signature has two parts"))?;
            let signed = Base64::decode_vec(signed).map_err(|_| wrong("not base64"))?;
            let (id, bytes) = signed.split_first_chunk::<4>().ok_or(wrong("too short"))?;
            Ok(Signature { name: name.to_owned(), id: *id, bytes: bytes.to_vec() })
        });
        let signatures = signatures.collect::<Result<Vec<Signature>, NoteError>>()?;
        Ok(Note { text: format!("{text}\n"), signatures })
    }

    /// Those of the keys that signed the note.
    ///
    /// # Errors
    /// A signature bears the name of one of the keys and is not its; none of them has signed.
    pub fn signed_by(&self, keys: &[VerifierKey]) -> Result<Vec<Signed>, NoteError> {
        let mut signed = Vec::new();
        for key in keys {
            let its = |it: &&Signature| it.name == key.name() && it.id == key.id();
            for signature in self.signatures.iter().filter(its) {
                let at = key
                    .check(&self.text, &signature.bytes)
                    .ok_or_else(|| NoteError::FalseSignature(key.name().to_owned()))?;
                let by = Signed { by: key.name().to_owned(), id: key.id(), at };
                // A key that signed, was retired and signs again is one of the keys twice.
                if !signed.contains(&by) {
                    signed.push(by);
                }
            }
        }
        if signed.is_empty() { Err(NoteError::NotSigned) } else { Ok(signed) }
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        self.signatures.iter().try_for_each(|signature| {
            let bytes = [&signature.id[..], &signature.bytes].concat();
            writeln!(f, "— {} {}", signature.name, Base64::encode_string(&bytes))
        })
    }
}

impl Checkpoint {
    /// The text to be signed.
    pub fn note(&self) -> Note {
        let root = Base64::encode_string(self.root.digest.as_bytes());
        let mut text = format!("{}\n{}\n{root}\n", self.origin, self.root.size);
        self.extension.iter().for_each(|line| text.push_str(&format!("{line}\n")));
        Note::new(text)
    }

    /// Reads the text of a note.
    ///
    /// # Errors
    /// It is no checkpoint.
    pub fn of(note: &Note) -> Result<Checkpoint, NoteError> {
        let wrong = NoteError::NotACheckpoint;
        let mut lines = note.text.lines();
        let origin = lines.next().filter(|it| !it.is_empty()).ok_or(wrong("it has no origin"))?;
        let size = lines.next().ok_or(wrong("it has no size"))?;
        let shortest = size == "0" || !size.starts_with(['0', '+']);
        let size = size.parse().ok().filter(|_| shortest).ok_or(wrong("its size is no number"))?;
        let root = lines.next().ok_or(wrong("it has no root"))?;
        let root = Base64::decode_vec(root).ok().and_then(|root| <[u8; 32]>::try_from(root).ok());
        let digest = root.map(Digest::from_bytes).ok_or(wrong("its root is no digest"))?;
        let (origin, extension) = (origin.to_owned(), lines.map(str::to_owned).collect());
        Ok(Checkpoint { origin, root: Root { size, digest }, extension })
    }

    /// Reads a signed checkpoint, and who of the keys signed it.
    ///
    /// # Errors
    /// It is no checkpoint; a signature is false; none of the keys has signed.
    pub fn open(note: &str, keys: &[VerifierKey]) -> Result<(Checkpoint, Vec<Signed>), NoteError> {
        let note = Note::parse(note)?;
        let signed = note.signed_by(keys)?;
        Ok((Checkpoint::of(&note)?, signed))
    }
}
