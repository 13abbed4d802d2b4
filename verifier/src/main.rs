//! `fenshui-verify BUNDLE --key KEY…`: exit 0 if all holds, 1 if something does not, 2 if it was
//! asked wrongly or something cannot be read.

use std::io::Write;
use std::process::ExitCode;

use fenshui_verify::{Report, check};

const USAGE: &str = "\
fenshui-verify: checks a proof of a Fenshui book, offline

  fenshui-verify BUNDLE --key KEY [--key KEY]...

BUNDLE  the file that `fenshui book prove` wrote: a bundle that proves entries,
        or one that proves that the book only grew since a checkpoint
KEY     a verifier key you trust, as the book's keeper published it,
        or a file with such keys, one a line

Exit: 0 all holds; 1 something does not; 2 usage, or something cannot be read

It speaks English alone (本程序只有英文), so that there is little of it to be read
by whoever has to trust it.
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.iter().any(|argument| argument == "--help" || argument == "-h") {
        return tell(USAGE, &mut std::io::stdout(), 0);
    }
    match verify(&arguments) {
        Ok(report) => {
            let code = u8::from(!report.holds());
            tell(&report.to_string(), &mut std::io::stdout(), code)
        }
        Err(why) => tell(&format!("fenshui-verify: {why}\n"), &mut std::io::stderr(), 2),
    }
}

/// Writes, and gives the exit code; who does not want to hear the end has not been told of success.
fn tell(text: &str, to: &mut dyn Write, code: u8) -> ExitCode {
    let told = to.write_all(text.as_bytes()).and_then(|()| to.flush());
    ExitCode::from(if told.is_err() { 2 } else { code })
}

fn verify(arguments: &[String]) -> Result<Report, String> {
    let (mut bundle, mut keys) = (None, Vec::new());
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        if argument == "--key" {
            let key = arguments.next().ok_or("`--key` wants a key or a file of keys")?;
            keys.extend(keys_of(key)?);
        } else if argument.starts_with('-') {
            return Err(format!("unknown option `{argument}`; see `--help`"));
        } else if bundle.replace(argument).is_some() {
            return Err("one bundle at a time".to_owned());
        }
    }
    let file = bundle.ok_or("which bundle? see `--help`")?;
    if keys.is_empty() {
        return Err("whose signature is to be trusted? give `--key`".to_owned());
    }
    check(&read(file)?, &keys).map_err(|why| format!("{file}: {why}"))
}

/// A key as it stands, or those of a file.
fn keys_of(key: &str) -> Result<Vec<String>, String> {
    if key.contains('+') {
        return Ok(vec![key.to_owned()]);
    }
    let lines = read(key)?;
    let keys = lines.lines().map(str::trim).filter(|line| !line.is_empty());
    Ok(keys.filter(|line| !line.starts_with('#')).map(str::to_owned).collect())
}

fn read(file: &str) -> Result<String, String> {
    #[expect(clippy::disallowed_methods, reason = "this is a door: it reads the files it is given")]
    std::fs::read_to_string(file).map_err(|error| format!("{file}: {error}"))
}
