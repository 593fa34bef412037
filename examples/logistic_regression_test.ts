import assert from "node:assert/strict";
import { deriveSeed, seededRng } from "../src/core/random.ts";
import { drawExamples, learnTogether } from "./logistic_regression.ts";

Deno.test("logistic regression: five clients and a root learn what tells their examples apart", async () => {
  const groups = await Promise.all([0, 1, 2, 3, 4].map(async (group) => {
    const rng = seededRng(await deriveSeed(new Uint8Array(32), group));
    return drawExamples(group, () => rng.uniform());
  }));
  const lines: string[] = [];
  const { accuracies, slopes } = await learnTogether(groups, 12, (line) => lines.push(line));
  assert.equal(accuracies.length, 12);
  // Before the first round, nothing above zero is found.
  const positive = groups.map((group) =>
    group.filter(({ label }) => label === 0).length / group.length
  );
  const start = positive.reduce((sum, share) => sum + share, 0) / groups.length;
  assert.ok(Math.abs(accuracies[0]! - start) < 1e-6);
  assert.ok(accuracies.at(-1)! > 0.85, `${accuracies}`);
  assert.ok(slopes[0]! > 1 && slopes[1]! < -1 && Math.abs(slopes[2]!) < 0.6, `${slopes}`);
  assert.equal(lines[11], `round 12: accuracy ${accuracies[11]!.toFixed(3)}`);
});
