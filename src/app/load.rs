//! From the path of a rule set to its files, with every module they use.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

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

/// Reads a file or a folder of rules and, for each module used, the file that declares it.
///
/// A used module is looked for among the files named; then beside them: in each folder from the
/// file's own upward, and in that folder's `rules`; then in the library. A module that is found
/// nowhere is left to the resolver to report, at the place of its `use`.
///
/// # Errors
/// A file or folder cannot be read.
pub fn load(rules: &Path, library: &Library) -> Result<Loaded, FormatsError> {
    let mut loaded = Loaded::default();
    if rules.is_dir() {
        for path in rule_files(rules)? {
            loaded.add(&from_here(&path), true)?;
        }
    } else {
        loaded.add(&from_here(rules), true)?;
    }
    let mut next = 0;
    let mut known: BTreeSet<String> =
        loaded.files.iter().flat_map(|file| file.modules.iter().cloned()).collect();
    while let Some(file) = loaded.files.get(next) {
        next += 1;
        let wanted: Vec<String> =
            file.uses.iter().filter(|module| !known.contains(*module)).cloned().collect();
        let from = file.path.clone();
        for module in wanted {
            if known.insert(module.clone())
                && let Some(path) = find_module(&module, &from, library)
            {
                loaded.add(&path, false)?;
                if let Some(file) = loaded.files.last() {
                    known.extend(file.modules.iter().cloned());
                }
            }
        }
    }
    Ok(loaded)
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

    fn add(&mut self, path: &Path, named: bool) -> Result<(), FormatsError> {
        self.add_text(path, read_text(path)?, named);
        Ok(())
    }

    fn add_text(&mut self, path: &Path, text: String, named: bool) {
        let id = self.sources.add(path.display().to_string(), text);
        let literate = path.extension().is_some_and(|ending| ending == "md");
        let (tree, findings) = syntax::parse(id, self.sources.text(id), literate);
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
        self.files.push(LoadedFile { path: path.to_owned(), named, modules, uses, tree });
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
