import assert from "node:assert/strict";
import { seededRng } from "../../src/core/random.ts";
import {
  countCells,
  countLowBits,
  distanceApart,
  distanceFromUniform,
  LIMIT,
  unseenBias,
} from "./uniformity.ts";

const MODULUS = 1073692673;

function draw(count: number, seed: number, bias = 0): number[] {
  const rng = seededRng(new Uint8Array(32).fill(seed));
  return Array.from({ length: count }, () => {
    const word = Math.floor(rng.uniform() * MODULUS);
    // Half of the cells are taken a little more often than the others.
    return rng.uniform() < bias && word >= MODULUS / 2 ? word - Math.floor(MODULUS / 2) : word;
  });
}

Deno.test("uniformity: uniform words pass in 200 of 200 draws, and two draws are alike", () => {
  let worst = 0;
  for (let seed = 0; seed < 200; seed++) {
    const counts = countCells(draw(5000, seed), { modulus: MODULUS, cells: 64 });
    worst = Math.max(worst, distanceFromUniform(counts));
  }
  assert.ok(worst < LIMIT, `${worst}`);
  const [a, b] = [1, 2].map((seed) => countLowBits(draw(50_000, seed), 6));
  assert.ok(distanceApart(a!, b!) < LIMIT);
});

Deno.test("uniformity: a bias of the size that is said to be seen is seen, in 100 of 100 draws", () => {
  const size = 20_000;
  const { length } = Array.from({ length: 64 });
  const bias = unseenBias(new Float64Array(length).fill(size / length));
  for (let seed = 0; seed < 100; seed++) {
    // Moving a fraction `b` of one half to the other changes every cell's chance by `b` of itself.
    const counts = countCells(draw(size, seed, bias), { modulus: MODULUS, cells: length });
    assert.ok(distanceFromUniform(counts) > LIMIT, `seed ${seed}`);
  }
});

Deno.test("uniformity: two sources that differ as much are told apart", () => {
  const cells = { modulus: MODULUS, cells: 64 };
  const [a, b] = [countCells(draw(40_000, 1), cells), countCells(draw(40_000, 2, 0.1), cells)];
  assert.ok(distanceApart(a!, b!) > LIMIT);
});
