//! A file to read: opened, told apart from what is no table, and its encoding found.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use crate::base::{Digest, Digester};
use crate::diagnostics::Words;
use crate::report::names::whole_and_part;

use super::encoding::{self, Encoding};
use super::error::{Doing, FormatsError, STANDARD_INPUT, stream_in_chinese};
use super::heads::check_heads;
use super::named::{Heads, Named};
use super::no_text::no_text;
use super::packed::{Packing, Unpacked, unpacked_name};
use super::sheet::Sheet;

/// A file of the run. It can be read more than once: what comes through a pipe is kept in a
/// temporary file, so that a row set aside can be written out whole at the end.
#[derive(Debug, Clone)]
pub struct Input {
    text: Arc<TextFile>,
    /// Its layout.
    pub layout: Layout,
    pub(super) pieces: Pieces,
    /// Where the names of the columns stand.
    pub(super) heads: Heads,
    /// The sheet of a workbook.
    pub(super) sheet: Option<Arc<Sheet>>,
}

/// A file that holds text in some encoding. It is told from the whole file, but while all that has
/// been read is UTF-8 it is told as the file is read: such a file need not be read twice.
#[derive(Debug)]
pub(super) struct TextFile {
    name: String,
    place: Place,
    packing: Option<Packing>,
    /// Bytes of a byte order mark at its start.
    bom_bytes: usize,
    /// What the user said that its encoding is.
    said: Option<Encoding>,
    /// What it is where it may be either.
    if_either: Option<Encoding>,
    encoding: OnceLock<Encoding>,
    /// Whether characters outside ASCII have been taken for UTF-8.
    assumed: AtomicBool,
    /// Up to where the one who reads it has come.
    reached: Arc<AtomicU64>,
}

#[derive(Debug)]
enum Place {
    Path(PathBuf),
    /// A file without a name, which is gone with the program, however that ends.
    Kept(Arc<File>),
}

/// A reader of a file that leaves the place of all others alone.
#[derive(Debug)]
pub(super) struct Bytes {
    file: Arc<File>,
    at: u64,
    /// Told where that is.
    reached: Arc<AtomicU64>,
}

impl Read for Bytes {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read_at(room, self.at)?;
        self.at += u64::try_from(read).unwrap_or(0);
        self.reached.store(self.at, Ordering::Relaxed);
        Ok(read)
    }
}

/// Reads what is in a file.
pub(super) type InputReader = BufReader<Unpacked<Bytes>>;

/// How a file lays out its rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// A line of column names, then a row a line; cells apart by this byte.
    Csv {
        /// The delimiter.
        delimiter: u8,
    },
    /// An array of records.
    Json,
    /// A record a line.
    Ndjson,
    /// A sheet of a workbook.
    Sheet,
    /// Columns of values, as Parquet has them.
    Parquet,
    /// The same, as Arrow does: a file, or a stream.
    Arrow,
}

/// What the user said about the inputs.
#[derive(Debug, Clone, Copy, Default)]
pub struct InputOptions {
    /// The layout, whatever the name of the file.
    pub layout: Option<Layout>,
    /// The encoding, whatever the bytes look like.
    pub encoding: Option<Encoding>,
    /// In what pieces files are read.
    pub pieces: Pieces,
}

/// In what pieces files are read. No result depends on it, as a test proves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pieces {
    /// About how many bytes of CSV are read at a time.
    pub block_bytes: usize,
    /// Of a file of records, or with several event kinds, a batch has so many rows but for the last
    /// ones: so their order does not depend on how the file is cut.
    pub batch_rows: usize,
}

impl Default for Pieces {
    fn default() -> Pieces {
        Pieces { block_bytes: 1 << 17, batch_rows: 32_768 }
    }
}

impl Input {
    /// Opens a file and finds out what it is; `-` is the standard input, `book.xlsx#name` a sheet,
    /// `file:3` a file whose columns are named in line 3, `file:2-3` one where they are in lines 2 and 3.
    ///
    /// # Errors
    /// It is missing, a folder, empty, no text, or may not be read.
    pub fn open(argument: &str, options: InputOptions) -> Result<Input, FormatsError> {
        let Named { file, sheet, heads } = Named::of(argument);
        let name = if file == "-" { STANDARD_INPUT } else { file }.to_owned();
        let failed = |error| FormatsError::reading(&name, error);
        let place = if file == "-" {
            Place::Kept(kept(&mut io::stdin().lock()).map_err(failed)?)
        } else {
            place_of(Path::new(file), &name)?
        };
        let begin = |reader: &mut dyn Read| -> Result<Vec<u8>, FormatsError> {
            let mut first = Vec::new();
            reader.take(FIRST_BYTES).read_to_end(&mut first).map_err(failed)?;
            Ok(first)
        };
        let packing = Packing::of(&begin(&mut place.open().map_err(failed)?)?);
        let first = begin(&mut Unpacked::new(place.open().map_err(failed)?, packing))?;
        if is_workbook(&first) {
            return Input::open_sheet(name, (place, packing), (sheet, heads), options.pieces);
        }
        if let Some(layout) = layout_of_columns(&first).filter(|_| packing.is_none()) {
            check_heads(&name, layout, heads)?;
            let text = TextFile::of_values(name, (place, packing));
            return Ok(Input { text, layout, pieces: options.pieces, heads, sheet: None });
        }
        if let Some((what, hint)) = no_text(&first) {
            return Err(FormatsError::Binary { file: name, what, hint });
        }
        let bom_bytes = if first.starts_with(BOM) { BOM.len() } else { 0 };
        let blank = |bytes: &[u8]| bytes.iter().all(u8::is_ascii_whitespace);
        let all = u64::try_from(first.len()).unwrap_or(u64::MAX) < FIRST_BYTES;
        if all && blank(first.get(bom_bytes..).unwrap_or(&[])) {
            return Err(FormatsError::Empty { file: name });
        }
        let layout = options.layout.unwrap_or_else(|| layout_of(file, &first));
        check_heads(&name, layout, heads)?;
        let (sheet, pieces) = (None, options.pieces);
        // A byte order mark tells UTF-8 whatever was said of the other files.
        let said = if bom_bytes > 0 { Some(Encoding::Utf8) } else { options.encoding };
        let encoding = said.map_or_else(OnceLock::new, OnceLock::from);
        let said = options.encoding.filter(|_| bom_bytes == 0);
        // JSON is UTF-8 (RFC 8259) where nothing speaks against it.
        let is_json = matches!(layout, Layout::Json | Layout::Ndjson);
        let if_either = is_json.then_some(Encoding::Utf8);
        let text = TextFile::new(name, place, packing);
        let text = Arc::new(TextFile { bom_bytes, said, if_either, encoding, ..text });
        // What is no text at all is better refused before anything is done.
        text.encoding_of(encoding::without_half(&first))?;
        Ok(Input { text, layout, pieces, heads, sheet })
    }

    fn open_sheet(
        file: String,
        (place, packing): (Place, Option<Packing>),
        (wanted, heads): (Option<&str>, Heads),
        pieces: Pieces,
    ) -> Result<Input, FormatsError> {
        let failed = |error| FormatsError::reading(&file, error);
        let mut bytes = Vec::new();
        let mut reader = Unpacked::new(place.open().map_err(failed)?, packing);
        reader.read_to_end(&mut bytes).map_err(failed)?;
        let (sheet, rows) = Sheet::read(bytes, &file, wanted, heads)?;
        let (name, sheet) = (format!("{file}#{sheet}"), Some(Arc::new(rows)));
        let text = TextFile::of_values(name, (place, packing));
        Ok(Input { text, layout: Layout::Sheet, pieces, heads, sheet })
    }

    /// Where a row stands, or a cell of it, as people look it up.
    pub fn place(&self, line: u64, column: Option<&str>) -> Words {
        let name = &self.text.name;
        let zh = stream_in_chinese(name);
        match (self.layout, &self.sheet) {
            (Layout::Json, _) => {
                Words::new(format!("{name} record {line}"), format!("{zh} 第 {line} 条"))
            }
            (Layout::Sheet, Some(sheet)) => {
                let of = |name: &str| sheet.header.iter().position(|it| it == name);
                let parts = column.and_then(|it| whole_and_part(it, |name| of(name).is_some()));
                let at = parts.and_then(|(name, _)| of(name));
                let place = match at {
                    Some(at) => format!("{name}!{}", sheet.cell_name(at, line)),
                    None => format!("{name}:{line}"),
                };
                Words::new(place.clone(), place)
            }
            (Layout::Parquet | Layout::Arrow, _) => {
                Words::new(format!("{name} row {line}"), format!("{zh} 第 {line} 行"))
            }
            _ => Words::new(format!("{name}:{line}"), format!("{zh}:{line}")),
        }
    }

    /// The file as the user named it, with the sheet of a workbook.
    pub fn name(&self) -> &str {
        &self.text.name
    }

    /// The sheet that is read, of a workbook.
    pub fn sheet(&self) -> Option<&str> {
        let named = self.text.name.rsplit_once('#').map(|(_, sheet)| sheet);
        named.filter(|_| self.sheet.is_some())
    }

    /// How its bytes are text.
    ///
    /// # Errors
    /// They are text in no encoding that is known, or can no longer be read.
    pub fn encoding(&self) -> Result<Encoding, FormatsError> {
        self.text.encoding()
    }

    /// The encoding that the user said, and the other one in which its bytes seem to be text.
    ///
    /// # Errors
    /// They can no longer be read.
    pub fn misread(&self) -> Result<Option<(Encoding, Encoding)>, FormatsError> {
        let Some(said) = self.text.said else { return Ok(None) };
        let seems = encoding::seems(&mut || self.text.reader(), &self.text.name)?;
        Ok(seems.filter(|seems| *seems != said).map(|seems| (said, seems)))
    }

    /// Whether it begins with a byte order mark.
    pub(super) fn has_mark(&self) -> bool {
        self.text.bom_bytes > 0
    }

    /// The file as a text whose encoding is told when it matters.
    pub(super) fn text(&self) -> Arc<TextFile> {
        self.text.clone()
    }

    /// Its bytes from the start, unpacked, after a byte order mark.
    ///
    /// # Errors
    /// It can no longer be opened.
    pub(super) fn reader(&self) -> Result<InputReader, FormatsError> {
        self.text.reader()
    }

    /// The file itself, for readers that go to and fro in it.
    #[cfg(feature = "columns")]
    pub(super) fn file(&self) -> Result<File, FormatsError> {
        let file = match &self.text.place {
            Place::Path(path) => open(path),
            Place::Kept(file) => file.try_clone(),
        };
        file.map_err(|error| FormatsError::reading(&self.text.name, error))
    }

    /// The digest of its bytes as they stand on disk, which `sha256sum` prints too.
    ///
    /// # Errors
    /// It can no longer be read.
    pub fn digest(&self) -> Result<Digest, FormatsError> {
        let failed = |error| FormatsError::reading(&self.text.name, error);
        let mut file = self.text.place.open().map_err(failed)?;
        let (mut digester, mut bytes) = (Digester::new(), vec![0; 1 << 16]);
        loop {
            match file.read(&mut bytes).map_err(failed)? {
                0 => return Ok(digester.finish()),
                count => digester.update(bytes.get(..count).unwrap_or_default()),
            }
        }
    }

    /// How many bytes it has on disk; nothing where they are not read as its rows are.
    pub fn size(&self) -> Option<u64> {
        let as_rows = matches!(self.layout, Layout::Csv { .. } | Layout::Ndjson);
        let size = as_rows.then(|| match &self.text.place {
            Place::Path(path) => std::fs::metadata(path),
            Place::Kept(file) => file.metadata(),
        });
        size?.ok().map(|size| size.len())
    }

    /// How many of these have been read so far.
    pub fn reached(&self) -> u64 {
        self.text.reached.load(Ordering::Relaxed)
    }

    /// Where it is on disk, to know that an output is not the same file.
    pub fn path(&self) -> Option<&Path> {
        match &self.text.place {
            Place::Path(path) => Some(path),
            Place::Kept(_) => None,
        }
    }
}

impl TextFile {
    /// A file that holds values: its texts are UTF-8.
    fn of_values(name: String, (place, packing): (Place, Option<Packing>)) -> Arc<TextFile> {
        let encoding = OnceLock::from(Encoding::Utf8);
        Arc::new(TextFile { encoding, ..TextFile::new(name, place, packing) })
    }

    /// A file whose encoding is to be told.
    fn new(name: String, place: Place, packing: Option<Packing>) -> TextFile {
        let (encoding, assumed) = (OnceLock::new(), AtomicBool::new(false));
        let (bom_bytes, said, if_either, reached) = (0, None, None, Arc::default());
        TextFile { name, place, packing, bom_bytes, said, if_either, encoding, assumed, reached }
    }

    fn reader(&self) -> Result<InputReader, FormatsError> {
        let failed = |error| FormatsError::reading(&self.name, error);
        let bytes = self.place.open().map_err(failed)?;
        let bytes = Bytes { reached: self.reached.clone(), ..bytes };
        let mut bytes = Unpacked::new(bytes, self.packing);
        let mut mark = [0; BOM.len()];
        bytes.read_exact(mark.get_mut(..self.bom_bytes).unwrap_or(&mut [])).map_err(failed)?;
        // Readers above have buffers of their own; this one only serves small peeks.
        Ok(BufReader::with_capacity(8192, bytes))
    }

    fn encoding(&self) -> Result<Encoding, FormatsError> {
        if let Some(known) = self.encoding.get() {
            return Ok(*known);
        }
        let found = match encoding::detect(&mut || self.reader(), &self.name) {
            Err(FormatsError::Either { .. }) if let Some(own) = self.if_either => own,
            found => found?,
        };
        Ok(*self.encoding.get_or_init(|| found))
    }

    /// How a part of its bytes is text, which begins and ends at characters. ASCII is the same in
    /// every encoding. What is UTF-8 is taken for it, unless it is so little that chance might have
    /// made it; should the file turn out to be in another encoding, that is said.
    pub(super) fn encoding_of(&self, bytes: &[u8]) -> Result<Encoding, FormatsError> {
        if bytes.is_ascii() {
            return Ok(Encoding::Utf8);
        }
        let assumed = self.assumed.load(Ordering::Relaxed);
        if self.encoding.get().is_none()
            && simdutf8::basic::from_utf8(bytes).is_ok()
            && (assumed || bytes.iter().filter(|byte| **byte >= 0xE0).nth(CHANCE_MOST).is_some())
        {
            self.assumed.store(true, Ordering::Relaxed);
            return Ok(Encoding::Utf8);
        }
        match self.encoding()? {
            Encoding::Gb18030 if assumed => Err(FormatsError::Mixed { file: self.name.clone() }),
            told => Ok(told),
        }
    }
}

/// Chinese characters are of three bytes in UTF-8. Of those that are common in GB18030 hardly one
/// begins as they do: more than so many are not so by chance.
const CHANCE_MOST: usize = 2;

impl Place {
    fn open(&self) -> io::Result<Bytes> {
        let file = match self {
            Place::Path(path) => Arc::new(open(path)?),
            Place::Kept(file) => file.clone(),
        };
        Ok(Bytes { file, at: 0, reached: Arc::default() })
    }
}

#[expect(clippy::disallowed_methods, reason = "this is where files are read")]
fn open(path: &Path) -> io::Result<File> {
    File::open(path)
}

fn place_of(path: &Path, name: &str) -> Result<Place, FormatsError> {
    let failed = |error| FormatsError::reading(name, error);
    let metadata = std::fs::metadata(path).map_err(failed)?;
    if metadata.is_dir() {
        return Err(FormatsError::Directory { file: name.to_owned(), doing: Doing::Reading });
    }
    if metadata.is_file() {
        return Ok(Place::Path(path.to_owned()));
    }
    let mut pipe = open(path).map_err(failed)?;
    kept(&mut pipe).map(Place::Kept).map_err(failed)
}

fn kept(reader: &mut dyn Read) -> io::Result<Arc<File>> {
    let mut file = tempfile::tempfile()?;
    io::copy(reader, &mut file)?;
    Ok(Arc::new(file))
}

pub(super) const BOM: &[u8] = b"\xEF\xBB\xBF";
/// So many bytes tell what a file is.
const FIRST_BYTES: u64 = 4096;

/// The layout of a file of columns, where the program can read such files.
fn layout_of_columns(first: &[u8]) -> Option<Layout> {
    if !cfg!(feature = "columns") {
        return None;
    }
    match first {
        [b'P', b'A', b'R', b'1', ..] => Some(Layout::Parquet),
        [b'A', b'R', b'R', b'O', b'W', b'1', ..] | [0xFF, 0xFF, 0xFF, 0xFF, ..] => {
            Some(Layout::Arrow)
        }
        _ => None,
    }
}

/// Of Excel, old or new, or of another spreadsheet: all of them are archives of one of two kinds.
fn is_workbook(first: &[u8]) -> bool {
    first.starts_with(b"PK\x03\x04") || first.starts_with(b"\xD0\xCF\x11\xE0")
}

/// The layout by the name's ending, else by the first letter.
fn layout_of(argument: &str, first: &[u8]) -> Layout {
    let ending = Path::new(unpacked_name(argument)).extension().and_then(|ending| ending.to_str());
    match ending.unwrap_or_default().to_ascii_lowercase().as_str() {
        "csv" => Layout::Csv { delimiter: b',' },
        "tsv" | "tab" => Layout::Csv { delimiter: b'\t' },
        "json" => Layout::Json,
        "ndjson" | "jsonl" => Layout::Ndjson,
        _ => match first.iter().find(|byte| !byte.is_ascii_whitespace()) {
            Some(b'[') => Layout::Json,
            Some(b'{') => Layout::Ndjson,
            _ => Layout::Csv { delimiter: b',' },
        },
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn opened(bytes: &[u8], name: &str) -> Result<Input, FormatsError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        let mut file = tempfile::NamedTempFile::new_in(folder.path()).unwrap();
        file.write_all(bytes).unwrap();
        file.persist(&path).unwrap();
        Input::open(path.to_str().unwrap(), InputOptions::default())
    }

    #[track_caller]
    fn refused(bytes: &[u8], wanted: &str) {
        let words = opened(bytes, "x.csv").unwrap_err().words().en;
        assert!(words.contains(wanted), "{words}");
    }

    #[test]
    fn what_is_no_text_is_named() {
        refused(b"", "is empty");
        refused(b"\xEF\xBB\xBF\r\n", "is empty");
        refused(b"\xFF\xFEi\0d\0", "UTF-16");
        refused(b"i\0d\0,\0", "UTF-16");
        refused(b"PK\x03\x04.....", "the workbook cannot be read");
        refused(b"\xEF\xBB\xBF \n<HTML xmlns:x><table><tr><td>id</td>", "a web page");
        refused(b"<?xml version=\"1.0\"?>\n<Workbook>", "a web page");
        opened(b"<id>,amount\n1,2\n", "x.csv").unwrap();
        if !cfg!(feature = "columns") {
            refused(b"PAR1.....", "Parquet");
        }
        refused(b"\xFF\xFF\xFF\n", "neither in UTF-8");
    }

    #[test]
    fn layout_by_name_then_by_first_letter() {
        for (name, bytes, wanted) in [
            ("a.csv", "[", Layout::Csv { delimiter: b',' }),
            ("a.TSV", "x", Layout::Csv { delimiter: b'\t' }),
            ("a.jsonl", "{", Layout::Ndjson),
            ("a", " [", Layout::Json),
            ("a", "{", Layout::Ndjson),
            ("a.txt", "id,date", Layout::Csv { delimiter: b',' }),
        ] {
            assert_eq!(opened(bytes.as_bytes(), name).unwrap().layout, wanted, "{name}");
        }
    }

    #[test]
    fn utf_8_is_told_as_the_file_is_read() {
        let input = opened("凭证号,税种,金额（元）\n".as_bytes(), "x.csv").unwrap();
        assert_eq!(input.text.encoding.get(), None);
        assert_eq!(input.text.encoding_of("增值税".as_bytes()).unwrap(), Encoding::Utf8);
        assert_eq!(input.text.encoding.get(), None);
        // So little might be so by chance: the whole file is asked.
        let input = opened("id,税种\n".as_bytes(), "x.csv").unwrap();
        assert_eq!(input.text.encoding.get(), Some(&Encoding::Utf8));
    }

    #[test]
    fn a_file_that_is_utf_8_by_chance_and_only_at_its_start_is_refused() {
        // As GB18030 the first line is six characters, if rare ones.
        let header = "中中中中\n".as_bytes().to_vec();
        let bytes = [header.clone(), b"a\n".repeat(2048), b"\xD4\xF6".repeat(12)];
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.csv");
        std::fs::File::create_new(&path).unwrap().write_all(&bytes.concat()).unwrap();
        let input = Input::open(path.to_str().unwrap(), InputOptions::default()).unwrap();
        assert_eq!(input.text.encoding_of(&header).unwrap(), Encoding::Utf8);
        let error = input.text.encoding_of(b"\xD4\xF6").unwrap_err();
        assert!(matches!(error, FormatsError::Mixed { .. }), "{error:?}");
        assert!(error.hint().is_some_and(|hint| hint.en.contains("--encoding gb18030")));
    }

    #[test]
    fn a_folder_and_a_missing_file_are_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        let open = |path: &Path| {
            Input::open(path.to_str().unwrap(), InputOptions::default()).unwrap_err().words().en
        };
        assert!(open(folder.path()).contains("is a folder"));
        assert!(open(&folder.path().join("none.csv")).contains("there is no such file"));
    }
}
