import assert from "node:assert/strict";
import type { MemberRow, UpdateRow } from "../store.ts";
import { countStands, lateAfterMs, type StandingFacts, standingsOf } from "./standing.ts";

const member = (id: string, kind: "client" | "region", size: number): [string, MemberRow] => [
  id,
  { id, kind, size, publicKey: id },
];
const update = (member: string, clients: number): [string, UpdateRow] => [member, {
  ...{ round: 1, member, position: 0, digest: "", sid: "", clients },
}];
const share = (clients: number) => ({ clients, enough: clients, group: 0 });

const FACTS: StandingFacts = {
  members: new Map([
    ...["c", "b"].map((id) => member(id, "client", 1)),
    ...[member("small", "region", 3), member("gone", "region", 5), member("large", "region", 9)],
    ...[member("idle", "client", 1), member("lost", "client", 1)],
  ]),
  updates: new Map([update("large", 7)]),
  shares: new Map([
    ...["b", "large"].map((id) => [id, share(1)] as const),
    ...[["c", share(0)], ["small", share(3)], ["gone", share(5)]] as const,
  ]),
  presence: { of: (id) => ["idle", "b", "small"].includes(id) ? 1 : 0 },
  isOpen: true,
  isLate: false,
};
const shown = (facts: StandingFacts) => standingsOf(facts).map(({ id, stand }) => `${id} ${stand}`);

Deno.test("standing: regions come first, by size, and each member stands as it has said", () => {
  assert.deepEqual(shown(FACTS), [
    ...["large sent", "gone awaited", "small awaited"],
    ...["b awaited", "c abstained", "idle ready", "lost away"],
  ]);
  assert.equal(standingsOf(FACTS)[0]!.clients, 7);
  assert.deepEqual([...countStands(standingsOf(FACTS))], [
    ...[["sent", 1], ["awaited", 3], ["abstained", 1], ["ready", 1], ["away", 1]] as const,
  ]);
});

Deno.test("standing: whoever is missing late in a round is late, and between rounds nobody is", () => {
  assert.deepEqual(shown({ ...FACTS, isLate: true }).filter((line) => line.endsWith("late")), [
    ...["gone late", "small late", "b late"],
  ]);
  assert.deepEqual(shown({ ...FACTS, isOpen: false, isLate: true, updates: new Map() }), [
    ...["large away", "gone away", "small ready", "b ready", "c away", "idle ready", "lost away"],
  ]);
});

Deno.test("late: twice the longest of the last rounds, within two seconds and three quarters", () => {
  assert.equal(lateAfterMs(60_000, []), 45_000);
  assert.equal(lateAfterMs(60_000, [3000, 9000, 4000]), 18_000);
  assert.equal(lateAfterMs(60_000, [10]), 2000);
  assert.equal(lateAfterMs(60_000, [59_000]), 45_000);
});
