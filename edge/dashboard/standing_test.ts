import assert from "node:assert/strict";
import type { ObservedMember } from "../observer.ts";
import { countStands, lateAfterMs, type RoundStand, standingsOf } from "./standing.ts";

const MEMBERS: readonly ObservedMember[] = [
  { id: "c", kind: "client", size: 1, share: 0, isThere: false },
  { id: "b", kind: "client", size: 1, share: 1, isThere: true },
  { id: "small", kind: "region", size: 3, share: 3, isThere: true },
  { id: "gone", kind: "region", size: 5, share: 5, isThere: false },
  { id: "large", kind: "region", size: 9, share: 9, sent: 7, isThere: false },
  { id: "idle", kind: "client", size: 1, isThere: true },
  { id: "lost", kind: "client", size: 1, isThere: false },
];
const OPEN: RoundStand = { isOpen: true, isLate: false };
const shown = (members: readonly ObservedMember[], round: RoundStand) =>
  standingsOf(members, round).map(({ id, stand }) => `${id} ${stand}`);

Deno.test("standing: regions come first, by size, and each member stands as it has said", () => {
  assert.deepEqual(shown(MEMBERS, OPEN), [
    ...["large sent", "gone awaited", "small awaited"],
    ...["b awaited", "c abstained", "idle ready", "lost away"],
  ]);
  assert.deepEqual([...countStands(standingsOf(MEMBERS, OPEN))], [
    ...[["sent", 1], ["awaited", 3], ["abstained", 1], ["ready", 1], ["away", 1]] as const,
  ]);
});

Deno.test("standing: whoever is missing late in a round is late, and between rounds nobody is", () => {
  const late = shown(MEMBERS, { ...OPEN, isLate: true }).filter((line) => line.endsWith("late"));
  assert.deepEqual(late, ["gone late", "small late", "b late"]);
  const before = MEMBERS.map(({ sent: _, ...member }) => member);
  assert.deepEqual(shown(before, { isOpen: false, isLate: true }), [
    ...["large away", "gone away", "small ready", "b ready", "c away", "idle ready", "lost away"],
  ]);
});

Deno.test("late: twice the longest of the last rounds, within two seconds and three quarters", () => {
  assert.equal(lateAfterMs(60_000, []), 45_000);
  assert.equal(lateAfterMs(60_000, [3000, 9000, 4000]), 18_000);
  assert.equal(lateAfterMs(60_000, [10]), 2000);
  assert.equal(lateAfterMs(60_000, [59_000]), 45_000);
});
