/**
 * Whole rounds for the tests of this folder, over the code that live clients and roots run: what a
 * client makes of a model, the sum of parcels, the root's step.
 *
 * @module
 */
import { beginModel, stepModel } from "../../edge/root/step_model.ts";
import { makeUpdate } from "../client/make_update.ts";
import { memoryState } from "../client/memory_state.ts";
import { deriveSeed } from "../core/random.ts";
import { webDigest } from "../core/digest.ts";
import type { NamedTensors } from "../core/tensor.ts";
import type { DeviceState, Trainer } from "../core/trainer.ts";
import { createUpdateChain } from "../update/chain.ts";
import { createAggregateCore, inlineModule } from "../wasm/mod.ts";
import { strategyOf } from "./_testing.ts";
import { strategyPlan } from "./registry.ts";
import type { StrategyOptions } from "./registry.ts";

const core = createAggregateCore(await inlineModule("aggregate"));
const signal = new AbortController().signal;
const SEED = new Uint8Array(32).fill(11);

/** What is played. */
export interface Play {
  /** The strategy. */
  readonly options: StrategyOptions;
  /** The model before the first round. */
  readonly model: NamedTensors;
  /** One trainer a client. */
  readonly trainers: readonly Trainer[];
  /** How many rounds. */
  readonly rounds: number;
  /** Examples that give full weight; null to weigh all the same. */
  readonly weightCap?: number;
  /** What becomes of a client's update in a round, numbered from 1; it is `sent` by default. */
  fate?(client: number, round: number): Fate;
}

/** What becomes of an update. */
export type Fate =
  /** In the sum, with a receipt. */
  | "sent"
  /** Made, but never there; the client has no receipt. */
  | "lost"
  /** There, with a receipt, in a round that is given up: the model stays. */
  | "abandoned";

/** How things stand after a round. */
export interface Played {
  /** All that is published: the model, and what the strategy sends along. */
  readonly published: NamedTensors;
  /** What each client keeps. */
  readonly states: readonly DeviceState[];
}

/** Plays rounds with slots of 32 bits, one after the other; what it yields is the state after each. */
export async function* play(options: Play): AsyncGenerator<Played> {
  const { trainers, fate = () => "sent" } = options;
  const plan = strategyPlan(options.options);
  const strategy = strategyOf(options.options);
  const specs = Object.entries(options.model).map(([name, { shape }]) => ({ name, shape }));
  const chain = createUpdateChain(core, {
    tensors: plan.sums(specs),
    slotBits: 32,
    maxClients: trainers.length,
    clip: plan.clip ?? null,
    weightCap: options.weightCap ?? null,
  });
  const states = trainers.map(() => memoryState());
  let { model, state } = await beginModel(options.model, { strategy, digest: webDigest });
  let version = 0;
  for (let round = 1; round <= options.rounds; round++) {
    let [sum, clients, isAbandoned] = [new Uint32Array(), 0, false];
    for (const [client, trainer] of trainers.entries()) {
      const own = await deriveSeed(SEED, client, round);
      const update = await makeUpdate({ version, tensors: model }, {
        ...{ round, trainer, chain, signal },
        seeds: { train: own, encode: own },
        half: plan.client,
        state: states[client]!,
      });
      const what = fate(client, round);
      if (what === "lost") continue;
      isAbandoned ||= what === "abandoned";
      await update.accepted();
      const words = new Uint32Array(update.parcel.buffer);
      sum = words.map((word, i) => word + (sum[i] ?? 0));
      clients++;
    }
    if (!isAbandoned) {
      version++;
      const bytes = new Uint8Array(sum.buffer);
      const step = { strategy, chain, sum: bytes, clients, model, state, version };
      ({ model, state } = await stepModel({ ...step, digest: webDigest }));
    }
    yield { published: model, states };
  }
}

/** How things stand after the last round. */
export async function playAll(options: Play): Promise<Played> {
  let last: Played | undefined;
  for await (const played of play(options)) last = played;
  if (last === undefined) throw new RangeError("no rounds");
  return last;
}

/** A client whose loss is `½·Σ curvature·(x − target)²`, a value each. */
export interface Quadratic {
  /** The values that it would like best. */
  readonly target: readonly number[];
  /** How much it minds; 1 by default. */
  readonly curvature?: number;
  /** Local steps; 10 by default. */
  readonly steps?: number;
  /** Their learning rate; 0.1 by default. */
  readonly rate?: number;
  /** Their momentum; 0 by default. */
  readonly momentum?: number;
  /** 1 by default. */
  readonly examples?: number;
}

/** The loss of a client at some values. */
export function quadraticLoss({ target, curvature = 1 }: Quadratic, at: ArrayLike<number>): number {
  return target.reduce((sum, b, i) => sum + curvature * (at[i]! - b) ** 2 / 2, 0);
}

/** Full-batch gradient descent on the tensor `x`, under whatever correction there is. */
export function quadraticTrainer(client: Quadratic): Trainer {
  const { target, curvature = 1, steps = 10, rate = 0.1, momentum = 0, examples = 1 } = client;
  return ({ x }, { correction }) => {
    const weights = x!.data.slice();
    const velocity = target.map(() => 0);
    for (let step = 0; step < steps; step++) {
      target.forEach((b, i) => {
        const pull = (correction?.proximal ?? 0) * (weights[i]! - x!.data[i]!);
        const shift = correction?.shift?.x?.data[i] ?? 0;
        velocity[i] = momentum * velocity[i]! + curvature * (weights[i]! - b) + pull + shift;
        weights[i]! -= rate * velocity[i]!;
      });
    }
    return Promise.resolve({
      weights: { x: { shape: x!.shape, data: weights } },
      ...{ examples, steps, rate, loss: quadraticLoss(client, x!.data) },
    });
  };
}
