//! What JavaScript calls: spans come as a byte address; layouts are those of [`Shape`].

use super::{Gradients, Shape, backward_scratch_len, scratch_len};
use memory::{span, span_mut};
use wasm_bindgen::prelude::wasm_bindgen;

/// The lengths of a batch, unless their address is 0.
fn lengths<'a>(ptr: usize, batch: usize) -> Option<&'a [u32]> {
    (ptr != 0).then(|| span(ptr, batch))
}

/// Bytes of scratch that [`attention`] needs.
#[wasm_bindgen]
#[must_use]
pub fn attention_scratch(
    _batch: usize,
    _heads: usize,
    _queries: usize,
    keys: usize,
    head_dim: usize,
) -> usize {
    4 * scratch_len(keys, head_dim)
}

/// Attention of every head. `key_lengths` may be 0.
#[wasm_bindgen]
#[expect(clippy::too_many_arguments, reason = "a flat list of numbers is the whole interface")]
pub fn attention(
    q: usize,
    k: usize,
    v: usize,
    out: usize,
    key_lengths: usize,
    stats: usize,
    scratch: usize,
    batch: usize,
    heads: usize,
    queries: usize,
    keys: usize,
    head_dim: usize,
    causal: bool,
) {
    let shape = Shape { batch, heads, queries, keys, head_dim, causal };
    let width = heads * head_dim;
    let (of_queries, of_keys) = (batch * queries * width, batch * keys * width);
    super::attention(
        shape,
        [span(q, of_queries), span(k, of_keys), span(v, of_keys)],
        lengths(key_lengths, batch),
        span_mut(out, of_queries),
        span_mut(stats, batch * heads * queries),
        span_mut(scratch, scratch_len(keys, head_dim)),
    );
}

/// Bytes of scratch that [`attention_backward`] needs.
#[wasm_bindgen]
#[must_use]
pub fn attention_backward_scratch(
    _batch: usize,
    _heads: usize,
    _queries: usize,
    keys: usize,
    head_dim: usize,
) -> usize {
    4 * backward_scratch_len(keys, head_dim)
}

/// Adds to `dq`, `dk` and `dv` what [`attention`] owes its inputs.
#[wasm_bindgen]
#[expect(clippy::too_many_arguments, reason = "a flat list of numbers is the whole interface")]
pub fn attention_backward(
    q: usize,
    k: usize,
    v: usize,
    out: usize,
    key_lengths: usize,
    stats: usize,
    dout: usize,
    dq: usize,
    dk: usize,
    dv: usize,
    scratch: usize,
    batch: usize,
    heads: usize,
    queries: usize,
    keys: usize,
    head_dim: usize,
    causal: bool,
) {
    let shape = Shape { batch, heads, queries, keys, head_dim, causal };
    let width = heads * head_dim;
    let (of_queries, of_keys) = (batch * queries * width, batch * keys * width);
    super::attention_backward(
        shape,
        [span(q, of_queries), span(k, of_keys), span(v, of_keys)],
        lengths(key_lengths, batch),
        [span(out, of_queries), span(stats, batch * heads * queries), span(dout, of_queries)],
        &mut Gradients {
            dq: span_mut(dq, of_queries),
            dk: span_mut(dk, of_keys),
            dv: span_mut(dv, of_keys),
        },
        span_mut(scratch, backward_scratch_len(keys, head_dim)),
    );
}
