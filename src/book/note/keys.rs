//! Keys of Ed25519, and what they make of a note.

use std::fmt;

use base64ct::{Base64, Encoding};
use ed25519_dalek::{Signer as _, SigningKey as Secret, VerifyingKey};
use sha2::{Digest as _, Sha256};

use crate::book::BookError;
use crate::book::name::check_name;

use super::{Note, NoteError, Signature};

/// What a key signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Algorithm {
    /// The note.
    Ed25519,
    /// The note and the time, as a witness does.
    Cosignature,
}

/// A public key with its name.
///
/// It prints and parses as `signed-note` has it: name, eight hexadecimal digits of its id, and
/// base64 of the kind of key and the key, joined by `+`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifierKey {
    name: String,
    algorithm: Algorithm,
    key: VerifyingKey,
}

/// A secret key with its name. It never prints its secret.
pub struct SigningKey {
    name: String,
    secret: Secret,
}

impl Algorithm {
    fn number(self) -> u8 {
        match self {
            Algorithm::Ed25519 => 1,
            Algorithm::Cosignature => 4,
        }
    }
}

impl VerifierKey {
    /// Reads a key as it prints.
    ///
    /// # Errors
    /// It is no such key.
    pub fn parse(text: &str) -> Result<VerifierKey, NoteError> {
        let read = || {
            let mut parts = text.splitn(3, '+');
            let (name, id, bytes) = (parts.next()?, parts.next()?, parts.next()?);
            let bytes = Base64::decode_vec(bytes).ok()?;
            let (number, key) = bytes.split_first()?;
            let algorithm = match number {
                1 => Algorithm::Ed25519,
                4 => Algorithm::Cosignature,
                _ => return None,
            };
            let key = VerifyingKey::from_bytes(&<[u8; 32]>::try_from(key).ok()?).ok()?;
            check_name(name).ok()?;
            let key = VerifierKey { name: name.to_owned(), algorithm, key };
            (hex(key.id()) == id).then_some(key)
        };
        read().ok_or_else(|| NoteError::NotAKey(text.to_owned()))
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Name and id, by which people tell keys apart.
    pub fn called(&self) -> String {
        format!("{}+{}", self.name, hex(self.id()))
    }

    /// The beginning of the digest of name and key, by which signatures tell keys apart.
    pub fn id(&self) -> [u8; 4] {
        let hasher = Sha256::new_with_prefix(&self.name).chain_update([b'\n']);
        let digest = hasher.chain_update(self.bytes()).finalize();
        digest.first_chunk::<4>().copied().unwrap_or_default()
    }

    /// Whether it is a witness's, by which nobody signs for a book.
    pub fn is_witness(&self) -> bool {
        self.algorithm == Algorithm::Cosignature
    }

    /// Checks a signature under a text; gives the time of a witness.
    pub(super) fn check(&self, text: &str, signature: &[u8]) -> Option<Option<u64>> {
        let (at, signed, signature) = match self.algorithm {
            Algorithm::Ed25519 => (None, text.to_owned(), signature),
            Algorithm::Cosignature => {
                let (at, signature) = signature.split_first_chunk::<8>()?;
                let at = u64::from_be_bytes(*at);
                (Some(at), cosigned(text, at), signature)
            }
        };
        let signature = ed25519_dalek::Signature::from_slice(signature).ok()?;
        self.key.verify_strict(signed.as_bytes(), &signature).ok()?;
        Some(at)
    }

    fn bytes(&self) -> Vec<u8> {
        let mut bytes = vec![self.algorithm.number()];
        bytes.extend_from_slice(self.key.as_bytes());
        bytes
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}+{}+{}", self.name, hex(self.id()), Base64::encode_string(&self.bytes()))
    }
}

impl SigningKey {
    /// Makes a key of 32 random bytes, which are given: nothing on this floor draws any.
    ///
    /// # Errors
    /// The name is none that a signature can carry.
    pub fn from_seed(name: &str, seed: &[u8; 32]) -> Result<SigningKey, BookError> {
        check_name(name)?;
        Ok(SigningKey { name: name.to_owned(), secret: Secret::from_bytes(seed) })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The public key by which its signatures are checked.
    pub fn verifier(&self) -> VerifierKey {
        self.public(Algorithm::Ed25519)
    }

    /// The public key by which its cosignatures are checked.
    pub fn witness(&self) -> VerifierKey {
        self.public(Algorithm::Cosignature)
    }

    /// Whether a public key is of this secret, whatever it is called.
    pub fn is_secret_of(&self, key: &VerifierKey) -> bool {
        self.secret.verifying_key() == key.key
    }

    /// Signs a note, beside others who signed before.
    pub fn sign(&self, note: &mut Note) {
        let bytes = self.secret.sign(note.text.as_bytes()).to_bytes().to_vec();
        put(note, &self.verifier(), bytes);
    }

    /// Signs a checkpoint as a witness: that it was seen at this time, in seconds since 1970.
    pub fn cosign(&self, note: &mut Note, at: u64) {
        let signature = self.secret.sign(cosigned(&note.text, at).as_bytes());
        let bytes = [&at.to_be_bytes()[..], &signature.to_bytes()].concat();
        put(note, &self.witness(), bytes);
    }

    pub(super) fn from_secret(name: String, secret: Secret) -> SigningKey {
        SigningKey { name, secret }
    }

    pub(super) fn secret(&self) -> &Secret {
        &self.secret
    }

    fn public(&self, algorithm: Algorithm) -> VerifierKey {
        VerifierKey { name: self.name.clone(), algorithm, key: self.secret.verifying_key() }
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Puts a signature under a note; a key signs once, the last time.
fn put(note: &mut Note, key: &VerifierKey, bytes: Vec<u8>) {
    let (name, id) = (key.name().to_owned(), key.id());
    note.signatures.retain(|it| it.name != name || it.id != id);
    note.signatures.push(Signature { name, id, bytes });
}

/// What a witness signs.
fn cosigned(text: &str, at: u64) -> String {
    format!("cosignature/v1\ntime {at}\n{text}")
}

pub(super) fn hex(bytes: [u8; 4]) -> String {
    format!("{:08x}", u32::from_be_bytes(bytes))
}
