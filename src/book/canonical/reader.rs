//! Bytes taken apart, strictly.

use thiserror::Error;

use super::Canonical;

/// Why bytes are no entry of a book.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("byte {offset}, in `{field}`: expected {expected}")]
pub struct Malformed {
    /// Where, counted from the first byte of the entry's body.
    pub offset: usize,
    /// Which field was being read, such as `outcome.leaves[2].amount`.
    pub field: String,
    /// What should have been there.
    pub expected: &'static str,
}

/// Lists and records inside each other, at most. Far beyond what a rule set can declare, and far
/// below what the stack holds.
const DEPTH_MAX: u32 = 64;

/// Reads values off the front of some bytes.
#[derive(Debug)]
pub(in crate::book) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    depth: u32,
    path: Vec<Step>,
    /// Where each field began, if anybody wants to know.
    trail: Option<Vec<(usize, String)>>,
}

#[derive(Debug, Clone, Copy)]
enum Step {
    Field(&'static str),
    Item(usize),
}

/// The field that a byte of a value belongs to; as far as the value can be read.
pub(in crate::book) fn field_at<T: Canonical>(bytes: &[u8], offset: usize) -> String {
    let mut reader = Reader { trail: Some(Vec::new()), ..Reader::new(bytes) };
    // What cannot be read to its end still tells the fields before.
    let _ = T::read(&mut reader);
    let trail = reader.trail.unwrap_or_default();
    let found = trail.into_iter().take_while(|(start, _)| *start <= offset).last();
    found.map_or_else(|| "kind".to_owned(), |(_, field)| field)
}

impl<'a> Reader<'a> {
    /// Begins at the first byte.
    pub(in crate::book) fn new(bytes: &'a [u8]) -> Reader<'a> {
        Reader { bytes, at: 0, depth: 0, path: Vec::new(), trail: None }
    }

    /// Reads a field of a record.
    pub(in crate::book) fn field<T: Canonical>(
        &mut self,
        name: &'static str,
    ) -> Result<T, Malformed> {
        self.step(Step::Field(name), T::read)
    }

    /// Reads an item of a list.
    pub(super) fn item<T: Canonical>(&mut self, number: usize) -> Result<T, Malformed> {
        self.step(Step::Item(number), T::read)
    }

    /// Reads what may hold others of its own kind.
    pub(super) fn nested<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, Malformed>,
    ) -> Result<T, Malformed> {
        if self.depth >= DEPTH_MAX {
            return Err(self.malformed("fewer lists inside each other"));
        }
        self.depth += 1;
        let value = read(self);
        self.depth -= 1;
        value
    }

    /// Takes one byte.
    pub(in crate::book) fn byte(&mut self) -> Result<u8, Malformed> {
        let byte = self.bytes.get(self.at).copied();
        let byte = byte.ok_or_else(|| self.malformed("another byte"))?;
        self.at += 1;
        Ok(byte)
    }

    /// Takes so many bytes.
    pub(in crate::book) fn raw(&mut self, length: usize) -> Result<&'a [u8], Malformed> {
        let end = self.at.checked_add(length);
        let taken = end.and_then(|end| self.bytes.get(self.at..end));
        let taken = taken.ok_or_else(|| self.malformed("as many bytes as its length says"))?;
        self.at += length;
        Ok(taken)
    }

    /// Takes a whole number that is not negative, in its shortest form.
    pub(in crate::book) fn count(&mut self) -> Result<u128, Malformed> {
        let mut number = 0_u128;
        let mut shift = 0_u32;
        loop {
            let byte = self.byte()?;
            let low = u128::from(byte & 0x7f);
            if shift > 126 || (shift == 126 && low > 3) {
                return Err(self.malformed("a number of at most 128 bits"));
            }
            number |= low << shift;
            if byte & 0x80 == 0 {
                if byte == 0 && shift > 0 {
                    return Err(self.malformed("a number in its shortest form"));
                }
                return Ok(number);
            }
            shift += 7;
        }
    }

    /// Takes a whole number of either sign.
    pub(in crate::book) fn signed(&mut self) -> Result<i128, Malformed> {
        let folded = self.count()?;
        let half = (folded >> 1).cast_signed();
        Ok(if folded & 1 == 0 { half } else { !half })
    }

    /// Takes a length that the bytes left can hold.
    pub(in crate::book) fn length(&mut self) -> Result<usize, Malformed> {
        let left = self.bytes.len().saturating_sub(self.at);
        let length = usize::try_from(self.count()?).ok().filter(|length| *length <= left);
        length.ok_or_else(|| self.malformed("a length that the bytes left can hold"))
    }

    /// Takes bytes after their length.
    pub(in crate::book) fn bytes(&mut self) -> Result<&'a [u8], Malformed> {
        let length = self.length()?;
        self.raw(length)
    }

    /// Holds that nothing is left.
    pub(in crate::book) fn end(&self) -> Result<(), Malformed> {
        if self.at == self.bytes.len() { Ok(()) } else { Err(self.malformed("the end")) }
    }

    /// What is wrong here.
    pub(in crate::book) fn malformed(&self, expected: &'static str) -> Malformed {
        Malformed { offset: self.at, field: self.path(), expected }
    }

    fn step<T>(
        &mut self,
        step: Step,
        read: impl FnOnce(&mut Self) -> Result<T, Malformed>,
    ) -> Result<T, Malformed> {
        self.path.push(step);
        if self.trail.is_some() {
            let mark = (self.at, self.path());
            self.trail.get_or_insert_default().push(mark);
        }
        let value = read(self)?;
        self.path.pop();
        Ok(value)
    }

    fn path(&self) -> String {
        let mut text = String::new();
        for step in &self.path {
            match step {
                Step::Field(name) => {
                    if !text.is_empty() {
                        text.push('.');
                    }
                    text.push_str(name);
                }
                Step::Item(number) => text.push_str(&format!("[{number}]")),
            }
        }
        text
    }
}
