//! Signatures under a checkpoint, by C2SP `signed-note`, `tlog-checkpoint` and `tlog-cosignature`.

use base64ct::{Base64, Encoding};
use ed25519_dalek::{Signature, VerifyingKey};

use crate::tree::{Digest, sha256};
use crate::words::Words;
use crate::{Unreadable, unreadable};

/// A public key one trusts.
pub(crate) struct Key {
    pub(crate) name: String,
    id: [u8; 4],
    is_witness: bool,
    key: VerifyingKey,
}

/// A checkpoint with its signatures.
pub(crate) struct Checkpoint<'t> {
    pub(crate) origin: &'t str,
    pub(crate) size: u64,
    pub(crate) root: Digest,
    /// The lines after these three.
    pub(crate) extension: Vec<&'t str>,
    text: &'t str,
    signatures: Vec<(&'t str, Vec<u8>)>,
}

impl Key {
    pub(crate) fn parse(text: &str) -> Result<Key, Unreadable> {
        let read = || {
            let mut parts = text.splitn(3, '+');
            let (name, id, base64) = (parts.next()?, parts.next()?, parts.next()?);
            let bytes = Base64::decode_vec(base64).ok()?;
            let (kind, key) = bytes.split_first()?;
            let digest = sha256(&[name.as_bytes(), b"\n", &bytes].concat());
            let own = digest.first_chunk::<4>()?;
            let told = format!("{:08x}", u32::from_be_bytes(*own));
            let key = VerifyingKey::from_bytes(&<[u8; 32]>::try_from(key).ok()?).ok()?;
            let is_witness = *kind == 4;
            (id == told && (*kind == 1 || is_witness)).then_some(Key {
                name: name.to_owned(),
                id: *own,
                is_witness,
                key,
            })
        };
        read().map_or_else(
            || {
                unreadable(
                    format!("`{text}` is no verifier key"),
                    format!("「{text}」不是验证密钥"),
                )
            },
            Ok,
        )
    }

    /// Whether it made the signature; of a witness, with the time it tells.
    fn made(&self, text: &str, signature: &[u8]) -> Option<(String, String)> {
        let (signed, signature, when) = if self.is_witness {
            let (time, signature) = signature.split_first_chunk::<8>()?;
            let time = u64::from_be_bytes(*time);
            let day = crate::reader::civil(i128::from(time / 86_400));
            let when = (format!(" as a witness, on {day}"), format!("（{day} 作为见证人）"));
            (format!("cosignature/v1\ntime {time}\n{text}"), signature, when)
        } else {
            (text.to_owned(), signature, (String::new(), String::new()))
        };
        let signature = Signature::from_slice(signature).ok()?;
        self.key.verify_strict(signed.as_bytes(), &signature).ok()?;
        Some(when)
    }
}

/// A number as it is written, which is one way only.
pub(crate) fn number(text: &str) -> Option<u64> {
    text.parse().ok().filter(|number: &u64| number.to_string() == text)
}

impl<'t> Checkpoint<'t> {
    pub(crate) fn parse(note: &'t str) -> Result<Checkpoint<'t>, Unreadable> {
        let Some(blank) = note.rfind("\n\n") else {
            return unreadable("the checkpoint has no signatures", "检查点没有签名");
        };
        if note.chars().any(|letter| letter.is_control() && letter != '\n') {
            return unreadable("the checkpoint has control characters", "检查点含控制字符");
        }
        let (text, lines) = note.split_at_checked(blank + 1).unwrap_or((note, ""));
        let Some(lines) = lines.strip_prefix('\n').and_then(|lines| lines.strip_suffix('\n'))
        else {
            return unreadable(
                "its signatures do not end in one line feed: it was cut, or added to",
                "签名之后应恰有一个换行：已被截断或添加",
            );
        };
        let signatures = lines.split('\n').map(|line| {
            let line = line.strip_prefix("— ")?;
            let (name, bytes) = line.split_once(' ')?;
            Some((name, Base64::decode_vec(bytes).ok()?))
        });
        let Some(signatures) = signatures.collect::<Option<Vec<_>>>() else {
            return unreadable(
                "a signature of the checkpoint cannot be read",
                "检查点的一个签名无法读取",
            );
        };
        let mut lines = text.lines();
        let read = || {
            let origin = lines.next()?;
            let size = number(lines.next()?)?;
            let root = Base64::decode_vec(lines.next()?).ok()?;
            Some((origin, size, <Digest>::try_from(root).ok()?))
        };
        let mut read = read;
        let Some((origin, size, root)) = read() else {
            return unreadable("it ends in no checkpoint", "末尾不是检查点");
        };
        let extension = text.lines().skip(3).collect();
        Ok(Checkpoint { origin, size, root, extension, text, signatures })
    }

    /// Who signed, of those one trusts: a line for each signature that is true, and one for each
    /// that is false.
    pub(crate) fn signed_by(&self, keys: &[Key]) -> (Vec<Words>, Vec<Words>) {
        let (mut signed, mut forged) = (Vec::new(), Vec::new());
        for key in keys {
            for (name, bytes) in &self.signatures {
                let Some((id, signature)) = bytes.split_first_chunk::<4>() else { continue };
                if *name != key.name || *id != key.id {
                    continue;
                }
                match key.made(self.text, signature) {
                    Some((en, zh)) => signed
                        .push(Words::new(format!("{}{en}", key.name), format!("{}{zh}", key.name))),
                    None => forged.push(Words::new(
                        format!("the signature of `{}` is false", key.name),
                        format!("「{}」的签名是假的", key.name),
                    )),
                }
            }
        }
        (signed, forged)
    }
}
