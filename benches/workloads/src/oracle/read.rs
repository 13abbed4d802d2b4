//! Rows of comma-separated files, as text.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};

use super::Fen;

/// The first line of a file.
///
/// # Errors
///
/// The file cannot be read.
pub fn header(path: &Path) -> Result<String> {
    let mut line = String::new();
    open(path)?.read_line(&mut line).with_context(|| path.display().to_string())?;
    Ok(line.trim_end_matches(['\n', '\r']).to_owned())
}

/// Calls a function with the `N` cells of each row, after looking at the header.
///
/// # Errors
///
/// The file cannot be read, its header is another one, or a row is not of this form; the error
/// names the line.
pub fn rows<const N: usize>(
    path: &Path,
    header: &str,
    mut row: impl FnMut([&str; N]) -> Result<()>,
) -> Result<()> {
    let mut lines = open(path)?;
    let mut line = String::new();
    for number in 1.. {
        line.clear();
        let place = || format!("{}:{number}", path.display());
        if lines.read_line(&mut line).with_context(place)? == 0 {
            break;
        }
        let text = line.trim_end_matches(['\n', '\r']);
        if number == 1 {
            ensure!(text == header, "{}: found {text:?}, expected {header:?}", place());
            continue;
        }
        cells(text).and_then(&mut row).with_context(place)?;
    }
    Ok(())
}

fn open(path: &Path) -> Result<BufReader<File>> {
    let file = File::open(path).with_context(|| path.display().to_string())?;
    Ok(BufReader::with_capacity(1 << 18, file))
}

fn cells<const N: usize>(line: &str) -> Result<[&str; N]> {
    let mut cells = [""; N];
    let mut given = line.split(',');
    for cell in &mut cells {
        *cell = given.next().with_context(|| format!("found {line:?}, expected {N} cells"))?;
    }
    ensure!(given.next().is_none(), "found {line:?}, expected {N} cells");
    Ok(cells)
}

/// Yuan with two decimals, as fen.
///
/// # Errors
///
/// The text is anything else.
pub fn fen(text: &str) -> Result<Fen> {
    let magnitude = text.strip_prefix('-').unwrap_or(text);
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match magnitude.split_once('.') {
        Some((yuan, fen)) if digits(yuan) && digits(fen) && fen.len() == 2 => {
            let fen: Fen = yuan.parse::<Fen>()? * 100 + fen.parse::<Fen>()?;
            Ok(if magnitude.len() < text.len() { -fen } else { fen })
        }
        _ => bail!("found {text:?}, expected an amount with two decimals"),
    }
}

/// A whole number.
///
/// # Errors
///
/// The text is anything else.
pub fn number(text: &str) -> Result<i64> {
    text.parse().with_context(|| format!("found {text:?}, expected a whole number"))
}
