/**
 * Four ways to recommend, asked the same questions.
 *
 * @module
 */
import { setImmediate } from "node:timers";
import { deriveSeed } from "../../core/random.ts";
import { type NamedTensors, tensorOf } from "../../core/tensor.ts";
import { popularityScores } from "../../data/popularity.ts";
import { evaluateLeaveOneOut } from "../../metrics/leave_one_out.ts";
import { ialsCentral } from "../../models/ials_central.ts";
import {
  type AnyModel,
  easeCentral,
  type EaseModel,
  type IalsModel,
  mf,
  type MfModel,
} from "../../models/mod.ts";
import { centralMf } from "../../models/mf_central.ts";
import { localMf } from "../../models/mf_local.ts";
import type { Device, PersonExamples, RecommenderModel } from "../../models/model.ts";
import type { TrainCore } from "../../wasm/train.ts";
import type { MethodResult } from "../run_record.ts";
import type { World } from "./world.ts";

/** A built-in model that recommends. */
export type ComparedModel = Extract<AnyModel, RecommenderModel>;

/** What is compared. */
export interface Comparison {
  /** Kernels and their memory. */
  readonly core: TrainCore;
  /** The questions, and what each method may learn from. */
  readonly world: World;
  /** The task's model. */
  readonly model: ComparedModel;
  /** What the clients learned together. */
  readonly federated: NamedTensors;
  /** A person's device, by dense index. */
  readonly deviceOf: (person: number) => Device<PersonExamples>;
  /** Everything that is drawn comes from it. */
  readonly seed: Uint8Array;
  /** Hears which method is at work. */
  readonly announce: (method: string) => void;
  /** Ends the comparison. */
  readonly signal: AbortSignal;
}

/** Scores of all items for a person, by dense index. */
type Score = (person: number) => ArrayLike<number>;

/** Sweeps of the central solver; more change nothing that can be measured. */
const SWEEPS = 15;

/**
 * Trains what there is to train, and evaluates popularity, local only, federated and, for the models
 * that can be trained in one place here, central.
 */
export async function compareMethods(comparison: Comparison): Promise<MethodResult[]> {
  const trained = central(comparison);
  const methods: [string, () => Promise<Score>][] = [
    ["popularity", () => popularity(comparison)],
    ["local only", () => local(comparison)],
    ["federated", () => federated(comparison)],
    ...(trained === undefined ? [] : [["central", trained]] satisfies [[string, typeof trained]]),
  ];
  const { world, announce, signal } = comparison;
  const results: MethodResult[] = [];
  for (const [method, train] of methods) {
    announce(method);
    const score = await train();
    signal.throwIfAborted();
    const { hitRate, ndcg, recall, coverage } = evaluateLeaveOneOut(score, {
      cases: world.cases,
      items: world.train.items.length,
    });
    results.push({ method, hitRate, ndcg, recall, coverage });
  }
  return results;
}

function popularity({ world }: Comparison): Promise<Score> {
  const scores = popularityScores(world.train);
  return Promise.resolve(() => scores);
}

/** Matrix factorisation for everybody alone: what an item table learns from one person. */
async function local(comparison: Comparison): Promise<Score> {
  const { core, world, seed } = comparison;
  const model = mf({ items: world.train.items.length, dim: 16 });
  const initial = model.initial(await deriveSeed(seed, "local"));
  return await scoresOf(comparison, async (person) => {
    const own = await deriveSeed(seed, "local", world.train.people[person] ?? person);
    const items = world.examples[person]?.items ?? NONE;
    return await localMf(model, { core, initial, items, seed: own });
  });
}

async function federated(comparison: Comparison): Promise<Score> {
  const { model, federated, deviceOf } = comparison;
  return await scoresOf(comparison, (person) => model.scorer(deviceOf(person))(federated));
}

/** Undefined for models without a trainer of their own for one place. */
function central(comparison: Comparison): (() => Promise<Score>) | undefined {
  const { core, world, model, seed } = comparison;
  const people = world.train.histories.map(({ items }) => items);
  if (isMf(model)) {
    return async () => {
      return await centralMf(model, { core, people, seed: await deriveSeed(seed, "central") });
    };
  }
  if (isEase(model)) {
    return async () => {
      const tensors = easeCentral(core, { model, people });
      return await scoresOf(
        comparison,
        (person) => model.scorer(comparison.deviceOf(person))(tensors),
      );
    };
  }
  if (!isIals(model)) return undefined;
  return async () => {
    const { options } = model;
    const table = tensorOf(model.initial(await deriveSeed(seed, "central")), "items").data;
    const solved = ialsCentral(core, { options, people, table, sweeps: SWEEPS });
    const tensors = { items: { shape: [options.items, options.dim], data: solved } };
    return await scoresOf(
      comparison,
      (person) => model.scorer(comparison.deviceOf(person))(tensors),
    );
  };
}

function isMf(model: ComparedModel): model is MfModel {
  return model.options.kind === "mf";
}

function isIals(model: ComparedModel): model is IalsModel {
  return model.options.kind === "ials";
}

function isEase(model: ComparedModel): model is EaseModel {
  return model.options.kind === "ease";
}

const NONE = new Uint32Array();

/** Scores for the people who are asked, computed once: some scorers take their time. */
async function scoresOf(
  { world: { cases }, signal }: Comparison,
  score: (person: number) => Promise<Float32Array>,
): Promise<Score> {
  const scores = new Map<number, Float32Array>();
  for (const { person } of cases) {
    scores.set(person, await score(person));
    // Ctrl-C is heard between two people.
    await new Promise<void>((resolve) => setImmediate(resolve));
    signal.throwIfAborted();
  }
  return (person) => scores.get(person) ?? new Float32Array();
}
