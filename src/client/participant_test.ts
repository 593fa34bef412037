import assert from "node:assert/strict";
import { startTree } from "../../tests/tree.ts";
import { inventPeople } from "../../tests/people.ts";
import { hastyClock } from "../../tests/hasty_clock.ts";
import type { Trainer } from "../core/trainer.ts";
import { topK } from "../metrics/order.ts";
import { ials } from "../models/ials.ts";
import { inlineCores } from "./cores.ts";
import { memoryState } from "./memory_state.ts";
import { endless, interfering, joinLeaf, smallTask } from "./_testing.ts";

/** A trainer that tells when it is at work, and then goes on until it is stopped. */
function busy(): { trainer: Trainer; atWork: Promise<void>; stopped: Promise<void> } {
  const atWork = Promise.withResolvers<void>();
  const stopped = Promise.withResolvers<void>();
  return {
    atWork: atWork.promise,
    stopped: stopped.promise,
    async trainer(model, context) {
      atWork.resolve();
      try {
        return await endless(model, context);
      } finally {
        stopped.resolve();
      }
    },
  };
}

Deno.test("participant: leaving takes it off the roster and ends its rounds quietly", async () => {
  await using tree = await startTree({ task: smallTask() });
  const { trainer, atWork } = busy();
  await using me = await joinLeaf(tree, { training: { trainer } });
  const reports = Array.fromAsync(me.rounds());
  await atWork;
  await me.leave();
  assert.deepEqual(await reports, []);
  assert.equal(tree.root.life.status().size, 0);
  assert.equal((await me.model()).version, 0);
});

Deno.test("participant: who left is not enrolled again by an update that was on its way", async () => {
  const arrived = Promise.withResolvers<void>();
  const goOn = Promise.withResolvers<void>();
  const through = interfering({
    ...{ method: "PUT", path: /\/updates\// },
    async answer(request, fetch) {
      arrived.resolve();
      await goOn.promise;
      return await fetch(request);
    },
  });
  await using tree = await startTree({ task: smallTask(), through });
  await using me = await joinLeaf(tree);
  const reports = Array.fromAsync(me.rounds());
  await arrived.promise;
  await me.leave();
  goOn.resolve();
  assert.deepEqual(await reports, []);
  assert.equal(tree.root.life.status().size, 0);
});

Deno.test("participant: leaving is done once, however often it has to be said", async () => {
  let deletions = 0;
  const through = interfering({
    ...{ method: "DELETE", path: /\/members\// },
    async answer(request, fetch) {
      const answer = await fetch(request);
      return deletions++ === 0 ? Promise.reject(new TypeError("connection reset")) : answer;
    },
  });
  await using tree = await startTree({ task: smallTask(), clock: hastyClock(), through });
  await using me = await joinLeaf(tree);
  await me.leave();
  assert.equal(deletions, 2);
  assert.equal(tree.root.life.status().size, 0);
  await me.leave();
});

Deno.test("participant: disposing ends a round, and waits until its training has ended", async () => {
  await using tree = await startTree({ task: smallTask() });
  const { trainer, atWork, stopped } = busy();
  const me = await joinLeaf(tree, { training: { trainer } });
  const reports = Array.fromAsync(me.rounds());
  await atWork;
  let hasStopped = false;
  stopped.then(() => hasStopped = true);
  await me[Symbol.asyncDispose]();
  assert.equal(hasStopped, true);
  assert.deepEqual(await reports, []);
  // The device may come back: it is still expected.
  assert.equal(tree.root.life.status().size, 1);
});

Deno.test("participant: disposing ends a wait for a round that does not come", async () => {
  const task = smallTask({ clients: { min: 2, max: 2 } });
  const polled = Promise.withResolvers<void>();
  const through = interfering({
    ...{ method: "GET", path: /\/round$/ },
    answer(request, fetch) {
      polled.resolve();
      return fetch(request);
    },
  });
  await using tree = await startTree({ task, through });
  const me = await joinLeaf(tree);
  const reports = Array.fromAsync(me.rounds());
  await polled.promise;
  await me[Symbol.asyncDispose]();
  assert.deepEqual(await reports, []);
});

Deno.test("participant: disposing ends the tries of a region that is away", async () => {
  await using tree = await startTree({ task: smallTask(), clock: hastyClock() });
  const me = await joinLeaf(tree);
  await tree.root.stop();
  const reports = Array.fromAsync(me.rounds());
  await new Promise((resolve) => setTimeout(resolve, 0));
  await me[Symbol.asyncDispose]();
  assert.deepEqual(await reports, []);
});

Deno.test("participant: a loop that follows one left by break goes on after its round", async () => {
  await using tree = await startTree({ task: smallTask({ stop: { rounds: 3 } }) });
  // Keeps the first round open.
  await using bystander = await joinLeaf(tree, { number: 1 });
  await using me = await joinLeaf(tree);
  const seen: number[] = [];
  for await (const { round } of me.rounds()) {
    seen.push(round);
    break;
  }
  const rest = Array.fromAsync(me.rounds());
  await bystander.leave();
  for (const { round } of await rest) seen.push(round);
  assert.deepEqual(seen, [1, 2, 3]);
});

Deno.test("participant: the loop's own signal, and that of joining, end it with their reasons", async () => {
  await using tree = await startTree({ task: smallTask() });
  for (const which of ["join", "loop"]) {
    const stop = new AbortController();
    const { trainer, atWork } = busy();
    const joined = which === "join" ? { signal: stop.signal } : {};
    const looped = which === "loop" ? { signal: stop.signal } : {};
    await using me = await joinLeaf(tree, { training: { trainer }, ...joined });
    const reports = Array.fromAsync(me.rounds(looped));
    await atWork;
    stop.abort(new Error(`the ${which} was stopped`));
    await assert.rejects(reports, { message: `the ${which} was stopped` });
  }
});

Deno.test("participant: before a region's first round there is no model", async () => {
  await using tree = await startTree({
    task: smallTask({ clients: { min: 2, max: 2 } }),
    shape: [1],
  });
  await using me = await joinLeaf(tree);
  await assert.rejects(me.model(), { code: "model-unknown" });
});

Deno.test("participant: with a trainer of its own it has a model, but no recommendations", async () => {
  await using tree = await startTree({ task: smallTask() });
  await using me = await joinLeaf(tree);
  const model = await me.model();
  assert.deepEqual(model.tensors["w"]?.data, new Float32Array(3));
  await assert.rejects(model.recommend({ k: 1 }), { name: "TypeError" });
});

Deno.test("participant: recommends the items of the highest scores, and none that it has", async () => {
  const model = ials({ items: 30, dim: 4, form: "newton" });
  const people = await inventPeople({ people: 4, items: 30 });
  await using tree = await startTree({ task: smallTask({ model, stop: { rounds: 2 } }) });
  const examples = people[0]!;
  await using me = await joinLeaf(tree, { training: { examples } });
  for await (const report of me.rounds()) assert.equal(report.kind, "sent");
  const local = await me.model();
  const best = await local.recommend({ k: 5 });

  const cores = await inlineCores();
  using core = cores.train;
  cores.aggregate[Symbol.dispose]();
  const scores = await model.scorer({ core, examples, state: memoryState() })(local.tensors);
  const expected = [...topK(scores, { k: 5, exclude: examples.items })];
  assert.deepEqual(best, expected.map((item) => ({ item, score: scores[item] })));
  const everything = await local.recommend({ k: 30 });
  assert.equal(everything.length, 30 - examples.items.length);
  assert.ok(everything.every(({ item }) => !examples.items.includes(item)));
});
