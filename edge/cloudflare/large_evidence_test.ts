import assert from "node:assert/strict";
import { type Clock, systemClock } from "../../src/core/clock.ts";
import { slicesDigest } from "../../src/core/digest.ts";
import { systemFetch } from "../../src/core/fetch.ts";
import { generateIdentity, type Identity } from "../../src/core/identity.ts";
import { systemRandom } from "../../src/core/random.ts";
import { encodeSubmission } from "../../src/wire/evidence.ts";
import type { Party } from "../../src/wire/party.ts";
import { createPeer, type Peer } from "../../src/wire/peer.ts";
import { groupOf, type OpenRound } from "../../src/wire/round_info.ts";
import { groupSession, planDigest } from "../../src/wire/session_id.ts";
import { nodeDigest, parcelDigest, sumStrategy } from "../_testing.ts";
import { serveAggregator } from "../deno/serve.ts";
import { type TestCommittee, testCommittee } from "../helper/_testing.ts";
import { memoryStore } from "../memory/mod.ts";
import { canRunWorkerd } from "./_testing.ts";
import { startRegion } from "./_tree_testing.ts";

const [CLIENTS, WORDS] = [520, 5];

/** What a client seals to its five helpers is bytes to all others. */
const ENVELOPES = [114, 114, 114, 8274, 8274].map((length) => systemRandom(length));

/** Bodies that are longer are sent as streams. */
const HELD_BYTES = 8 << 20;

Deno.test({
  name: "large evidence: a region in workerd forwards more than eight megabytes of it",
  ignore: !await canRunWorkerd(),
  // Miniflare ends its own thread, and removes its own folder, some time after a worker is disposed of.
  sanitizeOps: false,
  sanitizeResources: false,
  async fn() {
    const clock = systemClock();
    const committee = await testCommittee({
      words: WORDS,
      task: { clients: { min: CLIENTS, max: 1000 }, stop: { rounds: 1 } },
      app: { clock },
    });
    const store = memoryStore();
    const received = Promise.withResolvers<number>();
    await using root = await serveAggregator({
      ...{ store, identity: committee.owner, fetch: committee.fetch },
      strategy: () => sumStrategy,
      logger: (line) => line.kind === "upload" && received.resolve(line.bytes),
    });
    const model = { w: { shape: [WORDS], data: new Float32Array(WORDS) } };
    await root.aggregator.own({ signed: committee.signed, model });
    const folder = await Deno.makeTempDir();
    try {
      await using region = await startRegion(folder, `${root.url}/v1/tasks/${committee.id}`);
      await sendAll(region.url, committee, clock);
      const bytes = await received.promise;
      assert.ok(bytes > HELD_BYTES, `${bytes}`);
      const [row] = await store.updates(committee.id, 1);
      assert.equal(row!.clients, CLIENTS);
      // The parcel's own 16 KiB, and what proves whose it is.
      assert.equal(row!.evidence!.bytes, bytes - 16_384);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

/** Every client enrols, and sends a parcel of zeros in the round that then begins. */
async function sendAll(url: string, { id, task }: TestCommittee, clock: Clock): Promise<void> {
  const peerOf = (identity: Identity): Peer =>
    createPeer({
      ...{ url, fetch: systemFetch, identity, clock, random: systemRandom, digest: nodeDigest },
      retry: { attempts: 50, minMs: 50, maxMs: 200 },
    });
  const clients = await Promise.all(Array.from({ length: CLIENTS }, () => generateIdentity()));
  const first = peerOf(clients[0]!);
  const { region } = await first.task(id);
  await inTurns(clients, (client) => peerOf(client).enrol(id, { kind: "client", size: 1, region }));
  // A region's clients are all in its group.
  const plan = await planDigest(task);
  const info = await first.round(id, { after: 0, waitS: 60, plan, as: { region } });
  assert.ok(info?.kind === "open");
  await inTurns(clients, (client) => send(peerOf(client), { client, info, region }));

  async function send(peer: Peer, { client, info, region }: Sending): Promise<void> {
    const parcel = new Uint8Array(16_384);
    const { slices, tree } = await parcelDigest(parcel);
    const sid = await groupSession(info.sid, groupOf(info, task.mask));
    const evidence = await encodeSubmission({
      ...{ task: id, round: info.round, sid, identity: client, digest: tree },
      ...{ envelopes: ENVELOPES, hash: nodeDigest },
    });
    const { tree: digest } = await slicesDigest(evidence, {
      sliceBytes: 1 << 20,
      digest: nodeDigest,
    });
    await peer.putUpdate(id, {
      ...{ round: info.round, sid: info.sid, clients: 1, parcel, slices, region },
      evidence: { bytes: evidence.length, digest, chunks: () => [evidence] },
    });
  }
}

interface Sending {
  readonly client: Identity;
  readonly info: OpenRound;
  readonly region: Party;
}

/** Sixteen at a time. */
async function inTurns<T>(items: readonly T[], run: (item: T) => Promise<unknown>): Promise<void> {
  for (let at = 0; at < items.length; at += 16) {
    await Promise.all(items.slice(at, at + 16).map(run));
  }
}
