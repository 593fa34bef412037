import assert from "node:assert/strict";
import { isTributaryError } from "../core/errors.ts";
import { mfOptions } from "./mf_options.ts";

Deno.test("mf options: what is left out gets the measured defaults", () => {
  assert.deepEqual(mfOptions({ items: 9724, dim: 32 }), {
    kind: "mf",
    items: 9724,
    dim: 32,
    loss: "logistic",
    negatives: 4,
    personSteps: 3,
    personRate: 0.05,
    personDecay: 0.01,
    itemRate: 0.5,
    clip: 10,
    sends: "rows",
  });
});

Deno.test("mf options: complete ones come back as they are", () => {
  const options = mfOptions({ items: 5, dim: 2, loss: "bpr", clip: 1, sends: "weights" });
  assert.deepEqual(mfOptions(options), options);
});

Deno.test("mf options: a device can be asked for 1000 draws per item, in any shape", () => {
  for (const [negatives, personSteps] of [[100, 10], [10, 100], [31, 32]] as const) {
    const options = mfOptions({ items: 5, dim: 2, negatives, personSteps });
    assert.deepEqual([options.negatives, options.personSteps], [negatives, personSteps]);
  }
});

Deno.test("mf options: the first that does not fit is named, with what was expected", () => {
  const refused = [
    [{ items: 0 }, /items: items must be at least 1/],
    [{ items: 2 ** 25 }, /items: items must be at most 16777216/],
    [{ dim: 1.5 }, /dim: dim must be a whole number/],
    [{ dim: 4096 }, /dim: dim must be at most 1024/],
    [{ loss: "squared" }, /loss: loss must be logistic or bpr/],
    [{ negatives: 0 }, /negatives: negatives must be at least 1/],
    [{ negatives: 101 }, /negatives: negatives must be at most 100/],
    [{ personSteps: 101 }, /personSteps: personSteps must be at most 100/],
    [{ negatives: 40, personSteps: 30 }, /personSteps must be at most 1000, found 40 × 30 = 1200$/],
    [{ personRate: 0 }, /personRate must be above 0/],
    [{ personDecay: -1 }, /personDecay must be at least 0/],
    [{ itemRate: NaN }, /itemRate/],
    [{ clip: Infinity }, /clip must be finite/],
    [{ sends: "all" }, /sends must be rows or weights/],
    [{ epochs: 3 }, /epochs/],
    [{ kind: "ials" }, /kind/],
  ] as const;
  for (const [change, found] of refused) {
    const settings = { items: 5, dim: 2, ...change } as Parameters<typeof mfOptions>[0];
    assert.throws(
      () => mfOptions(settings),
      (error) => isTributaryError(error, "task-refused") && found.test(error.message),
      JSON.stringify(change),
    );
  }
});
