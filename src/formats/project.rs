//! `fenshui.toml`: what a project folder says once, so that commands stay short.
//!
//! ```toml
//! events = ["data/receipts.csv"]
//! map = "map.toml"
//!
//! [registers]
//! relocation = "data/relocation.csv"
//! ```

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::diagnostics::Words;

use super::error::FormatsError;
use super::mapping::toml_words;
use super::sources::read_text;

/// What a project folder says; empty where it says nothing. Paths are those of the folder.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Project {
    /// Files of events, `FILE` or `EVENT=FILE`.
    #[serde(default)]
    pub events: Vec<String>,
    /// Files of registers by name.
    #[serde(default)]
    pub registers: BTreeMap<String, String>,
    /// The mapping.
    pub map: Option<String>,
    /// Folders in which modules are looked for.
    #[serde(default)]
    pub library: Vec<String>,
}

impl Project {
    /// Reads the project file of a folder, if the path is one and has one.
    ///
    /// # Errors
    /// The file cannot be read, or says something unknown.
    pub fn of(rules: &Path) -> Result<Project, FormatsError> {
        let file = rules.join("fenshui.toml");
        if !rules.is_dir() || !file.is_file() {
            return Ok(Project::default());
        }
        let text = read_text(&file)?;
        let mut project: Project = toml::from_str(&text).map_err(|error| {
            let (what, hint) = toml_words(&text, &error);
            let may = Words::new(
                "it may hold `events`, `map`, `library` and a table `[registers]`",
                "可写 events、map、library 和表 [registers]",
            );
            let file = file.display().to_string();
            FormatsError::Mapping { file, what, hint: hint.unwrap_or(may) }
        })?;
        let place = |path: &str| rules.join(path).display().to_string();
        for event in &mut project.events {
            *event = match event.split_once('=') {
                Some((kind, file)) => format!("{kind}={}", place(file)),
                None => place(event),
            };
        }
        project.registers.values_mut().for_each(|file| *file = place(file));
        project.map = project.map.as_deref().map(place);
        project.library.iter_mut().for_each(|folder| *folder = place(folder));
        Ok(project)
    }

    /// Its library folders.
    pub fn library_folders(&self) -> impl Iterator<Item = PathBuf> + '_ {
        self.library.iter().map(PathBuf::from)
    }
}
