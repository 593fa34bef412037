//! Uniform residues out of a ChaCha20 key.

use crate::chacha::{Key, Keystream, Nonce, WORDS};
use crate::prime::Prime;
use crate::wipe::wipe;
use memory::lanes::U32x4;

/// Fills `out` with residues in `[0, p)`: the words of the keystream in order, from block 0, cut to as
/// many bits as `p` has, without those that are `p` or more.
///
/// The time tells how many words were left out, which nothing that was kept depends on: also a
/// secret may be drawn so.
pub fn expand(out: &mut [u32], key: &Key, nonce: Nonce, prime: Prime) {
    let mut keystream = Keystream::new(key, nonce);
    let mask = u32::MAX >> prime.0.leading_zeros();
    let mut stream = [0; WORDS];
    let (mut at, mut counter) = (0, 0);
    while at < out.len() {
        keystream.four_blocks(counter, &mut stream);
        counter = counter.wrapping_add(4);
        // All at once where there is room, which is kept if all of them are residues.
        if let Some(run) = out.get_mut(at..at + WORDS) {
            let mut top = U32x4::splat(0);
            let quads = run.as_chunks_mut::<4>().0.iter_mut().zip(stream.as_chunks::<4>().0);
            for (to, from) in quads {
                let words = U32x4::load(from) & U32x4::splat(mask);
                words.store(to);
                top = top.max(words);
            }
            if top.to_array().into_iter().fold(0, u32::max) < prime.0 {
                at += WORDS;
                continue;
            }
        }
        for word in stream.map(|word| word & mask) {
            if at == out.len() {
                break;
            }
            out[at] = word;
            at += usize::from(word < prime.0);
        }
    }
    wipe(&mut stream);
    keystream.wipe();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{chacha::tests::block, kahe::RINGS, words};

    fn reference(len: usize, key: &Key, nonce: Nonce, p: u32) -> Vec<u32> {
        let mask = p.next_power_of_two() - 1;
        let stream = (0..).flat_map(|counter| block(key, counter, nonce));
        stream.map(|word| word & mask).filter(|&word| word < p).take(len).collect()
    }

    #[test]
    fn residues_are_the_words_of_the_stream_below_the_prime_in_order() {
        for &(prime, _) in RINGS.iter().flat_map(|ring| ring.primes) {
            for seed in 0..6 {
                let key: Key = words(8, seed).try_into().unwrap();
                for len in [0, 1, 63, 64, 65, 200, 20_000] {
                    let nonce = [1, seed as u32, 0];
                    let mut out = vec![0; len];
                    expand(&mut out, &key, nonce, prime);
                    assert_eq!(out, reference(len, &key, nonce, prime.0));
                }
            }
        }
    }

    #[test]
    fn a_prime_that_refuses_every_other_word_leaves_no_gap() {
        let prime = Prime((1 << 26) + 1);
        let key: Key = words(8, 9).try_into().unwrap();
        let mut out = vec![0; 1000];
        expand(&mut out, &key, [0; 3], prime);
        assert_eq!(out, reference(1000, &key, [0; 3], prime.0));
    }
}
