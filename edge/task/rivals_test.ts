import assert from "node:assert/strict";
import { setImmediate } from "node:timers/promises";
import { toBase64Url } from "../../src/core/bytes.ts";
import { generateIdentity } from "../../src/core/identity.ts";
import { systemRandom } from "../../src/core/random.ts";
import { type ManualClock, manualClock } from "../../src/wire/_testing.ts";
import { insideOf, testRoot } from "../_testing.ts";
import type { Committer, Job } from "./committer.ts";
import { sharedMemory } from "../memory/shared_memory.ts";
import type { RoundStore } from "../store.ts";

/** Lets time go by, a millisecond for each turn of the event loop, until some work has ended. */
async function during<T>(clock: ManualClock, work: Promise<T>): Promise<T> {
  let isOver = false;
  const ended = work.finally(() => isOver = true);
  while (!isOver) {
    await setImmediate();
    clock.advance(1);
  }
  return await ended;
}

/** A store that is some way off: so long is each answer on its way. */
function distant(
  store: RoundStore,
  clock: ManualClock,
  { readMs, writeMs }: { readonly readMs: number; readonly writeMs: number },
): RoundStore {
  return {
    ...store,
    async read(task) {
      const record = await store.read(task);
      await clock.sleep(readMs);
      return record;
    },
    async write(task, expected, change) {
      const isDone = await store.write(task, expected, change);
      if (isDone) await clock.sleep(writeMs);
      return isDone;
    },
  };
}

/** A job that adds a member. */
function enrolment(): Job<string> {
  const id = toBase64Url(systemRandom(32));
  return (draft) => {
    draft.setMember(id, { id, publicKey: id, kind: "client", size: 1 });
    return id;
  };
}

Deno.test("rivals: an instance that always has more to write leaves room for one that is slower", async () => {
  const clock = manualClock();
  const change = { clients: { min: 1000, max: 1000 } };
  const memory = sharedMemory(clock);
  const identity = await generateIdentity();
  const near = { readMs: 0, writeMs: 50 };
  const far = { readMs: 80, writeMs: 50 };
  const roots = [];
  for (const distance of [near, far]) {
    const store = distant(memory.open(), clock, distance);
    const turn = () => setImmediate();
    roots.push(await during(clock, testRoot({ store, identity, clock, turn, task: change })));
  }
  const { id } = roots[0]!;
  const [busy, slow] = roots.map(({ app }) => insideOf(app.aggregator).tasks.get(id)!.committer);

  let isOver = false;
  let [byBusy, bySlow] = [0, 0];
  const writeOn = async (committer: Committer) => {
    for (; !isOver; byBusy++) await committer.run(enrolment());
  };
  const all = [...Array(4)].map(() => writeOn(busy!));
  const few = (async () => {
    for (; bySlow < 10; bySlow++) await slow!.run(enrolment());
    isOver = true;
  })();
  await during(clock, Promise.all([...all, few]));
  assert.equal(bySlow, 10);
  assert.ok(byBusy > 10, `the busy one wrote ${byBusy}`);
  const members = await memory.open().members(id);
  assert.equal(members.length, byBusy + bySlow);
  for (const { app } of roots) {
    await during(clock, Promise.resolve(app.aggregator[Symbol.asyncDispose]()));
  }
});
