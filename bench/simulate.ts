/**
 * What a simulation costs: matrix factorisation on MovieLens latest-small, and a small table model
 * over a thousand clients, whose rounds are mostly what a client costs besides its training.
 *
 * @module
 */
import process from "node:process";
import { seededRng } from "../src/core/random.ts";
import { openWorld } from "../src/cli/demo/world.ts";
import { logistic, mf } from "../src/models/mod.ts";
import { simulate, type SimulatedClient } from "../src/sim/mod.ts";
import { defineTask } from "../src/task/mod.ts";
import type { Task } from "../src/wire/task.ts";
import { type Figure, median } from "./figure.ts";
import { renderFigures } from "./figure_table.ts";

const DATA = decodeURIComponent(
  new URL("../../shared/data/movielens-latest-small", import.meta.url).pathname,
);
const WORKERS = 2;
/** What the 610 clients may take for 50 rounds. */
const MF_REACH_S = 60;
/** A fiftieth of the 8 s that Flower 1.41 was measured to take for a round of 1000 small clients. */
const SMALL_REACH_MS = 160;
/** Rounds that warm up. */
const COLD = 3;

/** How a run went. */
interface Timing {
  /** Seconds of everything, threads' start included. */
  readonly wallS: number;
  /** Milliseconds of each round. */
  readonly roundsMs: readonly number[];
  /** Processor milliseconds a client and round, all threads together. */
  readonly cpuMs: number;
}

async function run(task: Task, clients: readonly SimulatedClient[]): Promise<Timing> {
  const roundsMs: number[] = [];
  const cpu = process.cpuUsage();
  const began = performance.now();
  let last = began;
  await simulate(task, {
    ...{ clients, tree: [3], workers: WORKERS },
    onProgress({ kind }) {
      if (kind !== "closed") return;
      roundsMs.push(performance.now() - last);
      last = performance.now();
    },
  });
  const { user, system } = process.cpuUsage(cpu);
  return {
    wallS: (performance.now() - began) / 1000,
    roundsMs,
    cpuMs: (user + system) / 1000 / roundsMs.length / clients.length,
  };
}

async function factorise(rounds: number): Promise<Timing> {
  const world = await openWorld({ path: DATA, reading: {}, seed: 1 });
  const people = world.examples.length;
  const task = defineTask({
    name: "films",
    model: mf({ items: world.train.items.length, dim: 32 }),
    clients: { min: people, max: people },
    stop: { rounds },
  });
  return await run(task, world.examples.map((examples) => ({ examples })));
}

/** Rows as of a table of 14 columns turned into features: few of them are not 0. */
async function classify(rounds: number): Promise<Timing> {
  const [clients, rows, features, columns] = [1000, 32, 105, 14];
  const rng = seededRng(new Uint8Array(32));
  const task = defineTask({
    name: "rows",
    model: logistic({ features }),
    clients: { min: clients, max: clients },
    stop: { rounds },
  });
  return await run(
    task,
    Array.from({ length: clients }, () => {
      const table = {
        kind: "table" as const,
        features: new Float32Array(rows * features),
        labels: Float32Array.from({ length: rows }, () => Number(rng.uniform() < 0.25)),
      };
      for (let row = 0; row < rows; row++) {
        for (let column = 0; column < columns; column++) {
          table.features[row * features + rng.below(features)] = 1;
        }
      }
      return { examples: table };
    }),
  );
}

/** Measures both. */
export async function measureSimulate(): Promise<Figure[]> {
  const films = await factorise(50);
  const small = await classify(30);
  const warm = small.roundsMs.slice(COLD);
  return [
    {
      name: `mf of MovieLens latest-small, 610 clients × 50 rounds, ${WORKERS} threads`,
      value: films.wallS,
      unit: "s",
      goal: { kind: "at most", bound: MF_REACH_S },
    },
    { name: "– processor time a client and round", value: films.cpuMs, unit: "ms" },
    {
      name: `a round of 1000 clients of 32 rows × 105 features, logistic, ${WORKERS} threads`,
      value: median(warm),
      unit: "ms",
      spread: [Math.min(...warm), Math.max(...warm)],
      goal: { kind: "at most", bound: SMALL_REACH_MS },
    },
    { name: "– processor time a client and round", value: small.cpuMs, unit: "ms" },
  ];
}

if (import.meta.main) console.log(renderFigures(await measureSimulate()));
