//! Any text is no proof, or is judged: the small verifier never stumbles, and believes nothing that was
//! not signed.
#![no_main]

use libfuzzer_sys::fuzz_target;

/// The key of a keeper who has signed none of these.
const KEY: &str =
    "finance.example/books/2016+64ad1aa9+AYqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c";

fuzz_target!(|text: &str| {
    for head in ["", "fenshui.proof/1\n", "fenshui.consistency/1\n"] {
        let judged = fenshui_verify::check(&format!("{head}{text}"), &[KEY.to_owned()]);
        assert!(judged.is_err() || judged.is_ok_and(|report| !report.holds()));
    }
    let _ = fenshui_verify::check("fenshui.proof/1\n", &[text.to_owned()]);
});
