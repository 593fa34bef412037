/**
 * All ways to learn that the table has, from nothing of anybody to federated under a budget.
 *
 * @module
 */
import { deriveSeed } from "../../src/core/random.ts";
import { ials } from "../../src/models/mod.ts";
import { simulate } from "../../src/sim/mod.ts";
import { alsNewton } from "../../src/strategy/mod.ts";
import { defineTask } from "../../src/task/mod.ts";
import type { Task } from "../../src/wire/task.ts";
import { central, ITEMS, judgeModel, localOnly, popularity, type PrivacyWorld } from "./world.ts";

/**
 * Chosen by hit rates in a world of 6 000 people, and of 600, that is in no row of the table: everybody
 * in few rounds, as every round costs; few values; updates cut to a third of their usual length, which
 * costs nothing without noise; and a pull to 0 of four times the noise of a sum. The bound has room for the
 * few values of an update that its own clip leaves out.
 */
export const SETTINGS = {
  dim: 8,
  rounds: 3,
  clip: 1,
  bound: 1.1,
  delta: 1e-6,
  ridge: 4,
  /** Part of the clients whose shares of the noise are counted on. */
  shares: 0.9,
} as const;

/** Who adds noise, and to what budget. */
interface Federated {
  /** Where the noise comes from. */
  readonly noise: "skellam" | "gaussian";
  /** Budget of the whole run. */
  readonly epsilon: number;
}

/** A row of the table. */
export interface Method {
  /** As the table has it. */
  readonly name: string;
  /** Learns in a world, and gives its hit rate. */
  run(world: PrivacyWorld): Promise<number>;
}

const EPSILONS = [8, 4, 2];

/** The rows. */
export const METHODS: readonly Method[] = [
  { name: "popularity", run: popularity },
  { name: "local only", run: localOnly },
  { name: "central", run: (world) => central(world, SETTINGS.dim) },
  { name: "federated, ε = ∞", run: (world) => federated(world) },
  ...(["skellam", "gaussian"] as const).flatMap((noise) =>
    EPSILONS.map((epsilon): Method => ({
      name: `${
        noise === "skellam" ? "noise of the clients (Skellam)" : "noise of the root (Gaussian)"
      }, ε = ${epsilon}`,
      run: (world) => federated(world, { noise, epsilon }),
    }))
  ),
];

async function federated(world: PrivacyWorld, privacy?: Federated): Promise<number> {
  const { split, seed } = world;
  const task = taskOf(split.train.histories.length, privacy);
  const { model, info } = await simulate(task, {
    clients: split.train.histories.map(({ items }) => ({ examples: { items } })),
    seed: await deriveSeed(seed, "federated"),
    patience: 3,
  });
  if (info.version < SETTINGS.rounds) return NaN;
  return await judgeModel(world, { model: modelOf(), tensors: model });
}

function modelOf() {
  return ials({ items: ITEMS, dim: SETTINGS.dim, clip: SETTINGS.clip });
}

/** The task of a row. */
function taskOf(clients: number, privacy?: Federated): Task {
  const { rounds, delta, clip, ridge } = SETTINGS;
  const model = modelOf();
  const definition = {
    name: "privacy table",
    model,
    metrics: [],
    update: { slotBits: 32 },
    clients: { min: Math.ceil(SETTINGS.shares * clients), max: clients },
    stop: { rounds },
  };
  if (privacy === undefined) return defineTask(definition);
  const { epsilon, noise: kind } = privacy;
  const promised = {
    ...definition,
    privacy: { epsilon, delta, clip: SETTINGS.bound, mechanism: { kind } },
  };
  const noise = defineTask(promised).privacy?.noise ?? NaN;
  const { a0, reg, range } = model.options;
  return defineTask({
    ...promised,
    strategy: alsNewton({ a0, reg, range, ridge: ridge * noise * clip }),
  });
}
