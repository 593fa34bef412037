import assert from "node:assert/strict";
import { tensorOf } from "../core/tensor.ts";
import { createTrainCore, inlineModule } from "../wasm/mod.ts";
import { ease } from "./ease.ts";
import { easeCentral } from "./ease_central.ts";

const core = createTrainCore(await inlineModule("train"));
const people = [Uint32Array.of(0), Uint32Array.of(1, 0), Uint32Array.of(0)];

Deno.test("ease central: the inverse of everybody's pairs, by hand for two items", () => {
  const tensors = easeCentral(core, { model: ease({ items: 2, reg: 1 }), people });
  // [[3 + 1, 1], [1, 1 + 1]] has determinant 7.
  assert.deepEqual(tensors, {
    inverse: { shape: [3], data: Float32Array.of(2 / 7, -1 / 7, 4 / 7) },
  });
});

Deno.test("ease central: the pairs of who has more than the cap count for less", () => {
  const capped = easeCentral(core, { model: ease({ items: 2, reg: 1, cap: 1 }), people });
  // [[2.5 + 1, .5], [.5, .5 + 1]] has determinant 5.
  assert.deepEqual([...tensorOf(capped, "inverse").data], [0.3, -0.1, 0.7].map(Math.fround));
});

Deno.test("ease central: memory is given back, and nobody's items are changed", () => {
  const mark = core.memory.mark();
  easeCentral(core, { model: ease({ items: 200 }), people });
  assert.deepEqual(core.memory.mark(), mark);
  assert.deepEqual(people[1], Uint32Array.of(1, 0));
});

Deno.test("ease central: without people it is the regularisation's inverse", () => {
  const { inverse } = easeCentral(core, { model: ease({ items: 3, reg: 4 }), people: [] });
  assert.deepEqual([...inverse!.data], [0.25, 0, 0.25, 0, 0, 0.25]);
});
