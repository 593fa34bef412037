/**
 * Reference kernels that go row by row, and losses, in float64.
 *
 * @module
 */
import type { LossKernel, RowKernel } from "./kernels.ts";
import type { ReferenceKernel, Values } from "./reference_backend_testing.ts";
import { sigmoid, softplus } from "./reference_elementwise_testing.ts";

/** Calls `each` with every row of matrices of `cols` columns; what holds one value a row is left to it. */
function byRow(
  each: (rows: readonly Values[], at: number) => void,
): (matrices: readonly Values[], rows: number, cols: number) => void {
  return (matrices, rows, cols) => {
    for (let r = 0; r < rows; r++) {
      each(matrices.map((matrix) => matrix.subarray(r * cols, (r + 1) * cols)), r);
    }
  };
}

function total(values: Iterable<number>): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum;
}

function dot(a: Values, b: Values): number {
  return total(a.map((value, i) => value * b[i]!));
}

/** `log Σ eˣ` of a row. */
function logSumExp(row: Values): number {
  const largest = row.reduce((most, x) => Number.isNaN(x) ? x : Math.max(most, x), -Infinity);
  if (!Number.isFinite(largest)) return largest;
  return largest + Math.log(total(row.map((x) => Math.exp(x - largest))));
}

/** Position of the first index that is not below `bound`, or their number. */
function firstOutside(indices: Values, bound: number): number {
  const at = indices.findIndex((index) => index >= bound);
  return at < 0 ? indices.length : at;
}

/** Reference kernels that go row by row. */
export const ROWS: Readonly<Record<RowKernel, ReferenceKernel>> = {
  sum: ([x, out]) => void (out![0] = total(x!)),
  mean: ([x, out]) => void (out![0] = total(x!) / x!.length),
  row_sum([x, out], [rows, cols]) {
    byRow(([row], r) => out![r] = total(row!))([x!], rows!, cols!);
  },
  column_sum([x, out], [rows, cols]) {
    byRow(([row]) => row!.forEach((value, c) => out![c]! += value))([x!], rows!, cols!);
  },
  add_rows([x, row, out], [, cols]) {
    x!.forEach((value, i) => out![i] = value + row![i % cols!]!);
  },
  row_dot([a, b, out], [rows, cols]) {
    byRow(([a, b], r) => out![r] = dot(a!, b!))([a!, b!], rows!, cols!);
  },
  add_columns([column, out], [, cols, factor]) {
    out!.forEach((_, i) => out![i]! += factor! * column![Math.floor(i / cols!)]!);
  },
  add_scaled_rows([x, factors, out], [, cols]) {
    x!.forEach((value, i) => out![i]! += value * factors![Math.floor(i / cols!)]!);
  },
  softmax([x, out], [rows, cols]) {
    byRow(([row, y]) => {
      const all = logSumExp(row!);
      row!.forEach((value, c) => y![c] = Math.exp(value - all));
    })([x!, out!], rows!, cols!);
  },
  softmax_backward([y, dy, dx], [rows, cols]) {
    byRow(([y, dy, dx]) => {
      const mean = dot(y!, dy!);
      y!.forEach((value, c) => dx![c]! += value * (dy![c]! - mean));
    })([y!, dy!, dx!], rows!, cols!);
  },
  log_softmax([x, out], [rows, cols]) {
    byRow(([row, y]) => {
      const all = logSumExp(row!);
      row!.forEach((value, c) => y![c] = value - all);
    })([x!, out!], rows!, cols!);
  },
  log_softmax_backward([y, dy, dx], [rows, cols]) {
    byRow(([y, dy, dx]) => {
      const sum = total(dy!);
      y!.forEach((value, c) => dx![c]! += dy![c]! - Math.exp(value) * sum);
    })([y!, dy!, dx!], rows!, cols!);
  },
  layer_norm([x, gain, shift, out, stats], [rows, cols, epsilon]) {
    byRow(([row, y], r) => {
      const mean = total(row!) / cols!;
      const variance = total(row!.map((value) => (value - mean) ** 2)) / cols!;
      const scale = 1 / Math.sqrt(variance + epsilon!);
      stats!.set([mean, scale], 2 * r);
      row!.forEach((value, c) => y![c] = (value - mean) * scale * gain![c]! + shift![c]!);
    })([x!, out!], rows!, cols!);
  },
  layer_norm_backward([x, gain, stats, dy, dx, dgain, dshift], [rows, cols]) {
    byRow(([row, dy, dx], r) => {
      const [mean, scale] = [stats![2 * r]!, stats![2 * r + 1]!];
      const normal = row!.map((value) => (value - mean) * scale);
      const inner = dy!.map((value, c) => value * gain![c]!);
      const [level, tilt] = [total(inner) / cols!, dot(inner, normal) / cols!];
      for (let c = 0; c < cols!; c++) {
        dx![c]! += scale * (inner[c]! - level - normal[c]! * tilt);
        dgain![c]! += dy![c]! * normal[c]!;
        dshift![c]! += dy![c]!;
      }
    })([x!, dy!, dx!], rows!, cols!);
  },
  rms_norm([x, gain, out, stats], [rows, cols, epsilon]) {
    byRow(([row, y], r) => {
      const scale = 1 / Math.sqrt(dot(row!, row!) / cols! + epsilon!);
      stats![r] = scale;
      row!.forEach((value, c) => y![c] = value * scale * gain![c]!);
    })([x!, out!], rows!, cols!);
  },
  rms_norm_backward([x, gain, stats, dy, dx, dgain], [rows, cols]) {
    byRow(([row, dy, dx], r) => {
      const scale = stats![r]!;
      const normal = row!.map((value) => value * scale);
      const inner = dy!.map((value, c) => value * gain![c]!);
      const tilt = dot(inner, normal) / cols!;
      for (let c = 0; c < cols!; c++) {
        dx![c]! += scale * (inner[c]! - normal[c]! * tilt);
        dgain![c]! += dy![c]! * normal[c]!;
      }
    })([x!, dy!, dx!], rows!, cols!);
  },
  gather([table, indices, out], [rows, dim]) {
    const done = firstOutside(indices!, rows!);
    if (done < indices!.length) return done;
    indices!.forEach((index, i) =>
      out!.set(table!.subarray(index * dim!, (index + 1) * dim!), i * dim!)
    );
    return done;
  },
  scatter_add([table, indices, values], [rows, dim]) {
    const done = firstOutside(indices!, rows!);
    if (done < indices!.length) return done;
    indices!.forEach((index, i) => {
      for (let d = 0; d < dim!; d++) table![index * dim! + d]! += values![i * dim! + d]!;
    });
    return done;
  },
};

const IGNORED = 2 ** 32 - 1;

/** Reference kernels of losses. */
export const LOSSES: Readonly<Record<LossKernel, ReferenceKernel>> = {
  cross_entropy([logits, labels, losses, dlogits], [rows, cols, smoothing]) {
    const outside = labels!.findIndex((label) => label >= cols! && label !== IGNORED);
    if (outside >= 0) return outside;
    for (let r = 0; r < rows!; r++) {
      const row = logits!.subarray(r * cols!, (r + 1) * cols!);
      const counts = labels![r] === IGNORED ? 0 : 1;
      const all = logSumExp(row);
      losses![r] = 0;
      row.forEach((logit, c) => {
        const target = (labels![r] === c ? 1 - smoothing! : 0) + smoothing! / cols!;
        if (counts) losses![r]! += target * (all - logit);
        if (dlogits) dlogits[r * cols! + c] = counts * (Math.exp(logit - all) - target);
      });
    }
    return rows!;
  },
  bce([logits, targets, losses, dlogits]) {
    logits!.forEach((x, i) => {
      losses![i] = targets![i]! * softplus(-x) + (1 - targets![i]!) * softplus(x);
      if (dlogits) dlogits[i] = sigmoid(x) - targets![i]!;
    });
  },
  bpr([positive, negative, losses, dpositive, dnegative]) {
    positive!.forEach((score, i) => {
      const margin = score - negative![i]!;
      losses![i] = softplus(-margin);
      if (dpositive) dpositive[i] = -sigmoid(-margin);
      if (dnegative) dnegative[i] = sigmoid(-margin);
    });
  },
  mse([x, target, losses, dx]) {
    x!.forEach((value, i) => {
      const error = value - target![i]!;
      losses![i] = error ** 2;
      if (dx) dx[i] = 2 * error;
    });
  },
  huber([x, target, losses, dx], [, delta]) {
    x!.forEach((value, i) => {
      const error = value - target![i]!;
      const size = Math.abs(error);
      losses![i] = size <= delta! ? error ** 2 / 2 : delta! * (size - delta! / 2);
      if (dx) dx[i] = size <= delta! ? error : delta! * Math.sign(error);
    });
  },
};
