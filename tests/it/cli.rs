//! The binary as a user meets it: each folder of `tests/cases/cli` holds files and a `session`, what a
//! user types there and sees.
//!
//! In a session `$ fenshui …` is a command (`$ cat FILE` shows a file), followed by what it printed on
//! the standard output, then with `! ` in front what it said on the standard error, and `[exit N]`
//! where it did not end with 0. The book is FENSHUI_BOOK's. Variables may stand in front of it, and `$ chmod 600 FILE` makes a key
//! private. A line after `-- ` is a heading. `FENSHUI_ACCEPT=1 cargo test --test it cli::` writes what came out.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::floors::root;

#[track_caller]
fn check(case: &str) {
    check_in(case, "b.book");
}

/// A session with the book at this place.
#[track_caller]
pub fn check_in(case: &str, book: &str) {
    let folder = root().join("tests/cases/cli").join(case);
    let session = folder.join("session");
    let wanted = std::fs::read_to_string(&session).unwrap();
    let copy = tempfile::tempdir().unwrap();
    copy_folder(&folder, copy.path());
    let mut found = String::new();
    for line in wanted.lines() {
        if let Some(command) = line.strip_prefix("$ ") {
            found.push_str(&format!("{line}\n{}\n", outcome(command, copy.path(), book)));
        } else if line.starts_with("-- ") {
            found.push_str(&format!("{line}\n"));
        }
    }
    same(&session, &wanted, &found);
}

/// A page whose blocks marked `console` are sessions in a folder, one after the other.
#[track_caller]
fn check_page(page: &str, folder: &str) {
    let page = root().join(page);
    let wanted = std::fs::read_to_string(&page).unwrap();
    let copy = tempfile::tempdir().unwrap();
    copy_folder(&root().join(folder), copy.path());
    let (mut found, mut block) = (String::new(), false);
    for line in wanted.lines() {
        let fence = line.starts_with("```");
        block = if fence { line == "```console" } else { block };
        if let (true, Some(command)) = (block, line.strip_prefix("$ ")) {
            found.push_str(&format!("{line}\n{}", outcome(command, copy.path(), "b.book")));
        } else if !block || fence {
            found.push_str(&format!("{line}\n"));
        }
    }
    same(&page, &wanted, &found);
}

/// Holds what was found against a file, or writes it there.
#[track_caller]
fn same(file: &Path, wanted: &str, found: &str) {
    if std::env::var("FENSHUI_ACCEPT").is_ok() {
        std::fs::write(file, found).unwrap();
        return;
    }
    let differing = wanted.lines().zip(found.lines()).position(|(one, other)| one != other);
    let at = differing.unwrap_or(wanted.lines().count().min(found.lines().count()));
    let near = |text: &str| {
        let lines = text.lines().skip(at.saturating_sub(4)).take(12).collect::<Vec<_>>();
        lines.join("\n")
    };
    assert!(
        wanted == found,
        "{}, line {}:\n--- wanted\n{}\n--- found\n{}",
        file.display(),
        at + 1,
        near(wanted),
        near(found)
    );
}

/// What a command prints, as a session has it.
pub fn outcome(command: &str, folder: &Path, book: &str) -> String {
    if let Some(file) = command.strip_prefix("cat ") {
        return std::fs::read_to_string(folder.join(file)).unwrap_or("no such file\n".into());
    }
    if let Some((mode, file)) = command.strip_prefix("chmod ").and_then(|it| it.split_once(' ')) {
        let mode = u32::from_str_radix(mode, 8).unwrap();
        let mode = std::os::unix::fs::PermissionsExt::from_mode(mode);
        std::fs::set_permissions(folder.join(file), mode).unwrap();
        return String::new();
    }
    if let Some(command) = command.strip_prefix("fenshui-verify ") {
        return proof(command, folder);
    }
    let (set, command) = variables(command);
    let command = command.strip_prefix("fenshui ").unwrap();
    let (command, input) = command.split_once(" < ").unwrap_or((command, "/dev/null"));
    let stdin = std::fs::File::open(folder.join(input)).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_fenshui"))
        .args(command.split(' '))
        .current_dir(folder)
        .env_clear()
        .env("COLUMNS", "100")
        // The book's moments are told, so that a session gives the same roots every time.
        .env("SOURCE_DATE_EPOCH", "1514764800")
        .env("FENSHUI_BOOK", book)
        .envs(set)
        .stdin(Stdio::from(stdin))
        .output()
        .unwrap();
    let mut text = String::from_utf8(output.stdout).unwrap();
    for line in String::from_utf8(output.stderr).unwrap().lines() {
        text.push_str(&format!("! {line}\n").replace("! \n", "!\n"));
    }
    match output.status.code().unwrap() {
        0 => {}
        code => text.push_str(&format!("[exit {code}]\n")),
    }
    text
}

/// What the small verifier says of a bundle, by the keys of a file.
fn proof(command: &str, folder: &Path) -> String {
    let read = |file: &str| std::fs::read_to_string(folder.join(file)).unwrap();
    let (command, language) = match command.strip_suffix(" --lang zh") {
        Some(command) => (command, fenshui_verify::Language::Chinese),
        None => (command, fenshui_verify::Language::English),
    };
    let (bundle, keys) = command.split_once(" --key ").unwrap();
    let keys: Vec<String> = read(keys).lines().map(str::to_owned).collect();
    match fenshui_verify::check(&read(bundle), &keys) {
        Ok(report) if report.holds() => report.in_language(language),
        Ok(report) => format!("{}[exit 1]\n", report.in_language(language)),
        Err(why) => format!("! {}\n[exit 2]\n", why.0.in_language(language)),
    }
}

/// Variables in front of a command: `NAME=value fenshui …`.
fn variables(command: &str) -> (Vec<(&str, &str)>, &str) {
    let mut set = Vec::new();
    let mut rest = command;
    while let Some((first, after)) = rest.split_once(' ')
        && let Some(variable) = first.split_once('=')
    {
        set.push(variable);
        rest = after;
    }
    (set, rest)
}

pub fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy_folder(&path, &target);
        } else {
            std::fs::copy(&path, target).unwrap();
        }
    }
}

#[test]
fn bad_input() {
    check("bad_input");
}

#[test]
fn runs() {
    check("run");
}

#[test]
fn rules() {
    check("rules");
}

#[test]
fn explanations() {
    check("explain");
}

#[cfg(feature = "sqlite")]
#[test]
fn book() {
    check("book");
}

#[cfg(feature = "sqlite")]
#[test]
fn book_replay() {
    check("book_replay");
}

#[cfg(feature = "sqlite")]
#[test]
fn book_stands() {
    check("book_stands");
}

#[test]
fn book_refunds() {
    check("book_refunds");
}

#[cfg(feature = "sqlite")]
#[test]
fn refunds_undo_what_earlier_batches_posted() {
    check("book_reverses");
}

#[cfg(feature = "sqlite")]
#[test]
fn batches_after_one_that_a_stage_or_a_calendar_closed() {
    check("book_closes");
}

#[cfg(feature = "sqlite")]
#[test]
fn what_a_dispute_settled_counts_whichever_way_the_event_goes() {
    check("book_ways");
    check("book_emptied");
    check("book_pools");
    check("book_counts");
    check("book_recounts");
    check("book_comes_again");
    check("book_undisputed");
    check("book_made");
    check("book_several");
    check("book_copies");
}

#[cfg(feature = "sqlite")]
#[test]
fn what_was_known_on_a_day_is_what_stood_before_it() {
    check("book_clocks");
}

#[test]
fn an_audit_reads_back_what_a_run_wrote() {
    check("audit_keys");
}

#[cfg(feature = "sqlite")]
#[test]
fn accounts_of_a_family_stay_different() {
    check("account_parts");
}

#[cfg(feature = "sqlite")]
#[test]
fn a_late_event_corrects_what_it_changes_itself() {
    check("book_explains_late");
}

#[cfg(feature = "sqlite")]
#[test]
fn a_late_event_that_changes_a_figure() {
    check("book_figures");
}

#[cfg(feature = "sqlite")]
#[test]
fn corrections_by_rules_without_totals_are_replayed() {
    check("book_restates");
}

#[cfg(feature = "sqlite")]
#[test]
fn tables_are_laid_out_as_a_mapping_says() {
    check("book_exchange");
}

#[cfg(feature = "sqlite")]
#[test]
fn what_is_in_the_book_is_told_by_its_own_names() {
    check("book_renames");
}

#[cfg(feature = "sqlite")]
#[test]
fn what_a_dispute_settled_stands_and_what_is_set_aside_is_told() {
    check("book_settles");
}

#[cfg(feature = "sqlite")]
#[test]
fn rows_of_one_key_are_posted_again() {
    check("book_again");
}

#[cfg(feature = "sqlite")]
#[test]
fn what_was_pushed_aside_holds_nothing_up() {
    check("book_late");
}

#[cfg(feature = "sqlite")]
#[test]
fn what_is_known_by_key_is_found_disputed_and_kept() {
    check("book_finds");
}

#[cfg(feature = "sqlite")]
#[test]
fn book_answers() {
    check("book_answers");
}

#[cfg(feature = "sqlite")]
#[test]
fn a_late_event_by_rules_that_have_more_changes_figures() {
    check("book_widens");
}

#[cfg(feature = "sqlite")]
#[test]
fn a_settled_dispute_that_changes_figures() {
    check("book_shakes");
}

#[test]
fn corrections_are_posted_as_they_were_reviewed() {
    check("book_reviews");
}

#[test]
fn book_calendar() {
    check("book_calendar");
}

#[cfg(feature = "sqlite")]
#[test]
fn what_was_set_aside_and_is_so_again_is_no_new_event() {
    check("book_aside");
}

#[cfg(feature = "sqlite")]
#[test]
fn book_proves() {
    check("book_proves");
}

#[cfg(feature = "sqlite")]
#[test]
fn keys_that_sign_and_what_tiles_leave_out() {
    check("book_keys");
}

#[cfg(feature = "sqlite")]
#[test]
fn the_page_of_the_book() {
    check_page("docs/reference/book.md", "examples/book");
}

#[cfg(feature = "sqlite")]
#[test]
fn book_editions() {
    check("book_editions");
}

#[cfg(feature = "sqlite")]
#[test]
fn book_refuses() {
    check("book_refuses");
}

#[cfg(feature = "sqlite")]
#[test]
fn what_goes_out_of_a_book_stays_apart() {
    check("book_exports");
}

#[test]
fn draws() {
    check("draws");
}

#[test]
fn keys() {
    check("keys");
}

#[test]
fn maps() {
    check("maps");
}

#[test]
fn tables_as_people_make_them() {
    check("sheets");
}

#[test]
fn outputs() {
    check("outputs");
}

#[test]
fn desk() {
    check("desk");
}

#[test]
fn law() {
    check("law");
}

#[test]
fn kinds_stay_and_what_nobody_sends_is_made() {
    check("book_kinds");
    check("book_kinds_plain");
    check("book_stages");
    check("book_calendar_anew");
    check("book_ends");
}

#[test]
fn stage_figures() {
    check("stage_figures");
}

#[test]
fn levies_compared() {
    check("levies_compared");
}

#[test]
fn records() {
    check("records");
}

#[test]
fn project() {
    check("project");
}

#[test]
fn a_link_to_an_input_is_the_input() {
    let folder = tempfile::tempdir().unwrap();
    copy_folder(&root().join("tests/cases/cli/outputs"), folder.path());
    std::os::unix::fs::symlink("caps.csv", folder.path().join("link.csv")).unwrap();
    std::fs::hard_link(folder.path().join("fees.csv"), folder.path().join("hard.csv")).unwrap();
    for link in ["link.csv", "hard.csv"] {
        let command =
            format!("fenshui run fees.fen fees.csv --register caps=caps.csv --out {link}");
        let said = outcome(&command, folder.path(), "b.book");
        assert!(said.contains("and would be overwritten"), "{said}");
    }
}

#[test]
fn whoever_stops_reading_is_no_error() {
    let folder = tempfile::tempdir().unwrap();
    copy_folder(&root().join("tests/cases/cli/run"), folder.path());
    let mut child = Command::new(env!("CARGO_BIN_EXE_fenshui"))
        .args(["run", "rules.fen.md", "receipts.csv", "--format", "csv", "--quiet"])
        .current_dir(folder.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
    assert_eq!(output.status.code(), Some(0));
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_leaves_nothing_half_written() {
    let folder = tempfile::tempdir().unwrap();
    copy_folder(&root().join("tests/cases/cli/run"), folder.path());
    let output = Command::new(env!("CARGO_BIN_EXE_fenshui"))
        .args([
            "run",
            "rules.fen.md",
            "receipts.csv",
            "--out",
            "/dev/full",
            "--summary",
            "sums.csv",
        ])
        .current_dir(folder.path())
        .env_clear()
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.starts_with("error: cannot write `/dev/full`: the disk is full\n"), "{said}");
    assert_eq!(output.status.code(), Some(2));
    assert!(!folder.path().join("sums.csv").exists());
    let left = std::fs::read_dir(folder.path()).unwrap();
    let partial = left
        .filter(|entry| entry.as_ref().unwrap().file_name().to_string_lossy().contains("partial"));
    assert_eq!(partial.count(), 0);
}

#[test]
fn a_foreign_table_is_held_against_the_rules() {
    check("audit");
}

#[test]
fn an_event_that_a_table_lists_again_is_due_once() {
    check("audit_again");
}

#[test]
fn rows_of_totals_count_on_neither_side() {
    check("audit_totals");
}

#[test]
fn rows_that_are_no_events_count_on_neither_side() {
    check("audit_unread");
}

#[test]
fn amounts_may_be_in_a_unit() {
    check("audit_units");
}

#[test]
fn column_names_may_stand_in_several_rows() {
    check("audit_heads");
}

#[test]
fn what_calendars_and_stages_make_is_held_against_a_table() {
    check("audit_made");
}

#[test]
fn tables_of_accounts_leave_out_what_gives_nothing_and_say_their_currency() {
    check("audit_money");
}

/// The answer is lost, what was posted is not: whoever is told of the one is told of the other.
#[cfg(target_os = "linux")]
#[test]
fn an_answer_that_finds_no_room_is_not_what_was_posted() {
    let folder = tempfile::tempdir().unwrap();
    copy_folder(&root().join("tests/cases/cli/book"), folder.path());
    let asked = |command: &str, out: Stdio| {
        let mut program = Command::new(env!("CARGO_BIN_EXE_fenshui"));
        program.args(command.split(' ')).current_dir(folder.path()).env_clear();
        program.env("FENSHUI_BOOK", "b.book").stdout(out).output().unwrap()
    };
    asked("book init --name x.example", Stdio::null());
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let post = "book post rules.fen.md first.csv --register caps=caps.csv";
    let output = asked(post, full.into());
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("note: the book has what was asked for"), "{said}");
    assert_eq!(output.status.code(), Some(2), "{said}");
    let again = String::from_utf8(asked(post, Stdio::piped()).stdout).unwrap();
    assert!(again.contains("already posted"), "{again}");
}

/// A file without a key would be in the way of the next try.
#[cfg(target_os = "linux")]
#[test]
fn a_key_that_finds_no_room_leaves_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let limited = |blocks: &str| {
        let command = format!("ulimit -f {blocks}; \"$0\" book key new k --name x.example");
        let mut program = Command::new("sh");
        program.args(["-c", &command, env!("CARGO_BIN_EXE_fenshui")]).current_dir(folder.path());
        program.output().unwrap().status.code()
    };
    assert_eq!(limited("0"), Some(2));
    assert!(!folder.path().join("k").exists());
    assert_eq!(limited("unlimited"), Some(0));
}
