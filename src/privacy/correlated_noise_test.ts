import assert from "node:assert/strict";
import { decodeSafetensors, encodeSafetensors } from "../core/safetensors.ts";
import type { NamedTensors } from "../core/tensor.ts";
import { createAggregateCore, inlineModule } from "../wasm/mod.ts";
import { noiseCoefficients, prefixError } from "./blt.ts";
import { chooseBlt } from "./choose_blt.ts";
import { addCorrelatedNoise, emptyBuffers } from "./correlated_noise.ts";
import { drawNormal } from "./normal_noise.ts";
import { noiseStream } from "./noise_stream.ts";

const module = await inlineModule("aggregate");
const seedOf = (round: number) => new Uint8Array(32).fill(round + 1);

Deno.test("correlated noise: each round's is its row of the inverse times independent noise", () => {
  using core = createAggregateCore(module);
  const schema = { rounds: 12, separation: 4, participations: 3 };
  const blt = chooseBlt({ ...schema, separation: 12, participations: 1 });
  const [values, stddev] = [40, 1e6];
  const rows = noiseCoefficients(blt, schema.rounds);
  const drawn: Float64Array[] = [];
  let buffers = emptyBuffers(blt, values);
  for (let round = 0; round < schema.rounds; round++) {
    const own = noiseStream(core, seedOf(round));
    drawn.push(new Float64Array(values).map(() => stddev * drawNormal(own)));
    const noise = new Int32Array(values);
    const stream = noiseStream(core, seedOf(round));
    buffers = addCorrelatedNoise(noise, { blt, buffers, stddev, stream });
    noise.forEach((found, i) => {
      const expected = drawn.reduce(
        (sum, z, earlier) => sum + (rows[round - earlier] ?? 0) * (z[i] ?? 0),
        0,
      );
      assert.ok(Math.abs(found - expected) <= 0.5001, `${round}, ${i}: ${found}, ${expected}`);
    });
  }
});

Deno.test("correlated noise: the sums over rounds are as noisy as the strategy says, and less than of independent draws", () => {
  using core = createAggregateCore(module);
  const rounds = 40;
  const blt = chooseBlt({ rounds, separation: 20, participations: 2 });
  const [values, stddev] = [2000, 1000];
  const sums = new Float64Array(values);
  let buffers = emptyBuffers(blt, values);
  let squares = 0;
  for (let round = 0; round < rounds; round++) {
    const noise = new Int32Array(values);
    const stream = noiseStream(core, seedOf(round));
    buffers = addCorrelatedNoise(noise, { blt, buffers, stddev, stream });
    noise.forEach((value, i) => {
      sums[i] = (sums[i] ?? 0) + value;
      squares += (sums[i] ?? 0) ** 2;
    });
  }
  const found = Math.sqrt(squares / values / rounds) / stddev;
  const expected = prefixError(blt, rounds);
  assert.ok(Math.abs(found / expected - 1) < 0.03, `${found}, expected ${expected}`);
  assert.ok(found < 0.5 * Math.sqrt((rounds + 1) / 2));
});

Deno.test("correlated noise: what was stored goes on to the same bits", () => {
  using core = createAggregateCore(module);
  const blt = chooseBlt({ rounds: 30, separation: 10, participations: 3 });
  const run = (stores: (buffers: NamedTensors) => NamedTensors): Int32Array[] => {
    let buffers = emptyBuffers(blt, 100);
    return Array.from({ length: 6 }, (_, round) => {
      const noise = new Int32Array(100);
      const stream = noiseStream(core, seedOf(round));
      buffers = stores(addCorrelatedNoise(noise, { blt, buffers, stddev: 500, stream }));
      return noise;
    });
  };
  const stored = run((buffers) => decodeSafetensors(encodeSafetensors(buffers)).tensors);
  assert.deepEqual(stored, run((buffers) => buffers));
});

Deno.test("correlated noise: buffers of another size are refused", () => {
  using core = createAggregateCore(module);
  const blt = { decay: [0.5], weight: [0.5] };
  const stream = noiseStream(core, seedOf(0));
  assert.throws(
    () =>
      addCorrelatedNoise(new Int32Array(3), {
        ...{ blt, stddev: 1, stream },
        buffers: emptyBuffers(blt, 4),
      }),
    { name: "RangeError", message: /to 3 values: its buffers have 4/ },
  );
  assert.throws(
    () => addCorrelatedNoise(new Int32Array(3), { blt, stddev: 1, stream, buffers: {} }),
    { name: "RangeError", message: /tensor "privacy\/buffer\/0\/high"/ },
  );
});
