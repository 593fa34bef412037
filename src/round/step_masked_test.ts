import assert from "node:assert/strict";
import type { LoggedGroup, SealedGroup } from "../wire/log_groups.ts";
import { hasRoomFor } from "./admission.ts";
import {
  after,
  DRAWN,
  hex32,
  modelOf,
  openEvent,
  parentEvent,
  parentRound,
  REGION,
  ROOT,
  ROSTER,
  RULES,
  updateEvent,
} from "./_testing.ts";
import type { RoundEvent } from "./event.ts";
import type { RoundRecord } from "./record.ts";
import { step } from "./step.ts";

const rules = { ...RULES, mask: "kahe1" } as const;
const MASKED_ROOT: RoundRecord = { ...ROOT, rules };
const MASKED_REGION: RoundRecord = { ...REGION, rules };

const sealed = (group: number, clients: number): SealedGroup => ({
  ...{ group, clients, updates: clients, members: hex32(0x40 + group), sum: hex32(0x50 + group) },
});
const GROUPS = [sealed(0, 2), sealed(2, 1)];
const UNMASK: RoundEvent = {
  ...{ kind: "unmask", round: 1, sum: hex32(3), members: hex32(4), groups: GROUPS },
};
const logged = (outcomes: readonly LoggedGroup["outcome"][]) =>
  GROUPS.map((group, at) => ({ ...group, outcome: outcomes[at]! }));

const unmasking = after(MASKED_ROOT, [
  ROSTER,
  openEvent(1),
  ...[1, 2, 3].map(() => updateEvent(1)),
  UNMASK,
]);

Deno.test("masked round: what was sealed of each group is stored before any is opened", () => {
  const { phase } = unmasking;
  assert.ok(phase.kind === "unmasking");
  assert.deepEqual(phase.groups, GROUPS);
  assert.equal(phase.sum, hex32(3));
});

Deno.test("masked round: the log tells of the groups, and counts those that are in the model", () => {
  const groups = logged(["opened", "shares-inconsistent"]);
  const { record, effects } = step(unmasking, {
    ...{ kind: "publish", round: 1, model: modelOf(1), metrics: {} },
    opened: { groups, sum: hex32(7), members: hex32(8) },
  }, 0);
  assert.equal(record.phase.kind, "published");
  const [entry] = effects;
  assert.ok(entry?.kind === "log" && entry.event.kind === "published");
  const { updates, clients, sum, members } = entry.event;
  assert.deepEqual({ updates, clients, sum, members }, {
    ...{ updates: 2, clients: 2, sum: hex32(7), members: hex32(8) },
  });
  assert.deepEqual(entry.event.groups, groups);
});

Deno.test("masked round: one whose groups cannot be opened is abandoned with what became of each", () => {
  const groups = logged(["noise-excessive", "too-few-clients"]);
  const { record, effects } = step(unmasking, {
    ...{ kind: "fail", round: 1, reason: "too-few-opened", groups },
  }, 0);
  assert.deepEqual(record.phase.kind === "abandoned" && record.phase.reason, "too-few-opened");
  const [entry, drop] = effects;
  assert.ok(entry?.kind === "log" && entry.event.kind === "abandoned");
  assert.deepEqual(entry.event.groups, groups);
  assert.equal(entry.event.clients, 3);
  assert.deepEqual(drop, { kind: "drop", round: 1 });
});

Deno.test("masked round: a region knows the group that its parent has put it in", () => {
  const info = { ...parentRound(1, 0), group: 5 };
  const { phase } = after(MASKED_REGION, [ROSTER, { kind: "parent", info, drawn: DRAWN }]);
  assert.equal(phase.kind === "open" && phase.facts.group, 5);
  const plain = after(REGION, [ROSTER, parentEvent(1, 0)]).phase;
  assert.equal(plain.kind === "open" && "group" in plain.facts, false);
});

Deno.test("masked round: who enrols later finds room at a region, but not at the root, whose sid binds its roster", () => {
  const rootOpen = after(MASKED_ROOT, [ROSTER, openEvent(1)]);
  const regionOpen = after(MASKED_REGION, [ROSTER, parentEvent(1, 0)]);
  assert.equal(hasRoomFor(rootOpen, 1), false);
  assert.equal(hasRoomFor(regionOpen, 1), true);
  assert.equal(hasRoomFor({ ...rootOpen, rules: RULES }, 1), true);
  // Where clients agree on keys with each other, nobody comes later anywhere.
  const phased = { ...rules, mask: "secagg_plus" } as const;
  assert.equal(hasRoomFor({ ...regionOpen, rules: phased }, 1), false);
});
