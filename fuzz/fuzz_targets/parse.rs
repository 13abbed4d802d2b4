//! Any text, plain or literate, gives a tree and findings that point inside the text.
#![no_main]

use fenshui::base::FileId;
use fenshui::syntax;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (bool, &str)| {
    let (literate, text) = input;
    let (_, found) = syntax::parse(FileId(0), text, literate);
    for diagnostic in found {
        let range = diagnostic.span.range();
        assert!(range.start <= range.end && range.end <= text.len(), "{diagnostic:?}");
        assert!(text.is_char_boundary(range.start) && text.is_char_boundary(range.end));
    }
});
