//! `fenshui-verify BUNDLE --key KEY…`: exit 0 if all holds, 1 if something does not, 2 if it was
//! asked wrongly or something cannot be read.

use std::io::{ErrorKind, Write};
use std::process::ExitCode;

use fenshui_verify::{Language, Report, Words, check};

const USAGE: &str = "\
fenshui-verify: checks a proof of a Fenshui book, offline

  fenshui-verify BUNDLE --key KEY [--key KEY]... [--lang en|zh]
  fenshui-verify --version

BUNDLE  the file that `fenshui book prove` wrote: a bundle that proves entries,
        or one that proves that the book only grew since a checkpoint
KEY     a verifier key you trust, as the book's keeper published it,
        or a file with such keys, one a line
--lang  en or zh; else as the locale says

Exit: 0 all holds; 1 something does not; 2 usage, or something cannot be read
";

const USAGE_ZH: &str = "\
fenshui-verify：离线核对分税账簿的证明

  fenshui-verify 证明包 --key 密钥 [--key 密钥]... [--lang en|zh]
  fenshui-verify --version

证明包  fenshui book prove 所写的文件：证明若干条目，
        或证明自某检查点以来账簿只有增加
密钥    所信的验证密钥，由记账人公布；或载有密钥的文件，每行一个
--lang  en 或 zh；未指定时按系统语言

退出码：0 全部相符；1 有不符之处；2 用法有误，或有内容无法读取
";

fn main() -> ExitCode {
    // A name that is no UTF-8 names no file then, which is said.
    let arguments: Vec<String> =
        std::env::args_os().skip(1).map(|it| it.to_string_lossy().into_owned()).collect();
    let language = language(&arguments);
    if arguments.iter().any(|argument| argument == "--help" || argument == "-h") {
        let usage = if language == Language::Chinese { USAGE_ZH } else { USAGE };
        return tell(usage, &mut std::io::stdout(), 0);
    }
    if arguments.iter().any(|argument| argument == "--version" || argument == "-V") {
        let version = concat!("fenshui-verify ", env!("CARGO_PKG_VERSION"), "\n");
        return tell(version, &mut std::io::stdout(), 0);
    }
    match verify(&arguments) {
        Ok(report) => {
            let code = u8::from(!report.holds());
            tell(&report.in_language(language), &mut std::io::stdout(), code)
        }
        Err(why) => {
            let why = why.in_language(language);
            tell(&format!("fenshui-verify: {why}\n"), &mut std::io::stderr(), 2)
        }
    }
}

/// The language of `--lang`, else of the locale.
fn language(arguments: &[String]) -> Language {
    #[expect(clippy::disallowed_methods, reason = "this is a door: it asks for the locale")]
    let set = |name: &&str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let at = arguments.iter().position(|argument| argument == "--lang");
    let asked = at.and_then(|at| arguments.get(at + 1)).cloned();
    let names = ["FENSHUI_LANG", "LC_ALL", "LC_MESSAGES", "LANG"];
    let locale = asked.or_else(|| names.iter().find_map(set));
    match locale.is_some_and(|locale| locale.starts_with("zh")) {
        true => Language::Chinese,
        false => Language::English,
    }
}

/// Writes, and gives the exit code; who does not want to hear the end has not been told of success.
fn tell(text: &str, to: &mut dyn Write, code: u8) -> ExitCode {
    let told = to.write_all(text.as_bytes()).and_then(|()| to.flush());
    ExitCode::from(if told.is_err() { 2 } else { code })
}

fn verify(arguments: &[String]) -> Result<Report, Words> {
    let (mut bundle, mut keys) = (None, Vec::new());
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        if argument == "--key" {
            let no_key = || Words::new("`--key` wants a key or a file of keys", NO_KEY_ZH);
            keys.extend(keys_of(arguments.next().ok_or_else(no_key)?)?);
        } else if argument == "--lang" {
            let known = arguments.next().filter(|it| ["en", "zh"].contains(&it.as_str()));
            known.ok_or_else(|| Words::new("`--lang` wants en or zh", "--lang 后应为 en 或 zh"))?;
        } else if argument.starts_with('-') {
            return Err(Words::new(
                format!("unknown option `{argument}`; see `--help`"),
                format!("没有选项「{argument}」，见 --help"),
            ));
        } else if bundle.replace(argument).is_some() {
            return Err(Words::new("one bundle at a time", "一次只核对一个证明包"));
        }
    }
    let which = || Words::new("which bundle? see `--help`", "未指定证明包，见 --help");
    let file = bundle.ok_or_else(which)?;
    if keys.is_empty() {
        return Err(Words::new(
            "whose signature is to be trusted? give `--key`",
            "未指定所信的密钥，请给出 --key",
        ));
    }
    check(&read(file)?, &keys).map_err(|why| {
        let (en, zh) = (why.0.in_language(Language::English), why.0.in_language(Language::Chinese));
        Words::new(format!("{file}: {en}"), format!("{file}：{zh}"))
    })
}

const NO_KEY_ZH: &str = "--key 后应为密钥或密钥文件";

/// A key as it stands, or those of a file.
fn keys_of(key: &str) -> Result<Vec<String>, Words> {
    if key.contains('+') {
        return Ok(vec![key.to_owned()]);
    }
    let lines = read(key)?;
    // Editors of other systems put a mark before a text.
    let lines = lines.strip_prefix('\u{feff}').unwrap_or(&lines);
    let keys = lines.lines().map(str::trim).filter(|line| !line.is_empty());
    let keys: Vec<String> = keys.filter(|line| !line.starts_with('#')).map(str::to_owned).collect();
    match keys.is_empty() {
        true => Err(Words::new(format!("`{key}` holds no key"), format!("「{key}」中没有密钥"))),
        false => Ok(keys),
    }
}

/// Why a file cannot be read, where the system would say it in its own language.
const REASONS: [(ErrorKind, &str, &str); 4] = [
    (ErrorKind::NotFound, "there is no such file", "没有这个文件"),
    (ErrorKind::PermissionDenied, "it may not be read", "没有读取权限"),
    (ErrorKind::IsADirectory, "it is a folder, not a file", "是文件夹，不是文件"),
    (ErrorKind::InvalidData, "it is no text in UTF-8", "不是 UTF-8 文本"),
];

fn read(file: &str) -> Result<String, Words> {
    #[expect(clippy::disallowed_methods, reason = "this is a door: it reads the files it is given")]
    let text = std::fs::read_to_string(file);
    text.map_err(|error| {
        let known = REASONS.iter().find(|(kind, ..)| *kind == error.kind());
        let (en, zh) = match known {
            Some((_, en, zh)) => ((*en).to_owned(), (*zh).to_owned()),
            None => (error.to_string(), format!("系统报告「{error}」")),
        };
        Words::new(format!("cannot read `{file}`: {en}"), format!("无法读取「{file}」：{zh}"))
    })
}
