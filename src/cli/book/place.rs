//! Which book is meant.

use std::path::{Path, PathBuf};

use crate::app::book::BookPlace;
use crate::diagnostics::Words;
use crate::formats::read_text;

use super::super::console::Console;
use super::super::exit::Stop;
use super::super::language::variable;
use super::super::places::{self, Source, check_places};

/// A place, and the file that told it, if one did.
#[derive(Debug)]
pub(super) struct Named {
    pub(super) place: BookPlace,
    told_by: Option<PathBuf>,
}

/// The place of `--book`, else of FENSHUI_BOOK.
pub(super) fn place(flag: Option<&str>) -> Result<Named, Stop> {
    match (flag, variable("FENSHUI_BOOK")) {
        (Some(flag), _) if has_password(flag) => Err(Stop::error(
            Words::new(
                "an address with a password does not belong on the command line, \
                 where others can read it",
                "带口令的地址不应写在命令行上，他人可以看到",
            ),
            Some(Words::new(
                "put it into FENSHUI_BOOK, or into a file: `--book @FILE`",
                "请写入 FENSHUI_BOOK，或写入文件：--book @文件",
            )),
        )),
        (Some(flag), _) => named(flag),
        (None, Some(variable)) => named(&variable),
        (None, None) => Err(Stop::error(
            Words::new("which book?", "哪本账簿？"),
            Some(Words::new(
                "name it with `--book FILE` or in FENSHUI_BOOK",
                "请用 --book 文件 或 FENSHUI_BOOK 指定",
            )),
        )),
    }
}

fn named(text: &str) -> Result<Named, Stop> {
    let Some(file) = text.strip_prefix('@') else {
        // A password that stands there is not to be said.
        if is_nearly_an_address(text) {
            return Err(Stop::error(
                Words::new("this is no address of a server", "这不是服务器地址"),
                Some(how_addresses_look()),
            ));
        }
        return Ok(Named { place: BookPlace::named(text), told_by: None });
    };
    super::secret::check_private(Path::new(file))?;
    let text = read_text(Path::new(file))?;
    let mut lines = super::secret::without_mark(&text).lines().map(str::trim);
    let address = lines.next().unwrap_or_default();
    let place = BookPlace::named(address);
    // A password that stands there is not to be said, nor to become the name of a file.
    if address.is_empty()
        || lines.any(|line| !line.is_empty())
        || matches!(place, BookPlace::File(_)) && address.contains(['@', '=', ':'])
    {
        return Err(Stop::error(
            Words::new(
                format!("`{file}` does not hold one line with an address or a file's name"),
                format!("「{file}」中应只有一行地址或文件名"),
            ),
            Some(how_addresses_look()),
        ));
    }
    Ok(Named { place, told_by: Some(PathBuf::from(file)) })
}

fn how_addresses_look() -> Words {
    Words::new(
        "an address is `postgres://USER:PASSWORD@HOST:PORT/DATABASE`; of a password `@`, `:`, `/` and `#` \
         are written `%40`, `%3A`, `%2F` and `%23`",
        "地址写作 postgres://用户:口令@主机:端口/数据库；口令中的 @、:、/、# 写作 %40、%3A、%2F、%23",
    )
}

/// Whether something was meant as an address, and is none.
fn is_nearly_an_address(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let (user, _) = lower.rsplit_once('@').unwrap_or_default();
    let tells = ["postgre", "://"].iter().any(|it| lower.contains(it)) && lower.contains(':')
        || lower.contains("password=")
        || user.contains(':');
    tells && matches!(BookPlace::named(text), BookPlace::File(_))
}

/// Whether an address tells a password: `postgres://user:password@…` or `password=…`.
fn has_password(address: &str) -> bool {
    let Some((_, rest)) = address.split_once("://") else { return false };
    let before = rest.split('/').next().unwrap_or_default();
    let user = before.rsplit_once('@').map(|(user, _)| user);
    let settings = rest.split_once('?').map_or("", |(_, settings)| settings).split('&');
    let mut names = settings.map(|it| it.split_once('=').map_or(it, |(name, _)| name));
    user.is_some_and(|user| user.contains(':'))
        || names.any(|name| name.contains("pass") || name.contains('%'))
}

/// Says what was left of books that were killed while they were being made there.
pub(super) fn say_left_behind(console: &Console, place: &BookPlace) {
    if let BookPlace::File(path) = place {
        places::say_left_behind(console, &[&path.display().to_string()]);
    }
}

/// Sees to it that no output is written over the book itself, nor over anything else that is read; nor,
/// unless it is to `replace` them, over files that are there.
pub(super) fn check_outputs(
    named: &Named,
    outputs: &[PathBuf],
    replace: bool,
    mut read: Vec<Source>,
) -> Result<(), Stop> {
    if let BookPlace::File(book) = &named.place {
        read.push(Source::new(book, "the book", "账簿"));
    }
    if let Some(file) = &named.told_by {
        read.push(Source::new(file, "the file that names the book", "指定账簿的文件"));
    }
    let names: Vec<String> = outputs.iter().map(|it| it.display().to_string()).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    check_places(&names, &read)?;
    if replace { Ok(()) } else { must_be_new(outputs) }
}

/// Sees to it that no file is written over: what somebody has may be of another state of the book, or
/// something else.
fn must_be_new(files: &[PathBuf]) -> Result<(), Stop> {
    let Some(file) = files.iter().find(|file| file.is_file()) else { return Ok(()) };
    let file = file.display();
    Err(Stop::error(
        Words::new(format!("`{file}` is there already"), format!("「{file}」已存在")),
        Some(Words::new(
            "name another place, or say `--replace` to write over it (of tiles: empty the folder)",
            "请另指定位置；确要覆盖请加 --replace（tiles 须先清空目录）",
        )),
    ))
}
