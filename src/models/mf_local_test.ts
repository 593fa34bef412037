import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { env } from "node:process";
import { deriveSeed } from "../core/random.ts";
import { heldOutCases, leaveOneOut, readMovieLensCsv } from "../data/mod.ts";
import { evaluateLeaveOneOut } from "../metrics/mod.ts";
import { createTrainCore, inlineModule } from "../wasm/mod.ts";
import { mf } from "./mf.ts";
import { localMf } from "./mf_local.ts";

const RATINGS = new URL(
  "../../../shared/data/movielens-latest-small/ratings.csv",
  import.meta.url,
);
const module = await inlineModule("train");
const SEED = new Uint8Array(32).fill(3);

Deno.test("local mf: learns what the person took, and is repeatable", async () => {
  using core = createTrainCore(module);
  const model = mf({ items: 40, dim: 4 });
  const initial = model.initial(SEED);
  const before = structuredClone(initial);
  const items = Uint32Array.of(1, 5, 9, 22, 31);
  const options = { core, items, initial, seed: SEED };
  const scores = await localMf(model, options);
  assert.deepEqual(initial, before);
  assert.deepEqual(
    [...scores].map((score) => score === -Infinity),
    [
      ...new Array(40).keys(),
    ].map((item) => items.includes(item)),
  );
  assert.deepEqual(await localMf(model, options), scores);
  assert.notDeepEqual(await localMf(model, { ...options, epochs: 5 }), scores);
});

Deno.test({
  name: "local mf: with nothing to learn from others, MovieLens' held-out films rank at chance",
  ignore: !existsSync(RATINGS) && env.CI !== "true",
  async fn() {
    using core = createTrainCore(module);
    const ratings = { name: "ratings.csv", bytes: readFileSync(RATINGS) };
    const split = leaveOneOut(readMovieLensCsv({ ratings }));
    const items = split.train.items.length;
    const cases = await heldOutCases(split, { seed: SEED });
    const model = mf({ items, dim: 16 });
    const initial = model.initial(SEED);
    const scores = new Map<number, Float32Array>();
    for (const { person, train } of cases) {
      const seed = await deriveSeed(SEED, person);
      scores.set(person, await localMf(model, { core, items: train, initial, seed, epochs: 10 }));
    }
    const report = evaluateLeaveOneOut((person) => scores.get(person) ?? [], { cases, items });
    assert.equal(report.people, 610);
    assert.ok(Math.abs(report.hitRate - 0.1) <= 0.03, `HR@10 is ${report.hitRate}`);
  },
});
