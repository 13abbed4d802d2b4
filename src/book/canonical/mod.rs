//! Values as bytes, in one way only.
//!
//! Two equal values have the same bytes, and only bytes that this module would have written are
//! read: an integer in its shortest form, a fraction in lowest terms, a text that is UTF-8, no byte
//! left over. So a digest of the bytes is a digest of the value. `docs/reference/book-format.md`
//! tells the form to the byte.
//!
//! A record is the list of its fields, written once: the macros below make the writer and the reader
//! of it, and give the reader the names by which damage is reported.

mod reader;
mod reason;
mod values;
mod writer;

#[cfg(test)]
mod tests;

pub use reader::Malformed;
pub(super) use reader::{Fault, Reader, field_at, value_of};
pub(super) use values::{write_list, write_value};
pub(super) use writer::Writer;

/// What has bytes of its own.
pub(super) trait Canonical: Sized {
    /// Adds its bytes.
    fn write(&self, out: &mut Writer);

    /// Takes its bytes off the front.
    fn read(from: &mut Reader<'_>) -> Result<Self, Fault>;
}

/// The bytes of a value.
pub(super) fn bytes_of<T: Canonical>(value: &T) -> Vec<u8> {
    let mut out = Writer::default();
    value.write(&mut out);
    out.finish()
}

/// A record: its fields one after the other.
macro_rules! record {
    ($type:ident { $($field:ident),* $(,)? }) => {
        impl $crate::book::canonical::Canonical for $type {
            fn write(&self, out: &mut $crate::book::canonical::Writer) {
                $( self.$field.write(out); )*
            }

            fn read(
                from: &mut $crate::book::canonical::Reader<'_>,
            ) -> Result<Self, $crate::book::canonical::Fault> {
                Ok($type { $( $field: from.field(stringify!($field))? ),* })
            }
        }
    };
}

/// One of several: a byte that tells which, then its fields.
macro_rules! choice {
    ($type:ident {
        $( $tag:literal => $variant:ident $( { $($field:ident),* } )? ),* $(,)?
    }) => {
        impl $crate::book::canonical::Canonical for $type {
            fn write(&self, out: &mut $crate::book::canonical::Writer) {
                match self {
                    $( $type::$variant $( { $($field),* } )? => {
                        out.byte($tag);
                        $( $( $field.write(out); )* )?
                    } )*
                }
            }

            fn read(
                from: &mut $crate::book::canonical::Reader<'_>,
            ) -> Result<Self, $crate::book::canonical::Fault> {
                match from.byte()? {
                    $( $tag => Ok($type::$variant
                        $( { $( $field: from.field(stringify!($field))? ),* } )?
                    ), )*
                    _ => Err(from.fault("a known kind")),
                }
            }
        }
    };
}

pub(super) use {choice, record};
