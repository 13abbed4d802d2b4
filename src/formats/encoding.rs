//! How the bytes of a file are text: UTF-8 or GB18030, decided from the whole file.
//!
//! The rule is deterministic, and takes Chinese for what is most often there. A file in which valid
//! UTF-8 characters of three bytes and more outnumber what is broken is UTF-8, with or without damage:
//! only the damaged rows are set aside. Characters of two bytes say little, since those of GB18030 often
//! look like them: a file with no others is refused until somebody says which it is, if it is GB18030
//! as well, and is GB18030 if it is that alone. What is left is UTF-8 with damage where valid
//! characters outnumber the broken ones, and else no text.

use std::borrow::Cow;
use std::io::{BufReader, Read};

use encoding_rs::{DecoderResult, GB18030};

use super::error::FormatsError;

/// An encoding that is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Encoding {
    /// UTF-8, with or without a byte order mark.
    #[default]
    Utf8,
    /// GB18030, and with it GBK and GB2312.
    Gb18030,
}

impl Encoding {
    /// The encoding a user names.
    pub fn named(name: &str) -> Option<Encoding> {
        match name.to_ascii_lowercase().as_str() {
            "utf-8" | "utf8" => Some(Encoding::Utf8),
            "gb18030" | "gbk" | "gb2312" | "cp936" => Some(Encoding::Gb18030),
            _ => None,
        }
    }

    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            Encoding::Utf8 => "UTF-8",
            Encoding::Gb18030 => "GB18030",
        }
    }

    /// The text of some bytes that begin and end at characters; `None` if they are no text.
    pub fn decoded(self, bytes: &[u8]) -> Option<Cow<'_, str>> {
        match self {
            Encoding::Utf8 => std::str::from_utf8(bytes).ok().map(Cow::Borrowed),
            Encoding::Gb18030 => GB18030.decode_without_bom_handling_and_without_replacement(bytes),
        }
    }

    /// Some bytes as they are shown and kept: text as it stands. Where a byte is no text, or a NUL, it
    /// is written `\xE5` and every backslash twice, so that the bytes can be had back.
    pub fn shown(self, bytes: &[u8]) -> String {
        match self.decoded(bytes) {
            Some(text) if !text.contains('\0') => text.into_owned(),
            _ => self.escaped(bytes),
        }
    }

    fn escaped(self, bytes: &[u8]) -> String {
        let mut out = String::new();
        let mut add = |text: &str, broken: &[u8]| {
            out.push_str(&text.replace('\\', "\\\\").replace('\0', "\\x00"));
            broken.iter().for_each(|byte| out.push_str(&format!("\\x{byte:02X}")));
        };
        match self {
            Encoding::Utf8 => {
                bytes.utf8_chunks().for_each(|chunk| add(chunk.valid(), chunk.invalid()));
            }
            Encoding::Gb18030 => {
                let mut rest = bytes;
                while !rest.is_empty() {
                    // The longest piece from here that is text; else one byte that is none.
                    let whole = whole_gb18030(rest);
                    let (piece, after) = rest.split_at_checked(whole).unwrap_or((rest, &[]));
                    let (broken, after) = after.split_at_checked(1).unwrap_or((after, &[]));
                    add(&self.decoded(piece).unwrap_or_default(), broken);
                    rest = after;
                }
            }
        }
        out
    }
}

/// The start of a file without half a character at its end.
pub(super) fn without_half(bytes: &[u8]) -> &[u8] {
    match std::str::from_utf8(bytes) {
        Err(error) if error.error_len().is_none() => {
            bytes.get(..error.valid_up_to()).unwrap_or_default()
        }
        _ => bytes,
    }
}

/// How many bytes from the start are GB18030.
fn whole_gb18030(bytes: &[u8]) -> usize {
    let mut decoder = GB18030.new_decoder_without_bom_handling();
    let room = decoder.max_utf8_buffer_length_without_replacement(bytes.len()).unwrap_or(0);
    let mut text = String::with_capacity(room);
    let (result, read) = decoder.decode_to_string_without_replacement(bytes, &mut text, true);
    match result {
        DecoderResult::Malformed(broken, after) => {
            read.saturating_sub(usize::from(broken) + usize::from(after))
        }
        DecoderResult::InputEmpty | DecoderResult::OutputFull => read,
    }
}

/// Decides how a file is encoded; `open` gives its bytes from the start, each time anew.
///
/// # Errors
/// It is text in neither encoding, may be in either, or cannot be read.
pub(super) fn detect<R: Read>(
    open: &mut dyn FnMut() -> Result<R, FormatsError>,
    file: &str,
) -> Result<Encoding, FormatsError> {
    let failed = |error| FormatsError::reading(file, error);
    let counts = utf8_counts(&mut open()?).map_err(failed)?;
    if counts.whole + counts.broken == 0 || counts.wide > counts.broken {
        return Ok(Encoding::Utf8);
    }
    let gb = is_gb18030(&mut open()?).map_err(failed)?;
    match counts.broken {
        0 if gb => {
            let bytes = first_outside_ascii(open()?).map_err(failed)?;
            let (gb18030, ..) = GB18030.decode_without_bom_handling(&bytes);
            return Err(FormatsError::Either {
                file: file.to_owned(),
                utf8: String::from_utf8_lossy(&bytes).into_owned(),
                gb18030: gb18030.into_owned(),
            });
        }
        _ if gb => return Ok(Encoding::Gb18030),
        broken if counts.whole > broken => return Ok(Encoding::Utf8),
        _ => {}
    }
    let (line, column) = counts.first_broken;
    Err(FormatsError::NotText { file: file.to_owned(), line, column })
}

/// In which encoding a file with characters outside ASCII is text; `None` if there are none, or if it
/// is text in neither or may be in either.
///
/// # Errors
/// It cannot be read.
pub(super) fn seems<R: Read>(
    open: &mut dyn FnMut() -> Result<R, FormatsError>,
    file: &str,
) -> Result<Option<Encoding>, FormatsError> {
    let failed = |error| FormatsError::reading(file, error);
    let counts = utf8_counts(&mut open()?).map_err(failed)?;
    if counts.whole + counts.broken == 0 {
        return Ok(None);
    }
    match detect(open, file) {
        Ok(found) => Ok(Some(found)),
        Err(FormatsError::NotText { .. } | FormatsError::Either { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// What reading a file as UTF-8 found.
#[derive(Default)]
struct Utf8Counts {
    /// Characters outside ASCII, and those of them that are of more than two bytes.
    whole: u64,
    wide: u64,
    /// Sequences that are no character.
    broken: u64,
    /// Line and byte of the first of them.
    first_broken: (u64, u64),
    line: u64,
    line_bytes: u64,
}

impl Utf8Counts {
    fn add_text(&mut self, bytes: &[u8]) {
        if !bytes.is_ascii() {
            let from = |least: u8| bytes.iter().filter(|byte| **byte >= least).count();
            self.whole += u64::try_from(from(0xC0)).unwrap_or(u64::MAX);
            self.wide += u64::try_from(from(0xE0)).unwrap_or(u64::MAX);
        }
        self.add_place(bytes);
    }

    /// Adds bytes that are not all text. Says how many at the end are half a character, unless
    /// nothing follows.
    fn add_pieces(&mut self, bytes: &[u8], last: bool) -> usize {
        let (mut kept, mut at) = (0, 0);
        for piece in bytes.utf8_chunks() {
            let (valid, broken) = (piece.valid().as_bytes(), piece.invalid());
            self.add_text(valid);
            at += valid.len() + broken.len();
            match broken {
                [] => {}
                half if at == bytes.len() && !last && is_half(half) => kept = half.len(),
                _ => self.add_broken(),
            }
        }
        kept
    }

    fn add_place(&mut self, bytes: &[u8]) {
        if self.broken > 0 {
            return;
        }
        let lines = memchr::memchr_iter(b'\n', bytes).count();
        self.line += u64::try_from(lines).unwrap_or(u64::MAX);
        let after = match memchr::memrchr(b'\n', bytes) {
            Some(at) => {
                self.line_bytes = 0;
                bytes.len() - at - 1
            }
            None => bytes.len(),
        };
        self.line_bytes += u64::try_from(after).unwrap_or(u64::MAX);
    }

    fn add_broken(&mut self) {
        if self.broken == 0 {
            self.first_broken = (self.line + 1, self.line_bytes + 1);
        }
        self.broken += 1;
    }
}

fn utf8_counts(reader: &mut dyn Read) -> std::io::Result<Utf8Counts> {
    let mut counts = Utf8Counts::default();
    let mut chunk = Vec::with_capacity(CHUNK_BYTES);
    loop {
        let before = chunk.len();
        let wanted = u64::try_from(CHUNK_BYTES - before.min(8)).unwrap_or(0);
        let read = reader.take(wanted).read_to_end(&mut chunk)?;
        // That all of it is text is found out sooner than where it is none.
        let kept = match std::str::from_utf8(&chunk) {
            Ok(text) => {
                counts.add_text(text.as_bytes());
                0
            }
            Err(_) => counts.add_pieces(&chunk, read == 0),
        };
        chunk.drain(..chunk.len() - kept);
        if read == 0 {
            return Ok(counts);
        }
    }
}

/// The first text outside ASCII, up to a sign that stands between texts.
fn first_outside_ascii(reader: impl Read) -> std::io::Result<Vec<u8>> {
    const SHOWN_BYTES: usize = 24;
    let bytes = BufReader::new(reader).bytes();
    let own = bytes.skip_while(|byte| byte.as_ref().is_ok_and(u8::is_ascii)).take(SHOWN_BYTES);
    own.take_while(|byte| byte.as_ref().map_or(true, |byte| *byte >= b'@')).collect()
}

/// Whether bytes may become a character with what follows them.
fn is_half(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_err_and(|error| error.error_len().is_none())
}

fn is_gb18030(reader: &mut dyn Read) -> std::io::Result<bool> {
    let mut decoder = GB18030.new_decoder_without_bom_handling();
    let mut chunk = Vec::with_capacity(CHUNK_BYTES);
    let mut text = String::with_capacity(CHUNK_BYTES * 2);
    loop {
        chunk.clear();
        let wanted = u64::try_from(CHUNK_BYTES).unwrap_or(0);
        let read = reader.take(wanted).read_to_end(&mut chunk)?;
        let mut rest = chunk.as_slice();
        loop {
            text.clear();
            let last = read == 0;
            let (result, used) =
                decoder.decode_to_string_without_replacement(rest, &mut text, last);
            match result {
                DecoderResult::InputEmpty if last => return Ok(true),
                DecoderResult::InputEmpty => break,
                DecoderResult::OutputFull => rest = rest.get(used..).unwrap_or(&[]),
                DecoderResult::Malformed(..) => return Ok(false),
            }
        }
    }
}

const CHUNK_BYTES: usize = 1 << 18;

#[cfg(test)]
mod tests {
    use super::*;

    /// What a reader of the set-aside file does to have the bytes back.
    fn unescaped(text: &str, encoding: Encoding) -> Vec<u8> {
        let mut out = Vec::new();
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            let (own, length) = match rest.as_bytes() {
                [b'\\', b'x', ..] => {
                    (vec![u8::from_str_radix(rest.get(2..4).unwrap(), 16).unwrap()], 4)
                }
                [b'\\', b'\\', ..] => (vec![b'\\'], 2),
                _ => {
                    let own = rest.get(..first.len_utf8()).unwrap();
                    let bytes = match encoding {
                        Encoding::Utf8 => own.as_bytes().to_vec(),
                        Encoding::Gb18030 => GB18030.encode(own).0.into_owned(),
                    };
                    (bytes, first.len_utf8())
                }
            };
            out.extend(own);
            rest = rest.get(length..).unwrap();
        }
        out
    }

    #[test]
    fn bytes_that_are_no_text_can_be_had_back() {
        let check = |encoding: Encoding, bytes: &[u8], wanted: &str| {
            let shown = encoding.shown(bytes);
            assert_eq!(shown, wanted);
            assert_eq!(unescaped(&shown, encoding), bytes);
        };
        check(Encoding::Utf8, b"R2,\xE5\xA2\x9E\xE5\x80,a\\b\0", "R2,增\\xE5\\x80,a\\\\b\\x00");
        check(Encoding::Gb18030, b"\xD4\xF6\xFF,\xD6", "增\\xFF,\\xD6");
        check(Encoding::Gb18030, b"\x81\x30\x81,\xD4\xF6", "\\x810\\x81,增");
        assert_eq!(Encoding::Utf8.shown("a\\b".as_bytes()), "a\\b");
    }

    fn detected(bytes: &[u8]) -> Result<Encoding, String> {
        detect(&mut || Ok(bytes), "x.csv").map_err(|error| error.words().en)
    }

    #[test]
    fn whole_files_are_told_apart() {
        assert_eq!(detected("编号,金额\n".as_bytes()), Ok(Encoding::Utf8));
        assert_eq!(detected(b"id,amount\n"), Ok(Encoding::Utf8));
        let (gb, ..) = GB18030.encode("编号,金额\n凭证一,1.00\n");
        assert_eq!(detected(&gb), Ok(Encoding::Gb18030));
    }

    #[test]
    fn one_damaged_byte_does_not_change_the_language_of_a_file() {
        let mut bytes = "编号,金额\n税收,1.00\n".as_bytes().to_vec();
        bytes.extend(b"\xFF,2.00\n");
        assert_eq!(detected(&bytes), Ok(Encoding::Utf8));
    }

    /// Characters of two bytes are UTF-8 by chance.
    #[test]
    fn what_chance_may_have_made_is_no_sign() {
        let gb = |text: &str| detected(&GB18030.encode(text).0);
        let row = "E1,元\n".repeat(100);
        assert_eq!(gb(&format!("{row}E2,北京市财政局\n")), Ok(Encoding::Gb18030));
        assert_eq!(gb(&format!("编号,备注\n{row}")), Ok(Encoding::Gb18030));
        for bytes in [GB18030.encode("E1,莫\n").0.as_ref(), "E1,Müller\n".as_bytes()] {
            let error = detected(bytes).unwrap_err();
            assert!(error.contains("`莫`") || error.contains("`üller`"), "{error}");
        }
        assert_eq!(detected("E1,北京\n".as_bytes()), Ok(Encoding::Utf8));
        // Cut in the middle of a character.
        let cut = "税收增值".as_bytes();
        assert_eq!(detected(cut.get(..cut.len() - 2).unwrap()), Ok(Encoding::Utf8));
    }

    #[test]
    fn the_first_broken_byte_is_found() {
        let error = detected(b"id\nab\xFF\xFF\xFFc\n").unwrap_err();
        assert!(error.contains("byte 3 of line 2"), "{error}");
    }

    #[test]
    fn characters_across_chunks_are_whole() {
        let mut bytes = vec![b'a'; CHUNK_BYTES - 9];
        bytes.extend("分税".repeat(20).as_bytes());
        for cut in 0..9 {
            assert_eq!(detected(bytes.get(cut..).unwrap()), Ok(Encoding::Utf8), "{cut}");
        }
        let mut gb = vec![b'a'; CHUNK_BYTES - 1];
        gb.extend(GB18030.encode("分税制").0.iter());
        assert_eq!(detected(&gb), Ok(Encoding::Gb18030));
    }
}
