import assert from "node:assert/strict";
import { seededRng } from "../core/random.ts";
import { createTrainCore, inlineModule } from "../wasm/mod.ts";
import { type KernelName, KERNELS } from "./kernels.ts";
import { createReferenceBackend } from "./reference_backend_testing.ts";
import { createWasmBackend } from "./wasm_backend.ts";

const module = await inlineModule("train");

Deno.test("wasm backend: the core has every kernel, and each takes what the list says", () => {
  const core = createTrainCore(module);
  for (const [name, { operands, numbers }] of Object.entries(KERNELS)) {
    const scratch = ["gemm", "linear", "linear_backward", "attention", "attention_backward"];
    const wanted = operands.length + numbers.length + (scratch.includes(name) ? 1 : 0);
    const few = Array.from({ length: wanted - 1 }, () => 0);
    assert.throws(
      () => core.kernel(name)(few),
      { message: `Cannot run ${name} with ${wanted - 1} numbers: expected ${wanted}` },
    );
  }
});

Deno.test("wasm backend: an operand that is written overlaps no other", () => {
  const backend = createWasmBackend(createTrainCore(module));
  const slot = backend.alloc(16);
  const [head, middle, tail] = [0, 4, 8].map((offset) => backend.slice(slot, { offset, bytes: 8 }));
  backend.run("add", [head!, head!, tail!], [2]);
  backend.run("add", [head!, middle!, backend.alloc(8)], [2]);
  assert.throws(
    () => backend.run("add", [head!, tail!, middle!], [2]),
    /^RangeError: Cannot run add on out that overlaps a: one of them is written$/,
  );
  assert.throws(
    () => backend.run("add_scaled", [head!, head!], [2, 1]),
    /^RangeError: Cannot run add_scaled on out that overlaps x: one of them is written$/,
  );
  assert.throws(() => backend.run("scale", [head!, middle!], [2, 1]), /overlaps x: /);
});

Deno.test("wasm backend: scaling in place is allowed", async () => {
  const backend = createWasmBackend(createTrainCore(module));
  const slot = backend.alloc(12);
  backend.write(slot, Float32Array.of(1, 2, 3));
  backend.run("scale", [slot, slot], [3, -2]);
  assert.deepEqual(await backend.read(slot), Float32Array.of(-2, -4, -6));
});

Deno.test("wasm backend: scratch memory is given back after each call", () => {
  const core = createTrainCore(module);
  const backend = createWasmBackend(core);
  const [a, c] = [backend.alloc(4 * 40 * 40), backend.alloc(4 * 40 * 40)];
  const mark = backend.mark();
  const call = (): void => backend.run("gemm", [a, a, c], [40, 40, 40, 40, 1, 40, 1, 40, 1, 1, 0]);
  call();
  const bytes = core.memory.bytes;
  for (let i = 0; i < 100; i++) call();
  assert.equal(backend.mark(), mark);
  assert.equal(core.memory.bytes, bytes);
});

Deno.test("wasm backend: a core that is disposed of says so", () => {
  const core = createTrainCore(module);
  const backend = createWasmBackend(core);
  const slot = backend.alloc(4);
  core[Symbol.dispose]();
  assert.throws(
    () => backend.run("fill", [slot], [1, 1]),
    /^TypeError: Cannot use a core that was disposed$/,
  );
});

/** Kernels that change parameters, with scalars that one might take. */
const OPTIMISERS: readonly [KernelName, readonly number[]][] = [
  ["clip_norm", [0.5]],
  ["clip_norm", [Infinity]],
  ["sgd", [0.1, 0]],
  ["sgd", [0.1, 0.01]],
  ["momentum", [0.1, 0.9, 0.01, 0]],
  ["momentum", [0.1, 0.9, 0, 1]],
  ["adam", [0.05, 0.9, 0.999, 1e-8, 1, 0]],
  ["adam", [0.05, 0.9, 0.999, 1e-8, 3, 0.01]],
  ["adamw", [0.05, 0.9, 0.98, 1e-6, 2, 0.1]],
  ["adagrad", [0.1, 1e-6]],
  ["rmsprop", [0.01, 0.9, 1e-6]],
];

for (const [kernel, scalars] of OPTIMISERS) {
  Deno.test(`wasm backend: ${kernel} with ${scalars.join(", ")} equals the reference`, async () => {
    const backends = [createReferenceBackend(), createWasmBackend(createTrainCore(module))];
    for (const length of [1, 3, 4, 17, 100]) {
      const outcomes = await Promise.all(backends.map(async (backend) => {
        const rng = seededRng(new Uint8Array(16).fill(3));
        const slots = KERNELS[kernel].operands.map(({ name }) => {
          const size = name === "norm" ? 1 : length;
          const slot = backend.alloc(4 * size);
          // Sums of squares are not negative.
          const low = name === "v" ? 0 : -1;
          const values = Float32Array.from({ length: size }, () => low + (1 - low) * rng.uniform());
          backend.write(slot, values);
          return slot;
        });
        backend.run(kernel, slots, [length, ...scalars]);
        return await Promise.all(slots.map((slot) => backend.read(slot)));
      }));
      const [wanted, found] = outcomes;
      wanted!.forEach((values, at) =>
        values.forEach((value, i) => {
          const far = Math.abs(found![at]![i]! - value) / Math.max(1, Math.abs(value));
          assert.ok(far < 1e-6, `operand ${at}, ${i} of ${length}: ${found![at]![i]} for ${value}`);
        })
      );
    }
  });
}
