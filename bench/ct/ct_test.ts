import assert from "node:assert/strict";
import { seededRng } from "../../src/core/random.ts";
import { inlineModule } from "../../src/wasm/mod.ts";
import { coreSubjects } from "./subjects.ts";
import { type Subject, tryOut } from "./trial.ts";
import { welchT, worstT } from "./welch.ts";

function rng(byte: number) {
  return seededRng(new Uint8Array(16).fill(byte));
}

Deno.test("ct: Welch's t is that of the textbook, and 0 of equal lists", () => {
  // Means 3 and 6, variances 2.5 and 10, five each: −3 / √(0.5 + 2).
  const t = welchT([1, 2, 3, 4, 5], [2, 4, 6, 8, 10]);
  assert.ok(Math.abs(t + 3 / Math.sqrt(2.5)) < 1e-12, String(t));
  assert.equal(welchT([1, 1, 1], [1, 1, 1]), 0);
  assert.equal(welchT([1, 1, 1], [2, 2, 2]), -Infinity);
});

Deno.test("ct: noise that both classes have is none, a difference beneath rare interrupts is found", () => {
  const drawn = rng(1);
  const list = (more: number): number[] =>
    Array.from({ length: 20_000 }, () => {
      const interrupt = drawn.below(50) === 0 ? 1000 * drawn.uniform() : 0;
      return 10 + more + drawn.normal() + interrupt;
    });
  assert.ok(worstT(list(0), list(0)) < 4.5);
  // All runs together hide it: interrupts make them vary by 140.
  const [a, b] = [list(0), list(0.1)];
  assert.ok(Math.abs(welchT(a, b)) < 4.5);
  assert.ok(worstT(a, b) > 4.5);
});

/** A subject that takes `cost` of the byte that it compares, by a clock of its own. */
function comparing(cost: (secret: number) => number): { subject: Subject; now: () => number } {
  const drawn = rng(2);
  let [timeMs, secret] = [0, 0];
  return {
    now: () => timeMs,
    subject: {
      name: "comparing",
      prepare: (kind) => void (secret = kind === "fixed" ? 7 : drawn.below(256)),
      run: () => void (timeMs += cost(secret) + drawn.normal()),
    },
  };
}

Deno.test("ct: a function that stops at the first difference is caught, one that does not is not", () => {
  const leaky = comparing((secret) => secret === 7 ? 9.1 : 9);
  const constant = comparing(() => 9);
  const t = ({ subject, now }: typeof leaky) =>
    tryOut(subject, { runs: 100_000, rng: rng(3), now }).t;
  assert.ok(t(leaky) > 4.5);
  assert.ok(t(constant) < 4.5);
});

Deno.test("ct: by the real clock, too, work that depends on the secret is caught", () => {
  const drawn = rng(4);
  let [secret, sum] = [0, 0];
  const subject: Subject = {
    name: "counting",
    prepare: (kind) => void (secret = kind === "fixed" ? 0 : 1 + drawn.below(255)),
    run() {
      // As many steps as the secret is large: what a loop up to the first set bit does.
      for (let i = 0; i < 40 * secret; i++) sum = (sum + i) % 1009;
    },
  };
  const { t } = tryOut(subject, { runs: 4000, rng: rng(5), now: () => performance.now() });
  assert.ok(t > 10 && sum >= 0, String(t));
});

Deno.test("ct: every subject runs on both classes", async () => {
  const subjects = coreSubjects({ module: await inlineModule("aggregate"), rng: rng(6) });
  assert.ok(subjects.length > 8);
  for (const subject of subjects) {
    const { t, meanMs } = tryOut(subject, { runs: 200, rng: rng(7), now: () => performance.now() });
    assert.ok(t >= 0 && meanMs >= 0, subject.name);
  }
});
