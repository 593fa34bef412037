import assert from "node:assert/strict";
import { isTributaryError } from "../core/errors.ts";
import { tensors, tensorsFrom } from "./tensors.ts";

const SEED = new Uint8Array(32).fill(1);

Deno.test("tensors model: zeros of the shapes that it was given, in their order", () => {
  const model = tensors({ tensors: { slopes: [2, 3], intercept: [] }, metrics: ["accuracy"] });
  assert.deepEqual(model.tensors, [
    { name: "slopes", shape: [2, 3] },
    { name: "intercept", shape: [] },
  ]);
  assert.deepEqual(model.initial(SEED), {
    slopes: { shape: [2, 3], data: new Float32Array(6) },
    intercept: { shape: [], data: new Float32Array(1) },
  });
  assert.deepEqual(model.metrics, ["accuracy"]);
});

Deno.test("tensors model: random first values of the deviation that was asked for, by seed", () => {
  const { initial } = tensors({ tensors: { w: [50, 40] }, initialSd: 0.5 });
  const { data } = initial(SEED).w!;
  const sd = Math.sqrt(data.reduce((sum, x) => sum + x * x, 0) / 2000);
  assert.ok(Math.abs(sd - 0.5) < 0.03);
  assert.deepEqual(initial(SEED), initial(SEED));
  assert.notDeepEqual(initial(new Uint8Array(32)), initial(SEED));
});

Deno.test("tensors model: its options, through JSON, make the same model", () => {
  const model = tensors({ tensors: { b: [1], a: [4] }, metrics: ["f1"], initialSd: 0.1 });
  const again = tensorsFrom(JSON.parse(JSON.stringify(model.options)));
  assert.deepEqual(again.options, model.options);
  assert.deepEqual(again.initial(SEED), model.initial(SEED));
});

Deno.test("tensors model: settings that do not fit are refused by name", () => {
  const refused = [
    [{ tensors: {} }, /tensors: there must be a tensor/],
    [{ tensors: { w: [0] } }, /tensors.0.shape.0: an extent must be at least 1/],
    [{ tensors: { w: [2.5] } }, /an extent must be a whole number/],
    [{ tensors: { w: [1] }, initialSd: -1 }, /initialSd must be at least 0/],
  ] as const;
  for (const [settings, found] of refused) {
    assert.throws(
      () => tensors(settings),
      (error) => isTributaryError(error, "task-refused") && found.test(error.message),
    );
  }
  assert.throws(() => tensorsFrom({ kind: "tensors", tensors: [] }), /Cannot make a tensors model/);
});

Deno.test("tensors model: trains nothing by itself", () => {
  const model = tensors({ tensors: { w: [1] } });
  assert.throws(
    () => model.trainer({} as never),
    /Cannot train a tensors model: expected a trainer/,
  );
  assert.equal(model.takes, "nothing");
});
