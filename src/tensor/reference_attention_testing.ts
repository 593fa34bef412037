/**
 * Reference kernels of attention and of optimisers, in float64.
 *
 * @module
 */
import type { OptimiserKernel, SequenceKernel } from "./kernels.ts";
import type { ReferenceKernel, Values } from "./reference_backend_testing.ts";

/** One query of one head of one sequence: what it sees, and with which weights. */
function attend(
  { q, k, lengths, sizes: [batch, heads, queries, keys, dim, causal] }: {
    readonly q: Values;
    readonly k: Values;
    readonly lengths: Values | null;
    readonly sizes: readonly number[];
  },
  each: (query: {
    /** Where the query's values start, and where its statistic lies. */
    readonly at: number;
    readonly stat: number;
    /** Where the values of each key that is seen start. */
    readonly seen: readonly number[];
    readonly scores: readonly number[];
    readonly all: number;
  }) => void,
): void {
  const width = heads! * dim!;
  for (let b = 0; b < batch!; b++) {
    const limit = Math.min(keys!, lengths?.[b] ?? keys!);
    for (let h = 0; h < heads!; h++) {
      for (let i = 0; i < queries!; i++) {
        const at = (b * queries! + i) * width + h * dim!;
        const count = causal ? Math.min(limit, i + 1) : limit;
        const seen = Array.from({ length: count }, (_, j) => (b * keys! + j) * width + h * dim!);
        const scores = seen.map((from) => {
          let sum = 0;
          for (let d = 0; d < dim!; d++) sum += q[at + d]! * k[from + d]!;
          return sum / Math.sqrt(dim!);
        });
        const largest = Math.max(-Infinity, ...scores);
        const sum = scores.reduce((sum, score) => sum + Math.exp(score - largest), 0);
        const stat = (b * heads! + h) * queries! + i;
        each({ at, stat, seen, scores, all: largest + Math.log(sum) });
      }
    }
  }
}

/** Reference kernels over sequences. */
export const SEQUENCES: Readonly<Record<SequenceKernel, ReferenceKernel>> = {
  attention([q, k, v, out, lengths, stats], sizes) {
    const dim = sizes[4]!;
    out!.fill(0);
    attend({ q: q!, k: k!, lengths: lengths!, sizes }, ({ at, stat, seen, scores, all }) => {
      stats![stat] = all;
      seen.forEach((from, j) => {
        const weight = Math.exp(scores[j]! - all);
        for (let d = 0; d < dim; d++) out![at + d]! += weight * v![from + d]!;
      });
    });
  },
  attention_backward([q, k, v, out, lengths, , dout, dq, dk, dv], sizes) {
    const dim = sizes[4]!;
    attend({ q: q!, k: k!, lengths: lengths!, sizes }, ({ at, seen, scores, all }) => {
      let level = 0;
      for (let d = 0; d < dim; d++) level += dout![at + d]! * out![at + d]!;
      seen.forEach((from, j) => {
        const weight = Math.exp(scores[j]! - all);
        let pull = 0;
        for (let d = 0; d < dim; d++) pull += dout![at + d]! * v![from + d]!;
        const slope = weight * (pull - level) / Math.sqrt(dim);
        for (let d = 0; d < dim; d++) {
          dv![from + d]! += weight * dout![at + d]!;
          dq![at + d]! += slope * k![from + d]!;
          dk![from + d]! += slope * q![at + d]!;
        }
      });
    });
  },
};

function adam(coupled: boolean): ReferenceKernel {
  return ([w, g, m, v], numbers) => {
    const [, rate, beta1, beta2, epsilon, step, decay] = numbers as number[];
    w!.forEach((weight, i) => {
      const gradient = g![i]! + (coupled ? decay! * weight : 0);
      m![i] = beta1! * m![i]! + (1 - beta1!) * gradient;
      v![i] = beta2! * v![i]! + (1 - beta2!) * gradient ** 2;
      const mean = m![i]! / (1 - beta1! ** step!);
      const square = v![i]! / (1 - beta2! ** step!);
      const apart = coupled ? 0 : decay! * weight;
      w![i]! -= rate! * (mean / (Math.sqrt(square) + epsilon!) + apart);
    });
  };
}

/** Runs `each` for every row that is named, if all are there. */
function rowStep(
  each: (row: Values, gradient: Values, at: number) => void,
  indices: Values,
  { table, gradients, rows, dim }: {
    readonly table: Values;
    readonly gradients: Values;
    readonly rows: number;
    readonly dim: number;
  },
): number {
  const outside = indices.findIndex((index) => index >= rows);
  if (outside >= 0) return outside;
  indices.forEach((index, i) =>
    each(
      table.subarray(index * dim, (index + 1) * dim),
      gradients.subarray(i * dim, (i + 1) * dim),
      index,
    )
  );
  return indices.length;
}

/** Reference kernels that change parameters. */
export const OPTIMISERS: Readonly<Record<OptimiserKernel, ReferenceKernel>> = {
  clip_norm([g, norm], [, max]) {
    norm![0] = Math.sqrt(g!.reduce((sum, value) => sum + value ** 2, 0));
    if (norm![0]! > max!) g!.forEach((value, i) => g![i] = value * (max! / norm![0]!));
  },
  sgd([w, g], [, rate, decay]) {
    w!.forEach((weight, i) => w![i] = weight - rate! * (g![i]! + decay! * weight));
  },
  momentum([w, g, m], [, rate, momentum, decay, nesterov]) {
    w!.forEach((weight, i) => {
      const gradient = g![i]! + decay! * weight;
      m![i] = momentum! * m![i]! + gradient;
      w![i]! -= rate! * (nesterov ? gradient + momentum! * m![i]! : m![i]!);
    });
  },
  adam: adam(true),
  adamw: adam(false),
  adagrad([w, g, v], [, rate, epsilon]) {
    w!.forEach((_, i) => {
      v![i]! += g![i]! ** 2;
      w![i]! -= rate! * g![i]! / (Math.sqrt(v![i]!) + epsilon!);
    });
  },
  rmsprop([w, g, v], [, rate, rho, epsilon]) {
    w!.forEach((_, i) => {
      v![i] = rho! * v![i]! + (1 - rho!) * g![i]! ** 2;
      w![i]! -= rate! * g![i]! / (Math.sqrt(v![i]!) + epsilon!);
    });
  },
  row_sgd([table, indices, gradients], [rows, dim, , rate]) {
    return rowStep(
      (row, gradient) => row.forEach((_, d) => row[d]! -= rate! * gradient[d]!),
      indices!,
      { table: table!, gradients: gradients!, rows: rows!, dim: dim! },
    );
  },
  row_adagrad([table, squares, indices, gradients], [rows, dim, , rate, epsilon]) {
    return rowStep(
      (row, gradient, at) => {
        squares![at]! += gradient.reduce((sum, value) => sum + value ** 2, 0) / dim!;
        const step = rate! / (Math.sqrt(squares![at]!) + epsilon!);
        row.forEach((_, d) => row[d]! -= step * gradient[d]!);
      },
      indices!,
      { table: table!, gradients: gradients!, rows: rows!, dim: dim! },
    );
  },
};
