import assert from "node:assert/strict";
import { webDigest } from "../../src/core/digest.ts";
import { decodeSafetensors, encodeSafetensors } from "../../src/core/safetensors.ts";
import type { NamedTensors } from "../../src/core/tensor.ts";
import { nextClip } from "../../src/privacy/adaptive_clip.ts";
import { fedAvg, strategyFrom } from "../../src/strategy/mod.ts";
import { createUpdateChain } from "../../src/update/chain.ts";
import type { PrivateChainPlan } from "../../src/update/private_chain.ts";
import { rootHalf } from "../../src/update/root_half.ts";
import { createAggregateCore } from "../../src/wasm/aggregate.ts";
import { inlineModule } from "../../src/wasm/inline.ts";
import { createTrainCore } from "../../src/wasm/train.ts";
import { beginModel, type HeldModel, stepModel } from "./step_model.ts";

const core = createAggregateCore(await inlineModule("aggregate"));
const train = createTrainCore(await inlineModule("train"));
const strategy = strategyFrom(fedAvg(), train);
const SIZE = 500;
const rotation = new Uint8Array(32).fill(3);
const zero = (): NamedTensors => ({ w: { shape: [SIZE], data: new Float32Array(SIZE) } });

function planOf(
  mechanism: PrivateChainPlan["privacy"]["mechanism"],
  change: Partial<PrivateChainPlan["privacy"]> = {},
): PrivateChainPlan {
  const privacy = {
    ...{ epsilon: 8, delta: 1e-6, clip: 1, noise: 0.5, extras: 0.1, scale: 4096 },
    ...{ mechanism, ...change },
  };
  const bit = { name: "clip/below", shape: [1], range: 0.5 };
  return {
    tensors: [
      { name: "w", shape: [SIZE], range: 1 },
      ...(privacy.adaptiveClip === undefined ? [] : [bit]),
    ],
    ...{ slotBits: 32, maxClients: 100, clip: null, weightCap: null, privacy },
  };
}

/** Rounds of clients who all want the model to become these weights, at most `norm` away. */
async function run(
  plan: PrivateChainPlan,
  { rounds, norms, store = (held) => held }: {
    readonly rounds: number;
    readonly norms: readonly number[];
    readonly store?: (held: HeldModel) => HeldModel;
  },
): Promise<HeldModel[]> {
  const chain = createUpdateChain(core, plan);
  const root = rootHalf(core, plan);
  let held = await beginModel(zero(), { strategy, digest: webDigest, privacy: root });
  const all = [held];
  for (let round = 1; round <= rounds; round++) {
    const clip = held.model["published/clip"]?.data[0];
    const sum = new Uint32Array(512);
    norms.forEach((norm, client) => {
      const data = held.model["w"]!.data.map((x) => x + norm / Math.sqrt(SIZE));
      const parcel = chain.encode({ weights: { w: { shape: [SIZE], data } }, examples: 1 }, {
        model: { w: held.model["w"]! },
        key: new Uint8Array(32).fill(client + 1),
        private: {
          ...{ rotation, noise: new Uint8Array(32).fill(client + 100) },
          ...(clip !== undefined && { clip }),
        },
      });
      new Uint32Array(parcel.buffer).forEach((word, i) => sum[i] = (sum[i]! + word) >>> 0);
    });
    held = store(
      await stepModel({
        ...{ strategy, chain, digest: webDigest, clients: norms.length, version: round },
        sum: new Uint8Array(sum.buffer),
        model: held.model,
        state: held.state,
        privacy: { root, rotation, seed: new Uint8Array(32).fill(round) },
      }),
    );
    all.push(held);
  }
  return all;
}

/** Standard deviation of a model's values around their mean. */
function deviation({ model }: HeldModel): { mean: number; sd: number } {
  const data = [...model["w"]!.data];
  const mean = data.reduce((sum, x) => sum + x, 0) / data.length;
  const squares = data.reduce((sum, x) => sum + (x - mean) ** 2, 0);
  return { mean, sd: Math.sqrt(squares / data.length) };
}

Deno.test("private step: the root's gaussian noise is in the mean, of the deviation that the plan says", async () => {
  const [, held] = await run(planOf({ kind: "gaussian" }), {
    rounds: 1,
    norms: new Array(20).fill(0.5),
  });
  const { mean, sd } = deviation(held!);
  // Noise 0.5 on a sum of twenty.
  assert.ok(Math.abs(sd / 0.025 - 1) < 0.12, `${sd}`);
  assert.ok(Math.abs(mean - 0.5 / Math.sqrt(SIZE)) < 0.005, `${mean}`);
  assert.deepEqual(held!.state, {});
});

Deno.test("private step: another seed is other noise, the same is the same model", async () => {
  const plan = planOf({ kind: "gaussian" });
  const options = { rounds: 2, norms: [1, 1] };
  const [one, two] = [await run(plan, options), await run(plan, options)];
  assert.equal(one[2]?.info.digest, two[2]?.info.digest);
  const change = (held: readonly HeldModel[], at: number) =>
    held[at]!.model["w"]!.data.map((x, i) => x - held[at - 1]!.model["w"]!.data[i]!);
  assert.notDeepEqual(change(one, 1), change(one, 2));
});

Deno.test("private step: correlated noise leaves less in the model after many rounds", async () => {
  const options = { rounds: 12, norms: [0, 0] };
  const ftrl = { kind: "ftrl", decay: [0.9], weight: [0.4], separation: 6 } as const;
  const last = async (mechanism: PrivateChainPlan["privacy"]["mechanism"]) =>
    deviation((await run(planOf(mechanism), options)).at(-1)!).sd;
  const correlated = await last({ ...ftrl, participations: 2 });
  const fresh = await last({ kind: "gaussian" });
  // √12·0.25 independently; by its coefficients, 0.42 of that.
  assert.ok(Math.abs(fresh / (Math.sqrt(12) * 0.25) - 1) < 0.12, `${fresh}`);
  assert.ok(correlated < 0.6 * fresh, `${correlated}, ${fresh} independently`);
});

Deno.test("private step: buffers that were stored and read go on to the same bits", async () => {
  const mechanism = {
    kind: "ftrl",
    ...{ decay: [0.9, 0.4], weight: [0.3, 0.2], separation: 2, participations: 2 },
  } as const;
  const store = (held: HeldModel): HeldModel => ({
    ...held,
    model: decodeSafetensors(held.bytes).tensors,
    state: decodeSafetensors(encodeSafetensors(held.state)).tensors,
  });
  const options = { rounds: 4, norms: [1, 0.5] };
  const kept = await run(planOf(mechanism), options);
  const stored = await run(planOf(mechanism), { ...options, store });
  assert.deepEqual(
    stored.map(({ info }) => info.digest),
    kept.map(({ info }) => info.digest),
  );
  assert.deepEqual(Object.keys(kept[0]!.state).sort(), [
    "privacy/buffer/0/high",
    "privacy/buffer/0/low",
    "privacy/buffer/1/high",
    "privacy/buffer/1/low",
  ]);
  assert.deepEqual(Object.keys(kept[4]!.model), ["w"]);
});

Deno.test("private step: the bound follows the quantile, is published, and the sum is in its units", async () => {
  const adaptiveClip = { quantile: 0.5, rate: 0.5, countNoise: 0.01 };
  const plan = planOf({ kind: "gaussian" }, { noise: 1e-3, clip: 0.1, adaptiveClip });
  const norms = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map((tenths) => (tenths - 0.5) / 10);
  const all = await run(plan, { rounds: 30, norms });
  const bounds = all.map(({ model }) => model["published/clip"]!.data[0]!);
  assert.equal(bounds[0], Math.fround(0.1));
  // In the first round one of ten is within; the noise of the count is a thousandth of it.
  const expected = nextClip(bounds[0]!, { ...adaptiveClip, bits: 1 - 5, clients: 10 });
  assert.ok(Math.abs(bounds[1]! / expected - 1) < 0.01, `${bounds[1]}, expected ${expected}`);
  assert.ok(bounds[30]! > 0.4 && bounds[30]! < 0.6, `${bounds[30]}`);
  // What the clients wanted, cut to the bound that they were told.
  const moved = all[30]!.model["w"]!.data[7]! - all[29]!.model["w"]!.data[7]!;
  const wanted = norms.reduce((sum, norm) => sum + Math.min(norm, bounds[29]!), 0) / 10;
  assert.ok(Math.abs(moved * Math.sqrt(SIZE) / wanted - 1) < 0.05, `${moved}, wanted ${wanted}`);
});
