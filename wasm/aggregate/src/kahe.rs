//! Key-homomorphic encryption over `R = Z_q[X] / (X^N + 1)`: `c = a·k + t·e + m`, so that a sum of
//! ciphertexts opens under the sum of their keys, and under nothing less (DESIGN §5.1).
//!
//! `q` is a product of primes below 2^30 and everything is kept in residues, one row of `N` words a
//! prime. `t = 2^(slots·width)` holds `slots` values a coefficient. The sum of `n` ciphertexts is
//! `a·Σk + t·Σe + Σm`, and what is left of it without `a·Σk` is `t·Σe + Σm` as an integer while
//! `t·(|Σe| + 1) < q / 2`: the whole is then within `±q/2`, `Σm` in `[0, t)` is its remainder by `t`
//! and `Σe` its quotient. That `|Σe| ≤ 64·√n` (ten standard deviations) and no slot overflows bound
//! `n`; the handle over this core computes those bounds.
//!
//! What depends on a key or an error takes the same time whatever they are.

use crate::chacha::Key;
use crate::expand::expand;
use crate::gauss::{Width, gauss};
use crate::ntt::{KeyRow, TABLE_WORDS, Table, fill_table};
use crate::prime::{Factor, FixedFactor, Prime};
use crate::rns::{add_row, sub_row};
use crate::wipe::wipe;
use memory::lanes::U32x4;

/// The field that keys are shared over.
pub const SHARE_PRIME: Prime = Prime(1_073_692_673);

/// Words of a key's transform for each coefficient and prime: itself and its quotients.
pub const KEY_WORDS: usize = 2;

/// A ring: its degree, its primes, and for each a root of order `2N`.
pub struct Ring {
    pub degree: usize,
    pub primes: &'static [(Prime, u32)],
}

/// P1 and P2.
pub static RINGS: [Ring; 2] = [
    Ring {
        degree: 2048,
        primes: &[(Prime(134_176_769), 51_394_918), (Prime(134_111_233), 97_796_203)],
    },
    Ring {
        degree: 4096,
        primes: &[
            (Prime(1_073_692_673), 510_015_274),
            (Prime(1_073_668_097), 1_047_115_509),
            (Prime(1_073_651_713), 724_005_969),
        ],
    },
];

/// How values lie in a coefficient: `slots` of `width` bits, the first one lowest.
#[derive(Clone, Copy)]
pub struct Slots {
    pub count: usize,
    pub width: u32,
}

/// Largest noise of an opened sum, and how much there is of it.
#[derive(Clone, Copy, Default)]
pub struct Noise {
    /// `max |Σe|`.
    pub most: u64,
    /// Sum of the squares of `Σe` over all coefficients.
    pub squares: f64,
}

impl Ring {
    /// Words of all rows of one polynomial.
    #[must_use]
    pub fn words(&self) -> usize {
        self.primes.len() * self.degree
    }

    /// Fills the tables of all primes, `TABLE_WORDS · words()` words.
    pub fn fill_tables(&self, tables: &mut [u32]) {
        for (&(prime, psi), table) in
            self.primes.iter().zip(tables.chunks_exact_mut(TABLE_WORDS * self.degree))
        {
            fill_table(table, prime, psi);
        }
    }

    /// Primes with their tables.
    fn tables<'a>(&'a self, tables: &'a [u32]) -> impl Iterator<Item = (Prime, Table<'a>)> {
        self.primes
            .iter()
            .zip(tables.chunks_exact(TABLE_WORDS * self.degree))
            .map(|(&(prime, _), table)| (prime, Table::new(table, prime)))
    }

    /// Transforms a key, or a sum of keys, for multiplication.
    ///
    /// `key` holds residues mod the share prime that stand for integers within half of it; `out` is
    /// `KEY_WORDS · words()` words.
    pub fn transform_key(&self, tables: &[u32], key: &[u32], out: &mut [u32]) {
        let rows = out.chunks_exact_mut(KEY_WORDS * self.degree);
        for ((prime, table), row) in self.tables(tables).zip(rows) {
            let lanes = prime.lanes();
            let one = prime.factor(1).lanes();
            // A multiple of the prime above half of the share prime.
            let shift = (1_u32 << 31) / prime.0 * prime.0;
            let (transform, quotients) = row.split_at_mut(self.degree);
            let quads = transform.as_chunks_mut::<4>().0.iter_mut().zip(key.as_chunks::<4>().0);
            for (to, key) in quads {
                let key = U32x4::load(key);
                // Above the half, `half − key` wraps, and its top bit is set.
                let above = (U32x4::splat(SHARE_PRIME.0 / 2) - key).shift_right::<31>();
                let signed = key - above * U32x4::splat(SHARE_PRIME.0);
                lanes.mul(one.get(), signed + U32x4::splat(shift)).store(to);
            }
            table.forward(transform);
            prime.secret_quotients(transform, quotients);
        }
    }

    /// Adds to a sum of transformed keys the uniform one that a seed stands for, or takes it away:
    /// row `i` is the expansion of the seed with nonce `(i, 0, 0)`. A transform of uniform residues is
    /// uniform, so that none is computed. `sum` is `words()` residues, `scratch` `N` words.
    pub fn add_seed(&self, sum: &mut [u32], seed: &Key, minus: bool, scratch: &mut [u32]) {
        let rows = sum.chunks_exact_mut(self.degree).zip(self.primes).enumerate();
        for (index, (row, &(prime, _))) in rows {
            expand(scratch, seed, [index as u32, 0, 0], prime);
            if minus { sub_row(row, scratch, prime) } else { _ = add_row(row, scratch, prime) }
        }
    }

    /// A sum of transformed keys as [`Self::transform_key`] gives one.
    pub fn ready_key(&self, sum: &[u32], out: &mut [u32]) {
        let rows = out.chunks_exact_mut(KEY_WORDS * self.degree);
        for ((row, sum), &(prime, _)) in rows.zip(sum.chunks_exact(self.degree)).zip(self.primes) {
            let (transform, quotients) = row.split_at_mut(self.degree);
            transform.copy_from_slice(sum);
            prime.secret_quotients(transform, quotients);
        }
    }

    /// `a` times a key, polynomial `poly`, mod prime number `index`: residues in `[0, 2p)`.
    fn mask_row(
        &self,
        index: usize,
        seed: &Key,
        poly: u32,
        with: (&Table, &[u32]),
        out: &mut [u32],
    ) {
        let (table, key) = with;
        let (prime, _) = self.primes[index];
        let row = KEY_WORDS * self.degree;
        expand(out, seed, [index as u32, poly, 0], prime);
        table.multiply_back(out, &KeyRow::new(&key[index * row..][..row]));
    }
}

/// What stays the same over all polynomials of a parcel.
pub struct Context<'a> {
    pub ring: &'a Ring,
    pub tables: &'a [u32],
    /// A key, or a sum of keys, by [`Ring::transform_key`].
    pub key: &'a [u32],
    /// Key of the expansion of `a`.
    pub seed: &'a Key,
    pub slots: Slots,
}

impl Context<'_> {
    /// Encrypts the values of whole polynomials, the first of which is number `first`.
    ///
    /// `values[(poly·slots + slot)·N + i]` goes into slot `slot` of coefficient `i`;
    /// `out[(poly·primes + prime)·N + i]` in `[0, p)`. `scratch` is `N` words and as many as `limbs`.
    pub fn mask(
        &self,
        values: &[u32],
        out: &mut [u32],
        first: u32,
        error_key: &Key,
        scratch: &mut [u32],
    ) {
        let n = self.ring.degree;
        let (errors, limbs) = scratch.split_at_mut(n);
        let polys =
            values.chunks_exact(self.slots.count * n).zip(out.chunks_exact_mut(self.ring.words()));
        for ((values, out), poly) in polys.zip(first..) {
            gauss(errors, Width::Error, error_key, [poly, 0, 0], 0);
            self.limbs(values, errors, limbs);
            let rows = out.chunks_exact_mut(n).zip(self.ring.tables(self.tables)).enumerate();
            for (index, (row, (prime, table))) in rows {
                self.ring.mask_row(index, self.seed, poly, (&table, self.key), row);
                match self.ring.primes.len() {
                    2 => self.add_limbs::<2>(row, prime, limbs),
                    _ => self.add_limbs::<3>(row, prime, limbs),
                }
            }
        }
        wipe(scratch);
    }

    /// Cuts `t·e + m` in as many limbs as there are primes, of as many bits as those have, a row each:
    /// the lowest ones are below `2^bits`, the last one has what is left, with a sign.
    fn limbs(&self, values: &[u32], errors: &[u32], out: &mut [u32]) {
        match self.slots.count {
            2 => cut::<2, 20, 2, 27>(values, errors, out),
            3 => cut::<3, 25, 3, 30>(values, errors, out),
            4 => cut::<4, 19, 3, 30>(values, errors, out),
            _ => cut::<5, 15, 3, 30>(values, errors, out),
        }
    }

    /// `row += t·e + m`, reduced to `[0, p)`.
    ///
    /// The lowest limb is at most 2^17 above the prime and is added as it is. With Shoup's quotients
    /// another one, `w·v`, loses `⌊quotient·v / 2^32⌋·p` and is then below `p + p·v / 2^32`, at most
    /// `1.26p`: all together are below `3.6p`, which a word holds, so that what they lose is added up first
    /// and multiplied by `p` once.
    fn add_limbs<const LIMBS: usize>(&self, row: &mut [u32], prime: Prime, limbs: &[u32]) {
        let n = row.len();
        let lanes = prime.lanes();
        let bits = u32::BITS - prime.0.leading_zeros();
        let factors: [FixedFactor; LIMBS] =
            core::array::from_fn(|limb| prime.factor(prime.pow(2, bits * limb as u32)).lanes());
        let limbs: [&[[u32; 4]]; LIMBS] =
            core::array::from_fn(|limb| limbs[limb * n..][..n].as_chunks().0);
        for (i, row) in row.as_chunks_mut::<4>().0.iter_mut().enumerate() {
            let mut message = U32x4::load(&limbs[0][i]);
            let mut lost = U32x4::splat(0);
            for (at, (limb, factor)) in limbs.iter().zip(&factors).enumerate().skip(1) {
                // The last one may be negative. With the prime added it is no residue, but a word.
                let shift = if at == LIMBS - 1 { prime.0 } else { 0 };
                let (value, factor) = (U32x4::load(&limb[i]) + U32x4::splat(shift), factor.get());
                message = message + factor.value * value;
                lost = lost + factor.quotient.mul_high(value);
            }
            let message = lanes.halve(message - lost * U32x4::splat(prime.0));
            lanes.reduce(lanes.halve(U32x4::load(row) + message)).store(row);
        }
    }

    /// Opens the sum of whole polynomials, the first of which is number `first`, in place of
    /// `Σc`, whose residues must be below their primes: `values` as [`Self::mask`] takes them.
    /// `scratch` is `N` words.
    pub fn unmask(
        &self,
        sum: &mut [u32],
        values: &mut [u32],
        first: u32,
        scratch: &mut [u32],
    ) -> Noise {
        let n = self.ring.degree;
        let garner = Garner::new(self.ring);
        let mut noise = Noise::default();
        let polys = sum
            .chunks_exact_mut(self.ring.words())
            .zip(values.chunks_exact_mut(self.slots.count * n));
        for ((sum, values), poly) in polys.zip(first..) {
            let rows = sum.chunks_exact_mut(n).zip(self.ring.tables(self.tables)).enumerate();
            for (index, (row, (prime, table))) in rows {
                self.ring.mask_row(index, self.seed, poly, (&table, self.key), scratch);
                let lanes = prime.lanes();
                let half = U32x4::splat(garner.half_residues[index]);
                for (row, mask) in
                    row.as_chunks_mut::<4>().0.iter_mut().zip(scratch.as_chunks::<4>().0)
                {
                    let open = lanes.halve(lanes.sub(U32x4::load(row), U32x4::load(mask)));
                    lanes.reduce(lanes.add(open, half)).store(row);
                }
            }
            garner.digits(sum, n);
            garner.split(sum, values, self.slots, &mut noise);
        }
        noise
    }
}

/// See [`Context::limbs`]: slots of `WIDTH` bits lie one after the other, errors above them.
fn cut<const SLOTS: usize, const WIDTH: u32, const LIMBS: usize, const BITS: u32>(
    values: &[u32],
    errors: &[u32],
    out: &mut [u32],
) {
    let n = errors.len();
    let slots: [&[[u32; 4]]; SLOTS] =
        core::array::from_fn(|slot| values[slot * n..][..n].as_chunks().0);
    for (i, error) in errors.as_chunks::<4>().0.iter().enumerate() {
        let values = slots.map(|slot| U32x4::load(&slot[i]));
        let mut limbs = [U32x4::splat(0); LIMBS];
        for (limb, word) in limbs.iter_mut().enumerate() {
            let low = limb as u32 * BITS;
            for (slot, &value) in values.iter().enumerate() {
                let at = slot as u32 * WIDTH;
                if at >= low && at < low + BITS {
                    *word = *word | value.shifted_left(at - low);
                } else if at < low && at + WIDTH > low {
                    *word = *word | value.shifted_right(low - at);
                }
            }
            *word = if limb < LIMBS - 1 {
                *word & U32x4::splat((1 << BITS) - 1)
            } else {
                *word + U32x4::load(error).shifted_left(SLOTS as u32 * WIDTH - low)
            };
        }
        for (row, word) in out.chunks_exact_mut(n).zip(limbs) {
            word.store(&mut row.as_chunks_mut().0[i]);
        }
    }
}

/// Garner's mixed radix: `x = y0 + p0·y1 + p0·p1·y2` in `[0, q)`, of at most 96 bits.
struct Garner {
    primes: [Prime; 3],
    /// `1/p0 mod p1`, `1/p0 mod p2`, `1/p1 mod p2`.
    inverses: [Factor; 3],
    /// `⌊q / 2⌋`: its lower 32 bits, and the rest.
    half: (u32, u64),
    half_residues: [u32; 3],
}

impl Garner {
    fn new(ring: &Ring) -> Self {
        let prime = |i: usize| ring.primes.get(i).map_or(Prime(1), |&(prime, _)| prime);
        let primes = [prime(0), prime(1), prime(2)];
        let inverse = |of: usize, modulo: usize| {
            if modulo < ring.primes.len() {
                primes[modulo].factor(primes[modulo].inverse(primes[of].0 % primes[modulo].0))
            } else {
                Factor { value: 0, quotient: 0 }
            }
        };
        let q: u128 = primes.iter().map(|prime| u128::from(prime.0)).product();
        let half = q / 2;
        Self {
            primes,
            inverses: [inverse(0, 1), inverse(0, 2), inverse(1, 2)],
            half: (half as u32, (half >> 32) as u64),
            // `2·half + 1 = q` is 0 mod each prime.
            half_residues: primes.map(|prime| prime.0 / 2),
        }
    }

    /// Turns the rows of residues into rows of digits. The primes lie within a factor of two of each
    /// other, so that a residue of one is below twice any other.
    fn digits(&self, rows: &mut [u32], n: usize) {
        let (row0, rest) = rows.split_at_mut(n);
        let (row1, row2) = rest.split_at_mut(n);
        let [_, p1, p2] = self.primes.map(Prime::lanes);
        let [a, b, c] = self.inverses.map(Factor::lanes);
        let (row0, row1) = (row0.as_chunks::<4>().0, row1.as_chunks_mut::<4>().0);
        for (y0, r1) in row0.iter().zip(&mut *row1) {
            p1.reduce(p1.mul(a.get(), p1.sub(U32x4::load(r1), U32x4::load(y0)))).store(r1);
        }
        for ((y0, y1), r2) in row0.iter().zip(&*row1).zip(row2.as_chunks_mut::<4>().0) {
            let first = p2.mul(b.get(), p2.sub(U32x4::load(r2), U32x4::load(y0)));
            p2.reduce(p2.mul(c.get(), p2.sub(first, U32x4::load(y1)))).store(r2);
        }
    }

    /// Splits `x − ⌊q/2⌋` into `Σe` above and the slots below.
    fn split(&self, digits: &[u32], values: &mut [u32], slots: Slots, noise: &mut Noise) {
        match slots.count {
            2 => self.split_slots::<2>(digits, values, slots.width, noise),
            3 => self.split_slots::<3>(digits, values, slots.width, noise),
            4 => self.split_slots::<4>(digits, values, slots.width, noise),
            _ => self.split_slots::<5>(digits, values, slots.width, noise),
        }
    }

    /// The same for so many slots.
    fn split_slots<const SLOTS: usize>(
        &self,
        digits: &[u32],
        values: &mut [u32],
        width: u32,
        noise: &mut Noise,
    ) {
        let n = values.len() / SLOTS;
        let (row0, rest) = digits.split_at(n);
        let (row1, row2) = rest.split_at(n);
        // Of two primes there is no third digit: the second one stands in for it, times 0.
        let (row2, third) = if row2.is_empty() { (row1, 0) } else { (row2, u64::MAX) };
        let p0 = u64::from(self.primes[0].0);
        let p01 = (p0 * u64::from(self.primes[1].0)) & third;
        let (p01_low, p01_high) = (p01 & 0xffff_ffff, p01 >> 32);
        let total = SLOTS as u32 * width;
        let mask = u32::MAX >> (32 - width);
        let mut rest = values;
        let mut rows: [&mut [u32]; SLOTS] = core::array::from_fn(|_| {
            let (row, later) = core::mem::take(&mut rest).split_at_mut(n);
            rest = later;
            row
        });
        let (mut most, mut squares) = (0, 0);
        for (i, ((&y0, &y1), &y2)) in row0.iter().zip(row1).zip(row2).enumerate() {
            // Read anew, so that this stays a loop over words: pairs of products of 64 bits are as slow and
            // take a kilobyte more.
            // SAFETY: a reference is valid for reads, volatile or not.
            let p0 = unsafe { core::ptr::read_volatile(&raw const p0) };
            let low = u64::from(y0) + p0 * u64::from(y1) + p01_low * u64::from(y2);
            let high = (low >> 32) + p01_high * u64::from(y2);
            let (low, borrow) = (low as u32).overflowing_sub(self.half.0);
            let high = high.wrapping_sub(self.half.1 + u64::from(borrow)).cast_signed();
            let error = (high >> (total - 32)).unsigned_abs();
            most = error.max(most);
            squares += error * error;
            let lower = high.cast_unsigned() << 32 | u64::from(low);
            for (slot, row) in rows.iter_mut().enumerate() {
                let at = slot as u32 * width;
                let bits = if at < 32 { lower >> at } else { high.cast_unsigned() >> (at - 32) };
                row[i] = bits as u32 & mask;
            }
        }
        noise.most = noise.most.max(most);
        noise.squares += squares as f64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words;

    fn seed(number: u64) -> Key {
        words(8, number).try_into().unwrap()
    }

    /// A ring with its tables.
    fn prepared(index: usize) -> (&'static Ring, Vec<u32>) {
        let ring = &RINGS[index];
        let mut tables = vec![0; TABLE_WORDS * ring.words()];
        ring.fill_tables(&mut tables);
        (ring, tables)
    }

    fn transformed(ring: &Ring, tables: &[u32], key: &[u32]) -> Vec<u32> {
        let mut out = vec![0; KEY_WORDS * ring.words()];
        ring.transform_key(tables, key, &mut out);
        out
    }

    const PROFILES: [(usize, Slots); 4] = [
        (0, Slots { count: 2, width: 20 }),
        (1, Slots { count: 3, width: 25 }),
        (1, Slots { count: 4, width: 19 }),
        (1, Slots { count: 5, width: 15 }),
    ];

    #[test]
    fn a_sum_of_masked_values_opens_under_the_sum_of_keys_to_the_sum_of_the_values() {
        for (index, slots) in PROFILES {
            let (ring, tables) = prepared(index);
            let (n, polys, clients) = (ring.degree, 2, 5);
            let mut sum = vec![0; polys * ring.words()];
            let mut want = vec![0; polys * slots.count * n];
            let mut keys = vec![0; n];
            let primes: Vec<Prime> = ring.primes.iter().map(|&(prime, _)| prime).collect();
            for client in 0..clients {
                let mut key = vec![0; n];
                gauss(&mut key, Width::Key, &seed(client), [0; 3], SHARE_PRIME.0);
                let transform = transformed(ring, &tables, &key);
                let context =
                    Context { ring, tables: &tables, key: &transform, seed: &seed(99), slots };
                // The largest sums that fit, and values of all sizes.
                let most = ((1 << slots.width) - 1) / clients as u32;
                let values: Vec<u32> = words(want.len(), client + 50)
                    .into_iter()
                    .map(|word| if word % 3 == 0 { most } else { word % (most + 1) })
                    .collect();
                let mut masked = vec![0; sum.len()];
                let mut scratch = vec![0; n + ring.words()];
                context.mask(&values, &mut masked, 7, &seed(client + 20), &mut scratch);
                assert!(scratch.iter().all(|&word| word == 0));
                crate::rns::add_rows(&mut sum, &masked, n, &primes).unwrap();
                crate::rns::add_rows(&mut keys, &key, n, &[SHARE_PRIME]).unwrap();
                want.iter_mut().zip(&values).for_each(|(sum, value)| *sum += value);
            }
            let transform = transformed(ring, &tables, &keys);
            let context =
                Context { ring, tables: &tables, key: &transform, seed: &seed(99), slots };
            let mut opened = vec![0; want.len()];
            let noise = context.unmask(&mut sum, &mut opened, 7, &mut vec![0; n]);
            assert_eq!(opened, want);
            assert!(noise.most <= 64 * 3 && noise.most > 20, "{}", noise.most);
            let variance = noise.squares / (polys * n) as f64 / clients as f64;
            assert!((variance / (6.4 * 6.4) - 1.0).abs() < 0.12, "{variance}");
        }
    }

    #[test]
    fn keys_of_seeds_add_up_cancel_and_open_what_they_have_masked() {
        for (index, slots) in PROFILES {
            let (ring, tables) = prepared(index);
            let n = ring.degree;
            let mut scratch = vec![0; n];
            let mut sum = |seeds: &[(u64, bool)]| {
                let mut sum = vec![0; ring.words()];
                for &(number, minus) in seeds {
                    ring.add_seed(&mut sum, &seed(number), minus, &mut scratch);
                }
                sum
            };
            let ready = |sum: &[u32]| {
                let mut out = vec![0; KEY_WORDS * ring.words()];
                ring.ready_key(sum, &mut out);
                out
            };
            assert!(
                sum(&[(1, false), (2, true), (2, false), (1, true)]).iter().all(|&word| word == 0)
            );
            // A scalar reference of a sum and of quotients.
            let keys = sum(&[(1, false), (2, true)]);
            let out = ready(&keys);
            for (i, &(prime, _)) in ring.primes.iter().enumerate() {
                let [mut a, mut b] = [vec![0; n], vec![0; n]];
                expand(&mut a, &seed(1), [i as u32, 0, 0], prime);
                expand(&mut b, &seed(2), [i as u32, 0, 0], prime);
                for j in 0..n {
                    let want = (a[j] + prime.0 - b[j]) % prime.0;
                    assert_eq!(keys[i * n + j], want);
                    assert_eq!(out[2 * i * n + j], want);
                    assert_eq!(out[(2 * i + 1) * n + j], prime.factor(want).quotient);
                }
            }
            // Two parcels under b1 + k and b2 − k open under b1 + b2.
            let values: Vec<u32> = words(slots.count * n, 5)
                .into_iter()
                .map(|word| word % (1 << (slots.width - 1)))
                .collect();
            let mut total = vec![0; ring.words()];
            let primes: Vec<Prime> = ring.primes.iter().map(|&(prime, _)| prime).collect();
            for (client, seeds) in
                [[(7, false), (9, false)], [(8, false), (9, true)]].iter().enumerate()
            {
                let key = ready(&sum(seeds));
                let context = Context { ring, tables: &tables, key: &key, seed: &seed(99), slots };
                let mut masked = vec![0; ring.words()];
                let mut scratch = vec![0; n + ring.words()];
                context.mask(&values, &mut masked, 0, &seed(20 + client as u64), &mut scratch);
                crate::rns::add_rows(&mut total, &masked, n, &primes).unwrap();
            }
            let key = ready(&sum(&[(7, false), (8, false)]));
            let context = Context { ring, tables: &tables, key: &key, seed: &seed(99), slots };
            let mut opened = vec![0; values.len()];
            let noise = context.unmask(&mut total, &mut opened, 0, &mut vec![0; n]);
            assert!(opened.iter().zip(&values).all(|(sum, value)| *sum == 2 * value));
            assert!(noise.most <= 64, "{}", noise.most);
        }
    }

    #[test]
    fn sums_of_keys_are_transformed_with_their_sign_up_to_half_of_the_share_prime() {
        for index in [0, 1] {
            let (ring, tables) = prepared(index);
            let half = i64::from(SHARE_PRIME.0 / 2);
            let edges = [0, 1, -1, half, -half, half - 1, 59, -59];
            let mut key = vec![0; ring.degree];
            for (i, &edge) in edges.iter().enumerate() {
                key[100 + i] = edge.rem_euclid(i64::from(SHARE_PRIME.0)) as u32;
            }
            let out = transformed(ring, &tables, &key);
            let rows = out.chunks_exact(KEY_WORDS * ring.degree);
            for ((prime, table), row) in ring.tables(&tables).zip(rows) {
                let mut want = vec![0; ring.degree];
                for (i, &edge) in edges.iter().enumerate() {
                    want[100 + i] = edge.rem_euclid(i64::from(prime.0)) as u32;
                }
                table.forward(&mut want);
                assert_eq!(row[..ring.degree], want);
                let exact = |&value: &u32| prime.factor(value).quotient;
                assert!(want.iter().map(exact).eq(row[ring.degree..].iter().copied()));
            }
        }
    }

    #[test]
    fn splitting_gives_back_error_and_slots_at_the_ends_of_their_ranges() {
        for (index, slots) in PROFILES {
            let ring = &RINGS[index];
            let garner = Garner::new(ring);
            let q: i128 = ring.primes.iter().map(|&(prime, _)| i128::from(prime.0)).product();
            let t = 1_i128 << (slots.count as u32 * slots.width);
            let most = q / 2 / t - 1;
            let errors = [0, 1, -1, most, -most, most - 1, 17, -9];
            let messages = [0, 1, t - 1, t / 2, t / 3, t - 2, 1 << slots.width, 12_345_678_901];
            let mut digits = vec![0; ring.primes.len() * 64];
            for (i, row) in digits.chunks_exact_mut(64).enumerate() {
                let p = i128::from(ring.primes[i].0.0);
                for (j, word) in row.iter_mut().enumerate() {
                    let x = errors[j % 8] * t + messages[j / 8] + q / 2;
                    *word = x.rem_euclid(p) as u32;
                }
            }
            garner.digits(&mut digits, 64);
            let mut values = vec![0; slots.count * 64];
            let mut noise = Noise::default();
            garner.split(&digits, &mut values, slots, &mut noise);
            for j in 0..64 {
                for slot in 0..slots.count {
                    let want =
                        messages[j / 8] >> (slot as u32 * slots.width) & ((1 << slots.width) - 1);
                    assert_eq!(i128::from(values[slot * 64 + j]), want, "slot {slot} of {j}");
                }
            }
            assert_eq!(i128::from(noise.most), most);
            let squares: i128 = errors.iter().map(|error| 8 * error * error).sum();
            assert_eq!(noise.squares, squares as f64);
        }
    }
}
