import assert from "node:assert/strict";
import { toBase64Url } from "../core/bytes.ts";
import { isTributaryError } from "../core/errors.ts";
import { tensors } from "../models/mod.ts";
import type { MaskPlan } from "../wire/mask_plan.ts";
import { readTask, type Task } from "../wire/task.ts";
import { checkTask } from "./check_task.ts";
import { defineTask, type TaskDefinition } from "./define_task.ts";

const helpers = [1, 2, 3, 4, 5].map((at) => ({
  url: `https://helper-${at}.example`,
  key: toBase64Url(new Uint8Array(32).fill(at)),
  identity: toBase64Url(new Uint8Array(32).fill(16 + at)),
}));
const RISK: TaskDefinition = {
  name: "risk",
  model: tensors({ tensors: { slopes: [3] } }),
  clients: { min: 50, max: 1000 },
  stop: { rounds: 2 },
};

const define = (mask: TaskDefinition["mask"], change: Partial<TaskDefinition> = {}) =>
  defineTask({ ...RISK, ...(mask && { mask }), ...change });

function refused(make: () => unknown, says: RegExp): void {
  assert.throws(make, (error) => {
    assert.ok(isTributaryError(error, "task-refused"), String(error));
    assert.match(error.message, says);
    return true;
  });
}

Deno.test("masked task: what its author leaves out is the usual committee, and sums of no fewer than a round has", () => {
  assert.deepEqual(define(undefined).mask, { kind: "none" });
  assert.deepEqual(define({ kind: "kahe1", helpers }).mask, {
    ...{ kind: "kahe1", helpers, threshold: 4, colluding: 2, min: 50, groups: 1 },
  });
  assert.deepEqual(
    define({ kind: "kahe1", helpers: helpers.slice(0, 3), min: 10, groups: 5 }).mask,
    {
      ...{ kind: "kahe1", helpers: helpers.slice(0, 3), threshold: 3, colluding: 1 },
      ...{ min: 10, groups: 5 },
    },
  );
  assert.deepEqual(define({ kind: "two_helper", helpers: helpers.slice(0, 2) }).mask, {
    ...{ kind: "two_helper", helpers: helpers.slice(0, 2), min: 50, groups: 1 },
  });
});

/** Refused when a task is made, and by everyone who receives such a document all the same. */
const CASES: readonly (readonly [string, Partial<MaskPlan>, Partial<TaskDefinition>, RegExp])[] = [
  [
    "more clients than errors leave room for",
    {},
    { clients: { min: 50, max: 16_374 } },
    /Cannot mask for 16374 clients in 4 slots of 19 bits: the errors of more than 16373/,
  ],
  [
    "slots that no ring has",
    {},
    { update: { slotBits: 21 } },
    /Cannot mask in 21-bit slots: kahe1 has slots of 15, 19, 20, 25 bits/,
  ],
  [
    "a threshold at which two sets could be opened",
    { threshold: 3 },
    {},
    /threshold of 3 and 2 who collude: expected .* 2·threshold > 5 \+ colluding/,
  ],
  [
    "more who may collude than the threshold allows",
    { threshold: 4, colluding: 4 },
    {},
    /threshold of 4 and 4 who collude/,
  ],
  ["a threshold above the helpers", { threshold: 6, colluding: 2 }, {}, /threshold of 6/],
  ["sums of more clients than a round has", { min: 51 }, {}, /mask.min is 51, expected at most/],
  [
    "more groups than clients fill",
    { min: 50, groups: 21 },
    {},
    /21 groups of 50 clients take 1050/,
  ],
];
for (const [what, mask, change, says] of CASES) {
  Deno.test(`masked task: ${what} is refused with the numbers, by its author and by every client`, () => {
    const given = { kind: "kahe1", helpers, ...mask } as TaskDefinition["mask"];
    refused(() => define(given, change), says);
    // The document of somebody who did not check it.
    const fine = define({ kind: "kahe1", helpers }, { update: { slotBits: 19 } });
    const { clients = fine.clients, update } = change;
    const document = {
      ...fine,
      clients,
      update: { ...fine.update, ...update },
      mask: { ...fine.mask, ...mask },
    } as Task;
    refused(() => checkTask(readTask(document)), says);
  });
}

Deno.test("masked task: as many clients as the table says are accepted, to the last one", () => {
  for (const [slotBits, most] of [[15, 8191], [19, 16_373], [20, 16_344], [25, 65_502]] as const) {
    const clients = { min: 50, max: most };
    const { mask } = checkTask(
      define({ kind: "kahe1", helpers }, { clients, update: { slotBits } }),
    );
    assert.equal(mask.helping?.threshold, 4);
  }
});
