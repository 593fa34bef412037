import assert from "node:assert/strict";
import fc from "fast-check";
import { isTributaryError } from "../core/errors.ts";
import { assertRefused, sumsOf } from "./_statistics_testing.ts";
import { mean, type MeanModel } from "./mean.ts";

async function sent(
  model: MeanModel,
  values: Readonly<Record<string, ArrayLike<number>>>,
): Promise<Record<string, number[]>> {
  const { sums, ...rest } = await sumsOf(model.trainer({ examples: { kind: "values", values } }));
  assert.deepEqual(rest, {});
  const fields = sums!.length / 4;
  const row = (at: number) => sums!.slice(at * fields, (at + 1) * fields);
  return { weight: row(0), place: row(1), square: row(2), clipped: row(3) };
}

Deno.test("mean: what is published are four sums a field, all zeros at first", () => {
  const model = mean({ fields: { age: [0, 100], hours: [0, 24] } });
  assert.deepEqual(model.tensors, [{ name: "sums", shape: [4, 2] }]);
  assert.deepEqual(model.strategy, { kind: "totals" });
  assert.deepEqual(model.initial(new Uint8Array(32)).sums?.data, new Float32Array(8));
});

Deno.test("mean: a value is sent as its place between the bounds, with weight 1", async () => {
  const model = mean({ fields: { age: [0, 100], hours: [0, 24] } });
  assert.deepEqual(await sent(model, { age: [75], hours: [0] }), {
    weight: [1, 1],
    place: [0.5, -1],
    square: [0.25, 1],
    clipped: [0, 0],
  });
});

Deno.test("mean: what lies out of bounds counts as the bound, and as clipped", async () => {
  const model = mean({ fields: { age: [0, 100] } });
  assert.deepEqual(await sent(model, { age: Float64Array.of(-5, 100, 1e300, 50) }), {
    weight: [1],
    place: [0.25],
    square: [0.75],
    clipped: [0.5],
  });
});

Deno.test("mean: a client without a field sends zeros for it, and no more for others that it has", async () => {
  const model = mean({ fields: { age: [0, 100], hours: [0, 24] } });
  assert.deepEqual(await sent(model, { age: [], salary: [12345] }), {
    weight: [0, 0],
    place: [0, 0],
    square: [0, 0],
    clipped: [0, 0],
  });
  // A name that every object has is no field.
  const odd = mean({ fields: { ["constructor" as string]: [0, 1] } });
  assert.deepEqual((await sent(odd, {})).weight, [0]);
});

Deno.test("mean: with a cap, a client weighs by its values up to it", async () => {
  const model = mean({ fields: { age: [-1, 1] }, cap: 4 });
  assert.deepEqual((await sent(model, { age: [1] })).weight, [0.25]);
  assert.deepEqual((await sent(model, { age: [1] })).place, [0.25]);
  const many = await sent(model, { age: [1, 1, 1, 1, 1, 1, 1, -1] });
  assert.deepEqual([many.weight, many.place, many.square], [[1], [0.75], [1]]);
});

Deno.test("mean: no sum leaves ±1, whatever a client has", async () => {
  const numbers = fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), { maxLength: 30 });
  await fc.assert(fc.asyncProperty(numbers, fc.integer({ min: 1, max: 9 }), async (age, cap) => {
    const sums = await sent(mean({ fields: { age: [-7, 1e6] }, cap }), { age });
    for (const [value] of Object.values(sums)) assert.ok(Math.abs(value!) <= 1 + 1e-6);
  }));
});

Deno.test("mean: a value that is no number is refused by its place, without a word of it", async () => {
  const model = mean({ fields: { age: [0, 100] } });
  for (const value of [NaN, Infinity, -Infinity]) {
    await assert.rejects(
      sent(model, { age: [41, value] }),
      (error) =>
        isTributaryError(error, "bad-data") &&
        error.message === 'Cannot use value 1 of "age": expected a finite number',
    );
  }
});

Deno.test("mean: fields and bounds that do not fit are refused", () => {
  assertRefused(
    () => mean({ fields: {} }),
    /^Cannot make a mean model: fields: there must be a field/,
  );
  assertRefused(() => mean({ fields: { age: [1, 1] } }), /low must be below high/);
  assertRefused(() => mean({ fields: { age: [NaN, 1] } }), /low must be/);
  assertRefused(() => mean({ fields: { age: [-1e308, 1e308] } }), /the bounds are too far apart/);
  assertRefused(() => mean({ fields: { "an age": [0, 1] } }), /a field's name must be 1 to 64/);
  assertRefused(() => mean({ fields: { age: [0, 1] }, cap: 0.5 }), /cap must be a whole number/);
  const many = Object.fromEntries(Array.from({ length: 257 }, (_, at) => [`f${at}`, [0, 1]]));
  assertRefused(() => mean({ fields: many as never }), /there must be at most 256 fields/);
});
