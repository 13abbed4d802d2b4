//! `fenshui new`: a small working project.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::app;
use crate::diagnostics::Words;
use crate::formats::{FormatsError, write_text};

use super::console::Console;
use super::exit::{Exit, Stop};

#[derive(Debug, Args)]
pub(super) struct NewArgs {
    /// The folder to make; its last part names the project
    pub(super) folder: PathBuf,
}

pub(super) fn run(console: &Console, args: &NewArgs) -> Result<Exit, Stop> {
    let folder = &args.folder;
    let shown = folder.display().to_string();
    let name = folder.file_name().and_then(|name| name.to_str()).unwrap_or("project");
    let occupied = std::fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some());
    if occupied || folder.is_file() {
        return Err(Stop::error(
            Words::new(format!("`{shown}` is already there"), format!("「{shown}」已存在")),
            Some(Words::new("choose another name", "请另取名称")),
        ));
    }
    for (path, text) in app::project(name, console.language) {
        let path = folder.join(path);
        let within = path.parent().unwrap_or(Path::new("."));
        let made = std::fs::create_dir_all(within);
        made.map_err(|error| FormatsError::writing(&within.display().to_string(), error))?;
        write_text(&path, &text)?;
    }
    let typed = typed(&shown);
    console.note(&Words::new(
        format!("made `{shown}`; now: fenshui test {typed}; fenshui run {typed}"),
        format!("已建立「{shown}」；接着：fenshui test {typed}；fenshui run {typed}"),
    ));
    Ok(Exit::Done)
}

/// A path as a shell takes it for one word.
fn typed(path: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '/' | '.' | '_' | '-');
    if path.chars().all(plain) && !path.starts_with('-') {
        path.to_owned()
    } else {
        format!("'{}'", path.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_one_word_to_the_shell() {
        assert_eq!(typed("示例/a-1"), "示例/a-1");
        assert_eq!(typed("bad name!"), "'bad name!'");
        assert_eq!(typed("it's"), "'it'\\''s'");
    }
}
