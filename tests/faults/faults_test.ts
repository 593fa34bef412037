import assert from "node:assert/strict";
import { addTally, type Tally } from "./coverage.ts";
import { FAULTS } from "./faults.ts";
import { describeFailure, openWorkshop, runSeed } from "./run_seed.ts";

const workshop = await openWorkshop();
const SEEDS = 200;

Deno.test(`faults: in ${SEEDS} worlds where everything fails that can, no rule is broken`, async () => {
  const tally: Tally = {};
  for (let seed = 0; seed < SEEDS; seed++) {
    const outcome = await runSeed(seed, { workshop });
    assert.equal(outcome.violations.length, 0, describeFailure(outcome));
    addTally(tally, outcome.tally);
  }
  for (const fault of Object.values(FAULTS)) {
    assert.ok((tally[fault] ?? 0) > 0, `no world: ${fault}`);
  }
  for (
    const step of ["root write", "root answer", "region write", "region send", "region answer"]
  ) {
    const [role, effect] = step.split(" ");
    for (const moment of ["before", "after"]) {
      const name = `${role} dies ${moment} ${effect}`;
      assert.ok((tally[name] ?? 0) > 0, `in no world a ${name}`);
    }
  }
});

Deno.test("faults: a seed is the same world each time, to the last event", async () => {
  for (const seed of [1, 5, 12]) {
    const lines: string[] = [];
    const one = await runSeed(seed, { workshop });
    const other = await runSeed(seed, { workshop, trace: (line) => lines.push(line) });
    assert.deepEqual(other, one);
    assert.ok(one.events > 100 && lines.length > 100, `${one.events} events`);
  }
});

Deno.test("faults: two seeds are two worlds", async () => {
  const [one, other] = [await runSeed(1, { workshop }), await runSeed(2, { workshop })];
  assert.notEqual(one.hash, other.hash);
});

Deno.test("faults: a device that was restarted after it had sent its update goes nowhere else with it", async () => {
  // Its region's answer broke off, and it took its update of the same round to a sibling.
  const { violations, plan } = await runSeed(178, { workshop });
  assert.deepEqual([violations, plan.hasSiblings], [[], true]);
});
