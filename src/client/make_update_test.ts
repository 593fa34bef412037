import assert from "node:assert/strict";
import { isTributaryError } from "../core/errors.ts";
import type { NamedTensors } from "../core/tensor.ts";
import type { Trainer, WeightsContribution } from "../core/trainer.ts";
import type { ClientHalf, ClientRound } from "../strategy/client_half.ts";
import { createUpdateChain } from "../update/chain.ts";
import { createAggregateCore, inlineModule } from "../wasm/mod.ts";
import { SAMPLE_TASK } from "../wire/_testing.ts";
import type { MaskPlan } from "../wire/mask_plan.ts";
import { taskId } from "../wire/task.ts";
import { lessonOf, makeUpdate, type MakeUpdateOptions, roundSeeds } from "./make_update.ts";
import { memoryState } from "./memory_state.ts";

const chain = createUpdateChain(createAggregateCore(await inlineModule("aggregate")), {
  tensors: [
    { name: "w", shape: [2], range: 4 },
    { name: "clients/weight", shape: [1], range: 1 },
  ],
  slotBits: 32,
  maxClients: 4,
  clip: null,
  weightCap: 8,
});
const pair = (...values: number[]) => ({ shape: [2], data: Float32Array.from(values) });
const MODEL = { w: pair(1, 1) };
/** Changes the model by 2, −1. */
const trainer: Trainer = ({ w }) =>
  Promise.resolve({ weights: { w: pair(w!.data[0]! + 2, w!.data[1]! - 1) }, examples: 4 });

function options(change: Partial<MakeUpdateOptions> = {}): MakeUpdateOptions {
  const seeds = { train: new Uint8Array(32).fill(1), encode: new Uint8Array(32).fill(2) };
  const { signal } = new AbortController();
  return {
    ...{ round: 7, trainer, half: undefined, state: memoryState(), chain, seeds, signal },
    ...change,
  };
}

/** A half whose every round is this one. */
function halfOf(round: ClientRound): ClientHalf {
  return { needs: [], begin: () => Promise.resolve(round) };
}

Deno.test("make update: without a client's half it is the weighed change, and nothing is kept", async () => {
  const state = memoryState();
  const update = await makeUpdate({ version: 3, tensors: MODEL }, options({ state }));
  const sums = chain.decode(update.parcel, 1);
  const [first, second] = sums["w"]!.data;
  assert.ok(Math.abs(first! - 1) < 1e-6 && Math.abs(second! + 0.5) < 1e-6);
  assert.equal((update.contribution as WeightsContribution).examples, 4);
  await update.accepted();
});

Deno.test("make update: trainers are told round, seed and signal, and see the model alone", async () => {
  const seen: unknown[] = [];
  const own = options({
    trainer(model, context) {
      seen.push(Object.keys(model), context.round, context.seed, context.correction);
      assert.equal(context.signal, own.signal);
      return trainer(model, context);
    },
  });
  const tensors: NamedTensors = { ...MODEL, "published/c": pair(5, 6) };
  await makeUpdate({ version: 3, tensors }, own);
  assert.deepEqual(seen, [["w"], 7, own.seeds.train, undefined]);
});

Deno.test("make update: a half begins with the round, the version, the state and what was published", async () => {
  const state = memoryState();
  let started: unknown;
  const half: ClientHalf = {
    needs: [],
    begin(start) {
      started = start;
      return Promise.resolve({});
    },
  };
  const published = { "published/c": pair(5, 6) };
  await makeUpdate({ version: 3, tensors: { ...MODEL, ...published } }, options({ half, state }));
  assert.deepEqual(started, { round: 7, version: 3, published, state });
});

Deno.test("make update: a half forms what is sent, and hears of it as it arrived, not weighed", async () => {
  let heard: NamedTensors | undefined;
  const half = halfOf({
    form: ({ w }, { examples }) => ({ w: pair(w!.data[0]! * examples, w!.data[1]!) }),
    accepted: (sent) => Promise.resolve(void (heard = sent)),
  });
  const update = await makeUpdate({ version: 0, tensors: MODEL }, options({ half }));
  assert.equal(heard, undefined);
  await update.accepted();
  // 2·4 halved is within ±4; what was sent is told without the weight of 4 in 8.
  const [first, second] = heard!["w"]!.data;
  assert.equal(first, 8);
  assert.ok(Math.abs(second! + 1) < 1e-6);
});

Deno.test("make update: the correction reaches the trainer, and one that never looks is refused", async () => {
  const correction = { proximal: 0.5, shift: { w: pair(1, 2) } };
  const half = halfOf({ correction });
  let seen: unknown;
  await makeUpdate(
    { version: 0, tensors: MODEL },
    options({
      half,
      trainer(model, context) {
        seen = context.correction;
        return trainer(model, context);
      },
    }),
  );
  assert.equal(seen, correction);
  await assert.rejects(
    makeUpdate({ version: 0, tensors: MODEL }, options({ half })),
    (error) =>
      isTributaryError(error, "update-misshapen") &&
      /never read context\.correction, expected one that adds it/.test(error.message),
  );
});

Deno.test("make update: what is aborted while it trains is not encoded", async () => {
  const stop = new AbortController();
  const late: Trainer = (model, context) => {
    stop.abort(new DOMException("over", "TimeoutError"));
    return trainer(model, context);
  };
  await assert.rejects(
    makeUpdate({ version: 0, tensors: MODEL }, options({ trainer: late, signal: stop.signal })),
    { name: "TimeoutError" },
  );
});

Deno.test("make update: seeds are a client's, a task's and a round's own, and two different ones", async () => {
  const seed = new Uint8Array(32).fill(9);
  const one = await roundSeeds(seed, { lesson: "a", round: 1 });
  assert.deepEqual(await roundSeeds(seed, { lesson: "a", round: 1 }), one);
  assert.notDeepEqual(one.train, one.encode);
  for (
    const other of [
      await roundSeeds(seed, { lesson: "a", round: 2 }),
      await roundSeeds(seed, { lesson: "b", round: 1 }),
      await roundSeeds(new Uint8Array(32), { lesson: "a", round: 1 }),
    ]
  ) {
    assert.notDeepEqual(other.train, one.train);
    assert.notDeepEqual(other.encode, one.encode);
  }
});

Deno.test("seeds: a task is the same lesson however it is masked, and another one with other items", async () => {
  const helper = { url: "https://a.example", key: "A".repeat(43), identity: "A".repeat(43) };
  const mask = { kind: "kahe1", helpers: [helper], threshold: 1, colluding: 0, min: 2, groups: 1 };
  const plain = await lessonOf(SAMPLE_TASK);
  assert.equal(plain, await taskId(SAMPLE_TASK));
  assert.equal(await lessonOf({ ...SAMPLE_TASK, mask: mask as MaskPlan }), plain);
  assert.notEqual(await lessonOf({ ...SAMPLE_TASK, name: "another" }), plain);
});
