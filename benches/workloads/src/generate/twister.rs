//! The Mersenne Twister MT19937, seeded from one number.
//!
//! The reference data are defined by this stream, so the generator follows the published
//! algorithm word for word.
//!
//! # Source
//!
//! M. Matsumoto, T. Nishimura, *Mersenne Twister: a 623-dimensionally equidistributed uniform
//! pseudo-random number generator*, 1998, with the initialisation by array of 2002.

const WORDS: usize = 624;
const MIDDLE: usize = 397;

/// A stream of 32-bit words.
pub struct Twister {
    state: [u32; WORDS],
    next: usize,
}

impl Twister {
    /// A stream whose key is this one word.
    pub fn new(seed: u32) -> Twister {
        let mut state = from_one_word(19_650_218);
        let mut i = 1;
        for _ in 0..WORDS {
            let mixed = state[i - 1] ^ (state[i - 1] >> 30);
            state[i] = (state[i] ^ mixed.wrapping_mul(1_664_525)).wrapping_add(seed);
            i = following(i, &mut state);
        }
        for _ in 1..WORDS {
            let mixed = state[i - 1] ^ (state[i - 1] >> 30);
            let step = u32::try_from(i).unwrap_or(0);
            state[i] = (state[i] ^ mixed.wrapping_mul(1_566_083_941)).wrapping_sub(step);
            i = following(i, &mut state);
        }
        state[0] = 1 << 31;
        Twister { state, next: WORDS }
    }

    /// The next `N` words as one number, the first word lowest; at most four.
    pub fn bits<const N: usize>(&mut self) -> u128 {
        const { assert!(N <= 4) }
        (0..N).fold(0, |bits, place| bits | (u128::from(self.word()) << (32 * place)))
    }

    /// The next word.
    pub fn word(&mut self) -> u32 {
        if self.next == WORDS {
            self.turn();
        }
        let mut word = self.state[self.next];
        self.next += 1;
        word ^= word >> 11;
        word ^= (word << 7) & 0x9d2c_5680;
        word ^= (word << 15) & 0xefc6_0000;
        word ^ (word >> 18)
    }

    fn turn(&mut self) {
        for i in 0..WORDS {
            let joined =
                (self.state[i] & 0x8000_0000) | (self.state[(i + 1) % WORDS] & 0x7fff_ffff);
            let twisted = if joined & 1 == 1 { 0x9908_b0df } else { 0 };
            self.state[i] = self.state[(i + MIDDLE) % WORDS] ^ (joined >> 1) ^ twisted;
        }
        self.next = 0;
    }
}

fn from_one_word(seed: u32) -> [u32; WORDS] {
    let mut state = [seed; WORDS];
    for i in 1..WORDS {
        let mixed = state[i - 1] ^ (state[i - 1] >> 30);
        let step = u32::try_from(i).unwrap_or(0);
        state[i] = mixed.wrapping_mul(1_812_433_253).wrapping_add(step);
    }
    state
}

/// The place after `i`; past the end, the last word is carried to the front.
fn following(i: usize, state: &mut [u32; WORDS]) -> usize {
    if i + 1 < WORDS {
        return i + 1;
    }
    state[0] = state[WORDS - 1];
    1
}
