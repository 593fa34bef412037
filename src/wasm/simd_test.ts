import assert from "node:assert/strict";
import { fastestSimd } from "./simd.ts";

/** What the probe's module is, as the runtime is asked about it. */
function probe(): Uint8Array<ArrayBuffer> {
  let asked: Uint8Array<ArrayBuffer> | undefined;
  fastestSimd((module) => {
    asked = module;
    return true;
  });
  assert.ok(asked !== undefined);
  return asked.slice();
}

Deno.test("simd: a runtime that takes the probe gets the relaxed build, any other the baseline", () => {
  assert.equal(fastestSimd(() => true), "relaxed");
  assert.equal(fastestSimd(() => false), "baseline");
});

Deno.test("simd: this runtime has relaxed SIMD", () => {
  assert.equal(fastestSimd(), "relaxed");
});

Deno.test("simd: it is the relaxed instruction that decides", () => {
  const module = probe();
  // f32x4.relaxed_madd, 0xfd 0x105, in its two-byte form.
  assert.deepEqual([...module.slice(-4)], [0xfd, 0x85, 0x02, 0x0b]);
  assert.ok(WebAssembly.validate(module));
  // 0x10a3 is no instruction: all else in the module being valid is not enough.
  module.set([0xfd, 0xa3, 0x21], module.length - 4);
  assert.ok(!WebAssembly.validate(module));
});

Deno.test("simd: the probe without its last instruction is a module of plain SIMD", () => {
  const module = probe();
  // Two drops and a nop in the place of the three bytes: the first vector is the result.
  module.set([0x1a, 0x1a, 0x01], module.length - 4);
  assert.ok(WebAssembly.validate(module));
});
