//! Addition of residues, refusing words that are none.

use crate::prime::Prime;
use memory::lanes::U32x4;

/// Adds rows of `n` words, a multiple of 4, row `i` mod `primes[i mod count]`. `acc` holds residues.
///
/// # Errors
/// Index of the first row of `x` with a word that is not below its prime. `acc` is as before then.
pub fn add_rows(acc: &mut [u32], x: &[u32], n: usize, primes: &[Prime]) -> Result<(), usize> {
    let prime = |row: usize| primes[row % primes.len()];
    for (i, (sum, row)) in acc.chunks_exact_mut(n).zip(x.chunks_exact(n)).enumerate() {
        if add_row(sum, row, prime(i)) >= prime(i).0 {
            let added = acc.chunks_exact_mut(n).zip(x.chunks_exact(n)).take(i + 1).enumerate();
            for (j, (sum, row)) in added {
                sub_row(sum, row, prime(j));
            }
            return Err(i);
        }
    }
    Ok(())
}

/// Adds, and gives the largest word of `x`.
pub fn add_row(acc: &mut [u32], x: &[u32], prime: Prime) -> u32 {
    let lanes = prime.lanes();
    let mut top = [U32x4::splat(0); 4];
    let (acc_turns, acc_rest) = acc.as_chunks_mut::<4>().0.as_chunks_mut::<4>();
    let (x_turns, x_rest) = x.as_chunks::<4>().0.as_chunks::<4>();
    for (acc, x) in acc_turns.iter_mut().zip(x_turns) {
        for ((acc, x), top) in acc.iter_mut().zip(x).zip(&mut top) {
            let x = U32x4::load(x);
            *top = top.max(x);
            lanes.reduce(U32x4::load(acc) + x).store(acc);
        }
    }
    for (acc, x) in acc_rest.iter_mut().zip(x_rest) {
        let x = U32x4::load(x);
        top[0] = top[0].max(x);
        lanes.reduce(U32x4::load(acc) + x).store(acc);
    }
    let [a, b, c, d] = top;
    a.max(b).max(c.max(d)).to_array().into_iter().fold(0, u32::max)
}

/// Undoes [`add_row`], whatever the words of `x` are: mod 2^32 a sum is `acc + x` or `acc + x − p`, and
/// of what is left without `x`, and that with `p`, exactly one is below `p`, and it is the smaller.
pub fn sub_row(acc: &mut [u32], x: &[u32], prime: Prime) {
    let p = U32x4::splat(prime.0);
    for (acc, x) in acc.as_chunks_mut::<4>().0.iter_mut().zip(x.as_chunks::<4>().0) {
        let difference = U32x4::load(acc) - U32x4::load(x);
        difference.min(difference + p).store(acc);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words;

    const PRIMES: [Prime; 3] = [Prime(1_073_692_673), Prime(134_111_233), Prime(1_073_651_713)];

    fn rows(n: usize, count: usize, seed: u64) -> Vec<u32> {
        let mut rows = words(n * count, seed);
        for (i, row) in rows.chunks_exact_mut(n).enumerate() {
            row.iter_mut().for_each(|word| *word %= PRIMES[i % 3].0);
        }
        rows
    }

    #[test]
    fn sums_are_those_of_the_field_at_every_length() {
        for n in (4..=80).step_by(4) {
            let (a, b) = (rows(n, 7, 1), rows(n, 7, 2));
            let mut sum = a.clone();
            assert_eq!(add_rows(&mut sum, &b, n, &PRIMES), Ok(()));
            for i in 0..a.len() {
                assert_eq!(sum[i], (a[i] + b[i]) % PRIMES[i / n % 3].0);
            }
        }
    }

    #[test]
    fn a_word_that_is_no_residue_is_found_wherever_it_stands_and_nothing_changes() {
        let (n, count) = (20, 6);
        let acc = rows(n, count, 3);
        for at in 0..n * count {
            let prime = PRIMES[at / n % 3].0;
            for bad in [prime, prime + 1, 1 << 31, u32::MAX] {
                let (mut sum, mut x) = (acc.clone(), rows(n, count, 4));
                x[at] = bad;
                assert_eq!(add_rows(&mut sum, &x, n, &PRIMES), Err(at / n));
                assert_eq!(sum, acc);
            }
            let (mut sum, mut x) = (acc.clone(), rows(n, count, 4));
            x[at] = prime - 1;
            assert_eq!(add_rows(&mut sum, &x, n, &PRIMES), Ok(()));
        }
    }
}
