//! Discrete Gaussian integers in constant time.
//!
//! One 64-bit word of a ChaCha20 keystream a sample: its top bit is the sign, the other 63 are
//! compared with every entry of a cumulative table, and how many lie above is the magnitude. Nothing
//! branches on what was drawn, nor looks anything up by it.
//!
//! Entry `j` of a table is `2^63 · P(|X| ≥ j)`, `P(x) ∝ exp(−x² / 2σ²)`, rounded to nearest; it ends
//! where that is 0, beyond 9.1 σ. By that rounding (the tail is less) the statistical distance of a
//! sample from the discrete Gaussian is below 2^−59.9, and the Rényi divergence of order 2 of all
//! 254 000 samples of an update of a million values below 1 + 2^−40: no measurable loss of security.

use crate::chacha::{Key, Keystream, Nonce, WORDS};
use crate::wipe::wipe;
use memory::lanes::{I64x2, U32x4};

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
static KEY: [i64; 41] = [
    8_405_684_687_216_186_647,
    6_810_195_174_081_125_966,
    5_328_618_975_861_813_116,
    4_019_113_286_366_749_394,
    2_917_462_000_035_824_041,
    2_035_328_610_099_238_004,
    1_363_005_971_641_894_378,
    875_281_476_285_001_017,
    538_518_173_698_793_721,
    317_194_275_574_126_487,
    178_746_742_889_145_767,
    96_314_808_924_126_740,
    49_599_511_668_890_673,
    24_400_929_626_579_044,
    11_463_546_230_708_999,
    5_141_318_245_189_071,
    2_200_641_981_319_833,
    898_741_947_616_439,
    350_134_853_391_637,
    130_096_412_368_157,
    46_094_522_245_492,
    15_571_121_681_800,
    5_014_374_213_106,
    1_539_166_972_353,
    450_275_383_708,
    125_530_784_929,
    33_347_413_206,
    8_440_689_661,
    2_035_470_849,
    467_620_165,
    102_337_731,
    21_333_774,
    4_236_100,
    801_144,
    144_305,
    24_755,
    4_044,
    629,
    93,
    13,
    2,
];

/// For σ = 6.4.
#[rustfmt::skip]
static ERROR: [i64; 59] = [
    8_648_435_619_140_142_804,
    7_512_513_992_683_951_932,
    6_417_438_577_322_168_497,
    5_387_202_397_119_819_912,
    4_441_342_803_083_973_474,
    3_593_893_637_278_214_224,
    2_852_928_547_144_817_835,
    2_220_692_949_284_603_205,
    1_694_242_803_430_164_193,
    1_266_450_799_169_647_006,
    927_212_260_998_466_968,
    664_684_756_363_223_525,
    466_421_814_807_195_500,
    320_303_253_471_560_314,
    215_212_056_859_773_608,
    141_451_464_796_412_014,
    90_929_578_350_797_072,
    57_159_518_520_163_584,
    35_131_207_020_998_221,
    21_108_634_472_529_933,
    12_397_568_769_401_225,
    7_116_619_559_804_404,
    3_992_340_635_452_244,
    2_188_555_867_836_694,
    1_172_268_006_254_311,
    613_481_552_684_644,
    313_653_608_322_765,
    156_655_126_546_347,
    76_428_984_989_285,
    36_422_217_177_860,
    16_953_015_977_538,
    7_706_887_831_513,
    3_421_710_581_873,
    1_483_616_835_408,
    628_199_834_569,
    259_750_241_022,
    104_877_354_220,
    41_348_676_977,
    15_917_799_859,
    5_983_209_291,
    2_195_856_908,
    786_832_347,
    275_270_061,
    94_021_076,
    31_352_511,
    10_206_861,
    3_243_973,
    1_006_515,
    304_870,
    90_147,
    26_021,
    7_332,
    2_017,
    542,
    142,
    36,
    9,
    2,
    1,
];

/// Samples of four blocks of keystream.
const SAMPLES: usize = WORDS / 2;

/// Fills `out` with samples as signed words; those below zero with `modulus` added. Sample `i` takes
/// words `2i` (the lower one) and `2i + 1` of the keystream, which nothing else may have used.
pub fn gauss(out: &mut [u32], width: Width, key: &Key, nonce: Nonce, modulus: u32) {
    match width {
        Width::Key => sample(out, &KEY, key, nonce, modulus),
        Width::Error => sample(out, &ERROR, key, nonce, modulus),
    }
}

fn sample(out: &mut [u32], table: &[i64], key: &Key, nonce: Nonce, modulus: u32) {
    let mut keystream = Keystream::new(key, nonce);
    let mut stream = [0; WORDS];
    let mut samples = [0; SAMPLES];
    for (turn, out) in out.chunks_mut(SAMPLES).enumerate() {
        keystream.four_blocks(4 * turn as u32, &mut stream);
        // Four vectors at a time: an entry is loaded once for eight samples.
        let turns = stream.as_chunks::<16>().0.iter().zip(samples.as_chunks_mut::<8>().0);
        for (words, samples) in turns {
            let drawn = words.as_chunks::<4>().0;
            let drawn = [0, 1, 2, 3].map(|i| wide(&drawn[i]));
            let bits = drawn.map(|word| word & I64x2::splat(i64::MAX));
            let mut count = [I64x2::splat(0); 4];
            for &entry in table {
                let entry = I64x2::splat(entry);
                for (count, &bits) in count.iter_mut().zip(&bits) {
                    // All bits set is −1.
                    *count = *count - bits.less_than(entry);
                }
            }
            let mut signed = drawn;
            for (signed, count) in signed.iter_mut().zip(count) {
                let sign = signed.sign();
                *signed = (count ^ sign) - sign;
            }
            let [a, b, c, d] = signed;
            let (low, high) = samples.split_at_mut(4);
            for (to, words) in [(low, a.low_words(b)), (high, c.low_words(d))] {
                // As an unsigned word a sample below zero is larger than with the modulus added.
                words.min(words + U32x4::splat(modulus)).store(&mut to.as_chunks_mut().0[0]);
            }
        }
        out.copy_from_slice(&samples[..out.len()]);
    }
    wipe(&mut stream);
    wipe(&mut samples);
    keystream.wipe();
}

/// Two words of 64 bits, from four of 32.
#[inline(always)]
fn wide(&[a, b, c, d]: &[u32; 4]) -> I64x2 {
    let join = |low: u32, high: u32| (u64::from(high) << 32 | u64::from(low)).cast_signed();
    I64x2::load(&[join(a, b), join(c, d)])
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

    #[test]
    fn a_sample_counts_the_entries_above_its_bits_and_takes_its_sign_from_the_top_one() {
        for (width, table) in [(Width::Key, &KEY[..]), (Width::Error, &ERROR)] {
            for len in [0, 1, 31, 32, 33, 500] {
                let nonce = [3, len as u32, 0];
                let mut out = vec![0; len];
                gauss(&mut out, width, &key(1), nonce, 1000);
                let mut stream = (0..).flat_map(|counter| block(&key(1), counter, nonce));
                for got in out {
                    let (low, high) = (stream.next().unwrap(), stream.next().unwrap());
                    let bits = i64::from(high & 0x7fff_ffff) << 32 | i64::from(low);
                    let magnitude = table.iter().filter(|&&entry| bits < entry).count() as u32;
                    let negative = high >> 31 == 1 && magnitude > 0;
                    assert_eq!(got, if negative { 1000 - magnitude } else { magnitude });
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
                let want = tail * 2.0_f64.powi(63);
                // Float64 sums are good to some units of 2^-53; near the end, to rounding.
                assert!((entry as f64 - want).abs() <= 0.5 + want * 1e-14, "{entry} {want}");
            }
            let beyond = 2.0 * (table.len() + 1..300).rev().map(weight).sum::<f64>() / total;
            assert!(beyond * 2.0_f64.powi(63) <= 0.5);
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
