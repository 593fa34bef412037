/**
 * Training, encoding, adding and stepping without a network: what has to give the same bits in every
 * runtime. Prints one line of JSON.
 *
 * @module
 */
import { toHex, utf8 } from "../../src/core/bytes.ts";
import { webDigest } from "../../src/core/digest.ts";
import { deriveSeed } from "../../src/core/random.ts";
import { encodeSafetensors } from "../../src/core/safetensors.ts";
import type { NamedTensors } from "../../src/core/tensor.ts";
import { memoryState } from "../../src/client/memory_state.ts";
import { onDevice } from "../../src/models/on_device.ts";
import { modelFrom } from "../../src/models/registry.ts";
import { ials } from "../../src/models/ials.ts";
import { mf } from "../../src/models/mf.ts";
import { simulate } from "../../src/sim/mod.ts";
import { strategyFrom } from "../../src/strategy/registry.ts";
import { checkTask } from "../../src/task/check_task.ts";
import { defineTask } from "../../src/task/define_task.ts";
import { createUpdateChain } from "../../src/update/chain.ts";
import { createAggregateCore } from "../../src/wasm/aggregate.ts";
import { inlineModule } from "../../src/wasm/inline.ts";
import { createTrainCore } from "../../src/wasm/train.ts";
import type { Task } from "../../src/wire/task.ts";
import { inventPeople } from "../people.ts";

const PEOPLE = 5;
const ITEMS = 24;
const ROUNDS = 3;

/** Digests of each parcel and model of a run. */
async function digestsOf(task: Task): Promise<string[]> {
  const aggregate = createAggregateCore(await inlineModule("aggregate"));
  const train = createTrainCore(await inlineModule("train"));
  const { plan } = checkTask(task);
  const definition = modelFrom(task.model, task.train);
  const chain = createUpdateChain(aggregate, plan);
  const strategy = strategyFrom(task.strategy, train);
  const people = await inventPeople({ people: PEOPLE, items: ITEMS });
  const seed = await deriveSeed(utf8("portable"));
  const devices = people.map((examples) =>
    onDevice(definition, { core: train, examples, state: memoryState() }).trainer
  );
  const digests: string[] = [];
  const note = async (bytes: Uint8Array) => void digests.push(toHex(await webDigest(bytes)));

  let model: NamedTensors = definition.initial(seed);
  let state = strategy.init(model);
  for (let round = 1; round <= ROUNDS; round++) {
    const sum = new Uint32Array(plan.tensors.reduce((n, { shape }) => n + size(shape), 0));
    for (const [person, trainer] of devices.entries()) {
      const own = await deriveSeed(seed, person, round);
      const signal = new AbortController().signal;
      const contribution = await trainer(model, { round, seed: own, signal });
      const parcel = chain.encode(contribution, { model, key: own });
      await note(parcel);
      const words = new Uint32Array(parcel.buffer);
      for (let i = 0; i < sum.length; i++) sum[i] = ((sum[i] ?? 0) + (words[i] ?? 0)) >>> 0;
    }
    const sums = chain.decode(new Uint8Array(sum.buffer), PEOPLE);
    ({ model, state } = strategy.step({ model, state, sums, clients: PEOPLE, round }));
    await note(encodeSafetensors(model));
  }
  return digests;
}

/** Digests of the models of a simulation in which things go wrong, in threads where there are any. */
async function simulated(): Promise<string[]> {
  const model = mf({ items: ITEMS, dim: 6 });
  const task = defineTask({ name: "simulated", model, clients: { min: 1, max: PEOPLE }, stop });
  const people = await inventPeople({ people: PEOPLE, items: ITEMS });
  const { rounds } = await simulate(task, {
    clients: people.map((examples) => ({ examples })),
    ...{ tree: [2], workers: 2, seed: 3 },
    faults: { dropout: 0.2, lost: 0.1, pace: { trainMs: 5000, bytesPerSecond: 1000 } },
  });
  return rounds.flatMap(({ outcome, model }) => outcome === "published" ? [model.digest] : []);
}

function size(shape: readonly number[]): number {
  return shape.reduce((product, extent) => product * extent, 1);
}

const clients = { min: PEOPLE, max: PEOPLE };
const stop = { rounds: ROUNDS };
const models = [
  mf({ items: ITEMS, dim: 6 }),
  mf({ items: ITEMS, dim: 6, loss: "bpr", sends: "weights" }),
  ials({ items: ITEMS, dim: 6, form: "newton" }),
  ials({ items: ITEMS, dim: 6, form: "exact" }),
];
const runs: string[][] = [];
for (const model of models) {
  runs.push(await digestsOf(defineTask({ name: "portable", model, clients, stop })));
}
runs.push(await simulated());
console.log(JSON.stringify(runs));
