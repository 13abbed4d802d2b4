//! What the things of a rule set are called, and of what kind their data are.
//!
//! The facts that travel speak in positions: event kind 2, field 5, member 0, leg 17. Whoever shows
//! them to a person or reads them from a file needs the names. [`Names`] holds them all as plain
//! data, in the rule set's own order, so that readers, writers and reports need not know a rule set.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::base::PeriodKind;
use crate::diagnostics::Language;

/// Names of everything a rule set declares, each list in the order of its positions.
#[derive(Debug, Clone, Default)]
pub struct Names {
    /// Event kinds.
    pub events: Vec<Table>,
    /// Registers.
    pub registers: Vec<Table>,
    /// Row shapes, of registers and of records in lists.
    pub shapes: Vec<Shape>,
    /// Accounts and account families.
    pub accounts: Vec<Keyed>,
    /// Pools.
    pub pools: Vec<Label>,
    /// Parameters.
    pub parameters: Vec<Keyed>,
    /// Schedules.
    pub schedules: Vec<Label>,
    /// Rules.
    pub rules: Vec<Label>,
    /// Levies.
    pub levies: Vec<Label>,
    /// Tallies.
    pub tallies: Vec<Keyed>,
    /// Carries.
    pub carries: Vec<Keyed>,
    /// Figures, each with the kind of its value.
    pub figures: Vec<Figure>,
    /// Legs.
    pub legs: Vec<Leg>,
    /// Readings, each with its options.
    pub readings: Vec<(Label, Arc<Members>)>,
}

/// A declared name and its label in either language.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Label {
    /// As the rules write it.
    pub text: String,
    /// English label.
    pub en: Option<String>,
    /// Chinese label.
    pub zh: Option<String>,
}

/// An event kind or a register, as a table of data.
#[derive(Debug, Clone)]
pub struct Table {
    /// What it is called.
    pub name: Label,
    /// Its fields, stored and computed.
    pub fields: Vec<Field>,
    /// The fields that identify a row.
    pub key: Vec<usize>,
    /// The field that is the effective date of an event.
    pub effective: Option<usize>,
    /// The field that is the money an event brings.
    pub inflow: Option<usize>,
    /// Whether the data send it; a calendar event or a stage is made by the run.
    pub sent: bool,
    /// What its money is counted in.
    pub currency: Currency,
    /// The clauses on which the settlement of an event rests; empty where none is named.
    pub settlement: String,
}

/// A currency: its code and the decimals of its smallest unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Currency {
    /// Its code, e.g. CNY.
    pub code: String,
    /// Decimals.
    pub scale: u8,
}

/// The fields of a row.
#[derive(Debug, Clone)]
pub struct Shape {
    /// What it is called.
    pub name: Label,
    /// Its fields.
    pub fields: Vec<Field>,
    /// The fields that identify a row; empty for a record of a list.
    pub key: Vec<usize>,
}

/// A field.
#[derive(Debug, Clone)]
pub struct Field {
    /// What it is called.
    pub name: Label,
    /// Of what kind its values are.
    pub kind: Kind,
    /// Must be there.
    pub required: bool,
    /// Worked out by the rules, never in the data.
    pub computed: bool,
    /// Holds one value per period.
    pub dated: bool,
}

/// Of what kind a value is.
#[derive(Debug, Clone)]
pub enum Kind {
    /// Yes or no.
    Bool,
    /// A whole number.
    Integer,
    /// A ratio.
    Rate,
    /// A number.
    Number,
    /// An amount with so many decimals.
    Money(u8),
    /// A day.
    Date,
    /// A month, quarter or year.
    Period(PeriodKind),
    /// A length of time.
    Duration,
    /// A text.
    Text,
    /// A member of an enumeration.
    Member(Arc<Members>),
    /// Values of one kind.
    List(Box<Kind>),
    /// A row of a shape, by position.
    Record(usize),
}

impl Kind {
    /// Whether values of both kinds are written alike and told apart by the same cells.
    pub fn is_like(&self, other: &Kind) -> bool {
        match (self, other) {
            (Kind::Member(one), Kind::Member(two)) => Arc::ptr_eq(one, two),
            (Kind::Money(one), Kind::Money(two)) => one == two,
            (Kind::Period(one), Kind::Period(two)) => one == two,
            (Kind::List(_) | Kind::Record(_), _) => false,
            (one, two) => std::mem::discriminant(one) == std::mem::discriminant(two),
        }
    }
}

/// Something with a key: an account family, a parameter, a tally.
#[derive(Debug, Clone)]
pub struct Keyed {
    /// What it is called.
    pub name: Label,
    /// The kinds of its key's parts.
    pub keys: Vec<Kind>,
    /// Of what kind its value is; an account's is money.
    pub value: Kind,
    /// How files write it; `{}` stands for the key's parts in turn.
    pub code: Option<String>,
}

/// A figure.
#[derive(Debug, Clone)]
pub struct Figure {
    /// What it is called.
    pub name: Label,
    /// Of what kind its values are.
    pub kind: Kind,
    /// The kind of the row it is worked out for, if it is one per row.
    pub row: Option<Kind>,
}

/// A leg: the rule or levy it belongs to, its place there, and its clause.
#[derive(Debug, Clone, Default)]
pub struct Leg {
    /// The rule or levy.
    pub owner: Label,
    /// Its place: `2.1` is the first leg of the second leg's block.
    pub place: String,
    /// The clause it rests on, its own or its rule's; empty where none is named.
    pub clause: String,
}

/// The members of an enumeration, found by name, code or label.
#[derive(Debug, Clone)]
pub struct Members {
    /// What the enumeration is called.
    pub name: Label,
    /// Name and code of each member.
    pub members: Vec<(Label, Option<String>)>,
    by_spelling: HashMap<String, u32>,
    /// Spellings that several members have.
    shared: BTreeMap<String, Vec<u32>>,
    /// Spellings of two words, which are most, and of four.
    short: ShortSpellings<2>,
    longer: ShortSpellings<4>,
}

/// Spellings of at most so many words of eight bytes, each filled up with zeros. They are nearly all, and
/// a reader that has the bytes of a cell at hand need not make a text of them.
#[derive(Debug, Clone, Default)]
struct ShortSpellings<const WORDS: usize> {
    /// A power of two of places, a quarter of them taken; a spelling stands at its hash or in one of
    /// the places behind it.
    places: Vec<Option<([u64; WORDS], u32)>>,
    /// What mixes a spelling into its hash.
    mixer: u64,
}

/// A spelling as words, if it is one of those.
fn short<const WORDS: usize>(spelling: &str) -> Option<[u64; WORDS]> {
    let mut short = [0; WORDS];
    let (mut free, bytes) = (short.iter_mut(), spelling.as_bytes());
    for bytes in bytes.chunks(8) {
        let mut word = [0; 8];
        word.iter_mut().zip(bytes).for_each(|(to, byte)| *to = *byte);
        *free.next()? = u64::from_le_bytes(word);
    }
    (!bytes.contains(&0)).then_some(short)
}

impl<const WORDS: usize> ShortSpellings<WORDS> {
    fn new(spellings: &[(String, u32)]) -> ShortSpellings<WORDS> {
        let short: Vec<([u64; WORDS], u32)> = spellings
            .iter()
            .filter_map(|(spelling, position)| Some((short(spelling)?, *position)))
            .collect();
        // Of some ways to mix, the one by which the fewest stand behind their place: none, mostly.
        let mixers = (1_u64..=16).map(|nth| 0x9E37_79B9_7F4A_7C15_u64.wrapping_mul(2 * nth + 1));
        let made = mixers.map(|mixer| ShortSpellings::mixed(&short, mixer));
        made.min_by_key(|(_, behind)| *behind).map(|(made, _)| made).unwrap_or_default()
    }

    /// Mixed this way, and how many do not stand at their hash.
    fn mixed(spellings: &[([u64; WORDS], u32)], mixer: u64) -> (ShortSpellings<WORDS>, usize) {
        let size = (4 * spellings.len() + 1).next_power_of_two();
        let mut made = ShortSpellings { places: vec![None; size], mixer };
        let mut behind = 0;
        for spelling in spellings {
            let mut at = made.start(spelling.0);
            while made.places.get(at).is_some_and(Option::is_some) {
                at = (at + 1) % size;
                behind += 1;
            }
            if let Some(place) = made.places.get_mut(at) {
                *place = Some(*spelling);
            }
        }
        (made, behind)
    }

    #[inline]
    fn find(&self, words: [u64; WORDS]) -> Option<u32> {
        let mut at = self.start(words);
        // Most places are free, so that one is met.
        while let Some((own, position)) = self.places.get(at)? {
            if *own == words {
                return Some(*position);
            }
            at = (at + 1) & (self.places.len() - 1);
        }
        None
    }

    #[inline]
    fn start(&self, words: [u64; WORDS]) -> usize {
        let mixed = words.iter().fold(0, |mixed: u64, word| mixed.rotate_left(32) ^ word);
        let mixed = mixed.wrapping_mul(self.mixer);
        usize::try_from(mixed >> 32).unwrap_or(0) & self.places.len().saturating_sub(1)
    }
}

impl Names {
    /// The first event kind that has the same currency: it stands for the currency.
    pub fn currency_of(&self, event: u32) -> u32 {
        let at = usize::try_from(event).unwrap_or(usize::MAX);
        let own = self.events.get(at).map(|table| &table.currency);
        let first = self.events.iter().position(|table| Some(&table.currency) == own);
        first.and_then(|at| u32::try_from(at).ok()).unwrap_or(event)
    }

    /// The currency that an event kind stands for.
    pub fn currency(&self, event: u32) -> Currency {
        let table = usize::try_from(event).ok().and_then(|at| self.events.get(at));
        let yuan = || Currency { code: String::new(), scale: 2 };
        table.map_or_else(yuan, |table| table.currency.clone())
    }

    /// The most decimals that an amount of any event has.
    pub fn greatest_scale(&self) -> u8 {
        self.events.iter().map(|table| table.currency.scale).max().unwrap_or(2)
    }

    /// The kind of what stands at a place of a row: of a field, or of a part of one
    /// (`branches[2].amount`).
    pub fn kind_at<'n>(&'n self, fields: &'n [Field], place: &str) -> Option<&'n Kind> {
        let (name, inside) = whole_and_part(place, |name| named(fields, name).is_some())?;
        self.kind_inside(&named(fields, name)?.kind, inside)
    }

    /// The same from a field on.
    pub fn kind_inside<'n>(&'n self, mut kind: &'n Kind, inside: &str) -> Option<&'n Kind> {
        for step in inside.split(['.', '[']).filter(|step| !step.is_empty()) {
            kind = match kind {
                Kind::List(inner) => inner,
                Kind::Record(shape) => &named(&self.shapes.get(*shape)?.fields, step)?.kind,
                _ => return None,
            };
        }
        Some(kind)
    }

    /// Whether the events bring more than one currency.
    pub fn has_currencies(&self) -> bool {
        let mut tables = self.events.iter();
        let first = tables.next().map(|table| &table.currency);
        tables.any(|table| Some(&table.currency) != first)
    }
}

fn named<'f>(fields: &'f [Field], name: &str) -> Option<&'f Field> {
    fields.iter().find(|field| field.name.spellings().any(|own| own == name))
}

/// A reading and the option chosen of it, as people call them in Chinese.
pub fn chosen_in_chinese(reading: &Label, option: &Label) -> String {
    format!("释义「{}」取「{}」", reading.chinese(), option.chinese())
}

/// The name of a column that holds a place of a row, and what leads to the place inside it.
pub fn whole_and_part(place: &str, is_column: impl Fn(&str) -> bool) -> Option<(&str, &str)> {
    let ends = place.match_indices(['.', '[']).map(|(at, _)| at).chain([place.len()]);
    let cuts = ends.filter_map(|at| place.split_at_checked(at));
    cuts.filter(|(name, _)| is_column(name)).last()
}

impl Label {
    /// A name without labels.
    pub fn plain(text: impl Into<String>) -> Label {
        Label { text: text.into(), en: None, zh: None }
    }

    /// The label in a language, or the name where there is none.
    pub fn in_language(&self, language: Language) -> &str {
        let label = match language {
            Language::English => &self.en,
            Language::Chinese => &self.zh,
        };
        label.as_deref().unwrap_or(&self.text)
    }

    /// What it is called in Chinese, which may be its name.
    pub fn chinese(&self) -> &str {
        self.in_language(Language::Chinese)
    }

    /// Name and labels, the name first.
    pub fn spellings(&self) -> impl Iterator<Item = &str> {
        [Some(self.text.as_str()), self.zh.as_deref(), self.en.as_deref()].into_iter().flatten()
    }
}

impl Members {
    /// Makes the list, and what it takes to find a member by any of its spellings.
    ///
    /// Names stand above codes, and those above labels: a label that is another member's name does
    /// not hide it. A code or label that several members have stands for none of them.
    pub fn new(name: Label, members: Vec<(Label, Option<String>)>) -> Members {
        let mut spellings: BTreeMap<String, Vec<u32>> = BTreeMap::new();
        let mut level = |of: &dyn Fn(&Label, Option<&str>) -> Vec<String>| {
            let mut own: BTreeMap<String, Vec<u32>> = BTreeMap::new();
            for (at, (label, code)) in (0_u32..).zip(&members) {
                for spelling in of(label, code.as_deref()) {
                    let called = own.entry(spelling).or_default();
                    if called.last() != Some(&at) {
                        called.push(at);
                    }
                }
            }
            for (spelling, called) in own {
                spellings.entry(spelling).or_insert(called);
            }
        };
        level(&|label, _| vec![label.text.clone()]);
        level(&|_, code| code.iter().map(|code| (*code).to_owned()).collect());
        level(&|label, _| label.spellings().map(str::to_owned).collect());
        level(&|label, _| label.spellings().map(folded).collect());
        let (mut by_spelling, mut listed) = (HashMap::new(), Vec::new());
        let mut shared = BTreeMap::new();
        for (spelling, called) in spellings {
            match called.as_slice() {
                [only] => {
                    by_spelling.insert(spelling.clone(), *only);
                    listed.push((spelling, *only));
                }
                _ => {
                    shared.insert(spelling, called);
                }
            }
        }
        let (short, longer) = (ShortSpellings::new(&listed), ShortSpellings::new(&listed));
        Members { name, members, by_spelling, shared, short, longer }
    }

    /// The members that share a spelling, so that it stands for none of them.
    pub fn sharing(&self, spelling: &str) -> Vec<&Label> {
        let shared = self.shared.get(spelling).or_else(|| self.shared.get(&folded(spelling)));
        shared.into_iter().flatten().filter_map(|position| self.get(*position)).collect()
    }

    /// The member with just this spelling, of at most 16 bytes: as two words, the first byte lowest,
    /// filled up with zeros.
    #[inline]
    pub fn find_short(&self, spelling: [u64; 2]) -> Option<u32> {
        self.short.find(spelling)
    }

    /// The same of at most 32 bytes: as four words.
    #[inline]
    pub fn find_longer(&self, spelling: [u64; 4]) -> Option<u32> {
        self.longer.find(spelling)
    }

    /// The member with this name, code or label; blanks around it and full-width letters do not
    /// matter.
    pub fn find(&self, spelling: &str) -> Option<u32> {
        match short(spelling).and_then(|words| self.longer.find(words)) {
            Some(position) => Some(position),
            None => {
                let known = self.by_spelling.get(spelling);
                known.or_else(|| self.by_spelling.get(&folded(spelling))).copied()
            }
        }
    }

    /// What a member is called.
    pub fn get(&self, position: u32) -> Option<&Label> {
        usize::try_from(position).ok().and_then(|at| self.members.get(at)).map(|(label, _)| label)
    }

    /// The names or labels that differ least from a misspelt one: of each member one.
    pub fn all_nearest(&self, spelling: &str) -> Vec<&str> {
        let wanted = folded(spelling).to_lowercase();
        let near = self.members.iter().filter_map(|(label, _)| {
            let own = label.spellings().filter_map(|own| Some((distance(&wanted, own)?, own)));
            own.min_by_key(|(distance, _)| *distance)
        });
        let near: Vec<(usize, &str)> = near.collect();
        let least = near.iter().map(|(distance, _)| *distance).min();
        near.into_iter().filter(|(own, _)| Some(*own) == least).map(|(_, own)| own).collect()
    }
}

/// A spelling without what a person does not see: blanks around it, the width of its letters.
pub fn folded(text: &str) -> String {
    let narrow = |character: char| match character {
        // The full-width forms stand in the order of ASCII, one block higher.
        '\u{FF01}'..='\u{FF5E}' => {
            u32::from(character).checked_sub(0xFEE0).and_then(char::from_u32).unwrap_or(character)
        }
        '\u{3000}' | '\u{A0}' => ' ',
        other => other,
    };
    let narrowed: String = text.chars().map(narrow).collect();
    narrowed.trim().to_owned()
}

/// The candidate that differs least from a spelling, if one is near enough to be meant.
pub fn nearest<'a>(
    spelling: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let wanted = folded(spelling).to_lowercase();
    candidates
        .into_iter()
        .filter_map(|candidate| Some((distance(&wanted, candidate)?, candidate)))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// How far a candidate is from what is wanted, if it is near enough: a third of the letters may
/// differ, and a short name in one.
fn distance(wanted: &str, candidate: &str) -> Option<usize> {
    let length = wanted.chars().count();
    let distance = strsim::osa_distance(wanted, &folded(candidate).to_lowercase());
    (distance <= (length / 3).max(1) && distance < length).then_some(distance)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn regions() -> Members {
        let member = |text: &str, zh: &str, code: Option<&str>| {
            let label = Label { text: text.into(), en: None, zh: Some(zh.into()) };
            (label, code.map(str::to_owned))
        };
        Members::new(
            Label::plain("Region"),
            vec![member("beijing", "北京市", Some("110000")), member("hebei", "河北省", None)],
        )
    }

    #[test]
    fn members_are_found_by_every_spelling() {
        for spelling in
            ["beijing", "北京市", "110000", " beijing ", "ｂｅｉｊｉｎｇ", "１１００００"]
        {
            let found = regions().find(spelling);
            // A code in full-width digits is no spelling anybody declared.
            let wanted =
                if spelling == "１１００００" { regions().find("110000") } else { Some(0) };
            assert_eq!(found, wanted, "{spelling}");
        }
        assert_eq!(regions().find("tianjin"), None);
        assert_eq!(regions().find_short(words("hebei")), Some(1));
        assert_eq!(regions().find_short(words("tianjin")), None);
        assert_eq!(regions().find_short(words("北京市")), Some(0));
        let long = "新疆维吾尔自治区";
        let one = Members::new(Label::plain("Region"), vec![(Label::plain(long), None)]);
        assert_eq!(one.find_longer(words(long)), Some(0));
        assert_eq!(one.find_longer(words("新疆维吾尔自治州")), None);
        assert_eq!(one.find_short(words(long)), None);
        assert_eq!(regions().find_longer(words("北京市")), Some(0));
    }

    /// The first words of a spelling.
    fn words<const WORDS: usize>(spelling: &str) -> [u64; WORDS] {
        let mut bytes = spelling.bytes();
        let mut word = |_| u64::from_le_bytes(std::array::from_fn(|_| bytes.next().unwrap_or(0)));
        std::array::from_fn(&mut word)
    }

    #[test]
    fn the_nearest_spelling_is_near() {
        assert_eq!(regions().all_nearest("bejing"), ["beijing"]);
        assert_eq!(regions().all_nearest("河北"), ["河北省"]);
        assert!(regions().all_nearest("shanghai").is_empty());
        let sides = ["东区", "西区", "市本级"].map(|name| (Label::plain(name), None));
        let sides = Members::new(Label::plain("Side"), sides.into());
        assert_eq!(sides.all_nearest("北区"), ["东区", "西区"]);
    }
}
