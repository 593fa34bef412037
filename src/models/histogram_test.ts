import assert from "node:assert/strict";
import fc from "fast-check";
import { isTributaryError } from "../core/errors.ts";
import { assertRefused, sumsOf } from "./_statistics_testing.ts";
import { evenEdges, histogram, type HistogramModel } from "./histogram.ts";

const AGES = { age: [0, 18, 65, 120] };

async function sent(
  model: HistogramModel,
  values: Readonly<Record<string, ArrayLike<number>>>,
  seed = 1,
): Promise<Record<string, number[]>> {
  return await sumsOf(model.trainer({ examples: { kind: "values", values } }), { seed });
}

Deno.test("histogram: a field has a bin between each two edges and one beyond on either side", async () => {
  const model = histogram({ fields: AGES });
  assert.deepEqual(model.tensors, [{ name: "age", shape: [5] }]);
  assert.deepEqual(model.initial(new Uint8Array(32)).age?.data, new Float32Array(5));
  const bins: [number, number[]][] = [
    [-1, [1, 0, 0, 0, 0]],
    [0, [0, 1, 0, 0, 0]],
    [17.99, [0, 1, 0, 0, 0]],
    [18, [0, 0, 1, 0, 0]],
    [119, [0, 0, 0, 1, 0]],
    [120, [0, 0, 0, 0, 1]],
    [1e308, [0, 0, 0, 0, 1]],
  ];
  for (const [age, counts] of bins) {
    assert.deepEqual(await sent(model, { age: [age] }), { age: counts });
  }
  assert.deepEqual(await sent(model, { hours: [3] }), { age: [0, 0, 0, 0, 0] });
});

Deno.test("histogram: of several values one is drawn, each as likely as any other", async () => {
  const model = histogram({ fields: { age: [1, 2] } });
  const counts = [0, 0, 0];
  for (let seed = 0; seed < 240; seed++) {
    const { age } = await sent(model, { age: [0, 1, 1, 5] }, seed);
    assert.equal(age!.reduce((sum, count) => sum + count), 1);
    age!.forEach((count, bin) => counts[bin]! += count);
  }
  // Of 240 a quarter, a half and a quarter, within four standard deviations.
  assert.ok(Math.abs(counts[0]! - 60) < 27 && Math.abs(counts[1]! - 120) < 31, `${counts}`);
});

Deno.test("histogram: shares of several values add up to 1", async () => {
  const model = histogram({ fields: AGES, several: "share" });
  assert.deepEqual(await sent(model, { age: [1, 2, 30, 200] }), { age: [0, 0.5, 0.25, 0, 0.25] });
  assert.deepEqual(await sent(model, { age: [] }), { age: [0, 0, 0, 0, 0] });
  const numbers = fc.array(fc.integer({ min: -50, max: 200 }), { minLength: 1, maxLength: 40 });
  await fc.assert(fc.asyncProperty(numbers, async (age) => {
    const sum = (await sent(model, { age })).age!.reduce((a, b) => a + b);
    assert.ok(Math.abs(sum - 1) < 1e-5);
  }));
});

Deno.test("histogram: several fields are counted in one message, each by itself", async () => {
  const model = histogram({ fields: { age: [50], hours: [10, 20] } });
  assert.deepEqual(await sent(model, { age: [70], hours: [15] }), {
    age: [0, 1],
    hours: [0, 1, 0],
  });
});

Deno.test("histogram: a value that is no number is refused without a word of it", async () => {
  await assert.rejects(
    sent(histogram({ fields: AGES }), { age: [3, NaN] }),
    (error) =>
      isTributaryError(error, "bad-data") && /^Cannot use value 1 of "age"/.test(error.message),
  );
});

Deno.test("histogram: a local response is the client's bin with its chance, else any other, no value among them", async () => {
  const model = histogram({ fields: { age: [18, 65] }, local: Math.log(3) });
  assert.deepEqual(model.tensors, [{ name: "age", shape: [4] }]);
  for (const [values, own] of [[{ age: [30, 40] }, 1], [{}, 3]] as const) {
    const counts = [0, 0, 0, 0];
    for (let seed = 0; seed < 600; seed++) {
      const { age } = await sent(model, values, seed);
      assert.equal(age!.reduce((sum, count) => sum + count), 1);
      age!.forEach((count, bin) => counts[bin]! += count);
    }
    // Of 600 a half, and a sixth each, within four standard deviations.
    counts.forEach((count, bin) =>
      assert.ok(Math.abs(count - (bin === own ? 300 : 100)) < (bin === own ? 50 : 37), `${counts}`)
    );
  }
});

Deno.test("histogram: edges that do not ascend, or are none, are refused", () => {
  const refused = (edges: number[], sentence: RegExp) =>
    assertRefused(() => histogram({ fields: { age: edges } }), sentence);
  refused([], /there must be an edge/);
  refused([1, 1], /edges must ascend/);
  refused([2, 1], /edges must ascend/);
  refused([1, Infinity], /an edge must be finite/);
  refused(Array.from({ length: 2049 }, (_, at) => at), /at most 2048 edges in all/);
  assertRefused(() => histogram({ fields: AGES, several: "all" as never }), /several must be/);
  assertRefused(() => histogram({ fields: AGES, local: 33 }), /local must be at most 32/);
  assertRefused(
    () => histogram({ fields: AGES, local: 1, several: "share" }),
    /a response is of one value: with local, several must be "draw"/,
  );
});

Deno.test("evenEdges: bins of one width, from the lowest to the highest", () => {
  assert.deepEqual(evenEdges(4, { low: 0, high: 1 }), [0, 0.25, 0.5, 0.75, 1]);
  assert.deepEqual(evenEdges(3, { low: -0.3, high: 0.3 }).at(-1), 0.3);
  for (const bins of [0, 1.5, 2048]) {
    assert.throws(() => evenEdges(bins, { low: 0, high: 1 }), RangeError);
  }
  assert.throws(() => evenEdges(3, { low: 1, high: 1 }), /Cannot cut 1 to 1 in 3 bins/);
});
