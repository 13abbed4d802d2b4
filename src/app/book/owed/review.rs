//! Corrections as they are listed to be reviewed, and held against what is posted of them.

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};

use crate::book::Book;
use crate::diagnostics::{Words, pictured};
use crate::report::book::Apart;

use super::super::BookTrouble;
use super::{Asked, Other, OwedChange, OwedMade, owed};

/// What lists of corrections are.
const FORMAT: &str = "fenshui.corrections/1";

/// A list of corrections, as a file says it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Review {
    /// `fenshui.corrections/1`.
    format: String,
    /// The book they are of, by its origin.
    book: String,
    /// How many entries it had.
    entries: u64,
    /// The corrections, in the order of what they correct.
    corrections: Vec<Reviewed>,
    /// Events that nobody sends and that come into being.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    made: Vec<Made>,
}

/// An event that comes into being, as a file says it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Made {
    kind: String,
    key: String,
    after: String,
}

/// A correction, as a file says it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Reviewed {
    entry: u64,
    key: String,
    before: String,
    after: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    besides: Vec<Besides>,
}

/// In what an event differs that gives the same amounts, and in what figures, for programs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Besides {
    /// What it is: `amount`, `date`, `figure`.
    pub what: String,
    /// Which figure.
    pub figure: Option<String>,
    /// The account an amount is given to.
    pub account: Option<String>,
    /// The rule that gives it.
    pub rule: Option<String>,
    /// The place of its leg in the rule.
    pub leg: Option<String>,
    /// As it stands.
    pub before: String,
    /// As it would.
    pub after: String,
}

impl From<&Apart> for Besides {
    fn from(apart: &Apart) -> Besides {
        let leg = apart.leg.as_ref();
        Besides {
            what: apart.thing.to_owned(),
            figure: (apart.thing == "figure").then(|| apart.what.clone()),
            account: leg.map(|it| it.account.clone()),
            rule: leg.map(|it| it.rule.clone()),
            leg: leg.map(|it| it.place.clone()),
            before: apart.stored.clone(),
            after: apart.now.clone(),
        }
    }
}

impl From<&OwedChange> for Reviewed {
    fn from(it: &OwedChange) -> Reviewed {
        let (before, after) = it.lines();
        Reviewed {
            entry: it.entry,
            key: it.key.clone(),
            before: before.to_owned(),
            after: after.to_owned(),
            besides: it.besides.iter().map(Besides::from).collect(),
        }
    }
}

impl From<&OwedMade> for Made {
    fn from(it: &OwedMade) -> Made {
        Made { kind: it.kind.clone(), key: it.key.clone(), after: it.after.text.clone() }
    }
}

impl Review {
    /// The corrections by which a book stands by other rules: of what stands, and of what no dispute
    /// settled.
    ///
    /// # Errors
    /// The book says something that has no place in the rules, or cannot be read.
    pub fn list(book: &mut Book, rules: &Other<'_>, asked: &Asked) -> Result<Review, BookTrouble> {
        let owed = owed(book, rules, asked, false, &[])?;
        let correctable = owed.changes.iter().filter(|it| it.is_correctable());
        Ok(Review {
            format: FORMAT.to_owned(),
            book: book.opening().origin.clone(),
            entries: book.size()?,
            corrections: correctable.map(Reviewed::from).collect(),
            made: owed.made.iter().map(Made::from).collect(),
        })
    }

    /// Whether this is a list of corrections, of a form that is known.
    pub fn is_known(&self) -> bool {
        self.format == FORMAT
    }

    /// Whether it lists nothing.
    pub(super) fn is_empty(&self) -> bool {
        self.corrections.is_empty() && self.made.is_empty()
    }

    /// The entries that are corrected.
    pub fn entries(&self) -> impl Iterator<Item = u64> {
        self.corrections.iter().map(|it| it.entry)
    }

    /// The same of what comes into being.
    fn hold_made(&self, made: &[OwedMade]) -> Result<(), BookTrouble> {
        let gives: Vec<Made> = made.iter().map(Made::from).collect();
        if let Some(Made { kind, key, .. }) = self.made.iter().find(|it| !gives.contains(it)) {
            let key = pictured(key);
            return Err(others(&Words::new(
                format!("`{kind}` {key} does not come into being, or gives something else"),
                format!("「{kind}」{key} 不会生成，或结果不同"),
            )));
        }
        if let Some(Made { kind, key, .. }) = gives.iter().find(|it| !self.made.contains(it)) {
            let key = pictured(key);
            return Err(others(&Words::new(
                format!("they leave out `{kind}` {key}, which comes into being"),
                format!("未列将生成的「{kind}」{key}"),
            )));
        }
        Ok(())
    }

    /// Holds a list against what its rules give for a book as it stands.
    pub(super) fn hold(
        &self,
        book: &mut Book,
        changes: &[&OwedChange],
        made: &[OwedMade],
    ) -> Result<(), BookTrouble> {
        let (origin, size) = (book.opening().origin.clone(), book.size()?);
        if self.book != origin {
            let what = Words::new(
                format!("they are of the book `{}`, and this is `{origin}`", self.book),
                format!("其所属账簿为「{}」，而本账簿为「{origin}」", self.book),
            );
            return Err(others(&what));
        }
        if self.entries > size {
            let listed = self.entries;
            let what = Words::new(
                format!("they are of {listed} entries, and the book has {size}"),
                format!("其所依账簿有 {listed} 条，而账簿现有 {size} 条"),
            );
            return Err(others(&what));
        }
        self.hold_made(made)?;
        let changes: HashMap<u64, &OwedChange> =
            changes.iter().map(|change| (change.entry, *change)).collect();
        let mut seen = HashSet::new();
        for reviewed in &self.corrections {
            let Reviewed { entry, key, .. } = reviewed;
            let Some(change) = changes.get(entry) else {
                return Err(others(&Words::new(
                    format!("entry {entry} ({key}) does not come out otherwise"),
                    format!("第 {entry} 条（{key}）结果并无不同"),
                )));
            };
            if !seen.insert(*entry) {
                return Err(others(&Words::new(
                    format!("entry {entry} is listed twice"),
                    format!("第 {entry} 条列了两次"),
                )));
            }
            reviewed.hold(&Reviewed::from(*change))?;
        }
        Ok(())
    }
}

impl Reviewed {
    /// Holds a correction against what comes out, field by field.
    fn hold(&self, now: &Reviewed) -> Result<(), BookTrouble> {
        let besides = |it: &Reviewed| {
            let texts: Vec<String> = it.besides.iter().map(Besides::text).collect();
            texts.join("; ")
        };
        let (field, listed, gives) = if self.key != now.key {
            ("key", self.key.clone(), now.key.clone())
        } else if self.before != now.before {
            ("before", self.before.clone(), now.before.clone())
        } else if self.after != now.after {
            ("after", self.after.clone(), now.after.clone())
        } else if self.besides != now.besides {
            ("besides", besides(self), besides(now))
        } else {
            return Ok(());
        };
        let entry = self.entry;
        Err(others(&Words::new(
            format!("of entry {entry} they say `{field}` is `{listed}`, and it is `{gives}`"),
            format!("第 {entry} 条的 {field} 列为「{listed}」，而应为「{gives}」"),
        )))
    }
}

impl Besides {
    /// All of it, in a line.
    fn text(&self) -> String {
        let names = [&self.figure, &self.account, &self.rule, &self.leg];
        let mut words = vec![self.what.as_str()];
        words.extend(names.into_iter().flatten().map(String::as_str));
        format!("{} {} → {}", words.join(" "), self.before, self.after)
    }
}

/// What was reviewed is not what these rules give.
fn others(what: &Words) -> BookTrouble {
    BookTrouble::refused(
        Words::new(
            format!(
                "the corrections are not those that these rules give for this book as it stands: {}",
                what.en
            ),
            format!("更正内容与此规则对账簿现状所得不一致：{}", what.zh),
        ),
        Some(Words::new(
            "nothing was posted; `fenshui book replay --with RULES --corrections FILE` makes them anew",
            "未过账；请用 fenshui book replay --with 规则 --corrections 文件 重新生成",
        )),
    )
}
