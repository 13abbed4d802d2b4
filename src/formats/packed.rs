//! Files that are packed: gzip and Zstandard, read as they come and written as they go.
//!
//! What a file is, its first bytes say, whatever it is called; how one is written, its name says.
//! Both may consist of several streams end to end, as tools that pack in parallel write them. A
//! stream that is cut off, or that does not have the sum written at its end, is an error.

use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;
use flate2::write::GzEncoder;
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};
use ruzstd::encoding::{CompressionLevel, compress_to_vec};

/// How a file is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Packing {
    Gzip,
    Zstd,
}

impl Packing {
    /// What the first bytes of a file say.
    pub(super) fn of(first: &[u8]) -> Option<Packing> {
        if first.starts_with(b"\x1F\x8B") {
            Some(Packing::Gzip)
        } else {
            first.starts_with(b"\x28\xB5\x2F\xFD").then_some(Packing::Zstd)
        }
    }

    /// What the ending of a name says, and the name of what is inside: `a.csv` of `a.csv.gz`.
    pub(super) fn by_ending(name: &str) -> (Option<Packing>, &str) {
        let ending = Path::new(name).extension().and_then(|ending| ending.to_str());
        let packing = match ending.unwrap_or_default().to_ascii_lowercase().as_str() {
            "gz" => Packing::Gzip,
            "zst" => Packing::Zstd,
            _ => return (None, name),
        };
        let inside = ending.and_then(|ending| name.strip_suffix(ending)?.strip_suffix('.'));
        (Some(packing), inside.unwrap_or(name))
    }
}

/// The name of what is inside a packed file; of any other its own.
pub fn unpacked_name(name: &str) -> &str {
    Packing::by_ending(name).1
}

/// The bytes of a file, unpacked if it is packed.
pub(super) enum Unpacked<R> {
    Plain(R),
    Gzip(Box<MultiGzDecoder<BufReader<R>>>),
    Zstd(Box<Frames<BufReader<R>>>),
}

impl<R> std::fmt::Debug for Unpacked<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Unpacked::Plain(_) => "Plain",
            Unpacked::Gzip(_) => "Gzip",
            Unpacked::Zstd(_) => "Zstd",
        })
    }
}

impl<R: Read> Unpacked<R> {
    pub(super) fn new(reader: R, packing: Option<Packing>) -> Unpacked<R> {
        let buffered = |reader| BufReader::with_capacity(BUFFER_BYTES, reader);
        match packing {
            None => Unpacked::Plain(reader),
            Some(Packing::Gzip) => Unpacked::Gzip(Box::new(MultiGzDecoder::new(buffered(reader)))),
            Some(Packing::Zstd) => Unpacked::Zstd(Box::new(Frames::new(buffered(reader)))),
        }
    }
}

impl<R: Read> Read for Unpacked<R> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        match self {
            Unpacked::Plain(reader) => reader.read(room),
            Unpacked::Gzip(reader) => reader.read(room).map_err(|error| damaged(&error)),
            Unpacked::Zstd(reader) => reader.read(room).map_err(|error| damaged(&error)),
        }
    }
}

/// An error while unpacking: the file is cut off, or damaged, unless the system refused.
fn damaged(error: &io::Error) -> io::Error {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    let mut cut = false;
    while let Some(error) = cause {
        let own = error.downcast_ref::<io::Error>();
        if let Some(number) = own.and_then(io::Error::raw_os_error) {
            return io::Error::from_raw_os_error(number);
        }
        cut |= own.is_some_and(|own| own.kind() == ErrorKind::UnexpectedEof);
        // What an error has been made of is not its source but itself.
        cause = match own.and_then(io::Error::get_ref) {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    io::Error::new(if cut { ErrorKind::UnexpectedEof } else { ErrorKind::InvalidData }, "packed")
}

/// Zstandard frames end to end.
pub(super) struct Frames<R> {
    source: R,
    decoder: FrameDecoder,
    /// Whether a frame has been begun and not been left.
    inside: bool,
}

impl<R: BufRead> Frames<R> {
    fn new(source: R) -> Frames<R> {
        let mut decoder = FrameDecoder::new();
        decoder.set_max_window_size(WINDOW_BYTES_MAX);
        Frames { source, decoder, inside: false }
    }

    /// Begins the next frame; `false` at the end of the file.
    fn begin(&mut self) -> io::Result<bool> {
        while !self.source.fill_buf()?.is_empty() {
            match self.decoder.reset(&mut self.source) {
                Ok(()) => return Ok(true),
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                    length,
                    ..
                })) => {
                    let length = u64::from(length);
                    let mut skipped = Read::by_ref(&mut self.source).take(length);
                    if io::copy(&mut skipped, &mut io::sink())? < length {
                        return Err(ErrorKind::UnexpectedEof.into());
                    }
                }
                Err(error) => return Err(io::Error::other(error)),
            }
        }
        Ok(false)
    }
}

impl<R: BufRead> Read for Frames<R> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        loop {
            if !self.inside && !self.begin()? {
                return Ok(0);
            }
            self.inside = true;
            let read = self.decoder.read(room)?;
            if read > 0 || room.is_empty() {
                return Ok(read);
            }
            if !self.decoder.is_finished() {
                let one = BlockDecodingStrategy::UptoBlocks(1);
                self.decoder.decode_blocks(&mut self.source, one).map_err(io::Error::other)?;
                continue;
            }
            let wanted = self.decoder.get_checksum_from_data();
            if wanted.is_some() && wanted != self.decoder.get_calculated_checksum() {
                return Err(ErrorKind::InvalidData.into());
            }
            self.inside = false;
        }
    }
}

/// Packs what is written, or hands it on as it is.
pub(super) struct Packer {
    method: Method,
    /// What waits until there is enough of it: what is packed depends on the bytes alone, not on how
    /// they come in pieces.
    waiting: Vec<u8>,
}

enum Method {
    Plain,
    Gzip(Box<GzEncoder<Vec<u8>>>),
    Zstd,
}

impl std::fmt::Debug for Packer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Packer").field("waiting", &self.waiting.len()).finish_non_exhaustive()
    }
}

impl Packer {
    pub(super) fn new(packing: Option<Packing>) -> Packer {
        let method = match packing {
            None => Method::Plain,
            // Neither a time nor a name is written, so that equal results are equal files.
            Some(Packing::Gzip) => {
                let level = flate2::Compression::default();
                Method::Gzip(Box::new(GzEncoder::new(Vec::new(), level)))
            }
            Some(Packing::Zstd) => Method::Zstd,
        };
        Packer { method, waiting: Vec::new() }
    }

    /// Writes bytes, or keeps them until there are enough to pack.
    pub(super) fn write(&mut self, bytes: &[u8], to: &mut dyn Write) -> io::Result<()> {
        if let Method::Plain = self.method {
            return to.write_all(bytes);
        }
        let mut rest = bytes;
        while let Some((now, later)) = rest.split_at_checked(PIECE_BYTES - self.waiting.len()) {
            self.waiting.extend_from_slice(now);
            self.pack(to)?;
            rest = later;
        }
        self.waiting.extend_from_slice(rest);
        Ok(())
    }

    /// Packs what waits.
    fn pack(&mut self, to: &mut dyn Write) -> io::Result<()> {
        match &mut self.method {
            Method::Plain => {}
            Method::Gzip(encoder) => {
                encoder.write_all(&self.waiting)?;
                to.write_all(encoder.get_ref())?;
                encoder.get_mut().clear();
            }
            // A frame a piece.
            Method::Zstd => {
                to.write_all(&compress_to_vec(&*self.waiting, CompressionLevel::Fastest))?;
            }
        }
        self.waiting.clear();
        Ok(())
    }

    /// Writes what is left.
    pub(super) fn finish(mut self, to: &mut dyn Write) -> io::Result<()> {
        self.pack(to)?;
        match self.method {
            Method::Gzip(encoder) => to.write_all(&encoder.finish()?),
            Method::Plain | Method::Zstd => Ok(()),
        }
    }
}

const BUFFER_BYTES: usize = 1 << 16;
/// INVARIANT: fewer bytes than these wait.
const PIECE_BYTES: usize = 1 << 20;
/// What `zstd --ultra` and `--long` need by default.
const WINDOW_BYTES_MAX: u64 = 1 << 27;

#[cfg(test)]
mod tests {
    use super::*;

    fn packed(packing: Packing, pieces: &[&[u8]]) -> Vec<u8> {
        let (mut packer, mut out) = (Packer::new(Some(packing)), Vec::new());
        pieces.iter().for_each(|piece| packer.write(piece, &mut out).unwrap());
        packer.finish(&mut out).unwrap();
        out
    }

    fn unpacked(bytes: &[u8]) -> io::Result<Vec<u8>> {
        let mut text = Vec::new();
        Unpacked::new(bytes, Packing::of(bytes)).read_to_end(&mut text)?;
        Ok(text)
    }

    /// Lines as they come, of more than one frame.
    fn lines() -> Vec<u8> {
        (0..120_000).flat_map(|n| format!("{n},2016-05-{:02}\n", n % 28 + 1).into_bytes()).collect()
    }

    #[test]
    fn what_is_packed_is_had_back_however_it_came() {
        let lines = lines();
        assert!(lines.len() > PIECE_BYTES);
        for packing in [Packing::Gzip, Packing::Zstd] {
            let whole = packed(packing, &[&lines]);
            assert!(whole.len() * 3 < lines.len(), "{packing:?}: {}", whole.len());
            assert!(unpacked(&whole).unwrap() == lines);
            let pieces: Vec<&[u8]> = lines.chunks(77_777).collect();
            assert!(packed(packing, &pieces) == whole, "{packing:?}");
            assert_eq!(unpacked(&packed(packing, &[])).unwrap(), b"");
        }
    }

    #[test]
    fn streams_end_to_end_are_one_text() {
        for packing in [Packing::Gzip, Packing::Zstd] {
            let mut both = packed(packing, &[b"id\n1\n"]);
            if packing == Packing::Zstd {
                // A frame of another tool, to be passed over.
                both.extend(b"\x50\x2A\x4D\x18\x03\0\0\0abc");
            }
            both.extend(packed(packing, &[b"2\n"]));
            assert_eq!(unpacked(&both).unwrap(), b"id\n1\n2\n");
        }
    }

    #[test]
    fn what_is_cut_off_or_damaged_is_an_error() {
        for packing in [Packing::Gzip, Packing::Zstd] {
            let whole = packed(packing, &[&lines()]);
            for length in [5, 12, whole.len() / 2, whole.len() - 1] {
                let error = unpacked(&whole[..length]).unwrap_err();
                assert_eq!(error.kind(), ErrorKind::UnexpectedEof, "{packing:?} {length}");
            }
            let mut damaged = whole.clone();
            let middle = damaged.len() / 2;
            damaged[middle] ^= 0x55;
            assert!(unpacked(&damaged).is_err(), "{packing:?}");
        }
    }

    #[test]
    fn endings_and_what_is_inside() {
        assert_eq!(Packing::by_ending("a/b.csv.GZ"), (Some(Packing::Gzip), "a/b.csv"));
        assert_eq!(Packing::by_ending("b.json.zst"), (Some(Packing::Zstd), "b.json"));
        assert_eq!(Packing::by_ending("b.csv"), (None, "b.csv"));
        assert_eq!(Packing::by_ending("-"), (None, "-"));
    }
}
