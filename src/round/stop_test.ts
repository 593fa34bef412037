import assert from "node:assert/strict";
import fc from "fast-check";
import type { StopRules } from "../wire/task.ts";
import { advance, type StopProgress, stopReason, timeLimitMs } from "./stop.ts";

/** Publishes models with these means until a rule holds; gives the reason and the last version. */
function run(
  stop: StopRules,
  means: readonly (number | undefined)[],
): [string | undefined, number] {
  let progress: StopProgress = {};
  for (const [at, value] of means.entries()) {
    const metrics: Record<string, number> = value === undefined ? {} : { "hr@10": value };
    const publication = { version: at + 1, metrics };
    progress = advance(progress, stop, publication);
    const reason = stopReason(stop, progress, publication);
    if (reason !== undefined) return [reason, at + 1];
  }
  return [undefined, means.length];
}

const patience = { metric: "hr@10", rounds: 2 };
const target = { metric: "hr@10", value: 0.7 };

Deno.test("stop: after the rounds asked for, and not before", () => {
  assert.deepEqual(run({ rounds: 3 }, [0.1, 0.2]), [undefined, 2]);
  assert.deepEqual(run({ rounds: 3 }, [0.1, 0.2, 0.3, 0.4]), ["rounds", 3]);
});

Deno.test("stop: at the target, met exactly or passed", () => {
  assert.deepEqual(run({ rounds: 9, target }, [0.69, 0.7, 0.8]), ["target", 2]);
  assert.deepEqual(run({ rounds: 9, target }, [0.71]), ["target", 1]);
  assert.deepEqual(run({ rounds: 2, target }, [0.1, 0.8]), ["target", 2]);
});

Deno.test("stop: when patience is over since the best mean", () => {
  assert.deepEqual(run({ rounds: 9, patience }, [0.5, 0.4, 0.5, 0.6]), ["patience", 3]);
  assert.deepEqual(run({ rounds: 9, patience }, [0.1, 0.2, 0.1, 0.3, 0.2, 0.25]), ["patience", 6]);
});

Deno.test("stop: an equal mean is no better one", () => {
  assert.deepEqual(run({ rounds: 9, patience }, [0.5, 0.5, 0.5]), ["patience", 3]);
});

Deno.test("stop: rounds that nobody measured use up patience, but only after a first measure", () => {
  assert.deepEqual(
    run({ rounds: 4, patience }, [undefined, undefined, undefined, undefined]),
    ["rounds", 4],
  );
  assert.deepEqual(run({ rounds: 9, patience }, [0.5, undefined, undefined]), ["patience", 3]);
  assert.deepEqual(run({ rounds: 2, target }, [undefined, undefined]), ["rounds", 2]);
});

Deno.test("stop: never later than the rounds, and with patience as a search of the history says", () => {
  const means = fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 20 });
  fc.assert(fc.property(means, fc.integer({ min: 1, max: 6 }), (values, rounds) => {
    const stop = { rounds: 12, patience: { metric: "hr@10", rounds } };
    const [reason, version] = run(stop, values);
    const expected = values.findIndex((_, at) => {
      const seen = values.slice(0, at + 1);
      return at + 1 >= 12 || at - seen.indexOf(Math.max(...seen)) >= rounds;
    });
    assert.equal(version, expected === -1 ? values.length : expected + 1);
    assert.equal(reason === undefined, expected === -1);
  }));
});

Deno.test("stop: the minutes count from the first round", () => {
  assert.equal(timeLimitMs({ rounds: 1 }, { startedAtMs: 5 }), undefined);
  assert.equal(timeLimitMs({ rounds: 1, minutes: 2 }, {}), undefined);
  assert.equal(timeLimitMs({ rounds: 1, minutes: 1.5 }, { startedAtMs: 5 }), 90_005);
});
