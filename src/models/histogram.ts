/**
 * Histograms of numbers that clients have, from one message of each.
 *
 * @module
 */
import * as v from "valibot";
import { finite, positive, readOptions } from "../core/options.ts";
import { type RandomSource, seededRng, seededSource } from "../core/random.ts";
import { type NamedTensors, type Tensor, zeros } from "../core/tensor.ts";
import { randomisedResponse } from "../privacy/randomised_response.ts";
import type { ValueExamples, ValuesModel } from "./model.ts";
import { fieldName, fieldsOf, valuesOf } from "./value_fields.ts";

/** A field, and where its bins meet. */
export interface HistogramField {
  /** What clients call it. */
  readonly name: string;
  /** Ascending; bin `i` holds `edges[i − 1] ≤ value < edges[i]`, the first and last what is beyond. */
  readonly edges: readonly number[];
}

/** Complete settings of a `histogram` model. */
export interface HistogramOptions {
  /** Tells the models apart. */
  readonly kind: "histogram";
  /** What is counted. */
  readonly fields: readonly HistogramField[];
  /**
   * What a client with several values of a field counts: one of them that it draws, so that bins hold
   * clients; or all, each for its share of 1.
   */
  readonly several: "draw" | "share";
  /**
   * `ε` of the randomised response that each client gives for each field, so that not even who sees
   * its message learns its value; `null` for the value itself.
   */
  readonly local: number | null;
}

/** What {@link histogram} takes. */
export interface HistogramSettings {
  /** Ascending edges of each field's bins, by name; for bins of one width see `evenEdges`. */
  readonly fields: Readonly<Record<string, readonly number[]>>;
  /** What a client with several values counts; default `"draw"`. */
  readonly several?: HistogramOptions["several"];
  /** `ε` of each field's randomised response, above 0 and up to 32; default none. */
  readonly local?: number | null;
}

/** A `histogram` model, with its settings. */
export interface HistogramModel extends ValuesModel {
  /** Complete settings. */
  readonly options: HistogramOptions;
}

/** Most edges of a task, all fields together: more would not fit its document. */
const MOST_EDGES = 2048;

const schema: v.GenericSchema<unknown, HistogramOptions> = v.pipe(
  v.strictObject({
    kind: v.literal("histogram"),
    fields: v.pipe(
      fieldsOf(v.strictObject({
        name: fieldName,
        edges: v.pipe(
          v.array(finite("an edge")),
          v.minLength(1, "there must be an edge"),
          v.check(
            (edges) => edges.every((edge, at) => at === 0 || edge > (edges[at - 1] ?? edge)),
            "edges must ascend",
          ),
        ),
      })),
      v.check(
        (fields) => fields.reduce((sum, { edges }) => sum + edges.length, 0) <= MOST_EDGES,
        `there must be at most ${MOST_EDGES} edges in all`,
      ),
    ),
    several: v.picklist(["draw", "share"], 'several must be "draw" or "share"'),
    local: v.nullable(v.pipe(positive("local"), v.maxValue(32, "local must be at most 32"))),
  }),
  v.check(
    ({ several, local }) => local === null || several === "draw",
    'a response is of one value: with local, several must be "draw"',
  ),
);

/**
 * How many clients have which values: `histogramsOf` (`./analytics`) reads the counts out of the
 * published tensors.
 *
 * A client sends one value a bin. One round is all it takes; each further one counts again.
 *
 * @throws {TributaryError} `task-refused` if a setting does not fit.
 *
 * @example Four bins, and one for what is beyond on either side
 * ```ts
 * import { histogram } from "./histogram.ts";
 *
 * const model = histogram({ fields: { age: [0, 18, 35, 65, 120] } });
 * if (model.tensors[0]?.shape.join() !== "6") throw new Error("unexpected bins");
 * ```
 */
export function histogram({ fields, ...settings }: HistogramSettings): HistogramModel {
  const list = Object.entries(fields).map(([name, edges]) => ({ name, edges: [...edges] }));
  return histogramFrom({ kind: "histogram", fields: list, ...settings });
}

/**
 * Edges of `bins` bins of one width between `low` and `high`: `bins + 1` numbers.
 *
 * @throws {RangeError} If there are none.
 */
export function evenEdges(
  bins: number,
  { low, high }: { readonly low: number; readonly high: number },
): number[] {
  if (!Number.isSafeInteger(bins) || bins < 1 || bins >= MOST_EDGES || !(low < high)) {
    throw new RangeError(
      `Cannot cut ${low} to ${high} in ${bins} bins: expected ascending bounds and 1 to ${
        MOST_EDGES - 1
      } bins`,
    );
  }
  return Array.from(
    { length: bins + 1 },
    (_, at) => at === bins ? high : low + (high - low) * (at / bins),
  );
}

/**
 * A `histogram` model out of the settings in a task.
 *
 * @throws {TributaryError} `task-refused` if a setting does not fit.
 */
export function histogramFrom(settings: object): HistogramModel {
  const options = readOptions(
    schema,
    { several: "draw", local: null, ...settings },
    "make a histogram model",
  );
  const { local } = options;
  const tensors = options.fields.map(({ name, edges }) => ({
    name,
    shape: [choicesOf({ edges, local })],
  }));
  return {
    options,
    takes: "values",
    tensors,
    strategy: { kind: "totals" },
    metrics: [],
    norm: Math.sqrt(options.fields.length),
    initial: () => Object.fromEntries(tensors.map(({ name, shape }) => [name, zeros(shape)])),
    trainer: ({ examples }) => (_model, { seed, signal }) => {
      signal.throwIfAborted();
      const random = seededSource(seed);
      return Promise.resolve({ kind: "sums", sums: countsOf(examples, { options, random }) });
    },
  };
}

function countsOf(
  examples: ValueExamples,
  { options: { fields, several, local }, random }: {
    readonly options: HistogramOptions;
    readonly random: RandomSource;
  },
): NamedTensors {
  const rng = seededRng(random(32));
  return Object.fromEntries(fields.map(({ name, edges }): [string, Tensor] => {
    const values = valuesOf(examples, name);
    const counts = zeros([choicesOf({ edges, local })]);
    const counted = several === "share" || values.length < 2
      ? values
      : [values[rng.below(values.length)] ?? NaN];
    const bins = counted.map((value) => binOf(value, edges));
    const told = local === null
      ? bins
      // The last choice says that there is no value, which is as private as any.
      : [randomisedResponse(bins[0] ?? edges.length + 1, {
        choices: choicesOf({ edges, local }),
        epsilon: local,
        random,
      })];
    for (const bin of told) counts.data[bin] = (counts.data[bin] ?? 0) + 1 / told.length;
    return [name, counts];
  }));
}

/** How many values a field's tensor has: its bins, and with a response also whether there is a value. */
export function choicesOf(
  { edges, local }: { readonly edges: readonly number[]; readonly local: number | null },
): number {
  return edges.length + (local === null ? 1 : 2);
}

/** How many edges are at or below a value. */
function binOf(value: number, edges: readonly number[]): number {
  const above = edges.findIndex((edge) => value < edge);
  return above < 0 ? edges.length : above;
}
