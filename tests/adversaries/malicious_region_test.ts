import assert from "node:assert/strict";
import { concatBytes, fromHex, toHex } from "../../src/core/bytes.ts";
import { slicesDigest, webDigest } from "../../src/core/digest.ts";
import { generateIdentity, type Identity } from "../../src/core/identity.ts";
import { systemRandom } from "../../src/core/random.ts";
import { maskOf } from "../../src/mask/registry.ts";
import { gridLimit, parcelsOf, updateWords } from "../../src/update/plan.ts";
import { createAggregateCore } from "../../src/wasm/aggregate.ts";
import { inlineModule } from "../../src/wasm/inline.ts";
import { encodeBundle, encodeSubmission } from "../../src/wire/evidence.ts";
import { membersRoot } from "../../src/wire/merkle.ts";
import { createPeer } from "../../src/wire/peer.ts";
import type { OpenRound } from "../../src/wire/round_info.ts";
import { groupSession, planDigest } from "../../src/wire/session_id.ts";
import { signedHeaders } from "../../src/wire/signing.ts";
import { updatePlan } from "../../src/wire/task.ts";
import { EVIDENCE_SLICE_BYTES, updateHeaders } from "../../src/wire/update_headers.ts";
import { joinHonest, type MaskedTree, startMaskedTree } from "./live.ts";
import { sumOf } from "./masking.ts";

const module = await inlineModule("aggregate");

/** One whom a region speaks for, with what it says that came from it. */
interface Below {
  readonly identity: Identity;
  readonly digest: Uint8Array;
  readonly evidence: Uint8Array;
  readonly parcel: Uint8Array;
}

/** A region of the root's that does as it likes: it has a key and the library, and runs no app. */
async function openRegion({ tree, clock }: MaskedTree, size: number) {
  const identity = await generateIdentity();
  const { fetch, id, task } = tree;
  const options = { url: tree.root.url, fetch, clock, identity, random: systemRandom };
  const peer = createPeer({ ...options, retry: { attempts: 1, minMs: 0, maxMs: 0 } });
  const { region } = await peer.task(id);
  await peer.enrol(id, { kind: "region", size, region });
  const plan = updatePlan(task);
  const mask = maskOf(task.mask, parcelsOf(plan));

  return {
    identity,
    async round(): Promise<{ info: OpenRound; sid: string }> {
      const poll = { after: 1, waitS: 60, plan: await planDigest(task), as: { region } };
      const info = await peer.round(id, poll);
      if (info?.kind !== "open") throw new Error("no round");
      return { info, sid: await groupSession(info.sid, info.group ?? NaN) };
    },
    /** Something that a client might have sent. */
    async client(
      { info, sid }: { info: OpenRound; sid: string },
      { identity, value = 0 }: { identity: Identity; value?: number },
    ): Promise<Below> {
      using core = createAggregateCore(module);
      const words = new Uint32Array(updateWords(plan)).fill(gridLimit(plan) + value);
      const context = { sid: fromHex(sid), client: identity.id, digest: webDigest };
      const bytes = new Uint8Array(words.buffer);
      const masked = await mask.mask(core, bytes, { ...context, random: systemRandom });
      const { digest, envelopes, parcel } = masked;
      const said = { task: id, round: info.round, sid, identity, digest, envelopes };
      return {
        identity,
        digest,
        parcel,
        evidence: await encodeSubmission({ ...said, hash: webDigest }),
      };
    },
    /** Sends a sum; `parcels` are what is really in it. */
    async send(
      { info, sid }: { info: OpenRound; sid: string },
      { below, parcels = below.map(({ parcel }) => parcel), clients = below.length }: {
        below: readonly Below[];
        parcels?: readonly Uint8Array[];
        clients?: number;
      },
    ): Promise<string> {
      using core = createAggregateCore(module);
      const sum = sumOf({ core, mask }, parcels) as Uint8Array<ArrayBuffer>;
      const { sliceBytes } = mask.ring;
      const { slices, tree } = await slicesDigest(sum, { sliceBytes, digest: webDigest });
      const sorted = below.toSorted((a, b) => a.identity.id < b.identity.id ? -1 : 1);
      const members = await membersRoot(
        sorted.map((it) => ({ member: it.identity.id, digest: toHex(it.digest) })),
      );
      const own = await encodeBundle({
        ...{ task: id, round: info.round, sid, identity, digest: tree, clients, members },
        count: sorted.length,
      });
      const evidence = concatBytes([own, ...sorted.map((it) => it.evidence)]);
      const pieces = { sliceBytes: EVIDENCE_SLICE_BYTES, digest: webDigest };
      const proof = await slicesDigest(evidence, pieces);
      const url = `${options.url}/v1/tasks/${id}/rounds/${info.round}/updates/${identity.id}`;
      const headers = updateHeaders({
        ...{ bytes: sum.length, digest: tree, slices, sid: info.sid, clients, members },
        evidence: { bytes: evidence.length, digest: proof.tree },
      });
      const signed = await signedHeaders(
        { method: "PUT", url, headers },
        { identity, region: region.id, clock, random: systemRandom },
      );
      const body = concatBytes([sum, evidence]);
      const answer = await fetch(new Request(url, { method: "PUT", headers: signed, body }));
      return answer.ok ? "taken" : (await answer.json()).code;
    },
  };
}

async function identities(count: number): Promise<Identity[]> {
  return await Promise.all(Array.from({ length: count }, () => generateIdentity()));
}

Deno.test("malicious region: what it says of its members without their signatures is refused, and nothing has changed", async () => {
  await using masked = await startMaskedTree({ clients: 2, most: 5, models: 2 });
  const honest = await joinHonest(masked, 2);
  const region = await openRegion(masked, 3);
  honest.start();
  const round = await region.round();
  const [one, two, three, victim] = await identities(4) as [Identity, Identity, Identity, Identity];
  const below = [
    await region.client(round, { identity: one }),
    await region.client(round, { identity: two }),
    await region.client(round, { identity: three }),
  ] as const;

  // Somebody who has sent nothing, in whose name it makes a parcel.
  const { sign } = await generateIdentity();
  const forged = await region.client(round, { identity: { ...victim, sign } });
  assert.equal(await region.send(round, { below: [below[0], forged] }), "evidence-refused");
  // One member twice.
  assert.equal(
    await region.send(round, { below: [below[0], below[0]] }),
    "member-repeated",
  );
  // More clients than it proves.
  assert.equal(
    await region.send(round, { below: below.slice(0, 2), clients: 3 }),
    "evidence-refused",
  );
  // More than there is room for, once the others are in.
  await masked.tree.until(() => masked.tree.root.life.status().clients === 2);
  const [fourth] = await identities(1);
  const more = [...below, await region.client(round, { identity: fourth! })];
  assert.equal(await region.send(round, { below: more }), "round-full");
  // What was signed for another round's sid.
  const other = { ...round, sid: "ab".repeat(32) };
  const stale = await region.client(other, { identity: one });
  assert.equal(await region.send(round, { below: [stale, below[1]] }), "evidence-refused");
  assert.equal(masked.tree.root.life.status().clients, 2);

  assert.equal(await region.send(round, { below }), "taken");
  await masked.closed(2);
  await honest.ended();
  const [, event] = await masked.rounds();
  assert.ok(event?.kind === "published");
  assert.equal(event.clients, 5);
});

Deno.test("malicious region: a sum that is not that of the members it lists is noticed when it is opened, and costs its group alone", async () => {
  const changes: ((parcels: Uint8Array[]) => Uint8Array[])[] = [
    // One left out, one added twice, one changed by a single residue.
    ([one]) => [one!],
    ([one, two]) => [one!, two!, two!],
    ([one, two]) => [one!.map((byte, i) => i === 0 ? byte ^ 1 : byte), two!],
  ];
  for (const change of changes) {
    await using masked = await startMaskedTree({ clients: 2, most: 6, groups: 2, models: 2 });
    const honest = await joinHonest(masked, 4);
    const region = await openRegion(masked, 2);
    honest.start();
    const round = await region.round();
    const below = await Promise.all(
      (await identities(2)).map((identity) => region.client(round, { identity })),
    );
    const parcels = change(below.map(({ parcel }) => parcel));
    assert.equal(await region.send(round, { below, parcels }), "taken");
    await masked.closed(2);
    await honest.ended();
    const [, event] = await masked.rounds();
    assert.ok(event?.kind === "published", JSON.stringify(event));
    const outcomes = event.groups!.map(({ outcome }) => outcome);
    assert.deepEqual(outcomes.toSorted(), ["noise-excessive", "opened"]);
    assert.equal(outcomes[round.info.group!], "noise-excessive");
  }
});

Deno.test("malicious region: it may leave members out, and enrol clients that do not exist: nobody can tell from outside", async () => {
  await using masked = await startMaskedTree({ clients: 2, models: 2 });
  const honest = await joinHonest(masked, 2, { change: 0 });
  const region = await openRegion(masked, 3);
  honest.start();
  const round = await region.round();
  // Of three members that it told of one is dropped, and the others never had a device.
  const below = await Promise.all(
    (await identities(2)).map((identity) => region.client(round, { identity, value: 100 })),
  );
  assert.equal(await region.send(round, { below }), "taken");
  await masked.closed(2);
  await honest.ended();
  const [, event] = await masked.rounds();
  assert.ok(event?.kind === "published");
  assert.equal(event.clients, 4);
  assert.ok((await masked.model()).every((value) => value > 0));
});
