import assert from "node:assert/strict";
import type { NamedTensors } from "../core/tensor.ts";
import type { PrivacyMechanism } from "../wire/privacy_plan.ts";
import { createAggregateCore, inlineModule } from "../wasm/mod.ts";
import { createUpdateChain } from "./chain.ts";
import { gridOf } from "./private_plan.ts";
import { rootHalf } from "./root_half.ts";

const core = createAggregateCore(await inlineModule("aggregate"));
const [SIZE, CLIENTS, RUNS] = [200, 6, 1500];

/** 32 bytes that differ from run to run and from purpose to purpose. */
function key(...numbers: number[]): Uint8Array {
  const bytes = new Uint8Array(32);
  new Uint32Array(bytes.buffer).set(numbers);
  return bytes;
}

/**
 * What somebody sees who knows all other clients' updates and asks a sum for one client's, of which they
 * know what it might be: by how many standard deviations it stands out, the most that any test of it
 * can go by for normal noise.
 */
function advantage(
  mechanism: PrivacyMechanism,
): { readonly seen: number; readonly charged: number } {
  const privacy = {
    ...{ epsilon: 8, delta: 1e-6, clip: 0.5, noise: 1.5, extras: 0.1, scale: 300 },
    mechanism,
  };
  const plan = {
    tensors: [
      { name: "w", shape: [SIZE], range: 9 },
      { name: "clients/weight", shape: [1], range: 1 },
    ],
    ...{ slotBits: 32, maxClients: 16, clip: null, weightCap: 4, privacy },
  };
  const chain = createUpdateChain(core, plan);
  const root = rootHalf(core, plan);
  const grid = gridOf(plan);
  const model: NamedTensors = { w: { shape: [SIZE], data: new Float32Array(SIZE) } };
  // Far longer than the bound, in a direction that everybody knows.
  const spike = Float32Array.from({ length: SIZE }, (_, i) => i % 3 - 1);
  const length = Math.hypot(...spike);
  const statistic = (run: number, isThere: boolean): number => {
    const rotation = key(run, 1);
    const sum = new Uint32Array(grid.words);
    for (let client = 0; client < CLIENTS; client++) {
      const data = client === 0 && isThere ? spike : new Float32Array(SIZE);
      const parcel = chain.encode({ weights: { w: { shape: [SIZE], data } }, examples: 4 }, {
        model,
        key: key(run, client, 2),
        private: { rotation, noise: key(run, client, 3, Number(isThere)) },
      });
      new Uint32Array(parcel.buffer).forEach((word, i) => sum[i] = (sum[i]! + word) >>> 0);
    }
    const opening = root.open(root.init(), key(run, 4, Number(isThere)));
    const sums = chain.decode(new Uint8Array(sum.buffer), CLIENTS, { rotation, ...opening });
    return sums["w"]!.data.reduce((dot, x, i) => dot + x * spike[i]! / length, 0);
  };
  const [there, away] = [true, false].map((isThere) => {
    const found = Array.from({ length: RUNS }, (_, run) => statistic(run, isThere));
    const mean = found.reduce((sum, x) => sum + x, 0) / RUNS;
    return { mean, variance: found.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (RUNS - 1) };
  });
  return {
    seen: (there!.mean - away!.mean) / Math.sqrt((there!.variance + away!.variance) / 2),
    charged: grid.l2 / grid.stddev,
  };
}

const mechanisms: PrivacyMechanism[] = [
  { kind: "skellam", shares: CLIENTS },
  { kind: "gaussian" },
  {
    kind: "ftrl",
    ...{ decay: [0.5], weight: [0.3], separation: 2, participations: 2 },
  },
];
for (const mechanism of mechanisms) {
  Deno.test(`private audit: ${mechanism.kind}: nobody stands out further than is charged for, and hardly less`, () => {
    const { seen, charged } = advantage(mechanism);
    // The mean and the deviation of 1500 runs are known to 4 parts in 100.
    assert.ok(seen < charged * 1.08, `${seen} deviations, charged for ${charged}`);
    assert.ok(seen > charged * 0.85, `${seen} deviations, charged for ${charged}`);
  });
}

Deno.test("private audit: where half of the shares are missing a client stands out by √2 more", () => {
  const { seen, charged } = advantage({ kind: "skellam", shares: 2 * CLIENTS });
  assert.ok(Math.abs(seen / charged / Math.SQRT2 - 1) < 0.12, `${seen}, ${charged}`);
});
