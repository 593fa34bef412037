//! Residues mod a prime below 2^30, one by one and four at a time.
//!
//! A product with a factor known beforehand takes Shoup's method: with `quotient = ⌊w·2^32 / p⌋`,
//! `w·x − ⌊quotient·x / 2^32⌋·p` is congruent to `w·x` and lies in `[0, 2p)` for every word `x`
//! (D. Harvey, "Faster arithmetic for number-theoretic transforms", 2014, section 2). Sums are kept
//! in `[0, 2p)` by `min(x, x − 2p)`, as a difference below zero is a large word: no branch anywhere.

use memory::lanes::U32x4;

/// A prime in `(2^26, 2^30)`.
#[derive(Clone, Copy)]
pub struct Prime(pub u32);

/// A factor and its quotient.
#[derive(Clone, Copy)]
pub struct Factor {
    pub value: u32,
    pub quotient: u32,
}

impl Prime {
    /// `a · b mod p`. It divides: for what is public only.
    #[must_use]
    pub fn mul(self, a: u32, b: u32) -> u32 {
        (u64::from(a) * u64::from(b) % u64::from(self.0)) as u32
    }

    /// `base^exponent mod p`, for what is public only.
    #[must_use]
    pub fn pow(self, base: u32, mut exponent: u32) -> u32 {
        let (mut square, mut power) = (base, 1);
        while exponent > 0 {
            if exponent & 1 == 1 {
                power = self.mul(power, square);
            }
            square = self.mul(square, square);
            exponent >>= 1;
        }
        power
    }

    /// `1 / a mod p` (Fermat), for what is public only.
    #[must_use]
    pub fn inverse(self, a: u32) -> u32 {
        self.pow(a, self.0 - 2)
    }

    /// A public factor in `[0, p)`, ready to multiply with.
    #[must_use]
    pub fn factor(self, value: u32) -> Factor {
        Factor { value, quotient: ((u64::from(value) << 32) / u64::from(self.0)) as u32 }
    }

    /// `w · x mod p`, for any word `x`, without a division.
    #[inline(always)]
    #[must_use]
    pub fn scale(self, w: Factor, x: u32) -> u32 {
        let lost = (u64::from(w.quotient) * u64::from(x)) >> 32;
        let scaled = w.value.wrapping_mul(x).wrapping_sub((lost as u32).wrapping_mul(self.0));
        scaled.min(scaled.wrapping_sub(self.0))
    }

    /// `⌊2^62 / p⌋`, for [`Self::secret_factor`].
    #[must_use]
    pub fn barrett(self) -> u64 {
        (1 << 62) / u64::from(self.0)
    }

    /// The same as [`Self::factor`] for a secret: division takes a time that depends on its operands,
    /// so this estimates the quotient, too small by at most 2, and corrects it without a branch.
    #[inline(always)]
    #[must_use]
    pub fn secret_factor(self, value: u32, barrett: u64) -> Factor {
        let p = u64::from(self.0);
        // value < 2^30 and barrett < 2^36, and their product is at most 2^62.
        let estimate = (u64::from(value) * barrett) >> 30;
        let mut quotient = estimate;
        let mut rest = (u64::from(value) << 32).wrapping_sub(estimate.wrapping_mul(p));
        for _ in 0..2 {
            let over = rest.wrapping_sub(p);
            // All bits set where the rest is below p.
            let below = (over.cast_signed() >> 63).cast_unsigned();
            quotient = quotient.wrapping_add(1).wrapping_add(below);
            rest = over.wrapping_add(below & p);
        }
        Factor { value, quotient: quotient as u32 }
    }

    /// The quotients of secret factors.
    pub fn secret_quotients(self, values: &[u32], quotients: &mut [u32]) {
        let barrett = self.barrett();
        for (quotient, &value) in quotients.iter_mut().zip(values) {
            *quotient = self.secret_factor(value, barrett).quotient;
        }
    }

    /// `p` in every lane.
    #[inline(always)]
    #[must_use]
    pub fn lanes(self) -> Lanes {
        Lanes { one: U32x4::splat(self.0), two: U32x4::splat(2 * self.0) }
    }
}

/// A prime for four residues at a time: `p` and `2p` in every lane.
#[derive(Clone, Copy)]
pub struct Lanes {
    one: U32x4,
    two: U32x4,
}

/// A factor a lane.
#[derive(Clone, Copy)]
pub struct FactorLanes {
    pub value: U32x4,
    pub quotient: U32x4,
}

/// One factor for every lane, which stays the same over a loop.
pub struct FixedFactor(FactorLanes);

impl Factor {
    #[inline(always)]
    #[must_use]
    pub fn lanes(self) -> FixedFactor {
        let (value, quotient) = (U32x4::splat(self.value), U32x4::splat(self.quotient));
        FixedFactor(FactorLanes { value, quotient })
    }
}

impl FixedFactor {
    /// The factor, its quotient read anew. If the compiler knew that it does not change, it would widen
    /// it to 64 bits ahead of the loop and then multiply whole 64-bit lanes, for which engines have no
    /// instruction: a transform would take twice as long.
    #[inline(always)]
    #[must_use]
    pub fn get(&self) -> FactorLanes {
        // SAFETY: a reference is valid for reads, volatile or not.
        let quotient = unsafe { core::ptr::read_volatile(&raw const self.0.quotient) };
        FactorLanes { value: self.0.value, quotient }
    }
}

impl Lanes {
    /// `w · x` in `[0, 2p)`, for any words `x`.
    #[inline(always)]
    #[must_use]
    pub fn mul(self, w: FactorLanes, x: U32x4) -> U32x4 {
        w.value * x - w.quotient.mul_high(x) * self.one
    }

    /// From `[0, 4p)` to `[0, 2p)`.
    #[inline(always)]
    #[must_use]
    pub fn halve(self, x: U32x4) -> U32x4 {
        x.min(x - self.two)
    }

    /// From `[0, 2p)` to `[0, p)`.
    #[inline(always)]
    #[must_use]
    pub fn reduce(self, x: U32x4) -> U32x4 {
        x.min(x - self.one)
    }

    /// `a + b` in `[0, 2p)`, of residues in `[0, 2p)`.
    #[inline(always)]
    #[must_use]
    pub fn add(self, a: U32x4, b: U32x4) -> U32x4 {
        self.halve(a + b)
    }

    /// `a − b` in `(0, 4p)`, of residues in `[0, 2p)`.
    #[inline(always)]
    #[must_use]
    pub fn sub(self, a: U32x4, b: U32x4) -> U32x4 {
        a + self.two - b
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{kahe::RINGS, words};

    #[test]
    fn products_with_a_factor_are_congruent_and_below_twice_the_prime_for_any_word() {
        for &(prime, _) in RINGS.iter().flat_map(|ring| ring.primes) {
            let p = prime.0;
            let edges = [0, 1, p - 1, p, 2 * p, u32::MAX, u32::MAX - 1, 1 << 31];
            for w in words(50, 1).into_iter().map(|w| w % p).chain([0, 1, p - 1]) {
                for x in words(48, w.into()).into_iter().chain(edges).collect::<Vec<_>>().chunks(4)
                {
                    let x: [u32; 4] = x.try_into().unwrap();
                    let lanes = prime.lanes();
                    let got = lanes.mul(prime.factor(w).lanes().get(), U32x4::load(&x)).to_array();
                    for (got, x) in got.into_iter().zip(x) {
                        assert!(got < 2 * p);
                        assert_eq!(
                            u64::from(got) % u64::from(p),
                            u64::from(w) * u64::from(x) % u64::from(p)
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn the_quotient_of_a_secret_is_the_exact_one_up_to_the_largest_residue() {
        for &(prime, _) in RINGS.iter().flat_map(|ring| ring.primes) {
            let p = prime.0;
            let some = words(100_000, 3).into_iter().map(|w| w % p);
            for value in some.chain([0, 1, 2, p / 2, p - 2, p - 1]) {
                let got = prime.secret_factor(value, prime.barrett());
                assert_eq!(got.quotient, prime.factor(value).quotient);
                assert_eq!(got.value, value);
            }
        }
    }

    #[test]
    fn sums_and_differences_stay_below_their_bounds() {
        let prime = Prime(1_073_692_673);
        let (p, lanes) = (prime.0, prime.lanes());
        let edges = [0, 1, p - 1, p, p + 1, 2 * p - 1];
        for a in edges {
            for b in edges {
                let (a4, b4) = (U32x4::splat(a), U32x4::splat(b));
                let sum = lanes.add(a4, b4).to_array()[0];
                assert!(sum < 2 * p && sum % p == (a % p + b % p) % p);
                let difference = lanes.sub(a4, b4).to_array()[0];
                assert!(difference > 0 && u64::from(difference) < 4 * u64::from(p));
                let residue = lanes.reduce(lanes.halve(lanes.sub(a4, b4))).to_array()[0];
                assert_eq!(residue, (a % p + p - b % p) % p);
            }
        }
    }

    #[test]
    fn powers_and_inverses_are_those_of_the_field() {
        let prime = Prime(1_073_692_673);
        assert_eq!(prime.pow(3, 5), 243);
        assert_eq!(prime.pow(5, prime.0 - 1), 1);
        for a in [1, 2, 12_345, prime.0 - 1] {
            assert_eq!(prime.mul(a, prime.inverse(a)), 1);
        }
    }
}
