import assert from "node:assert/strict";
import { toBase64Url } from "../core/bytes.ts";
import { isTributaryError } from "../core/errors.ts";
import { SAMPLE_TASK } from "./_testing.ts";
import { groupsOf, helpersOf, type MaskPlan } from "./mask_plan.ts";
import { readTask } from "./task.ts";

const helpers = [1, 2, 3, 4, 5].map((at) => ({
  url: `https://helper-${at}.example/committee`,
  key: toBase64Url(new Uint8Array(32).fill(at)),
  identity: toBase64Url(new Uint8Array(32).fill(16 + at)),
}));
const KAHE1 = {
  kind: "kahe1",
  helpers,
  threshold: 4,
  colluding: 2,
  min: 10,
  groups: 4,
} as const;
/** Of at least 20 and at most 100 clients. */
const TASK = { ...SAMPLE_TASK, clients: { min: 20, max: 100 } };

const PLANS: readonly { readonly plan: MaskPlan; readonly groups: number }[] = [
  { plan: { kind: "none" }, groups: 0 },
  { plan: KAHE1, groups: 4 },
  { plan: { kind: "two_helper", helpers: helpers.slice(0, 2), min: 2, groups: 1 }, groups: 1 },
  { plan: { kind: "secagg_plus", neighbours: 32, threshold: 22, min: 20 }, groups: 1 },
];

Deno.test("mask plan: every kind is read as it was written", () => {
  for (const { plan, groups } of PLANS) {
    assert.deepEqual(readTask({ ...TASK, mask: plan }).mask, plan);
    assert.equal(groupsOf(plan), groups);
    assert.equal(helpersOf(plan).length, "helpers" in plan ? plan.helpers.length : 0);
  }
});

for (
  const [change, says] of [
    [{ kind: "kahe2" }, /at mask.kind/],
    [{ threshold: 0 }, /at mask.threshold/],
    [{ colluding: -1 }, /at mask.colluding/],
    [{ colluding: undefined }, /at mask.colluding/],
    [{ extra: 1 }, /at mask.extra/],
    [{ helpers: [] }, /at mask.helpers/],
    [{ helpers: [{ ...helpers[0], url: "ftp://helper" }] }, /at mask.helpers.0.url/],
    [{ helpers: [{ ...helpers[0], key: "AAAA" }] }, /at mask.helpers.0.key/],
    [{ helpers: [{ ...helpers[0], identity: "AAAA" }] }, /at mask.helpers.0.identity/],
    [{ kind: "two_helper", threshold: undefined, colluding: undefined }, /at mask/],
    [{ min: 1 }, /at mask.min/],
    [{ groups: 0 }, /at mask.groups/],
    [{ groups: 257 }, /at mask.groups/],
    [{ min: 21 }, /mask.min is 21, expected at most clients.min, which is 20/],
    [
      { min: 20, groups: 6 },
      /6 groups of 20 clients take 120, expected at most clients.max, .* 100/,
    ],
    [
      { helpers: [helpers[0], { ...helpers[1], url: helpers[0]!.url }] },
      /two helpers have the url https:\/\/helper-1.example\/committee/,
    ],
    [
      { helpers: [helpers[0], { ...helpers[1], key: helpers[0]!.key }] },
      /two helpers have the key/,
    ],
    [
      { helpers: [helpers[0], { ...helpers[1], identity: helpers[0]!.identity }] },
      /two helpers have the identity/,
    ],
  ] as const
) {
  Deno.test(`mask plan: a task is refused with ${JSON.stringify(change).slice(0, 90)}`, () => {
    const mask = { ...KAHE1, ...change };
    assert.throws(() => readTask({ ...TASK, mask }), (error) => {
      assert.ok(isTributaryError(error, "task-refused"));
      assert.match(error.message, says);
      return true;
    });
  });
}

Deno.test("mask plan: a task that does not say how it is masked is refused", () => {
  const { mask: _mask, ...task } = TASK;
  assert.throws(() => readTask(task), /at mask/);
});
