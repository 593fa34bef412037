//! The negacyclic number-theoretic transform: products in `Z_p[X] / (X^N + 1)` become products of
//! words.
//!
//! Position `i` of a transform is the polynomial's value at `ψ^(2·rev(i) + 1)`, where `ψ` has order
//! `2N` and `rev` reverses the `log2 N` bits of an index. The butterflies are those of P. Longa and
//! M. Naehrig ("Speeding up the number theoretic transform", 2016, algorithms 1 and 2), lazy as in
//! [`crate::prime`]. Nothing branches on a residue or takes one as an address.

use crate::prime::{Factor, FactorLanes, FixedFactor, Lanes, Prime};
use memory::lanes::{U32x4, transpose};

/// Words of a prime's table for each coefficient.
pub const TABLE_WORDS: usize = 4;

/// Powers of `ψ` and of its inverse in bit-reversed order, each with its quotient.
pub struct Table<'a> {
    prime: Prime,
    /// `ψ^rev(i)`, then the quotients.
    forward: Powers<'a>,
    /// `ψ^−rev(i)`; at 0, which no butterfly uses, `1 / N`; at 1, the last one's, `ψ^−(N/2) / N`.
    inverse: Powers<'a>,
}

struct Powers<'a> {
    values: &'a [u32],
    quotients: &'a [u32],
}

impl<'a> Powers<'a> {
    fn new(words: &'a [u32]) -> Self {
        let (values, quotients) = words.split_at(words.len() / 2);
        Self { values, quotients }
    }

    /// One power in every lane.
    #[inline(always)]
    fn splat(&self, at: usize) -> FixedFactor {
        Factor { value: self.values[at], quotient: self.quotients[at] }.lanes()
    }

    /// Powers `4 · quad` to `4 · quad + 3`.
    #[inline(always)]
    fn quad(&self, quad: usize) -> FactorLanes {
        FactorLanes {
            value: U32x4::load(&self.values.as_chunks().0[quad]),
            quotient: U32x4::load(&self.quotients.as_chunks().0[quad]),
        }
    }
}

/// Fills a table of `TABLE_WORDS · N` words. `psi` has order `2N`.
pub fn fill_table(words: &mut [u32], prime: Prime, psi: u32) {
    let n = words.len() / TABLE_WORDS;
    let (forward, inverse) = words.split_at_mut(2 * n);
    let shrink = prime.inverse(n as u32);
    for (table, root) in [(forward, psi), (inverse, prime.inverse(psi))] {
        let (values, quotients) = table.split_at_mut(n);
        // With its bits turned over, an index whose highest one is `done` is one whose lowest one is
        // `n / 2·done`: another half of a table is the first one times that power.
        values[0] = 1;
        let mut done = 1;
        while done < n {
            let factor = prime.factor(prime.pow(root, (n / (2 * done)) as u32));
            let (known, rest) = values.split_at_mut(done);
            for (to, &from) in rest.iter_mut().zip(&*known) {
                *to = prime.scale(factor, from);
            }
            done *= 2;
        }
        if root != psi {
            values[0] = shrink;
            values[1] = prime.mul(values[1], shrink);
        }
        prime.secret_quotients(values, quotients);
    }
}

impl<'a> Table<'a> {
    /// Views a table that [`fill_table`] filled.
    #[must_use]
    pub fn new(words: &'a [u32], prime: Prime) -> Self {
        let (forward, inverse) = words.split_at(words.len() / 2);
        Self { prime, forward: Powers::new(forward), inverse: Powers::new(inverse) }
    }

    /// Transforms residues in `[0, 2p)` in place, to `[0, p)`. Once a key only, so it is kept plain.
    pub fn forward(&self, x: &mut [u32]) {
        let n = x.len();
        let lanes = self.prime.lanes();
        let mut blocks = 1;
        while blocks < n / 4 {
            let half = n / blocks / 2;
            for (i, block) in x.chunks_exact_mut(2 * half).enumerate() {
                let w = self.forward.splat(blocks + i);
                let (low, high) = block.split_at_mut(half);
                let (low, high) = (low.as_chunks_mut().0, high.as_chunks_mut().0);
                for (a, b) in low.iter_mut().zip(high) {
                    let (sum, difference) =
                        butterfly(lanes, w.get(), U32x4::load(a), U32x4::load(b));
                    sum.store(a);
                    difference.store(b);
                }
            }
            blocks *= 2;
        }
        for (i, group) in x.as_chunks_mut::<4>().0.as_chunks_mut::<4>().0.iter_mut().enumerate() {
            let [a, b, c, d] = transpose([0, 1, 2, 3].map(|j| U32x4::load(&group[j])));
            let w = self.forward.quad(n / 16 + i);
            let (a, c) = butterfly(lanes, w, a, c);
            let (b, d) = butterfly(lanes, w, b, d);
            let (even, odd) = self.pairs(&self.forward, n / 8 + 2 * i);
            let (a, b) = butterfly(lanes, even, a, b);
            let (c, d) = butterfly(lanes, odd, c, d);
            let rows = transpose([a, b, c, d].map(|x| lanes.reduce(lanes.halve(x))));
            for (to, row) in group.iter_mut().zip(rows) {
                row.store(to);
            }
        }
    }

    /// Powers at even and at odd places of two neighbouring quads.
    #[inline(always)]
    fn pairs(&self, powers: &Powers, quad: usize) -> (FactorLanes, FactorLanes) {
        let (first, second) = (powers.quad(quad), powers.quad(quad + 1));
        let (even, odd) = first.value.deinterleave(second.value);
        let (even_quotient, odd_quotient) = first.quotient.deinterleave(second.quotient);
        (
            FactorLanes { value: even, quotient: even_quotient },
            FactorLanes { value: odd, quotient: odd_quotient },
        )
    }

    /// Multiplies `x`, a transform of any words, by that of a key and transforms the product back:
    /// residues in `[0, 2p)`.
    pub fn multiply_back(&self, x: &mut [u32], key: &KeyRow) {
        let n = x.len();
        self.first_layers(x, key);
        // Two layers a turn: four blocks of 16 coefficients become one, then four of 64 and so on.
        let mut size = 64;
        while size < n {
            self.two_layers::<false>(x, size);
            size *= 4;
        }
        if size == n { self.two_layers::<true>(x, size) } else { self.last_layer(x) }
    }

    /// The product, and the four layers within blocks of 16 coefficients.
    fn first_layers(&self, x: &mut [u32], key: &KeyRow) {
        let n = x.len();
        let lanes = self.prime.lanes();
        let layer = |w, a, b| inverse_butterfly(lanes, w, a, b);
        let blocks = x.as_chunks_mut::<4>().0.as_chunks_mut::<4>().0;
        let keys = key.0.values.as_chunks::<4>().0.as_chunks::<4>().0;
        let key_quotients = key.0.quotients.as_chunks::<4>().0.as_chunks::<4>().0;
        let keys = keys.iter().zip(key_quotients);
        for (i, (block, (key, quotients))) in blocks.iter_mut().zip(keys).enumerate() {
            let product = |j: usize| {
                let (value, quotient) = (U32x4::load(&key[j]), U32x4::load(&quotients[j]));
                lanes.mul(FactorLanes { value, quotient }, U32x4::load(&block[j]))
            };
            // Turned over, the four coefficients of a quad stand in four vectors.
            let [a, b, c, d] = transpose([product(0), product(1), product(2), product(3)]);
            let (even, odd) = self.pairs(&self.inverse, n / 8 + 2 * i);
            let ((a, b), (c, d)) = (layer(even, a, b), layer(odd, c, d));
            let w = self.inverse.quad(n / 16 + i);
            let ((a, c), (b, d)) = (layer(w, a, c), layer(w, b, d));
            let [a, b, c, d] = transpose([a, b, c, d]);
            let at = n / 16 + i;
            let (left, right) = (self.inverse.splat(2 * at), self.inverse.splat(2 * at + 1));
            let ((a, b), (c, d)) = (layer(left.get(), a, b), layer(right.get(), c, d));
            let w = self.inverse.splat(at).get();
            let ((a, c), (b, d)) = (layer(w, a, c), layer(w, b, d));
            for (to, quad) in block.iter_mut().zip([a, b, c, d]) {
                quad.store(to);
            }
        }
    }

    /// Two layers, which make blocks of `size` coefficients out of four; with `LAST`, also over `N`.
    #[inline(always)]
    fn two_layers<const LAST: bool>(&self, x: &mut [u32], size: usize) {
        let blocks = x.len() / size;
        let lanes = self.prime.lanes();
        let shrink = self.inverse.splat(0);
        for (i, block) in x.chunks_exact_mut(size).enumerate() {
            let outer = self.inverse.splat(blocks + i);
            let left = self.inverse.splat(2 * (blocks + i));
            let right = self.inverse.splat(2 * (blocks + i) + 1);
            let (ab, cd) = block.split_at_mut(size / 2);
            let ((a, b), (c, d)) = (ab.split_at_mut(size / 4), cd.split_at_mut(size / 4));
            let (a, b) = (a.as_chunks_mut::<4>().0, b.as_chunks_mut::<4>().0);
            let (c, d) = (c.as_chunks_mut::<4>().0, d.as_chunks_mut::<4>().0);
            for (((a, b), c), d) in a.iter_mut().zip(b).zip(c).zip(d) {
                let (s, t) = inverse_butterfly(lanes, left.get(), U32x4::load(a), U32x4::load(b));
                let (u, v) = inverse_butterfly(lanes, right.get(), U32x4::load(c), U32x4::load(d));
                if LAST {
                    lanes.mul(shrink.get(), s + u).store(a);
                    lanes.mul(shrink.get(), t + v).store(b);
                } else {
                    lanes.add(s, u).store(a);
                    lanes.add(t, v).store(b);
                }
                lanes.mul(outer.get(), lanes.sub(s, u)).store(c);
                lanes.mul(outer.get(), lanes.sub(t, v)).store(d);
            }
        }
    }

    /// The layer that is left where `log2 N` is odd, over `N`.
    fn last_layer(&self, x: &mut [u32]) {
        let lanes = self.prime.lanes();
        let (shrink, w) = (self.inverse.splat(0), self.inverse.splat(1));
        let (low, high) = x.split_at_mut(x.len() / 2);
        for (a, b) in low.as_chunks_mut::<4>().0.iter_mut().zip(high.as_chunks_mut::<4>().0) {
            let (s, t) = (U32x4::load(a), U32x4::load(b));
            lanes.mul(shrink.get(), s + t).store(a);
            lanes.mul(w.get(), lanes.sub(s, t)).store(b);
        }
    }
}

/// `(a + w·b, a − w·b)` in `[0, 4p)`, of any `a` in `[0, 4p)` and any word `b`.
#[inline(always)]
fn butterfly(lanes: Lanes, w: FactorLanes, a: U32x4, b: U32x4) -> (U32x4, U32x4) {
    let (a, b) = (lanes.halve(a), lanes.mul(w, b));
    (a + b, lanes.sub(a, b))
}

/// `(a + b, w·(a − b))` in `[0, 2p)`, of residues in `[0, 2p)`.
#[inline(always)]
fn inverse_butterfly(lanes: Lanes, w: FactorLanes, a: U32x4, b: U32x4) -> (U32x4, U32x4) {
    (lanes.add(a, b), lanes.mul(w, lanes.sub(a, b)))
}

/// The transform of a key mod one prime, with the quotients to multiply by it.
pub struct KeyRow<'a>(Powers<'a>);

impl<'a> KeyRow<'a> {
    /// Views `N` words and their quotients.
    #[must_use]
    pub fn new(words: &'a [u32]) -> Self {
        Self(Powers::new(words))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{kahe::RINGS, words};

    /// Every prime with its root, degree and table.
    fn tables() -> impl Iterator<Item = (Prime, u32, usize, Vec<u32>)> {
        RINGS.iter().flat_map(|ring| {
            ring.primes.iter().map(|&(prime, psi)| {
                let mut table = vec![0; TABLE_WORDS * ring.degree];
                fill_table(&mut table, prime, psi);
                (prime, psi, ring.degree, table)
            })
        })
    }

    fn residues(n: usize, p: u32, seed: u64) -> Vec<u32> {
        words(n, seed).into_iter().map(|word| word % p).collect()
    }

    fn key_row(k: &[u32], prime: Prime) -> Vec<u32> {
        let quotients = k.iter().map(|&k| prime.factor(k).quotient);
        k.iter().copied().chain(quotients).collect()
    }

    #[test]
    fn the_roots_have_order_2n_and_the_transform_is_the_value_at_their_odd_powers() {
        for (prime, psi, n, words) in tables() {
            assert_eq!(prime.pow(psi, n as u32), prime.0 - 1);
            let x = residues(n, prime.0, 1);
            let mut got = x.clone();
            Table::new(&words, prime).forward(&mut got);
            for i in [0, 1, 2, 3, 4, 5, 63, n / 2, n - 2, n - 1] {
                let reversed = (i as u32).reverse_bits() >> (32 - n.trailing_zeros());
                let at = prime.pow(psi, 2 * reversed + 1);
                let value = x.iter().rev().fold(0, |sum, &c| (prime.mul(sum, at) + c) % prime.0);
                assert_eq!(got[i], value, "position {i} of {n}");
            }
        }
    }

    #[test]
    fn a_product_of_transforms_is_the_schoolbook_product_mod_x_to_the_n_plus_1() {
        for (prime, _, n, words) in tables() {
            let table = Table::new(&words, prime);
            let (p, a, k) = (u64::from(prime.0), residues(n, prime.0, 2), residues(n, prime.0, 3));
            let (mut product, mut key) = (a.clone(), k.clone());
            table.forward(&mut product);
            table.forward(&mut key);
            table.multiply_back(&mut product, &KeyRow::new(&key_row(&key, prime)));
            for at in [0, 1, 2, 3, 4, 17, n / 2, n - 1] {
                let want = (0..n).fold(0, |sum, i| {
                    let term = u64::from(a[i]) * u64::from(k[(n + at - i) % n]) % p;
                    (sum + if i <= at { term } else { p - term }) % p
                });
                assert!(u64::from(product[at]) < 2 * p);
                assert_eq!(u64::from(product[at]) % p, want, "coefficient {at} of {n}");
            }
        }
    }

    #[test]
    fn times_one_the_transform_comes_back_also_from_the_largest_words() {
        for (prime, _, n, words) in tables() {
            let table = Table::new(&words, prime);
            let one = key_row(&vec![1; n], prime);
            for x in [residues(n, prime.0, 4), vec![prime.0 - 1; n], vec![2 * prime.0 - 1; n]] {
                let mut got = x.clone();
                table.forward(&mut got);
                assert!(got.iter().all(|&word| word < prime.0));
                table.multiply_back(&mut got, &KeyRow::new(&one));
                for (got, want) in got.iter().zip(&x) {
                    assert_eq!(got % prime.0, want % prime.0);
                }
            }
            // Whatever words stand in the place of a transform, the result is that of their residues.
            let (mut wild, mut tame) = (vec![u32::MAX; n], vec![u32::MAX % prime.0; n]);
            table.multiply_back(&mut wild, &KeyRow::new(&one));
            table.multiply_back(&mut tame, &KeyRow::new(&one));
            assert!(wild.iter().zip(&tame).all(|(a, b)| a % prime.0 == b % prime.0));
        }
    }
}
