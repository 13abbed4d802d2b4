//! A file, line by line, through one buffer.

use std::fs::File;
use std::io::{self, Read};

const BUFFER_BYTES: usize = 1 << 18;

/// Calls a function with each line but the header, without its end; `None` from it means that the
/// line is malformed.
pub fn each(path: &str, mut line: impl FnMut(&[u8]) -> Option<()>) -> io::Result<()> {
    let named = |error| io::Error::other(format!("{path}: {error}"));
    let mut file = File::open(path).map_err(named)?;
    let mut buffer = vec![0; BUFFER_BYTES];
    let (mut held, mut number) = (0, 0_u64);
    loop {
        if held == buffer.len() {
            return Err(io::Error::other(format!("{path}: a line is longer than the buffer")));
        }
        let more = file.read(&mut buffer[held..]).map_err(named)?;
        held += more;
        let mut rest = &buffer[..held];
        while let Some(end) = memchr::memchr(b'\n', rest) {
            number += 1;
            if number > 1 && line(&rest[..end]).is_none() {
                return Err(io::Error::other(format!("{path}:{number}: malformed")));
            }
            rest = &rest[end + 1..];
        }
        let kept = rest.len();
        if more == 0 {
            return match kept {
                0 => Ok(()),
                _ => Err(io::Error::other(format!("{path}: the last line has no end"))),
            };
        }
        buffer.copy_within(held - kept..held, 0);
        held = kept;
    }
}
