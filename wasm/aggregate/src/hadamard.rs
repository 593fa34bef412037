//! The randomised Walsh–Hadamard transform: signs that everybody knows, then the transform, which
//! spreads whatever a block holds evenly over its values. Its inverse is the transform, then the signs.

use crate::chacha::{Key, Keystream, WORDS};
use memory::lanes::{F32x4, U32x4, transpose};

/// Values whose signs one vector of four words of keystream decides: bit by bit from the top one,
/// each lane those of its own.
const SIGNED: usize = 4 * 32;

/// Values whose signs four blocks of keystream decide.
pub const SIGNED_BY_FOUR_BLOCKS: usize = WORDS / 4 * SIGNED;

/// The least that is transformed.
pub const LEAST: usize = 16;

/// Turns over the signs of values, the first of which is the first that block `counter` of the
/// keystream of nonce 0 decides over. Whole vectors only.
pub fn flip_signs(x: &mut [f32], key: &Key, mut counter: u32) {
    let keystream = Keystream::new(key, [0; 3]);
    let mut stream = [0; WORDS];
    for part in x.chunks_mut(SIGNED_BY_FOUR_BLOCKS) {
        keystream.four_blocks(counter, &mut stream);
        counter = counter.wrapping_add(4);
        for (run, words) in part.chunks_mut(SIGNED).zip(stream.as_chunks::<4>().0) {
            let mut bits = U32x4::load(words);
            for quad in run.as_chunks_mut::<4>().0 {
                let flipped = F32x4::load(quad).to_bits() ^ (bits & U32x4::splat(1 << 31));
                flipped.to_floats().store(quad);
                bits = bits + bits;
            }
        }
    }
}

/// Transforms each block of `block` values, a power of two from [`LEAST`], by the Hadamard matrix in
/// Sylvester's order over `√block`: it is its own inverse and keeps lengths.
pub fn transform(x: &mut [f32], block: usize) {
    let unit = F32x4::splat(1.0) / F32x4::splat(block as f32).sqrt();
    for block in x.chunks_exact_mut(block) {
        for sixteen in block.as_chunks_mut::<LEAST>().0 {
            let quads = sixteen.as_chunks_mut::<4>().0;
            // Rows of four, then, turned over, columns of four.
            let rows = four([0, 1, 2, 3].map(|i| F32x4::load(&quads[i]) * unit));
            let columns = four(turned(rows));
            for (quad, row) in quads.iter_mut().zip(turned(columns)) {
                row.store(quad);
            }
        }
        let quads = block.as_chunks_mut::<4>().0;
        let mut half = LEAST / 4;
        while half < quads.len() {
            for pair in quads.chunks_exact_mut(2 * half) {
                let (low, high) = pair.split_at_mut(half);
                for (a, b) in low.iter_mut().zip(high) {
                    let (x, y) = (F32x4::load(a), F32x4::load(b));
                    (x + y).store(a);
                    (x - y).store(b);
                }
            }
            half *= 2;
        }
    }
}

/// The transform of four, in each lane.
#[inline(always)]
fn four([a, b, c, d]: [F32x4; 4]) -> [F32x4; 4] {
    let (ab, a_b, cd, c_d) = (a + b, a - b, c + d, c - d);
    [ab + cd, a_b + c_d, ab - cd, a_b - c_d]
}

#[inline(always)]
fn turned(rows: [F32x4; 4]) -> [F32x4; 4] {
    transpose(rows.map(F32x4::to_bits)).map(U32x4::to_floats)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{chacha::tests::block, floats, words};

    /// Entry of the matrix: −1 where the two numbers share an odd number of bits.
    fn sign(row: usize, column: usize) -> f64 {
        if (row & column).count_ones() % 2 == 1 { -1.0 } else { 1.0 }
    }

    #[test]
    fn each_block_is_multiplied_by_the_matrix_over_the_root_of_its_length() {
        for size in [16, 32, 64, 256] {
            let x = floats(3 * size, size as u64, 5.0);
            let mut got = x.clone();
            transform(&mut got, size);
            for (got, x) in got.chunks(size).zip(x.chunks(size)) {
                for (row, &got) in got.iter().enumerate() {
                    let sum: f64 =
                        x.iter().enumerate().map(|(i, &x)| sign(row, i) * f64::from(x)).sum();
                    let want = sum / (size as f64).sqrt();
                    assert!((f64::from(got) - want).abs() < 1e-5, "{got} {want}");
                }
            }
        }
    }

    #[test]
    fn twice_the_transform_is_nothing_and_lengths_stay() {
        let x = floats(2 * 4096, 3, 1.0);
        let mut got = x.clone();
        transform(&mut got, 4096);
        let square = |x: &[f32]| x.iter().map(|&x| f64::from(x).powi(2)).sum::<f64>();
        assert!((square(&got) / square(&x) - 1.0).abs() < 1e-6);
        transform(&mut got, 4096);
        assert!(got.iter().zip(&x).all(|(a, b)| (a - b).abs() < 2e-6));
    }

    #[test]
    fn signs_are_the_bits_of_the_keystream_from_the_top_lane_by_lane() {
        let key: Key = words(8, 4).try_into().unwrap();
        for (len, counter) in [(4, 0), (132, 4), (SIGNED_BY_FOUR_BLOCKS + 40, 8)] {
            let x = floats(len, 5, 1.0);
            let mut got = x.clone();
            flip_signs(&mut got, &key, counter);
            let stream: Vec<u32> = (0..8).flat_map(|i| block(&key, counter + i, [0; 3])).collect();
            for (i, (got, x)) in got.iter().zip(&x).enumerate() {
                let word = stream[i / SIGNED * 4 + i % 4];
                let flips = word >> (31 - i % SIGNED / 4) & 1 == 1;
                assert_eq!(*got, if flips { -x } else { *x });
            }
        }
    }
}
