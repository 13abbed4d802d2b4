//! Who signs for a book, and what he holds before he does: each case runs on every store.

use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use fenshui::app::book::{
    BookTrouble, EVALUATOR, KeyChanges, change_keys, checkpoint, cosign, keys_of, prove,
    prove_continuation, sign, verify,
};
use fenshui::base::Digest;
use fenshui::book::{
    Batch, Book, BookError, CheckpointNote, Damage, Event, Flaw, KeyChange, Moment, Note,
    NoteError, Root, Signer, SigningKey, Source, StoreError, VerifierKey,
};

use fenshui::diagnostics::Words;

use super::proof::key;
use super::sample::{LEARNT, ORIGIN, edition, event, events, post, small_book};
use super::stores::{Place, on_every_store, place_of};

on_every_store! {
    a_tree_that_is_not_that_of_the_entries_is_not_signed
    a_changed_entry_is_not_signed
    a_book_with_a_false_checkpoint_is_not_signed
    an_edition_that_declares_what_its_texts_do_not_is_not_signed
    a_witness_signs_what_the_keeper_signed
    a_key_signs_once
    a_checkpoint_from_outside_counts_by_the_keys_of_its_size
    keys_are_changed_by_those_who_sign
    the_last_key_is_not_retired_without_a_word
    a_change_that_nobody_signed_has_no_effect
    a_signature_belongs_to_its_change
    whom_one_trusts_decides
    planted_rows_are_found
    a_planted_node_stops_who_posts
    the_moment_is_that_of_the_turn
    who_verifies_while_others_post_sees_one_state
}

fn clock() -> Moment {
    LEARNT
}

fn open(place: &dyn Place) -> Book {
    Book::open(place.open().unwrap()).unwrap()
}

fn changes(changes: &[(KeyChange, &SigningKey)], by: Vec<SigningKey>) -> KeyChanges {
    let changes = changes.iter().map(|(change, key)| (*change, key.verifier())).collect();
    KeyChanges { changes, by, last: false }
}

/// A book of some six hundred entries for which a key signs.
fn kept(place: &dyn Place) -> Book {
    let mut book = small_book(place.create().unwrap());
    post(&mut book, &events(50, 600)).unwrap();
    change_keys(&mut book, &changes(&[(KeyChange::Added, &key(ORIGIN, 1))], vec![]), clock)
        .unwrap();
    book
}

#[track_caller]
fn refused<T>(done: Result<T, BookTrouble>) -> String {
    match done {
        Ok(_) => panic!("it was done"),
        Err(trouble @ BookTrouble::Refused(_)) => trouble.words().0.en,
        Err(trouble) => panic!("{trouble:?}"),
    }
}

fn sign_it(book: &mut Book) -> Result<Note, BookTrouble> {
    sign(book, &[key(ORIGIN, 1)], clock, true)
}

fn a_tree_that_is_not_that_of_the_entries_is_not_signed(place: &dyn Place) {
    let mut book = kept(place);
    let size = book.size().unwrap();
    let mut false_root = checkpoint(&mut book).unwrap();
    false_root.root.digest = Digest::of(b"another");
    drop(book);
    let digest = place.bytes(&[7; 32]);
    let set = |number: u64| format!("UPDATE @node SET digest = {digest} WHERE number = {number}");
    place.tamper(&set(0));
    let mut book = open(place);
    // No root is told that is none of the entries, be it signed or not.
    let damaged = |it: &BookError| matches!(it, BookError::DamagedNode { level: 8, index: 0 });
    let told = checkpoint(&mut book).unwrap_err();
    assert!(matches!(&told, BookTrouble::Book(it) if damaged(it)), "{told:?}");
    assert!(damaged(&post(&mut book, &events(900, 1)).unwrap_err()));
    let said = refused(sign_it(&mut book));
    assert_eq!(
        said,
        "nothing was signed: node 0 of level 8 of the tree was changed or is not there"
    );
    // Nor by a witness whose copy is like that, with the keeper's signature under it.
    let mut note = false_root.note();
    key(ORIGIN, 1).sign(&mut note);
    let witness = key("witness.example", 7);
    let said = refused(cosign(&mut book, &note.to_string(), &witness, LEARNT));
    assert!(said.starts_with("nothing was signed: "), "{said}");
    // Nor with a change of keys, which is signed as well.
    let more = changes(&[(KeyChange::Added, &key("second.example", 2))], vec![key(ORIGIN, 1)]);
    let told = change_keys(&mut book, &more, clock).unwrap_err();
    assert!(matches!(&told, BookTrouble::Book(it) if damaged(it)), "{told:?}");
    assert_eq!(book.size().unwrap(), size, "nothing is noted");
}

fn a_changed_entry_is_not_signed(place: &dyn Place) {
    drop(kept(place));
    let (row, _, start) = place_of(place, 300);
    place.tamper(&place.set_byte("entry", "bodies", &row, start + 34, 7));
    let mut book = open(place);
    let said = refused(sign_it(&mut book));
    assert!(said.starts_with("nothing was signed: entry 300: `fields"), "{said}");
}

fn a_book_with_a_false_checkpoint_is_not_signed(place: &dyn Place) {
    let mut book = kept(place);
    let mut other = checkpoint(&mut book).unwrap();
    other.root.digest = fenshui::base::Digest::of(b"another book");
    let mut note = other.note();
    key(ORIGIN, 1).sign(&mut note);
    let mut posting = book.begin().unwrap();
    posting.checkpoint(&CheckpointNote { learnt: LEARNT, note: note.to_string() }).unwrap();
    posting.commit().unwrap();
    let said = refused(sign_it(&mut book));
    assert!(said.contains("are not those a checkpoint was signed for"), "{said}");
}

fn an_edition_that_declares_what_its_texts_do_not_is_not_signed(place: &dyn Place) {
    let mut book = kept(place);
    let edition = edition("half").digest();
    let evaluator = EVALUATOR.to_owned();
    // What another program made of these texts is not known here; what this one makes of them is.
    let batch = Batch {
        learnt: LEARNT,
        by: None,
        evaluator,
        edition,
        edition_entry: 1,
        registers: Vec::new(),
        readings: Vec::new(),
        through: None,
        sources: vec![Source { name: "more.csv".to_owned(), digest: None }],
    };
    sign_it(&mut book).unwrap();
    let mut posting = book.begin().unwrap();
    let batch = posting.batch(&batch).unwrap();
    posting.events(&[Event { batch, ..event("N1", "2030-01-01", "N", 1) }]).unwrap();
    posting.commit().unwrap();
    let said = refused(sign_it(&mut book));
    let contradicts = "entry 1: what it declares is not what its texts do";
    assert_eq!(said, format!("nothing was signed: {contradicts}"));
}

fn a_witness_signs_what_the_keeper_signed(place: &dyn Place) {
    let mut book = kept(place);
    let witness = key("witness.example", 7);
    let note = sign_it(&mut book).unwrap();
    let cosigned = cosign(&mut book, &note.to_string(), &witness, LEARNT).unwrap();
    assert_eq!(cosigned.signed_by(&[witness.witness()]).unwrap().len(), 1);
    // What nobody signed who signs for the book is not even looked at as the book's.
    let mut foreign = checkpoint(&mut book).unwrap().note();
    key(ORIGIN, 2).sign(&mut foreign);
    let said = refused(cosign(&mut book, &foreign.to_string(), &witness, LEARNT));
    assert_eq!(
        said,
        "nothing was signed: the checkpoint given: no key whose signature counts has signed it"
    );
}

fn a_key_signs_once(place: &dyn Place) {
    let mut book = kept(place);
    let witness = key("witness.example", 7);
    let note = sign(&mut book, &[key(ORIGIN, 1), key(ORIGIN, 1)], clock, false).unwrap();
    assert_eq!(note.signatures.len(), 1);
    let mut seen = |note: &Note, millis| {
        cosign(&mut book, &note.to_string(), &witness, Moment::from_millis(millis))
    };
    let once = seen(&note, 1000).unwrap();
    let again = seen(&once, 2000).unwrap();
    assert_eq!(again.signatures.len(), 2);
    assert_eq!(again.signed_by(&[witness.witness()]).unwrap()[0].at, Some(2));
    // His name stands under another checkpoint than the one he saw.
    let mut moved = again.clone();
    moved.signatures[1].bytes[20] ^= 1;
    let trouble = seen(&moved, 3000).unwrap_err();
    let BookTrouble::Refused(_) = &trouble else { panic!("{trouble:?}") };
    let called = witness.witness().called();
    let Words { en, zh } = trouble.words().0;
    let told = format!(
        "nothing was signed: a signature of `{called}` stands under it already, and is false"
    );
    assert_eq!((en, zh), (told, format!("未签名：其下已有「{called}」的签名，且是假的")));
}

/// The checkpoint of the first entries, signed by whoever asks nobody.
fn signed_by_hand(book: &mut Book, size: u64, key: &SigningKey) -> String {
    let mut of = checkpoint(book).unwrap();
    of.root = Root { size, digest: book.root(size).unwrap() };
    let mut note = of.note();
    key.sign(&mut note);
    note.to_string()
}

fn a_checkpoint_from_outside_counts_by_the_keys_of_its_size(place: &dyn Place) {
    let mut book = kept(place);
    let (old, new) = (key(ORIGIN, 1), key("second.example", 2));
    // The first key signs from the entry on that names it.
    let named = book.size().unwrap() - 1;
    let rotate = [(KeyChange::Added, &new), (KeyChange::Retired, &old)];
    change_keys(&mut book, &changes(&rotate, vec![key(ORIGIN, 1)]), clock).unwrap();
    sign(&mut book, &[key("second.example", 2)], clock, true).unwrap();
    // The entry of the checkpoint that signs the change.
    let change = book.size().unwrap() - 2;
    let mut says = |size, key: &SigningKey, trusted: &[VerifierKey]| {
        let note = signed_by_hand(&mut book, size, key);
        let held = verify(&mut book, &[note], trusted).unwrap().held.pop().unwrap();
        assert_eq!(held.entry, None);
        held.wrong
    };
    let out = |key: &SigningKey| Some(NoteError::OutOfTerm(key.verifier().called()));
    for (size, by_old, by_new) in [
        (named, out(&old), out(&new)),
        (named + 1, None, out(&new)),
        (change - 1, None, out(&new)),
        (change, None, out(&new)),
        (change + 1, out(&old), None),
        (change + 2, out(&old), None),
    ] {
        assert_eq!((says(size, &old, &[]), says(size, &new, &[])), (by_old, by_new), "{size}");
    }
    // Whom one trusts counts from the beginning on, and not once the book has retired him.
    let trusted = [old.verifier(), new.verifier()];
    assert_eq!(says(named, &old, &trusted), None);
    assert_eq!(says(change, &old, &trusted), None);
    assert_eq!(says(change + 1, &old, &trusted), out(&old));
    assert_eq!(says(named, &new, &trusted), None);
    // So it is for witnesses and for proofs.
    let late = signed_by_hand(&mut book, change + 1, &old);
    let why = format!(
        "`{}` has signed it, a key that does not sign for the book at that size",
        old.verifier().called()
    );
    let said = refused(cosign(&mut book, &late, &key("witness.example", 7), LEARNT));
    assert_eq!(said, format!("nothing was signed: the checkpoint given: {why}"));
    let proves_nothing = format!("the checkpoint of {} entries proves nothing: {why}", change + 1);
    let late = Note::parse(&late).unwrap();
    assert_eq!(refused(prove(&mut book, &[1], Some(late.clone()))), proves_nothing);
    assert_eq!(refused(prove_continuation(&mut book, &late, None)), proves_nothing);
    let kept = Note::parse(&signed_by_hand(&mut book, change, &old)).unwrap();
    prove_continuation(&mut book, &kept, None).unwrap();
    assert_eq!(refused(prove_continuation(&mut book, &kept, Some(late))), proves_nothing);
}

fn public(book: &mut Book) -> Vec<(VerifierKey, Option<u64>)> {
    keys_of(book).unwrap().into_iter().map(|it| (it.key, it.retired)).collect()
}

fn keys_are_changed_by_those_who_sign(place: &dyn Place) {
    let mut book = kept(place);
    let (first, second, third) =
        (key(ORIGIN, 1), key("second.example", 2), key("third.example", 3));
    let size = book.size().unwrap();
    for by in [vec![], vec![key("second.example", 2)], vec![key(ORIGIN, 3)]] {
        let said =
            refused(change_keys(&mut book, &changes(&[(KeyChange::Added, &second)], by), clock));
        let told = format!(
            "a change of keys is signed by a key that signs: {}",
            first.verifier().called()
        );
        assert_eq!(said, told);
    }
    assert_eq!(book.size().unwrap(), size);
    let add = [(KeyChange::Added, &second), (KeyChange::Added, &third)];
    change_keys(&mut book, &changes(&add, vec![key(ORIGIN, 1)]), clock).unwrap();
    assert_eq!(book.size().unwrap(), size + 3, "two keys, and the checkpoint that signs them");
    let retire = [(KeyChange::Retired, &first)];
    change_keys(&mut book, &changes(&retire, vec![key("third.example", 3)]), clock).unwrap();
    let told =
        [(first.verifier(), Some(size + 3)), (second.verifier(), None), (third.verifier(), None)];
    assert_eq!(public(&mut book), told);
    assert!(refused(sign_it(&mut book)).contains("does not sign for this book"));
    sign(&mut book, &[second], clock, true).unwrap();
    let verified = verify(&mut book, &[], &[]).unwrap();
    assert!(verified.holds() && verified.unsigned.is_empty(), "{verified:?}");
}

fn the_last_key_is_not_retired_without_a_word(place: &dyn Place) {
    let mut book = kept(place);
    let mut asked = changes(&[(KeyChange::Retired, &key(ORIGIN, 1))], vec![key(ORIGIN, 1)]);
    let said = refused(change_keys(&mut book, &asked, clock));
    assert!(said.starts_with("no key would be left"), "{said}");
    asked.last = true;
    change_keys(&mut book, &asked, clock).unwrap();
    assert!(public(&mut book)[0].1.is_some());
    // Nobody can make himself the signer of a book that has none any more.
    let own = changes(&[(KeyChange::Added, &key("rogue", 6))], vec![key("rogue", 6)]);
    assert!(refused(change_keys(&mut book, &own, clock)).contains("none can be added"));
}

/// Adds entries as somebody does who may add, and does not ask this program.
fn plant(book: &mut Book, change: KeyChange, key: &SigningKey) {
    let mut posting = book.begin().unwrap();
    let key = key.verifier().to_string();
    posting.signer(&Signer { learnt: LEARNT, change, key }).unwrap();
    posting.commit().unwrap();
}

fn a_change_that_nobody_signed_has_no_effect(place: &dyn Place) {
    let mut book = kept(place);
    let (keeper, rogue) = (key(ORIGIN, 1), key(ORIGIN, 6));
    let at = book.size().unwrap();
    plant(&mut book, KeyChange::Added, &rogue);
    plant(&mut book, KeyChange::Retired, &keeper);
    assert_eq!(public(&mut book), [(keeper.verifier(), None)]);
    let verified = verify(&mut book, &[], &[]).unwrap();
    let told: Vec<u64> = verified.unsigned.iter().map(|(entry, _)| *entry).collect();
    assert!(verified.holds());
    assert_eq!(told, [at, at + 1]);
    assert!(refused(sign(&mut book, &[key(ORIGIN, 6)], clock, true)).contains("does not sign"));
    // The keeper's next checkpoint, right behind, is no signature under it.
    sign_it(&mut book).unwrap();
    let verified = verify(&mut book, &[], &[]).unwrap();
    assert!(verified.holds() && verified.unsigned.len() == 2, "{verified:?}");
    assert_eq!(public(&mut book), [(keeper.verifier(), None)]);
    // What the rogue signs and notes himself does not pass.
    let mut note = checkpoint(&mut book).unwrap().note();
    rogue.sign(&mut note);
    let mut posting = book.begin().unwrap();
    posting.checkpoint(&CheckpointNote { learnt: LEARNT, note: note.to_string() }).unwrap();
    posting.commit().unwrap();
    let verified = verify(&mut book, &[], &[]).unwrap();
    assert!(!verified.holds());
    assert_eq!(verified.held.last().unwrap().wrong, Some(NoteError::NotSigned));
}

fn a_signature_belongs_to_its_change(place: &dyn Place) {
    let mut book = kept(place);
    let (keeper, rogue) = (key(ORIGIN, 1), key("rogue", 6));
    // Signed for one key, and put behind the entry of another.
    plant(&mut book, KeyChange::Added, &rogue);
    let mut signed = checkpoint(&mut book).unwrap();
    signed.extension = vec![format!("added {}", key("second.example", 2).verifier())];
    let mut note = signed.note();
    keeper.sign(&mut note);
    let mut posting = book.begin().unwrap();
    posting.checkpoint(&CheckpointNote { learnt: LEARNT, note: note.to_string() }).unwrap();
    posting.commit().unwrap();
    assert_eq!(public(&mut book), [(keeper.verifier(), None)]);
}

fn whom_one_trusts_decides(place: &dyn Place) {
    let mut book = kept(place);
    let (keeper, other) = (key(ORIGIN, 1).verifier(), key(ORIGIN, 2).verifier());
    // Nothing is signed yet: that is not what one asked for.
    assert!(verify(&mut book, &[], &[]).unwrap().holds());
    assert!(!verify(&mut book, &[], std::slice::from_ref(&keeper)).unwrap().holds());
    sign_it(&mut book).unwrap();
    let verified = verify(&mut book, &[], std::slice::from_ref(&keeper)).unwrap();
    assert!(verified.holds() && verified.strangers().next().is_none(), "{verified:?}");
    assert_eq!(verified.signed_upto() + 1, book.size().unwrap());
    // One of the same name is another.
    let verified = verify(&mut book, &[], std::slice::from_ref(&other)).unwrap();
    assert!(!verified.holds());
    assert_eq!(verified.held[0].wrong, Some(NoteError::NotSigned));
    assert_eq!(verified.strangers().map(|it| it.key.clone()).collect::<Vec<_>>(), [keeper]);
}

fn planted_rows_are_found(place: &dyn Place) {
    drop(kept(place));
    let (empty, digest) = (place.bytes(&[]), place.bytes(&[7; 32]));
    let planted = [
        ("entry", format!("-5, {0}, {0}, {0}, {0}", place.bytes(&[4]))),
        ("node", format!("8, -1, {digest}")),
        ("node", format!("8, 77, {digest}")),
        ("node", format!("9, 0, {digest}")),
        ("node", format!("16, 0, {digest}")),
        ("run", format!("-7, 0, 0, 0, {empty}")),
        ("run", format!("0, 0, 0, 0, {empty}")),
        ("run_page", format!("-1, {empty}")),
        ("run_page", format!("900, {empty}")),
    ];
    for (at, (table, values)) in planted.into_iter().enumerate() {
        place.try_to(&format!("INSERT INTO @{table} VALUES ({values})")).unwrap();
        let found = open(place).verify(&[]).unwrap().damages;
        let stray = |count| Damage::Store(Flaw::StrayRows { table, count });
        assert!(found.contains(&stray(1)), "{at}: {found:?}");
        let remove = match table {
            "entry" => "DELETE FROM @entry WHERE first < 0".to_owned(),
            "node" => "DELETE FROM @node WHERE level > 8 OR number NOT IN (0, 1)".to_owned(),
            "run" => "DELETE FROM @run WHERE upto < 1".to_owned(),
            _ => "DELETE FROM @run_page WHERE number < 0 OR number > 800".to_owned(),
        };
        place.tamper(&remove);
        assert_eq!(open(place).verify(&[]).unwrap().damages, [], "{at}");
    }
}

fn a_planted_node_stops_who_posts(place: &dyn Place) {
    drop(kept(place));
    let digest = place.bytes(&[7; 32]);
    place.try_to(&format!("INSERT INTO @node VALUES (8, 3, {digest})")).unwrap();
    let mut book = open(place);
    let before = book.size().unwrap();
    let said = post(&mut book, &events(2000, 600)).unwrap_err();
    let BookError::Store(StoreError::Occupied { table }) = &said else { panic!("{said:?}") };
    assert_eq!(table, "node");
    assert!(BookTrouble::from(said).is_damage());
    assert_eq!(book.size().unwrap(), before);
}

/// Whoever has to wait does not tell a moment from before his turn.
fn the_moment_is_that_of_the_turn(place: &dyn Place) {
    static OVER: AtomicBool = AtomicBool::new(false);
    drop(kept(place));
    let mut first = open(place);
    let posting = first.begin().unwrap();
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            let mut book = open(place);
            let asked = changes(&[(KeyChange::Added, &key("second", 2))], vec![key(ORIGIN, 1)]);
            let clock = || {
                assert!(OVER.load(SeqCst), "somebody else was still posting");
                LEARNT
            };
            change_keys(&mut book, &asked, clock).unwrap();
        });
        OVER.store(true, SeqCst);
        drop(posting);
        waiting.join().unwrap();
    });
}

fn who_verifies_while_others_post_sees_one_state(place: &dyn Place) {
    drop(kept(place));
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let poster = scope.spawn(|| {
            let mut book = open(place);
            for at in 0..12 {
                post(&mut book, &events(1000 + at * 50, 50)).unwrap();
            }
            over.store(true, SeqCst);
        });
        let mut book = open(place);
        while !over.load(SeqCst) {
            assert_eq!(book.verify(&[]).unwrap().damages, []);
        }
        poster.join().unwrap();
        let root = book.verify(&[]).unwrap().root;
        assert_eq!(root.digest, book.root(root.size).unwrap());
    });
}
