import assert from "node:assert/strict";
import fc from "fast-check";
import { rateThatFits } from "./rate.ts";

/** Probability that more than `most` of `clients` are chosen, summed term by term. */
function tail(clients: number, rate: number, most: number): number {
  let log = clients * Math.log1p(-rate);
  let below = Math.exp(log);
  for (let k = 1; k <= most; k++) {
    log += Math.log((clients - k + 1) / k) + Math.log(rate / (1 - rate));
    below += Math.exp(log);
  }
  let above = 0;
  for (let k = most + 1; k <= clients; k++) {
    log += Math.log((clients - k + 1) / k) + Math.log(rate / (1 - rate));
    above += Math.exp(log);
    if (log < -60 && k > rate * clients) break;
  }
  assert.ok(Math.abs(below + above - 1) < 1e-6);
  return above;
}

Deno.test("rate: it stays what it is where everybody fits", () => {
  assert.equal(rateThatFits(1, 100, 100), 1);
  assert.equal(rateThatFits(0.3, 5, 100), 0.3);
});

Deno.test("rate: it stays what it is where its samples fit by far", () => {
  assert.equal(rateThatFits(0.01, 10_000, 1000), 0.01);
});

Deno.test("rate: it is lowered where samples would often be too large", () => {
  const rate = rateThatFits(0.5, 10_000, 1000);
  assert.ok(rate > 0.075 && rate < 0.1, `${rate}`);
});

Deno.test("rate: one that is lowered is too large for a round less than once in 10^9", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 3000 }),
      fc.integer({ min: 1, max: 500 }),
      fc.double({ min: 0.001, max: 1, noNaN: true }),
      (clients, most, asked) => {
        const rate = rateThatFits(asked, clients, most);
        assert.ok(rate > 0 && rate <= asked);
        if (clients > most) assert.ok(tail(clients, rate, most) <= 1e-9);
      },
    ),
  );
});

Deno.test("rate: it is not lowered further than Chernoff's bound needs", () => {
  const rate = rateThatFits(1, 20_000, 2000);
  // Six standard deviations below what fits would do for a normal distribution.
  assert.ok(rate * 20_000 + 8 * Math.sqrt(20_000 * rate * (1 - rate)) > 2000, `${rate}`);
});
