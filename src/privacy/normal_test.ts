import assert from "node:assert/strict";
import { logUpperTail } from "./normal.ts";

/** `x` and `ln P(Z > x)`, by mpmath with 40 digits. */
const TAILS: readonly (readonly [number, number])[] = [
  [-37.5, 0.0],
  [-8, -6.2209605742717861e-16],
  [-3, -0.0013508099647481938],
  [-1, -0.17275377902344989],
  [-0.1, -0.61650501011502629],
  [0, -0.69314718055994531],
  [0.001, -0.69394538346696518],
  [0.5, -1.1759117615936186],
  [1, -1.8410216450092635],
  [1.3, -2.3351032786624425],
  [1.4142, -2.54272738275092],
  [1.5, -2.7059444008238898],
  [2, -3.7831843336820319],
  [3, -6.6077262215103495],
  [5, -15.064998393988726],
  [8.5, -39.197396428217669],
  [8.9, -42.722238827359746],
  [12, -75.410673001568796],
  [20, -203.91715537109726],
  [37.5, -707.66898931750719],
  [100, -5005.5242086942051],
  [1000, -500007.82669481218],
];

Deno.test("normal: tails equal those of arbitrary precision, near and far", () => {
  for (const [x, expected] of TAILS) {
    const error = Math.abs(logUpperTail(x) - expected);
    assert.ok(error <= 1e-14 * Math.max(1, Math.abs(expected)), `${x}: ${error}`);
  }
});

Deno.test("normal: both tails of a place add up to one", () => {
  for (let x = -8; x <= 8; x += 0.01) {
    const sum = Math.exp(logUpperTail(x)) + Math.exp(logUpperTail(-x));
    assert.ok(Math.abs(sum - 1) < 1e-14, `${x}: ${sum}`);
  }
});

Deno.test("normal: the tail falls without a step where one formula follows another", () => {
  let before = 0;
  for (let x = -10; x <= 45; x += 0.001) {
    const now = logUpperTail(x);
    assert.ok(now <= before, `${x}`);
    // The slope is the hazard rate, which lies between x and x + 1/x.
    if (x > 1) assert.ok(before - now < 0.001 * (x + 1 / x), `${x}`);
    before = now;
  }
});

Deno.test("normal: infinities have the tails that they should", () => {
  assert.equal(Math.exp(logUpperTail(-Infinity)), 1);
  assert.equal(logUpperTail(Infinity), -Infinity);
});
