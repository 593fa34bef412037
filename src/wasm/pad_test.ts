import assert from "node:assert/strict";
import { createAggregateCore } from "./aggregate.ts";
import { chachaBlock } from "./chacha_testing.ts";
import { inlineModule } from "./inline.ts";

const module = await inlineModule("aggregate");

function seedOf(number: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length: 32 }, (_, i) => 53 * number + 11 * i);
}

Deno.test("pad: a seed's pad is its ChaCha20 keystream, word by word, mod 2^32", () => {
  using core = createAggregateCore(module);
  for (const words of [1, 16, 63, 64, 65, 1000]) {
    const seed = seedOf(words);
    const plain = Uint32Array.from({ length: words }, (_, i) => 0xfff00000 + 77_777 * i);
    const want = plain.map((word, i) => word + chachaBlock(seed, i >>> 4, [0, 0, 0])[i % 16]!);
    const mark = core.memory.mark();
    const acc = core.memory.alloc(4 * words);
    core.memory.u32(acc).set(plain);
    core.addPad(seed, acc);
    assert.deepEqual(core.memory.u32(acc).slice(), want);
    core.subPad(seed, acc);
    assert.deepEqual(core.memory.u32(acc).slice(), plain);
    core.memory.release(mark);
  }
});

Deno.test("pad: the seed is gone from the core's memory when a call returns", () => {
  using core = createAggregateCore(module);
  const acc = core.memory.alloc(64);
  const mark = core.memory.mark();
  core.addPad(seedOf(1), acc);
  core.subPad(seedOf(1), acc);
  assert.equal(core.memory.mark(), mark);
  const after = core.memory.alloc(4096);
  assert.ok(core.memory.u8(after).every((byte) => byte === 0));
});

Deno.test("pad: seeds and spans that do not fit are refused", () => {
  using core = createAggregateCore(module);
  const acc = core.memory.alloc(8);
  const odd = { ptr: acc.ptr, bytes: 6 };
  assert.throws(() => core.addPad(seedOf(1).slice(1), acc), /a seed of 31 bytes: expected 32/);
  assert.throws(() => core.subPad(seedOf(1), odd), RangeError);
});
