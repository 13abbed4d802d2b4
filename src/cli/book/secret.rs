//! The clock, random bytes and passphrases: what this door hands to a book that reads none of them.

use std::io::{ErrorKind, IsTerminal};
use std::path::{Path, PathBuf};

use clap::Args;

use crate::book::{KeyError, Moment, Protection, SigningKey};
use crate::diagnostics::Words;
use crate::formats::{FormatsError, read_text};

use super::super::console::Console;
use super::super::exit::Stop;
use super::super::language::variable;
use super::super::places::Source;
use super::Failed;

/// Where the passphrase of a key comes from.
#[derive(Debug, Args)]
pub(super) struct PassphraseArgs {
    /// File with the passphrase of the key [also: FENSHUI_PASSPHRASE; else asked for]
    #[arg(long, value_name = "FILE")]
    pub(super) passphrase_file: Option<PathBuf>,
}

impl PassphraseArgs {
    /// The passphrase, if one was given.
    fn given(&self) -> Result<Option<String>, Stop> {
        if let Some(file) = &self.passphrase_file {
            check_private(file)?;
            let text = read_text(file)?;
            let line = without_mark(&text).lines().next().unwrap_or_default();
            return Ok(Some(line.to_owned()));
        }
        Ok(variable("FENSHUI_PASSPHRASE"))
    }

    /// The file it is read from.
    pub(super) fn source(&self) -> Option<Source> {
        Some(Source::new(self.passphrase_file.as_ref()?, "the passphrase", "口令文件"))
    }

    /// Reads a key; asks for its passphrase on a terminal, if it has one that was not given.
    pub(super) fn load(&self, console: &Console, file: &Path) -> Result<SigningKey, Failed> {
        let given = self.given()?;
        match SigningKey::load(file, given.as_deref()) {
            Err(KeyError::PassphraseWanted { .. }) if std::io::stdin().is_terminal() => {
                let asked = ask(console, file, ("passphrase", "口令"))?;
                Ok(SigningKey::load(file, Some(&asked))?)
            }
            other => Ok(other?),
        }
    }

    /// Writes a new key; asks for a passphrase twice, if it is to have one that was not given.
    pub(super) fn save(
        &self,
        console: &Console,
        key: &SigningKey,
        file: &Path,
        asked_for: bool,
    ) -> Result<(), Failed> {
        let passphrase = match self.given()? {
            None if asked_for => {
                let one = ask(console, file, ("new passphrase", "新口令"))?;
                if ask(console, file, ("once more", "再输入一次"))? != one {
                    let words = Words::new("the two passphrases differ", "两次口令不一致");
                    return Err(Stop::error(words, None).into());
                }
                Some(one)
            }
            given => given,
        };
        if passphrase.as_ref().is_some_and(String::is_empty) {
            let words =
                Words::new("an empty passphrase protects nothing", "口令为空，不起保护作用");
            return Err(Stop::error(words, None).into());
        }
        let random = random()?;
        let protection = passphrase.as_deref();
        let protection = protection.map(|passphrase| Protection { passphrase, random: &random });
        Ok(key.save(file, protection)?)
    }
}

fn ask(console: &Console, file: &Path, (en, zh): (&str, &str)) -> Result<String, Stop> {
    let prompt = format!("{} {}: ", file.display(), console.pick(en, zh));
    console.ask(|| rpassword::prompt_password(prompt)).map_err(|error| {
        let (words, hint) = match error.kind() {
            ErrorKind::Interrupted => {
                return Stop::Interrupted(Words::new(
                    "interrupted; nothing was done",
                    "已中断，未作任何更改",
                ));
            }
            ErrorKind::UnexpectedEof => (Words::new("no passphrase was given", "未给出口令"), None),
            _ => (
                Words::new(
                    format!(
                        "there is no terminal to ask for the passphrase of `{}`",
                        file.display()
                    ),
                    format!("没有可询问「{}」口令的终端", file.display()),
                ),
                Some(Words::new(
                    "give it by `--passphrase-file FILE` or in FENSHUI_PASSPHRASE",
                    "请用 --passphrase-file 文件 或 FENSHUI_PASSPHRASE 提供",
                )),
            ),
        };
        Stop::error(words, hint)
    })
}

/// A text without the mark of UTF-8 that editors of other systems put before it.
pub(super) fn without_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

/// 32 random bytes of the system.
pub(super) fn random() -> Result<[u8; 32], Stop> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|error| {
        Stop::error(
            Words::new(
                format!("the system gives no random bytes: {error}"),
                format!("系统不提供随机数：{error}"),
            ),
            None,
        )
    })?;
    Ok(bytes)
}

/// The moment of this machine's clock; of SOURCE_DATE_EPOCH where that is set, for results that can be
/// made again.
pub(super) fn now() -> Moment {
    let epoch = variable("SOURCE_DATE_EPOCH").and_then(|text| text.parse::<i64>().ok());
    if let Some(seconds) = epoch {
        return Moment::from_millis(seconds.saturating_mul(1000));
    }
    #[expect(
        clippy::disallowed_methods,
        reason = "the door reads the clock, for the book's moments"
    )]
    let now = std::time::SystemTime::now();
    let millis = now.duration_since(std::time::UNIX_EPOCH).map_or(0, |since| since.as_millis());
    Moment::from_millis(i64::try_from(millis).unwrap_or(i64::MAX))
}

/// Refuses a file with a secret that others can read.
pub(super) fn check_private(file: &Path) -> Result<(), Stop> {
    use std::os::unix::fs::PermissionsExt;
    let name = file.display().to_string();
    let metadata = std::fs::metadata(file).map_err(|error| FormatsError::reading(&name, error))?;
    let mode = metadata.permissions().mode() & 0o7777;
    if mode & 0o077 == 0 {
        return Ok(());
    }
    Err(Stop::error(
        Words::new(
            format!("others can read `{name}` (mode {mode:o})"),
            format!("他人可读「{name}」（权限 {mode:o}）"),
        ),
        Some(Words::new(format!("`chmod 600 {name}`"), format!("请执行 chmod 600 {name}"))),
    ))
}
