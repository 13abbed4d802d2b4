//! Keys in files: PKCS #8 in PEM, as OpenSSL reads and writes them too, with the key's name on the
//! line before. A passphrase encrypts the key by PBES2: scrypt and AES-256-CBC.

use std::io::{self, Read, Write};
use std::path::Path;

use ed25519_dalek::SigningKey as Secret;
use ed25519_dalek::pkcs8::{DecodePrivateKey, EncodePrivateKey, KeypairBytes};
use pkcs8::pkcs5::{pbes2, scrypt};
use pkcs8::{EncryptedPrivateKeyInfoRef, LineEnding, PrivateKeyInfoRef, SecretDocument};
use thiserror::Error;

use crate::book::name::check_name;

use super::SigningKey;

const PLAIN: &str = "PRIVATE KEY";
const ENCRYPTED: &str = "ENCRYPTED PRIVATE KEY";
const NAME: &str = "name: ";

/// How a key in a file is protected beyond its permissions.
#[derive(Clone, Copy)]
pub struct Protection<'p> {
    /// The passphrase.
    pub passphrase: &'p str,
    /// 32 random bytes, given from outside: salt and initial vector.
    pub random: &'p [u8; 32],
}

/// Why a key file cannot be used.
#[derive(Debug, Error)]
pub enum KeyError {
    /// A new key is written over nothing.
    #[error("there is a file `{file}` already")]
    Exists {
        /// The file.
        file: String,
    },
    /// The system refused.
    #[error("the key file `{file}` cannot be used")]
    Io {
        /// The file.
        file: String,
        /// The system's reason.
        #[source]
        source: io::Error,
    },
    /// Others than its owner may read it.
    #[error("others can read the key file `{file}` (mode {mode:o}): take that away, `chmod 600`")]
    ReadByOthers {
        /// The file.
        file: String,
        /// Its permissions.
        mode: u32,
    },
    /// It holds something else.
    #[error("`{file}` is no key file")]
    NotAKey {
        /// The file.
        file: String,
    },
    /// It is encrypted, and no passphrase was given.
    #[error("the key in `{file}` is protected by a passphrase")]
    PassphraseWanted {
        /// The file.
        file: String,
    },
    /// The passphrase does not open it.
    #[error("this is not the passphrase of the key in `{file}`")]
    WrongPassphrase {
        /// The file.
        file: String,
    },
}

impl SigningKey {
    /// Writes the key into a new file that its owner alone can read.
    ///
    /// # Errors
    /// There is such a file, or it cannot be written.
    pub fn save(&self, path: &Path, protection: Option<Protection<'_>>) -> Result<(), KeyError> {
        let file = path.display().to_string();
        let bytes = KeypairBytes { secret_key: self.secret().to_bytes(), public_key: None };
        // Neither step can fail on a key that is whole.
        let broken = |_| KeyError::NotAKey { file: file.clone() };
        let plain = bytes.to_pkcs8_der().map_err(broken)?;
        let pem = match protection {
            None => plain.to_pem(PLAIN, LineEnding::LF).map_err(|error| broken(error.into()))?,
            Some(protection) => {
                let document = encrypt(&plain, protection).map_err(broken)?;
                document.to_pem(ENCRYPTED, LineEnding::LF).map_err(|error| broken(error.into()))?
            }
        };
        let write = || -> io::Result<()> {
            let mut new = new_private_file(path)?;
            let written = writeln!(new, "{NAME}{}", self.name())
                .and_then(|()| new.write_all(pem.as_bytes()))
                .and_then(|()| new.sync_all());
            if written.is_err() {
                // What is no key is in nobody's way; that it could not be written is told.
                let _ = std::fs::remove_file(path);
            }
            written
        };
        write().map_err(|source| match source.kind() {
            io::ErrorKind::AlreadyExists => KeyError::Exists { file: file.clone() },
            _ => KeyError::Io { file: file.clone(), source },
        })
    }

    /// Reads a key from its file.
    ///
    /// # Errors
    /// Others can read the file; it holds no key; its passphrase is wanted or is another one.
    pub fn load(path: &Path, passphrase: Option<&str>) -> Result<SigningKey, KeyError> {
        let file = path.display().to_string();
        let text = read_private_file(path, &file)?;
        let none = || KeyError::NotAKey { file: file.clone() };
        // Editors of other systems put a mark before a text.
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        let (head, _) = text.split_once("-----BEGIN").ok_or_else(none)?;
        let name = head.lines().find_map(|line| line.strip_prefix(NAME)).ok_or_else(none)?;
        let pem = text.get(head.len()..).unwrap_or_default();
        let (label, document) = SecretDocument::from_pem(pem).map_err(|_| none())?;
        let secret = match label {
            PLAIN => Secret::from_pkcs8_der(document.as_bytes()).map_err(|_| none())?,
            ENCRYPTED => {
                let wanted = || KeyError::PassphraseWanted { file: file.clone() };
                let passphrase = passphrase.ok_or_else(wanted)?;
                let sealed = EncryptedPrivateKeyInfoRef::try_from(document.as_bytes());
                let opened = sealed.map_err(|_| none())?.decrypt(passphrase);
                let wrong = || KeyError::WrongPassphrase { file: file.clone() };
                let opened = opened.map_err(|_| wrong())?;
                Secret::from_pkcs8_der(opened.as_bytes()).map_err(|_| wrong())?
            }
            _ => return Err(none()),
        };
        check_name(name).map_err(|_| none())?;
        Ok(SigningKey::from_secret(name.to_owned(), secret))
    }
}

fn encrypt(plain: &SecretDocument, with: Protection<'_>) -> pkcs8::Result<SecretDocument> {
    let (salt, vector) = with.random.split_at(16);
    let vector = vector.first_chunk::<16>().copied().unwrap_or_default();
    // Dearer ones take more memory than OpenSSL grants by itself.
    let cost = scrypt::Params::new(14, 8, 1).map_err(|_| pkcs8::Error::ParametersMalformed)?;
    let parameters = pbes2::Parameters::generate_scrypt_aes256cbc(cost, salt, vector)?;
    PrivateKeyInfoRef::try_from(plain.as_bytes())?.encrypt_with_params(parameters, with.passphrase)
}

fn new_private_file(path: &Path) -> io::Result<std::fs::File> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// The text of a file, if its owner alone can read it. Other systems than Unix have other ways to
/// say so, which are not looked at.
fn read_private_file(path: &Path, file: &str) -> Result<String, KeyError> {
    let failed = |source| KeyError::Io { file: file.to_owned(), source };
    #[expect(clippy::disallowed_methods, reason = "keys of a book are files that it reads itself")]
    let open = std::fs::File::open(path).map_err(failed)?;
    #[cfg(unix)]
    {
        let permissions = open.metadata().map_err(failed)?.permissions();
        let mode = std::os::unix::fs::PermissionsExt::mode(&permissions) & 0o7777;
        if mode & 0o077 != 0 {
            return Err(KeyError::ReadByOthers { file: file.to_owned(), mode });
        }
    }
    let mut text = String::new();
    let read = open.take(64 << 10).read_to_string(&mut text);
    match read {
        Ok(_) => Ok(text),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => {
            Err(KeyError::NotAKey { file: file.to_owned() })
        }
        Err(source) => Err(failed(source)),
    }
}
