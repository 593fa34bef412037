import assert from "node:assert/strict";
import fc from "fast-check";
import { type NamedTensors, tensorOf } from "../core/tensor.ts";
import { heavyHitters } from "../models/heavy_hitters.ts";
import { isRefused, strategyOf } from "./_testing.ts";
import { heavyHittersStep } from "./heavy_hitters.ts";
import { strategyPlan } from "./registry.ts";

const WORDS = heavyHitters({ alphabet: "abc", length: 3, width: 3, threshold: 2 });
const OPTIONS = heavyHittersStep({ base: 4, step: 1, threshold: 2 });
const START = WORDS.initial(new Uint8Array(32));

/** The model after one more round, with votes by candidate. */
function step(
  model: NamedTensors,
  votes: Readonly<Record<number, number>>,
  options = OPTIONS,
): NamedTensors {
  const { shape: [width = 0] } = tensorOf(model, "prefixes");
  const data = new Float32Array(width * options.base ** options.step);
  for (const [at, count] of Object.entries(votes)) data[Number(at)] = count;
  const sums = { votes: { shape: [width, data.length / width], data } };
  const input = { model, state: {}, sums, clients: 50, round: 1 };
  return strategyOf(options).step(input).model;
}

/** What survives: symbols and votes of each row. */
function survivors(model: NamedTensors): [string, number][] {
  const { shape: [width = 0, symbols = 0], data } = tensorOf(model, "prefixes");
  return Array.from({ length: width }, (_, row): [string, number] => [
    Array.from(data.subarray(row * symbols, (row + 1) * symbols)).join(""),
    tensorOf(model, "counts").data[row]!,
  ]).filter(([prefix]) => !prefix.startsWith("-1"));
}

Deno.test("heavy hitters step: prefixes with enough votes survive, in the order of the alphabet", () => {
  const first = step(START, { 1: 7, 2: 1, 3: 2 });
  assert.deepEqual(survivors(first), [["1-1-1", 7], ["3-1-1", 2]]);
  assert.equal(tensorOf(first, "depth").data[0], 1);
  const second = step(first, { 0: 2, 2: 5, 4: 1.5, 7: 2 });
  assert.deepEqual(survivors(second), [["10-1", 2], ["12-1", 5], ["33-1", 2]]);
  const third = step(second, { 0: 2, 4: 3, 5: 2, 8: 1 });
  assert.deepEqual(survivors(third), [["100", 2], ["120", 3], ["121", 2]]);
  assert.equal(tensorOf(third, "depth").data[0], 3);
});

Deno.test("heavy hitters step: whole items are counted again, and dropped when they are too few", () => {
  const whole = step(step(step(START, { 1: 5, 2: 5 }), { 1: 5, 6: 5 }), { 2: 5, 4: 4 });
  assert.deepEqual(survivors(whole), [["112", 5], ["220", 4]]);
  const again = step(whole, { 0: 1, 1: 9, 4: 30 });
  assert.deepEqual(survivors(again), [["220", 30]]);
  assert.equal(tensorOf(again, "depth").data[0], 3);
});

Deno.test("heavy hitters step: of more prefixes than there is room for, those with most votes are kept", () => {
  const first = step(START, { 0: 3, 1: 4, 2: 3, 3: 5 });
  assert.deepEqual(survivors(first), [["0-1-1", 3], ["1-1-1", 4], ["3-1-1", 5]]);
});

Deno.test("heavy hitters step: where nobody voted nothing is left, and nothing comes after", () => {
  const nothing = step(START, { 1: 1 });
  assert.deepEqual(survivors(nothing), []);
  assert.deepEqual(survivors(step(nothing, { 0: 50, 5: 50 })), []);
});

Deno.test("heavy hitters step: by several symbols at a time, groups are read highest first", () => {
  const bits = heavyHitters({ length: 1, width: 4, threshold: 1, step: 4 });
  const options = heavyHittersStep({ base: 2, step: 4, threshold: 1 });
  const first = step(bits.initial(new Uint8Array(32)), { 4: 3, 6: 2 }, options);
  const second = step(first, { 1: 3, [16 + 15]: 2 }, options);
  assert.deepEqual(survivors(second), [["01000001", 3], ["01101111", 2]]);
});

Deno.test("heavy hitters step: its input stays as it was", () => {
  const before = structuredClone(START);
  step(START, { 1: 7 });
  assert.deepEqual(START, before);
});

Deno.test("heavy hitters step: with exact votes it finds every item above the threshold, and no other", () => {
  const words = fc.array(
    fc.string({ unit: fc.constantFrom("a", "b", "c"), minLength: 1, maxLength: 3 }),
    { minLength: 1, maxLength: 40 },
  );
  fc.assert(fc.property(words, (items) => {
    const model = heavyHitters({ alphabet: "abc", length: 3, width: 64, threshold: 2 });
    let published = model.initial(new Uint8Array(32));
    for (let depth = 0; depth < 3; depth++) {
      const rows = depth === 0
        ? [""]
        : survivors(published).map(([prefix]) => prefix.slice(0, depth));
      const votes: Record<number, number> = {};
      for (const item of items) {
        const spelled = [...item].map((letter) => "abc".indexOf(letter) + 1).join("").padEnd(
          3,
          "0",
        );
        const row = rows.indexOf(spelled.slice(0, depth));
        const at = 4 * row + Number(spelled[depth]);
        if (row >= 0) votes[at] = (votes[at] ?? 0) + 1;
      }
      published = step(published, votes);
    }
    const counted = Map.groupBy(items, (item) => item);
    const want = [...counted].filter(([, found]) => found.length >= 2)
      .map(([item, found]): [string, number] => [
        [...item].map((letter) => "abc".indexOf(letter) + 1).join("").padEnd(3, "0"),
        found.length,
      ]).sort(([a], [b]) => a < b ? -1 : 1);
    assert.deepEqual(survivors(published), want);
  }));
});

Deno.test("heavy hitters step: models and options that are no trie's are refused", () => {
  const { sums } = strategyPlan(OPTIONS);
  assert.deepEqual(sums(WORDS.tensors), [{ name: "votes", shape: [3, 4], range: 1 }]);
  for (
    const tensors of [
      [],
      WORDS.tensors.slice(1),
      [...WORDS.tensors, { name: "more", shape: [1] }],
      WORDS.tensors.map((spec) => spec.name === "counts" ? { ...spec, shape: [4] } : spec),
    ]
  ) {
    assert.throws(() => sums(tensors), /Cannot grow a trie in tensors .*: expected prefixes/);
  }
  assert.ok(isRefused({ ...OPTIONS, threshold: 0 }));
  assert.ok(isRefused({ ...OPTIONS, base: 1 }));
  assert.ok(isRefused({ kind: "heavy-hitters" }));
});
