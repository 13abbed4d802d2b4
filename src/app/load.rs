//! From the path of a rule set to its files, with every module they use.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::base::FileId;
use crate::diagnostics::Diagnostic;
use crate::formats::{FormatsError, is_rules, read_text, rule_files};
use crate::report::Sources;
use crate::syntax::{self, ast};

/// Where modules are looked for that are not among the files named.
#[derive(Debug, Clone, Default)]
pub struct Library {
    /// Folders, each searched for `cn/sharing.fen.md` and `cn/sharing.fen`.
    pub folders: Vec<PathBuf>,
}

/// Files of rules, parsed.
#[derive(Debug, Default)]
pub struct Loaded {
    /// Their texts.
    pub sources: Sources,
    /// Their trees, by file number.
    pub files: Vec<LoadedFile>,
    /// What is wrong with their spelling.
    pub findings: Vec<Diagnostic>,
}

/// A file of rules.
#[derive(Debug)]
pub struct LoadedFile {
    /// Where it was read.
    pub path: PathBuf,
    /// Whether the user named it, or the folder it is in; else it is there because it is used.
    pub named: bool,
    /// Modules it declares.
    pub modules: Vec<String>,
    /// Modules it uses.
    pub uses: Vec<String>,
    /// Its tree.
    pub tree: ast::File,
}

/// Reads a file or a folder of rules and, for each module used, the file that declares it; so many
/// threads may read at a time, and what is read does not depend on how many.
///
/// A used module is looked for among the files named; then beside them: in each folder from the
/// file's own upward, and in that folder's `rules`; then in the library. A module that is found
/// nowhere is left to the resolver to report, at the place of its `use`.
///
/// # Errors
/// A file or folder cannot be read.
pub fn load(rules: &Path, library: &Library, threads: usize) -> Result<Loaded, FormatsError> {
    let mut loaded = Loaded::default();
    let named = if rules.is_dir() { rule_files(rules)? } else { vec![rules.to_owned()] };
    let named = named.iter().map(|path| (None, from_here(path))).collect();
    loaded.add(named, true, threads)?;
    let mut known: BTreeSet<String> = BTreeSet::new();
    let mut next = 0;
    while let Some(new) = loaded.files.get(next..).filter(|new| !new.is_empty()) {
        known.extend(new.iter().flat_map(|file| file.modules.iter().cloned()));
        let mut wanted = Vec::new();
        for file in new {
            for module in &file.uses {
                if known.insert(module.clone()) {
                    let found = find_module(module, &file.path, library);
                    wanted.extend(found.map(|path| (Some(module.clone()), path)));
                }
            }
        }
        next = loaded.files.len();
        loaded.add(wanted, false, threads)?;
    }
    Ok(loaded)
}

/// A file of rules to be read, and the module it is wanted for.
type Wanted = (Option<String>, PathBuf);

/// A text, its tree, and what is wrong with its spelling.
type Parsed = (String, ast::File, Vec<Diagnostic>);

/// Reads files, which get numbers from `first` on.
fn parsed(wanted: &[Wanted], first: usize, threads: usize) -> Vec<Result<Parsed, FormatsError>> {
    let parsed = |(number, path): (usize, &Path)| {
        let text = read_text(path)?;
        let (tree, findings) = syntax::parse(file_id(number), &text, is_literate(path));
        Ok((text, tree, findings))
    };
    let numbered = (first..).zip(wanted.iter().map(|(_, path)| path.as_path()));
    if threads < 2 || wanted.len() < 2 {
        return numbered.map(parsed).collect();
    }
    let left = Mutex::new(numbered);
    let next = || left.lock().unwrap_or_else(PoisonError::into_inner).next();
    let work = || std::iter::from_fn(next).map(|it| (it.0, parsed(it))).collect::<Vec<_>>();
    let mut all = std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads.min(wanted.len())).map(|_| scope.spawn(work)).collect();
        let mut all = work();
        for other in others {
            match other.join() {
                Ok(own) => all.extend(own),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        all
    });
    all.sort_by_key(|(number, _)| *number);
    all.into_iter().map(|(_, parsed)| parsed).collect()
}

fn file_id(number: usize) -> FileId {
    FileId(u32::try_from(number).unwrap_or(u32::MAX))
}

fn is_literate(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending == "md")
}

impl Loaded {
    /// Texts that are at hand already, by the paths they are known by.
    pub fn from_texts<'t>(texts: impl IntoIterator<Item = (&'t str, &'t str)>) -> Loaded {
        let mut loaded = Loaded::default();
        for (path, text) in texts {
            loaded.add_text(Path::new(path), text.to_owned(), true);
        }
        loaded
    }

    /// Adds files, but for those whose module another of them declares before.
    fn add(
        &mut self,
        mut wanted: Vec<Wanted>,
        named: bool,
        threads: usize,
    ) -> Result<(), FormatsError> {
        let first = self.files.len();
        while !wanted.is_empty() {
            let parsed = parsed(&wanted, self.files.len(), threads);
            let mut left = wanted.into_iter();
            for ((module, path), parsed) in left.by_ref().zip(parsed) {
                let new = self.files.iter().skip(first);
                if module
                    .is_some_and(|module| new.flat_map(|it| &it.modules).any(|it| *it == module))
                {
                    // Those behind it get other numbers, and are read again.
                    break;
                }
                self.add_parsed(path, parsed?, named);
            }
            wanted = left.collect();
        }
        Ok(())
    }

    fn add_text(&mut self, path: &Path, text: String, named: bool) {
        let (tree, findings) = syntax::parse(file_id(self.files.len()), &text, is_literate(path));
        self.add_parsed(path.to_owned(), (text, tree, findings), named);
    }

    fn add_parsed(&mut self, path: PathBuf, (text, tree, findings): Parsed, named: bool) {
        self.sources.add(path.display().to_string(), text);
        self.findings.extend(findings);
        let mut modules = Vec::new();
        let mut uses = Vec::new();
        for item in &tree.items {
            match &item.kind {
                ast::ItemKind::Module(module) => modules.push(module.name.text.clone()),
                ast::ItemKind::Use(names) => {
                    uses.extend(names.iter().map(|name| name.text.clone()));
                }
                _ => {}
            }
        }
        self.files.push(LoadedFile { path, named, modules, uses, tree });
    }

    /// The files needed to compile one of them: itself and what it uses, directly or not, those used
    /// before those using.
    pub fn closure(&self, file: FileId) -> Vec<usize> {
        let declared: BTreeMap<&str, usize> = self
            .files
            .iter()
            .enumerate()
            .flat_map(|(at, file)| file.modules.iter().map(move |name| (name.as_str(), at)))
            .collect();
        let mut found = BTreeSet::new();
        let mut open: Vec<usize> = usize::try_from(file.0).into_iter().collect();
        while let Some(at) = open.pop() {
            if found.insert(at)
                && let Some(file) = self.files.get(at)
            {
                let used = file.uses.iter().filter_map(|name| declared.get(name.as_str()));
                open.extend(used.copied());
            }
        }
        found.into_iter().collect()
    }
}

fn find_module(module: &str, from: &Path, library: &Library) -> Option<PathBuf> {
    let relative = module.replace('.', "/");
    let in_folder = |folder: &Path| {
        ["fen.md", "fen"]
            .into_iter()
            .map(|ending| folder.join(format!("{relative}.{ending}")))
            .find(|path| is_rules(path) && path.is_file())
    };
    // A path such as `rules/x.fen` has ancestors only as far as it is written.
    let absolute = std::path::absolute(from).unwrap_or_else(|_| from.to_owned());
    let beside = absolute
        .ancestors()
        .skip(1)
        .find_map(|folder| in_folder(folder).or_else(|| in_folder(&folder.join("rules"))));
    let found = beside.or_else(|| library.folders.iter().find_map(|folder| in_folder(folder)))?;
    Some(from_here(&found))
}

/// A path from the folder we are in, if it lies there: however it is written, a text has one name.
fn from_here(path: &Path) -> PathBuf {
    let relative = || {
        let (here, whole) = (std::path::absolute(".").ok()?, std::path::absolute(path).ok()?);
        whole.strip_prefix(here).ok().map(Path::to_owned)
    };
    relative().filter(|it| !it.as_os_str().is_empty()).unwrap_or_else(|| path.to_owned())
}
