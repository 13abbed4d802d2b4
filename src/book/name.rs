//! What a book and its keys may be called.

use super::BookError;

/// Holds that a name can stand in a checkpoint and a signature.
pub(super) fn check_name(name: &str) -> Result<(), BookError> {
    // What turns round the direction of writing, or cannot be seen: another name would look like it.
    let unseen = |c| {
        matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    let bad = |c: char| c.is_whitespace() || c.is_control() || c == '+' || unseen(c);
    if name.is_empty() || name.contains(bad) {
        return Err(BookError::BadName { name: name.to_owned() });
    }
    Ok(())
}
