import assert from "node:assert/strict";
import { isTributaryError } from "../core/errors.ts";
import type { NamedTensors } from "../core/tensor.ts";
import { testBackends } from "../tensor/backends_testing.ts";
import { mse } from "../tensor/mod.ts";
import { flatten, placeParameters, unflatten } from "./parameter_block.ts";

const PARAMETERS = [
  { name: "a", shape: [2, 2] },
  { name: "b", shape: [] },
  { name: "c", shape: [3] },
];
const VALUES: NamedTensors = {
  c: { shape: [3], data: Float32Array.of(6, 7, 8) },
  a: { shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) },
  b: { shape: [], data: Float32Array.of(5) },
};

testBackends(
  "parameter block: values lie one after the other, in the order of the list",
  async (tape) => {
    const block = placeParameters(tape, { parameters: PARAMETERS, values: VALUES });
    assert.equal(block.size, 8);
    assert.deepEqual([...await tape.backend.read(block.values)], [1, 2, 3, 4, 5, 6, 7, 8]);
    assert.deepEqual([...await tape.read(block.variable("b"))], [5]);
    const { a, b, c } = VALUES;
    assert.deepEqual(await block.read(), { a, b, c });
  },
);

testBackends("parameter block: gradients add up until they are cleared", async (tape) => {
  const block = placeParameters(tape, { parameters: PARAMETERS, values: VALUES });
  const pull = () =>
    tape.step(() => {
      const target = tape.constant(Float32Array.of(0, 0, 0), [3]);
      tape.backward(mse(tape, block.variable("c"), target, { reduction: "sum" }));
    });
  pull();
  pull();
  const { a, b, c } = await block.readGradients();
  assert.deepEqual([...c!.data], [24, 28, 32]);
  assert.deepEqual([...a!.data, ...b!.data], [0, 0, 0, 0, 0]);
  block.clearGradients();
  assert.deepEqual([...await tape.backend.read(block.gradients)], new Array(8).fill(0));
});

testBackends("parameter block: the caller's values are left as they are", async (tape) => {
  const data = Float32Array.of(1, 2, 3);
  const parameters = [{ name: "c", shape: [3] }];
  const block = placeParameters(tape, { parameters, values: { c: { shape: [3], data } } });
  tape.backend.run("fill", [block.values], [3, 9]);
  assert.deepEqual([...data], [1, 2, 3]);
  assert.deepEqual([...(await block.read()).c!.data], [9, 9, 9]);
});

testBackends(
  "parameter block: an unknown name, and values that do not fit, are refused",
  (tape) => {
    const block = placeParameters(tape, { parameters: PARAMETERS, values: VALUES });
    assert.throws(
      () => block.variable("d"),
      /^RangeError: Cannot find parameter "d": there are a, b, c$/,
    );
    const { a, b } = VALUES;
    assert.throws(
      () => placeParameters(tape, { parameters: PARAMETERS, values: { a: a!, b: b! } }),
      (error) =>
        isTributaryError(error, "bad-tensors") &&
        /^Cannot place.*"c" is missing/.test(error.message),
    );
  },
);

Deno.test("parameter block: flat values come apart as they were put together", () => {
  const flat = flatten(PARAMETERS, VALUES);
  const { a, b, c } = VALUES;
  assert.deepEqual(unflatten(PARAMETERS, flat), { a, b, c });
  const [first] = Object.values(unflatten(PARAMETERS, flat));
  first!.data[0] = 99;
  assert.equal(flat[0], 1);
});
