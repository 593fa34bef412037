import assert from "node:assert/strict";
import { deriveSeed, seededRng } from "../core/random.ts";
import { generate, heldOutCases, leaveOneOut, SYNTHETIC_SHAPES } from "../data/mod.ts";
import { evaluateLeaveOneOut } from "../metrics/mod.ts";
import { createTrainCore, inlineModule } from "../wasm/mod.ts";
import { mf } from "./mf.ts";
import { centralMf } from "./mf_central.ts";

const module = await inlineModule("train");
const SEED = new Uint8Array(32).fill(5);

async function world() {
  const { interactions } = generate(SYNTHETIC_SHAPES.medium, seededRng(SEED));
  const split = leaveOneOut(interactions);
  const cases = await heldOutCases(split, { seed: SEED });
  const people = split.train.histories.map(({ items }) => items);
  return { cases, people, items: split.train.items.length };
}

for (const loss of ["logistic", "bpr"] as const) {
  Deno.test(`central mf: finds the taste in an invented world with the ${loss} loss`, async () => {
    using core = createTrainCore(module);
    const { cases, people, items } = await world();
    const model = mf({ items, dim: 16, loss });
    const score = await centralMf(model, { core, people, seed: SEED, epochs: 60 });
    const { hitRate } = evaluateLeaveOneOut(score, { cases, items });
    assert.ok(hitRate > 0.65, `HR@10 is ${hitRate}`);
  });
}

Deno.test("central mf: is repeatable by seed", async () => {
  using core = createTrainCore(module);
  const { people, items } = await world();
  const model = mf({ items, dim: 5 });
  const run = async (seed: Uint8Array) =>
    (await centralMf(model, { core, people, seed, epochs: 2 }))(7);
  assert.deepEqual(await run(SEED), await run(SEED));
  assert.notDeepEqual(await run(SEED), await run(await deriveSeed(SEED)));
});

Deno.test("central mf: leaves out what a person took, and knows nobody beyond the last", async () => {
  using core = createTrainCore(module);
  const people = [Uint32Array.of(0, 3), Uint32Array.of(2)];
  const score = await centralMf(mf({ items: 5, dim: 2 }), { core, people, seed: SEED });
  assert.deepEqual([...score(0)].map(Number.isFinite), [false, true, true, false, true]);
  assert.throws(() => score(2), /Cannot score for person 2: there are 2/);
});
