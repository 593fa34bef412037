import assert from "node:assert/strict";
import { hastyClock } from "../../tests/hasty_clock.ts";
import { startTree, type Tree } from "../../tests/tree.ts";
import type { ErrorCode } from "../core/errors.ts";
import { memoryState } from "./memory_state.ts";
import { generateIdentity } from "../core/identity.ts";
import type { DeviceState, Trainer } from "../core/trainer.ts";
import { mf } from "../models/mf.ts";
import { tensors } from "../models/tensors.ts";
import { manualClock } from "../wire/_testing.ts";
import { endless, forget, halfWay, interfering, joinLeaf, refusal, smallTask } from "./_testing.ts";
import type { Participant } from "./participant.ts";
import type { RoundReport } from "./round_report.ts";

async function all(me: Participant): Promise<RoundReport[]> {
  return await Array.fromAsync(me.rounds());
}

/** The next report, of a loop that goes on. */
async function next(rounds: AsyncGenerator<RoundReport, void>): Promise<RoundReport | undefined> {
  return (await rounds.next()).value ?? undefined;
}

/** One member more than those that send, so that a round stays open. */
async function withBystander(tree: Tree): Promise<AsyncDisposable> {
  return await joinLeaf(tree, { number: 99 });
}

Deno.test("rounds: a device takes part until the task is finished, and hears what came of it", async () => {
  await using tree = await startTree({ task: smallTask({ stop: { rounds: 2 } }) });
  await using me = await joinLeaf(tree);
  const { entries } = await tree.root.life.log(0, 10);
  const [created] = entries;
  const reports = await all(me);
  assert.deepEqual(reports.map(({ kind, round }) => [kind, round]), [["sent", 1], ["sent", 2]]);
  const [first] = reports;
  assert.equal(first?.kind, "sent");
  assert.deepEqual(first.metrics, { loss: 0.25 });
  assert.equal(first.bytesSent, 4 * (3 + 1 + 2));
  assert.equal(created?.body.event.kind, "created");
  assert.equal(first.bytesReceived, created.body.event.model.bytes);
  const { member, clients, position, round } = first.receipt;
  assert.deepEqual({ member, clients, position, round }, {
    ...{ member: me.id, clients: 1, position: 0, round: 1 },
  });
  // Two steps of half the way, up to the grid of 15 bits.
  const { tensors, version } = await me.model();
  assert.equal(version, 2);
  for (const x of tensors["w"]!.data) assert.ok(Math.abs(x - 0.75) < 1e-3, `${x}`);
});

Deno.test("rounds: of a task that is finished there are none", async () => {
  await using tree = await startTree({ task: smallTask() });
  await using first = await joinLeaf(tree);
  assert.equal((await all(first)).length, 1);
  await using late = await joinLeaf(tree, { number: 1 });
  assert.deepEqual(await all(late), []);
});

const refusals: ErrorCode[] = [
  ...["round-closed", "round-full", "round-unknown", "sid-mismatch", "update-conflict"] as const,
];
for (const code of refusals) {
  Deno.test(`rounds: an update that the region answers with ${code} is reported as missed`, async () => {
    const through = interfering({
      ...{ method: "PUT", path: /\/updates\// },
      answer: () => Promise.resolve(refusal(code)),
    });
    await using tree = await startTree({ task: smallTask(), through });
    await using me = await joinLeaf(tree);
    assert.deepEqual(await next(me.rounds()), { kind: "missed", round: 1, reason: code });
  });
}

Deno.test("rounds: a model that is not kept any more is reported as missed", async () => {
  const through = interfering({
    ...{ method: "GET", path: /\/models\// },
    answer: () => Promise.resolve(refusal("model-unknown")),
  });
  await using tree = await startTree({ task: smallTask(), through });
  await using me = await joinLeaf(tree);
  assert.deepEqual(await next(me.rounds()), { kind: "missed", round: 1, reason: "model-unknown" });
});

Deno.test("rounds: a model of another digest ends them, for it will not get better", async () => {
  const through = interfering({
    ...{ method: "GET", path: /\/models\// },
    async answer(request, fetch) {
      const bytes = new Uint8Array(await (await fetch(request)).arrayBuffer());
      bytes[bytes.length - 1]! ^= 1;
      return new Response(bytes);
    },
  });
  await using tree = await startTree({ task: smallTask(), through });
  await using me = await joinLeaf(tree);
  await assert.rejects(all(me), { code: "model-invalid" });
});

Deno.test("rounds: training that outlasts the round is told so, and reported as missed", async () => {
  const clock = manualClock();
  await using tree = await startTree({ task: smallTask({ roundMs: 20_000 }), clock });
  const ownError: Trainer = (_, { signal }) =>
    new Promise((_, reject) =>
      signal.addEventListener("abort", () => reject(new DOMException("stopped", "AbortError")))
    );
  for (const [at, trainer] of [endless, ownError].entries()) {
    const training = Promise.withResolvers<void>();
    await using me = await joinLeaf(tree, {
      number: at,
      training: {
        trainer(model, context) {
          training.resolve();
          return trainer(model, context);
        },
      },
    });
    const report = next(me.rounds());
    await training.promise;
    clock.advance(20_000);
    assert.deepEqual(await report, { kind: "missed", round: 1 + at, reason: "deadline" });
    await me.leave();
  }
});

Deno.test("rounds: training that fails while the round ends is not taken for a missed one", async () => {
  const clock = manualClock();
  await using tree = await startTree({ task: smallTask({ roundMs: 20_000 }), clock });
  const training = Promise.withResolvers<void>();
  await using me = await joinLeaf(tree, {
    training: {
      trainer: (_, { signal }) =>
        new Promise((_, reject) => {
          signal.addEventListener("abort", () => reject(new RangeError("a mistake")));
          training.resolve();
        }),
    },
  });
  const report = assert.rejects(next(me.rounds()), { message: "a mistake" });
  await training.promise;
  clock.advance(20_000);
  await report;
});

Deno.test("rounds: a turn that comes after the deadline costs no download", async () => {
  const clock = manualClock();
  let downloads = 0;
  const through = interfering({
    ...{ method: "GET", path: /\/models\// },
    answer(request, fetch) {
      downloads++;
      return fetch(request);
    },
  });
  await using tree = await startTree({ task: smallTask({ roundMs: 20_000 }), clock, through });
  const asked = Promise.withResolvers<void>();
  const turn = Promise.withResolvers<void>();
  await using me = await joinLeaf(tree, {
    async turn(work) {
      asked.resolve();
      await turn.promise;
      return await work();
    },
  });
  const report = next(me.rounds());
  await asked.promise;
  clock.advance(20_000);
  turn.resolve();
  assert.deepEqual(await report, { kind: "missed", round: 1, reason: "deadline" });
  assert.equal(downloads, 0);
});

Deno.test("rounds: what the trainer throws comes out of the loop", async () => {
  await using tree = await startTree({ task: smallTask() });
  const trainer: Trainer = () => Promise.reject(new RangeError("no examples"));
  await using me = await joinLeaf(tree, { training: { trainer } });
  await assert.rejects(all(me), { message: "no examples" });
});

Deno.test("rounds: a contribution of another shape, or without numbers, ends them", async () => {
  const wrong: [number[], ErrorCode][] = [[[1, 2], "update-misshapen"], [
    [1, NaN, 3],
    "update-not-finite",
  ]];
  for (const [values, code] of wrong) {
    await using tree = await startTree({ task: smallTask() });
    const data = Float32Array.from(values);
    const weights = { w: { shape: [data.length], data } };
    const trainer: Trainer = () => Promise.resolve({ weights, examples: 1, metrics: { loss: 0 } });
    await using me = await joinLeaf(tree, { training: { trainer } });
    await assert.rejects(all(me), { code });
    assert.equal(tree.root.life.status().updates, 0);
  }
});

Deno.test("rounds: a member that was forgotten enrols again, and sends what it has trained", async () => {
  await using tree = await startTree({ task: smallTask(), clock: hastyClock() });
  await using _other = await withBystander(tree);
  const identity = await generateIdentity();
  let trainings = 0;
  await using me = await joinLeaf(tree, {
    identity,
    training: {
      async trainer(model, context) {
        trainings++;
        await forget(tree, identity);
        return await halfWay(model, context);
      },
    },
  });
  const report = await next(me.rounds());
  assert.equal(report?.kind, "sent");
  assert.equal(trainings, 1);
  assert.equal(tree.root.life.status().size, 2);
});

const ends: [string, () => Promise<Response>][] = [
  ["breaks off", () => Promise.reject(new TypeError("connection reset"))],
  ["is starting", () => Promise.resolve(refusal("busy"))],
];
for (const [what, end] of ends) {
  Deno.test(`rounds: a region that ${what}, and then has no roster, gets its members again`, async () => {
    let polls = 0;
    const polled = Promise.withResolvers<void>();
    const forgot = Promise.withResolvers<void>();
    const through = interfering({
      ...{ method: "GET", path: /\/round$/ },
      async answer(request, fetch) {
        if (polls++ > 0) return await fetch(request);
        polled.resolve();
        await forgot.promise;
        return await end();
      },
    });
    // A minimum of two keeps the first round from opening before both are there.
    const task = smallTask({ clients: { min: 2, max: 10 } });
    await using tree = await startTree({ task, clock: hastyClock(), through });
    const identity = await generateIdentity();
    await using me = await joinLeaf(tree, { identity });
    const reports = all(me);
    await polled.promise;
    await forget(tree, identity);
    forgot.resolve();
    await tree.until(() => tree.root.life.status().size === 1);
    await using other = await joinLeaf(tree, { number: 1 });
    const kinds = (await Promise.all([reports, all(other)])).map((r) => r.map((x) => x.kind));
    assert.deepEqual(kinds, [["sent"], ["sent"]]);
  });
}

Deno.test("rounds: a device waits for a region that is away, in every step of a round", async () => {
  for (
    const [method, path] of [["GET", /\/round$/], ["GET", /\/models\//], [
      "PUT",
      /\/updates\//,
    ]] as const
  ) {
    let failures = 0;
    const through = interfering({
      ...{ method, path },
      answer: (request, fetch) =>
        failures++ < 20 ? Promise.reject(new TypeError("connection refused")) : fetch(request),
    });
    await using tree = await startTree({ task: smallTask(), clock: hastyClock(), through });
    await using me = await joinLeaf(tree);
    assert.deepEqual((await all(me)).map(({ kind }) => kind), ["sent"], `${path}`);
    assert.ok(failures > 20);
  }
});

for (const code of ["internal", "store-failed"] as const) {
  Deno.test(`rounds: a device goes on after a region's ${code}, in every step of a round`, async () => {
    for (
      const [method, path] of [["GET", /\/round$/], ["GET", /\/models\//], [
        "PUT",
        /\/updates\//,
      ]] as const
    ) {
      let failures = 0;
      const through = interfering({
        ...{ method, path },
        answer: (request, fetch) =>
          failures++ < 20 ? Promise.resolve(refusal(code)) : fetch(request),
      });
      await using tree = await startTree({ task: smallTask(), clock: hastyClock(), through });
      await using me = await joinLeaf(tree);
      assert.deepEqual((await all(me)).map(({ kind }) => kind), ["sent"], `${path}`);
      assert.ok(failures > 20);
    }
  });
}

Deno.test("rounds: an update whose receipt got lost is sent again, and counted once", async () => {
  let puts = 0;
  const through = interfering({
    ...{ method: "PUT", path: /\/updates\// },
    async answer(request, fetch) {
      const answer = await fetch(request);
      return puts++ === 0 ? Promise.reject(new TypeError("connection reset")) : answer;
    },
  });
  await using tree = await startTree({ task: smallTask(), clock: hastyClock(), through });
  await using _other = await withBystander(tree);
  await using me = await joinLeaf(tree);
  const report = await next(me.rounds());
  assert.equal(report?.kind, "sent");
  assert.equal(puts, 2);
  assert.deepEqual([tree.root.life.status().updates, tree.root.life.status().clients], [1, 1]);
});

Deno.test("rounds: a receipt that comes after the deadline is a receipt", async () => {
  const clock = manualClock();
  const taken = Promise.withResolvers<void>();
  const late = Promise.withResolvers<void>();
  const through = interfering({
    ...{ method: "PUT", path: /\/updates\// },
    async answer(request, fetch) {
      const answer = await fetch(request);
      taken.resolve();
      await late.promise;
      return answer;
    },
  });
  await using tree = await startTree({ task: smallTask({ roundMs: 20_000 }), clock, through });
  await using _other = await withBystander(tree);
  await using me = await joinLeaf(tree);
  const report = next(me.rounds());
  await taken.promise;
  clock.advance(20_000);
  late.resolve();
  assert.equal((await report)?.kind, "sent");
});

Deno.test("rounds: the same seed sends the same bits, another or none sends others", async () => {
  // A seventh is on no grid, so that rounding has something to decide.
  const w = { shape: [64], data: new Float32Array(64).fill(1 / 7) };
  const trainer: Trainer = () => Promise.resolve({ weights: { w }, examples: 1 });
  const digests: string[] = [];
  for (const number of [1, 1, 2, undefined, undefined]) {
    await using tree = await startTree({
      task: smallTask({ model: tensors({ tensors: { w: [64] } }) }),
    });
    await using me = await joinLeaf(tree, { number, training: { trainer } });
    const [report] = await all(me);
    assert.equal(report?.kind, "sent");
    digests.push(report.receipt.digest);
  }
  assert.equal(digests[0], digests[1]);
  assert.equal(new Set(digests).size, 4);
});

Deno.test("rounds: what a model keeps on the device is kept from round to round", async () => {
  const task = smallTask({ model: mf({ items: 6, dim: 2 }), stop: { rounds: 3 } });
  await using tree = await startTree({ task });
  const kept = memoryState();
  const log: string[] = [];
  const state: DeviceState = {
    async get(key) {
      const value = await kept.get(key);
      if (!key.startsWith("sent/")) log.push(`get ${value?.length}`);
      return value;
    },
    async set(key, value) {
      if (!key.startsWith("sent/")) log.push(`set ${value.length}`);
      await kept.set(key, value);
    },
  };
  const examples = { items: Uint32Array.of(0, 3) };
  await using me = await joinLeaf(tree, { training: { examples }, state });
  assert.deepEqual((await all(me)).map(({ kind }) => kind), ["sent", "sent", "sent"]);
  const [first, ...rest] = log.filter((line) => line.startsWith("get"));
  const [set] = log.filter((line) => line.startsWith("set"));
  assert.equal(first, "get undefined");
  assert.deepEqual(rest, Array(2).fill(set?.replace("set", "get")));
  assert.equal(log.filter((line) => line.startsWith("set")).length, 3);
});
