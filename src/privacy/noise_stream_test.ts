import assert from "node:assert/strict";
import { createAggregateCore, inlineModule } from "../wasm/mod.ts";
import { noiseStream } from "./noise_stream.ts";

const module = await inlineModule("aggregate");

Deno.test("noise stream: a seed gives one stream, over many blocks, and is left as it was", () => {
  using core = createAggregateCore(module);
  const seed = new Uint8Array(32).fill(9);
  const draw = () => {
    const stream = noiseStream(core, seed);
    return Array.from({ length: 30_000 }, () => stream.uniform());
  };
  const [one, two] = [draw(), draw()];
  assert.deepEqual(one, two);
  assert.deepEqual(seed, new Uint8Array(32).fill(9));
  assert.ok(one.every((x) => x >= 0 && x < 1 && Number.isInteger(x * 2 ** 53)));
  // 53 bits of 30 000 draws meet once in 20 million runs.
  assert.equal(new Set(one).size, one.length);
  const mean = one.reduce((sum, x) => sum + x, 0) / one.length;
  assert.ok(Math.abs(mean - 0.5) < 0.01, `${mean}`);
});

Deno.test("noise stream: bits are as often one as nought, and in no pattern", () => {
  using core = createAggregateCore(module);
  const stream = noiseStream(core, new Uint8Array(32));
  const bits = Array.from({ length: 20_000 }, () => stream.bit());
  const ones = bits.reduce<number>((sum, bit) => sum + bit, 0);
  const changes = bits.reduce<number>(
    (sum, bit, i) => sum + Number(i > 0 && bit !== bits[i - 1]),
    0,
  );
  assert.ok(
    Math.abs(ones - 10_000) < 400 && Math.abs(changes - 10_000) < 400,
    `${ones}, ${changes}`,
  );
});

Deno.test("noise stream: its blocks leave nothing in the core's memory", () => {
  using core = createAggregateCore(module);
  const mark = core.memory.mark();
  noiseStream(core, new Uint8Array(32).fill(1)).uniform();
  assert.equal(core.memory.mark(), mark);
  const left = core.memory.alloc(64 * 1024);
  assert.ok(core.memory.u8(left).every((byte) => byte === 0));
});
