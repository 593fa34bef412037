//! What attention owes its inputs. The scores are computed again, block by block: with the logarithm
//! of their powers' sum they give the weights at once.

use super::tile::{
    Eight, Four, Wide, add_quad, each, load, load_tile, outer_product, pack_columns, pack_eight,
    pack_fours, pack_row_eights, product, splat, store, store_tile, unpack_eight,
};
use super::{Head, KEY_BLOCK, Shape, TILE, hide, score, take};
use crate::exponential::Exponential;
use crate::vector::dot;
use core::ops::Range;
use memory::lanes::F32x4;

/// What the gradients are added to.
pub struct Gradients<'a> {
    pub dq: &'a mut [f32],
    pub dk: &'a mut [f32],
    pub dv: &'a mut [f32],
}

/// Values of scratch that [`attention_backward`] needs.
#[must_use]
pub const fn backward_scratch_len(keys: usize, head_dim: usize) -> usize {
    let (tiles, eights) = (keys.div_ceil(4), head_dim.div_ceil(8));
    let columns = head_dim.div_ceil(4);
    4 * (2 * tiles * head_dim + columns * keys)
        + TILE * (2 * head_dim + 2 * 8 * eights + 2 * KEY_BLOCK + 4 * columns)
        + 2 * 8 * 4 * tiles * eights
}

/// Adds to `gradients` what [`super::attention`] owes its inputs for `dout`. `lengths`, `out` and
/// `stats` are as it took and left them; `scratch` holds [`backward_scratch_len`] values.
///
/// With `P` the weights and `D = Σ dout·out` of a query: `dV = Pᵀ·dout`, `dS = P∘(dout·Vᵀ − D)`,
/// `dQ = dS·K / √d`, `dK = dSᵀ·Q / √d`.
pub fn attention_backward(
    shape: Shape,
    [q, k, v]: [&[f32]; 3],
    lengths: Option<&[u32]>,
    [out, stats, dout]: [&[f32]; 3],
    gradients: &mut Gradients,
    mut scratch: &mut [f32],
) {
    let Shape { heads, queries, keys, head_dim: dim, .. } = shape;
    let (columns, eights, tiles) = (dim.div_ceil(4), dim.div_ceil(8), keys.div_ceil(4));
    let key_fours = take::<4>(&mut scratch, tiles * dim);
    let value_fours = take::<4>(&mut scratch, tiles * dim);
    let key_columns = take::<4>(&mut scratch, columns * keys);
    let query_tile = take::<8>(&mut scratch, dim);
    let dout_tile = take::<8>(&mut scratch, dim);
    let query_rows = take::<8>(&mut scratch, 8 * eights).as_chunks_mut::<8>().0;
    let dout_rows = take::<8>(&mut scratch, 8 * eights).as_chunks_mut::<8>().0;
    let weights = take::<8>(&mut scratch, KEY_BLOCK);
    let slopes = take::<8>(&mut scratch, KEY_BLOCK);
    let dq_tile = take::<8>(&mut scratch, 4 * columns);
    // Gradients of keys and values by eight columns, key by key.
    let dk_eights = take::<8>(&mut scratch, 4 * tiles * eights).as_chunks_mut::<4>().0;
    let dv_eights = take::<8>(&mut scratch, 4 * tiles * eights).as_chunks_mut::<4>().0;
    for sequence in 0..shape.batch {
        let present = shape.present(lengths, sequence);
        for head in 0..heads {
            let of_keys = Head::new(shape, keys, sequence, head);
            let of_queries = Head::new(shape, queries, sequence, head);
            pack_fours(of_keys.rows(k), present, key_fours);
            pack_fours(of_keys.rows(v), present, value_fours);
            pack_columns(of_keys.rows(k), present, keys, key_columns);
            dk_eights.fill([[0.0; 8]; 4]);
            dv_eights.fill([[0.0; 8]; 4]);
            let stats = &stats[(sequence * heads + head) * queries..][..queries];
            for (t, stats) in stats.chunks(TILE).enumerate() {
                let (first, count) = (t * TILE, stats.len());
                let query = of_queries.rows(q).from(first);
                let dout_row = of_queries.rows(dout).from(first);
                pack_eight(query, count, shape.scale(), query_tile);
                pack_eight(dout_row, count, 1.0, dout_tile);
                pack_row_eights(query, count, shape.scale(), query_rows);
                pack_row_eights(dout_row, count, 1.0, dout_rows);
                let (mut logs, mut along) = ([0.0; TILE], [0.0; TILE]);
                logs[..count].copy_from_slice(stats);
                for (i, along) in along[..count].iter_mut().enumerate() {
                    *along = dot(dout_row.row(i), of_queries.rows(out).row(first + i));
                }
                let (logs, along) = (load(&logs), load(&along));
                dq_tile.fill([0.0; 8]);
                let seen = shape.seen(present, first);
                for from in (0..seen).step_by(KEY_BLOCK) {
                    let range = from..seen.min(from + KEY_BLOCK);
                    score(weights, key_fours, query_tile, range.clone());
                    if shape.causal {
                        hide(weights, range.clone(), first);
                    }
                    weigh(weights, slopes, value_fours, dout_tile, [logs, along], range.clone());
                    for (c, dq) in dq_tile.as_chunks_mut::<4>().0.iter_mut().enumerate() {
                        let of_block = &key_columns[c * keys..][range.clone()];
                        store_tile(product(of_block, slopes, load_tile(dq)), dq);
                    }
                    for c in 0..eights {
                        let at = c * tiles + from / 4;
                        add_outer(weights, &dout_rows[c], &mut dv_eights[at..], range.len());
                        add_outer(slopes, &query_rows[c], &mut dk_eights[at..], range.len());
                    }
                }
                let scale = F32x4::splat(shape.scale());
                unpack_eight(dq_tile, count, |i, column, lanes| {
                    let row = of_queries.row_mut(gradients.dq, first + i);
                    add_quad(lanes * scale, row, column);
                });
            }
            for (eights, to) in [(&*dk_eights, &mut *gradients.dk), (dv_eights, gradients.dv)] {
                for j in 0..present {
                    let row = of_keys.row_mut(to, j);
                    for c in 0..columns {
                        let halves = load(&eights[c / 2 * tiles + j / 4][j % 4]);
                        add_quad(halves[c % 2], row, 4 * c);
                    }
                }
            }
        }
    }
}

/// Turns the scores of a block into weights, and writes `dS` to `slopes`. Places beyond the block,
/// up to a multiple of four, become 0 in both.
fn weigh(
    weights: &mut [Eight],
    slopes: &mut [Eight],
    value_fours: &[Four],
    dout: &[Eight],
    [logs, along]: [Wide; 2],
    range: Range<usize>,
) {
    let exponential = Exponential::load();
    let dim = dout.len();
    let tiles = range.len().div_ceil(4);
    let weight_tiles = weights.as_chunks_mut::<4>().0[..tiles].iter_mut();
    let slope_tiles = slopes.as_chunks_mut::<4>().0[..tiles].iter_mut();
    let values = value_fours[range.start / 4 * dim..].chunks_exact(dim.max(1));
    for ((weights, slopes), values) in weight_tiles.zip(slope_tiles).zip(values) {
        let dweights = product(values, dout, [splat(0.0); 4]);
        for ((weight, slope), dweight) in weights.iter_mut().zip(slopes).zip(dweights) {
            let power = each(load(weight), logs, |score, log| exponential.exp(score - log));
            store(power, weight);
            let excess = each(dweight, along, |dweight, along| dweight - along);
            store(each(power, excess, |power, excess| power * excess), slope);
        }
    }
    weights[range.len()..4 * tiles].fill([0.0; 8]);
    slopes[range.len()..4 * tiles].fill([0.0; 8]);
}

/// Row `j` of `sums` grows by `Σᵢ left[j][i]·right[i]`, for `count` rows and the rest of their four.
fn add_outer(left: &[Eight], right: &[Eight; 8], sums: &mut [[Eight; 4]], count: usize) {
    for (left, sums) in left.as_chunks().0[..count.div_ceil(4)].iter().zip(sums) {
        store_tile(outer_product(left, right, load_tile(sums)), sums);
    }
}
