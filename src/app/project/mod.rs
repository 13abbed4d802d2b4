//! A small working project to start from: rules, data, an example, a page that says what to type.

use crate::diagnostics::Language;

/// The files of a new project: path in its folder, and text.
pub fn project(name: &str, language: Language) -> Vec<(&'static str, String)> {
    let module = module_name(name);
    let fill = |text: &str| text.replace("{name}", name).replace("{module}", &module);
    match language {
        Language::English => vec![
            ("fenshui.toml", fill(include_str!("fenshui.toml"))),
            ("rules/sharing.fen.md", fill(include_str!("sharing.en.fen.md"))),
            ("data/receipts.csv", fill(include_str!("receipts.en.csv"))),
            ("data/enterprises.csv", fill(include_str!("enterprises.en.csv"))),
            ("README.md", fill(include_str!("readme.en.md"))),
        ],
        Language::Chinese => vec![
            ("fenshui.toml", fill(include_str!("fenshui.toml"))),
            ("rules/sharing.fen.md", fill(include_str!("sharing.zh.fen.md"))),
            ("data/receipts.csv", fill(include_str!("receipts.zh.csv"))),
            ("data/enterprises.csv", fill(include_str!("enterprises.zh.csv"))),
            ("README.md", fill(include_str!("readme.zh.md"))),
        ],
    }
}

/// The name as Fen would have it: letters of any script, digits and `_`.
fn module_name(name: &str) -> String {
    let letters: String = name.chars().map(|c| if c.is_alphanumeric() { c } else { '_' }).collect();
    match letters.chars().next() {
        Some(first) if first.is_alphabetic() || first == '_' => letters,
        _ => format!("m_{letters}"),
    }
}
