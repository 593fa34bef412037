/**
 * The server's step for tables of which a client touches few rows, such as item embeddings.
 *
 * Over all clients, the mean change of a row that few of them touch is almost nothing, and the sum
 * of the changes of one that all touch is far too much. Between the two lies the square root of how
 * many clients touched the row, which is itself a sum that they send.
 *
 * @module
 */
import * as v from "valibot";
import { TributaryError } from "../core/errors.ts";
import { sizeOf, tensorOf } from "../core/tensor.ts";
import type { TensorSpec } from "../core/tensor.ts";
import { positive, readOptions } from "../core/options.ts";
import type { StrategyPlan, StrategyServer, SumSpec } from "./strategy.ts";
import { refuseName } from "./weighted_sums.ts";

/** Name of the sum that counts, for each row, the clients that touched it: each sends 0 or 1. */
const COUNT = "count";

/** Options of the row-wise step as they stand in a task. */
export interface RowwiseOptions {
  /** Tells the strategies apart. */
  readonly kind: "rowwise";
  /** Factor of `Σ/√count`. */
  readonly lr: number;
  /** Bound of each value of a client's change. */
  readonly range: number;
  /**
   * Names of the tables, where the model has other tensors too. Those take the mean change over the
   * clients, as all of them train all of it.
   */
  readonly tables?: readonly string[];
}

const schema: v.GenericSchema<unknown, RowwiseOptions> = v.strictObject({
  kind: v.literal("rowwise"),
  lr: positive("lr"),
  range: positive("range"),
  tables: v.exactOptional(v.pipe(
    v.array(v.string("a table's name must be a text")),
    v.nonEmpty("there must be a table"),
  )),
});

/**
 * Options of the row-wise step.
 *
 * @param options `lr` (default 0.6), `range` (default 2) and `tables` (default all tensors).
 */
export function rowwise(options: Partial<Omit<RowwiseOptions, "kind">> = {}): RowwiseOptions {
  return { kind: "rowwise", lr: 0.6, range: 2, ...options };
}

/**
 * `x += lr · ΣΔ / √count` row by row, without state; a row that nobody touched stays. What is no
 * table takes `x += ΣΔ / clients`.
 */
export function rowwiseFrom(value: unknown): StrategyPlan {
  const options = readOptions(schema, value, "use strategy rowwise");
  return {
    options,
    contribution: "sums",
    sums: (model) => rowwiseSums(options, model),
    server: () => server(options),
  };
}

/** The change of each tensor, then `count`, the clients that touched each row of the tables. */
function rowwiseSums(
  { range, tables }: RowwiseOptions,
  model: readonly TensorSpec[],
): readonly SumSpec[] {
  refuseName(model, COUNT);
  const stranger = tables?.find((table) => !model.some(({ name }) => name === table));
  if (stranger !== undefined) {
    const found = model.map(({ name }) => name).join(", ");
    refuse(`the table "${stranger}"`, `one of the model's tensors: ${found}`);
  }
  const stepped = model.filter(({ name }) => tables?.includes(name) ?? true);
  return [
    ...model.map(({ name, shape }) => ({ name, shape, range })),
    { name: COUNT, shape: [rowsOf(stepped)], range: 1 },
  ];
}

function server({ lr, tables }: RowwiseOptions): StrategyServer {
  return {
    init: () => ({}),
    step({ model, state, sums, clients }) {
      // Whole numbers before the decoder divided and multiplied by the grid's step.
      const counts = tensorOf(sums, COUNT).data.map(Math.round);
      const next = Object.entries(model).map(([name, { shape, data }]) => {
        const change = tensorOf(sums, name).data;
        if (!(tables?.includes(name) ?? true)) {
          return [name, { shape, data: data.map((x, i) => x + (change[i] ?? 0) / clients) }];
        }
        const width = sizeOf(shape.slice(1));
        const changed = data.slice();
        counts.forEach((count, row) => {
          if (count < 1) return;
          const rate = lr / Math.sqrt(count);
          for (let i = row * width; i < (row + 1) * width; i++) {
            changed[i] = (data[i] ?? 0) + rate * (change[i] ?? 0);
          }
        });
        return [name, { shape, data: changed }];
      });
      return { model: Object.fromEntries(next), state };
    },
  };
}

/** The first extent that all tensors share. */
function rowsOf(model: readonly TensorSpec[]): number {
  const extents = new Set(model.map(({ shape }) => shape[0]));
  const [rows] = extents;
  if (extents.size !== 1 || rows === undefined) {
    const found = model.map(({ name, shape }) => `${name} [${shape.join(", ")}]`).join(", ");
    refuse(found || "a model without tensors", "tables of the same rows");
  }
  return rows;
}

function refuse(found: string, expected: string): never {
  throw new TributaryError(
    "task-refused",
    `Cannot step ${found} row by row: expected ${expected}`,
  );
}
