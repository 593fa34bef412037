import assert from "node:assert/strict";
import type { Clock } from "../../src/core/clock.ts";
import { createWaiters } from "./waiters.ts";

/** Time that stands still until told. */
function stoppedClock() {
  const sleepers: { ms: number; wake: () => void }[] = [];
  const clock: Clock = {
    now: () => 0,
    sleep: (ms, { signal } = {}) =>
      new Promise((resolve, reject) => {
        sleepers.push({ ms, wake: resolve });
        signal?.addEventListener("abort", () => reject(signal.reason));
      }),
  };
  return { clock, sleepers };
}

function room(capacity = 10) {
  const { clock, sleepers } = stoppedClock();
  return { waiters: createWaiters({ clock, capacity, retryAfterS: 2 }), sleepers };
}
const never = new AbortController().signal;

Deno.test("waiters: a change wakes all that wait, and nobody who comes later", async () => {
  const { waiters } = room();
  const all = [waiters.wait(9, never), waiters.wait(9, never)];
  assert.equal(waiters.size, 2);
  waiters.wake();
  assert.deepEqual(await Promise.all(all), ["woken", "woken"]);
  const later = waiters.wait(9, never);
  assert.equal(waiters.size, 1);
  waiters.wake();
  assert.equal(await later, "woken");
});

Deno.test("waiters: a wait ends by itself when its time is over", async () => {
  const { waiters, sleepers } = room();
  const wait = waiters.wait(60_000, never);
  assert.equal(sleepers[0]?.ms, 60_000);
  sleepers[0]?.wake();
  assert.equal(await wait, "late");
  assert.equal(waiters.size, 0);
});

Deno.test("waiters: one that hangs up leaves its place", async () => {
  const { waiters } = room(1);
  const gone = new AbortController();
  const wait = waiters.wait(9, gone.signal);
  gone.abort();
  assert.equal(await wait, "gone");
  assert.equal(waiters.size, 0);
  assert.equal(await waiters.wait(9, gone.signal), "gone");
});

Deno.test("waiters: one too many is turned away as busy", async () => {
  const { waiters } = room(1);
  const wait = waiters.wait(9, never);
  await assert.rejects(waiters.wait(9, never), { code: "busy", retryAfterS: 2 });
  waiters.wake();
  await wait;
});

Deno.test("waiters: once closed, nobody waits", async () => {
  const { waiters } = room();
  const wait = waiters.wait(9, never);
  waiters[Symbol.dispose]();
  assert.equal(await wait, "woken");
  assert.equal(await waiters.wait(9, never), "woken");
});
