import assert from "node:assert/strict";
import fc from "fast-check";
import { isTributaryError } from "../core/errors.ts";
import { manualClock } from "./_testing.ts";
import { createNonces } from "./nonces.ts";

const replayed = (error: unknown) => isTributaryError(error, "request-replayed");

Deno.test("nonces: one is taken once, and again once it is forgotten", () => {
  const clock = manualClock();
  const nonces = createNonces({ clock, windowMs: 1000, capacity: 10, perMember: 10 });
  nonces.remember("ada", "n1");
  assert.throws(() => nonces.remember("ada", "n1"), replayed);
  clock.advance(999);
  assert.throws(() => nonces.remember("ada", "n1"), replayed);
  clock.advance(1);
  nonces.remember("ada", "n1");
  assert.equal(nonces.size, 1);
});

Deno.test("nonces: two members may use the same one", () => {
  const nonces = createNonces({
    clock: manualClock(),
    windowMs: 1000,
    capacity: 10,
    perMember: 10,
  });
  nonces.remember("ada", "n1");
  nonces.remember("bob", "n1");
  assert.equal(nonces.size, 2);
});

Deno.test("nonces: a full window refuses, forgets nothing, and says when there is room", () => {
  const clock = manualClock();
  const nonces = createNonces({ clock, windowMs: 10_000, capacity: 3, perMember: 9 });
  for (const nonce of ["a", "b", "c"]) {
    nonces.remember("ada", nonce);
    clock.advance(1000);
  }
  assert.throws(() => nonces.remember("ada", "d"), (error) => {
    assert.ok(isTributaryError(error, "busy"));
    assert.equal(error.retryAfterS, 7);
    return true;
  });
  assert.equal(nonces.size, 3);
  assert.throws(() => nonces.remember("ada", "a"), replayed);
  clock.advance(7000);
  nonces.remember("ada", "d");
  assert.equal(nonces.size, 3);
});

Deno.test("nonces: a member that has used up its share is told when to come, and shuts nobody out", () => {
  const clock = manualClock();
  const nonces = createNonces({ clock, windowMs: 10_000, capacity: 4, perMember: 2 });
  for (const nonce of ["a", "b"]) {
    nonces.remember("eve", nonce);
    clock.advance(1000);
  }
  for (let i = 0; i < 10; i++) {
    assert.throws(() => nonces.remember("eve", `c${i}`), (error) => {
      assert.ok(isTributaryError(error, "too-many-requests"));
      assert.equal(error.retryAfterS, 8);
      return true;
    });
  }
  assert.throws(() => nonces.remember("eve", "a"), replayed);
  nonces.remember("ada", "a");
  nonces.remember("bob", "a");
  assert.equal(nonces.size, 4);
  clock.advance(8000);
  nonces.remember("eve", "c");
  assert.throws(() => nonces.remember("eve", "d"), { code: "too-many-requests" });
  assert.equal(nonces.size, 4);
});

Deno.test("nonces: a flood never holds more than the capacity, nor takes a nonce twice", () => {
  const event = fc.record({ nonce: fc.nat(20), waitMs: fc.nat(400) });
  fc.assert(fc.property(fc.array(event, { maxLength: 200 }), (events) => {
    const clock = manualClock();
    const nonces = createNonces({ clock, windowMs: 1000, capacity: 8, perMember: 9 });
    const taken = new Map<number, number>();
    for (const { nonce, waitMs } of events) {
      clock.advance(waitMs);
      const last = taken.get(nonce);
      try {
        nonces.remember("ada", String(nonce));
        assert.ok(last === undefined || clock.now() - last >= 1000);
        taken.set(nonce, clock.now());
      } catch (error) {
        const live = last !== undefined && clock.now() - last < 1000;
        assert.ok(isTributaryError(error, live ? "request-replayed" : "busy"));
      }
      assert.ok(nonces.size <= 8);
    }
  }));
});
