import assert from "node:assert/strict";
import { fromBase64Url, fromHex, toBase64Url } from "../src/core/bytes.ts";
import { slicesDigest } from "../src/core/digest.ts";
import { generateIdentity, type Identity } from "../src/core/identity.ts";
import { decodeSafetensors } from "../src/core/safetensors.ts";
import { systemRandom } from "../src/core/random.ts";
import { sealShare } from "../src/mask/envelope.ts";
import { kahe1Shape } from "../src/mask/kahe1_shape.ts";
import { maskParcel } from "../src/mask/kahe1_work.ts";
import { publicSeed } from "../src/mask/public_seed.ts";
import { createUpdateChain } from "../src/update/chain.ts";
import { createAggregateCore } from "../src/wasm/aggregate.ts";
import { encodeSubmission } from "../src/wire/evidence.ts";
import type { LogEvent } from "../src/wire/log.ts";
import { helpersOf } from "../src/wire/mask_plan.ts";
import type { OpenRound } from "../src/wire/round_info.ts";
import { groupSession, planDigest } from "../src/wire/session_id.ts";
import { type Task, updatePlan } from "../src/wire/task.ts";
import { verifyLog } from "../src/wire/verify_log.ts";
import { maskedUpload, without } from "./_masked_testing.ts";
import { module, nodeDigest, parcelOf, testPeer, type TestRoot, testRoot } from "./_testing.ts";
import { type TestCommittee, testCommittee } from "./helper/_testing.ts";

const CLIENTS = 8;

type Upload = Awaited<ReturnType<typeof maskedUpload>>;
/** Makes what a client sends of what an honest one would. */
type Spoil = (
  upload: Upload,
  of: { readonly identity: Identity; readonly round: OpenRound; readonly task: Task },
) => Promise<Upload>;

interface Run {
  readonly root: TestRoot;
  readonly committee: TestCommittee;
  readonly clients: readonly Identity[];
}

/** A root whose eight clients have all enrolled, with groups of at least two. */
async function eight(
  { groups = 2, lost = [], min = 4 }: {
    readonly groups?: number;
    readonly lost?: readonly number[];
    readonly min?: number;
  } = {},
): Promise<Run> {
  const committee = await testCommittee({ mask: { groups, min: 2 } });
  const { mask, update } = committee.task;
  const urls = lost.map((at) => committee.helpers[at]!.url);
  const root = await testRoot({
    task: { mask, update, clients: { min, max: 100 }, stop: { rounds: 1 } },
    fetch: without(committee.fetch, urls),
    clock: committee.clock,
  });
  const clients = await Promise.all(Array.from({ length: CLIENTS }, () => generateIdentity()));
  for (const identity of clients) {
    const peer = testPeer(root, identity);
    const { region } = await peer.task(root.id);
    await peer.enrol(root.id, { kind: "client", size: 1, region });
  }
  return { root, committee, clients };
}

const wordsOf = (at: number) => [at + 1, 2 * at, 1000 + at, 8190 - at];

/** What a member is told of the first round that all clients are in. */
async function roundOfAll({ root, clients }: Run, identity: Identity): Promise<OpenRound> {
  const plan = await planDigest(root.task);
  const peer = testPeer(root, identity);
  const { region } = await peer.task(root.id);
  for (let after = 0;;) {
    const round = await peer.round(root.id, { after, waitS: 60, plan, as: { region } });
    if (round?.kind !== "open") throw new Error("the task is over");
    const asked = (await root.store.sliceNames(root.id, "shares/")).at(-1)!;
    const slice = await root.store.slice(root.id, asked, 0);
    if (slice!.length / 55 === clients.length) return round;
    // Opened before all had enrolled: it is waited for its end.
    after = round.round;
    root.clock.advance(root.task.roundMs);
  }
}

/** All clients send; what the log says of the round then. */
async function play(run: Run, spoil: (at: number) => Spoil | undefined) {
  const { root, clients } = run;
  const { task } = root;
  const groups: number[] = [];
  let number = 0;
  for (const [at, identity] of clients.entries()) {
    const round = await roundOfAll(run, identity);
    const honest = await maskedUpload(task, { identity, round, words: wordsOf(at) });
    const upload = await spoil(at)?.(honest, { identity, round, task }) ?? honest;
    const peer = testPeer(root, identity);
    const { region } = await peer.task(root.id);
    await peer.putUpdate(root.id, { ...upload, region });
    groups.push(round.group!);
    number = round.round;
  }
  const peer = testPeer(root, clients[0]!);
  let event: LogEvent | undefined;
  while (event === undefined) {
    root.clock.advance(1000);
    await new Promise((resolve) => setTimeout(resolve, 0));
    const { entries } = await peer.log(root.id, { from: 0 });
    event = entries.map(({ body }) => body.event)
      .find((it) => "round" in it && it.round === number && it.kind !== "finished");
  }
  const { entries } = await peer.log(root.id, { from: 0 });
  const signer = toBase64Url(root.identity.publicKey);
  const log = await verifyLog(entries, { task, signer });
  const { tensors } = decodeSafetensors(await peer.model(root.id, log.model!));
  await root[Symbol.asyncDispose]();
  return { event, groups, log, model: tensors.w!.data };
}

/** The model that the sum of these clients gives. */
function modelOf(task: Task, clients: readonly number[]): Float32Array {
  using core = createAggregateCore(module);
  const sum = new Uint32Array(4);
  for (const at of clients) for (const [i, word] of wordsOf(at).entries()) sum[i]! += word;
  const chain = createUpdateChain(core, updatePlan(task));
  return chain.decode(new Uint8Array(sum.buffer), clients.length).w!.data;
}

/** Evidence for a parcel, by whoever has the key of the client. */
async function prove(
  parcel: Uint8Array<ArrayBuffer>,
  envelopes: readonly Uint8Array<ArrayBuffer>[],
  { identity, round, id }: {
    readonly identity: Identity;
    readonly round: OpenRound;
    readonly id: string;
  },
): Promise<Upload> {
  const sid = await groupSession(round.sid, round.group!);
  const { slices, tree } = await slicesDigest(parcel, { sliceBytes: 1 << 20, digest: nodeDigest });
  const bytes = await encodeSubmission({
    ...{ task: id, round: round.round, sid, identity, digest: tree, envelopes, hash: nodeDigest },
  });
  const digest = (await slicesDigest(bytes, { sliceBytes: 1 << 20, digest: nodeDigest })).tree;
  return {
    ...{ round: round.round, sid: round.sid, clients: 1, parcel, slices },
    evidence: { bytes: bytes.length, digest, chunks: () => [bytes] },
  };
}

/** A client whose shares are of another key than its parcel's: all else about it is in order. */
function strayKey(id: string): Spoil {
  return async (upload, { identity, round, task }) => {
    using core = createAggregateCore(module);
    const sid = fromHex(await groupSession(round.sid, round.group!));
    const { shares } = maskParcel(core, kahe1Shape(20), {
      ...{ parcel: parcelOf([1, 2, 3, 4]), parcelBytes: upload.parcel.length },
      ...{ seed: await publicSeed(sid), random: systemRandom, helpers: 5, threshold: 4 },
    });
    const { tree } = await slicesDigest(upload.parcel, {
      sliceBytes: 1 << 20,
      digest: nodeDigest,
    });
    const envelopes = await Promise.all(
      helpersOf(task.mask).map(({ key }, at) => {
        const binding = { sid, client: identity.id, helper: at + 1, parcel: tree };
        return sealShare(shares[at]!, fromBase64Url(key), binding);
      }),
    );
    return await prove(upload.parcel, envelopes, { identity, round, id });
  };
}

/** A client that seals garbage to some helpers, and signs it. */
function spoiltEnvelopes(id: string, helpers: readonly number[]): Spoil {
  return async (upload, { identity, round }) => {
    const [bytes] = [...upload.evidence!.chunks() as Iterable<Uint8Array<ArrayBuffer>>];
    let from = 129;
    const envelopes = [114, 114, 114, 8274, 8274].map((length, at) => {
      const envelope = bytes!.slice(from, from += length);
      if (helpers.includes(at)) envelope[length - 1]! ^= 1;
      return envelope;
    });
    return await prove(upload.parcel, envelopes, { identity, round, id });
  };
}

Deno.test("masked groups: eight honest clients in two groups, and the model of all", async () => {
  const run = await eight();
  const { event, groups, model, log } = await play(run, () => undefined);
  assert.equal(event.kind, "published");
  assert.equal(log.clients, CLIENTS);
  assert.deepEqual([...groups].sort(), [0, 0, 0, 0, 1, 1, 1, 1]);
  assert.deepEqual(model, modelOf(run.root.task, [0, 1, 2, 3, 4, 5, 6, 7]));
});

for (
  const [what, spoil, code] of [
    ["whose key is not its parcel's", strayKey, "noise-excessive"],
    [
      "that seals garbage to two helpers",
      (id: string) => spoiltEnvelopes(id, [1, 4]),
      "envelope-refused",
    ],
  ] as const
) {
  Deno.test(`masked groups: a client ${what} costs its group and no other`, async () => {
    const run = await eight();
    const { event, groups, model } = await play(
      run,
      (at) => at === 3 ? spoil(run.root.id) : undefined,
    );
    assert.ok(event.kind === "published");
    const lost = groups[3]!;
    assert.deepEqual(
      event.groups!.map(({ group, clients, outcome }) => [group, clients, outcome]),
      [
        [0, 4, lost === 0 ? code : "opened"],
        [1, 4, lost === 1 ? code : "opened"],
      ],
    );
    assert.equal(event.clients, 4);
    assert.equal(event.updates, 4);
    const kept = groups.flatMap((group, at) => group === lost ? [] : [at]);
    assert.deepEqual(model, modelOf(run.root.task, kept));
  });
}

Deno.test("masked groups: garbage for one helper costs nothing, as the others are enough", async () => {
  const run = await eight();
  const { event, model } = await play(
    run,
    (at) => at === 3 ? spoiltEnvelopes(run.root.id, [2]) : undefined,
  );
  assert.equal(event.kind, "published");
  assert.deepEqual(model, modelOf(run.root.task, [0, 1, 2, 3, 4, 5, 6, 7]));
});

Deno.test("masked groups: with too few clients left the round is abandoned, and says what became of each group", async () => {
  const run = await eight({ min: 5 });
  const { event, log } = await play(run, (at) => at === 3 ? strayKey(run.root.id) : undefined);
  assert.ok(event.kind === "abandoned");
  assert.equal(event.reason, "too-few-opened");
  assert.equal(event.clients, CLIENTS);
  assert.deepEqual(event.groups!.map(({ outcome }) => outcome).sort(), [
    "noise-excessive",
    "opened",
  ]);
  assert.equal(log.model!.version, 0);
});

Deno.test("masked groups: as many helpers may be lost as are spare, and the model is that of all", async () => {
  const run = await eight({ lost: [2], groups: 1 });
  const { event, model } = await play(run, () => undefined);
  assert.equal(event.kind, "published");
  assert.deepEqual(model, modelOf(run.root.task, [0, 1, 2, 3, 4, 5, 6, 7]));
});

Deno.test("masked groups: with one helper more lost the round is abandoned, and the model stays", async () => {
  const run = await eight({ lost: [2, 4] });
  const { event, log } = await play(run, () => undefined);
  assert.ok(event.kind === "abandoned");
  assert.equal(event.reason, "too-few-opened");
  assert.deepEqual(event.groups!.map(({ outcome }) => outcome), [
    "shares-missing",
    "shares-missing",
  ]);
  assert.equal(log.model!.version, 0);
});
