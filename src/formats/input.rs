//! A file to read: opened, told apart from what is no table, and its encoding found.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use crate::base::{Digest, Digester};
use crate::diagnostics::Words;

use super::encoding::{self, Encoding};
use super::error::FormatsError;

/// A file of the run. It can be read more than once: what comes through a pipe is kept in a
/// temporary file, so that a row set aside can be written out whole at the end.
#[derive(Debug)]
pub struct Input {
    name: String,
    place: Place,
    /// Its layout.
    pub layout: Layout,
    /// How its bytes are text.
    pub encoding: Encoding,
    /// Bytes of a byte order mark at its start.
    bom_bytes: u64,
    /// Its length.
    bytes: u64,
}

#[derive(Debug)]
enum Place {
    Path(PathBuf),
    Kept(tempfile::NamedTempFile),
}

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
}

/// What the user said about the inputs.
#[derive(Debug, Clone, Copy, Default)]
pub struct InputOptions {
    /// The layout, whatever the name of the file.
    pub layout: Option<Layout>,
    /// The encoding, whatever the bytes look like.
    pub encoding: Option<Encoding>,
}

impl Input {
    /// Opens a file and finds out what it is; `-` is the standard input.
    ///
    /// # Errors
    /// It is missing, a folder, empty, no text, or may not be read.
    pub fn open(argument: &str, options: InputOptions) -> Result<Input, FormatsError> {
        let name = if argument == "-" { "standard input" } else { argument }.to_owned();
        let failed = |error| FormatsError::reading(&name, error);
        let place = if argument == "-" {
            Place::Kept(kept(&mut io::stdin().lock()).map_err(failed)?)
        } else {
            place_of(Path::new(argument), &name)?
        };
        let mut file = open(place.path()).map_err(failed)?;
        let mut first = Vec::new();
        Read::by_ref(&mut file).take(4096).read_to_end(&mut first).map_err(failed)?;
        if let Some((what, hint)) = binary(&first) {
            return Err(FormatsError::Binary { file: name, what, hint });
        }
        let bom_bytes = if first.starts_with(b"\xEF\xBB\xBF") { 3 } else { 0 };
        let blank = |bytes: &[u8]| bytes.iter().all(u8::is_ascii_whitespace);
        if first.len() < 4096 && blank(first.get(usize::from(bom_bytes > 0) * 3..).unwrap_or(&[])) {
            return Err(FormatsError::Empty { file: name });
        }
        let layout = options.layout.unwrap_or_else(|| layout_of(argument, &first));
        let bytes = file.seek(SeekFrom::End(0)).map_err(failed)?;
        let mut input = Input { name, place, layout, encoding: Encoding::Utf8, bom_bytes, bytes };
        // A byte order mark tells UTF-8 whatever was said of the other files.
        input.encoding = match options.encoding {
            _ if bom_bytes > 0 => Encoding::Utf8,
            Some(encoding) => encoding,
            None => encoding::detect(&mut || input.reader(), &input.name)?,
        };
        Ok(input)
    }

    /// The file as the user named it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How many bytes it has.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Its bytes from the start, after a byte order mark.
    ///
    /// # Errors
    /// It can no longer be opened.
    pub fn reader(&self) -> Result<BufReader<File>, FormatsError> {
        let failed = |error| FormatsError::reading(&self.name, error);
        let mut file = open(self.place.path()).map_err(failed)?;
        file.seek(SeekFrom::Start(self.bom_bytes)).map_err(failed)?;
        // Readers above have buffers of their own; this one only serves small peeks.
        Ok(BufReader::with_capacity(8192, file))
    }

    /// The digest of its bytes as they stand on disk, which `sha256sum` prints too.
    ///
    /// # Errors
    /// It can no longer be read.
    pub fn digest(&self) -> Result<Digest, FormatsError> {
        let failed = |error| FormatsError::reading(&self.name, error);
        let mut file = open(self.place.path()).map_err(failed)?;
        let (mut digester, mut bytes) = (Digester::new(), vec![0; 1 << 16]);
        loop {
            match file.read(&mut bytes).map_err(failed)? {
                0 => return Ok(digester.finish()),
                count => digester.update(bytes.get(..count).unwrap_or_default()),
            }
        }
    }

    /// Where it is on disk, to know that an output is not the same file.
    pub fn path(&self) -> Option<&Path> {
        match &self.place {
            Place::Path(path) => Some(path),
            Place::Kept(_) => None,
        }
    }
}

impl Place {
    fn path(&self) -> &Path {
        match self {
            Place::Path(path) => path,
            Place::Kept(file) => file.path(),
        }
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
        return Err(FormatsError::Directory { file: name.to_owned() });
    }
    if metadata.is_file() {
        return Ok(Place::Path(path.to_owned()));
    }
    let mut pipe = open(path).map_err(failed)?;
    kept(&mut pipe).map(Place::Kept).map_err(failed)
}

fn kept(reader: &mut dyn Read) -> io::Result<tempfile::NamedTempFile> {
    let mut file = tempfile::NamedTempFile::new()?;
    io::copy(reader, &mut file)?;
    Ok(file)
}

/// The layout by the name's ending, else by the first letter.
fn layout_of(argument: &str, first: &[u8]) -> Layout {
    let ending = Path::new(argument).extension().and_then(|ending| ending.to_str());
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

/// What a file is by its first bytes, if it is no text, and how to get a text of it.
fn binary(first: &[u8]) -> Option<(Words, Words)> {
    let save_as_csv = || {
        Words::new(
            "open it in Excel or WPS and save it as `CSV UTF-8`",
            "请在 Excel 或 WPS 中打开，另存为“CSV UTF-8”",
        )
    };
    if first.starts_with(b"\xFF\xFE") || first.starts_with(b"\xFE\xFF") {
        return Some((
            Words::new("the file is UTF-16", "文件编码为 UTF-16"),
            Words::new(
                "save it as UTF-8 (in Excel: `CSV UTF-8`, not `Unicode text`)",
                "请另存为 UTF-8（Excel 中选“CSV UTF-8”，不要选“Unicode 文本”）",
            ),
        ));
    }
    if first.starts_with(b"PK\x03\x04") || first.starts_with(b"\xD0\xCF\x11\xE0") {
        return Some((
            Words::new(
                "the file is a workbook or an archive, not a text",
                "文件是工作簿或压缩包，不是文本",
            ),
            save_as_csv(),
        ));
    }
    let kinds: [(&[u8], &str); 5] = [
        (b"\x1F\x8B", "gzip"),
        (b"PAR1", "Parquet"),
        (b"ARROW1", "Arrow"),
        (b"%PDF", "PDF"),
        (b"SQLite format 3", "SQLite"),
    ];
    if let Some((_, kind)) = kinds.iter().find(|(magic, _)| first.starts_with(magic)) {
        return Some((
            Words::new(
                format!("the file is {kind}, not a text"),
                format!("文件是 {kind} 格式，不是文本"),
            ),
            Words::new("give the rows as CSV, JSON or NDJSON", "请提供 CSV、JSON 或 NDJSON"),
        ));
    }
    let nul = |byte: &&u8| **byte == 0;
    let nuls = first.iter().filter(nul).count();
    // A damaged row may hold a NUL; a file in which one byte of ten is NUL is something else.
    if nuls * 10 > first.len() {
        return Some((
            Words::new(
                "the file is no text (perhaps UTF-16 without its mark)",
                "文件不是文本（或为无标记的 UTF-16）",
            ),
            save_as_csv(),
        ));
    }
    None
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
        refused(b"PK\x03\x04.....", "workbook");
        refused(b"PAR1.....", "Parquet");
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
    fn a_folder_and_a_missing_file_are_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        let open = |path: &Path| {
            Input::open(path.to_str().unwrap(), InputOptions::default()).unwrap_err().words().en
        };
        assert!(open(folder.path()).contains("is a folder"));
        assert!(open(&folder.path().join("none.csv")).contains("there is no such file"));
    }
}
