import assert from "node:assert/strict";
import fc from "fast-check";
import { bisectFalling } from "./bisect.ts";

Deno.test("bisect: the root of any falling power law is found, and never below it", () => {
  const factor = fc.double({ min: 1e-6, max: 1e6, noNaN: true });
  const power = fc.double({ min: 0.1, max: 5, noNaN: true });
  fc.assert(fc.property(factor, power, factor, (factor, power, start) => {
    const root = factor ** (1 / power);
    const f = (x: number): number => factor / x ** power;
    const found = bisectFalling(f, { bound: 1, start, tolerance: 1e-9 });
    assert.ok(f(found) <= 1 && found <= root * (1 + 2e-9), `${found} for ${root}`);
  }));
});

Deno.test("bisect: a step that falls from infinity is found as well", () => {
  const f = (x: number): number => x < 7.25 ? Infinity : 1;
  const found = bisectFalling(f, { bound: 2, start: 1, tolerance: 1e-12 });
  assert.ok(found >= 7.25 && found < 7.25 * (1 + 1e-11));
});

Deno.test("bisect: nought where that is enough, infinity where nothing is", () => {
  assert.equal(bisectFalling(() => 1, { bound: 1, start: 1, tolerance: 1e-9 }), 0);
  assert.equal(bisectFalling(() => 2, { bound: 1, start: 1, tolerance: 1e-9 }), Infinity);
});
