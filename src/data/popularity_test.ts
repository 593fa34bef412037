import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { deriveSeed, seededRng } from "../core/random.ts";
import { evaluateLeaveOneOut } from "../metrics/leave_one_out.ts";
import { heldOutCases } from "./negatives.ts";
import { popularityScores } from "./popularity.ts";
import { readRatings } from "./read_ratings.ts";
import { leaveOneOut } from "./split.ts";

const FILMS = new URL("../../../shared/data/movielens-latest-small/", import.meta.url);
const ignore = !existsSync(FILMS) && Deno.env.get("CI") !== "true";

Deno.test("popularity: the score of an item is how many rated it", () => {
  const history = (items: readonly number[]) => ({
    items: Uint32Array.from(items),
    ratings: new Float32Array(items.length),
    times: new Float64Array(items.length),
  });
  const scores = popularityScores({
    people: ["a", "b"],
    items: ["x", "y", "z"],
    titles: ["x", "y", "z"],
    histories: [history([0, 2]), history([2])],
  });
  assert.deepEqual(scores, Float32Array.of(1, 0, 2));
});

Deno.test({
  name: "popularity: on MovieLens latest-small HR@10 is .595 and NDCG@10 .354, chance .10",
  ignore,
  async fn() {
    const data = await readRatings({
      list: () => ["ratings.csv"],
      read: (name) => readFileSync(new URL(name, FILMS)),
    });
    const split = leaveOneOut(data);
    const counts = popularityScores(split.train);
    const items = data.items.length;
    const sum = { hitRate: 0, ndcg: 0, chance: 0 };
    for (const number of [1, 2, 3]) {
      const seed = await deriveSeed(new Uint8Array(), "popularity", number);
      const cases = await heldOutCases(split, { seed });
      const report = evaluateLeaveOneOut(() => counts, { cases, items });
      assert.equal(report.people, 610);
      sum.hitRate += report.hitRate / 3;
      sum.ndcg += report.ndcg / 3;
      const rng = seededRng(seed);
      const random = (): Float64Array => Float64Array.from(counts, () => rng.uniform());
      sum.chance += evaluateLeaveOneOut(random, { cases, items }).hitRate / 3;
    }
    // The standard error over 610 people is .020 and .014; the figures are published to ± .01.
    assert.ok(Math.abs(sum.hitRate - 0.595) < 0.015, `HR@10 ${sum.hitRate}`);
    assert.ok(Math.abs(sum.ndcg - 0.354) < 0.015, `NDCG@10 ${sum.ndcg}`);
    assert.ok(Math.abs(sum.chance - 0.1) < 0.03, `chance ${sum.chance}`);
  },
});
