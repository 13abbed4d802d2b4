//! What is asked for on a terminal: a passphrase that nobody gives.

use std::fs::read_to_string;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

/// How the program ends on a terminal of its own once this is typed for the passphrase, and what is shown
/// there; nothing, where the system has no such terminals. Holds that the terminal is as it was.
fn typed(text: &str, flags: &str) -> Option<String> {
    let folder = tempfile::tempdir().unwrap();
    let program = env!("CARGO_BIN_EXE_fenshui");
    let script = format!(
        "stty -a > before; tty > name.new; mv name.new name; \
         {program} book key new new.key --name keeper --passphrase{flags}; \
         echo \"exit $?\"; stty -a > after"
    );
    let running = Command::new("script")
        .args(["-qec", &script, "/dev/null"])
        .current_dir(folder.path())
        .env("SHELL", "/bin/sh")
        .env("FENSHUI_LANG", "en")
        .env_remove("FENSHUI_PASSPHRASE")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    let mut running = running.ok()?;
    // What is typed earlier is not typed for the passphrase.
    while !is_silent(folder.path()) {
        assert!(running.try_wait().unwrap().is_none(), "it did not ask");
        std::thread::sleep(Duration::from_millis(10));
    }
    running.stdin.as_mut().unwrap().write_all(text.as_bytes()).unwrap();
    let shown = running.wait_with_output().unwrap().stdout;
    let state = |file| read_to_string(folder.path().join(file)).unwrap();
    assert_eq!(state("before"), state("after"));
    assert!(!folder.path().join("new.key").exists());
    Some(String::from_utf8(shown).unwrap().replace('\r', ""))
}

/// Whether the terminal of a session shows nothing of what is typed.
fn is_silent(folder: &Path) -> bool {
    let Ok(name) = read_to_string(folder.join("name")) else { return false };
    let state = Command::new("stty").args(["-a", "-F", name.trim()]).output().unwrap();
    String::from_utf8(state.stdout).unwrap().split_whitespace().any(|it| it == "-echo")
}

#[test]
fn who_gives_no_passphrase_has_his_terminal_back() {
    for (text, flags, says) in [
        ("\u{3}", "", "error: interrupted; nothing was done\nexit 130\n"),
        ("\u{3}", " --lang zh", "错误: 已中断，未作任何更改\nexit 130\n"),
        ("\u{4}", "", "error: no passphrase was given\nexit 2\n"),
        ("\u{4}", " --lang zh", "错误: 未给出口令\nexit 2\n"),
        ("\n\n", "", "error: an empty passphrase protects nothing\nexit 2\n"),
        ("one\nother\n", "", "error: the two passphrases differ\nexit 2\n"),
    ] {
        let Some(shown) = typed(text, flags) else { return };
        assert!(shown.ends_with(says), "{shown}");
    }
}

#[test]
fn where_there_is_no_terminal_it_is_said_what_to_give() {
    let folder = tempfile::tempdir().unwrap();
    let said = |language| {
        let done = Command::new("setsid")
            .args(["--wait", env!("CARGO_BIN_EXE_fenshui"), "book", "key", "new", "new.key"])
            .args(["--name", "keeper", "--passphrase", "--lang", language])
            .current_dir(folder.path())
            .env("FENSHUI_PASSPHRASE", "")
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert_eq!(done.status.code(), Some(2));
        String::from_utf8(done.stderr).unwrap()
    };
    assert_eq!(
        said("en"),
        "error: there is no terminal to ask for the passphrase of `new.key`\n\
         help: give it by `--passphrase-file FILE` or in FENSHUI_PASSPHRASE\n"
    );
    assert_eq!(
        said("zh"),
        "错误: 没有可询问「new.key」口令的终端\n\
         提示: 请用 --passphrase-file 文件 或 FENSHUI_PASSPHRASE 提供\n"
    );
}
