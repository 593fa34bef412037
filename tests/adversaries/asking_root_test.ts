import assert from "node:assert/strict";
import { fromHex } from "../../src/core/bytes.ts";
import type { ErrorCode } from "../../src/core/errors.ts";
import { generateIdentity, type Identity } from "../../src/core/identity.ts";
import {
  ask,
  byId,
  clientIn,
  type CommitteeAtWork,
  type GroupRound,
  openGroup,
  regionIn,
  startCommittee,
  type Voucher,
} from "./committee.ts";
import { sumOf, wordsOf } from "./masking.ts";

/** So many people with keys. */
async function identities(count: number): Promise<Identity[]> {
  return await Promise.all(Array.from({ length: count }, () => generateIdentity()));
}

/** A round in which every member of the root has sent the same value. */
async function flatRound(
  at: CommitteeAtWork,
  count: number,
): Promise<{ round: GroupRound; sent: Voucher[] }> {
  const roster = await identities(count);
  const round = await openGroup(at, roster);
  const sent = byId(
    await Promise.all(roster.map((identity) => clientIn(at, round, { identity }))),
  );
  return { round, sent };
}

async function refuses(
  answer: Promise<unknown>,
  code: ErrorCode,
  sentence: RegExp,
): Promise<void> {
  await assert.rejects(answer, (error: Error & { code?: string }) => {
    assert.equal(error.code, code, `${error}`);
    assert.match(error.message, sentence);
    return true;
  });
}

/** Opens the sum of some clients with the answers of some helpers. */
async function opened(
  at: CommitteeAtWork,
  round: GroupRound,
  sent: readonly Voucher[],
  shares: readonly (readonly [helper: number, share: Uint8Array])[],
): Promise<Uint32Array> {
  const sum = sumOf({ core: at.core, mask: at.mask }, sent.map(({ parcel }) => parcel!));
  const answers = shares.map(([helper, share]) => ({ helper, share }));
  const context = { sid: fromHex(round.sid), clients: sent.length, answers };
  return wordsOf(await at.mask.open(at.core, sum, context));
}

Deno.test("asking root: helpers that are asked twice for one set answer the same bytes, and for any other set nothing", async () => {
  using at = await startCommittee();
  const { round, sent } = await flatRound(at, 5);
  const first = await ask(at, { round, nodes: sent });
  assert.deepEqual(await ask(at, { round, nodes: sent }), first);
  for (const other of [sent.slice(1), sent.slice(0, 4), sent.slice(1, 4)]) {
    await refuses(
      ask(at, { round, nodes: other }),
      "sid-answered",
      /was answered for another set, of 5$/,
    );
  }
  const shares = await Promise.all(
    [2, 3, 4].map(async (helper) => [helper, await ask(at, { round, nodes: sent, helper })]),
  ) as [number, Uint8Array][];
  const sum = await opened(at, round, sent, [[1, first], ...shares]);
  assert.ok(sum.every((word) => word === 5));
});

Deno.test("asking root: of two overlapping sets, asked of different helpers, at most one gets enough answers", async () => {
  using at = await startCommittee();
  const { round, sent } = await flatRound(at, 5);
  const [all, without] = [sent, sent.slice(0, 4)];
  // As it likes: 1, 2 and 3 for all, the others for all but one, then everybody for the other set.
  const answered = { all: 0, without: 0 };
  for (
    const [helper, nodes] of [[1, all], [2, all], [3, all], [4, without], [5, without]] as const
  ) {
    await ask(at, { round, nodes, helper });
    answered[nodes === all ? "all" : "without"]++;
  }
  for (const helper of [1, 2, 3]) {
    await refuses(ask(at, { round, nodes: without, helper }), "sid-answered", /of 5$/);
  }
  for (const helper of [4, 5]) {
    await refuses(ask(at, { round, nodes: all, helper }), "sid-answered", /of 4$/);
  }
  assert.deepEqual(answered, { all: 3, without: 2 });
  const { threshold } = at.mask.helping!;
  assert.ok(answered.all < threshold && answered.without < threshold, "neither can be opened");
});

Deno.test("asking root: asked at once for two sets, a helper answers one", async () => {
  using at = await startCommittee();
  const { round, sent } = await flatRound(at, 5);
  const outcomes = await Promise.allSettled(
    [sent, sent.slice(1), sent, sent.slice(0, 3)].map((nodes) => ask(at, { round, nodes })),
  );
  const codes = outcomes.map((it) => it.status === "fulfilled" ? "answered" : it.reason.code);
  const [one, other, same, third] = codes;
  assert.deepEqual(one, same, `${codes}`);
  const sets = [one, other, third];
  assert.deepEqual(sets.filter((code) => code === "answered").length, 1, `${codes}`);
  assert.equal(sets.filter((code) => code === "sid-answered").length, 2, `${codes}`);
});

Deno.test("asking root: no answer for fewer clients than the task says, nor for more, nor for other groups", async () => {
  using at = await startCommittee();
  const { round, sent } = await flatRound(at, 5);
  await refuses(
    ask(at, { round, nodes: sent.slice(0, 2) }),
    "set-too-small",
    /Cannot answer for 2 clients: expected at least 3/,
  );
  await refuses(
    ask(at, { round, nodes: sent.slice(0, 2), lie: { clients: 3 } }),
    "set-mismatch",
    /it has 2 clients/,
  );
  await refuses(
    ask(at, { round, nodes: sent, lie: { clients: 101 } }),
    "set-too-large",
    /at most 100/,
  );
  await refuses(
    ask(at, { round, nodes: sent, lie: { clients: 4 } }),
    "set-mismatch",
    /more than 4/,
  );
  const third = await openGroup(at, sent.map(({ identity }) => identity), { group: 2 });
  await refuses(ask(at, { round: third, nodes: sent }), "group-unknown", /the task has 2, from 0/);
});

Deno.test("asking root: no answer for members that are on no roster, or on another than the sid binds", async () => {
  using at = await startCommittee();
  const [stranger, ...roster] = await identities(6);
  const round = await openGroup(at, roster);
  const sent = await Promise.all(
    [stranger!, ...roster].map((identity) => clientIn(at, round, { identity })),
  );
  await refuses(
    ask(at, { round, nodes: byId(sent) }),
    "member-unrostered",
    new RegExp(`Cannot answer for ${stranger!.id}`),
  );
  await refuses(
    ask(at, { round, nodes: byId(sent), rosterOf: (ids) => [...ids, stranger!.id] }),
    "sid-mismatch",
    /expected [0-9a-f]{64}, that of the round, roster and group/,
  );
  for (const lie of [{ model: "cd".repeat(32) }, { beacon: "cd".repeat(32) }, { group: 1 }]) {
    await refuses(ask(at, { round, nodes: byId(sent), lie }), "sid-mismatch", /expected/);
  }
  // None of these was an answer: the round's own set still gets one.
  await ask(at, { round, nodes: byId(sent.slice(1)) });
});

Deno.test("asking root: no answer for forged, borrowed or repeated ids", async () => {
  using at = await startCommittee();
  const roster = await identities(4);
  const round = await openGroup(at, roster);
  const sent = byId(await Promise.all(roster.map((identity) => clientIn(at, round, { identity }))));
  const [one, two, ...rest] = sent as [Voucher, Voucher, ...Voucher[]];

  // A parcel of the root's own under a client's id: it has the key, and no signature of it.
  const forger = await generateIdentity();
  const forged = {
    ...forger,
    id: one.identity.id,
    publicKey: one.identity.publicKey,
  };
  const inItsName = await clientIn(at, round, { identity: forged });
  await refuses(
    ask(at, { round, nodes: byId([inItsName, two, ...rest]) }),
    "evidence-refused",
    new RegExp(`${one.identity.id} has not signed this submission for round 1`),
  );
  // A client's own, from another group, round or model.
  for (const over of [{ group: 1 }, { round: 2 }, { model: "cd".repeat(32) }]) {
    const elsewhere = await openGroup(at, roster, over);
    const there = await clientIn(at, elsewhere, { identity: one.identity });
    await refuses(
      ask(at, { round, nodes: byId([there, two, ...rest]) }),
      "evidence-refused",
      /has not signed this submission/,
    );
  }
  // One twice: side by side, or once more below a region.
  await refuses(
    ask(at, { round, nodes: [one, one, two, ...rest] }),
    "member-repeated",
    new RegExp(`${one.identity.id} is in it twice`),
  );
  const region = await generateIdentity();
  const withRegion = await openGroup(at, [...roster, region]);
  const again = byId(
    await Promise.all(roster.map((identity) => clientIn(at, withRegion, { identity }))),
  );
  const bundle = await regionIn(at, withRegion, { identity: region, members: again.slice(0, 2) });
  await refuses(
    ask(at, { round: withRegion, nodes: byId([bundle, ...again.slice(1)]) }),
    "member-repeated",
    /is in it twice/,
  );
  // Out of order, so that one set would have two forms.
  await refuses(
    ask(at, { round, nodes: [...sent].reverse() }),
    "evidence-malformed",
    /expected in order/,
  );
});

Deno.test("asking root: nobody else's ask is answered, and an ask that was recorded is not either", async () => {
  using at = await startCommittee();
  const { round, sent } = await flatRound(at, 4);
  await refuses(
    ask(at, { round, nodes: sent, by: sent[0]!.identity }),
    "signature-invalid",
    /it is signed by/,
  );
  let recorded: Request | undefined;
  const fetch = at.fetch;
  const watched = {
    ...at,
    fetch: async (request: Request) => {
      if (request.url.endsWith("/answers")) recorded = request.clone();
      return await fetch(request);
    },
  };
  await ask(watched, { round, nodes: sent });
  const answer = await fetch(recorded!);
  assert.equal((await answer.json()).code, "request-replayed");
});
