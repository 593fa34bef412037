import assert from "node:assert/strict";
import { composeLosses } from "./compose_losses.ts";
import { gaussianDelta, gaussianEpsilon } from "./gaussian.ts";
import { connectTheDots, lossEpsilon } from "./loss_distribution.ts";
import type { LossDistribution } from "./loss_distribution.ts";

/** Randomised response: the truth with probability `e^ε/(1 + e^ε)`, whose losses are ±ε. */
function response(epsilon: number): LossDistribution {
  const truth = Math.exp(epsilon) / (1 + Math.exp(epsilon));
  return connectTheDots(
    (at) => Math.max(0, 1 - Math.exp(at), truth - Math.exp(at) * (1 - truth)),
    { step: epsilon / 4, first: -8, last: 8 },
  );
}

const sum = (masses: Iterable<number>): number => [...masses].reduce((a, b) => a + b, 0);

/** `δ(ε)` straight from its definition. */
function deltaAt({ step, first, masses, infinite }: LossDistribution, epsilon: number): number {
  return infinite +
    sum(masses.map((mass, i) => mass * Math.max(0, 1 - Math.exp(epsilon - (first + i) * step))));
}

Deno.test("losses: those of randomised response are the two that it has", () => {
  const { first, masses, infinite } = response(1);
  const truth = Math.E / (1 + Math.E);
  masses.forEach((mass, i) => {
    const expected = first + i === 4 ? truth : first + i === -4 ? 1 - truth : 0;
    assert.ok(Math.abs(mass - expected) < 1e-14, `${first + i}: ${mass}`);
  });
  assert.equal(infinite, 0);
});

Deno.test("losses: a grid keeps δ where it has points, and lies above it between them", () => {
  const delta = (epsilon: number): number => gaussianDelta(1, epsilon);
  const losses = connectTheDots(delta, { step: 0.1, first: -120, last: 120 });
  assert.ok(Math.abs(sum(losses.masses) + losses.infinite - 1) < 1e-12);
  for (let k = 0; k < 60; k++) {
    assert.ok(Math.abs(deltaAt(losses, k * 0.1) - delta(k * 0.1)) < 1e-12);
    const between = (k + 0.5) * 0.1;
    const above = deltaAt(losses, between) - delta(between);
    assert.ok(above > 0 && above < 0.002, `${between}: ${above}`);
  }
});

Deno.test("losses: ε is where δ passes the bound, between points too", () => {
  const losses = connectTheDots((epsilon) => gaussianDelta(1, epsilon), {
    step: 0.1,
    first: -120,
    last: 120,
  });
  for (const delta of [1e-8, 1e-5, 0.01, 0.3]) {
    const epsilon = lossEpsilon(losses, delta);
    assert.ok(Math.abs(deltaAt(losses, epsilon) - delta) < 1e-9 * delta + 1e-15);
    const exact = gaussianEpsilon(1, delta);
    assert.ok(epsilon >= exact && epsilon < exact * 1.01, `${delta}: ${epsilon}, ${exact}`);
  }
  assert.equal(lossEpsilon(losses, 0.5), 0);
  assert.equal(lossEpsilon({ ...losses, infinite: 0.1 }, 0.05), Infinity);
});

Deno.test("compose: as many answers of randomised response as a binomial says", () => {
  const rounds = 5;
  const together = composeLosses([{ losses: response(1), rounds }]);
  const truth = Math.E / (1 + Math.E);
  for (let k = 0, ways = 1; k <= rounds; ways = ways * (rounds - k) / (k + 1), k++) {
    const loss = (2 * k - rounds) * 4;
    const expected = ways * truth ** k * (1 - truth) ** (rounds - k);
    const found = together.masses[loss - together.first] ?? 0;
    assert.ok(Math.abs(found - expected) < 1e-13, `${k}: ${found}, ${expected}`);
  }
});

Deno.test("compose: two mechanisms are two, in either order, and one that runs twice is two", () => {
  const [a, b] = [
    response(1),
    connectTheDots((epsilon) => gaussianDelta(2, epsilon), { step: 0.25, first: -40, last: 40 }),
  ];
  const one = composeLosses([{ losses: a, rounds: 2 }, { losses: b, rounds: 1 }]);
  const other = composeLosses([{ losses: b, rounds: 1 }, { losses: a, rounds: 1 }, {
    losses: a,
    rounds: 1,
  }]);
  for (const epsilon of [0, 0.5, 1, 2, 3]) {
    assert.ok(Math.abs(deltaAt(one, epsilon) - deltaAt(other, epsilon)) < 1e-12);
  }
});

Deno.test("compose: Gaussian rounds are one of less noise", () => {
  const losses = connectTheDots((epsilon) => gaussianDelta(10, epsilon), {
    step: 0.001,
    first: -1000,
    last: 1000,
  });
  const epsilon = lossEpsilon(composeLosses([{ losses, rounds: 100 }]), 1e-6);
  const exact = gaussianEpsilon(1, 1e-6);
  assert.ok(epsilon >= exact && epsilon < exact * 1.001, `${epsilon}, ${exact}`);
});

Deno.test("compose: an infinite loss in any round is one in all", () => {
  const losses = { ...response(1), infinite: 0.01 };
  const { infinite } = composeLosses([{ losses, rounds: 3 }]);
  assert.ok(Math.abs(infinite - (1 - 0.99 ** 3)) < 1e-12);
});
