/**
 * A simulated round beside one of Flower's simulation: the same rows at the same clients, the same
 * local steps from the same weights, everybody in every round, both with all cores.
 *
 * Both shuffle each client's rows by generators of their own, so that the models differ by noise.
 *
 * @module
 */
import { type NamedTensors, tensorOf } from "../src/core/tensor.ts";
import { takeRows } from "../src/data/encode_table.ts";
import { logistic } from "../src/models/mod.ts";
import { sgd } from "../src/nn/optimizer_options.ts";
import { simulate } from "../src/sim/mod.ts";
import { fedAvg } from "../src/strategy/mod.ts";
import { defineTask } from "../src/task/mod.ts";
import type { Task } from "../src/wire/task.ts";
import { type AdultQuality, type AdultWorld, clientRows, judgeAdult, openAdult } from "./adult.ts";
import { type Figure, median } from "./figure.ts";
import { runPython } from "./venv.ts";

const PACKAGES = ["flwr[simulation]==1.41.0", "numpy==2.4.6"];
const ROUNDS = 11;
const TRAIN = { epochs: 1, batchSize: 32, lr: 0.5 };
const REACH = 50;
/** Differences of that size come of the order in which rows are taken. */
const NOISE = 0.005;

/** What one of the two came to. */
interface Simulated {
  /** Of each round but the first, which starts threads and processes too. */
  readonly seconds: readonly number[];
  /** Of the last model. */
  readonly quality: AdultQuality;
}

/** Measures the mean time of a round, and both models on the official test file. */
export async function measureFlower(): Promise<Figure[]> {
  const world = await openAdult();
  const flower = await runFlower(world);
  const own = await runOwn(world);
  const rounds = ({ seconds }: Simulated): number => 1 / median(seconds);
  const spread = own.seconds.map((s) => 1 / s);
  return [
    {
      name: `rounds of ${world.clients.length} clients, an epoch of logistic regression each`,
      value: rounds(own),
      spread: [Math.min(...spread), Math.max(...spread)],
      unit: "/s",
      reference: { name: "Flower 1.41, Ray", value: rounds(flower) },
      goal: { kind: "ratio at least", bound: REACH },
    },
    ...(["accuracy", "auc"] as const).map((name): Figure => ({
      name: `– ${name === "auc" ? "AUC" : name} after ${ROUNDS} rounds, Adult's test file`,
      value: own.quality[name],
      unit: "",
      reference: { name: "Flower's model", value: flower.quality[name] },
      goal: { kind: "within", bound: NOISE },
    })),
  ];
}

async function runFlower(world: AdultWorld): Promise<Simulated> {
  const folder = await Deno.makeTempDir();
  try {
    await writeWorld(world, folder);
    const programs = decodeURIComponent(new URL("flower/", import.meta.url).pathname);
    const { seconds, weights } = await runPython<{ seconds: number[]; weights: number[] }>({
      venv: "flower",
      packages: PACKAGES,
      args: [`${programs}run.py`, String(ROUNDS), String(navigator.hardwareConcurrency)],
      // Both Flower and Ray would report to their makers that they were run.
      env: {
        ADULT_WORLD: folder,
        PYTHONPATH: programs,
        FLWR_TELEMETRY_ENABLED: "0",
        RAY_USAGE_STATS_ENABLED: "0",
        OMP_NUM_THREADS: "1",
        OPENBLAS_NUM_THREADS: "1",
      },
    });
    const quality = judgeWeights(world, { weight: weights.slice(0, -1), bias: weights.at(-1) });
    return { seconds, quality };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Rows in order of their clients, where those of each begin, and how they are trained on. */
async function writeWorld(world: AdultWorld, folder: string): Promise<void> {
  const { width, clients, train } = world;
  const { features, labels } = takeRows(train, Uint32Array.from(clients.flatMap((c) => [...c])));
  const bounds = [0];
  for (const rows of clients) bounds.push((bounds.at(-1) ?? 0) + rows.length);
  await Deno.writeFile(`${folder}/features.f32`, bytesOf(features));
  await Deno.writeFile(`${folder}/labels.f32`, bytesOf(labels));
  await Deno.writeTextFile(`${folder}/settings.json`, JSON.stringify({ width, bounds, ...TRAIN }));
}

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

async function runOwn(world: AdultWorld): Promise<Simulated> {
  const ends: number[] = [];
  const { model } = await simulate(taskOf(world), {
    clients: world.clients.map((_, client) => ({ examples: clientRows(world, client) })),
    workers: navigator.hardwareConcurrency,
    onProgress: ({ kind }) => {
      if (kind === "closed") ends.push(performance.now());
    },
  });
  return {
    seconds: ends.slice(1).map((end, at) => (end - (ends[at] ?? NaN)) / 1000),
    quality: judgeWeights(world, weightsOf(model)),
  };
}

function taskOf({ width, clients }: AdultWorld): Task {
  const { lr, ...settings } = TRAIN;
  return defineTask({
    name: "adult",
    model: logistic({ features: width, ...settings, optimizer: sgd({ lr }) }),
    strategy: fedAvg({ range: 4 }),
    // As many examples as the largest client has: weights are in proportion to them, as Flower's.
    update: { slotBits: 32, weightCap: Math.max(...clients.map((rows) => rows.length)) },
    clients: { min: clients.length, max: clients.length },
    metrics: [],
    stop: { rounds: ROUNDS },
  });
}

interface Weights {
  readonly weight: ArrayLike<number>;
  readonly bias: number | undefined;
}

function weightsOf(model: NamedTensors): Weights {
  return { weight: tensorOf(model, "weight").data, bias: tensorOf(model, "bias").data[0] };
}

/** The quality of `features·weight + bias`. */
function judgeWeights(world: AdultWorld, { weight, bias = NaN }: Weights): AdultQuality {
  const { width, test: { features, labels } } = world;
  const scores = Float64Array.from(labels, (_, row) => {
    let sum = bias;
    for (let at = 0; at < width; at++) sum += (features[row * width + at] ?? 0) * (weight[at] ?? 0);
    return sum;
  });
  return judgeAdult(world, { scores, threshold: 0 });
}
