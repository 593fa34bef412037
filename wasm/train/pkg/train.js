/* @ts-self-types="./train.d.ts" */

/**
 * `out[i] = y(x[i])`.
 * @param {number} x
 * @param {number} out
 * @param {number} len
 * @param {number} activation
 */
export function activate(x, out, len, activation) {
    wasm.activate(x, out, len, activation);
}

/**
 * `dx[i] += dy[i]·y'(x[i])`. Of `x` and `y`, the one that the slope does not need may be 0.
 * @param {number} x
 * @param {number} y
 * @param {number} dy
 * @param {number} dx
 * @param {number} len
 * @param {number} activation
 */
export function activate_backward(x, y, dy, dx, len, activation) {
    wasm.activate_backward(x, y, dy, dx, len, activation);
}

/**
 * A step of Adagrad with squares `v`.
 * @param {number} w
 * @param {number} g
 * @param {number} v
 * @param {number} len
 * @param {number} rate
 * @param {number} epsilon
 */
export function adagrad(w, g, v, len, rate, epsilon) {
    wasm.adagrad(w, g, v, len, rate, epsilon);
}

/**
 * Step number `step` of Adam with moments `m` and `v`; `decay` goes into the gradient.
 * @param {number} w
 * @param {number} g
 * @param {number} m
 * @param {number} v
 * @param {number} len
 * @param {number} rate
 * @param {number} beta1
 * @param {number} beta2
 * @param {number} epsilon
 * @param {number} step
 * @param {number} decay
 */
export function adam(w, g, m, v, len, rate, beta1, beta2, epsilon, step, decay) {
    wasm.adam(w, g, m, v, len, rate, beta1, beta2, epsilon, step, decay);
}

/**
 * The same with `decay` beside the step.
 * @param {number} w
 * @param {number} g
 * @param {number} m
 * @param {number} v
 * @param {number} len
 * @param {number} rate
 * @param {number} beta1
 * @param {number} beta2
 * @param {number} epsilon
 * @param {number} step
 * @param {number} decay
 */
export function adamw(w, g, m, v, len, rate, beta1, beta2, epsilon, step, decay) {
    wasm.adamw(w, g, m, v, len, rate, beta1, beta2, epsilon, step, decay);
}

/**
 * `out[i] = a[i] + b[i]`.
 * @param {number} a
 * @param {number} b
 * @param {number} out
 * @param {number} len
 */
export function add(a, b, out, len) {
    wasm.add(a, b, out, len);
}

/**
 * `out[i][out_offset + j] += x[i][x_offset + j]` for `j` below `cols`. Traps where these are not
 * columns of both.
 * @param {number} x
 * @param {number} out
 * @param {number} rows
 * @param {number} cols
 * @param {number} x_cols
 * @param {number} x_offset
 * @param {number} out_cols
 * @param {number} out_offset
 */
export function add_block(x, out, rows, cols, x_cols, x_offset, out_cols, out_offset) {
    wasm.add_block(x, out, rows, cols, x_cols, x_offset, out_cols, out_offset);
}

/**
 * `out[i][j] += factor·column[i]`.
 * @param {number} column
 * @param {number} out
 * @param {number} rows
 * @param {number} cols
 * @param {number} factor
 */
export function add_columns(column, out, rows, cols, factor) {
    wasm.add_columns(column, out, rows, cols, factor);
}

/**
 * Adds one row of `cols` values to each of `rows`.
 * @param {number} x
 * @param {number} row
 * @param {number} out
 * @param {number} rows
 * @param {number} cols
 */
export function add_rows(x, row, out, rows, cols) {
    wasm.add_rows(x, row, out, rows, cols);
}

/**
 * `out[i] += factor·x[i]`.
 * @param {number} x
 * @param {number} out
 * @param {number} len
 * @param {number} factor
 */
export function add_scaled(x, out, len, factor) {
    wasm.add_scaled(x, out, len, factor);
}

/**
 * `out[i][j] += factors[i]·x[i][j]`.
 * @param {number} x
 * @param {number} factors
 * @param {number} out
 * @param {number} rows
 * @param {number} cols
 */
export function add_scaled_rows(x, factors, out, rows, cols) {
    wasm.add_scaled_rows(x, factors, out, rows, cols);
}

/**
 * The exact server step over `items` items. Returns `items`, or the first item whose matrix is
 * not positive definite; the rows before it are then written already.
 * @param {number} items
 * @param {number} dim
 * @param {number} outer
 * @param {number} linear
 * @param {number} counts
 * @param {number} base
 * @param {number} each
 * @param {number} all
 * @param {number} out
 * @param {number} scratch
 * @returns {number}
 */
export function als_exact(items, dim, outer, linear, counts, base, each, all, out, scratch) {
    const ret = wasm.als_exact(items, dim, outer, linear, counts, base, each, all, out, scratch);
    return ret >>> 0;
}

/**
 * The quasi-Newton server step over `items` items; returns as [`als_exact`] does.
 * @param {number} items
 * @param {number} dim
 * @param {number} table
 * @param {number} gradients
 * @param {number} strengths
 * @param {number} base
 * @param {number} curvature
 * @param {number} each
 * @param {number} all
 * @param {number} rate
 * @param {number} out
 * @param {number} scratch
 * @returns {number}
 */
export function als_newton(items, dim, table, gradients, strengths, base, curvature, each, all, rate, out, scratch) {
    const ret = wasm.als_newton(items, dim, table, gradients, strengths, base, curvature, each, all, rate, out, scratch);
    return ret >>> 0;
}

/**
 * Whether a value of `x` is infinite or NaN.
 * @param {number} x
 * @param {number} len
 * @returns {boolean}
 */
export function any_not_finite(x, len) {
    const ret = wasm.any_not_finite(x, len);
    return ret !== 0;
}

/**
 * Attention of every head. `key_lengths` may be 0.
 * @param {number} q
 * @param {number} k
 * @param {number} v
 * @param {number} out
 * @param {number} key_lengths
 * @param {number} stats
 * @param {number} scratch
 * @param {number} batch
 * @param {number} heads
 * @param {number} queries
 * @param {number} keys
 * @param {number} head_dim
 * @param {boolean} causal
 */
export function attention(q, k, v, out, key_lengths, stats, scratch, batch, heads, queries, keys, head_dim, causal) {
    wasm.attention(q, k, v, out, key_lengths, stats, scratch, batch, heads, queries, keys, head_dim, causal);
}

/**
 * Adds to `dq`, `dk` and `dv` what [`attention`] owes its inputs.
 * @param {number} q
 * @param {number} k
 * @param {number} v
 * @param {number} out
 * @param {number} key_lengths
 * @param {number} stats
 * @param {number} dout
 * @param {number} dq
 * @param {number} dk
 * @param {number} dv
 * @param {number} scratch
 * @param {number} batch
 * @param {number} heads
 * @param {number} queries
 * @param {number} keys
 * @param {number} head_dim
 * @param {boolean} causal
 */
export function attention_backward(q, k, v, out, key_lengths, stats, dout, dq, dk, dv, scratch, batch, heads, queries, keys, head_dim, causal) {
    wasm.attention_backward(q, k, v, out, key_lengths, stats, dout, dq, dk, dv, scratch, batch, heads, queries, keys, head_dim, causal);
}

/**
 * Bytes of scratch that [`attention_backward`] needs.
 * @param {number} _batch
 * @param {number} _heads
 * @param {number} _queries
 * @param {number} keys
 * @param {number} head_dim
 * @returns {number}
 */
export function attention_backward_scratch(_batch, _heads, _queries, keys, head_dim) {
    const ret = wasm.attention_backward_scratch(_batch, _heads, _queries, keys, head_dim);
    return ret >>> 0;
}

/**
 * Bytes of scratch that [`attention`] needs.
 * @param {number} _batch
 * @param {number} _heads
 * @param {number} _queries
 * @param {number} keys
 * @param {number} head_dim
 * @returns {number}
 */
export function attention_scratch(_batch, _heads, _queries, keys, head_dim) {
    const ret = wasm.attention_scratch(_batch, _heads, _queries, keys, head_dim);
    return ret >>> 0;
}

/**
 * Logistic loss of each logit against its target.
 * @param {number} logits
 * @param {number} targets
 * @param {number} losses
 * @param {number} dlogits
 * @param {number} len
 */
export function bce(logits, targets, losses, dlogits, len) {
    wasm.bce(logits, targets, losses, dlogits, len);
}

/**
 * Pairwise ranking loss; both gradients or none.
 * @param {number} positive
 * @param {number} negative
 * @param {number} losses
 * @param {number} dpositive
 * @param {number} dnegative
 * @param {number} len
 */
export function bpr(positive, negative, losses, dpositive, dnegative, len) {
    wasm.bpr(positive, negative, losses, dpositive, dnegative, len);
}

/**
 * Writes the L2 norm of `g` to `norm`, and shrinks `g` to `most` where it is longer. A norm that
 * is NaN leaves `g` as it is.
 * @param {number} g
 * @param {number} norm
 * @param {number} len
 * @param {number} most
 */
export function clip_norm(g, norm, len, most) {
    wasm.clip_norm(g, norm, len, most);
}

/**
 * `out[j] += Σ x[i][j]`.
 * @param {number} x
 * @param {number} out
 * @param {number} rows
 * @param {number} cols
 */
export function column_sum(x, out, rows, cols) {
    wasm.column_sum(x, out, rows, cols);
}

/**
 * Sum of `count` rows of `dim` values, in float64.
 * @param {number} rows
 * @param {number} count
 * @param {number} dim
 * @param {number} out
 */
export function column_sums(rows, count, dim, out) {
    wasm.column_sums(rows, count, dim, out);
}

/**
 * Loss of each row, and the gradient of their sum unless its address is 0. Returns `rows`, or the
 * position of the first label outside; nothing has been written then.
 * @param {number} logits
 * @param {number} labels
 * @param {number} losses
 * @param {number} dlogits
 * @param {number} rows
 * @param {number} cols
 * @param {number} smoothing
 * @returns {number}
 */
export function cross_entropy(logits, labels, losses, dlogits, rows, cols, smoothing) {
    const ret = wasm.cross_entropy(logits, labels, losses, dlogits, rows, cols, smoothing);
    return ret >>> 0;
}

/**
 * `out[i] = a[i] / b[i]`.
 * @param {number} a
 * @param {number} b
 * @param {number} out
 * @param {number} len
 */
export function divide(a, b, out, len) {
    wasm.divide(a, b, out, len);
}

/**
 * For `y = a / b`: `da[i] += dy[i] / b[i]` and `db[i] −= dy[i]·y[i] / b[i]`, each unless its
 * address is 0.
 * @param {number} b
 * @param {number} y
 * @param {number} dy
 * @param {number} da
 * @param {number} db
 * @param {number} len
 */
export function divide_backward(b, y, dy, da, db, len) {
    wasm.divide_backward(b, y, dy, da, db, len);
}

/**
 * `Σ a[i]·b[i]` over `len` values.
 * @param {number} a
 * @param {number} b
 * @param {number} len
 * @returns {number}
 */
export function dot(a, b, len) {
    const ret = wasm.dot(a, b, len);
    return ret;
}

/**
 * Leaves values out at `rate`.
 * @param {number} x
 * @param {number} out
 * @param {number} len
 * @param {number} rate
 * @param {number} seed_low
 * @param {number} seed_high
 */
export function dropout(x, out, len, rate, seed_low, seed_high) {
    wasm.dropout(x, out, len, rate, seed_low, seed_high);
}

/**
 * Adds to `dx` what [`dropout`] of the same rate and seed owes its input.
 * @param {number} dy
 * @param {number} dx
 * @param {number} len
 * @param {number} rate
 * @param {number} seed_low
 * @param {number} seed_high
 */
export function dropout_backward(dy, dx, len, rate, seed_low, seed_high) {
    wasm.dropout_backward(dy, dx, len, rate, seed_low, seed_high);
}

/**
 * `out[i] = value`.
 * @param {number} out
 * @param {number} len
 * @param {number} value
 */
export function fill(out, len, value) {
    wasm.fill(out, len, value);
}

/**
 * Copies `count` rows of a table of `rows` rows to `out`.
 * @param {number} table
 * @param {number} indices
 * @param {number} out
 * @param {number} rows
 * @param {number} dim
 * @param {number} count
 * @returns {number}
 */
export function gather(table, indices, out, rows, dim, count) {
    const ret = wasm.gather(table, indices, out, rows, dim, count);
    return ret >>> 0;
}

/**
 * `C = alpha·A·B + beta·C` with A `m × k`, B `k × n`, and the distance of two rows and of two
 * columns of each.
 * @param {number} a
 * @param {number} b
 * @param {number} c
 * @param {number} scratch
 * @param {number} m
 * @param {number} n
 * @param {number} k
 * @param {number} a_row
 * @param {number} a_col
 * @param {number} b_row
 * @param {number} b_col
 * @param {number} c_row
 * @param {number} c_col
 * @param {number} alpha
 * @param {number} beta
 */
export function gemm(a, b, c, scratch, m, n, k, a_row, a_col, b_row, b_col, c_row, c_col, alpha, beta) {
    wasm.gemm(a, b, c, scratch, m, n, k, a_row, a_col, b_row, b_col, c_row, c_col, alpha, beta);
}

/**
 * How many bytes of scratch [`gemm`] needs.
 * @param {number} m
 * @param {number} n
 * @param {number} k
 * @returns {number}
 */
export function gemm_scratch(m, n, k) {
    const ret = wasm.gemm_scratch(m, n, k);
    return ret >>> 0;
}

/**
 * `XᵀX` of `count` rows of `dim` values, as a packed triangle of float64.
 * @param {number} rows
 * @param {number} count
 * @param {number} dim
 * @param {number} out
 */
export function gram(rows, count, dim, out) {
    wasm.gram(rows, count, dim, out);
}

/**
 * Huber's loss of each value.
 * @param {number} x
 * @param {number} targets
 * @param {number} losses
 * @param {number} dx
 * @param {number} len
 * @param {number} delta
 */
export function huber(x, targets, losses, dx, len, delta) {
    wasm.huber(x, targets, losses, dx, len, delta);
}

/**
 * `(A + ridge·I)⁻¹` in place of `A`, a packed triangle of float32. Returns `dim`, or the first row
 * whose pivot is lost; `A` is then as it was.
 * @param {number} matrix
 * @param {number} dim
 * @param {number} ridge
 * @param {number} scratch
 * @returns {number}
 */
export function invert(matrix, dim, ridge, scratch) {
    const ret = wasm.invert(matrix, dim, ridge, scratch);
    return ret >>> 0;
}

/**
 * Bytes of scratch that [`invert`] needs for a matrix of `dim` rows.
 * @param {number} dim
 * @returns {number}
 */
export function invert_scratch(dim) {
    const ret = wasm.invert_scratch(dim);
    return ret >>> 0;
}

/**
 * Normalises each row; `stats` gets its mean and the inverse of its standard deviation.
 * @param {number} x
 * @param {number} gain
 * @param {number} shift
 * @param {number} out
 * @param {number} stats
 * @param {number} rows
 * @param {number} cols
 * @param {number} epsilon
 */
export function layer_norm(x, gain, shift, out, stats, rows, cols, epsilon) {
    wasm.layer_norm(x, gain, shift, out, stats, rows, cols, epsilon);
}

/**
 * Adds to `dx`, `dgain` and `dshift` what [`layer_norm`] owes them.
 * @param {number} x
 * @param {number} gain
 * @param {number} stats
 * @param {number} dy
 * @param {number} dx
 * @param {number} dgain
 * @param {number} dshift
 * @param {number} rows
 * @param {number} cols
 */
export function layer_norm_backward(x, gain, stats, dy, dx, dgain, dshift, rows, cols) {
    wasm.layer_norm_backward(x, gain, stats, dy, dx, dgain, dshift, rows, cols);
}

/**
 * `z = x·w + bias`, `y = f(z)`; `bias` and `z` may be 0.
 * @param {number} x
 * @param {number} w
 * @param {number} bias
 * @param {number} z
 * @param {number} y
 * @param {number} scratch
 * @param {number} rows
 * @param {number} inputs
 * @param {number} outputs
 * @param {number} activation
 */
export function linear(x, w, bias, z, y, scratch, rows, inputs, outputs, activation) {
    wasm.linear(x, w, bias, z, y, scratch, rows, inputs, outputs, activation);
}

/**
 * `dx += dz·wᵀ`, `dw += xᵀ·dz`, `dbias += Σ dz`, each unless it is 0. Of `z` and `y`, what the
 * slope of the activation does not need may be 0.
 * @param {number} x
 * @param {number} w
 * @param {number} z
 * @param {number} y
 * @param {number} dy
 * @param {number} dx
 * @param {number} dw
 * @param {number} dbias
 * @param {number} scratch
 * @param {number} rows
 * @param {number} inputs
 * @param {number} outputs
 * @param {number} activation
 */
export function linear_backward(x, w, z, y, dy, dx, dw, dbias, scratch, rows, inputs, outputs, activation) {
    wasm.linear_backward(x, w, z, y, dy, dx, dw, dbias, scratch, rows, inputs, outputs, activation);
}

/**
 * How many bytes of scratch [`linear_backward`] needs.
 * @param {number} rows
 * @param {number} inputs
 * @param {number} outputs
 * @returns {number}
 */
export function linear_backward_scratch(rows, inputs, outputs) {
    const ret = wasm.linear_backward_scratch(rows, inputs, outputs);
    return ret >>> 0;
}

/**
 * How many bytes of scratch [`linear`] needs.
 * @param {number} rows
 * @param {number} inputs
 * @param {number} outputs
 * @returns {number}
 */
export function linear_scratch(rows, inputs, outputs) {
    const ret = wasm.linear_scratch(rows, inputs, outputs);
    return ret >>> 0;
}

/**
 * Logarithms of each row as a distribution.
 * @param {number} x
 * @param {number} out
 * @param {number} rows
 * @param {number} cols
 */
export function log_softmax(x, out, rows, cols) {
    wasm.log_softmax(x, out, rows, cols);
}

/**
 * Adds to `dx` what [`log_softmax`] owes its input.
 * @param {number} y
 * @param {number} dy
 * @param {number} dx
 * @param {number} rows
 * @param {number} cols
 */
export function log_softmax_backward(y, dy, dx, rows, cols) {
    wasm.log_softmax_backward(y, dy, dx, rows, cols);
}

/**
 * `out[0]` is the largest value of `x`.
 * @param {number} x
 * @param {number} out
 * @param {number} len
 */
export function max(x, out, len) {
    wasm.max(x, out, len);
}

/**
 * `out[0]` is the mean of `x`, NaN of none.
 * @param {number} x
 * @param {number} out
 * @param {number} len
 */
export function mean(x, out, len) {
    wasm.mean(x, out, len);
}

/**
 * [`fit_person`]: `rows` holds `count` rows of `dim` values, `biases`, `scores` and
 * `coefficients` one value for each, `state` `3 * dim + 1` values and `scratch` `dim`.
 * @param {number} rows
 * @param {number} biases
 * @param {number} count
 * @param {number} dim
 * @param {number} positives
 * @param {number} positive_count
 * @param {number} negatives
 * @param {number} negative_count
 * @param {boolean} pairwise
 * @param {number} steps
 * @param {number} learning_rate
 * @param {number} decay
 * @param {number} state
 * @param {number} scores
 * @param {number} coefficients
 * @param {number} scratch
 * @returns {number}
 */
export function mf_fit_person(rows, biases, count, dim, positives, positive_count, negatives, negative_count, pairwise, steps, learning_rate, decay, state, scores, coefficients, scratch) {
    const ret = wasm.mf_fit_person(rows, biases, count, dim, positives, positive_count, negatives, negative_count, pairwise, steps, learning_rate, decay, state, scores, coefficients, scratch);
    return ret;
}

/**
 * [`step_rows`]: `person` holds `dim` values, `coefficients` and `bias_changes` `count`, and
 * `row_changes` `count` rows of `dim` values.
 * @param {number} person
 * @param {number} dim
 * @param {number} coefficients
 * @param {number} count
 * @param {number} rate
 * @param {number} clip
 * @param {number} row_changes
 * @param {number} bias_changes
 */
export function mf_step_rows(person, dim, coefficients, count, rate, clip, row_changes, bias_changes) {
    wasm.mf_step_rows(person, dim, coefficients, count, rate, clip, row_changes, bias_changes);
}

/**
 * A step with momentum `m`.
 * @param {number} w
 * @param {number} g
 * @param {number} m
 * @param {number} len
 * @param {number} rate
 * @param {number} momentum
 * @param {number} decay
 * @param {boolean} nesterov
 */
export function momentum(w, g, m, len, rate, momentum, decay, nesterov) {
    wasm.momentum(w, g, m, len, rate, momentum, decay, nesterov);
}

/**
 * Squared error of each value.
 * @param {number} x
 * @param {number} targets
 * @param {number} losses
 * @param {number} dx
 * @param {number} len
 */
export function mse(x, targets, losses, dx, len) {
    wasm.mse(x, targets, losses, dx, len);
}

/**
 * `out[i] = a[i]·b[i]`.
 * @param {number} a
 * @param {number} b
 * @param {number} out
 * @param {number} len
 */
export function multiply(a, b, out, len) {
    wasm.multiply(a, b, out, len);
}

/**
 * `out[i] += a[i]·b[i]`.
 * @param {number} a
 * @param {number} b
 * @param {number} out
 * @param {number} len
 */
export function multiply_add(a, b, out, len) {
    wasm.multiply_add(a, b, out, len);
}

/**
 * Normalises each row; `stats` gets the inverse of its root mean square.
 * @param {number} x
 * @param {number} gain
 * @param {number} out
 * @param {number} stats
 * @param {number} rows
 * @param {number} cols
 * @param {number} epsilon
 */
export function rms_norm(x, gain, out, stats, rows, cols, epsilon) {
    wasm.rms_norm(x, gain, out, stats, rows, cols, epsilon);
}

/**
 * Adds to `dx` and `dgain` what [`rms_norm`] owes them.
 * @param {number} x
 * @param {number} gain
 * @param {number} stats
 * @param {number} dy
 * @param {number} dx
 * @param {number} dgain
 * @param {number} rows
 * @param {number} cols
 */
export function rms_norm_backward(x, gain, stats, dy, dx, dgain, rows, cols) {
    wasm.rms_norm_backward(x, gain, stats, dy, dx, dgain, rows, cols);
}

/**
 * A step of RMSProp with mean squares `v`.
 * @param {number} w
 * @param {number} g
 * @param {number} v
 * @param {number} len
 * @param {number} rate
 * @param {number} rho
 * @param {number} epsilon
 */
export function rmsprop(w, g, v, len, rate, rho, epsilon) {
    wasm.rmsprop(w, g, v, len, rate, rho, epsilon);
}

/**
 * One row-wise Adagrad step for `count` rows of a table with `rows` values of state.
 * @param {number} table
 * @param {number} squares
 * @param {number} indices
 * @param {number} gradients
 * @param {number} rows
 * @param {number} dim
 * @param {number} count
 * @param {number} rate
 * @param {number} epsilon
 * @returns {number}
 */
export function row_adagrad(table, squares, indices, gradients, rows, dim, count, rate, epsilon) {
    const ret = wasm.row_adagrad(table, squares, indices, gradients, rows, dim, count, rate, epsilon);
    return ret >>> 0;
}

/**
 * `out[i] = Σ a[i][j]·b[i][j]`.
 * @param {number} a
 * @param {number} b
 * @param {number} out
 * @param {number} rows
 * @param {number} cols
 */
export function row_dot(a, b, out, rows, cols) {
    wasm.row_dot(a, b, out, rows, cols);
}

/**
 * One gradient step for `count` rows of a table.
 * @param {number} table
 * @param {number} indices
 * @param {number} gradients
 * @param {number} rows
 * @param {number} dim
 * @param {number} count
 * @param {number} rate
 * @returns {number}
 */
export function row_sgd(table, indices, gradients, rows, dim, count, rate) {
    const ret = wasm.row_sgd(table, indices, gradients, rows, dim, count, rate);
    return ret >>> 0;
}

/**
 * `out[i] = Σ x[i][j]`.
 * @param {number} x
 * @param {number} out
 * @param {number} rows
 * @param {number} cols
 */
export function row_sum(x, out, rows, cols) {
    wasm.row_sum(x, out, rows, cols);
}

/**
 * `out[i] = factor·x[i]`; `x` may be `out`.
 * @param {number} x
 * @param {number} out
 * @param {number} len
 * @param {number} factor
 */
export function scale(x, out, len, factor) {
    wasm.scale(x, out, len, factor);
}

/**
 * Adds `count` rows of `values` to rows of a table.
 * @param {number} table
 * @param {number} indices
 * @param {number} values
 * @param {number} rows
 * @param {number} dim
 * @param {number} count
 * @returns {number}
 */
export function scatter_add(table, indices, values, rows, dim, count) {
    const ret = wasm.scatter_add(table, indices, values, rows, dim, count);
    return ret >>> 0;
}

/**
 * `out[i] = table[i] · vector` for `rows` rows of `dim` values.
 * @param {number} table
 * @param {number} rows
 * @param {number} dim
 * @param {number} vector
 * @param {number} out
 */
export function scores(table, rows, dim, vector, out) {
    wasm.scores(table, rows, dim, vector, out);
}

/**
 * A step down the gradient.
 * @param {number} w
 * @param {number} g
 * @param {number} len
 * @param {number} rate
 * @param {number} decay
 */
export function sgd(w, g, len, rate, decay) {
    wasm.sgd(w, g, len, rate, decay);
}

/**
 * Each row as a distribution.
 * @param {number} x
 * @param {number} out
 * @param {number} rows
 * @param {number} cols
 */
export function softmax(x, out, rows, cols) {
    wasm.softmax(x, out, rows, cols);
}

/**
 * Adds to `dx` what [`softmax`] owes its input.
 * @param {number} y
 * @param {number} dy
 * @param {number} dx
 * @param {number} rows
 * @param {number} cols
 */
export function softmax_backward(y, dy, dx, rows, cols) {
    wasm.softmax_backward(y, dy, dx, rows, cols);
}

/**
 * Solves `A x = b` in place of `b`, `A` a packed triangle of float64. False, and `b` as it was,
 * if `A` is not positive definite.
 * @param {number} matrix
 * @param {number} right
 * @param {number} dim
 * @param {number} scratch
 * @returns {boolean}
 */
export function solve(matrix, right, dim, scratch) {
    const ret = wasm.solve(matrix, right, dim, scratch);
    return ret !== 0;
}

/**
 * How many float64 values of scratch the kernels below need.
 * @param {number} dim
 * @returns {number}
 */
export function solve_scratch(dim) {
    const ret = wasm.solve_scratch(dim);
    return ret >>> 0;
}

/**
 * `Σ x[i]²` in float64.
 * @param {number} x
 * @param {number} len
 * @returns {number}
 */
export function squared_norm(x, len) {
    const ret = wasm.squared_norm(x, len);
    return ret;
}

/**
 * `out[i] = a[i] − b[i]`.
 * @param {number} a
 * @param {number} b
 * @param {number} out
 * @param {number} len
 */
export function subtract(a, b, out, len) {
    wasm.subtract(a, b, out, len);
}

/**
 * `out[0] = Σ x[i]`.
 * @param {number} x
 * @param {number} out
 * @param {number} len
 */
export function sum(x, out, len) {
    wasm.sum(x, out, len);
}

/**
 * Turns a matrix of `rows` rows of `cols` values over.
 * @param {number} x
 * @param {number} out
 * @param {number} rows
 * @param {number} cols
 */
export function transpose(x, out, rows, cols) {
    wasm.transpose(x, out, rows, cols);
}

/**
 * `out[i] = y(x[i])`.
 * @param {number} x
 * @param {number} out
 * @param {number} len
 * @param {number} op
 */
export function unary(x, out, len, op) {
    wasm.unary(x, out, len, op);
}

/**
 * `dx[i] += dy[i]·y'(x[i])`. Of `x` and `y`, the one that the slope does not need may be 0.
 * @param {number} x
 * @param {number} y
 * @param {number} dy
 * @param {number} dx
 * @param {number} len
 * @param {number} op
 */
export function unary_backward(x, y, dy, dx, len, op) {
    wasm.unary_backward(x, y, dy, dx, len, op);
}
function __wbg_get_imports() {
    const import0 = {
        __proto__: null,
        __wbindgen_init_externref_table: function() {
            const table = wasm.__wbindgen_externrefs;
            table.set(0, undefined);
            table.set(1024, undefined);
            table.set(1025, null);
            table.set(1026, true);
            table.set(1027, false);
        },
    };
    return {
        __proto__: null,
        "./train_bg.js": import0,
    };
}

let wasmModule, wasmInstance, wasm;
function __wbg_finalize_init(instance, module) {
    wasmInstance = instance;
    wasm = instance.exports;
    wasmModule = module;
    wasm.__wbindgen_start();
    return wasm;
}

async function __wbg_load(module, imports) {
    if (typeof Response === 'function' && module instanceof Response) {
        if (!module.ok) {
            throw new Error(`failed to fetch Wasm: ${module.status} ${module.statusText} fetching '${module.url}'`);
        }

        if (typeof WebAssembly.instantiateStreaming === 'function') {
            try {
                return await WebAssembly.instantiateStreaming(module, imports);
            } catch (e) {
                const validResponse = expectedResponseType(module.type);

                if (validResponse && module.headers.get('Content-Type') !== 'application/wasm') {
                    console.warn("`WebAssembly.instantiateStreaming` failed because your server does not serve Wasm with `application/wasm` MIME type. Falling back to `WebAssembly.instantiate` which is slower. Original error:\n", e);

                } else { throw e; }
            }
        }

        const bytes = await module.arrayBuffer();
        return await WebAssembly.instantiate(bytes, imports);
    } else {
        const instance = await WebAssembly.instantiate(module, imports);

        if (instance instanceof WebAssembly.Instance) {
            return { instance, module };
        } else {
            return instance;
        }
    }

    function expectedResponseType(type) {
        switch (type) {
            case 'basic': case 'cors': case 'default': return true;
        }
        return false;
    }
}

function initSync(module) {
    if (wasm !== undefined) return wasm;


    if (module !== undefined) {
        if (Object.getPrototypeOf(module) === Object.prototype) {
            ({module} = module)
        } else {
            console.warn('using deprecated parameters for `initSync()`; pass a single object instead')
        }
    }

    const imports = __wbg_get_imports();
    if (!(module instanceof WebAssembly.Module)) {
        module = new WebAssembly.Module(module);
    }
    const instance = new WebAssembly.Instance(module, imports);
    return __wbg_finalize_init(instance, module);
}

let __wbg_init_promise;
async function __wbg_init(module_or_path) {
    if (wasm !== undefined) return wasm;
    if (__wbg_init_promise === undefined) {
        __wbg_init_promise = __wbg_init_once(module_or_path);
        __wbg_init_promise.catch(() => { __wbg_init_promise = undefined; });
    }
    return __wbg_init_promise;
}

async function __wbg_init_once(module_or_path) {

    if (module_or_path !== undefined) {
        if (Object.getPrototypeOf(module_or_path) === Object.prototype) {
            ({module_or_path} = module_or_path)
        } else {
            console.warn('using deprecated parameters for the initialization function; pass a single object instead')
        }
    }

    if (module_or_path === undefined) {
        module_or_path = new URL('train_bg.wasm', import.meta.url);
    }
    const imports = __wbg_get_imports();

    if (typeof module_or_path === 'string' || (typeof Request === 'function' && module_or_path instanceof Request) || (typeof URL === 'function' && module_or_path instanceof URL)) {
        module_or_path = fetch(module_or_path);
    }

    const { instance, module } = await __wbg_load(await module_or_path, imports);

    return __wbg_finalize_init(instance, module);
}

export { initSync, __wbg_init as default };
