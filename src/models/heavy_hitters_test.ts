import assert from "node:assert/strict";
import { tensorOf } from "../core/tensor.ts";
import type { NamedTensors } from "../core/tensor.ts";
import { assertRefused, sumsOf } from "./_statistics_testing.ts";
import { heavyHitters, type HeavyHittersModel } from "./heavy_hitters.ts";

const WORDS = heavyHitters({ alphabet: "abc", length: 4, width: 3, threshold: 2 });

/** The model after some rounds, with these prefixes. */
function grown(
  { tensors, initial }: HeavyHittersModel,
  prefixes: readonly (readonly number[])[],
  depth: number,
): NamedTensors {
  const model = initial(new Uint8Array(32));
  const symbols = tensors[0]!.shape[1]!;
  prefixes.forEach((prefix, row) => tensorOf(model, "prefixes").data.set(prefix, row * symbols));
  tensorOf(model, "depth").data[0] = depth;
  return model;
}

/** Places of the ones that a client sends; everything else is 0. */
async function voted(
  model: HeavyHittersModel,
  items: readonly string[],
  { published = model.initial(new Uint8Array(32)), seed = 1 }: {
    readonly published?: NamedTensors;
    readonly seed?: number;
  } = {},
): Promise<number[]> {
  const trainer = model.trainer({ examples: { kind: "items", items } });
  const { votes, ...rest } = await sumsOf(trainer, { model: published, seed });
  assert.deepEqual(rest, {});
  assert.ok(votes!.every((vote) => vote === 0 || vote === 1));
  return votes!.flatMap((vote, at) => vote === 1 ? [at] : []);
}

Deno.test("heavy hitters: what is published are prefixes and their votes, none at first", () => {
  assert.deepEqual(WORDS.tensors.map(({ name, shape }) => [name, ...shape]), [
    ["prefixes", 3, 4],
    ["counts", 3],
    ["depth", 1],
  ]);
  assert.deepEqual(WORDS.strategy, { kind: "heavy-hitters", base: 4, step: 1, threshold: 2 });
  assert.equal(WORDS.rounds, 4);
  const start = WORDS.initial(new Uint8Array(32));
  assert.ok(tensorOf(start, "prefixes").data.every((symbol) => symbol === -1));
});

Deno.test("heavy hitters: at first a client votes for how its item begins", async () => {
  assert.deepEqual(await voted(WORDS, ["cab"]), [3]);
  assert.deepEqual(await voted(WORDS, ["a"]), [1]);
  const bits = heavyHitters({ length: 2, threshold: 2 });
  // "A" begins with the four bits 0100.
  assert.deepEqual(await voted(bits, ["A"]), [4]);
});

Deno.test("heavy hitters: then for how the prefix goes on that its item has, if it survived", async () => {
  const published = grown(WORDS, [[1, 2], [3, 1]], 2);
  assert.deepEqual(await voted(WORDS, ["cab"], { published }), [4 + 2]);
  assert.deepEqual(await voted(WORDS, ["ab"], { published }), [0]);
  assert.deepEqual(await voted(WORDS, ["cc"], { published }), []);
});

Deno.test("heavy hitters: in the end for the whole item, by the first of its group", async () => {
  const published = grown(WORDS, [[1, 2, 0, 0], [3, 1, 2, 0]], 4);
  assert.deepEqual(await voted(WORDS, ["cab"], { published }), [4]);
  assert.deepEqual(await voted(WORDS, ["ca"], { published }), []);
});

Deno.test("heavy hitters: a client with many items votes for as many as it may, once each", async () => {
  assert.deepEqual(await voted(WORDS, ["a", "a", "ab"]), [1]);
  const items = ["aa", "ab", "b", "c"];
  const counts = new Map<number, number>();
  for (let seed = 0; seed < 200; seed++) {
    const [vote, ...more] = await voted(WORDS, items, { seed });
    assert.deepEqual(more, []);
    counts.set(vote!, (counts.get(vote!) ?? 0) + 1);
  }
  // A half of 200 within four standard deviations.
  assert.ok(Math.abs(counts.get(1)! - 100) < 29, `${[...counts]}`);
  const three = heavyHitters({ ...WORDS.options, votes: 3 });
  for (let seed = 0; seed < 20; seed++) {
    const { length } = await voted(three, items, { seed });
    // Two of the three may begin alike, and then count once.
    assert.ok(length === 2 || length === 3);
  }
  assert.deepEqual(await voted(heavyHitters({ ...WORDS.options, votes: 9 }), items), [1, 2, 3]);
});

Deno.test("heavy hitters: a client whose items have no room, or that has none, sends zeros", async () => {
  for (const items of [[], [""], ["xyz"], ["aaaaa"]]) {
    assert.deepEqual(await voted(WORDS, items), []);
  }
});

Deno.test("heavy hitters: whatever is published, a client's votes stay within their tensor", async () => {
  for (const depth of [NaN, -1, 0.5, 3, 99]) {
    const votes = await voted(WORDS, ["ab"], { published: grown(WORDS, [[1, 2, 0, 0]], depth) });
    assert.ok(votes.every((at) => at < 12));
  }
});

Deno.test("heavy hitters: settings that do not fit are refused", () => {
  const refused = (over: object, sentence: RegExp) =>
    assertRefused(() => heavyHitters({ length: 4, threshold: 2, ...over }), sentence);
  refused({ step: 5 }, /step must divide the length of items/);
  refused({ alphabet: "abc", step: 3 }, /step must divide the length of items/);
  refused({ alphabet: "a" }, /alphabet must have 2 characters or more/);
  refused({ alphabet: "aba" }, /alphabet must have each character once/);
  refused({ alphabet: "a\ud800" }, /alphabet must be whole characters/);
  refused({ threshold: 0 }, /threshold must be above 0/);
  refused({ length: 257 }, /length must be at most 256/);
  refused({ votes: 0 }, /votes must be at least 1/);
  refused(
    { step: 16, width: 64 },
    /width and step make 4194304 candidates: expected at most 1048576/,
  );
});
