import assert from "node:assert/strict";
import fc from "fast-check";
import { isTributaryError } from "../../src/core/errors.ts";
import { manualClock } from "../../src/wire/_testing.ts";
import { createRateLimit } from "./rate_limit.ts";

function limitOf(perS: number, burst: number, senders = 100) {
  const clock = manualClock();
  const limit = createRateLimit({ clock, rate: { perS, burst }, senders });
  const isTaken = (sender: string, weight?: number) => {
    try {
      limit.take(sender, weight);
      return true;
    } catch (error) {
      assert.ok(isTributaryError(error, "too-many-requests"));
      assert.ok((error.retryAfterS ?? 0) >= 1);
      return false;
    }
  };
  return { clock, limit, isTaken };
}

Deno.test("rate limit: a burst, then as many as come back in time", () => {
  const { clock, isTaken } = limitOf(2, 3);
  assert.deepEqual([1, 2, 3, 4, 5].map(() => isTaken("a")), [true, true, true, false, false]);
  assert.equal(isTaken("b"), true, "another sender is another bucket");
  clock.advance(499);
  assert.equal(isTaken("a"), false);
  clock.advance(1);
  assert.deepEqual([isTaken("a"), isTaken("a")], [true, false]);
  clock.advance(60_000);
  assert.deepEqual([1, 2, 3, 4].map(() => isTaken("a")), [true, true, true, false]);
});

Deno.test("rate limit: one that stands for many may send as much more", () => {
  const { isTaken } = limitOf(1, 2);
  assert.deepEqual(
    Array.from({ length: 21 }, () => isTaken("region", 10)).filter(Boolean).length,
    20,
  );
});

Deno.test("rate limit: whoever waits as long as it was told gets through", () => {
  const { clock, limit, isTaken } = limitOf(0.1, 1);
  assert.equal(isTaken("a"), true);
  let waitS = 0;
  try {
    limit.take("a");
  } catch (error) {
    if (isTributaryError(error)) waitS = error.retryAfterS ?? 0;
  }
  assert.equal(waitS, 10);
  clock.advance(waitS * 1000);
  assert.equal(isTaken("a"), true);
});

Deno.test("rate limit: forgets whom it heard longest ago, and never remembers more than it may", () => {
  const { isTaken } = limitOf(1, 1, 2);
  assert.deepEqual(["a", "b", "a"].map((sender) => isTaken(sender)), [true, true, false]);
  // A third pushes out the one that was quiet longest, which begins anew.
  assert.equal(isTaken("c"), true);
  assert.equal(isTaken("b"), false);
  assert.equal(isTaken("a"), true);
});

Deno.test("rate limit: in no stretch of time does more get through than burst and rate allow", () => {
  fc.assert(fc.property(
    fc.integer({ min: 1, max: 20 }),
    fc.integer({ min: 1, max: 20 }),
    fc.array(fc.nat(400), { maxLength: 200 }),
    (perS, burst, pauses) => {
      const { clock, isTaken } = limitOf(perS, burst);
      const began = clock.now();
      const taken: number[] = [];
      for (const pause of pauses) {
        clock.advance(pause);
        if (isTaken("a")) taken.push(clock.now() - began);
      }
      for (const [i, from] of taken.entries()) {
        for (let j = i; j < taken.length; j++) {
          const spanS = ((taken[j] ?? 0) - from) / 1000;
          assert.ok(j - i + 1 <= burst + perS * spanS + 1e-9, `${j - i + 1} in ${spanS} s`);
        }
      }
    },
  ));
});
