//! The `u32` ring: addition and subtraction mod 2^32.

use core::ops::{Add, Sub};
use memory::lanes::U32x4;

/// `acc[i] += x[i]` for every value of two slices of one length.
pub fn add(acc: &mut [u32], x: &[u32]) {
    combine(acc, x, U32x4::add, u32::wrapping_add);
}

/// `acc[i] -= x[i]` for every value of two slices of one length.
pub fn sub(acc: &mut [u32], x: &[u32]) {
    combine(acc, x, U32x4::sub, u32::wrapping_sub);
}

/// Index of the first value above `most`, if there is one.
#[must_use]
pub fn first_above(x: &[u32], most: u32) -> Option<usize> {
    let (quads, tail) = x.as_chunks::<4>();
    let top = quads.iter().fold(U32x4::splat(0), |top, quad| top.max(U32x4::load(quad)));
    let within = top.to_array().iter().chain(tail).all(|&word| word <= most);
    if within { None } else { x.iter().position(|&word| word > most) }
}

#[inline(always)]
fn combine(
    acc: &mut [u32],
    x: &[u32],
    lanes: impl Fn(U32x4, U32x4) -> U32x4,
    word: impl Fn(u32, u32) -> u32,
) {
    let (acc_quads, acc_tail) = acc.as_chunks_mut::<4>();
    let (x_quads, x_tail) = x.as_chunks::<4>();
    // Four vectors a turn: fewer branches, and loads that do not wait for each other.
    let (acc_turns, acc_rest) = acc_quads.as_chunks_mut::<4>();
    let (x_turns, x_rest) = x_quads.as_chunks::<4>();
    for ([a, b, c, d], [e, f, g, h]) in acc_turns.iter_mut().zip(x_turns) {
        let ae = lanes(U32x4::load(a), U32x4::load(e));
        let bf = lanes(U32x4::load(b), U32x4::load(f));
        let cg = lanes(U32x4::load(c), U32x4::load(g));
        let dh = lanes(U32x4::load(d), U32x4::load(h));
        ae.store(a);
        bf.store(b);
        cg.store(c);
        dh.store(d);
    }
    for (a, b) in acc_rest.iter_mut().zip(x_rest) {
        lanes(U32x4::load(a), U32x4::load(b)).store(a);
    }
    for (a, &b) in acc_tail.iter_mut().zip(x_tail) {
        *a = word(*a, b);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words;

    fn each(mut acc: Vec<u32>, x: &[u32], word: impl Fn(u32, u32) -> u32) -> Vec<u32> {
        for i in 0..acc.len() {
            acc[i] = word(acc[i], x[i]);
        }
        acc
    }

    #[test]
    fn add_and_sub_equal_their_scalar_reference_at_every_length_and_offset() {
        for len in 0..=130 {
            for offset in 0..4 {
                let (a, b) = (words(len + offset, 1), words(len + offset, 2));
                let mut sum = a.clone();
                add(&mut sum[offset..], &b[offset..]);
                assert_eq!(sum[..offset], a[..offset]);
                let want = each(a[offset..].to_vec(), &b[offset..], u32::wrapping_add);
                assert_eq!(sum[offset..], want);
                sub(&mut sum[offset..], &b[offset..]);
                assert_eq!(sum, a);
            }
        }
    }

    #[test]
    fn the_first_value_above_a_bound_is_found_at_every_length_and_place() {
        for len in 0..=70 {
            assert_eq!(first_above(&vec![9; len], 9), None);
            for at in 0..len {
                let mut x = vec![9; len];
                x[at..].fill(u32::MAX);
                assert_eq!(first_above(&x, 9), Some(at));
                assert_eq!(first_above(&x, u32::MAX), None);
            }
        }
    }

    #[test]
    fn sums_wrap_at_two_to_the_thirty_two() {
        let mut acc = [u32::MAX, 0, 7, 1 << 31, u32::MAX];
        add(&mut acc, &[1, 0, u32::MAX, 1 << 31, u32::MAX]);
        assert_eq!(acc, [0, 0, 6, 0, u32::MAX - 1]);
        sub(&mut acc, &[1, 1, 6, 0, u32::MAX]);
        assert_eq!(acc, [u32::MAX, u32::MAX, 0, 0, u32::MAX]);
    }
}
