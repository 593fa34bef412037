import assert from "node:assert/strict";
import fc from "fast-check";
import { isTributaryError } from "../core/errors.ts";
import { manualClock } from "./_testing.ts";
import type { NonceLog, SeenRequest } from "./nonce_log.ts";
import { createNonces, type Nonces } from "./nonces.ts";

/** Just after the clock of these tests starts. */
const NOW_S = 1_700_000_000;

function take(nonces: Nonces, member: string, nonce: string, createdS = NOW_S): Promise<void> {
  return nonces.remember({ member, nonce, createdS });
}

const replayed = (error: unknown) => isTributaryError(error, "request-replayed");

Deno.test("nonces: one is taken once, and again once it is forgotten", async () => {
  const clock = manualClock();
  const nonces = createNonces({ clock, windowMs: 1000, capacity: 10, perMember: 10 });
  await take(nonces, "ada", "n1");
  await assert.rejects(take(nonces, "ada", "n1"), replayed);
  clock.advance(999);
  await assert.rejects(take(nonces, "ada", "n1"), replayed);
  clock.advance(1);
  await take(nonces, "ada", "n1");
  assert.equal(nonces.size, 1);
});

Deno.test("nonces: two members may use the same one", async () => {
  const nonces = createNonces({
    clock: manualClock(),
    windowMs: 1000,
    capacity: 10,
    perMember: 10,
  });
  await take(nonces, "ada", "n1");
  await take(nonces, "bob", "n1");
  assert.equal(nonces.size, 2);
});

Deno.test("nonces: a full window refuses, forgets nothing, and says when there is room", async () => {
  const clock = manualClock();
  const nonces = createNonces({ clock, windowMs: 10_000, capacity: 3, perMember: 9 });
  for (const nonce of ["a", "b", "c"]) {
    await take(nonces, "ada", nonce);
    clock.advance(1000);
  }
  await assert.rejects(take(nonces, "ada", "d"), (error) => {
    assert.ok(isTributaryError(error, "busy"));
    assert.equal(error.retryAfterS, 7);
    return true;
  });
  assert.equal(nonces.size, 3);
  await assert.rejects(take(nonces, "ada", "a"), replayed);
  clock.advance(7000);
  await take(nonces, "ada", "d");
  assert.equal(nonces.size, 3);
});

Deno.test("nonces: a member that has used up its share is told when to come, and shuts nobody out", async () => {
  const clock = manualClock();
  const nonces = createNonces({ clock, windowMs: 10_000, capacity: 4, perMember: 2 });
  for (const nonce of ["a", "b"]) {
    await take(nonces, "eve", nonce);
    clock.advance(1000);
  }
  for (let i = 0; i < 10; i++) {
    await assert.rejects(take(nonces, "eve", `c${i}`), (error) => {
      assert.ok(isTributaryError(error, "too-many-requests"));
      assert.equal(error.retryAfterS, 8);
      return true;
    });
  }
  await assert.rejects(take(nonces, "eve", "a"), replayed);
  await take(nonces, "ada", "a");
  await take(nonces, "bob", "a");
  assert.equal(nonces.size, 4);
  clock.advance(8000);
  await take(nonces, "eve", "c");
  await assert.rejects(take(nonces, "eve", "d"), { code: "too-many-requests" });
  assert.equal(nonces.size, 4);
});

Deno.test("nonces: a flood never holds more than the capacity, nor takes a nonce twice", async () => {
  const event = fc.record({ nonce: fc.nat(20), waitMs: fc.nat(400) });
  await fc.assert(fc.asyncProperty(fc.array(event, { maxLength: 200 }), async (events) => {
    const clock = manualClock();
    const nonces = createNonces({ clock, windowMs: 1000, capacity: 8, perMember: 9 });
    const taken = new Map<number, number>();
    for (const { nonce, waitMs } of events) {
      clock.advance(waitMs);
      const last = taken.get(nonce);
      try {
        await take(nonces, "ada", String(nonce));
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

/** A log in memory that says how often it was written. */
function keptLog(untilS: number) {
  const kept = { untilS, seen: [] as SeenRequest[], writes: 0 };
  const log: NonceLog = {
    ...kept,
    raise(untilS) {
      kept.untilS = untilS;
      kept.seen = kept.seen.filter(({ createdS }) => createdS > untilS);
      kept.writes++;
    },
    add(request) {
      kept.seen.push(request);
      kept.writes++;
    },
  };
  return { log, kept };
}

const expired = (retryAfterS: number) => (error: unknown) =>
  isTributaryError(error, "signature-expired") && error.retryAfterS === retryAfterS;

Deno.test("nonces: with a log, what was signed just before a start is taken, unless an earlier process may have", async () => {
  const clock = manualClock();
  const options = { clock, windowMs: 420_000, capacity: 100, perMember: 100 };
  const first = keptLog(NOW_S - 1000);
  await take(createNonces({ ...options, log: first.log }), "ada", "n1", NOW_S - 20);
  assert.equal(first.kept.untilS, NOW_S + 2);

  const second = keptLog(first.kept.untilS);
  const again = createNonces({ ...options, log: second.log });
  await assert.rejects(take(again, "ada", "n1", NOW_S - 20), expired(3));
  await assert.rejects(take(again, "bob", "n1", NOW_S + 2), expired(3));
  clock.advance(3000);
  await take(again, "bob", "n2", NOW_S + 3);

  clock.advance(60_000);
  const third = createNonces({ ...options, log: keptLog(second.kept.untilS).log });
  await assert.rejects(take(third, "bob", "n2", NOW_S + 3), expired(1));
  await take(third, "ada", "n3", NOW_S + 62);
});

Deno.test("nonces: with a log, what a clock that is ahead has signed is known again, and keeps nobody out", async () => {
  const clock = manualClock();
  const options = { clock, windowMs: 420_000, capacity: 100, perMember: 100 };
  const { log, kept } = keptLog(NOW_S - 1000);
  const first = createNonces({ ...options, log });
  await take(first, "eve", "n1", NOW_S + 50);
  await take(first, "ada", "n1");
  assert.deepEqual(kept.seen, [{ member: "eve", nonce: "n1", createdS: NOW_S + 50 }]);

  clock.advance(4000);
  const second = createNonces({ ...options, log: { ...log, ...kept } });
  await assert.rejects(take(second, "eve", "n1", NOW_S + 50), replayed);
  await take(second, "ada", "n2", NOW_S + 4);
  clock.advance(50_000);
  await take(second, "ada", "n3", NOW_S + 54);
  assert.deepEqual(kept.seen, []);
  await assert.rejects(take(second, "eve", "n1", NOW_S + 50), replayed);
});

Deno.test("nonces: a log is written every two seconds at most, however many requests there are", async () => {
  const clock = manualClock();
  const { log, kept } = keptLog(NOW_S - 1000);
  const nonces = createNonces({ clock, windowMs: 420_000, capacity: 999, perMember: 999, log });
  for (let i = 0; i < 100; i++) {
    await take(nonces, "ada", `n${i}`, Math.floor(clock.now() / 1000));
    clock.advance(100);
  }
  assert.equal(kept.writes, 4);
});

Deno.test("nonces: strangers fill their part and no more, and are told when there is room", async () => {
  const clock = manualClock();
  const bounds = { windowMs: 10_000, capacity: 4, perMember: 4, strangers: 2 };
  const nonces = createNonces({ clock, ...bounds });
  const stranger = (member: string) =>
    nonces.remember({ member, nonce: "a", createdS: NOW_S }, true);
  await stranger("eve");
  clock.advance(1000);
  await stranger("mallory");
  await assert.rejects(stranger("trudy"), (error) => {
    assert.ok(isTributaryError(error, "busy"));
    assert.equal(error.retryAfterS, 9);
    return true;
  });
  await assert.rejects(stranger("eve"), replayed);
  // Who has enrolled meanwhile cannot play it again as a member.
  await assert.rejects(take(nonces, "eve", "a"), replayed);
  await take(nonces, "ada", "a");
  await take(nonces, "ada", "b");
  await assert.rejects(take(nonces, "ada", "c"), { code: "busy" });
  clock.advance(9000);
  await stranger("trudy");
});
