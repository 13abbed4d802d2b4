//! Any bytes are no entry of the book, or one whose canonical bytes are these very ones.
#![no_main]

use fenshui::book::{Checkpoint, Entry, Note};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (u8, &[u8])| {
    let (kind, body) = input;
    if let Ok(entry) = Entry::from_body(kind, body) {
        assert_eq!(entry.kind(), kind);
        assert_eq!(entry.body(), body, "two spellings of {entry:?}");
    }
    if let Ok(text) = std::str::from_utf8(body)
        && let Ok(note) = Note::parse(text)
    {
        let _ = Checkpoint::of(&note);
        let again = Note::parse(&note.to_string());
        assert_eq!(again.as_ref(), Ok(&note));
    }
});
