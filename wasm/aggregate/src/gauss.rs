//! Discrete Gaussian integers in constant time.
//!
//! A sample is a sign and 127 bits that are compared with every entry of a cumulative table: how many
//! entries lie above is its magnitude. Nothing branches on what was drawn, nor looks anything up by it.
//! The upper 63 bits are each sample's own; the lower 64, which decide only where the upper ones are
//! equal to an entry's, are one for [`RUN`] samples together, so that a table is rounded to 63 bits,
//! up or down by that draw, once for all of them.
//!
//! Entry `j` is `2^127 · P(|X| ≥ j)`, `P(x) ∝ exp(−x² / 2σ²)`, rounded to nearest; a table ends where
//! that is 0, beyond 13 σ. One sample is within 2^−123 of the discrete Gaussian in statistical distance.
//! Together the samples of a run are as if each had 64 lower bits of its own unless two of them have
//! upper bits equal to an entry's, which happens with a probability below 2^−101. An update of a million
//! values takes 2000 runs: all of its 254 000 samples are within 2^−90 of what they should be.

use crate::chacha::{Key, Keystream, Nonce, WORDS};
use crate::wipe::wipe;
use memory::lanes::U32x4;

/// Which distribution.
#[derive(Clone, Copy)]
pub enum Width {
    /// σ = 4.5, of keys.
    Key,
    /// σ = 6.4, of errors.
    Error,
}

/// For σ = 4.5.
#[rustfmt::skip]
static KEY: [u128; 59] = [
    0x74a6_fdb0_1376_1516_a3a5_ac4e_33b3_c0ce,
    0x5e82_ac6d_ca2f_5e4e_4d32_62b8_733d_d564,
    0x49f3_0eb9_efa6_2f7c_26c2_9097_09d2_37bc,
    0x37c6_c23d_61f1_62d2_245b_f4d4_dd40_3a10,
    0x287c_e83b_4dd6_01a8_df3e_44bd_760f_c30d,
    0x1c3e_f096_5627_9473_cbfb_36a0_5258_0d84,
    0x12ea_5eb5_ae73_85ea_4cdf_aae3_cc73_c217,
    0xc25_9fdd_8072_6d39_57ae_c70c_5827_0136,
    0x779_336d_0068_a0f8_b49f_649b_9c1d_1c51,
    0x466_e683_5862_1797_1b75_a16f_d9d2_b2f6,
    0x27b_0937_32aa_65a7_0502_e098_1e01_3229,
    0x156_2dce_f488_3e13_9f2f_711e_23be_54c4,
    0xb0_367e_3a0e_9c30_83b5_6a4a_cad7_5454,
    0x56_b084_2694_e064_46c2_bfff_eb32_1798,
    0x28_ba08_d8f2_9b07_24a5_f3dc_b2db_89e2,
    0x12_4400_6fae_85ce_887f_2195_f5ec_c791,
    0x7_d178_e393_0a98_cbe1_a5b5_6649_5fb6,
    0x3_3166_aa88_4cb7_437e_9a93_2b01_9c7a,
    0x1_3e72_1f8f_5514_fecf_ac47_5b02_5411,
    0x7652_6e72_1d1d_49e4_2cb9_6b95_8870,
    0x29ec_379f_e173_eb5f_78e1_1120_86d9,
    0xe29_6f2d_3588_05aa_6470_5dc2_43a8,
    0x48f_7ffe_65f1_ab99_3277_7b94_e2cb,
    0x166_5d80_29c0_a1e6_1310_7f19_0c82,
    0x68_d681_199b_f7b3_f89a_c554_1806,
    0x1d_3a37_c4a0_f944_4cb3_9723_6495,
    0x7_c3a9_24d6_5338_fb2e_04cf_71de,
    0x1_f71a_b3fd_5172_b2b0_9c3a_8984,
    0x7952_d200_ac93_16db_3be4_fab1,
    0x1bdf_5145_0095_9395_3225_b939,
    0x619_8cc3_2cb2_ba62_7434_c7bf,
    0x145_870e_1b72_f094_5368_fac4,
    0x40_a343_c509_27b8_2727_dcd9,
    0xc_3977_8de0_b3fc_6c70_ea21,
    0x2_33b0_dc0a_f99f_cd13_eede,
    0x60b2_d9d1_3596_d5e3_daea,
    0xfcc_31e6_69eb_70c8_4677,
    0x275_3065_e7a6_a63b_fefc,
    0x5d_3777_b7a4_7252_4e23,
    0xd_26a3_4276_6c1b_2d9d,
    0x1_c445_13de_9c0a_41ad,
    0x39da_6023_3701_f92c,
    0x70b_e54e_5276_b3dd,
    0xd1_337c_a323_3f61,
    0x17_19a3_6de0_adb1,
    0x2_6db8_845c_6161,
    0x3e3b_8bd2_0c99,
    0x5ee_4a9e_426a,
    0x89_c251_9f99,
    0xb_e665_a1c1,
    0xfa88_ee48,
    0x139d_9216,
    0x176_4bd1,
    0x1a_8f66,
    0x1_cb53,
    0x1d8a,
    0x1cf,
    0x1b,
    0x1,
];

/// For σ = 6.4.
#[rustfmt::skip]
static ERROR: [u128; 84] = [
    0x7805_6a5f_cdaf_06d3_eb10_7d26_fc5a_6391,
    0x6841_cfac_6014_173b_ec8b_a489_06ea_f6cd,
    0x590f_5262_912d_10b1_1b0c_29f9_d2a0_a287,
    0x4ac3_3009_9d75_b088_7f47_91f8_31d0_3992,
    0x3da2_d1bf_878e_d361_e49d_f496_4377_1671,
    0x31e0_1338_ca81_2850_6726_4474_cc19_2196,
    0x2797_a365_ee23_5caa_f7a9_7333_33a1_56ec,
    0x1ed1_7c78_bd52_c544_e5a9_ebcd_6fc3_88f1,
    0x1783_28da_6db7_86e0_9349_6e87_565f_0e81,
    0x1193_564a_ba04_319e_11d6_f9c4_ac1d_54dc,
    0xcde_1ea3_8833_4d98_5f20_cb83_c39a_c5ad,
    0x939_6f43_a6a5_a1e4_d3b6_a87d_0a7b_72be,
    0x679_102b_5b13_6f6c_0a31_eddb_5936_0f37,
    0x471_f21c_ab93_027a_1c86_d552_e18f_cb99,
    0x2fc_9639_b882_0aa7_b76d_e4d3_bc43_c5bc,
    0x1f6_895b_9826_186d_a3b0_ab3b_11ab_010d,
    0x143_0bf8_412c_e110_35dd_89c2_4d15_f6e0,
    0xcb_1247_7ced_3cff_e837_81ac_ad98_259c,
    0x7c_cfa5_8b04_6e4c_db64_96d8_76f0_a47c,
    0x4a_fe30_f36d_c00c_eacd_fbcc_8fcc_0e6d,
    0x2c_0b85_ea94_2189_7fbb_f07c_356b_a62d,
    0x19_4887_1cdd_1df3_f04a_d005_2ddf_7095,
    0xe_2f03_3d66_0353_aea3_1e51_6e75_c042,
    0x7_c67a_df12_d115_c7fe_a510_d2ea_80d4,
    0x4_2a2b_ea18_26e7_2c12_7fb2_3f0a_78c2,
    0x2_2df5_4e06_2664_52a2_7bb2_650f_428c,
    0x1_1d44_2be8_16cd_4dfe_547d_16ea_b97d,
    0x8e7a_1d2b_87ab_60cf_78d7_5e45_0002,
    0x4583_0280_3665_22ca_29c8_b1ea_dc50,
    0x2120_3551_1b04_28ed_55b2_3e5a_e893,
    0xf6b_2e7e_c641_f1a6_49f7_ba0d_546e,
    0x702_664f_bfd9_091c_c75b_782b_1336,
    0x31c_add8_0071_773f_1c04_6fe7_e346,
    0x159_6e74_5750_605b_dbeb_e910_ee8a,
    0x92_43a0_c3c9_0e20_8f39_c449_396b,
    0x3c_7a52_22fd_f32b_6306_20f7_66ad,
    0x18_6b2d_6ceb_8784_3899_fff1_0c60,
    0x9_a092_bd71_24ef_6bb6_5c67_844b,
    0x3_b4c6_59b2_cb0c_5253_fa86_ebd7,
    0x1_64a0_874a_eba9_1804_b5c9_0d95,
    0x82e2_1e0b_cf3c_460b_9ffe_8b47,
    0x2ee6_1bdb_19bc_4366_b23a_f0c1,
    0x1068_49ad_1183_f655_fa62_10b8,
    0x59a_a5d4_3078_eab8_bf0b_b5f1,
    0x1de_66be_af64_d2e7_369f_6031,
    0x9b_be8d_0e46_cc5d_9765_fd8b,
    0x31_7fc4_ed50_aa6f_4873_e920,
    0xf_5bb2_d4ad_cbbd_6ca9_f7dd,
    0x4_a6e5_b536_d879_264b_3c51,
    0x1_6023_5fcd_2fb6_eaea_0178,
    0x65a5_643a_4fa2_9e7d_4aa0,
    0x1ca4_4f62_645a_0014_7130,
    0x7e0_df7a_8ad6_8c65_79f9,
    0x21d_8cc8_2cb3_8332_0aa5,
    0x8d_f18f_36bc_b980_6bfe,
    0x24_510f_bcbc_4b9f_588f,
    0x9_11e6_e666_fabb_4dd0,
    0x2_3609_e2ac_d274_8247,
    0x86b1_a9b1_8990_62f7,
    0x1f49_26f6_f16d_f906,
    0x717_d6de_0960_774c,
    0x191_d807_2c8e_1707,
    0x56_ccf7_8641_df6a,
    0x12_4d04_57aa_d966,
    0x3_c423_2b79_d3be,
    0xc1a9_58fc_375f,
    0x25f7_e519_0834,
    0x743_fdf5_faf1,
    0x15b_664b_5b7f,
    0x3f_54a3_eeba,
    0xb_44b5_cb13,
    0x1_f4f8_7fae,
    0x54ea_1f15,
    0xe0c_3eae,
    0x244_ac6e,
    0x5b_828e,
    0xe_1345,
    0x2_1cec,
    0x4f41,
    0xb55,
    0x195,
    0x37,
    0x7,
    0x1,
];

/// Samples of four blocks of keystream.
const SAMPLES: usize = WORDS / 2;

/// Vectors of four samples that are counted together: an entry is loaded once for all of them.
const VECTORS: usize = 4;

/// Samples that share their lower bits.
pub const RUN: usize = 4 * SAMPLES;

/// As many entries of either table as are 2^64 or more, at most.
const MOST: usize = 58;

/// The bit that turns the order of unsigned words into that of signed ones, and back.
const TOP: u32 = 1 << 31;

/// A table rounded to 63 bits by one draw of the lower bits; at most `MOST` of its entries are 2^64 or
/// more.
pub(crate) struct Rounded<const MOST: usize> {
    /// Bits 32 to 62, of entries that have some there.
    high: [u32; MOST],
    /// Bits 0 to 31 with [`TOP`] turned over, of the same entries and of those with nothing above.
    low: [u32; MOST],
    /// How many of either there are.
    lengths: (usize, usize),
    /// How many of the other entries, which are 0 or 1, are 1.
    tail: u32,
}

impl<const MOST: usize> Rounded<MOST> {
    pub(crate) fn new() -> Self {
        Self { high: [0; MOST], low: [0; MOST], lengths: (0, 0), tail: 0 }
    }

    /// Rounds every entry up whose lower bits are above `draw`.
    pub fn round(&mut self, table: impl IntoIterator<Item = u128>, draw: u64) {
        *self = Self::new();
        for entry in table {
            let upper = (entry >> 64) as u64;
            let rounded = upper + u64::from(draw < entry as u64);
            if upper == 0 {
                self.tail += rounded as u32;
                continue;
            }
            let (highs, lows) = &mut self.lengths;
            self.low[*lows] = rounded as u32 ^ TOP;
            *lows += 1;
            if rounded >> 32 != 0 {
                self.high[*highs] = (rounded >> 32) as u32;
                *highs += 1;
            }
        }
    }

    /// How many entries are above numbers of 63 bits, whose upper 31 are in `high` and lower 32 in `low`.
    #[inline(always)]
    pub fn count<const N: usize>(&self, high: [U32x4; N], low: [U32x4; N]) -> [U32x4; N] {
        let (highs, lows) = self.lengths;
        let low_signed = low.map(|low| low ^ U32x4::splat(TOP));
        let mut counts = [U32x4::splat(0); N];
        for (&high_entry, &low_entry) in self.high[..highs].iter().zip(&self.low) {
            let (high_entry, low_entry) = (U32x4::splat(high_entry), U32x4::splat(low_entry));
            for i in 0..N {
                // All bits set is −1: one more for the upper words where the lower ones are less.
                let borrow = low_signed[i].signed_less_than(low_entry);
                counts[i] = counts[i] - high[i].signed_less_than(high_entry - borrow);
            }
        }
        // What is left counts only where the upper words are 0.
        let mut rest = [U32x4::splat(0); N];
        for &low_entry in &self.low[highs..lows] {
            let low_entry = U32x4::splat(low_entry);
            for i in 0..N {
                rest[i] = rest[i] - low_signed[i].signed_less_than(low_entry);
            }
        }
        let one = U32x4::splat(1);
        for i in 0..N {
            let (no_high, no_low) = (high[i].min(one) - one, low[i].min(one) - one);
            counts[i] = counts[i] + (no_high & (rest[i] + (no_low & U32x4::splat(self.tail))));
        }
        counts
    }

    pub fn wipe(&mut self) {
        *self = Self::new();
        core::hint::black_box(self);
    }
}

/// Fills `out` with samples as signed words; those below zero with `modulus` added.
///
/// Sample `i` takes words `2i` (the lower one) and `2i + 1` of the keystream, whose top bit is the sign,
/// and run `i` words `2i` and `2i + 1` of the keystream of the next nonce, one higher in its last word.
/// Nothing else may have used either.
pub fn gauss(out: &mut [u32], width: Width, key: &Key, nonce: Nonce, modulus: u32) {
    let table = match width {
        Width::Key => &KEY[..],
        Width::Error => &ERROR,
    };
    let [first, second, third] = nonce;
    let mut upper = Keystream::new(key, nonce);
    let mut lower = Keystream::new(key, [first, second, third + 1]);
    let mut draws = [0; WORDS];
    let mut stream = [0; WORDS];
    let mut samples = [0; SAMPLES];
    let mut rounded = Rounded::<MOST>::new();
    for (turn, out) in out.chunks_mut(SAMPLES).enumerate() {
        let (run, within) = (turn / (RUN / SAMPLES), turn % (RUN / SAMPLES));
        if within == 0 {
            let at = 2 * run % WORDS;
            if at == 0 {
                lower.four_blocks(4 * (2 * run / WORDS) as u32, &mut draws);
            }
            rounded.round(
                table.iter().copied(),
                u64::from(draws[at + 1]) << 32 | u64::from(draws[at]),
            );
        }
        upper.four_blocks(4 * turn as u32, &mut stream);
        let turns = stream.as_chunks::<{ 8 * VECTORS }>().0;
        for (words, samples) in turns.iter().zip(samples.as_chunks_mut::<{ 4 * VECTORS }>().0) {
            let pairs: [_; VECTORS] = core::array::from_fn(|i| {
                let quads = words.as_chunks::<4>().0;
                U32x4::load(&quads[2 * i]).deinterleave(U32x4::load(&quads[2 * i + 1]))
            });
            let high = pairs.map(|(_, high)| high & U32x4::splat(TOP - 1));
            let counts = rounded.count(high, pairs.map(|(low, _)| low));
            for (i, to) in samples.as_chunks_mut::<4>().0.iter_mut().enumerate() {
                let sign = pairs[i].1.signed_less_than(U32x4::splat(0));
                let signed = (counts[i] ^ sign) - sign;
                // As an unsigned word a sample below zero is larger than with the modulus added.
                signed.min(signed + U32x4::splat(modulus)).store(to);
            }
        }
        out.copy_from_slice(&samples[..out.len()]);
    }
    wipe(&mut draws);
    wipe(&mut stream);
    wipe(&mut samples);
    rounded.wipe();
    upper.wipe();
    lower.wipe();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{chacha::tests::block, words};

    fn key(seed: u64) -> Key {
        words(8, seed).try_into().unwrap()
    }

    fn samples(count: usize, width: Width, seed: u64) -> Vec<i32> {
        let mut out = vec![0; count];
        gauss(&mut out, width, &key(seed), [0; 3], 0);
        out.into_iter().map(u32::cast_signed).collect()
    }

    /// Pairs of words of a keystream.
    fn pairs(key: &Key, nonce: Nonce) -> impl Iterator<Item = u64> {
        let mut words = (0..).flat_map(move |counter| block(key, counter, nonce));
        core::iter::from_fn(move || Some(u64::from(words.next()?) | u64::from(words.next()?) << 32))
    }

    #[test]
    fn a_sample_counts_the_entries_above_its_bits_and_takes_its_sign_from_the_top_one() {
        for (width, table) in [(Width::Key, &KEY[..]), (Width::Error, &ERROR)] {
            for len in [0, 1, 31, 32, 33, 127, 128, 129, 5000] {
                let nonce = [3, len as u32, 0];
                let mut out = vec![0; len];
                gauss(&mut out, width, &key(1), nonce, 1000);
                let lower: Vec<u64> = pairs(&key(1), [3, len as u32, 1]).take(40).collect();
                for (i, (got, word)) in out.into_iter().zip(pairs(&key(1), nonce)).enumerate() {
                    let bits = u128::from(word << 1 >> 1) << 64 | u128::from(lower[i / RUN]);
                    let magnitude = table.iter().filter(|&&entry| bits < entry).count() as u32;
                    let negative = word >> 63 == 1 && magnitude > 0;
                    assert_eq!(got, if negative { 1000 - magnitude } else { magnitude });
                }
            }
        }
    }

    #[test]
    fn counting_is_exact_at_every_entry_whatever_the_lower_bits_are() {
        for table in [&KEY[..], &ERROR] {
            // One more carries into no other word, nor past what is compared with a sign.
            for entry in table {
                let upper = (entry >> 64) as u64;
                assert!(upper as u32 != u32::MAX && upper >> 32 < u64::from(TOP - 1));
            }
            let edges = table.iter().map(|&entry| entry as u64);
            let draws =
                edges.flat_map(|edge| [edge.saturating_sub(1), edge, edge.saturating_add(1)]);
            let mut rounded = Rounded::<MOST>::new();
            for draw in draws.chain([0, 1, u64::MAX]) {
                rounded.round(table.iter().copied(), draw);
                let near = table.iter().flat_map(|&entry| {
                    let upper = (entry >> 64) as u64;
                    [upper.saturating_sub(1), upper, upper + 1, upper + (1 << 32)]
                });
                let numbers: Vec<u64> = near.chain([0, 1 << 32, (1 << 63) - 1, 1 << 31]).collect();
                for &[a, b, c, d] in numbers.as_chunks::<4>().0 {
                    let four = [a, b, c, d];
                    let high = U32x4::load(&four.map(|bits| (bits >> 32) as u32));
                    let low = U32x4::load(&four.map(|bits| bits as u32));
                    let [counts] = rounded.count([high], [low]);
                    for (count, bits) in counts.to_array().into_iter().zip(four) {
                        let bits = u128::from(bits) << 64 | u128::from(draw);
                        let want = table.iter().filter(|&&entry| bits < entry).count();
                        assert_eq!(count as usize, want, "{bits:x}");
                    }
                }
            }
        }
    }

    #[test]
    fn the_tables_are_the_tails_of_their_distributions() {
        for (table, sigma) in [(&KEY[..], 4.5_f64), (&ERROR, 6.4)] {
            let weight = |x: usize| (-((x * x) as f64) / (2.0 * sigma * sigma)).exp();
            let total = 1.0 + 2.0 * (1..300).map(weight).sum::<f64>();
            for (i, &entry) in table.iter().enumerate() {
                let tail = 2.0 * (i + 1..300).rev().map(weight).sum::<f64>() / total;
                let want = tail * 2.0_f64.powi(127);
                // Float64 sums are good to some units of 2^-53; near the end, to rounding.
                assert!((entry as f64 - want).abs() <= 0.5 + want * 1e-14, "{entry} {want}");
            }
            let beyond = 2.0 * (table.len() + 1..300).rev().map(weight).sum::<f64>() / total;
            assert!(beyond * 2.0_f64.powi(127) <= 0.5);
        }
    }

    #[test]
    fn mean_variance_and_kurtosis_are_those_of_a_gaussian() {
        for (width, sigma, seed) in [(Width::Key, 4.5_f64, 5), (Width::Error, 6.4, 6)] {
            let n = 200_000;
            let drawn = samples(n, width, seed);
            let moment = |power| {
                drawn.iter().map(|&x| (f64::from(x) / sigma).powi(power)).sum::<f64>() / n as f64
            };
            let root = (n as f64).sqrt();
            assert!(moment(1).abs() < 5.0 / root, "{}", moment(1));
            assert!((moment(2) - 1.0).abs() < 5.0 * 2.0_f64.sqrt() / root, "{}", moment(2));
            assert!(moment(3).abs() < 5.0 * 15.0_f64.sqrt() / root, "{}", moment(3));
            assert!((moment(4) - 3.0).abs() < 5.0 * 96.0_f64.sqrt() / root, "{}", moment(4));
        }
    }

    #[test]
    fn every_value_is_as_frequent_as_it_should_be() {
        for (width, sigma, seed) in [(Width::Key, 4.5_f64, 7), (Width::Error, 6.4, 8)] {
            let n = 200_000;
            let drawn = samples(n, width, seed);
            let weight = |x: i32| (-f64::from(x * x) / (2.0 * sigma * sigma)).exp();
            let total: f64 = (-300..=300).map(weight).sum();
            let (mut chi, mut cells) = (0.0, 0);
            for x in -60..=60 {
                let want = weight(x) / total * n as f64;
                if want >= 10.0 {
                    let got = drawn.iter().filter(|&&y| y == x).count() as f64;
                    chi += (got - want).powi(2) / want;
                    cells += 1;
                }
            }
            // Mean `cells`, standard deviation √(2·cells).
            assert!(
                cells > 30 && chi < f64::from(cells) + 5.0 * f64::from(2 * cells).sqrt(),
                "{chi}"
            );
        }
    }
}
