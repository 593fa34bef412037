import assert from "node:assert/strict";
import { isTributaryError } from "../core/errors.ts";
import { hex32 } from "./_testing.ts";
import type { MaskPlan } from "./mask_plan.ts";
import { groupOf, type OpenRound } from "./round_info.ts";

const INFO: OpenRound = {
  ...{ kind: "open", task: hex32(1), round: 4, sid: hex32(2), roster: hex32(3), beacon: hex32(4) },
  ...{ model: { version: 0, digest: hex32(5), bytes: 9 }, threshold: 1 },
  ...{ openedAtMs: 0, deadlineMs: 1, nowMs: 0 },
};
const MASKED = { kind: "two_helper", helpers: [], min: 2, groups: 3 } as const satisfies MaskPlan;

Deno.test("round info: a member's group is one of the task's, and none where nothing is masked", () => {
  assert.equal(groupOf(INFO, { kind: "none" }), 0);
  assert.equal(groupOf({ ...INFO, group: 0 }, MASKED), 0);
  assert.equal(groupOf({ ...INFO, group: 2 }, MASKED), 2);
  const phased: MaskPlan = { kind: "secagg_plus", neighbours: 8, threshold: 5, min: 2 };
  assert.equal(groupOf({ ...INFO, group: 0 }, phased), 0);
  for (
    const [info, mask] of [
      [{ ...INFO, group: 3 }, MASKED],
      [INFO, MASKED],
      [{ ...INFO, group: 0 }, { kind: "none" }],
      [{ ...INFO, group: 1 }, phased],
    ] as const
  ) {
    assert.throws(
      () => groupOf(info, mask),
      (error) => isTributaryError(error, "group-unknown"),
    );
  }
});
