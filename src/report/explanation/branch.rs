//! A tree of sentences, drawn with lines.

use crate::diagnostics::pictured;

/// A sentence, and what it rests on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Branch {
    pub(super) text: String,
    pub(super) below: Vec<Branch>,
}

impl Branch {
    pub(super) fn new(text: impl Into<String>) -> Branch {
        Branch { text: text.into(), below: Vec::new() }
    }

    pub(super) fn with(text: impl Into<String>, below: Vec<Branch>) -> Branch {
        Branch { text: text.into(), below }
    }

    /// Writes the tree, its root at the margin.
    pub(super) fn draw(&self, out: &mut String) {
        out.push_str(&pictured(&self.text));
        out.push('\n');
        self.draw_below("", out);
    }

    fn draw_below(&self, margin: &str, out: &mut String) {
        for (at, branch) in self.below.iter().enumerate() {
            let is_last = at + 1 == self.below.len();
            let (here, under) = if is_last { ("└─ ", "   ") } else { ("├─ ", "│  ") };
            out.push_str(margin);
            out.push_str(here);
            out.push_str(&pictured(&branch.text));
            out.push('\n');
            branch.draw_below(&format!("{margin}{under}"), out);
        }
    }
}
