/**
 * One pass of one person over their own items: fit the person, then step the items that they touch.
 *
 * Federated, local and central training all consist of such passes; they differ in whose table the
 * passes work on, and in what becomes of the changes.
 *
 * @module
 */
import type { TrainCore } from "../wasm/train.ts";
import type { MfOptions } from "./mf_options.ts";
import { numberRows } from "./touched_rows.ts";

/** Items and their biases, row by row. */
export interface ItemTable {
  /** `items · dim` values. */
  readonly item: Float32Array<ArrayBuffer>;
  /** One value an item. */
  readonly bias: Float32Array<ArrayBuffer>;
}

/** What a pass works on. */
export interface PassInput {
  /** The items; not changed. */
  readonly table: ItemTable;
  /** The person, as {@link newPerson} makes one; fitted in place. */
  readonly person: Float32Array<ArrayBuffer>;
  /** Items that the person took, each once. */
  readonly positives: Uint32Array;
  /** Sampled items: as many for each positive, in its order. */
  readonly negatives: Uint32Array;
}

/** What a pass finds, and would change. */
export interface PassResult {
  /** Mean loss of the person as they came; 0 without positives. */
  readonly loss: number;
  /** Items that the pass touched, each once. */
  readonly touched: Uint32Array;
  /** Change of each touched row. */
  readonly rowChanges: Float32Array;
  /** Change of each touched bias. */
  readonly biasChanges: Float32Array;
}

/** How a pass goes. */
export type PassOptions = Pick<
  MfOptions,
  "dim" | "loss" | "personSteps" | "personRate" | "personDecay" | "itemRate" | "clip"
>;

/** Makes one pass of one person. */
export function makePass(core: TrainCore, options: PassOptions, input: PassInput): PassResult {
  const { memory } = core;
  const { dim } = options;
  const { table, person } = input;
  const { touched, lists } = numberRows(table.bias.length, [input.positives, input.negatives]);
  const [positives = input.positives, negatives = input.negatives] = lists;
  const mark = memory.mark();
  try {
    const spans = {
      rows: memory.alloc(4 * touched.length * dim),
      biases: memory.alloc(4 * touched.length),
      positives: memory.alloc(4 * positives.length),
      negatives: memory.alloc(4 * negatives.length),
      person: memory.alloc(4 * person.length),
      coefficients: memory.alloc(4 * touched.length),
      rowChanges: memory.alloc(4 * touched.length * dim),
      biasChanges: memory.alloc(4 * touched.length),
    };
    const [rows, biases] = [memory.f32(spans.rows), memory.f32(spans.biases)];
    touched.forEach((item, row) => {
      rows.set(table.item.subarray(item * dim, (item + 1) * dim), row * dim);
      biases[row] = table.bias[item] ?? 0;
    });
    memory.u32(spans.positives).set(positives);
    memory.u32(spans.negatives).set(negatives);
    memory.f32(spans.person).set(person);
    const loss = core.fitPerson({
      ...spans,
      loss: options.loss,
      steps: options.personSteps,
      learningRate: options.personRate,
      decay: options.personDecay,
    });
    core.stepRows({ ...spans, rate: options.itemRate, clip: options.clip });
    person.set(memory.f32(spans.person));
    const rowChanges = memory.f32(spans.rowChanges).slice();
    return { loss, touched, rowChanges, biasChanges: memory.f32(spans.biasChanges).slice() };
  } finally {
    memory.release(mark);
  }
}

/** Adds a pass's changes to a table. */
export function applyPass(
  table: ItemTable,
  { touched, rowChanges, biasChanges }: PassResult,
): void {
  const dim = table.item.length / table.bias.length;
  touched.forEach((item, row) => {
    for (let k = 0; k < dim; k++) {
      const at = item * dim + k;
      table.item[at] = (table.item[at] ?? 0) + (rowChanges[row * dim + k] ?? 0);
    }
    table.bias[item] = (table.bias[item] ?? 0) + (biasChanges[row] ?? 0);
  });
}

/** A person's score of an item: vector times row, and bias. */
export function scoreItem(table: ItemTable, person: Float32Array, item: number): number {
  const dim = table.item.length / table.bias.length;
  let score = table.bias[item] ?? 0;
  for (let k = 0; k < dim; k++) score += (person[k] ?? 0) * (table.item[item * dim + k] ?? 0);
  return score;
}

/**
 * A person's score of every item.
 *
 * @param options `except`: items that get `-Infinity`, as the person has taken them.
 */
export function scoreItems(
  table: ItemTable,
  person: Float32Array,
  options: { except: Uint32Array },
): Float32Array<ArrayBuffer> {
  const scores = table.bias.map((_, item) => scoreItem(table, person, item));
  for (const item of options.except) scores[item] = -Infinity;
  return scores;
}
