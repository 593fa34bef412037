import assert from "node:assert/strict";
import { isTributaryError } from "../core/errors.ts";
import { ialsOptions, type IalsSettings } from "./ials_options.ts";

Deno.test("ials options: what is left out is what was best on MovieLens", () => {
  assert.deepEqual(ialsOptions({ items: 9724, dim: 32 }), {
    kind: "ials",
    form: "newton",
    items: 9724,
    dim: 32,
    a0: 0.3,
    reg: 0.005,
    clip: 3,
    range: 1,
    initialLength: 0.1,
  });
});

Deno.test("ials options: complete options come back as they are", () => {
  const options = ialsOptions({ items: 5, dim: 2, form: "exact", a0: 1, reg: 2, range: 3 });
  assert.deepEqual(ialsOptions(options), options);
});

Deno.test("ials options: a setting that does not fit is refused by its name", () => {
  const wrong: [Record<string, unknown>, RegExp][] = [
    [{ items: 0 }, /items: items must be at least 1/],
    [{ items: 2.5 }, /items: items must be a whole number/],
    [{ items: 2 ** 25 }, /items: items must be at most 16777216/],
    [{ dim: 257 }, /dim: dim must be at most 256/],
    [{ dim: "32" }, /dim: dim must be a number/],
    [{ reg: 0 }, /reg: reg must be above 0/],
    [{ a0: Infinity }, /a0: a0 must be finite/],
    [{ clip: NaN }, /clip/],
    [{ range: -1 }, /range: range must be above 0/],
    [{ form: "fast" }, /form: form must be newton or exact/],
    [{ kind: "mf" }, /kind/],
    [{ speed: 9 }, /speed/],
  ];
  for (const [settings, expected] of wrong) {
    assert.throws(() => ialsOptions({ items: 5, dim: 2, ...settings } as IalsSettings), (error) => {
      assert.ok(isTributaryError(error, "task-refused"));
      assert.match(error.message, /^Cannot make an ials model: /);
      assert.match(error.message, expected);
      return true;
    });
  }
});
