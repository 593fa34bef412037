//! Integers of a symmetric distribution, added to words: what each client blurs a sum with.
//!
//! The distribution comes as a table, entry `j` of which is `2^127 · P(|X| ≥ j)` from `j = 1`, in four
//! words, the lowest first. A sample is a sign and 127 bits, as in `gauss`: how many entries are above
//! the bits is its magnitude. The upper 63 bits are each sample's own; the lower 64 are one for [`RUN`]
//! samples together and round the table to 63 bits, up or down. Each sample by itself is exactly as the
//! table says. A run is as if each sample had lower bits of its own unless two of them have upper bits
//! equal to an entry's, below `(RUN · entries)² / 2^127` in probability.
//!
//! Nothing branches on what was drawn. A table with up to [`SCANNED`] entries of some weight is compared
//! whole. In a longer one the place is searched for by halves, in always the same number of steps;
//! which of its entries are read depends on the sample, in memory of at most 512 KiB.

use crate::chacha::{Key, Keystream, WORDS};
use crate::gauss::Rounded;
use crate::wipe::wipe;
use memory::lanes::U32x4;

/// Samples of four blocks of keystream.
const SAMPLES: usize = WORDS / 2;

/// Samples that a table is rounded for.
pub const RUN: usize = 32 * SAMPLES;

/// Entries of `2^-63` or more that are compared one by one.
pub const SCANNED: usize = 192;

/// Words of an entry.
const ENTRY: usize = 4;

/// Adds to each word a sample and `offset`, mod 2^32. Sample `i` takes words `2i` (the lower one) and
/// `2i + 1` of the keystream of nonce `(stream, 0, 0)`, whose top bit is the sign, and run `i` words `2i`
/// and `2i + 1` of that of `(stream, 1, 0)`; nothing else may have used either.
///
/// `scratch` has a power of two of words of 64 bits, more than there are entries.
pub fn add_noise(
    words: &mut [u32],
    table: &[u32],
    scratch: &mut [u64],
    key: &Key,
    stream: u32,
    offset: u32,
) {
    let entries = table.as_chunks::<ENTRY>().0;
    // One just below may be rounded up to as much.
    let wide = entries.iter().filter(|entry| entry[2] | entry[3] != 0).count();
    let mut rounded = Rounded::<SCANNED>::new();
    let mut upper = Keystream::new(key, [stream, 0, 0]);
    let mut lower = Keystream::new(key, [stream, 1, 0]);
    let mut draws = [0; WORDS];
    let mut drawn = [0; WORDS];
    let mut samples = [0; SAMPLES];
    for (turn, words) in words.chunks_mut(SAMPLES).enumerate() {
        if turn % (RUN / SAMPLES) == 0 {
            let run = turn / (RUN / SAMPLES);
            let at = 2 * run % WORDS;
            if at == 0 {
                lower.four_blocks(4 * (2 * run / WORDS) as u32, &mut draws);
            }
            let draw = u64::from(draws[at + 1]) << 32 | u64::from(draws[at]);
            let joined = entries
                .iter()
                .map(|entry| entry.iter().rev().fold(0, |sum, &word| sum << 32 | u128::from(word)));
            if wide < SCANNED {
                rounded.round(joined, draw);
            } else {
                scratch.fill(0);
                for (to, entry) in scratch.iter_mut().zip(joined) {
                    *to = (entry >> 64) as u64 + u64::from(draw < entry as u64);
                }
            }
        }
        upper.four_blocks(4 * turn as u32, &mut drawn);
        if wide < SCANNED {
            scan(&rounded, &drawn, &mut samples);
        } else {
            search(scratch, &drawn, &mut samples);
        }
        let turned = drawn.as_chunks::<2>().0;
        for ((word, [_, high]), count) in words.iter_mut().zip(turned).zip(samples) {
            let sign = (high.cast_signed() >> 31).cast_unsigned();
            *word = word.wrapping_add((count ^ sign).wrapping_sub(sign)).wrapping_add(offset);
        }
    }
    wipe(&mut draws);
    wipe(&mut drawn);
    wipe(&mut samples);
    rounded.wipe();
    scratch.fill(0);
    core::hint::black_box(scratch);
    upper.wipe();
    lower.wipe();
}

/// How many entries of a table are above the lower 63 bits of each pair of words: compared with all.
fn scan(entries: &Rounded<SCANNED>, drawn: &[u32; WORDS], counts: &mut [u32; SAMPLES]) {
    for (words, counts) in drawn.as_chunks::<32>().0.iter().zip(counts.as_chunks_mut::<16>().0) {
        let quads = words.as_chunks::<4>().0;
        let pairs = [0, 2, 4, 6].map(|i| {
            let (low, high) = U32x4::load(&quads[i]).deinterleave(U32x4::load(&quads[i + 1]));
            (low, high & U32x4::splat(u32::MAX >> 1))
        });
        let found = entries.count(pairs.map(|(_, high)| high), pairs.map(|(low, _)| low));
        for (found, to) in found.into_iter().zip(counts.as_chunks_mut::<4>().0) {
            found.store(to);
        }
    }
}

/// The same of falling entries, as many as a power of two, by halves: four at a time, which need not
/// wait for each other.
fn search(entries: &[u64], drawn: &[u32; WORDS], counts: &mut [u32; SAMPLES]) {
    for (words, counts) in drawn.as_chunks::<8>().0.iter().zip(counts.as_chunks_mut::<4>().0) {
        let pairs = words.as_chunks::<2>().0;
        let bits = [0, 1, 2, 3].map(|i| {
            let [low, high] = pairs[i];
            u64::from(high & u32::MAX >> 1) << 32 | u64::from(low)
        });
        *counts = [0; 4];
        let mut step = entries.len() / 2;
        while step > 0 {
            for (count, bits) in counts.iter_mut().zip(bits) {
                *count += step as u32 * u32::from(entries[*count as usize + step - 1] > bits);
            }
            step /= 2;
        }
    }
}

/// Sum of the squares of `words − offset` as signed words.
#[must_use]
pub fn squared(words: &[u32], offset: u32) -> f64 {
    let (quads, tail) = words.as_chunks::<4>();
    let mut sums = [0.0; 4];
    let square = |word: u32| {
        let x = f64::from(word.wrapping_sub(offset).cast_signed());
        x * x
    };
    for quad in quads {
        for (sum, &word) in sums.iter_mut().zip(quad) {
            *sum += square(word);
        }
    }
    sums.iter().sum::<f64>() + tail.iter().map(|&word| square(word)).sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chacha::tests::block;

    /// Falling entries of a two-sided geometric distribution, so long or until they are 0.
    fn geometric(ratio: f64, most: usize) -> Vec<u128> {
        let first = 2.0 * ratio / (1.0 + ratio) * 2.0_f64.powi(127);
        let entries = (0..most).map(|j| (first * ratio.powi(j as i32)) as u128);
        // Float64 leaves the lowest bits 0: rounding has to have something to do.
        entries.map(|entry| entry | entry >> 53).take_while(|&entry| entry > 0).collect()
    }

    fn split(table: &[u128]) -> Vec<u32> {
        table.iter().flat_map(|entry| (0..ENTRY).map(move |i| (entry >> (32 * i)) as u32)).collect()
    }

    fn noise(len: usize, table: &[u128], key: &Key, stream: u32) -> Vec<i32> {
        let mut words = vec![7; len];
        let mut scratch = vec![1; (table.len() + 1).next_power_of_two()];
        add_noise(&mut words, &split(table), &mut scratch, key, stream, 5);
        words.into_iter().map(|word| word.wrapping_sub(12).cast_signed()).collect()
    }

    #[test]
    fn a_sample_counts_the_entries_above_its_bits_in_short_tables_and_long_ones() {
        let key: Key = crate::words(8, 1).try_into().unwrap();
        for ratio in [0.3, 0.75, 0.9, 0.99, 0.999] {
            let table = geometric(ratio, 50_000);
            for len in [0, 1, 31, 33, RUN + 70] {
                let stream = len as u32;
                let draws: Vec<u32> =
                    (0..8).flat_map(|counter| block(&key, counter, [stream, 1, 0])).collect();
                let mut words = (0..).flat_map(|counter| block(&key, counter, [stream, 0, 0]));
                for (i, got) in noise(len, &table, &key, stream).into_iter().enumerate() {
                    let (low, high) = (words.next().unwrap(), words.next().unwrap());
                    let run = i / RUN * 2;
                    let lower = u128::from(draws[run + 1]) << 32 | u128::from(draws[run]);
                    let bits =
                        (u128::from(high & 0x7fff_ffff) << 32 | u128::from(low)) << 64 | lower;
                    let count = table.iter().filter(|&&entry| bits < entry).count() as i32;
                    assert_eq!(got, if high >> 31 == 1 { -count } else { count });
                }
            }
        }
    }

    #[test]
    fn a_table_of_one_or_two_entries_near_the_ends_of_what_is_drawn() {
        let key: Key = crate::words(8, 2).try_into().unwrap();
        let most = (1_u128 << 127) - (1 << 96);
        assert!(noise(1000, &[most], &key, 0).iter().all(|&x| x.abs() == 1));
        assert!(noise(1000, &[1, 1], &key, 0).iter().all(|&x| x == 0));
        // Rounded up, this entry has a bit more than before.
        let carried = 0xffff_ffff_ffff_ffff_u128 << 64 >> 32 | 0xffff_ffff;
        assert!(noise(RUN, &[most, carried], &key, 1).iter().all(|&x| x.abs() <= 2));
    }

    #[test]
    fn squares_are_of_signed_differences_at_every_length() {
        for len in 0..20 {
            let words: Vec<u32> = crate::words(len, 3).iter().map(|word| word >> 12).collect();
            let want: f64 = words.iter().map(|&w| (f64::from(w) - 500_000.0).powi(2)).sum();
            assert_eq!(squared(&words, 500_000), want);
        }
    }
}
