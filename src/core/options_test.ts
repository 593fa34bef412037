import assert from "node:assert/strict";
import * as v from "valibot";
import { isTributaryError } from "./errors.ts";
import { finite, fraction, notNegative, positive, readOptions, whole } from "./options.ts";

const schema: v.GenericSchema<unknown, Record<string, unknown>> = v.strictObject({
  lr: positive("lr"),
  beta: fraction("beta"),
  decay: notNegative("decay"),
  shift: finite("shift"),
  dim: whole("dim", 8),
});
const GOOD = { lr: 0.1, beta: 0, decay: 0, shift: -3, dim: 8 };

Deno.test("options: what fits comes back as it was", () => {
  assert.deepEqual(readOptions(schema, GOOD, "use it"), GOOD);
});

Deno.test("options: the first one that does not fit is named, with what was expected", () => {
  const cases: [object, string][] = [
    [{ lr: 0 }, "Cannot use it: lr: lr must be above 0"],
    [{ lr: Infinity }, "Cannot use it: lr: lr must be finite"],
    [{ lr: "1" }, "Cannot use it: lr: lr must be a number"],
    [{ beta: 1 }, "Cannot use it: beta: beta must be below 1"],
    [{ beta: -0.1 }, "Cannot use it: beta: beta must be at least 0"],
    [{ decay: -1 }, "Cannot use it: decay: decay must be at least 0"],
    [{ shift: NaN }, "Cannot use it: shift: shift must be a number"],
    [{ dim: 2.5 }, "Cannot use it: dim: dim must be a whole number"],
    [{ dim: 0 }, "Cannot use it: dim: dim must be at least 1"],
    [{ dim: 9 }, "Cannot use it: dim: dim must be at most 8"],
  ];
  for (const [change, sentence] of cases) {
    assert.throws(
      () => readOptions(schema, { ...GOOD, ...change }, "use it"),
      (error) => isTributaryError(error, "task-refused") && error.message === sentence,
      sentence,
    );
  }
});
