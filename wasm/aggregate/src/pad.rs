//! One-time pads: words of a ChaCha20 keystream, added mod 2^32 and taken away again.

use crate::chacha::{Key, Keystream, WORDS};
use crate::ring;
use crate::wipe::wipe;

/// Adds the keystream of `key` (nonce 0, from block 0) to `acc`, a word a value.
pub fn add(acc: &mut [u32], key: &Key) {
    combine(acc, key, ring::add);
}

/// Takes away what [`add`] added.
pub fn sub(acc: &mut [u32], key: &Key) {
    combine(acc, key, ring::sub);
}

fn combine(acc: &mut [u32], key: &Key, apply: fn(&mut [u32], &[u32])) {
    let mut keystream = Keystream::new(key, [0; 3]);
    let mut stream = [0; WORDS];
    let mut counter = 0;
    for run in acc.chunks_mut(WORDS) {
        keystream.four_blocks(counter, &mut stream);
        counter = counter.wrapping_add(4);
        apply(run, &stream[..run.len()]);
    }
    wipe(&mut stream);
    keystream.wipe();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{chacha::tests::block, words};

    #[test]
    fn a_pad_is_the_keystream_word_by_word_at_every_length() {
        for len in [0, 1, 15, 16, 63, 64, 65, 127, 1000] {
            let key: Key = words(8, len as u64).try_into().unwrap();
            let plain = words(len, 7);
            let stream = (0..).flat_map(|counter| block(&key, counter, [0; 3]));
            let want: Vec<u32> =
                plain.iter().zip(stream).map(|(&a, b)| a.wrapping_add(b)).collect();
            let mut acc = plain.clone();
            add(&mut acc, &key);
            assert_eq!(acc, want);
            sub(&mut acc, &key);
            assert_eq!(acc, plain);
        }
    }
}
