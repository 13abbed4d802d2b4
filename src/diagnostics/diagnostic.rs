//! One finding about a text of rules.

use crate::base::Span;

use super::Words;

/// The stable, searchable name of a kind of finding: `F` and four digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Code(pub &'static str);

/// How much a finding weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// The rules do not compile.
    Error,
    /// The rules compile and are probably not what was meant.
    Warning,
    /// Something worth knowing, such as what could not be decided before the run.
    Note,
}

/// A finding: what, where, why it matters, and how to mend it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Its stable name.
    pub code: Code,
    /// How much it weighs.
    pub severity: Severity,
    /// One line that says what is wrong.
    pub message: Words,
    /// The place it is about.
    pub span: Span,
    /// What stands at the place, drawn under the underline; may be empty in neither language.
    pub label: Option<Words>,
    /// Other places that belong to it.
    pub notes: Vec<Note>,
    /// A concrete event for which it goes wrong, as `field value` pairs.
    pub witness: Vec<(String, String)>,
    /// How to mend it.
    pub help: Option<Words>,
    /// The mended text, where there is only one sensible mend.
    pub fix: Option<Fix>,
}

/// A second place and what it has to do with the first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// Where.
    pub span: Span,
    /// What.
    pub words: Words,
}

/// A replacement that mends the finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fix {
    /// What is replaced.
    pub span: Span,
    /// By what.
    pub replacement: String,
}

impl Diagnostic {
    /// An error with its place and sentence; the rest is added by the `with_` methods.
    pub fn error(code: Code, span: Span, message: Words) -> Diagnostic {
        Diagnostic::new(code, Severity::Error, span, message)
    }

    /// A warning with its place and sentence.
    pub fn warning(code: Code, span: Span, message: Words) -> Diagnostic {
        Diagnostic::new(code, Severity::Warning, span, message)
    }

    /// A remark with its place and sentence.
    pub fn remark(code: Code, span: Span, message: Words) -> Diagnostic {
        Diagnostic::new(code, Severity::Note, span, message)
    }

    fn new(code: Code, severity: Severity, span: Span, message: Words) -> Diagnostic {
        Diagnostic {
            code,
            severity,
            message,
            span,
            label: None,
            notes: Vec::new(),
            witness: Vec::new(),
            help: None,
            fix: None,
        }
    }

    /// Adds what stands under the underline.
    pub fn with_label(mut self, words: Words) -> Diagnostic {
        self.label = Some(words);
        self
    }

    /// Adds a second place.
    pub fn with_note(mut self, span: Span, words: Words) -> Diagnostic {
        self.notes.push(Note { span, words });
        self
    }

    /// Adds how to mend it.
    pub fn with_help(mut self, words: Words) -> Diagnostic {
        self.help = Some(words);
        self
    }

    /// Adds the mended text.
    pub fn with_fix(mut self, span: Span, replacement: impl Into<String>) -> Diagnostic {
        self.fix = Some(Fix { span, replacement: replacement.into() });
        self
    }

    /// Adds a concrete event for which it goes wrong.
    pub fn with_witness(mut self, witness: Vec<(String, String)>) -> Diagnostic {
        self.witness = witness;
        self
    }
}

/// Whether any of the findings keeps the rules from compiling.
pub fn has_errors(diagnostics: &[Diagnostic]) -> bool {
    diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error)
}
