//! A book made again of its tiles: what their checkpoint says of itself is held, and so is every tile.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use fenshui::app::book::{Access, BookPlace, import, tables};
use fenshui::book::Moment;
use fenshui::formats::ResultLayout;

use super::distrust::{flipped, kept};
use crate::cli::outcome;

/// A folder with a signed book and its tiles, with so many events more.
fn exported(events: u32) -> tempfile::TempDir {
    let folder = kept();
    if events > 0 {
        let rows = (0..events).map(|at| format!("M{at:03},2018-07-01,deed,hebei,0.03\n"));
        let rows: String = rows.collect();
        let rows = format!("id,date,tax,region,amount\n{rows}");
        fs::write(folder.path().join("many.csv"), rows).unwrap();
        said(&folder, "post rules.fen.md many.csv --register caps=caps.csv --quiet");
        said(&folder, "checkpoint --sign keeper.key");
    }
    let told = said(&folder, "export tiles tiles");
    assert_eq!(told, "");
    folder
}

fn said(folder: &tempfile::TempDir, verb: &str) -> String {
    outcome(&format!("fenshui book {verb}"), folder.path(), "b.book")
}

/// Whoever wants a book's files no more is left without any, and so is who wants a book of its tiles no more.
#[test]
fn what_is_interrupted_leaves_nothing() {
    let folder = exported(0);
    let interrupted = Arc::new(AtomicBool::new(true));
    let place = |name: &str| BookPlace::File(folder.path().join(name));
    let imported = import(&folder.path().join("tiles"), &place("c.book"), &interrupted);
    assert!(imported.unwrap_err().to_string().starts_with("interrupted"));
    assert!(!folder.path().join("c.book").exists());
    let mut book = place("b.book").open(Access::Read).unwrap();
    book.mind(interrupted);
    let out = folder.path().join("out");
    let moment = Moment::from_millis(0);
    let written = tables(&mut book, moment, &out, ResultLayout::Csv);
    assert!(written.unwrap_err().to_string().starts_with("interrupted"));
    assert!(!out.exists());
}

/// What importing the tiles says, and that nothing is made where it is refused.
fn imported(folder: &tempfile::TempDir, flags: &str) -> String {
    let made = folder.path().join("c.book");
    let told = outcome(&format!("fenshui book import tiles{flags}"), folder.path(), "c.book");
    assert_eq!(made.exists(), !told.contains("[exit"), "{told}");
    let _ = fs::remove_file(made);
    told
}

/// Changes the checkpoint of the tiles.
fn change(folder: &tempfile::TempDir, how: impl Fn(&str) -> String) -> String {
    let file = folder.path().join("tiles/checkpoint");
    let was = fs::read_to_string(&file).unwrap();
    fs::write(&file, how(&was)).unwrap();
    was
}

fn head(checkpoint: &str) -> &str {
    checkpoint.split_once("\n\n").unwrap().0
}

#[test]
fn who_signed_the_checkpoint_of_tiles_is_told() {
    let folder = exported(0);
    let told = imported(&folder, "");
    assert!(told.contains("\ncheckpoint signed by finance.example/keeper+fe8dd5a9\n"), "{told}");
    let told = imported(&folder, " --lang zh");
    assert!(told.contains("\n检查点签名 finance.example/keeper+fe8dd5a9\n"), "{told}");
    // Nobody has signed it: with the blank line before signatures, and without.
    for end in ["\n\n", "\n"] {
        change(&folder, |was| format!("{}{end}", head(was)));
        let told = imported(&folder, "");
        assert!(told.ends_with("\nthe checkpoint is not signed\n"), "{told}");
        let told = imported(&folder, " --lang zh");
        assert!(told.ends_with("\n检查点未签名\n"), "{told}");
        change(&folder, |was| format!("{}\n\n", was.trim_end()));
    }
    // Cut off, or gone on.
    for end in ["", "\n\n\n"] {
        let was = change(&folder, |was| format!("{}{end}", head(was)));
        let told = imported(&folder, "");
        assert!(
            told.starts_with("! error: `checkpoint`: it ") && told.ends_with("[exit 1]\n"),
            "{told}"
        );
        change(&folder, |_| was.clone());
    }
}

/// Either may have been changed: the entry, or what the tile beside it tells of it.
#[test]
fn an_entry_and_its_digest_that_do_not_fit_are_named() {
    let folder = exported(600);
    let entry =
        "error: `tile/entries/001`: entry 256 has not the digest that `tile/0/001` holds of it";
    // Of the first leaf the kind stands behind its length and version; of the tile that leaf is the first.
    for (file, at) in [("tiles/tile/0/001", 7), ("tiles/tile/entries/001", 20)] {
        flipped(&folder.path().join(file), at, 1);
        let told = imported(&folder, "");
        assert!(told.starts_with(&format!("! {entry}")) && told.ends_with("[exit 1]\n"), "{told}");
        flipped(&folder.path().join(file), at, 1);
    }
    let told = imported(&folder, "");
    assert!(!told.contains("error"), "{told}");
}

#[test]
fn a_signature_that_nobody_can_check_is_told_and_a_false_one_refused() {
    let folder = exported(0);
    let key = |text: &str, name: &str| text.replace("— finance.example/keeper ", name);
    let was = change(&folder, |was| key(was, "— other.example "));
    let told = imported(&folder, "");
    let what = "not checked: signatures of other.example+fe8dd5a9, which do not sign for this book";
    assert!(told.contains(what), "{told}");
    let told = imported(&folder, " --lang zh");
    assert!(told.contains("未核对：other.example+fe8dd5a9 的签名"), "{told}");
    // Of another text: it has a line more.
    change(&folder, |_| was.replacen("\n\n", "\nmore\n\n", 1));
    let told = imported(&folder, "");
    let what = "! error: `checkpoint`: the signature of `finance.example/keeper` is false\n\
                ! help: nothing was made; ";
    assert!(told.starts_with(what) && told.ends_with("[exit 1]\n"), "{told}");
    let told = imported(&folder, " --lang zh");
    assert!(
        told.starts_with("! 错误: 「checkpoint」：「finance.example/keeper」的签名是假的\n"),
        "{told}"
    );
    // No signature at all where one should be.
    change(&folder, |_| format!("{}\n\nkeeper\n", head(&was)));
    let told = imported(&folder, "");
    assert!(told.contains("`checkpoint`: it is no signed note: "), "{told}");
}

#[test]
fn a_checkpoint_of_another_book_is_not_that_of_the_tiles() {
    let folder = exported(0);
    change(&folder, |was| {
        format!("other.example/2018\n{}\n", head(was).split_once('\n').unwrap().1)
    });
    let told = imported(&folder, "");
    let what = "! error: `checkpoint`: it is of the book `other.example/2018`, and the entries are of \
                `finance.example/2018`\n";
    assert!(told.starts_with(what) && told.ends_with("[exit 1]\n"), "{told}");
    let told = imported(&folder, " --lang zh");
    let what = "! 错误: 「checkpoint」：所载账簿为「other.example/2018」，各条则属「finance.example/2018」\n";
    assert!(told.starts_with(what), "{told}");
}

#[test]
fn tiles_above_those_of_the_entries_are_held() {
    let folder = exported(600);
    let folder_of = |level: u8| folder.path().join(format!("tiles/tile/{level}"));
    let tile = folder_of(1).join("000.p/2");
    assert!(folder_of(0).join("001").exists() && tile.exists());
    let told = imported(&folder, "");
    assert!(told.contains("\ncheckpoint signed by "), "{told}");
    for at in [0, 40] {
        flipped(&tile, at, 1);
        let told = imported(&folder, "");
        let what = "! error: `tile/1/000.p/2`: it does not hold the digests of the entries\n";
        assert!(told.starts_with(what) && told.ends_with("[exit 1]\n"), "{told}");
        let told = imported(&folder, " --lang zh");
        assert!(told.starts_with("! 错误: 「tile/1/000.p/2」：摘要与各条不符\n"), "{told}");
        flipped(&tile, at, 1);
    }
    fs::remove_file(&tile).unwrap();
    let told = imported(&folder, "");
    assert!(told.starts_with("! error: cannot read `tiles/tile/1/000.p/2`"), "{told}");
}
