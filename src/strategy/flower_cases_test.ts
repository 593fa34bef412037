/**
 * Flower's results over the same replies, for the tests of this folder.
 *
 * @module
 */
import assert from "node:assert/strict";
import { sharedVectors } from "../../tests/shared_vectors.ts";
import type { NamedTensors, TensorSpec } from "../core/tensor.ts";
import { WEIGHT_TENSOR } from "../core/trainer.ts";
import type { Strategy } from "./strategy.ts";

type Nested = number | readonly Nested[];
type Arrays = Readonly<Record<"w" | "b", Nested>>;

interface Reply {
  readonly num_examples: number;
  readonly arrays: Arrays;
}

interface Inputs {
  readonly initial: Arrays;
  readonly rounds: readonly (readonly Reply[])[];
}

/** One strategy's run over three rounds. */
export interface FlowerCase {
  /** Name of its inputs. */
  readonly inputs: string;
  /** Settings under Flower's names. */
  readonly hyper: Readonly<Record<string, number>>;
  /** The model after each round. */
  readonly rounds: readonly { readonly global_after: Arrays }[];
}

interface Vectors {
  readonly inputs: Readonly<Record<string, Inputs>>;
  readonly cases: readonly (FlowerCase & { readonly strategy: string })[];
}

/** The model of all cases. */
export const FLOWER_MODEL: readonly TensorSpec[] = [
  { name: "w", shape: [2, 3] },
  { name: "b", shape: [3] },
];

const vectors = sharedVectors<Vectors>("aggregation.json");

/** For `Deno.test`: whether Flower's results are missing. */
export const IGNORE: boolean = vectors.ignore;

/** The runs of one of Flower's strategies. */
export function aggregationCases(strategy: string): readonly FlowerCase[] {
  return vectors.read().cases.filter((run) => run.strategy === strategy);
}

const flat = (nested: Nested): number[] =>
  typeof nested === "number" ? [nested] : nested.flatMap(flat);

function tensors(arrays: Arrays): NamedTensors {
  return Object.fromEntries(
    FLOWER_MODEL.map(({ name, shape }) => [
      name,
      { shape, data: Float32Array.from(flat(arrays[name as "w" | "b"])) },
    ]),
  );
}

/** The models after each round of a strategy that is given float32 sums of the case's replies. */
export function replay(strategy: Strategy, run: FlowerCase): NamedTensors[] {
  const inputs = vectors.read().inputs[run.inputs];
  assert.ok(inputs);
  let model = tensors(inputs.initial);
  let state = strategy.init(model);
  return inputs.rounds.map((replies, i) => {
    const cap = 64;
    const weights = replies.map((reply) => reply.num_examples / cap);
    const sums = Object.fromEntries(FLOWER_MODEL.map(({ name, shape }) => {
      const base = model[name]?.data ?? new Float32Array();
      const data = base.map((x, at) =>
        replies.reduce((sum, { arrays }, k) => {
          const change = (flat(arrays[name as "w" | "b"])[at] ?? NaN) - x;
          return sum + (weights[k] ?? NaN) * change;
        }, 0)
      );
      return [name, { shape, data }];
    }));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    const weight = { shape: [1], data: Float32Array.of(total) };
    const clients = replies.length;
    ({ model, state } = strategy.step({
      model,
      state,
      sums: { ...sums, [WEIGHT_TENSOR]: weight },
      clients,
      round: i + 1,
    }));
    return model;
  });
}

/** Asserts that all values are within `tolerance`, relative to 1 or to the expected value. */
export function assertClose(
  model: NamedTensors | undefined,
  expected: Arrays,
  tolerance: number,
): void {
  for (const { name } of FLOWER_MODEL) {
    const got = Array.from(model?.[name]?.data ?? []);
    const want = flat(expected[name as "w" | "b"]);
    assert.equal(got.length, want.length);
    got.forEach((value, i) => {
      const gap = Math.abs(value - (want[i] ?? NaN)) / Math.max(1, Math.abs(want[i] ?? NaN));
      assert.ok(gap <= tolerance, `${name}[${i}]: ${value}, expected ${want[i]}`);
    });
  }
}
