//! Sums over one vector, in one order for every build and length.

use memory::lanes::F32x4;

/// `Σ a[i]·b[i]` of two slices of one length, in float32: term `i` is added to partial sum
/// `i mod 8`, and the sums `s` are closed as
/// `((s0 + s4) + (s2 + s6)) + ((s1 + s5) + (s3 + s7))`.
#[inline]
#[must_use]
pub fn dot(a: &[f32], b: &[f32]) -> f32 {
    let (a_turns, a_tail) = a.as_chunks::<8>();
    let (b_turns, b_tail) = b.as_chunks::<8>();
    let mut low = F32x4::splat(0.0);
    let mut high = F32x4::splat(0.0);
    for (a, b) in a_turns.iter().zip(b_turns) {
        let ([a0, a1], [b0, b1]) = (quads(a), quads(b));
        low = low + a0 * b0;
        high = high + a1 * b1;
    }
    let mut s = [0.0; 8];
    let (halves, _) = s.as_chunks_mut::<4>();
    for (half, sum) in halves.iter_mut().zip([low, high]) {
        sum.store(half);
    }
    for ((sum, a), b) in s.iter_mut().zip(a_tail).zip(b_tail) {
        *sum += a * b;
    }
    ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]))
}

#[inline(always)]
fn quads(turn: &[f32; 8]) -> [F32x4; 2] {
    let &[a, b, c, d, e, f, g, h] = turn;
    [F32x4::load(&[a, b, c, d]), F32x4::load(&[e, f, g, h])]
}

/// `y[i] += factor · x[i]` for two slices of one length.
#[inline]
pub fn axpy(factor: f32, x: &[f32], y: &mut [f32]) {
    let (x_quads, x_tail) = x.as_chunks::<4>();
    let (y_quads, y_tail) = y.as_chunks_mut::<4>();
    for (x, y) in x_quads.iter().zip(y_quads) {
        (F32x4::load(y) + F32x4::splat(factor) * F32x4::load(x)).store(y);
    }
    for (x, y) in x_tail.iter().zip(y_tail) {
        *y += factor * x;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::floats;

    fn reference(a: &[f32], b: &[f32]) -> f32 {
        let mut s = [0.0; 8];
        for i in 0..a.len() {
            s[i % 8] += a[i] * b[i];
        }
        ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]))
    }

    #[test]
    fn dot_equals_its_scalar_reference_bit_for_bit_at_every_length_and_offset() {
        for len in 0..=70 {
            for offset in 0..4 {
                let (a, b) = (floats(len + offset, 1, 2.0), floats(len + offset, 2, 2.0));
                let (got, want) =
                    (dot(&a[offset..], &b[offset..]), reference(&a[offset..], &b[offset..]));
                assert_eq!(got.to_bits(), want.to_bits());
            }
        }
        assert_eq!(dot(&[1.0, 2.0, 3.0], &[4.0, 5.0, 6.0]), 32.0);
    }

    #[test]
    fn axpy_equals_its_scalar_reference_at_every_length_and_offset() {
        for len in 0..=40 {
            for offset in 0..4 {
                let (x, y) = (floats(len + offset, 3, 1.0), floats(len + offset, 4, 1.0));
                let mut got = y.clone();
                axpy(-0.7, &x[offset..], &mut got[offset..]);
                for i in 0..y.len() {
                    let want = if i < offset { y[i] } else { y[i] + -0.7 * x[i] };
                    assert_eq!(got[i].to_bits(), want.to_bits());
                }
            }
        }
    }
}
