import assert from "node:assert/strict";
import type { Clock } from "./clock.ts";
import { retry, type RetryOptions } from "./retry.ts";

/** A clock that only sleeping moves. */
function virtualClock(): Clock & { readonly waits: number[] } {
  const waits: number[] = [];
  return {
    waits,
    now: () => waits.reduce((sum, ms) => sum + ms, 0),
    sleep(ms, { signal } = {}) {
      waits.push(ms);
      return signal?.aborted ? Promise.reject(signal.reason) : Promise.resolve();
    },
  };
}

/** Jitter as a fraction of 2^32, one for each wait. */
function jitters(...fractions: number[]): RetryOptions["random"] {
  return (length) => {
    // Lies in the middle of its buffer, as bytes of a pool would.
    const bytes = new Uint8Array(length + 8);
    new DataView(bytes.buffer).setUint32(5, (fractions.shift() ?? 0) * 2 ** 32);
    return bytes.subarray(5, 5 + length);
  };
}

function options(
  over: Partial<RetryOptions>,
): RetryOptions & { clock: Clock & { waits: number[] } } {
  return {
    random: jitters(),
    attempts: 5,
    minMs: 100,
    maxMs: 1000,
    retryable: () => true,
    ...over,
    clock: virtualClock(),
  };
}

/** Fails with "1", "2", … and succeeds at try `success`. */
function failingUntil(success: number): (tries: number) => Promise<string> {
  return (tries) =>
    tries < success ? Promise.reject(new Error(`${tries}`)) : Promise.resolve("done");
}

Deno.test("retry: the first success ends it without a wait", async () => {
  const given = options({});
  assert.equal(await retry(failingUntil(1), given), "done");
  assert.deepEqual(given.clock.waits, []);
});

Deno.test("retry: waits double up to the longest, each a random part of it", async () => {
  const given = options({ attempts: 7, random: jitters(0.5, 0.25, 0.75, 0, 0.5, 0.125) });
  assert.equal(await retry(failingUntil(7), given), "done");
  assert.deepEqual(given.clock.waits, [50, 50, 300, 0, 500, 125]);
});

Deno.test("retry: the last error comes out when the tries are used up", async () => {
  const given = options({ attempts: 3, random: jitters(0.5, 0.5, 0.5) });
  await assert.rejects(retry(failingUntil(9), given), /^Error: 3$/);
  assert.deepEqual(given.clock.waits, [50, 100]);
});

Deno.test("retry: an error that will not go away ends it at once", async () => {
  const given = options({ retryable: (error) => (error as Error).message !== "2" });
  await assert.rejects(retry(failingUntil(9), given), /^Error: 2$/);
  assert.equal(given.clock.waits.length, 1);
});

Deno.test("retry: what the other side asks for is the least that is waited", async () => {
  const given = options({
    attempts: 4,
    random: jitters(0, 0.5, 0.5),
    retryAfterMs: (error) => (error as Error).message === "3" ? undefined : 2000,
  });
  await retry(failingUntil(4), given);
  assert.deepEqual(given.clock.waits, [2000, 2100, 200]);
});

Deno.test("retry: the other side can ask for ten minutes, and not for days", async () => {
  const given = options({
    attempts: 3,
    random: jitters(0.5, 0),
    retryAfterMs: (error) => (error as Error).message === "1" ? 999_999_000 : Infinity,
  });
  await retry(failingUntil(3), given);
  assert.deepEqual(given.clock.waits, [600_050, 600_000]);
});

Deno.test("retry: without an end it goes on, and the wait never passes the longest", async () => {
  const given = options({ attempts: Infinity, random: jitters(...new Array(1100).fill(0.5)) });
  assert.equal(await retry(failingUntil(1100), given), "done");
  assert.equal(given.clock.waits.at(-1), 500);
  assert.ok(given.clock.waits.every((ms) => ms <= 500));
});

Deno.test("retry: an aborted signal lets no try begin", async () => {
  const given = options({ signal: AbortSignal.abort("over") });
  let tries = 0;
  const attempt = (): Promise<void> => (tries++, Promise.resolve());
  await assert.rejects(retry(attempt, given), (reason) => reason === "over");
  assert.equal(tries, 0);
});

Deno.test("retry: an abort while waiting ends it with the reason", async () => {
  const controller = new AbortController();
  const given = options({ signal: controller.signal });
  given.clock.sleep = (_, { signal } = {}) => {
    controller.abort("left");
    return Promise.reject(signal?.reason);
  };
  await assert.rejects(retry(failingUntil(9), given), (reason) => reason === "left");
});

Deno.test("retry: an abort during a try ends it with that try's error and without a wait", async () => {
  const controller = new AbortController();
  const given = options({ signal: controller.signal });
  const attempt = (): Promise<void> => {
    controller.abort("left");
    return Promise.reject(new Error("cut off"));
  };
  await assert.rejects(retry(attempt, given), /cut off/);
  assert.deepEqual(given.clock.waits, []);
});
