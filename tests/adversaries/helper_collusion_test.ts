import assert from "node:assert/strict";
import { fromHex } from "../../src/core/bytes.ts";
import { generateIdentity } from "../../src/core/identity.ts";
import { openWith } from "../../edge/root/open_sum.ts";
import { ask, byId, clientIn, openGroup, startCommittee, type Voucher } from "./committee.ts";
import { sumOf, wordsOf } from "./masking.ts";

/** A round of five clients, with the values 1 to 5. */
async function fiveClients() {
  const at = await startCommittee();
  const roster = await Promise.all([1, 2, 3, 4, 5].map(() => generateIdentity()));
  const round = await openGroup(at, roster);
  const sent = byId(
    await Promise.all(roster.map((identity, i) => clientIn(at, round, { identity, value: i + 1 }))),
  );
  const answerOf = async (helper: number, nodes: readonly Voucher[]) => ({
    helper,
    share: await ask(at, { round, nodes, helper }),
  });
  const sumFor = (nodes: readonly Voucher[]) => ({
    ...{ mask: at.mask, sid: round.sid, clients: nodes.length },
    sum: sumOf(at, nodes.map(({ parcel }) => parcel!)),
  });
  return { at, round, sent, answerOf, sumFor };
}

Deno.test("colluding helpers: two of five that answer a second set do not open it, three would", async () => {
  const { at, sent, answerOf, sumFor } = await fiveClients();
  using _ = at;
  const [all, without] = [sent, sent.slice(1)];
  // The honest ones split between the two sets as the root likes it best.
  const forAll = [];
  for (const helper of [1, 2, 4, 5]) forAll.push(await answerOf(helper, all));
  for (const helper of [4, 5]) await at.forget(helper);
  const forRest = [];
  for (const helper of [3, 4, 5]) forRest.push(await answerOf(helper, without));
  const { words } = await openWith(at.core, { ...sumFor(all), answers: forAll });
  assert.ok(wordsOf(words).every((word) => word === 15));
  await assert.rejects(
    at.mask.open(at.core, sumFor(without).sum, {
      sid: fromHex(sumFor(without).sid),
      clients: 4,
      answers: forRest,
    }),
    { code: "shares-missing" },
  );
  // A third one, which the task does not allow for, gives the client away that the sets differ by.
  await at.forget(2);
  const answers = [await answerOf(2, without), ...forRest];
  const rest = wordsOf((await openWith(at.core, { ...sumFor(without), answers })).words);
  assert.ok(rest.every((word) => word < 15));
});

Deno.test("colluding helpers: a wrong answer is left out and named where one is to spare, and spoils the group where none is", async () => {
  const { at, sent, answerOf, sumFor } = await fiveClients();
  using _ = at;
  const answers = [];
  for (const helper of [1, 2, 3, 4, 5]) answers.push(await answerOf(helper, sent));
  for (const liar of [0, 2, 4]) {
    const share = answers[liar]!.share.slice();
    new DataView(share.buffer).setUint32(400, 12345, true);
    const bent = answers.with(liar, { ...answers[liar]!, share });
    const { words, unfit } = await openWith(at.core, { ...sumFor(sent), answers: bent });
    assert.deepEqual(unfit, [liar + 1]);
    assert.ok(wordsOf(words).every((word) => word === 15));
    await assert.rejects(
      openWith(at.core, {
        ...sumFor(sent),
        answers: bent.filter((_, i) => i === liar || i !== (liar + 1) % 5),
      }),
      { code: "noise-excessive" },
    );
  }
});
