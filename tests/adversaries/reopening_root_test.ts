import assert from "node:assert/strict";
import { fromHex } from "../../src/core/bytes.ts";
import { generateIdentity } from "../../src/core/identity.ts";
import {
  ask,
  byId,
  clientIn,
  type CommitteeAtWork,
  type GroupRound,
  MIN,
  openGroup,
  startCommittee,
  type Voucher,
} from "./committee.ts";
import { sumOf, wordsOf } from "./masking.ts";

/** What a root makes of a set: it asks four helpers and opens the sum. */
async function openSet(
  at: CommitteeAtWork,
  round: GroupRound,
  sent: readonly Voucher[],
): Promise<Uint32Array> {
  const answers = [];
  for (const helper of [1, 2, 3, 4]) {
    answers.push({ helper, share: await ask(at, { round, nodes: byId(sent), helper }) });
  }
  const sum = sumOf(at, sent.map(({ parcel }) => parcel!));
  const context = { sid: fromHex(round.sid), clients: sent.length, answers };
  return wordsOf(await at.mask.open(at.core, sum, context));
}

Deno.test("reopening root: with a new sid it opens nearly the same clients again, and the difference is the update of the one that is missing: masking does not forbid this", async () => {
  using at = await startCommittee();
  const roster = await Promise.all([1, 2, 3, 4].map(() => generateIdentity()));
  const open = async (round: GroupRound, who: typeof roster) =>
    await openSet(
      at,
      round,
      // The same model and the same data: the same values, but for their rounding.
      await Promise.all(
        who.map((identity, i) => clientIn(at, round, { identity, value: 10 * (i + 1) })),
      ),
    );
  const first = await openGroup(at, roster, { round: 1 });
  const second = await openGroup(at, roster, { round: 2 });
  assert.notEqual(first.sid, second.sid);
  const all = await open(first, roster);
  const without = await open(second, roster.slice(0, 3));
  assert.ok(all.every((word, i) => word - without[i]! === 40));
});

Deno.test("reopening root: what it was sent for one sid is no use for another", async () => {
  using at = await startCommittee();
  const roster = await Promise.all([1, 2, 3, 4].map(() => generateIdentity()));
  const first = await openGroup(at, roster, { round: 1 });
  const again = await openGroup(at, roster, { round: 1 });
  const sent = byId(
    await Promise.all(roster.map((identity) => clientIn(at, first, { identity }))),
  );
  await openSet(at, first, sent);
  // The same round with another beacon: nobody has signed or sealed for it.
  await assert.rejects(ask(at, { round: again, nodes: sent.slice(1) }), {
    code: "evidence-refused",
  });
  // And under the first sid there is one answer.
  await assert.rejects(ask(at, { round: first, nodes: sent.slice(1) }), { code: "sid-answered" });
});

Deno.test("sybils: a root that fills a set with clients of its own opens the one that is not: min does not forbid this", async () => {
  using at = await startCommittee();
  const [victim, ...sybils] = await Promise.all(
    Array.from({ length: MIN }, () => generateIdentity()),
  );
  const round = await openGroup(at, [victim!, ...sybils]);
  const sent = [
    await clientIn(at, round, { identity: victim!, value: 123 }),
    ...await Promise.all(sybils.map((identity) => clientIn(at, round, { identity, value: 0 }))),
  ];
  assert.ok((await openSet(at, round, sent)).every((word) => word === 123));
});
