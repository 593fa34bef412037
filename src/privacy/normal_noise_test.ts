import assert from "node:assert/strict";
import { createAggregateCore, inlineModule } from "../wasm/mod.ts";
import { logUpperTail } from "./normal.ts";
import { addNormalNoise, drawNormal } from "./normal_noise.ts";
import { noiseStream } from "./noise_stream.ts";

const module = await inlineModule("aggregate");
const seedOf = (byte: number) => new Uint8Array(32).fill(byte);

Deno.test("normal noise: the same seed gives the same noise, another one another", () => {
  using core = createAggregateCore(module);
  const noise = (byte: number) => {
    const values = new Float64Array(50_000);
    addNormalNoise(values, { stddev: 100, stream: noiseStream(core, seedOf(byte)) });
    return values;
  };
  assert.deepEqual(noise(1), noise(1));
  const [one, other] = [noise(1), noise(2)];
  const equal = one.reduce((count, value, i) => count + Number(value === other[i]), 0);
  // Two draws of deviation 100 are equal once in 354 times.
  assert.ok(equal > 60 && equal < 240, `${equal} of 50000 are equal`);
});

Deno.test("normal noise: whole numbers come as often as the rounded normal distribution says", () => {
  using core = createAggregateCore(module);
  const stream = noiseStream(core, seedOf(3));
  for (const stddev of [1.5, 4]) {
    const draws = 200_000;
    const values = new Float64Array(draws);
    addNormalNoise(values, { stddev, stream });
    const counts = new Map<number, number>();
    for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
    const below = (x: number) => Math.exp(logUpperTail(-x / stddev));
    let chiSquare = 0;
    let cells = 0;
    const reach = Math.floor(3.5 * stddev);
    for (let k = -reach; k <= reach; k++) {
      const expected = draws * (below(k + 0.5) - below(k - 0.5));
      chiSquare += ((counts.get(k) ?? 0) - expected) ** 2 / expected;
      cells++;
    }
    // Its deviation is √(2·cells); five of them are passed once in a million times.
    assert.ok(chiSquare < cells + 6 * Math.sqrt(2 * cells), `${chiSquare} of ${cells} cells`);
    assert.ok(chiSquare > cells - 6 * Math.sqrt(2 * cells), `${chiSquare} of ${cells} cells`);
  }
});

Deno.test("normal noise: the tail is there, as often as it should be", () => {
  using core = createAggregateCore(module);
  const stream = noiseStream(core, seedOf(4));
  const draws = 1_000_000;
  const beyond = [0, 0, 0, 0];
  let [sum, squares] = [0, 0];
  for (let i = 0; i < draws; i++) {
    const draw = drawNormal(stream);
    sum += draw;
    squares += draw * draw;
    [1, 2, 3, 4].forEach((limit, at) => {
      if (Math.abs(draw) > limit) beyond[at] = (beyond[at] ?? 0) + 1;
    });
  }
  assert.ok(Math.abs(sum / draws) < 0.005, `mean ${sum / draws}`);
  assert.ok(Math.abs(squares / draws - 1) < 0.007, `variance ${squares / draws}`);
  [0.317310508, 0.0455002639, 0.0026997961, 6.33424e-5].forEach((chance, at) => {
    const expected = draws * chance;
    assert.ok(Math.abs((beyond[at] ?? 0) - expected) < 5 * Math.sqrt(expected), `${beyond}`);
  });
});

Deno.test("normal noise: it goes onto whole numbers and leaves whole numbers", () => {
  using core = createAggregateCore(module);
  const values = Float64Array.of(-5, 0, 1e9, -(2 ** 31));
  const before = values.slice();
  addNormalNoise(values, { stddev: 1000, stream: noiseStream(core, seedOf(5)) });
  values.forEach((value, i) => {
    assert.ok(Number.isSafeInteger(value));
    assert.ok(value !== before[i] && Math.abs(value - (before[i] ?? 0)) < 6000);
  });
});
