//! What disputes settled, of which rules cannot say what it adds to running totals.

use crate::book::{Book, BookError, Entry};
use crate::diagnostics::Words;
use crate::engine;
use crate::report::names::Names;

use super::super::BookTrouble;
use super::super::history::History;
use super::super::maker::key_text;
use super::super::translate::get;

/// An event that stands as a dispute was settled, and of which rules cannot say what it adds: what shares
/// running totals with it cannot be worked out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsure {
    /// The entry by which it stands.
    pub entry: u64,
    /// Its key.
    pub key: String,
    /// The dispute.
    pub dispute: u64,
    /// Why they cannot.
    pub why: Words,
    /// It undoes an event that another refund undoes too.
    undoes: bool,
}

impl Unsure {
    /// The same of the event of an entry.
    ///
    /// # Errors
    /// The book cannot be read.
    pub(in crate::app::book) fn of(
        book: &mut Book,
        history: &History<'_>,
        (event, why): (u64, engine::Unsure),
        names: &Names,
    ) -> Result<Unsure, BookTrouble> {
        let Entry::Event(it) = book.entry(event)? else {
            return Err(BookError::Damaged { entry: event }.into());
        };
        let dispute = history.dispute(event).unwrap_or(event);
        let (undoes, why) = (why == engine::Unsure::Undoes, why_words(why, names));
        Ok(Unsure { entry: history.by(event), key: key_text(&it), dispute, why, undoes })
    }

    /// What it is, as a sentence.
    pub fn words(&self) -> Words {
        let Unsure { entry, key, dispute, why, .. } = self;
        Words::new(
            format!(
                "entry {entry} ({key}) stands as dispute {dispute} was settled, and these rules cannot \
                 say what it adds to running totals: {}",
                why.en
            ),
            format!(
                "第 {entry} 条（{key}）系异议（第 {dispute} 条）了结后的结果，而按此规则无法确定其计入台账之数：{}",
                why.zh
            ),
        )
    }

    /// Why nothing is worked out from it.
    pub(in crate::app::book) fn trouble(&self) -> BookTrouble {
        let entry = self.entry;
        if self.undoes {
            return BookTrouble::said(
                self.words(),
                Some(Words::new(
                    "leave out new events that undo the same event and come before it",
                    "请勿再过账冲销同一事项而先于该条的事项",
                )),
            );
        }
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

fn why_words(why: engine::Unsure, names: &Names) -> Words {
    match why {
        engine::Unsure::NotMade => Words::new("they do not make it", "此规则不生成该事项"),
        engine::Unsure::SetAside => Words::new(
            "they set it aside, and it changes more than its legs add",
            "此规则将其搁置，而其所致变动不止各分项所计",
        ),
        engine::Unsure::Lacks => Words::new(
            "they lack an account of it, or a value in the key of a total",
            "此规则无其账户，或无台账之键中的某值",
        ),
        engine::Unsure::Adds(tally) => {
            let name = get(&names.tallies, tally).map_or("", |it| it.name.text.as_str());
            Words::new(
                format!(
                    "they may count in `{name}` what it gave, and the settlement names no total of that name and key"
                ),
                format!("此规则可能将其所得计入「{name}」，而裁决未提及同名同键的台账"),
            )
        }
        engine::Unsure::Undoes => Words::new(
            "it undoes an event that another refund undoes too, and they do not tell of which of its \
             amounts it took",
            "该退库所冲销的事项另有退库，而此规则无从确定其冲销了哪几笔金额",
        ),
    }
}
