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

/// What is wrong where. The field is found by reading again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::book) struct Fault {
    offset: usize,
    expected: &'static str,
}

/// The value of exactly these bytes.
pub(in crate::book) fn value_of<T: Canonical>(bytes: &[u8]) -> Result<T, Malformed> {
    let whole = |reader: &mut Reader<'_>| {
        let value = T::read(reader)?;
        reader.end()?;
        Ok(value)
    };
    whole(&mut Reader::new(bytes)).map_err(|Fault { offset, expected }| {
        let mut reader = Reader::tracing(bytes);
        let _ = whole(&mut reader);
        Malformed { offset, field: reader.path(), expected }
    })
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
    /// Whether it is noted which field is being read. Nobody wants to know while all is well.
    tracing: bool,
    path: Vec<Step>,
    /// Where each field began.
    trail: Vec<(usize, String)>,
}

#[derive(Debug, Clone, Copy)]
enum Step {
    Field(&'static str),
    Item(usize),
}

/// The field that a byte of a value belongs to; as far as the value can be read.
pub(in crate::book) fn field_at<T: Canonical>(bytes: &[u8], offset: usize) -> String {
    let mut reader = Reader::tracing(bytes);
    // What cannot be read to its end still tells the fields before.
    let _ = T::read(&mut reader);
    let found = reader.trail.into_iter().take_while(|(start, _)| *start <= offset).last();
    found.map_or_else(|| "kind".to_owned(), |(_, field)| field)
}

impl<'a> Reader<'a> {
    /// Begins at the first byte.
    pub(in crate::book) fn new(bytes: &'a [u8]) -> Reader<'a> {
        Reader { bytes, at: 0, depth: 0, tracing: false, path: Vec::new(), trail: Vec::new() }
    }

    /// Begins at the first byte, and notes which field is being read.
    pub(super) fn tracing(bytes: &'a [u8]) -> Reader<'a> {
        Reader { tracing: true, ..Reader::new(bytes) }
    }

    /// Reads a field of a record.
    pub(in crate::book) fn field<T: Canonical>(&mut self, name: &'static str) -> Result<T, Fault> {
        self.step(Step::Field(name), T::read)
    }

    /// Reads an item of a list.
    pub(super) fn item<T: Canonical>(&mut self, number: usize) -> Result<T, Fault> {
        self.step(Step::Item(number), T::read)
    }

    /// Reads what may hold others of its own kind.
    pub(super) fn nested<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        if self.depth >= DEPTH_MAX {
            return Err(self.fault("fewer lists inside each other"));
        }
        self.depth += 1;
        let value = read(self);
        self.depth -= 1;
        value
    }

    /// Where the next byte stands.
    pub(in crate::book) fn at(&self) -> usize {
        self.at
    }

    /// Takes one byte.
    #[inline]
    pub(in crate::book) fn byte(&mut self) -> Result<u8, Fault> {
        let byte = self.bytes.get(self.at).copied();
        let byte = byte.ok_or_else(|| self.fault("another byte"))?;
        self.at += 1;
        Ok(byte)
    }

    /// Takes so many bytes.
    #[inline]
    pub(in crate::book) fn raw(&mut self, length: usize) -> Result<&'a [u8], Fault> {
        let end = self.at.checked_add(length);
        let taken = end.and_then(|end| self.bytes.get(self.at..end));
        let taken = taken.ok_or_else(|| self.fault("as many bytes as its length says"))?;
        self.at += length;
        Ok(taken)
    }

    /// Takes a whole number that is not negative, in its shortest form.
    #[inline]
    pub(in crate::book) fn count(&mut self) -> Result<u128, Fault> {
        match self.bytes.get(self.at) {
            Some(byte @ 0..=0x7f) => {
                self.at += 1;
                Ok(u128::from(*byte))
            }
            _ => self.long_count(),
        }
    }

    /// A count of several bytes: in nine there are 63 bits.
    fn long_count(&mut self) -> Result<u128, Fault> {
        let mut number = 0_u64;
        for (byte, shift) in self.bytes.iter().skip(self.at).take(9).zip((0..).step_by(7)) {
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                if *byte == 0 {
                    break;
                }
                self.at += shift / 7 + 1;
                return Ok(u128::from(number));
            }
        }
        self.wide_count()
    }

    /// A count of any length, and what is wrong with one.
    fn wide_count(&mut self) -> Result<u128, Fault> {
        let mut number = 0_u128;
        let mut shift = 0_u32;
        loop {
            let byte = self.byte()?;
            let low = u128::from(byte & 0x7f);
            if shift > 126 || (shift == 126 && low > 3) {
                return Err(self.fault("a number of at most 128 bits"));
            }
            number |= low << shift;
            if byte & 0x80 == 0 {
                if byte == 0 && shift > 0 {
                    return Err(self.fault("a number in its shortest form"));
                }
                return Ok(number);
            }
            shift += 7;
        }
    }

    /// Takes a whole number of either sign.
    #[inline]
    pub(in crate::book) fn signed(&mut self) -> Result<i128, Fault> {
        let folded = self.count()?;
        let half = (folded >> 1).cast_signed();
        Ok(if folded & 1 == 0 { half } else { !half })
    }

    /// Takes a length that the bytes left can hold.
    pub(in crate::book) fn length(&mut self) -> Result<usize, Fault> {
        let left = self.bytes.len().saturating_sub(self.at);
        let length = usize::try_from(self.count()?).ok().filter(|length| *length <= left);
        length.ok_or_else(|| self.fault("a length that the bytes left can hold"))
    }

    /// Takes bytes after their length.
    pub(in crate::book) fn bytes(&mut self) -> Result<&'a [u8], Fault> {
        let length = self.length()?;
        self.raw(length)
    }

    /// Holds that nothing is left.
    pub(in crate::book) fn end(&self) -> Result<(), Fault> {
        if self.at == self.bytes.len() { Ok(()) } else { Err(self.fault("the end")) }
    }

    /// What is wrong here.
    pub(in crate::book) fn fault(&self, expected: &'static str) -> Fault {
        Fault { offset: self.at, expected }
    }

    #[inline]
    fn step<T>(
        &mut self,
        step: Step,
        read: impl FnOnce(&mut Self) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        if self.tracing { self.traced(step, read) } else { read(self) }
    }

    fn traced<T>(
        &mut self,
        step: Step,
        read: impl FnOnce(&mut Self) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        self.path.push(step);
        let mark = (self.at, self.path());
        self.trail.push(mark);
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
