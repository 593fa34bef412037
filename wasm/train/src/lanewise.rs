//! One loop for all kernels that treat every place alike.

use core::array::from_fn;
use memory::lanes::F32x4;

/// Hands `each` the same four places of all slices, and puts what it returns into those of `write`.
///
/// The slices have one length. Places left over at the end come with zeros in the lanes beside
/// them, so that a value has the same bits wherever it stands.
#[inline(always)]
pub fn lanewise<const R: usize, const W: usize>(
    read: [&[f32]; R],
    write: [&mut [f32]; W],
    mut each: impl FnMut([F32x4; R], [F32x4; W]) -> [F32x4; W],
) {
    let len = write.first().map_or(0, |out| out.len());
    let read = read.map(|x| x[..len].as_chunks::<4>());
    let mut write = write.map(|out| out[..len].as_chunks_mut::<4>());
    for i in 0..len / 4 {
        let values = from_fn(|k| F32x4::load(&read[k].0[i]));
        let before = from_fn(|k| F32x4::load(&write[k].0[i]));
        let after = each(values, before);
        for (out, lanes) in write.iter_mut().zip(after) {
            lanes.store(&mut out.0[i]);
        }
    }
    if !len.is_multiple_of(4) {
        let values = from_fn(|k| padded(read[k].1, 0.0));
        let before = from_fn(|k| padded(write[k].1, 0.0));
        let after = each(values, before);
        for (out, lanes) in write.iter_mut().zip(after) {
            store_first(lanes, out.1);
        }
    }
}

/// Fewer than four values in the first lanes, `rest` in the others.
#[inline(always)]
#[must_use]
pub fn padded(tail: &[f32], rest: f32) -> F32x4 {
    // By cases: lanes put together in memory would be waited for.
    match *tail {
        [] => F32x4::splat(rest),
        [a] => F32x4::load(&[a, rest, rest, rest]),
        [a, b] => F32x4::load(&[a, b, rest, rest]),
        [a, b, c, ..] => F32x4::load(&[a, b, c, rest]),
    }
}

/// Writes as many lanes as `tail` has places.
#[inline(always)]
pub fn store_first(lanes: F32x4, tail: &mut [f32]) {
    let [first, second, third, _] = lanes.to_array();
    match tail {
        [] => {}
        [a] => *a = first,
        [a, b] => [*a, *b] = [first, second],
        [a, b, c, ..] => [*a, *b, *c] = [first, second, third],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::floats;

    #[test]
    fn every_place_of_every_slice_is_visited_once_at_every_length_and_offset() {
        for len in 0..=21 {
            for offset in 0..4 {
                let (a, b) = (floats(len + offset, 1, 1.0), floats(len + offset, 2, 1.0));
                let (mut c, mut d) = (floats(len + offset, 3, 1.0), floats(len + offset, 4, 1.0));
                let (before_c, before_d) = (c.clone(), d.clone());
                lanewise(
                    [&a[offset..], &b[offset..]],
                    [&mut c[offset..], &mut d[offset..]],
                    |[a, b], [c, d]| [c + a * b, d - a],
                );
                for i in 0..len + offset {
                    let inside = i >= offset;
                    let want = if inside { before_c[i] + a[i] * b[i] } else { before_c[i] };
                    assert_eq!(c[i].to_bits(), want.to_bits());
                    let want = if inside { before_d[i] - a[i] } else { before_d[i] };
                    assert_eq!(d[i].to_bits(), want.to_bits());
                }
            }
        }
    }

    #[test]
    fn lanes_beside_the_tail_hold_what_is_asked_for() {
        assert_eq!(padded(&[1.0, 2.0], -7.0).to_array(), [1.0, 2.0, -7.0, -7.0]);
        let mut tail = [0.0; 3];
        store_first(F32x4::load(&[1.0, 2.0, 3.0, 4.0]), &mut tail);
        assert_eq!(tail, [1.0, 2.0, 3.0]);
    }
}
