//! The ChaCha20 keystream of RFC 8439, four blocks at a time.

use memory::lanes::{U32x4, transpose};

/// Words in four blocks.
pub const WORDS: usize = 64;

/// "expand 32-byte k", RFC 8439 section 2.3.
const CONSTANTS: [u32; 4] = [0x6170_7865, 0x3320_646e, 0x7962_2d32, 0x6b20_6574];

/// Words of the state that the quarter rounds of a column round mix, RFC 8439 section 2.3.
const COLUMNS: [[usize; 4]; 4] = [[0, 4, 8, 12], [1, 5, 9, 13], [2, 6, 10, 14], [3, 7, 11, 15]];

/// The same for a diagonal round.
const DIAGONALS: [[usize; 4]; 4] = [[0, 5, 10, 15], [1, 6, 11, 12], [2, 7, 8, 13], [3, 4, 9, 14]];

/// The key as eight little-endian words.
pub type Key = [u32; 8];

/// The nonce as three little-endian words.
pub type Nonce = [u32; 3];

/// The stream of one key, with everything done that does not depend on the block's counter.
pub struct Keystream {
    initial: [U32x4; 16],
    /// `initial` after the three quarter rounds of the first round that the counter is not in.
    started: [U32x4; 16],
}

impl Keystream {
    #[must_use]
    pub fn new(key: &Key, nonce: Nonce) -> Self {
        let mut initial = [U32x4::splat(0); 16];
        for (state, word) in initial.iter_mut().zip(CONSTANTS.iter().chain(key)) {
            *state = U32x4::splat(*word);
        }
        for (state, word) in initial[13..].iter_mut().zip(nonce) {
            *state = U32x4::splat(word);
        }
        let mut started = initial;
        for column in &COLUMNS[1..] {
            quarter_round(&mut started, *column);
        }
        Self { initial, started }
    }

    /// Writes blocks `counter` to `counter + 3` in stream order. The counter wraps at 2^32: that no
    /// value of interest lies beyond is the caller's duty.
    ///
    /// Four kilobytes of code, which inlined into each of its users would be no faster.
    #[inline(never)]
    pub fn four_blocks(&self, counter: u32, stream: &mut [u32; WORDS]) {
        let Self { mut initial, started: mut state } = *self;
        initial[12] = U32x4::splat(counter) + U32x4::load(&[0, 1, 2, 3]);
        state[12] = initial[12];
        quarter_round(&mut state, COLUMNS[0]);
        round(&mut state, DIAGONALS);
        for _ in 1..10 {
            round(&mut state, COLUMNS);
            round(&mut state, DIAGONALS);
        }
        for (state, initial) in state.iter_mut().zip(initial) {
            *state = *state + initial;
        }

        // Vector i holds word i of each block; the stream wants each block's words together.
        let (stream, _) = stream.as_chunks_mut::<4>();
        let (quads, _) = state.as_chunks::<4>();
        for (i, quad) in quads.iter().enumerate() {
            for (block, words) in transpose(*quad).into_iter().enumerate() {
                words.store(&mut stream[block * 4 + i]);
            }
        }
    }
}

impl Keystream {
    /// Forgets the key.
    pub fn wipe(&mut self) {
        self.initial = [U32x4::splat(0); 16];
        self.started = self.initial;
        core::hint::black_box(self);
    }
}

#[inline(always)]
fn round(state: &mut [U32x4; 16], quarters: [[usize; 4]; 4]) {
    for quarter in quarters {
        quarter_round(state, quarter);
    }
}

/// RFC 8439 section 2.1, on the four blocks at once.
#[inline(always)]
fn quarter_round(state: &mut [U32x4; 16], [a, b, c, d]: [usize; 4]) {
    state[a] = state[a] + state[b];
    state[d] = (state[d] ^ state[a]).rotate_left::<16>();
    state[c] = state[c] + state[d];
    state[b] = (state[b] ^ state[c]).rotate_left::<12>();
    state[a] = state[a] + state[b];
    state[d] = (state[d] ^ state[a]).rotate_left::<8>();
    state[c] = state[c] + state[d];
    state[b] = (state[b] ^ state[c]).rotate_left::<7>();
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// Scalar reference: one block, straight from RFC 8439 section 2.3.
    pub fn block(key: &Key, counter: u32, nonce: Nonce) -> [u32; 16] {
        let mut initial = [0; 16];
        initial[..4].copy_from_slice(&CONSTANTS);
        initial[4..12].copy_from_slice(key);
        initial[12] = counter;
        initial[13..].copy_from_slice(&nonce);
        let mut s = initial;
        let mut quarter = |a: usize, b: usize, c: usize, d: usize| {
            for (to, from, into, bits) in [(a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)]
            {
                s[to] = s[to].wrapping_add(s[from]);
                s[into] = (s[into] ^ s[to]).rotate_left(bits);
            }
        };
        for _ in 0..10 {
            for i in 0..4 {
                quarter(i, 4 + i, 8 + i, 12 + i);
            }
            for i in 0..4 {
                quarter(i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4);
            }
        }
        std::array::from_fn(|i| s[i].wrapping_add(initial[i]))
    }

    #[test]
    fn the_reference_gives_the_block_of_rfc_8439_section_2_3_2() {
        let key = std::array::from_fn(|i| 0x0302_0100 + 0x0404_0404 * i as u32);
        let words = block(&key, 1, [0x0900_0000, 0x4a00_0000, 0]);
        assert_eq!(words[..4], [0xe4e7_f110, 0x1559_3bd1, 0x1fdd_0f50, 0xc471_20a3]);
        assert_eq!(words[12..], [0xd19c_12b5, 0xb94e_16de, 0xe883_d0cb, 0x4e3c_50a2]);
    }

    #[test]
    fn four_blocks_equal_the_reference_block_by_block_up_to_the_last_counter() {
        for seed in 0..20 {
            let words = crate::words(12, seed);
            let key: Key = words[..8].try_into().unwrap();
            let nonce: Nonce = words[9..].try_into().unwrap();
            for counter in [0, 1, words[8], u32::MAX - 3] {
                let mut stream = [0; WORDS];
                Keystream::new(&key, nonce).four_blocks(counter, &mut stream);
                for i in 0..4 {
                    let want = block(&key, counter.wrapping_add(i), nonce);
                    assert_eq!(stream[16 * i as usize..][..16], want);
                }
            }
        }
    }
}
