/**
 * What clients of a private task do to a million values besides masking them, in one thread.
 * Run as a script, it prints a table.
 *
 * @module
 */
import { skellamTable } from "../src/privacy/skellam_table.ts";
import { createUpdateChain } from "../src/update/mod.ts";
import { type AggregateCore, createAggregateCore, inlineModule } from "../src/wasm/mod.ts";
import type { Span } from "../src/wasm/core_memory.ts";
import { type Figure, median } from "./figure.ts";
import { renderFigures } from "./figure_table.ts";

const VALUES = 1 << 20;
/** Values that the chain hands to the core at a time. */
const BLOCK = 65_536;
const TURNS = 15;
/** Standard deviations of a share, in steps: scanned, the widest that tasks choose, and wide. */
const DEVIATIONS = [4, 16, 128, 512] as const;

/** Median milliseconds of a call. */
function timed(call: () => void): number {
  return median(Array.from({ length: TURNS }, () => {
    const began = performance.now();
    call();
    return performance.now() - began;
  }));
}

/** Measures noise of several widths, and an update from weights to words with all that its task asks. */
export async function measureNoise(): Promise<Figure[]> {
  using core = createAggregateCore(await inlineModule("aggregate"));
  const words = core.memory.alloc(4 * BLOCK);
  const reference = timed(() => plainNoise(new Int32Array(VALUES), 128));
  return [
    ...DEVIATIONS.map((deviation): Figure => ({
      name: `Skellam noise, 1 M values, σ = ${deviation} steps`,
      value: drawMs(core, { words, deviation }),
      unit: "ms",
      reference: { name: "rounded Box–Muller over Math.random", value: reference },
      goal: { kind: "at most", bound: 40 },
    })),
    {
      name: "private update, 1 M values: clip, rotate, round, Skellam noise of σ = 128",
      value: encodeMs(core),
      unit: "ms",
    },
  ];
}

function drawMs(
  core: AggregateCore,
  { words, deviation }: { readonly words: Span; readonly deviation: number },
): number {
  const table = skellamTable({ variance: deviation ** 2, most: 2 ** 24 });
  const seed = new Uint8Array(32).fill(deviation % 251);
  return timed(() => {
    for (let stream = 0; stream < VALUES / BLOCK; stream++) {
      core.addNoise(words, { table, seed, stream, offset: 0 });
    }
  });
}

function encodeMs(core: AggregateCore): number {
  // Shares of 128 steps: noise · scale / √shares.
  const mechanism = { kind: "skellam", shares: 1000 } as const;
  const promise = { epsilon: 8, delta: 1e-6, clip: 1, extras: 0.25 };
  const scale = 3600;
  const noise = 128 * Math.sqrt(1000) / scale;
  const chain = createUpdateChain(core, {
    tensors: [{ name: "w", shape: [VALUES], range: 1 }],
    ...{ slotBits: 25, maxClients: 1000, clip: null, weightCap: null },
    privacy: { ...promise, scale, noise, mechanism },
  });
  const weights = { w: { shape: [VALUES], data: new Float32Array(VALUES).map(Math.sin) } };
  const model = { w: { shape: [VALUES], data: new Float32Array(VALUES) } };
  const key = new Uint8Array(32).fill(7);
  const into = new Uint8Array(4 * VALUES);
  const blur = { rotation: key, noise: key };
  return timed(() => {
    chain.encode({ kind: "weights", weights, examples: 1 }, { model, key, into, private: blur });
  });
}

/** What noise costs that is neither exact, nor drawn from a CSPRNG, nor free of branches. */
function plainNoise(out: Int32Array, deviation: number): void {
  for (let i = 0; i < out.length; i += 2) {
    const radius = deviation * Math.sqrt(-2 * Math.log(1 - Math.random()));
    const angle = 2 * Math.PI * Math.random();
    out[i] = Math.round(radius * Math.cos(angle));
    out[i + 1] = Math.round(radius * Math.sin(angle));
  }
}

if (import.meta.main) console.log(renderFigures(await measureNoise()));
