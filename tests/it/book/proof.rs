//! What is handed to an auditor, checked by software that is not ours: the tree and the tiles by a
//! port of Go's `sumdb/tlog`, notes by a port of `sumdb/note`, keys and cosignatures by OpenSSL.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use fenshui::book::{
    Book, BookError, Checkpoint, KeyError, MemoryStore, Note, NoteError, Protection, Root,
    SigningKey, VerifierKey,
};
use signed_note::{
    Note as ForeignNote, Signer as _, StandardSigner, StandardVerifier, VerifierList,
};
use tlog_tiles::{Hash, HashReader as _, Tile, TileHashReader, TileReader, tlog};

use super::sample::{ORIGIN, edition, events, post, small_book};

pub fn key(name: &str, seed: u8) -> SigningKey {
    SigningKey::from_seed(name, &[seed; 32]).unwrap()
}

fn checkpoint(book: &mut Book) -> Checkpoint {
    let size = book.size().unwrap();
    let root = Root { size, digest: book.root(size).unwrap() };
    Checkpoint { origin: book.opening().origin.clone(), root, extension: Vec::new() }
}

/// A book with more entries than one tile holds, one of them outlined.
fn longer_book() -> Book {
    let mut book = small_book(Box::new(MemoryStore::new()));
    let mut long = edition("long");
    let texts = std::mem::take(&mut long.texts);
    let text = texts[0].text.repeat(1000);
    long.texts.push(fenshui::book::SourceText::new("rules/long.fen".to_owned(), text));
    super::sample::post_by(&mut book, &long, &events(20, 300)).unwrap();
    book
}

/// Hashes as the foreign tree stores them.
struct Hashes(Vec<Hash>);

impl tlog_tiles::HashReader for Hashes {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<Hash>, tlog_tiles::Error> {
        Ok(indexes.iter().map(|index| self.0[*index as usize]).collect())
    }
}

#[test]
fn a_foreign_tree_has_the_same_root_and_takes_our_proofs() {
    let mut book = small_book(Box::new(MemoryStore::new()));
    post(&mut book, &events(9, 40)).unwrap();
    let size = book.size().unwrap();
    let mut hashes = Hashes(Vec::new());
    let mut roots = Vec::new();
    for number in 0..size {
        let leaf = book.leaf_bytes(number).unwrap();
        let new = tlog::stored_hashes(number, &leaf, &hashes).unwrap();
        hashes.0.extend(new);
        let root = tlog::tree_hash(number + 1, &hashes).unwrap();
        assert_eq!(&root.0, book.root(number + 1).unwrap().as_bytes(), "of {}", number + 1);
        roots.push(root);
    }
    let foreign = |proof: Vec<fenshui::base::Digest>| -> Vec<Hash> {
        proof.into_iter().map(|digest| Hash(*digest.as_bytes())).collect()
    };
    for number in 0..size {
        let leaf = tlog::record_hash(&book.leaf_bytes(number).unwrap());
        let proof = foreign(book.inclusion(number, size).unwrap());
        let root = roots[size as usize - 1];
        tlog::check_record(&proof, size, root, number, leaf).unwrap();
        let old = number + 1;
        let proof = foreign(book.consistency(old, size).unwrap());
        tlog::check_tree(&proof, size, root, old, roots[number as usize]).unwrap();
    }
}

/// Tiles as a server of files would give them.
struct Files(BTreeMap<String, Vec<u8>>);

impl TileReader for Files {
    fn height(&self) -> u8 {
        8
    }

    fn read_tiles(&self, tiles: &[Tile]) -> Result<Vec<Vec<u8>>, tlog_tiles::Error> {
        Ok(tiles.iter().map(|tile| self.file(tile).clone()).collect())
    }

    fn save_tiles(&self, _: &[Tile], _: &[Vec<u8>]) {}
}

impl Files {
    fn file(&self, tile: &Tile) -> &Vec<u8> {
        // The foreign path also tells the height, which is 8 in all of ours.
        let path = tile.path().replacen("tile/8/", "tile/", 1);
        self.0.get(&path).unwrap_or_else(|| panic!("no {path} among {:?}", self.0.keys()))
    }
}

#[test]
fn a_foreign_client_reads_our_tiles() {
    let mut book = longer_book();
    let size = book.size().unwrap();
    assert!(size > 256, "more than a tile");
    let mut note = checkpoint(&mut book).note();
    key(ORIGIN, 1).sign(&mut note);
    let mut files = BTreeMap::new();
    book.tiles(&note, |path, bytes| {
        files.insert(path.to_owned(), bytes.to_vec());
        Ok::<(), BookError>(())
    })
    .unwrap();
    let told = tlog_tiles::Checkpoint::from_bytes(note.text.as_bytes()).unwrap();
    assert_eq!((told.origin(), told.size()), (ORIGIN, size));
    assert_eq!(files["checkpoint"], note.to_string().as_bytes());
    let files = Files(files);
    let reader = TileHashReader::new(size, *told.hash(), &files);
    for number in 0..size {
        let leaf = tlog::record_hash(&book.leaf_bytes(number).unwrap());
        let index = tlog::stored_hash_index(0, number);
        assert_eq!(reader.read_hashes(&[index]).unwrap(), [leaf], "entry {number}");
    }
    // Bundles hold the very leaves, and what they hold by digest is there too.
    let mut leaves = Vec::new();
    for path in ["tile/entries/000".to_owned(), format!("tile/entries/001.p/{}", size - 256)] {
        let mut rest = &files.0[&path][..];
        while let Some((length, after)) = rest.split_first_chunk::<2>() {
            let (leaf, after) = after.split_at(usize::from(u16::from_be_bytes(*length)));
            leaves.push(leaf.to_vec());
            rest = after;
        }
    }
    assert_eq!(leaves.len() as u64, size);
    for (number, leaf) in leaves.iter().enumerate() {
        assert_eq!(*leaf, book.leaf_bytes(number as u64).unwrap());
    }
    assert_eq!(files.0.keys().filter(|path| path.starts_with("body/")).count(), 1);
}

#[test]
fn foreign_software_verifies_our_notes_and_we_verify_theirs() {
    let mut book = small_book(Box::new(MemoryStore::new()));
    let mut note = checkpoint(&mut book).note();
    let (keeper, second) = (key(ORIGIN, 1), key("second.example", 2));
    keeper.sign(&mut note);
    second.sign(&mut note);
    let known: Vec<Box<dyn signed_note::Verifier>> = [&keeper, &second]
        .map(|key| StandardVerifier::new(&key.verifier().to_string()).unwrap())
        .into_iter()
        .map(|verifier| Box::new(verifier) as Box<dyn signed_note::Verifier>)
        .collect();
    let foreign = ForeignNote::from_bytes(note.to_string().as_bytes()).unwrap();
    let (verified, unverified) = foreign.verify(&VerifierList::new(known)).unwrap();
    assert_eq!((verified.len(), unverified.len()), (2, 0));

    // A key of theirs signs beside ours.
    let seed = base64ct_of(&[[1].as_slice(), &[9; 32]].concat());
    let public = key("theirs.example", 9).verifier().to_string();
    let id = public.split('+').nth(1).unwrap();
    let signer = StandardSigner::new(&format!("PRIVATE+KEY+theirs.example+{id}+{seed}")).unwrap();
    assert_eq!(signer.name(), "theirs.example");
    let mut foreign = ForeignNote::from_bytes(note.to_string().as_bytes()).unwrap();
    foreign.add_sigs(&[&signer]).unwrap();
    let note = String::from_utf8(foreign.to_bytes()).unwrap();
    let keys = [VerifierKey::parse(&public).unwrap(), keeper.verifier(), second.verifier()];
    let (told, signed) = Checkpoint::open(&note, &keys).unwrap();
    assert_eq!(told, checkpoint(&mut book));
    assert_eq!(signed.len(), 3);
}

fn base64ct_of(bytes: &[u8]) -> String {
    use base64ct::Encoding;
    base64ct::Base64::encode_string(bytes)
}

#[test]
fn a_checkpoint_is_believed_for_no_false_signature_and_no_stranger() {
    let mut book = small_book(Box::new(MemoryStore::new()));
    let mut note = checkpoint(&mut book).note();
    let keeper = key(ORIGIN, 1);
    keeper.sign(&mut note);
    let text = note.to_string();
    let open = |text: &str, key: VerifierKey| Checkpoint::open(text, &[key]);
    assert_eq!(open(&text, key(ORIGIN, 2).verifier()), Err(NoteError::NotSigned));
    assert_eq!(open(&text, keeper.witness()), Err(NoteError::NotSigned));
    let other = text.replace("\n17\n", "\n16\n");
    assert_eq!(open(&other, keeper.verifier()), Err(NoteError::FalseSignature(ORIGIN.to_owned())));
    for (wrong, with) in [("\n\n", "\n"), ("— ", "- "), ("\n17\n", "\n017\n"), ("\n", "\r\n")] {
        assert!(open(&text.replace(wrong, with), keeper.verifier()).is_err(), "{wrong:?}");
    }
    assert!(VerifierKey::parse(&keeper.verifier().to_string().replace(ORIGIN, "else")).is_err());
    assert_eq!(Note::parse(&text).unwrap().to_string(), text);
}

fn openssl(arguments: &[&str]) -> std::process::Output {
    Command::new("openssl").args(arguments).output().expect("Debian's package `openssl`")
}

#[test]
fn openssl_reads_our_keys_and_checks_a_witness() {
    // Other people's programs are asked where they are known to be: `.ci/run` installs this one.
    if std::env::var_os("FENSHUI_FOREIGN").is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let (plain, sealed) = (path("plain.pem"), path("sealed.pem"));
    let witness = key("witness.example", 7);
    witness.save(Path::new(&plain), None).unwrap();
    let protection = Protection { passphrase: "分税", random: &[3; 32] };
    witness.save(Path::new(&sealed), Some(protection)).unwrap();
    assert!(!std::fs::read_to_string(&sealed).unwrap().contains("BEGIN PRIVATE"));
    let public = openssl(&["pkey", "-in", &plain, "-pubout"]);
    assert!(public.status.success(), "{public:?}");
    let opened = openssl(&["pkey", "-in", &sealed, "-passin", "pass:分税", "-pubout"]);
    assert_eq!(opened.stdout, public.stdout, "{opened:?}");
    assert!(!openssl(&["pkey", "-in", &sealed, "-passin", "pass:x"]).status.success());

    let mut book = small_book(Box::new(MemoryStore::new()));
    let mut note = checkpoint(&mut book).note();
    witness.cosign(&mut note, 1_700_000_000);
    let bytes = &note.signatures[0].bytes;
    assert_eq!(bytes[..8], 1_700_000_000_u64.to_be_bytes());
    let message = format!("cosignature/v1\ntime 1700000000\n{}", note.text);
    std::fs::write(path("public"), public.stdout).unwrap();
    std::fs::write(path("message"), message).unwrap();
    std::fs::write(path("signature"), &bytes[8..]).unwrap();
    let (public, message, signature) = (path("public"), path("message"), path("signature"));
    let checked = openssl(&[
        "pkeyutl", "-verify", "-pubin", "-inkey", &public, "-rawin", "-in", &message, "-sigfile",
        &signature,
    ]);
    assert!(checked.status.success(), "{checked:?}");
    let (_, signed) = Checkpoint::open(&note.to_string(), &[witness.witness()]).unwrap();
    assert_eq!(signed[0].at, Some(1_700_000_000));
}

#[test]
fn a_key_file_is_its_owners_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key.pem");
    let keeper = key(ORIGIN, 5);
    let protection = Protection { passphrase: "right", random: &[4; 32] };
    keeper.save(&path, Some(protection)).unwrap();
    assert!(matches!(keeper.save(&path, None), Err(KeyError::Exists { .. })), "never overwritten");
    let read = SigningKey::load(&path, Some("right")).unwrap();
    assert_eq!(read.verifier(), keeper.verifier());
    let wanted = SigningKey::load(&path, None).unwrap_err();
    assert!(matches!(wanted, KeyError::PassphraseWanted { .. }), "{wanted:?}");
    let wrong = SigningKey::load(&path, Some("wrong")).unwrap_err();
    assert!(matches!(wrong, KeyError::WrongPassphrase { .. }), "{wrong:?}");
    assert_eq!(format!("{keeper:?}"), format!("SigningKey {{ name: {ORIGIN:?}, .. }}"));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(&path).unwrap().permissions().mode() & 0o7777;
        assert_eq!(mode, 0o600);
        for mode in [0o640, 0o604, 0o620] {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            let refused = SigningKey::load(&path, Some("right")).unwrap_err();
            assert!(matches!(refused, KeyError::ReadByOthers { .. }), "{mode:o}: {refused:?}");
        }
    }
    let other = folder.path().join("else");
    std::fs::write(&other, "name: x\nnothing").unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(&other, std::fs::Permissions::from_mode(0o600)).unwrap();
    }
    assert!(matches!(SigningKey::load(&other, None), Err(KeyError::NotAKey { .. })));
}

/// A bundle of one event with all it takes to understand it, and the key that signed.
pub fn bundle(book: &mut Book, numbers: &[u64]) -> (String, String) {
    let mut note = checkpoint(book).note();
    let keeper = key(ORIGIN, 1);
    keeper.sign(&mut note);
    let bundle = book.bundle(numbers, &note).unwrap();
    (bundle.to_string(), keeper.verifier().to_string())
}

#[test]
fn a_bundle_is_verified_without_the_book() {
    let mut book = longer_book();
    for numbers in [vec![1, 2, 3, 6], vec![6], vec![0, 5, 6], vec![17, 18, 19]] {
        let (text, key) = bundle(&mut book, &numbers);
        let report = fenshui_verify::check(&text, &[key]).unwrap();
        assert!(report.holds(), "{numbers:?}: {report}");
    }
    let (text, key) = bundle(&mut book, &[1, 2, 3, 6]);
    let report = fenshui_verify::check(&text, &[key]).unwrap().to_string();
    let told = "\
entry 3: batch learnt of 2016-07-01T00:00:00.000Z, worked out by another 1.0
  posted by `post`
  from `receipts.csv`, of which no digest is kept
  register `relocation`, digest ";
    assert!(report.contains(told), "{report}");
    let told = "\
entry 6: receipt of 2016-01-01, in CNY: id R0000002; date 2016-01-01; enterprise 911300000000000002; \
destination hebei; amount 10000.74
  central  5000.37  (half 1, cy92 section 1(3))
  treasury[hebei]  5000.37  (half 2, cy92 section 1(3))
of corrections and disputes those alone are told that the bundle has
all holds
";
    assert!(report.ends_with(told), "{report}");
    let foreign =
        small_book(Box::new(MemoryStore::new())).bundle(&[1], &checkpoint(&mut book).note());
    assert!(foreign.is_err(), "a checkpoint of another book proves nothing of this one");
}

#[test]
fn a_bundle_changed_anywhere_proves_nothing() {
    let mut book = small_book(Box::new(MemoryStore::new()));
    let (text, key) = bundle(&mut book, &[3, 6]);
    let keys = [key];
    assert!(fenshui_verify::check(&text, &keys).unwrap().holds());
    for at in 0..text.len() {
        if !text.is_char_boundary(at) || !text.is_char_boundary(at + 1) {
            continue;
        }
        for with in ["A", "7", "\n", " ", ""] {
            let changed = format!("{}{with}{}", &text[..at], &text[at + 1..]);
            if changed == text || changed.trim_end() == text.trim_end() {
                continue;
            }
            let held = fenshui_verify::check(&changed, &keys).is_ok_and(|report| report.holds());
            assert!(!held, "byte {at} as {with:?}:\n{changed}");
        }
    }
}

/// A checkpoint of the first entries of a book, signed.
pub fn signed(book: &mut Book, size: u64) -> Note {
    let root = Root { size, digest: book.root(size).unwrap() };
    let origin = book.opening().origin.clone();
    let mut note = Checkpoint { origin, root, extension: Vec::new() }.note();
    key(ORIGIN, 1).sign(&mut note);
    note
}

/// Every proof that one checkpoint continues another is taken by the small verifier, and its digests
/// by a foreign tree; no other pair of checkpoints passes for it.
#[test]
fn that_a_book_only_grew_is_verified_without_it() {
    use base64ct::Encoding;
    let mut book = small_book(Box::new(MemoryStore::new()));
    post(&mut book, &events(9, 40)).unwrap();
    let size = book.size().unwrap();
    let keys = [key(ORIGIN, 1).verifier().to_string()];
    let hash = |book: &mut Book, size| Hash(*book.root(size).unwrap().as_bytes());
    for new in [1, 2, 3, 8, 13, 32, 33, size] {
        for old in 1..=new {
            let (older, newer) = (signed(&mut book, old), signed(&mut book, new));
            let text = book.continuation(&older, &newer).unwrap().to_string();
            let report = fenshui_verify::check(&text, &keys).unwrap();
            assert!(report.holds(), "{old} of {new}: {report}");
            let proof: Vec<Hash> = text
                .lines()
                .filter_map(|line| line.strip_prefix("proof "))
                .map(|line| Hash(base64ct::Base64::decode_vec(line).unwrap().try_into().unwrap()))
                .collect();
            let (root, before) = (hash(&mut book, new), hash(&mut book, old));
            tlog::check_tree(&proof, new, root, old, before).unwrap();
            let (head, _) = text.split_once("\n\n").unwrap_or(("fenshui.consistency/1", ""));
            for other in [old - 1, old + 1].into_iter().filter(|it| (1..=new).contains(it)) {
                let forged = format!("{head}\n\n{}\n{newer}", signed(&mut book, other));
                let held = fenshui_verify::check(&forged, &keys).is_ok_and(|it| it.holds());
                assert!(!held, "{other} passes for {old} of {new}");
            }
        }
    }
    let (older, newer) = (signed(&mut book, 8), signed(&mut book, size));
    assert!(book.continuation(&newer, &older).is_err(), "nothing shrinks");
    let mut other = longer_book();
    assert!(other.continuation(&older, &signed(&mut book, size)).is_err(), "of another book");
}

#[test]
fn a_proof_of_growth_changed_anywhere_proves_nothing() {
    let mut book = small_book(Box::new(MemoryStore::new()));
    let size = book.size().unwrap();
    let (older, newer) = (signed(&mut book, 11), signed(&mut book, size));
    let text = book.continuation(&older, &newer).unwrap().to_string();
    let keys = [key(ORIGIN, 1).verifier().to_string()];
    assert!(fenshui_verify::check(&text, &keys).unwrap().holds());
    for at in 0..text.len() {
        if !text.is_char_boundary(at) || !text.is_char_boundary(at + 1) {
            continue;
        }
        for with in ["A", "7", "\n", " ", ""] {
            let changed = format!("{}{with}{}", &text[..at], &text[at + 1..]);
            if changed == text || changed.trim_end() == text.trim_end() {
                continue;
            }
            let held = fenshui_verify::check(&changed, &keys).is_ok_and(|report| report.holds());
            assert!(!held, "byte {at} as {with:?}:\n{changed}");
        }
    }
}

/// The files by which the verifier's own tests go are bundles that the book makes today.
#[test]
fn a_bundle_is_written_as_it_always_was() {
    let mut book = small_book(Box::new(MemoryStore::new()));
    let (text, key) = bundle(&mut book, &[1, 2, 3, 6]);
    let report = fenshui_verify::check(&text, std::slice::from_ref(&key)).unwrap().to_string();
    let folder = Path::new(FOLDER);
    for (name, made) in [("half.proof", text), ("half.keys", key + "\n"), ("half.report", report)] {
        let path = folder.join(name);
        if std::env::var_os("FENSHUI_ACCEPT").is_some() {
            std::fs::write(&path, &made).unwrap();
        }
        let kept = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(kept == made, "{name} is another; see CONTRIBUTING on accepting new output");
    }
}

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/verifier/tests");
