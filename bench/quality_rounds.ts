/**
 * Federated training without a network: what clients send is quantised and added as in life.
 *
 * @module
 */
import { memoryState } from "../src/client/memory_state.ts";
import { deriveSeed } from "../src/core/random.ts";
import { type NamedTensors, sizeOf } from "../src/core/tensor.ts";
import type { IalsModel, MfModel, NcfModel } from "../src/models/mod.ts";
import { strategyFrom } from "../src/strategy/mod.ts";
import { defineTask } from "../src/task/mod.ts";
import { bitsPerValue, createUpdateChain, metricMeans } from "../src/update/mod.ts";
import type { QualityRow, QualityWorld } from "./quality_world.ts";

/** What is trained, and when it is looked at. */
export interface RoundsOptions {
  /** Name of its rows. */
  readonly name: string;
  /** The model, with the server's step that it is made for. */
  readonly model: IalsModel | MfModel | NcfModel;
  /** After which rounds to show what the clients measured; it ends with the last of them. */
  readonly show: readonly number[];
}

/** Trains with every client in every round, and gives the means that clients measure. */
export async function* trainInRounds(
  world: QualityWorld,
  { name, model, show }: RoundsOptions,
): AsyncGenerator<QualityRow> {
  const { cases, seed, train, aggregate } = world;
  const clients = cases.length;
  const last = Math.max(...show);
  const task = defineTask({
    ...{ name, model },
    clients: { min: clients, max: clients },
    stop: { rounds: last },
  });
  const plan = { ...task.update, maxClients: clients };
  const chain = createUpdateChain(aggregate, plan);
  const strategy = strategyFrom(task.strategy, train);
  const trainers = cases.map(({ train: items, test, negatives }) =>
    model.trainer({
      core: train,
      state: memoryState(),
      examples: { items, evaluation: { target: test, negatives } },
    })
  );
  let tensors: NamedTensors = model.initial(await deriveSeed(seed, "initial"));
  let state = strategy.init(tensors);
  const { signal } = new AbortController();
  // Clients measure what they receive: the last model is seen one round later.
  for (let round = 1; round <= last + 1; round++) {
    const sum = new Uint32Array(plan.tensors.reduce((n, { shape }) => n + sizeOf(shape), 0));
    for (const [at, trainer] of trainers.entries()) {
      const own = await deriveSeed(seed, "client", at, round);
      const contribution = await trainer(tensors, { round, seed: own, signal });
      const key = await deriveSeed(own, "key");
      const parcel = chain.encode(contribution, { model: tensors, key });
      add(sum, new Uint32Array(parcel.buffer));
    }
    const sums = chain.decode(new Uint8Array(sum.buffer), clients);
    if (show.includes(round - 1)) {
      const means = metricMeans(sums);
      yield {
        name: `${name}, ${bitsPerValue(plan)} bits, round ${round - 1}`,
        hr: means["hr@10"] ?? NaN,
        ndcg: means["ndcg@10"] ?? NaN,
      };
    }
    ({ model: tensors, state } = strategy.step({ model: tensors, state, sums, clients, round }));
  }
}

/** In the ring `u32`. */
function add(sum: Uint32Array, parcel: Uint32Array): void {
  for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] ?? 0) + (parcel[i] ?? 0);
}
