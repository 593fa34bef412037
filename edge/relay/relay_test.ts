import assert from "node:assert/strict";
import { beginPhases } from "../../src/client/phases.ts";
import { slicesDigest } from "../../src/core/digest.ts";
import { type ErrorCode, isTributaryError } from "../../src/core/errors.ts";
import { generateIdentity, type Identity } from "../../src/core/identity.ts";
import { systemRandom } from "../../src/core/random.ts";
import { maskOf } from "../../src/mask/registry.ts";
import { advertise } from "../../src/mask/secagg_plus_client.ts";
import { parcelsOf } from "../../src/update/plan.ts";
import { createAggregateCore } from "../../src/wasm/aggregate.ts";
import { encodeSubmission } from "../../src/wire/evidence.ts";
import { partSigned } from "../../src/wire/phase.ts";
import { createPhasePeer, type PhasePut } from "../../src/wire/phase_peer.ts";
import { fillRoute, ROUTES } from "../../src/wire/routes.ts";
import { groupSession } from "../../src/wire/session_id.ts";
import { updatePlan } from "../../src/wire/task.ts";
import { phasedTask } from "../_phased_testing.ts";
import {
  contentsOf,
  module,
  nodeDigest,
  openRound,
  problemCode,
  type TestMember,
  testMember,
  type TestRoot,
  testRoot,
} from "../_testing.ts";

const ROUND_MS = 80_000;

/** A root whose round is open for so many clients. */
async function stage(count = 5) {
  const { update, clients, mask } = phasedTask(3);
  const change = { update, mask, clients: { ...clients, min: count }, roundMs: ROUND_MS };
  const root = await testRoot({ words: 3, task: change });
  const members: TestMember[] = [];
  for (let i = 0; i < count; i++) members.push(await testMember(root));
  const round = await openRound(members[0]!.peer, root.task);
  const { region, owner } = await members[0]!.peer.task(root.id);
  const sid = await groupSession(round.sid, 0);
  const core = createAggregateCore(module);
  const { phases: phased } = maskOf(mask, parcelsOf(updatePlan(root.task)));
  const peerOf = (identity: Identity) =>
    createPhasePeer({
      ...{ url: "http://region.test", fetch: root.fetch, identity, clock: root.clock },
      ...{ random: systemRandom, digest: nodeDigest },
      retry: { attempts: 1, minMs: 0, maxMs: 0 },
    });
  const keysOf = async (identity: Identity, change: object = {}) => {
    const common = { task: root.id, round: 1, sid, identity, core, hash: nodeDigest };
    const named = { id: region.id, publicKey: root.identity.publicKey };
    const plan = phased!.plan;
    return await advertise({ ...common, random: systemRandom, plan, owner: named, ...change });
  };
  const begin = (identity: Identity, signal = new AbortController().signal) =>
    beginPhases({
      ...{ peer: peerOf(identity), region, task: root.id, owner, round: 1, sid, identity },
      ...{ phased: phased!, core, random: systemRandom, digest: nodeDigest },
    }, signal);
  return {
    ...{ root, members, round, region, peerOf, keysOf, begin },
    async [Symbol.asyncDispose]() {
      core[Symbol.dispose]();
      await root[Symbol.asyncDispose]();
    },
  };
}

const refuses = (code: ErrorCode) => (error: unknown) => isTributaryError(error, code);

/** Resolves once the root has the keys of so many. */
async function advertised({ store, id }: TestRoot, count: number): Promise<void> {
  const taken = async () => (await store.sliceNames(id, "phase/1/advertise/")).length;
  while (await taken() < count) await new Promise((resolve) => setTimeout(resolve, 0));
}

async function untouched(root: TestRoot, work: () => Promise<unknown>): Promise<void> {
  const before = await contentsOf(root.store, root.id);
  await work();
  assert.deepEqual(await contentsOf(root.store, root.id), before);
}

Deno.test("relay: messages that are malformed, of another round, of strangers or out of turn are refused by name, and nothing changes", async () => {
  await using it = await stage();
  const { root, members, region, peerOf, keysOf } = it;
  const [first, second] = members.map(({ identity }) => identity);
  const late = await testMember(root);
  const keys = await keysOf(first!);
  const call = (change: Partial<PhasePut> = {}): PhasePut => ({
    ...{ task: root.id, round: 1, member: first!.id, region, phase: "advertise" },
    ...{ message: keys.message, ...change },
  });
  // The root draws its secret with the first message.
  await peerOf(second!).put(call({ member: second!.id, message: (await keysOf(second!)).message }));
  const bytes = (length: number) => new Uint8Array(length);
  const cases: [ErrorCode, Partial<PhasePut>][] = [
    ["phase-malformed", { message: bytes(0) }],
    ["phase-malformed", { message: keys.message.slice(0, 90) }],
    ["phase-malformed", { message: new Uint8Array([...keys.message, 0]) }],
    ["signature-invalid", { message: (await keysOf(first!, { sid: "00".repeat(32) })).message }],
    ["signature-invalid", { message: (await keysOf(first!, { round: 2 })).message }],
    ["key-malformed", { message: (await keysOf(second!)).message }],
    ["body-too-long", { message: bytes(65_537) }],
    ["phase-closed", { phase: "share" }],
    ["phase-closed", { phase: "consistency" }],
    ["phase-closed", { phase: "unmask" }],
    ["round-unknown", { round: 2 }],
    ["round-closed", { round: 0 }],
    // It signs for itself alone, and passes on nobody's messages.
    ["signature-invalid", { member: second!.id }],
    ["bad-request", { isPassedOn: true }],
  ];
  for (const [code, change] of cases) {
    await untouched(
      root,
      () => assert.rejects(peerOf(first!).put(call(change)), refuses(code), JSON.stringify(change)),
    );
  }
  await untouched(root, async () => {
    const { message } = await keysOf(late.identity);
    const put = peerOf(late.identity).put(call({ member: late.identity.id, message }));
    await assert.rejects(put, refuses("not-asked"));
    const stranger = await generateIdentity();
    await assert.rejects(
      peerOf(stranger).put(call({ member: stranger.id })),
      refuses("member-unknown"),
    );
  });
  await peerOf(first!).put(call());
  await untouched(root, async () => {
    await peerOf(first!).put(call());
    const other = await keysOf(first!);
    await assert.rejects(
      peerOf(first!).put(call({ message: other.message })),
      refuses("phase-conflict"),
    );
  });
  assert.equal(partSigned(keys.message).payload.length, 97);
});

Deno.test("relay: requests that nobody signed, for phases that are none, and to tasks without phases are refused", async () => {
  await using it = await stage();
  const { root, members } = it;
  const at = (phase: string, task = root.id) =>
    `http://region.test${
      fillRoute(ROUTES.phase, { task, round: 1, phase, member: members[0]!.identity.id })
    }`;
  const code = async (url: string, method: string) =>
    await problemCode(await root.fetch(new Request(url, { method })));
  assert.equal(await code(at("advertise"), "PUT"), "signature-missing");
  assert.equal(await code(at("roster"), "GET"), "signature-missing");
  assert.equal(await code(at("roster"), "PUT"), "bad-request");
  assert.equal(await code(at("advertise"), "GET"), "bad-request");
  assert.equal(await code(at("advertise", "ab".repeat(32)), "PUT"), "task-unknown");
  await using plain = await testRoot();
  const answer = await plain.fetch(new Request(at("advertise", plain.id), { method: "PUT" }));
  assert.equal(await problemCode(answer), "not-found");
});

Deno.test("relay: a phase ends in time, and messages that come later have expired", async () => {
  await using it = await stage();
  const { root, members, region, peerOf, keysOf, begin } = it;
  const ids = members.map(({ identity }) => identity);
  const call = { task: root.id, round: 1, region } as const;
  const begun = ids.slice(0, 3).map((identity) => begin(identity));
  for (const one of begun) one.catch(() => {});
  await advertised(root, 3);
  root.clock.advance(ROUND_MS / 8);
  // The three go on with each other.
  for (const session of await Promise.all(begun)) assert.equal(typeof session.mask, "function");
  const { message } = await keysOf(ids[4]!);
  await untouched(root, async () => {
    const put = { ...call, phase: "advertise", member: ids[4]!.id, message } as const;
    await assert.rejects(peerOf(ids[4]!).put(put), refuses("phase-closed"));
    const get = { ...call, phase: "roster", member: ids[4]!.id, waitS: 0 } as const;
    await assert.rejects(peerOf(ids[4]!).get(get), refuses("not-asked"));
  });
});

Deno.test("relay: an update of a client that has not shared its keys is not taken", async () => {
  await using it = await stage();
  const { root, members, round, region, begin } = it;
  await Promise.all(
    members.slice(0, 4).map(({ identity }, at) =>
      at < 4 ? begin(identity).catch(() => {}) : undefined
    ).concat([(async () => {
      const taken = async () => (await root.store.sliceNames(root.id, "phase/1/advertise/")).length;
      while (await taken() < 4) await new Promise((resolve) => setTimeout(resolve, 0));
      root.clock.advance(ROUND_MS / 8);
    })()]),
  );
  const { identity, peer } = members[4]!;
  const parcel = new Uint8Array(12);
  const { slices, tree } = await slicesDigest(parcel, { sliceBytes: 1 << 20, digest: nodeDigest });
  const evidence = await encodeSubmission({
    ...{ task: root.id, round: 1, sid: await groupSession(round.sid, 0), identity },
    ...{ digest: tree, envelopes: [], hash: nodeDigest },
  });
  const whole = await slicesDigest(evidence, { sliceBytes: 1 << 20, digest: nodeDigest });
  await untouched(root, () =>
    assert.rejects(
      peer.putUpdate(root.id, {
        ...{ round: 1, sid: round.sid, clients: 1, parcel, slices, region },
        evidence: { bytes: evidence.length, digest: whole.tree, chunks: () => [evidence] },
      }),
      refuses("not-asked"),
    ));
});

Deno.test("relay: a round with too few clients fails by name, and the next one has another sid", async () => {
  await using it = await stage();
  const { root, members, round, begin, region, peerOf } = it;
  const { identity, peer } = members[0]!;
  const begun = begin(identity);
  begun.catch(() => {});
  await advertised(root, 1);
  root.clock.advance(ROUND_MS / 8);
  await assert.rejects(begun, refuses("survivors-missing"));
  root.clock.advance(ROUND_MS);
  const next = await openRound(peer, root.task, 1);
  assert.notEqual(next.sid, round.sid);
  const get = { task: root.id, round: 1, region, member: identity.id, waitS: 0 } as const;
  await assert.rejects(peerOf(identity).get({ ...get, phase: "roster" }), refuses("round-closed"));
  // Nothing of the round that failed is kept.
  const names = await root.store.sliceNames(root.id, "phase/1/");
  assert.deepEqual(names, []);
});
