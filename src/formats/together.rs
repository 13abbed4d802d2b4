//! Results of one run: all of them come into their places, or none does.
//!
//! Until then each is a hidden file beside its place. They are moved there one after the other, since
//! no system moves several at once; if one cannot be moved those before it are put back.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tempfile::{Builder, NamedTempFile, TempPath};

use super::error::FormatsError;

/// Results that wait for each other.
#[derive(Debug, Default)]
pub struct Together {
    /// Set when the user wants no more.
    interrupted: Arc<AtomicBool>,
    /// Files that are whole, and where they belong.
    whole: Mutex<Vec<(NamedTempFile, PathBuf)>>,
}

impl Together {
    /// None so far. Once `interrupted` is set nothing more is written.
    pub fn new(interrupted: Arc<AtomicBool>) -> Arc<Together> {
        Arc::new(Together { interrupted, whole: Mutex::default() })
    }

    /// Takes a file that is whole.
    pub(super) fn add(&self, file: NamedTempFile, path: PathBuf) {
        self.whole.lock().unwrap_or_else(PoisonError::into_inner).push((file, path));
    }

    /// Puts every file in its place.
    ///
    /// # Errors
    /// The user wants no more, or a file cannot be moved there.
    pub fn place(&self) -> Result<(), FormatsError> {
        self.heed()?;
        let mut whole = self.whole.lock().unwrap_or_else(PoisonError::into_inner);
        let whole = std::mem::take(&mut *whole);
        // One alone is moved or is not.
        let several = whole.len() > 1;
        let before: Vec<Before> = whole
            .iter()
            .map(|(_, path)| if several { Before::of(path) } else { Before::Lost })
            .collect();
        let mut placed: Vec<(PathBuf, Before)> = Vec::new();
        for ((file, path), before) in whole.into_iter().zip(before) {
            match file.persist(&path) {
                Ok(_) => placed.push((path, before)),
                Err(error) => {
                    let stay = placed.into_iter().filter_map(|(path, before)| {
                        (!before.put_back(&path)).then(|| path.display().to_string())
                    });
                    let (file, placed) = (path.display().to_string(), stay.collect());
                    return Err(FormatsError::Placing { file, source: error.error, placed });
                }
            }
        }
        Ok(())
    }

    /// # Errors
    /// The user wants no more.
    pub(super) fn heed(&self) -> Result<(), FormatsError> {
        if self.interrupted.load(Ordering::Relaxed) {
            return Err(FormatsError::Interrupted);
        }
        Ok(())
    }
}

/// What stood in a place before.
enum Before {
    Nothing,
    /// A file, which has a second name until all are in their places. It is locked as well.
    File {
        second: NamedTempFile<()>,
        _locked: Option<File>,
    },
    /// It cannot be put back: its folder allows no second name.
    Lost,
}

impl Before {
    fn of(path: &Path) -> Before {
        match hidden().make_in(folder_of(path), |second| std::fs::hard_link(path, second)) {
            Ok(second) => {
                let _locked = locked(second.path());
                Before::File { second, _locked }
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Before::Nothing,
            Err(_) => Before::Lost,
        }
    }

    /// Whether it stands in its place again.
    fn put_back(self, path: &Path) -> bool {
        match self {
            Before::Nothing => std::fs::remove_file(path).is_ok(),
            Before::File { second, .. } => second.persist(path).is_ok(),
            Before::Lost => false,
        }
    }
}

/// After so long whoever makes a file has locked it.
const LOCKED_SOON: Duration = Duration::from_millis(20);

const PREFIX: &str = ".fenshui-";
const SUFFIX: &str = ".partial";
/// What may stand behind that: of a book, the files beside it.
const BESIDE: [&str; 4] = ["", "-journal", "-wal", "-shm"];

/// Makes files that are hidden until they are whole.
pub(super) fn hidden() -> Builder<'static, 'static> {
    let mut builder = Builder::new();
    builder.prefix(PREFIX).suffix(SUFFIX);
    builder
}

/// A file that somebody makes in a way of his own, hidden beside its place until it is whole.
#[derive(Debug)]
pub struct Beside {
    hidden: TempPath,
    /// Locked, so that whoever finds it knows that somebody is at it. Closed after whoever made it has.
    _locked: Option<File>,
}

impl Beside {
    /// Has a file made.
    ///
    /// # Errors
    /// What whoever makes it says; there can be no such file.
    pub fn make<F>(
        place: &Path,
        make: impl FnMut(&Path) -> io::Result<F>,
    ) -> io::Result<(F, Beside)> {
        let (made, hidden) = hidden().make_in(folder_of(place), make)?.into_parts();
        let locked = locked(&hidden);
        Ok((made, Beside { hidden, _locked: locked }))
    }

    /// Moves it to its place, where nothing may stand.
    ///
    /// # Errors
    /// Something stands there, or it cannot be moved.
    pub fn place(self, place: &Path) -> io::Result<()> {
        self.hidden.persist_noclobber(place).map_err(|error| error.error)
    }
}

/// A file, locked as long as this is open. Where files cannot be locked nobody says anything of it.
fn locked(path: &Path) -> Option<File> {
    let file = opened(path).ok()?;
    let _ = file.try_lock();
    Some(file)
}

/// The folder of a file.
pub(super) fn folder_of(path: &Path) -> &Path {
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    folder.unwrap_or(Path::new("."))
}

/// The hidden files that runs which were killed have left in the folder of a file, and their bytes.
pub fn left_behind(file: &str) -> Vec<(PathBuf, u64)> {
    let entries = std::fs::read_dir(folder_of(Path::new(file))).into_iter().flatten().flatten();
    let mut left: Vec<(PathBuf, u64)> = entries
        .filter_map(|entry| {
            let name = entry.file_name();
            let (own, beside) = name.to_str()?.split_once(SUFFIX)?;
            if !own.starts_with(PREFIX) || !BESIDE.contains(&beside) {
                return None;
            }
            // One that a run is at is locked, and what stands beside it is the run's too.
            let file = entry.path().with_file_name(format!("{own}{SUFFIX}"));
            let is_locked = || opened(&file).is_ok_and(|file| file.try_lock_shared().is_err());
            let size = || Some(entry.metadata().ok()?.len());
            // One that a run has made just now holds nothing, and may not be locked yet.
            if size()? == 0 && !is_locked() {
                std::thread::sleep(LOCKED_SOON);
            }
            if is_locked() { None } else { Some((entry.path(), size()?)) }
        })
        .collect();
    left.sort();
    left
}

#[expect(clippy::disallowed_methods, reason = "this is one of the places where files are touched")]
fn opened(path: &Path) -> io::Result<File> {
    File::open(path)
}

#[cfg(test)]
mod tests {
    use crate::formats::Output;

    use super::*;

    fn there(folder: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(folder).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names.collect();
        names.sort();
        names
    }

    fn write(place: &str, text: &str, together: &Arc<Together>) -> Result<(), FormatsError> {
        let mut output = Output::create(place)?.together(together);
        output.write(text.as_bytes())?;
        output.finish()
    }

    fn read(path: &Path) -> String {
        io::read_to_string(opened(path).unwrap()).unwrap()
    }

    #[test]
    fn results_come_into_place_together_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let interrupted = Arc::new(AtomicBool::new(false));
        let place = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
        let there = || there(folder.path());
        let write = |together: &Arc<Together>| {
            write(&place("a"), "id\n", together).and_then(|()| write(&place("b"), "id\n", together))
        };
        let together = Together::new(interrupted.clone());
        write(&together).unwrap();
        assert!(there().iter().all(|name| name.ends_with(".partial")), "{:?}", there());
        assert!(left_behind(&place("a")).is_empty());
        together.place().unwrap();
        assert_eq!(there(), ["a", "b"]);
        std::fs::remove_file(place("a")).unwrap();
        std::fs::remove_file(place("b")).unwrap();
        let together = Together::new(interrupted.clone());
        write(&together).unwrap();
        interrupted.store(true, Ordering::Relaxed);
        assert!(matches!(together.place(), Err(FormatsError::Interrupted)));
        drop(together);
        assert!(there().is_empty());
        let written: Result<(), FormatsError> = write(&Together::new(interrupted));
        assert!(matches!(written, Err(FormatsError::Interrupted)));
        assert!(there().is_empty());
    }

    #[test]
    fn what_was_placed_is_put_back_where_another_cannot_be() {
        let folder = tempfile::tempdir().unwrap();
        let place = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
        let first = Together::new(Arc::default());
        write(&place("old"), "before", &first).unwrap();
        first.place().unwrap();
        let together = Together::new(Arc::default());
        for name in ["old", "new", "folder"] {
            write(&place(name), "after", &together).unwrap();
        }
        // What has become a folder meanwhile is no place for a file.
        std::fs::create_dir(place("folder")).unwrap();
        let error = together.place().unwrap_err();
        let FormatsError::Placing { file, placed, .. } = &error else {
            panic!("{error:?}");
        };
        assert_eq!((file, placed.len()), (&place("folder"), 0));
        assert!(error.hint().unwrap().en.contains("what stood there before still stands"));
        assert_eq!(there(folder.path()), ["folder", "old"]);
        assert_eq!(read(&folder.path().join("old")), "before");
    }

    #[test]
    fn what_a_killed_run_left_is_known() {
        let folder = tempfile::tempdir().unwrap();
        let left = folder.path().join(".fenshui-abc.partial");
        std::fs::File::create_new(&left).unwrap().set_len(42).unwrap();
        std::fs::File::create_new(folder.path().join(".fenshui-abc")).unwrap();
        let result = folder.path().join("o.csv");
        let result = result.to_str().unwrap();
        let output = Output::create(result).unwrap();
        assert_eq!(left_behind(result), [(left, 42)]);
        drop(output);
    }
}
