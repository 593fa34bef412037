/**
 * Flower's results over the same replies, for the tests of this folder.
 *
 * @module
 */
import assert from "node:assert/strict";
import { sharedVectors } from "../../tests/shared_vectors.ts";
import type { NamedTensors, TensorSpec } from "../core/tensor.ts";
import type { Trainer } from "../core/trainer.ts";
import { play } from "./_rounds_testing.ts";
import type { StrategyOptions } from "./registry.ts";

type Nested = number | readonly Nested[];
type Arrays = Readonly<Record<"w" | "b", Nested>>;

interface Reply {
  readonly num_examples: number;
  readonly loss: number;
  readonly arrays: Arrays;
}

interface Inputs {
  readonly initial: Arrays;
  readonly rounds: readonly (readonly Reply[])[];
}

/** One strategy's run over three rounds. */
export interface FlowerCase {
  /** Which of Flower's two interfaces it was run by. */
  readonly api: "serverapp" | "legacy";
  /** Name of its inputs. */
  readonly inputs: string;
  /** Settings under Flower's names. */
  readonly hyper: Readonly<Record<string, number>> & {
    /** The server's loss in each round, of the older interface. */
    readonly server_loss_per_round?: readonly number[];
  };
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

/** How replies are taken, where it is not as they stand and by their examples. */
export interface ReplayOptions {
  /** Whether clients count by their examples; they do by default. */
  readonly isWeighted?: boolean;
  /** The loss of all clients in each round, in place of their own. */
  readonly losses?: readonly number[];
}

/**
 * The models after each round of a strategy whose clients reply as the case's do: each update and sum
 * is encoded, added up and decoded as in life.
 */
export async function replay(
  options: StrategyOptions,
  run: FlowerCase,
  { isWeighted = true, losses }: ReplayOptions = {},
): Promise<NamedTensors[]> {
  const inputs = vectors.read().inputs[run.inputs];
  assert.ok(inputs);
  const { rounds } = inputs;
  const models: NamedTensors[] = [];
  const trainers = (rounds[0] ?? []).map((_, client): Trainer => (_model, context) => {
    const reply = rounds[context.round - 1]?.[client];
    assert.ok(reply);
    // Replies are what they are; reading it is what a trainer has to do at least.
    void context.correction;
    const { num_examples: examples, loss: own, arrays } = reply;
    return Promise.resolve({
      weights: tensors(arrays),
      examples,
      loss: losses?.[context.round - 1] ?? own,
    });
  });
  const weights = isWeighted ? { weightCap: 64 } : {};
  const model = tensors(inputs.initial);
  const plays = play({ options, model, trainers, rounds: rounds.length, ...weights });
  for await (const { published } of plays) models.push(published);
  return models;
}

/** How a strategy is held against Flower's of the same kind. */
export interface FlowerTest {
  /** Flower's name of it. */
  readonly flower: string;
  /** How many runs of it there are. */
  readonly cases: number;
  /** Largest gap of a value; see {@link assertClose}. */
  readonly tolerance: number;
  /** Our options for Flower's. */
  options(hyper: FlowerCase["hyper"]): StrategyOptions;
}

/** Tests that a strategy gives Flower's models when clients reply by their examples. */
export function testAgainstFlower({ flower, cases: count, tolerance, options }: FlowerTest): void {
  Deno.test({
    name: `${flower.toLowerCase()}: equals Flower's over three rounds of weighted replies`,
    ignore: IGNORE,
    async fn() {
      const cases = aggregationCases(flower);
      assert.equal(cases.length, count);
      for (const one of cases) {
        const models = await replay(options(one.hyper), one);
        one.rounds.forEach((round, i) => assertClose(models[i], round.global_after, tolerance));
      }
    },
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
