//! Books that were truly signed and are not in order: all their entries are proven, and what does not
//! hold is found. Their entries are written here by hand, with numbers of one byte.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test that meets the unexpected fails"
)]

use std::sync::LazyLock;

use base64ct::{Base64, Encoding};
use ed25519_dalek::{Signer as _, SigningKey};
use fenshui_verify::{Language, check};
use sha2::{Digest as _, Sha256};

const ORIGIN: &str = "finance.example/forged";

type Digest = [u8; 32];
/// Kind and body.
type Entry = (u8, Vec<u8>);

const EVENT: u8 = 4;
const CORRECTION: u8 = 6;
const STATED: &[u8] = &[2, 1, b'w'];
const CENTRAL: &[u8] = &[1, 0, 0];
/// With a member for its key.
const TREASURY: &[u8] = &[1, 1, 1, 10, 1];

fn sha256(parts: &[&[u8]]) -> Digest {
    Sha256::digest(parts.concat()).into()
}

fn text(text: &str) -> Vec<u8> {
    [&[u8::try_from(text.len()).unwrap()], text.as_bytes()].concat()
}

/// With a kind of event of two fields, a register, two accounts, a leg and a reading of two options.
static EDITION: LazyLock<Vec<u8>> = LazyLock::new(|| {
    [
        &text("small")[..],
        &[0, 1],
        &text("CNY"),
        &[2, 1],
        &text("region"),
        &[2],
        &text("beijing"),
        &text("hebei"),
        &[0, 1],
        &text("receipt"),
        &[2],
        &text("id"),
        &[8],
        &text("amount"),
        &[4, 0, 0, 1],
        &text("caps"),
        &[1],
        &text("cap"),
        &[8, 0, 2],
        &text("central"),
        &[0],
        &text("treasury"),
        &[1, 9, 0, 1],
        &text("half"),
        &text("1"),
        &[0, 0, 1],
        &text("share"),
        &[2],
        &text("half"),
        &text("third"),
    ]
    .concat()
});

/// A register with a row that says nothing, and its digest as a batch tells it.
fn register(edition: Digest, register: u8, part: u8) -> (Vec<u8>, Digest) {
    let row = &[1, 0, 0, 0, 0, 2];
    let digest = sha256(&[&sha256(&[&EDITION]), &[0], row]);
    ([&edition[..], &[register, part, 1], row].concat(), digest)
}

/// With a register and an option of a reading.
fn batch(used: u8, [reading, option]: [u8; 2]) -> Vec<u8> {
    let edition = sha256(&[&EDITION]);
    let (_, of_rows) = register(edition, 0, 0);
    let reading = &[1, 1, reading, option, 0, 0];
    let registers = &[&[1, 1, used][..], &of_rows, &[2]].concat();
    [&[0, 0][..], &text("1.0"), &edition, registers, reading].concat()
}

/// Two amounts: what was brought, the account of the first, its leg, and both amounts.
fn outcome(inflow: u8, account: &[u8], leg: u8, amounts: [u8; 2]) -> Vec<u8> {
    let [one, other] = amounts.map(|amount| 2 * amount);
    [&[0, 2 * inflow, 0, 2][..], account, &[leg, one], CENTRAL, &[0, other]].concat()
}

fn sound() -> Vec<u8> {
    outcome(7, TREASURY, 0, [3, 4])
}

fn event(batch: u8, kind: u8, fields: u8, outcome: &[u8]) -> Entry {
    let missing = vec![0; usize::from(fields)];
    let rest = [0, 2, 0, 0, 0, 0, 0, 0];
    (EVENT, [&[batch, kind, fields][..], &missing, &rest, outcome, &[0, 0]].concat())
}

fn correction(batch: u8, of: u8, because: &[u8], outcome: &[u8]) -> Entry {
    (CORRECTION, [&[batch, of][..], because, &[0, 1], outcome].concat())
}

fn close(batch: u8, entries: u8, corrections: u8) -> Entry {
    (7, [&[batch, entries][..], &[0; 32], &[0, corrections]].concat())
}

/// Two events, a dispute of the first, and its correction in another batch.
fn book() -> Vec<Entry> {
    vec![
        (0, [&[1][..], &text(ORIGIN), &text("sha-256"), &[0]].concat()),
        (1, EDITION.clone()),
        (2, register(sha256(&[&EDITION]), 0, 0).0),
        (3, batch(0, [0, 1])),
        event(3, 0, 2, &sound()),
        event(3, 0, 2, &outcome(5, CENTRAL, 0, [2, 3])),
        close(3, 2, 0),
        (8, [&[0][..], &text("hebei"), &[1, 4], &text("why"), &[0]].concat()),
        (3, batch(0, [0, 0])),
        correction(8, 4, &[1, 7], &outcome(6, TREASURY, 0, [1, 5])),
        close(8, 1, 1),
    ]
}

fn leaf(previous: &Digest, (kind, body): &Entry) -> Digest {
    sha256(&[&[0, 1, *kind], previous, &[0], body])
}

/// The root over some digests.
fn root(leaves: &[Digest]) -> Digest {
    match leaves {
        [] => sha256(&[]),
        [one] => *one,
        more => {
            let (left, right) = more.split_at(more.len().next_power_of_two() / 2);
            sha256(&[&[1], &root(left), &root(right)])
        }
    }
}

/// The digests that lead from one of them to the root.
fn path(at: usize, leaves: &[Digest]) -> Vec<Digest> {
    if leaves.len() == 1 {
        return Vec::new();
    }
    let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
    let (mut below, beside) = match at.checked_sub(left.len()) {
        None => (path(at, left), root(right)),
        Some(at) => (path(at, right), root(left)),
    };
    below.push(beside);
    below
}

/// Entries of a book that follows what is told of before it, in a bundle under a signed checkpoint; and
/// the key that signed.
fn prove(book: &[Entry], before: Digest, numbers: &[usize]) -> (String, String) {
    let mut chain = vec![before];
    for entry in book {
        chain.push(leaf(chain.last().unwrap(), entry));
    }
    let base64 = Base64::encode_string;
    let mut text = "fenshui.proof/1\n".to_owned();
    for number in numbers {
        let (kind, body) = &book[*number];
        let (previous, body) = (base64(&chain[*number]), base64(body));
        text += &format!("entry {number} {kind}\nprevious {previous}\nbody {body}\n");
        for digest in path(*number, &chain[1..]) {
            text += &format!("proof {}\n", base64(&digest));
        }
    }
    let keeper = SigningKey::from_bytes(&[7; 32]);
    let public = [&[1][..], keeper.verifying_key().as_bytes()].concat();
    let id = &sha256(&[ORIGIN.as_bytes(), b"\n", &public])[..4];
    let note = format!("{ORIGIN}\n{}\n{}\n", book.len(), base64(&root(&chain[1..])));
    let signature = base64(&[id, &keeper.sign(note.as_bytes()).to_bytes()].concat());
    let id: String = id.iter().map(|byte| format!("{byte:02x}")).collect();
    let bundle = format!("{text}\n{note}\n— {ORIGIN} {signature}\n");
    (bundle, format!("{ORIGIN}+{id}+{}", base64(&public)))
}

/// Proves a whole book, and holds what is wrong by it against the two languages.
#[track_caller]
fn finds(book: &[Entry], wrong: &[(&str, &str)]) {
    let numbers: Vec<usize> = (0..book.len()).collect();
    finds_of(book, [0; 32], &numbers, wrong);
}

#[track_caller]
fn finds_of(book: &[Entry], before: Digest, numbers: &[usize], wrong: &[(&str, &str)]) {
    let (bundle, key) = prove(book, before, numbers);
    let report = check(&bundle, &[key]).unwrap();
    let found = report.wrong.iter();
    let found: Vec<(&str, &str)> = found
        .map(|it| (it.in_language(Language::English), it.in_language(Language::Chinese)))
        .collect();
    assert_eq!(found, wrong, "{report}");
    assert_eq!(report.holds(), wrong.is_empty());
}

/// The same of a book of which one entry is another.
#[track_caller]
fn finds_with(at: usize, entry: Entry, en: &str, zh: &str) {
    let mut book = book();
    book[at] = entry;
    finds(&book, &[(en, zh)]);
}

#[test]
fn a_book_in_order_holds() {
    finds(&book(), &[]);
    // Of a withdrawal there are no amounts.
    let mut book = book();
    book[9] = (CORRECTION, [&[8, 4][..], STATED, &[0, 0]].concat());
    finds(&book, &[]);
    book.push((3, batch(0, [0, 0])));
    book.push(correction(11, 5, &[0, 4], &outcome(5, CENTRAL, 0, [1, 4])));
    finds(&book, &[]);
}

#[test]
fn amounts_are_what_was_brought() {
    let (en, zh) = ("its amounts are not what it brought", "各笔之和与事项金额不等");
    let other = outcome(7, TREASURY, 0, [3, 5]);
    let event = event(3, 0, 2, &other);
    finds_with(4, event, &format!("entry 4: {en}"), &format!("第 4 条：{zh}"));
    let (en, zh) = (&format!("entry 9: {en}"), &format!("第 9 条：{zh}"));
    finds_with(9, correction(8, 4, &[1, 7], &other), en, zh);
    // Also where nothing else of it is there.
    let mut book = book();
    book[9] = correction(8, 4, &[1, 7], &other);
    finds_of(&book, [0; 32], &[9], &[(en, zh)]);
}

#[test]
fn entries_of_a_bundle_ascend() {
    for (numbers, en, zh) in [
        ([5, 5], "entry 5 follows entry 5", "第 5 条之后是第 5 条"),
        ([5, 4], "entry 4 follows entry 5", "第 5 条之后是第 4 条"),
    ] {
        let (bundle, key) = prove(&book(), [0; 32], &numbers);
        let why = check(&bundle, &[key]).unwrap_err().0;
        let said = format!("entries ascend by number, each once: {en}");
        assert_eq!(why.in_language(Language::English), said);
        let said = format!("条目应按条号递增，每条一次：{zh}");
        assert_eq!(why.in_language(Language::Chinese), said);
    }
}

#[test]
fn nothing_is_before_the_first_entry() {
    let wrong = [("entry 0 is chained to one before it", "第 0 条与其前的一条相连")];
    finds_of(&book(), [1; 32], &[0, 1], &wrong);
    finds_of(&book(), [1; 32], &[1, 2], &[]);
}

#[test]
fn an_edition_has_what_its_events_speak_of() {
    let outcomes = [
        (outcome(7, &[1, 77, 0], 0, [3, 4]), "account 77", "账户 77"),
        (outcome(7, TREASURY, 77, [3, 4]), "leg 77", "第 77 分项"),
        (
            outcome(7, &[1, 1, 0], 0, [3, 4]),
            "account `treasury` with a key of 0 parts",
            "键有 0 个部分的账户「treasury」",
        ),
        (
            outcome(7, &[1, 0, 1, 10, 1], 0, [3, 4]),
            "account `central` with a key of 1 part",
            "键有 1 个部分的账户「central」",
        ),
    ];
    let lacking = |at: usize, entry: Entry, en: &str, zh: &str| {
        let en = format!("entry {at}: its rules have no {en}");
        finds_with(at, entry, &en, &format!("第 {at} 条：规则中没有{zh}"));
    };
    for (outcome, en, zh) in outcomes {
        lacking(4, event(3, 0, 2, &outcome), en, zh);
        lacking(9, correction(8, 4, &[1, 7], &outcome), en, zh);
    }
    lacking(5, event(3, 9, 2, &sound()), "event kind 9", "第 9 类事项");
    lacking(5, event(3, 0, 3, &sound()), "`receipt` with 3 fields", "有 3 个字段的事项「receipt」");
    lacking(3, (3, batch(0, [7, 1])), "reading 7 with option 1", "释义 7 的选项 1");
    lacking(3, (3, batch(0, [0, 2])), "reading 0 with option 2", "释义 0 的选项 2");
    // By a settlement, and by a closing.
    for low in [0xff, 0xfe] {
        let leg = &[low, 0xff, 0xff, 0xff, 0x0f];
        let leaves = [&[0, 14, 0, 1][..], TREASURY, leg, &[14]].concat();
        let mut book = book();
        book[4] = event(3, 0, 2, &leaves);
        finds(&book, &[]);
    }
}

#[test]
fn a_register_is_that_of_the_batch() {
    let edition = sha256(&[&EDITION]);
    let en = "entry 2 is not part 0 of register `caps`, by the edition of batch";
    let zh = |of| format!("第 2 条不是第 {of} 条批次的规则版本中登记簿「caps」的第 0 部分");
    for part in [register([1; 32], 0, 0), register(edition, 1, 0), register(edition, 0, 1)] {
        let mut book = book();
        book[2] = (2, part.0);
        finds(&book, &[(&format!("{en} 3"), &zh(3)), (&format!("{en} 8"), &zh(8))]);
    }
    let mut book = book();
    book[3] = (3, batch(7, [0, 1]));
    let (en, zh) = ("entry 3: its rules have no register 7", "第 3 条：规则中没有登记簿 7");
    let other = "entry 2 is not part 0 of register 7, by the edition of batch 3";
    let other = (other, "第 2 条不是第 3 条批次的规则版本中登记簿 7 的第 0 部分");
    finds(&book, &[(en, zh), other]);
}

#[test]
fn a_correction_corrects_what_stands_before_it() {
    for of in [9, 10] {
        finds_with(
            9,
            correction(8, of, STATED, &sound()),
            &format!("entry 9 names entry {of}, which does not come before it"),
            &format!("第 9 条所指的第 {of} 条不在其前"),
        );
    }
    let kind = |named| {
        let en = format!("entry 9 names entry {named}, which is of another kind");
        (en, format!("第 9 条所指的第 {named} 条是另一类"))
    };
    for (of, because, named) in [(3, STATED, 3), (4, &[0, 7], 7), (4, &[1, 5], 5)] {
        let (en, zh) = kind(named);
        finds_with(9, correction(8, of, because, &sound()), &en, &zh);
    }
    let because = &[0, 10];
    let en = "entry 9 names entry 10, which does not come before it";
    finds_with(9, correction(8, 4, because, &sound()), en, "第 9 条所指的第 10 条不在其前");
}

#[test]
fn an_entry_is_of_the_batch_it_stands_in() {
    let between = "entry 9 is not of the batch of entry 3: entry 8 stands between";
    let other = correction(3, 4, STATED, &sound());
    finds_with(9, other, between, "第 9 条不属于第 3 条的批次：其间有第 8 条");
    let (en, zh) = ("entry 5 names a batch that is none", "第 5 条所指的批次不是批次");
    finds_with(5, event(4, 0, 2, &sound()), en, zh);
    let en = "entry 5 names a batch that does not come before it";
    for named in [5, 8] {
        finds_with(5, event(named, 0, 2, &sound()), en, "第 5 条所指的批次不在其前");
    }
    let mut book = book();
    book[10] = close(3, 6, 1);
    let en = "entry 10 is not of the batch of entry 3: entry 8 stands between";
    finds(&book, &[(en, "第 10 条不属于第 3 条的批次：其间有第 8 条")]);
    // The batch itself may be left out.
    book[9] = correction(3, 4, STATED, &sound());
    let en = "entry 9 is not of the batch of entry 3: entry 7 stands between";
    finds_of(&book, [0; 32], &[7, 9], &[(en, "第 9 条不属于第 3 条的批次：其间有第 7 条")]);
}
