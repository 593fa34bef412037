import assert from "node:assert/strict";
import { BROKEN_RULES } from "./broken_rules_testing.ts";
import { openWorkshop, runSeed } from "./run_seed.ts";

const workshop = await openWorkshop();

for (const { name, shows, seeds, mischief } of BROKEN_RULES) {
  Deno.test(`faults: found within ${seeds} seeds: ${name}`, async () => {
    for (let seed = 0; seed < seeds; seed++) {
      const { violations } = await runSeed(seed, { workshop, mischief });
      if (violations.some(({ rule }) => shows.includes(rule))) return;
    }
    assert.fail(`no world of ${seeds} showed ${shows.join(" or ")}`);
  });
}

Deno.test("faults: the worlds in which a rule is broken break none by themselves", async () => {
  for (const { mischief } of BROKEN_RULES) {
    const { plan } = mischief;
    const { violations } = await runSeed(0, { workshop, ...(plan && { mischief: { plan } }) });
    assert.deepEqual(violations, []);
  }
});
