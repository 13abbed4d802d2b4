//! Files as people have them: packed, several at a time, through a pipe; and what is left when a run
//! does not come to its end.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use crate::program::said;

/// What is asked of the binary in a folder.
fn asked(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fenshui"));
    command.args(arguments).current_dir(folder).env_clear();
    command
}

/// Rules that divide by origin, and receipts for them from one to another.
fn folder_of(receipts: std::ops::Range<u32>) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("rules.fen"), RULES).unwrap();
    fs::write(folder.path().join("all.csv"), rows(receipts)).unwrap();
    folder
}

fn rows(receipts: std::ops::Range<u32>) -> String {
    let row = |id: u32| {
        let day = id % 28 + 1;
        format!(
            "{id},2016-05-{day:02},{},{}.{:02}\n",
            ["north", "south"][id as usize % 2],
            id,
            id % 100
        )
    };
    receipts.map(row).fold("id,date,origin,amount\n".to_owned(), |all, row| all + &row)
}

const RULES: &str = "
module files
authority national
settlement largest remainder
regions { north; south }
account treasury[Region]
account centre
event receipt {
  id : integer unique; date : date effective; origin : Region; amount : money inflow
}
rule divide
  split inflow
    3/7   to treasury[origin]
    rest  to centre
";

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest)
}

/// Allocations and summary of a run over some files.
fn results(folder: &Path, files: &[&str]) -> (String, String) {
    let results = ["--out", "out.csv", "--summary", "sums.csv", "-q"];
    let output = asked(folder, &["run", "rules.fen"]).args(files).args(results).output().unwrap();
    assert!(output.status.success(), "{files:?}: {}", said(&output));
    let read = |name| fs::read_to_string(folder.join(name)).unwrap();
    (read("out.csv"), read("sums.csv"))
}

#[test]
fn packed_files_and_several_are_one() {
    let folder = folder_of(0..3000);
    let path = folder.path();
    let wanted = results(path, &["all.csv"]);
    assert!(wanted.1.starts_with("account,year,amount\ntreasury[north],2016,"), "{}", wanted.1);
    let text = fs::read(path.join("all.csv")).unwrap();
    // Two members, cut in the middle of a row.
    let (one, other) = text.split_at(text.len() / 2);
    fs::write(path.join("all.csv.gz"), [gzip(one), gzip(other)].concat()).unwrap();
    fs::write(path.join("all.csv.zst"), [zstd(one), zstd(other)].concat()).unwrap();
    // What it is does not hang on what it is called.
    fs::write(path.join("misnamed.csv"), gzip(&text)).unwrap();
    fs::create_dir(path.join("parts")).unwrap();
    fs::write(path.join("parts/p1.csv"), rows(0..1000)).unwrap();
    fs::write(path.join("parts/p2.csv"), gzip(rows(1000..2500).as_bytes())).unwrap();
    fs::write(path.join("parts/p3.csv"), rows(2500..3000)).unwrap();
    fs::write(path.join("parts/.p4.csv"), rows(0..9)).unwrap();
    for files in [
        &["all.csv.gz"][..],
        &["all.csv.zst"],
        &["misnamed.csv"],
        &["parts/*.csv"],
        &["receipt=parts/p[12].csv", "parts/p3.csv"],
    ] {
        assert_eq!(results(path, files), wanted, "{files:?}");
    }
    // The same through a pipe.
    for name in ["all.csv", "all.csv.zst"] {
        let input = fs::File::open(path.join(name)).unwrap();
        let output = asked(path, &["run", "rules.fen", "-", "--format", "csv", "-q"])
            .stdin(Stdio::from(input))
            .output()
            .unwrap();
        assert_eq!(String::from_utf8(output.stdout).unwrap(), wanted.0);
    }
}

#[test]
fn results_are_packed_as_they_are_named() {
    let folder = folder_of(0..3000);
    let path = folder.path();
    let (out, _) = results(path, &["all.csv"]);
    let run = ["run", "rules.fen", "all.csv", "-q", "--set-aside", "aside.json.gz"];
    let more = ["--out", "out.csv.gz", "--summary", "sums.ndjson.zst"];
    assert!(asked(path, &run).args(more).status().unwrap().success());
    let read = |name| fs::read(path.join(name)).unwrap();
    let mut text = String::new();
    let packed = read("out.csv.gz");
    std::io::Read::read_to_string(&mut flate2::read::MultiGzDecoder::new(&*packed), &mut text)
        .unwrap();
    assert_eq!(text, out);
    assert_eq!(&read("sums.ndjson.zst")[..4], b"\x28\xB5\x2F\xFD");
    assert_eq!(&read("aside.json.gz")[..2], b"\x1F\x8B");
    let output = asked(path, &run).args(["--out", "out.doc.gz"]).output().unwrap();
    assert!(said(&output).contains("no layout has the ending `.doc`"), "{}", said(&output));
}

#[test]
fn a_file_that_is_cut_off_stops_the_run() {
    let folder = folder_of(0..30_000);
    let path = folder.path();
    let text = fs::read(path.join("all.csv")).unwrap();
    for (name, whole) in [("cut.csv.gz", gzip(&text)), ("cut.csv.zst", zstd(&text))] {
        fs::write(path.join(name), &whole[..whole.len() - 9]).unwrap();
        // Whether it is seen before the run or in the middle of it.
        for more in [&[][..], &["--encoding", "utf-8"]] {
            let output = asked(path, &["run", "rules.fen", name, "--out", "out.csv"])
                .args(more)
                .output()
                .unwrap();
            let wanted = format!("cannot read `{name}`: it is packed, and cut off before its end");
            assert!(said(&output).contains(&wanted), "{}", said(&output));
            assert_eq!(output.status.code(), Some(2));
            assert!(!path.join("out.csv").exists());
        }
    }
    let output = asked(path, &["run", "rules.fen", "none/*.csv", "--lang", "zh"]).output().unwrap();
    assert!(said(&output).contains("「none/*.csv」没有匹配的文件"), "{}", said(&output));
    let output = asked(path, &["run", "rules.fen", "all.csv", "a*.csv"]).output().unwrap();
    assert!(said(&output).contains("the file is named twice"), "{}", said(&output));
}

/// A run that stands in the middle of its allocations, since nobody reads on where they go.
fn stuck(folder: &Path) -> (std::process::Child, fs::File) {
    fs::write(folder.join("sums.csv"), "of an earlier run\n").unwrap();
    let made = Command::new("mkfifo").arg(folder.join("pipe")).status().unwrap();
    assert!(made.success());
    let results =
        ["--out", "pipe", "--format", "csv", "--summary", "sums.csv", "--set-aside", "a.csv"];
    let child = asked(folder, &["run", "rules.fen", "all.csv"])
        .args(results)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut reader = fs::File::open(folder.join("pipe")).unwrap();
    // Once something has come through, the run is under way.
    std::io::Read::read_exact(&mut reader, &mut [0; 1000]).unwrap();
    (child, reader)
}

fn signal(child: &std::process::Child, signal: &str) {
    let sent = Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
}

#[test]
fn ctrl_c_and_a_closed_terminal_leave_what_was_there() {
    for sent in ["-INT", "-HUP"] {
        let folder = folder_of(0..60_000);
        let path = folder.path();
        let (child, mut reader) = stuck(path);
        signal(&child, sent);
        // Whoever reads goes on; the run does not.
        std::io::copy(&mut reader, &mut std::io::sink()).unwrap();
        let output = child.wait_with_output().unwrap();
        let said = said(&output);
        assert_eq!(output.status.code(), Some(130), "{said}");
        assert!(said.contains("error: interrupted; no file was written"), "{said}");
        assert_eq!(fs::read_to_string(path.join("sums.csv")).unwrap(), "of an earlier run\n");
        assert_eq!(names(path).len(), 4, "{:?}", names(path));
    }
}

/// Whoever reads from a pipe may have seen enough; results in files are wanted all the same.
#[test]
fn files_are_whole_though_nobody_reads_the_rest_of_a_pipe() {
    for threads in ["1", "2"] {
        let folder = folder_of(0..60_000);
        let path = folder.path();
        let command = || {
            let mut command = asked(path, &["run", "rules.fen", "all.csv", "--format", "csv"]);
            command.args(["--threads", threads]).stdout(Stdio::piped()).stderr(Stdio::piped());
            command
        };
        let mut wanted = command();
        assert!(wanted.args(["--summary", "wanted.csv"]).output().unwrap().status.success());
        let mut child = command().args(["--summary", "sums.csv"]).spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
        assert!(said(&output).contains("events allocated"), "{}", said(&output));
        let read = |name: &str| fs::read(path.join(name)).unwrap();
        assert_eq!(read("sums.csv"), read("wanted.csv"));
        // With nothing else to do, the run ends when nobody wants more.
        let mut child = command().spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!((output.status.code(), said(&output).as_str()), (Some(0), ""));
    }
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    entries.map(|it| it.unwrap().file_name().into_string().unwrap()).collect()
}

/// The binary started by a shell that first does something else.
pub fn shell(folder: &Path, first: &str, arguments: &[&str]) -> Output {
    let script = format!("{first}; exec \"$0\" \"$@\"");
    let mut command = Command::new("sh");
    command.args(["-c", &script, env!("CARGO_BIN_EXE_fenshui")]).args(arguments);
    command.current_dir(folder).env_clear().output().unwrap()
}

#[test]
fn a_file_that_may_not_grow_further_is_said() {
    let folder = folder_of(0..60_000);
    let path = folder.path();
    let before = names(path).len();
    let run = ["run", "rules.fen", "all.csv", "--out", "out.csv"];
    // So many blocks of 512 bytes.
    let output = shell(path, "ulimit -f 200", &run);
    let text = said(&output);
    assert!(text.contains("cannot write `out.csv`: a file may not grow further here"), "{text}");
    assert_eq!(output.status.code(), Some(2));
    let output = shell(path, "ulimit -f 200", &[&run[..], &["--lang", "zh"]].concat());
    assert!(said(&output).contains("无法写入「out.csv」：文件大小已达上限"), "{}", said(&output));
    assert_eq!(names(path).len(), before);
}

/// The rows of a workbook wait in a file of their own, beside it.
#[test]
fn a_workbook_whose_rows_find_no_room_is_said() {
    let folder = folder_of(0..5000);
    let path = folder.path();
    let before = names(path).len();
    let run = ["run", "rules.fen", "all.csv", "--out", "out.xlsx"];
    let output = shell(path, "ulimit -f 20", &run);
    let text = said(&output);
    let what = "error: `out.xlsx`: the file in which its rows wait cannot grow: the disk is full, or a \
                file may not grow further here\nhelp: make room beside it";
    assert!(text.starts_with(what) && !text.contains("panicked"), "{text}");
    assert_eq!(output.status.code(), Some(2));
    let output = shell(path, "ulimit -f 20", &[&run[..], &["--lang", "zh"]].concat());
    assert!(said(&output).contains("暂存各行的文件无法增大"), "{}", said(&output));
    assert_eq!(names(path).len(), before);
    // Not where others have their temporary files.
    let output = shell(path, "TMPDIR=/nowhere; export TMPDIR", &run);
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(names(path).len(), before + 1);
    let aside = ["run", "rules.fen", "all.csv", "--out", "b.csv", "--set-aside", "aside.csv"];
    let output = shell(path, "TMPDIR=/nowhere; export TMPDIR", &aside);
    assert!(output.status.success(), "{}", said(&output));
    let output = shell(
        path,
        "TMPDIR=/nowhere; export TMPDIR",
        &["run", "rules.fen", "all.csv", "--format", "xlsx"],
    );
    assert!(said(&output).starts_with("error: cannot write `/nowhere`"), "{}", said(&output));
}

#[test]
fn a_run_that_is_killed_leaves_what_was_there() {
    let folder = folder_of(0..60_000);
    let path = folder.path();
    let (child, reader) = stuck(path);
    signal(&child, "-KILL");
    drop(reader);
    assert_eq!(child.wait_with_output().unwrap().status.code(), None);
    assert_eq!(fs::read_to_string(path.join("sums.csv")).unwrap(), "of an earlier run\n");
    assert!(!path.join("a.csv").exists());
    // What it had begun is hidden, and no pattern stands for it.
    let begun: Vec<String> =
        names(path).into_iter().filter(|name| name.contains("partial")).collect();
    assert!(begun.len() > 1 && begun.iter().all(|name| name.starts_with('.')), "{begun:?}");
    // The next run tells of it, and takes nothing of its own for it.
    let output = asked(path, &["run", "rules.fen", "all.csv", "-o", "out.csv"]).output().unwrap();
    let told = format!("and {} more like it (", begun.len() - 1);
    assert!(said(&output).contains(&told), "{}", said(&output));
    begun.iter().for_each(|name| fs::remove_file(path.join(name)).unwrap());
    let output = asked(path, &["run", "rules.fen", "all.csv", "-o", "out.csv"]).output().unwrap();
    assert!(!said(&output).contains("partial"), "{}", said(&output));
}

#[test]
fn one_thread_is_one_thread() {
    let folder = folder_of(0..60_000);
    let path = folder.path();
    let threads = |count: &str, more: &[&str]| {
        let mut child = asked(path, &["run", "rules.fen", "all.csv", "--format", "csv", "-q"])
            .args(more)
            .env("FENSHUI_THREADS", count)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut reader = child.stdout.take().unwrap();
        std::io::Read::read_exact(&mut reader, &mut [0; 1000]).unwrap();
        let tasks = fs::read_dir(format!("/proc/{}/task", child.id()));
        let tasks = tasks.map(|tasks| tasks.count());
        std::io::copy(&mut reader, &mut std::io::sink()).unwrap();
        assert!(child.wait().unwrap().success());
        tasks
    };
    // Where the system tells how many there are.
    if let Ok(tasks) = threads("1", &[]) {
        assert_eq!(tasks, 1);
        assert_eq!(threads("9", &["--threads", "1"]).unwrap(), 1);
        assert!(threads("4", &[]).unwrap() > 1);
    }
    let output = asked(path, &["run", "rules.fen", "all.csv"])
        .env("FENSHUI_THREADS", "many")
        .output()
        .unwrap();
    assert!(said(&output).contains("FENSHUI_THREADS is `many`"), "{}", said(&output));
    assert_eq!(output.status.code(), Some(2));
}
