//! A file to write: whole at the end, or not there at all.

use std::fs::{File, Metadata};
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::base::Forcing;

use super::error::{Doing, FormatsError, STANDARD_OUTPUT};
use super::packed::{Packer, Packing};
use super::together::{Together, folder_of, hidden};

/// Where results go. A file is written beside its place and moved there by [`Output::finish`], so
/// that nobody ever reads half of one; without `finish` nothing is left behind.
#[derive(Debug)]
pub struct Output {
    name: String,
    to: To,
    packer: Packer,
    /// With which others it comes into its place.
    together: Option<Arc<Together>>,
    forcing: Option<Forcing>,
    reader: Reader,
}

/// Whoever reads the other end, and what it means that he goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reader {
    /// Nobody wants any more.
    Alone,
    /// Others want what goes elsewhere.
    OneOfSeveral,
    /// He has gone, and the others have not.
    Gone,
}

#[derive(Debug)]
enum To {
    Stdout(BufWriter<io::Stdout>),
    /// A device or a pipe, which cannot be moved into place.
    Direct(BufWriter<File>),
    File(BufWriter<tempfile::NamedTempFile>, PathBuf),
}

const BUFFER_BYTES: usize = 1 << 16;

impl To {
    fn writer(&mut self) -> &mut dyn Write {
        match self {
            To::Stdout(writer) => writer,
            To::Direct(writer) => writer,
            To::File(writer, _) => writer,
        }
    }
}

impl Output {
    fn alone(name: String, to: To, packer: Packer) -> Output {
        Output { name, to, packer, together: None, forcing: None, reader: Reader::Alone }
    }

    /// Whether a person sees what is written as it comes.
    pub(super) fn is_screen(&self) -> bool {
        match &self.to {
            To::Stdout(writer) => writer.get_ref().is_terminal(),
            To::Direct(writer) => writer.get_ref().is_terminal(),
            To::File(..) => false,
        }
    }

    /// Starts to write a file, packed if its ending says so; `-` is the standard output.
    ///
    /// # Errors
    /// It cannot be made there.
    pub fn create(argument: &str) -> Result<Output, FormatsError> {
        if argument == "-" {
            return Ok(Output::stdout());
        }
        let failed = |error| FormatsError::writing(argument, error);
        let path = Path::new(argument);
        let name = argument.to_owned();
        let packer = Packer::new(Packing::by_ending(argument).0);
        if argument.is_empty() {
            return Err(failed(io::ErrorKind::InvalidInput.into()));
        }
        let there = std::fs::metadata(path);
        // What has a `/` behind it can be nothing else.
        let is_folder = argument.ends_with('/') || there.as_ref().is_ok_and(Metadata::is_dir);
        match there {
            _ if is_folder => Err(FormatsError::Directory { file: name, doing: Doing::Writing }),
            Ok(metadata) if !metadata.is_file() => {
                let file = std::fs::OpenOptions::new().write(true).open(path).map_err(failed)?;
                let to = To::Direct(BufWriter::with_capacity(BUFFER_BYTES, file));
                Ok(Output::alone(name, to, packer))
            }
            _ => {
                // A link is followed, so that it stays one.
                let path = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
                let file = hidden()
                    .permissions(permissions(&path))
                    .tempfile_in(folder_of(&path))
                    .map_err(failed)?;
                // Whoever finds it knows by that that somebody is at it. Where files cannot be
                // locked nobody says anything of it.
                let _ = file.as_file().try_lock();
                let to = To::File(BufWriter::with_capacity(BUFFER_BYTES, file), path);
                Ok(Output::alone(name, to, packer))
            }
        }
    }

    /// The same file, which is put in its place with the others.
    pub fn together(self, together: &Arc<Together>) -> Output {
        Output { together: Some(together.clone()), ..self }
    }

    /// The same file, beside others that are wanted also when whoever reads this one has gone: what he does
    /// not read is dropped, and that is no error.
    pub fn beside_others(self) -> Output {
        Output { reader: Reader::OneOfSeveral, ..self }
    }

    /// The same file, forced to its disk by a thread of its own while it is written.
    ///
    /// # Errors
    /// There can be no such thread.
    pub fn forced_beside(self) -> Result<Output, FormatsError> {
        let To::File(writer, _) = &self.to else { return Ok(self) };
        let file = writer.get_ref().as_file().try_clone();
        let forcing = file.and_then(|file| Forcing::new(Arc::new(file)));
        let forcing = forcing.map_err(|error| failure(&self.name, error))?;
        Ok(Output { forcing: Some(forcing), ..self })
    }

    /// The standard output.
    pub fn stdout() -> Output {
        let to = To::Stdout(BufWriter::with_capacity(BUFFER_BYTES, io::stdout()));
        let (name, packer) = (STANDARD_OUTPUT.to_owned(), Packer::new(None));
        Output::alone(name, to, packer)
    }

    /// Whether what was written to such a place can be thrown away and written anew, as long as it
    /// was not finished: of a file, but not of a pipe or a device.
    pub fn can_be_made_anew(argument: &str) -> bool {
        argument != "-"
            && std::fs::metadata(Path::new(argument)).map_or(true, |metadata| metadata.is_file())
    }

    /// The file as the user named it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Writes some bytes.
    ///
    /// # Errors
    /// The disk is full, or whoever reads the other end has gone.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), FormatsError> {
        self.heed()?;
        if self.reader == Reader::Gone {
            return Ok(());
        }
        let written = self.packer.write(bytes, self.to.writer());
        self.forcing.iter_mut().for_each(|forcing| forcing.written(bytes.len()));
        match written.map_err(|error| failure(&self.name, error)) {
            Err(FormatsError::Closed) if self.reader == Reader::OneOfSeveral => {
                self.reader = Reader::Gone;
                Ok(())
            }
            written => written,
        }
    }

    /// Those it comes into its place with.
    pub(super) fn others(&self) -> Option<Arc<Together>> {
        self.together.clone()
    }

    /// # Errors
    /// The user wants no more.
    pub(super) fn heed(&self) -> Result<(), FormatsError> {
        self.together.as_ref().map_or(Ok(()), |together| together.heed())
    }

    /// Writes what is left and puts the file in its place, or leaves that to those it comes with.
    ///
    /// # Errors
    /// The disk is full, the user wants no more, or whoever reads the other end has gone.
    pub fn finish(self) -> Result<(), FormatsError> {
        self.heed()?;
        let reader = self.reader;
        if reader == Reader::Gone {
            return Ok(());
        }
        match self.finished() {
            Err(FormatsError::Closed) if reader == Reader::OneOfSeveral => Ok(()),
            finished => finished,
        }
    }

    fn finished(mut self) -> Result<(), FormatsError> {
        let name = self.name;
        self.packer.finish(self.to.writer()).map_err(|error| failure(&name, error))?;
        match self.to {
            To::Stdout(mut writer) => writer.flush().map_err(|error| failure(&name, error)),
            To::Direct(mut writer) => writer.flush().map_err(|error| failure(&name, error)),
            To::File(writer, path) => {
                let file =
                    writer.into_inner().map_err(|error| failure(&name, error.into_error()))?;
                let forced = self.forcing.map_or(Ok(()), Forcing::finish);
                forced.map_err(|error| failure(&name, error))?;
                // A file system may report a full disk only when it really writes.
                file.as_file().sync_data().map_err(|error| failure(&name, error))?;
                if let Some(together) = &self.together {
                    together.add(file, path);
                    return Ok(());
                }
                file.persist(&path).map(drop).map_err(|error| failure(&name, error.error))
            }
        }
    }
}

fn failure(name: &str, error: io::Error) -> FormatsError {
    if error.kind() == io::ErrorKind::BrokenPipe {
        FormatsError::Closed
    } else {
        FormatsError::writing(name, error)
    }
}

/// Those of the file that is replaced, else what the user's mask leaves of reading and writing.
fn permissions(path: &Path) -> std::fs::Permissions {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path)
        .map_or_else(|_| std::fs::Permissions::from_mode(0o666), |metadata| metadata.permissions())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_there_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.csv");
        let name = path.to_str().unwrap();
        let mut output = Output::create(name).unwrap();
        output.write(b"id\n").unwrap();
        drop(output);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        let mut output = Output::create(name).unwrap();
        output.write(b"id\n").unwrap();
        output.finish().unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().len(), 3);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_cannot_be_written_is_said_at_once() {
        let words = |name: &str| Output::create(name).unwrap_err().words().en;
        assert!(words("/").contains("is a folder"));
        assert!(words("/no/such/folder/x.csv").contains("its folder does not exist"));
    }

    #[test]
    fn a_full_disk_is_said() {
        let mut output = Output::create("/dev/full").unwrap();
        let error = match output.write(&vec![b'x'; BUFFER_BYTES + 1]) {
            Err(error) => error,
            Ok(()) => output.finish().unwrap_err(),
        };
        assert_eq!(error.words().en, "cannot write `/dev/full`: the disk is full");
    }
}
