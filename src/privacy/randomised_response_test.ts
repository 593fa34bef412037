import assert from "node:assert/strict";
import fc from "fast-check";
import { deriveSeed, type RandomSource, seededRng } from "../core/random.ts";
import {
  chances,
  estimateCounts,
  estimateStddev,
  randomisedResponse,
  responseRdp,
} from "./randomised_response.ts";
import { spentEpsilon } from "./spend.ts";

/** Repeatable bytes in place of a CSPRNG's. */
async function seeded(label: string): Promise<RandomSource> {
  const rng = seededRng(await deriveSeed(new Uint8Array(32), label));
  return (length) => Uint8Array.from({ length }, () => rng.below(256));
}

const epsilon = fc.double({ min: 0.01, max: 32, noNaN: true });
const choices = fc.integer({ min: 2, max: 100_000 });

Deno.test("randomised response: no answer is more than e^ε times as likely for one value as for another", () => {
  fc.assert(fc.property(epsilon, choices, (epsilon, choices) => {
    const { keep, other } = chances({ epsilon, choices });
    assert.ok(Math.log(keep / other) <= epsilon, `${Math.log(keep / other)} > ${epsilon}`);
    assert.ok(keep >= other);
    assert.ok(Math.abs(keep + (choices - 1) * other - 1) < 1e-12);
    // Nor is budget wasted, but for what the steps of the draw cost where others are that rare.
    if (epsilon < 20) assert.ok(Math.log(keep / other) > epsilon - 1e-3);
  }));
});

Deno.test("randomised response: answers come as often as their chances say", async () => {
  const random = await seeded("often");
  const options = { epsilon: 1.5, choices: 5, random };
  const { keep, other } = chances(options);
  const counts = new Float64Array(5);
  const draws = 40_000;
  for (let i = 0; i < draws; i++) {
    const answer = randomisedResponse(3, options);
    counts[answer] = (counts[answer] ?? 0) + 1;
  }
  const chiSquare = counts.reduce((sum, count, value) => {
    const expected = draws * (value === 3 ? keep : other);
    return sum + (count - expected) ** 2 / expected;
  }, 0);
  // Four degrees of freedom: one in a hundred thousand is above 28.5.
  assert.ok(chiSquare < 28.5, `${chiSquare}`);
});

Deno.test("randomised response: estimates are without bias, and as wide as their deviation says", async () => {
  const random = await seeded("bias");
  const options = { epsilon: 1, choices: 3, random };
  const held = [600, 300, 100];
  const runs = 200;
  const [sum, squares] = [new Float64Array(3), new Float64Array(3)];
  for (let run = 0; run < runs; run++) {
    const counts = [0, 0, 0];
    held.forEach((clients, value) => {
      for (let i = 0; i < clients; i++) {
        const answer = randomisedResponse(value, options);
        counts[answer] = (counts[answer] ?? 0) + 1;
      }
    });
    estimateCounts(counts, options).forEach((estimate, value) => {
      sum[value] = (sum[value] ?? 0) + estimate;
      squares[value] = (squares[value] ?? 0) + (estimate - (held[value] ?? 0)) ** 2;
    });
  }
  held.forEach((holders, value) => {
    const stddev = estimateStddev({ clients: 1000, holders }, options);
    const mean = (sum[value] ?? 0) / runs;
    assert.ok(Math.abs(mean - holders) < 4.5 * stddev / Math.sqrt(runs), `${mean} of ${holders}`);
    const spread = Math.sqrt((squares[value] ?? 0) / runs);
    assert.ok(spread > 0.8 * stddev && spread < 1.2 * stddev, `${spread}, expected ${stddev}`);
  });
});

Deno.test("randomised response: what every client would answer without noise is estimated exactly", () => {
  const options = { epsilon: 2, choices: 4 };
  const { keep, other } = chances(options);
  const held = [10, 0, 5, 1];
  const counts = held.map((count) => count * keep + (16 - count) * other);
  estimateCounts(counts, options).forEach((estimate, value) =>
    assert.ok(Math.abs(estimate - (held[value] ?? 0)) < 1e-9)
  );
});

Deno.test("randomised response: its divergence is that of the two distributions, and never above ε", () => {
  const order = fc.double({ min: 1.01, max: 100, noNaN: true });
  const few = fc.integer({ min: 2, max: 20 });
  const small = fc.double({ min: 0.01, max: 5, noNaN: true });
  fc.assert(fc.property(small, few, order, (epsilon, choices, order) => {
    const { keep, other } = chances({ epsilon, choices });
    const one = Array.from({ length: choices }, (_, answer) => answer === 0 ? keep : other);
    const two = Array.from({ length: choices }, (_, answer) => answer === 1 ? keep : other);
    const sum = one.reduce((sum, p, at) => sum + p ** order * (two[at] ?? NaN) ** (1 - order), 0);
    const rdp = responseRdp({ epsilon, choices })(order);
    assert.ok(Math.abs(rdp - Math.log(sum) / (order - 1)) < 1e-9 * Math.max(1, rdp));
    assert.ok(rdp <= epsilon * (1 + 1e-12));
  }));
});

Deno.test("randomised response: answers add up, plainly while they are few and by Rényi once they are many", () => {
  const response = { kind: "response", epsilon: 0.1, choices: 2 } as const;
  const spent = (rounds: number) => spentEpsilon([{ mechanism: response, rounds }], 1e-6);
  assert.ok(Math.abs(spent(3) - 0.3) < 1e-12);
  // Plainly 100; composition at random, ε√(2k ln 1/δ) + kε(e^ε − 1), is 27.
  assert.ok(spent(1000) > 10 && spent(1000) < 27, `${spent(1000)}`);
  const gaussian = { kind: "gaussian", noise: 2, rate: 1 } as const;
  const both = spentEpsilon(
    [{ mechanism: response, rounds: 3 }, { mechanism: gaussian, rounds: 5 }],
    1e-6,
  );
  const alone = spentEpsilon([{ mechanism: gaussian, rounds: 5 }], 1e-6);
  assert.ok(both > alone && both < (alone + 0.3) * 1.1, `${both}, ${alone} and 0.3`);
});

Deno.test("randomised response: what is out of range is refused with what was found", async () => {
  const random = await seeded("range");
  for (
    const [value, options, message] of [
      [3, { choices: 3, epsilon: 1 }, /value 3: expected a whole number from 0 to 2/],
      [0.5, { choices: 3, epsilon: 1 }, /value 0.5/],
      [0, { choices: 1, epsilon: 1 }, /one of 1 values: expected a whole number from 2/],
      [0, { choices: 3, epsilon: 0 }, /at ε = 0: expected a number above 0/],
      [0, { choices: 3, epsilon: NaN }, /at ε = NaN/],
    ] as const
  ) {
    assert.throws(() => randomisedResponse(value, { ...options, random }), {
      name: "RangeError",
      message,
    });
  }
  assert.throws(() => estimateCounts([1, 2], { choices: 3, epsilon: 1 }), {
    name: "RangeError",
    message: /from 2 counts: expected 3/,
  });
});
