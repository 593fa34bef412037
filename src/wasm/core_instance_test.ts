import assert from "node:assert/strict";
import type { InitOutput } from "../../wasm/aggregate/pkg/aggregate.js";
import { isTributaryError } from "../core/errors.ts";
import { instantiateCore } from "./core_instance.ts";
import { CoreTrapError } from "./core_trap.ts";
import { inlineModule } from "./inline.ts";

const module = await inlineModule("aggregate");

function trapped(error: unknown): boolean {
  return error instanceof CoreTrapError && isTributaryError(error, "core-trap") &&
    error.cause instanceof WebAssembly.RuntimeError &&
    /^Cannot use a core that trapped: .*; a new instance is needed$/.test(error.message);
}

Deno.test("core instance: a trap poisons the instance, for calls and for its memory", () => {
  const core = instantiateCore<InitOutput>(module);
  const span = core.memory.alloc(16);
  assert.throws(() => core.call((it) => it.add_u32(span.ptr, 0, 4)), trapped);
  assert.throws(() => core.call((it) => it.squared_norm(span.ptr, 4)), trapped);
  assert.throws(() => core.memory.u32(span), trapped);
  assert.throws(() => core.memory.alloc(16), trapped);
});

Deno.test("core instance: another instance of the same module is not touched by a trap", () => {
  const [a, b] = [instantiateCore<InitOutput>(module), instantiateCore<InitOutput>(module)];
  const span = b.memory.alloc(8);
  b.memory.f32(span).set([3, 4]);
  assert.throws(() => a.call((it) => it.squared_norm(1, 1)), trapped);
  assert.equal(b.call((it) => it.squared_norm(span.ptr, 2)), 25);
});

Deno.test("core instance: kernels trap on spans that are misaligned or reach out of the arena", () => {
  const end = 2 ** 31;
  const cases: [string, (it: InitOutput, ptr: number) => unknown][] = [
    ["null", (it) => it.squared_norm(0, 1)],
    ["the stack", (it) => it.scale(1_000_000, 4, 2)],
    ["misaligned", (it, ptr) => it.scale(ptr + 2, 1, 2)],
    ["past the end", (it, ptr) => it.scale(ptr, 65_536, 2)],
    ["a length that wraps", (it, ptr) => it.scale(ptr, 0x4000_0000, 2)],
    ["an address beyond memory", (it) => it.scale(end, 0, 2)],
    ["a key out of range", (it, ptr) => it.quantise(ptr, ptr + 16, 1, 1, 1, end, 0, 0)],
  ];
  for (const [name, kernel] of cases) {
    const core = instantiateCore<InitOutput>(module);
    const { ptr } = core.memory.alloc(65_536);
    assert.throws(() => core.call((it) => kernel(it, ptr)), trapped, name);
  }
});

Deno.test("core instance: once disposed it refuses every use", () => {
  const core = instantiateCore<InitOutput>(module);
  const span = core.memory.alloc(16);
  core[Symbol.dispose]();
  core[Symbol.dispose]();
  for (
    const use of [
      () => core.call((it) => it.squared_norm(span.ptr, 4)),
      () => core.memory.alloc(16),
      () => core.memory.f32(span),
    ]
  ) {
    assert.throws(use, /^TypeError: Cannot use a core that was disposed$/);
  }
});

Deno.test("core instance: the package's own initSync runs the same module", async () => {
  const pkg = await import("../../wasm/aggregate/pkg/aggregate.js");
  const { memory } = pkg.initSync({ module });
  const ptr = memory.buffer.byteLength;
  memory.grow(1);
  new Float32Array(memory.buffer, ptr, 2).set([3, 4]);
  assert.equal(pkg.squared_norm(ptr, 2), 25);
});
