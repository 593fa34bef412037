import assert from "node:assert/strict";
import { triangleLength } from "../wasm/train_linear.ts";
import { easeOptions } from "./ease_options.ts";
import type { EaseSettings } from "./ease_options.ts";

function refuses(settings: unknown, sentence: string): void {
  assert.throws(() => easeOptions(settings as EaseSettings), {
    name: "TributaryError",
    code: "task-refused",
    message: `Cannot make an ease model: ${sentence}`,
  });
}

Deno.test("ease options: what is left out has a default, what is given stays", () => {
  assert.deepEqual(easeOptions({ items: 5 }), { kind: "ease", items: 5, reg: 100, cap: null });
  const given = { kind: "ease", items: 5, reg: 2.5, cap: 30 } as const;
  assert.deepEqual(easeOptions(given), given);
});

Deno.test("ease options: a catalogue whose pairs do not fit one accumulator is refused with both numbers", () => {
  assert.equal(easeOptions({ items: 5792 }).items, 5792);
  refuses(
    { items: 9724 },
    "items: items must be at most 5792, found 9724: the pairs of more do not fit one accumulator, " +
      "so keep the items that most people have",
  );
});

Deno.test("ease options: the pairs of the largest catalogue fit one accumulator beside its metrics, those of one more do not", () => {
  const metrics = 3;
  const one = 16 * 2 ** 20;
  assert.ok(triangleLength(5792) + metrics <= one);
  assert.ok(triangleLength(5793) > one);
});

Deno.test("ease options: numbers out of range and strangers are refused", () => {
  refuses({ items: 0 }, "items: items must be at least 1");
  refuses({ items: 2.5 }, "items: items must be a whole number");
  refuses({ items: "5" }, "items: items must be a number");
  refuses({ items: 5, reg: 0 }, "reg: reg must be above 0");
  refuses({ items: 5, reg: Infinity }, "reg: reg must be finite");
  refuses({ items: 5, cap: 0 }, "cap: cap must be above 0");
  assert.throws(() => easeOptions({ items: 5, dim: 3 } as EaseSettings), { code: "task-refused" });
});
