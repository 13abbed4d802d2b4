//! A text that two sets hold.
//!
//! Each set becomes a machine that reads a text letter by letter, and the two are walked together: what
//! leads both to their end is a text of both.

use std::collections::{HashMap, VecDeque};

use super::texts::Texts;

/// A machine that reads the texts of a set, from its first state to the last.
#[derive(Debug, Clone)]
pub(super) struct Machine {
    /// The steps from each state.
    steps: Vec<Vec<Step>>,
}

/// A step to another state: over a letter, or over nothing.
#[derive(Debug, Clone)]
struct Step {
    over: Option<Letters>,
    to: usize,
}

/// Letters over which a step may go.
#[derive(Debug, Clone)]
enum Letters {
    Among(Vec<char>),
    Except(Vec<char>),
}

impl Letters {
    fn has(&self, letter: char) -> bool {
        match self {
            Letters::Among(letters) => letters.contains(&letter),
            Letters::Except(letters) => !letters.contains(&letter),
        }
    }

    fn without(&self, others: &[char]) -> Letters {
        match self {
            Letters::Among(letters) => {
                let own = letters.iter().filter(|letter| !others.contains(letter));
                Letters::Among(own.copied().collect())
            }
            Letters::Except(letters) => Letters::Except([letters.as_slice(), others].concat()),
        }
    }

    fn within(&self, others: &[char]) -> Letters {
        Letters::Among(others.iter().copied().filter(|letter| self.has(*letter)).collect())
    }

    /// A letter that both have.
    fn common(&self, other: &Letters) -> Option<char> {
        match (self, other) {
            (Letters::Among(letters), other) | (other, Letters::Among(letters)) => {
                letters.iter().copied().find(|letter| other.has(*letter))
            }
            // Of all letters there are more than both leave out.
            (one, other) => ('a'..).find(|letter| one.has(*letter) && other.has(*letter)),
        }
    }
}

impl Machine {
    pub fn of(texts: &Texts) -> Machine {
        let mut machine = Machine { steps: vec![Vec::new()] };
        let last = machine.read(texts, 0);
        let end = machine.state();
        machine.step(last, None, end);
        machine
    }

    fn state(&mut self) -> usize {
        self.steps.push(Vec::new());
        self.steps.len() - 1
    }

    fn step(&mut self, from: usize, over: Option<Letters>, to: usize) {
        if let Some(steps) = self.steps.get_mut(from) {
            steps.push(Step { over, to });
        }
    }

    fn over(&mut self, from: usize, letters: Letters) -> usize {
        let to = self.state();
        self.step(from, Some(letters), to);
        to
    }

    /// Reads a text of a set from a state on; gives the state behind it.
    fn read(&mut self, texts: &Texts, from: usize) -> usize {
        match texts {
            Texts::Words(words) => self.words(words, from),
            Texts::Among(letters) => self.over(from, Letters::Among(letters.chars().collect())),
            Texts::Except(letters) => self.over(from, Letters::Except(letters.chars().collect())),
            Texts::Then(all) => all.iter().fold(from, |from, texts| self.read(texts, from)),
            Texts::Either(all) => {
                let to = self.state();
                for texts in all {
                    let start = self.state();
                    self.step(from, None, start);
                    let end = self.read(texts, start);
                    self.step(end, None, to);
                }
                to
            }
            Texts::Repeated(texts) => {
                let again = self.state();
                self.step(from, None, again);
                let end = self.read(texts, again);
                self.step(end, None, again);
                let to = self.state();
                self.step(again, None, to);
                to
            }
            Texts::Beside(part, signs) => self.beside(&Machine::of(part), signs, from),
        }
    }

    /// Words that begin alike go the same way: of an enumeration there may be thousands.
    fn words(&mut self, words: &[String], from: usize) -> usize {
        let start = self.state();
        self.step(from, None, start);
        let to = self.state();
        let mut ways: HashMap<(usize, char), usize> = HashMap::new();
        for word in words {
            let end = word.chars().fold(start, |at, letter| match ways.get(&(at, letter)) {
                Some(known) => *known,
                None => {
                    let next = self.over(at, Letters::Among(vec![letter]));
                    ways.insert((at, letter), next);
                    next
                }
            });
            self.step(end, None, to);
        }
        to
    }

    /// A part as it stands beside others: as it is if it has no quotation mark and none of the signs, else
    /// in quotation marks, with those inside it doubled.
    fn beside(&mut self, part: &Machine, signs: &[char], from: usize) -> usize {
        let special: Vec<char> = signs.iter().copied().chain(['"']).collect();
        let other: Vec<char> = signs.iter().copied().filter(|sign| *sign != '"').collect();
        let [plain, before, after] = [0, 1, 2].map(|_| self.states(part.steps.len()));
        let to = self.state();
        self.step(from, None, plain);
        let opened = self.over(from, Letters::Among(vec!['"']));
        self.step(opened, None, before);
        for (at, steps) in part.steps.iter().enumerate() {
            for Step { over, to } in steps {
                let Some(letters) = over else {
                    for of in [plain, before, after] {
                        self.step(of + at, None, of + to);
                    }
                    continue;
                };
                self.step(plain + at, Some(letters.without(&special)), plain + to);
                // In quotation marks: what has made them needed has been read, or not yet.
                self.step(before + at, Some(letters.without(&special)), before + to);
                self.step(before + at, Some(letters.within(&other)), after + to);
                self.step(after + at, Some(letters.without(&['"'])), after + to);
                if letters.has('"') {
                    let doubled = self.state();
                    for of in [before, after] {
                        self.step(of + at, Some(Letters::Among(vec!['"'])), doubled);
                    }
                    self.step(doubled, Some(Letters::Among(vec!['"'])), after + to);
                }
            }
        }
        let last = part.steps.len() - 1;
        self.step(plain + last, None, to);
        self.step(after + last, Some(Letters::Among(vec!['"'])), to);
        to
    }

    /// So many states; gives the first.
    fn states(&mut self, count: usize) -> usize {
        let first = self.steps.len();
        self.steps.resize(first + count, Vec::new());
        first
    }

    fn from(&self, state: usize) -> &[Step] {
        self.steps.get(state).map_or(&[], Vec::as_slice)
    }

    fn is_end(&self, state: usize) -> bool {
        state + 1 == self.steps.len()
    }
}

/// A text that both machines read, if there is one: a short one.
pub(super) fn common(one: &Machine, other: &Machine) -> Option<String> {
    let mut walk = Walk { from: HashMap::new(), waiting: VecDeque::new() };
    walk.reach((0, 0), None, None);
    while let Some(pair) = walk.waiting.pop_front() {
        let (at, there) = pair;
        if one.is_end(at) && other.is_end(there) {
            return Some(walk.text(pair));
        }
        for step in one.from(at) {
            let Some(letters) = &step.over else {
                walk.reach((step.to, there), Some(pair), None);
                continue;
            };
            for theirs in other.from(there) {
                if let Some(letter) = theirs.over.as_ref().and_then(|it| letters.common(it)) {
                    walk.reach((step.to, theirs.to), Some(pair), Some(letter));
                }
            }
        }
        for step in other.from(there).iter().filter(|step| step.over.is_none()) {
            walk.reach((at, step.to), Some(pair), None);
        }
    }
    None
}

/// A state of either machine.
type Pair = (usize, usize);

/// Two machines walked together.
struct Walk {
    /// From where each pair of states was reached first, and over which letter.
    from: HashMap<Pair, (Option<Pair>, Option<char>)>,
    waiting: VecDeque<Pair>,
}

impl Walk {
    fn reach(&mut self, pair: Pair, from: Option<Pair>, over: Option<char>) {
        if self.from.contains_key(&pair) {
            return;
        }
        self.from.insert(pair, (from, over));
        match over {
            Some(_) => self.waiting.push_back(pair),
            None => self.waiting.push_front(pair),
        }
    }

    /// The letters over which a pair was reached.
    fn text(&self, pair: Pair) -> String {
        let mut letters: Vec<char> = Vec::new();
        let mut at = Some(pair);
        while let Some((from, over)) = at.and_then(|at| self.from.get(&at)) {
            letters.extend(over);
            at = *from;
        }
        letters.into_iter().rev().collect()
    }
}
