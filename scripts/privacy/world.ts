/**
 * The invented people that the cost of privacy is measured on, what they are asked, and what can be
 * learned from them without privacy: nothing of persons, alone, or in one place.
 *
 * @module
 */
import { memoryState } from "../../src/client/memory_state.ts";
import { deriveSeed, seededRng } from "../../src/core/random.ts";
import { type NamedTensors, tensorOf } from "../../src/core/tensor.ts";
import { type HeldOutCase, heldOutCases } from "../../src/data/negatives.ts";
import { popularityScores } from "../../src/data/popularity.ts";
import { leaveOneOut, type Split } from "../../src/data/split.ts";
import { generate, SYNTHETIC_SHAPES } from "../../src/data/synthetic.ts";
import { evaluateLeaveOneOut } from "../../src/metrics/leave_one_out.ts";
import { ialsCentral } from "../../src/models/ials_central.ts";
import { localMf } from "../../src/models/mf_local.ts";
import { ials, mf } from "../../src/models/mod.ts";
import type { RecommenderModel } from "../../src/models/model.ts";
import type { TrainCore } from "../../src/wasm/train.ts";

/** Rows of the item table. */
export const ITEMS = 1000;
/** People who are asked: more would take longer and tell the means little more precisely. */
const ASKED = 3000;
/** Sweeps of the solver that has everybody's ratings in one place. */
const SWEEPS = 15;

/** People, and what they are asked. */
export interface PrivacyWorld {
  /** Everybody's items, the last of each held out. */
  readonly split: Split;
  /** Who is asked what. */
  readonly cases: readonly HeldOutCase[];
  /** 32 bytes: all else that is drawn. */
  readonly seed: Uint8Array;
  /** Kernels of training. */
  readonly core: TrainCore;
}

/**
 * Invents people of the shape of the demo's large world, by RECIPES' generator.
 *
 * @param label Another one is another world; settings were chosen on that of `tuning`.
 */
export async function inventWorld(
  { clients, label }: { readonly clients: number; readonly label: string },
  core: TrainCore,
): Promise<PrivacyWorld> {
  const seed = await deriveSeed(new Uint8Array(32), "privacy table", label);
  const shape = { ...SYNTHETIC_SHAPES.large, people: clients, items: ITEMS };
  const split = leaveOneOut(generate(shape, seededRng(seed)).interactions);
  const asked = { ...split, test: split.test.map((item, at) => at < ASKED ? item : -1) };
  return { split, cases: await heldOutCases(asked, { seed }), seed, core };
}

/** Hit rate at 10 among 99 others, with everybody's scores from a recommender's model. */
export async function judgeModel(
  world: PrivacyWorld,
  { model, tensors }: { readonly model: RecommenderModel; readonly tensors: NamedTensors },
): Promise<number> {
  const { core } = world;
  return await judge(
    world,
    ({ train: items }) =>
      model.scorer({ core, examples: { items }, state: memoryState() })(tensors),
  );
}

async function judge(
  { cases }: PrivacyWorld,
  score: (question: HeldOutCase) => ArrayLike<number> | Promise<ArrayLike<number>>,
): Promise<number> {
  const scores = new Map<number, ArrayLike<number>>();
  for (const question of cases) scores.set(question.person, await score(question));
  return evaluateLeaveOneOut((person) => scores.get(person) ?? [], { cases, items: ITEMS }).hitRate;
}

/** What everybody takes most. */
export async function popularity(world: PrivacyWorld): Promise<number> {
  const scores = popularityScores(world.split.train);
  return await judge(world, () => scores);
}

/** Everybody for themselves. */
export async function localOnly(world: PrivacyWorld): Promise<number> {
  const { core, seed } = world;
  const model = mf({ items: ITEMS, dim: 8 });
  const initial = model.initial(await deriveSeed(seed, "local"));
  return await judge(world, async ({ person, train: items }) =>
    await localMf(model, {
      ...{ core, initial, items },
      seed: await deriveSeed(seed, "local", person),
    }));
}

/** All ratings in one place, without privacy. */
export async function central(world: PrivacyWorld, dim: number): Promise<number> {
  const { core, seed, split } = world;
  const model = ials({ items: ITEMS, dim });
  const { shape, data } = tensorOf(model.initial(await deriveSeed(seed, "central")), "items");
  const people = split.train.histories.map(({ items }) => items);
  const solved = ialsCentral(core, {
    ...{ options: model.options, people, sweeps: SWEEPS },
    table: data,
  });
  return await judgeModel(world, { model, tensors: { items: { shape, data: solved } } });
}
