//! What disputes settled, of which rules cannot say what it adds to running totals.

use crate::book::{Book, BookError, Entry};
use crate::diagnostics::Words;

use super::super::BookTrouble;
use super::super::history::History;
use super::super::maker::key_text;

/// An event that stands as a dispute was settled, and that rules do not make or set aside, whose accounts
/// they lack, or whose legs they add to a total of which the settlement says nothing: what shares running
/// totals with it cannot be worked out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsure {
    /// The entry by which it stands.
    pub entry: u64,
    /// Its key.
    pub key: String,
    /// The dispute.
    pub dispute: u64,
}

impl Unsure {
    /// The same of the event of an entry.
    ///
    /// # Errors
    /// The book cannot be read.
    pub(in crate::app::book) fn of(
        book: &mut Book,
        history: &History<'_>,
        event: u64,
    ) -> Result<Unsure, BookTrouble> {
        let Entry::Event(it) = book.entry(event)? else {
            return Err(BookError::Damaged { entry: event }.into());
        };
        let dispute = history.dispute(event).unwrap_or(event);
        Ok(Unsure { entry: history.by(event), key: key_text(&it), dispute })
    }

    /// What it is, as a sentence.
    pub fn words(&self) -> Words {
        let Unsure { entry, key, dispute } = self;
        Words::new(
            format!(
                "entry {entry} ({key}) stands as dispute {dispute} was settled, and these rules cannot \
                 say what it adds to running totals: they do not make it, set it aside, lack an account \
                 of it, or add what its legs gave to a total of which the settlement says nothing"
            ),
            format!(
                "第 {entry} 条（{key}）系异议（第 {dispute} 条）了结后的结果，而此规则不生成该事项、将其搁置、\
                 无其账户，或将其分项计入裁决未提及的台账，无法确定其计入台账之数"
            ),
        )
    }

    /// Why nothing is worked out from it.
    pub(in crate::app::book) fn trouble(&self) -> BookTrouble {
        let entry = self.entry;
        BookTrouble::said(
            self.words(),
            Some(Words::new(
                format!(
                    "leave out new events that take its place, such as a refund of the same event; or \
                     make the book stand by the rules that `fenshui book explain {entry}` names, with \
                     `fenshui book replay --with RULES --corrections FILE` and `fenshui book correct`"
                ),
                format!(
                    "请勿再过账取而代之的事项（如同一事项的退库）；或用 fenshui book replay --with 规则 \
                     --corrections 文件 与 fenshui book correct 使账簿依 fenshui book explain {entry} \
                     所示规则"
                ),
            )),
        )
    }
}
