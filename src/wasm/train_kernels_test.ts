import assert from "node:assert/strict";
import { CoreTrapError } from "./core_trap.ts";
import { inlineModule } from "./inline.ts";
import { createTrainCore } from "./train.ts";

const module = await inlineModule("train");

Deno.test("train kernels: an export is called by its name over plain numbers", () => {
  using core = createTrainCore(module);
  const { memory } = core;
  const [a, b, out] = [memory.alloc(12), memory.alloc(12), memory.alloc(12)];
  memory.f32(a).set([1, 2, 3]);
  memory.f32(b).set([10, 20, 30]);
  assert.equal(core.kernel("add")([a.ptr, b.ptr, out.ptr, 3]), 0);
  assert.deepEqual(memory.f32(out), Float32Array.of(11, 22, 33));
  assert.equal(core.kernel("dot")([a.ptr, b.ptr, 3]), 140);
});

Deno.test("train kernels: each is found once, and reads its numbers anew in every call", () => {
  using core = createTrainCore(module);
  const { memory } = core;
  const fill = core.kernel("fill");
  assert.equal(core.kernel("fill"), fill);
  const out = memory.alloc(8);
  const numbers = [out.ptr, 2, 1];
  fill(numbers);
  assert.deepEqual(memory.f32(out), Float32Array.of(1, 1));
  numbers[2] = 5;
  fill(numbers);
  assert.deepEqual(memory.f32(out), Float32Array.of(5, 5));
});

Deno.test("train kernels: unknown names and lists of another length are refused", () => {
  using core = createTrainCore(module);
  for (const name of ["divde", "memory", "", "toString"]) {
    assert.throws(() => core.kernel(name), {
      name: "TypeError",
      message: `Cannot find kernel ${name}: the train core does not export it`,
    });
  }
  const { ptr } = core.memory.alloc(8);
  for (const numbers of [[], [ptr, 2], [ptr, 2, 1, 0]]) {
    assert.throws(() => core.kernel("fill")(numbers), {
      name: "RangeError",
      message: `Cannot run fill with ${numbers.length} numbers: expected 3`,
    });
  }
  core.kernel("fill")([ptr, 2, 1]);
});

Deno.test("train kernels: a trap poisons the core, and a disposed one is of no use", () => {
  const core = createTrainCore(module);
  const fill = core.kernel("fill");
  const { ptr } = core.memory.alloc(8);
  assert.throws(() => fill([ptr, 2 ** 30, 1]), CoreTrapError);
  assert.throws(() => fill([ptr, 2, 1]), CoreTrapError);
  assert.throws(() => core.kernel("add"), CoreTrapError);
  const other = createTrainCore(module);
  const add = other.kernel("add");
  other[Symbol.dispose]();
  assert.throws(() => add([0, 0, 0, 0]), /^TypeError: Cannot use a core that was disposed$/);
});
