//! Attention: `softmax(Q·Kᵀ / √d)·V` of each head, with the softmax taken over blocks of keys as
//! they come (Dao et al., NeurIPS 2022), so that the matrix of scores never exists.
//!
//! Eight queries go through the keys together, one in each lane: scores lie key by key with the
//! queries side by side, and what the softmax needs of all keys (maximum, sum) is taken lane by lane.

use crate::exponential::Exponential;
use crate::softmax::log_one;
use memory::lanes::F32x4;
use tile::{
    Eight, Four, Rows, Wide, each, load, load_tile, pack_columns, pack_eight, pack_fours, product,
    put_quad, splat, store, store_tile, unpack_eight,
};

mod backward;
#[cfg(target_arch = "wasm32")]
mod exports;
#[cfg(test)]
mod tests;
mod tile;

pub use backward::{Gradients, attention_backward, backward_scratch_len};

/// Keys that are scored before their values are summed: with eight queries, 4 KiB of scores.
const KEY_BLOCK: usize = 128;

/// Queries that go together.
const TILE: usize = 8;

/// Sizes of one call. Queries lie as `[batch, queries, heads·head_dim]`, keys and values as
/// `[batch, keys, heads·head_dim]`, the heads side by side.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    pub batch: usize,
    pub heads: usize,
    pub queries: usize,
    pub keys: usize,
    pub head_dim: usize,
    /// Query `i` sees keys `0..=i` only.
    pub causal: bool,
}

impl Shape {
    /// `1/√head_dim`.
    fn scale(self) -> f32 {
        1.0 / (self.head_dim as f32).sqrt()
    }

    /// Keys of a sequence that are there: all, or as many as its length says.
    fn present(self, lengths: Option<&[u32]>, sequence: usize) -> usize {
        lengths.map_or(self.keys, |lengths| self.keys.min(lengths[sequence] as usize))
    }

    /// Of `present` keys, those that one of the eight queries from `first` on sees.
    fn seen(self, present: usize, first: usize) -> usize {
        if self.causal { present.min(first + TILE) } else { present }
    }
}

/// Where the rows of one head of one sequence lie.
#[derive(Clone, Copy)]
struct Head {
    first: usize,
    stride: usize,
    dim: usize,
}

impl Head {
    fn new(shape: Shape, length: usize, sequence: usize, head: usize) -> Self {
        let (stride, dim) = (shape.heads * shape.head_dim, shape.head_dim);
        Self { first: sequence * length * stride + head * dim, stride, dim }
    }

    fn rows(self, x: &[f32]) -> Rows<'_> {
        // Without rows, there is nothing at the first one's place.
        let values = x.get(self.first..).unwrap_or_default();
        Rows { values, stride: self.stride, dim: self.dim }
    }

    #[inline(always)]
    fn row_mut(self, x: &mut [f32], i: usize) -> &mut [f32] {
        &mut x[self.first + i * self.stride..][..self.dim]
    }
}

/// Takes `count` blocks of `N` values off the front of `rest`.
fn take<'a, const N: usize>(rest: &mut &'a mut [f32], count: usize) -> &'a mut [[f32; N]] {
    let (taken, left) = core::mem::take(rest).split_at_mut(count * N);
    *rest = left;
    taken.as_chunks_mut().0
}

/// Values of scratch that [`attention`] needs.
#[must_use]
pub const fn scratch_len(keys: usize, head_dim: usize) -> usize {
    let (key_fours, columns) = (keys.div_ceil(4) * head_dim, head_dim.div_ceil(4));
    4 * (key_fours + columns * keys) + TILE * (head_dim + KEY_BLOCK + 4 * columns)
}

/// Writes each query's weighted mean of the values to `out`, and the logarithm of the sum of its
/// powers to `stats` (`[batch, heads, queries]`).
///
/// `lengths` says how many keys of each sequence are there. A query that sees none gets 0, and −∞.
/// A causal query does not see NaN in later keys, except among the next seven. `scratch` holds
/// [`scratch_len`] values.
pub fn attention(
    shape: Shape,
    [q, k, v]: [&[f32]; 3],
    lengths: Option<&[u32]>,
    out: &mut [f32],
    stats: &mut [f32],
    mut scratch: &mut [f32],
) {
    let Shape { heads, queries, keys, head_dim: dim, .. } = shape;
    let columns = dim.div_ceil(4);
    let exponential = Exponential::load();
    let key_fours = take::<4>(&mut scratch, keys.div_ceil(4) * dim);
    let value_columns = take::<4>(&mut scratch, columns * keys);
    let query_tile = take::<8>(&mut scratch, dim);
    let scores = take::<8>(&mut scratch, KEY_BLOCK);
    let sums = take::<8>(&mut scratch, 4 * columns);
    for sequence in 0..shape.batch {
        let present = shape.present(lengths, sequence);
        for head in 0..heads {
            let of_keys = Head::new(shape, keys, sequence, head);
            let of_queries = Head::new(shape, queries, sequence, head);
            pack_fours(of_keys.rows(k), present, key_fours);
            pack_columns(of_keys.rows(v), present, keys, value_columns);
            let stats = &mut stats[(sequence * heads + head) * queries..][..queries];
            for (t, stats) in stats.chunks_mut(TILE).enumerate() {
                let (first, count) = (t * TILE, stats.len());
                let seen = shape.seen(present, first);
                if seen == 0 {
                    stats.fill(f32::NEG_INFINITY);
                    (0..count).for_each(|i| of_queries.row_mut(out, first + i).fill(0.0));
                    continue;
                }
                pack_eight(of_queries.rows(q).from(first), count, shape.scale(), query_tile);
                sums.fill([0.0; 8]);
                let (most, total) = (splat(f32::NEG_INFINITY), splat(0.0));
                let mut mean = Mean { exponential, most, total, sums };
                for from in (0..seen).step_by(KEY_BLOCK) {
                    let range = from..seen.min(from + KEY_BLOCK);
                    score(scores, key_fours, query_tile, range.clone());
                    if shape.causal {
                        hide(scores, range.clone(), first);
                    }
                    mean.add(&mut scores[..range.len()], |column| {
                        &value_columns[column * keys..][range.clone()]
                    });
                }
                let logs = mean.finish();
                unpack_eight(sums, count, |i, column, lanes| {
                    put_quad(lanes, of_queries.row_mut(out, first + i), column);
                });
                stats.copy_from_slice(&logs[..count]);
            }
        }
    }
}

/// Scores of the keys of `range`, which begins at a multiple of four, against eight queries: place
/// `j` holds those of key `range.start + j`.
fn score(
    scores: &mut [Eight],
    key_fours: &[Four],
    queries: &[Eight],
    range: core::ops::Range<usize>,
) {
    let dim = queries.len();
    let tiles = scores.as_chunks_mut::<4>().0[..range.len().div_ceil(4)].iter_mut();
    for (tile, keys) in tiles.zip(key_fours[range.start / 4 * dim..].chunks_exact(dim.max(1))) {
        store_tile(product(keys, queries, [splat(0.0); 4]), tile);
    }
}

/// Sets the scores of keys after their query to −∞; lane 0 is query `first`.
fn hide(scores: &mut [Eight], range: core::ops::Range<usize>, first: usize) {
    for key in range.start.max(first + 1)..range.end {
        let hidden = (key - first).min(TILE);
        scores[key - range.start][..hidden].fill(f32::NEG_INFINITY);
    }
}

/// A weighted mean of values for eight queries, as far as it is known.
struct Mean<'a> {
    exponential: Exponential,
    /// The largest score so far.
    most: Wide,
    /// `Σ e^(score − most)`.
    total: Wide,
    /// `Σ e^(score − most)·value`, column by column.
    sums: &'a mut [Eight],
}

impl Mean<'_> {
    /// Adds keys by their `scores`, which are overwritten; `values(c)` are columns `4c..4c + 4`.
    #[inline(always)]
    fn add<'a>(&mut self, scores: &mut [Eight], values: impl Fn(usize) -> &'a [Four]) {
        let (exponential, before) = (self.exponential, self.most);
        self.most = scores.iter().fold(before, |most, scores| each(load(scores), most, F32x4::max));
        // What is there already counts from the old largest score. At first that is −∞.
        let shrink = each(before, self.most, |before, now| exponential.exp(before - now));
        let mut total = each(self.total, shrink, |total, shrink| total * shrink);
        for sums in &mut *self.sums {
            store(each(load(sums), shrink, |sum, shrink| sum * shrink), sums);
        }
        for scores in &mut *scores {
            let powers = each(load(scores), self.most, |score, most| exponential.exp(score - most));
            total = each(total, powers, |total, power| total + power);
            store(powers, scores);
        }
        self.total = total;
        for (c, sums) in self.sums.as_chunks_mut::<4>().0.iter_mut().enumerate() {
            store_tile(product(values(c), scores, load_tile(sums)), sums);
        }
    }

    /// Divides the sums by the total, and returns the logarithm of `Σ e^score` of each query.
    #[inline(always)]
    fn finish(self) -> [f32; TILE] {
        let inverse = self.total.map(|total| F32x4::splat(1.0) / total);
        for sums in self.sums {
            store(each(load(sums), inverse, |sum, inverse| sum * inverse), sums);
        }
        let (mut logs, mut total) = ([0.0; TILE], [0.0; TILE]);
        store(self.most, &mut logs);
        store(self.total, &mut total);
        for (log, total) in logs.iter_mut().zip(total) {
            *log += log_one(total);
        }
        logs
    }
}
