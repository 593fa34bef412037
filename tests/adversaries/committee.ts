/**
 * Five helpers at work, as the apps that they are, and a round of clients and regions that have signed
 * what they sent: what a root that does not keep to the protocol has in its hands.
 *
 * @module
 */
import { createHelperApp } from "../../edge/helper/app.ts";
import { memoryHelperStore } from "../../edge/memory/mod.ts";
import { concatBytes, fromBase64Url, fromHex, toBase64Url, toHex } from "../../src/core/bytes.ts";
import { webDigest } from "../../src/core/digest.ts";
import type { Fetch } from "../../src/core/fetch.ts";
import { generateIdentity, type Identity, identityId } from "../../src/core/identity.ts";
import { systemRandom } from "../../src/core/random.ts";
import { envelopeBytes } from "../../src/mask/envelope.ts";
import { generateHelperKey } from "../../src/mask/helper_key.ts";
import type { Mask, MaskedParcel } from "../../src/mask/mask.ts";
import { maskOf } from "../../src/mask/registry.ts";
import { tensors } from "../../src/models/tensors.ts";
import { defineTask } from "../../src/task/define_task.ts";
import { parcelsOf, updateWords } from "../../src/update/plan.ts";
import { type AggregateCore, createAggregateCore } from "../../src/wasm/aggregate.ts";
import { inlineModule } from "../../src/wasm/inline.ts";
import { manualClock } from "../../src/wire/_testing.ts";
import { encodeBundle, encodeSubmission, evidenceFor } from "../../src/wire/evidence.ts";
import { evidenceSource } from "../../src/wire/evidence_source.ts";
import type { AskHead } from "../../src/wire/helper_head.ts";
import { createHelperPeer } from "../../src/wire/helper_peer.ts";
import type { HelperInfo } from "../../src/wire/mask_plan.ts";
import { membersRoot, type MemberUpdate, rosterRoot } from "../../src/wire/merkle.ts";
import type { Party } from "../../src/wire/party.ts";
import { groupSession, planDigest, sessionId } from "../../src/wire/session_id.ts";
import { type SignedTask, signTask, type Task, taskId, updatePlan } from "../../src/wire/task.ts";

const module = await inlineModule("aggregate");

/** Fewest clients that the committee's task opens a sum for. */
export const MIN = 3;

/** Helpers that serve a task, and its root. */
export interface CommitteeAtWork extends Disposable {
  readonly task: Task;
  readonly id: string;
  readonly signed: SignedTask;
  readonly root: Identity;
  readonly mask: Mask;
  readonly core: AggregateCore;
  /** Reaches all of them. */
  readonly fetch: Fetch;
  readonly clock: ReturnType<typeof manualClock>;
  /** Starts a helper again under its keys with an empty store: it colludes, or came back from nothing. */
  forget(helper: number): Promise<void>;
}

/** Somebody in a round, with what it sent. */
export interface Voucher {
  readonly identity: Identity;
  /** Tree digest of its parcel or sum. */
  readonly digest: Uint8Array;
  /** As regions pass it on. */
  readonly evidence: Uint8Array<ArrayBuffer>;
  /** Clients below it and their parcels' digests; itself for a client. */
  readonly below: readonly MemberUpdate[];
  /** A client's. */
  readonly parcel?: Uint8Array;
}

/** Which group of which round. */
export interface GroupRound {
  readonly round: number;
  readonly model: string;
  readonly beacon: string;
  readonly roster: readonly string[];
  readonly group: number;
  /** The group's. */
  readonly sid: string;
}

/** Five helpers in this process, of which four open a sum, and a task of two groups that names them. */
export async function startCommittee(): Promise<CommitteeAtWork> {
  const clock = manualClock();
  const root = await generateIdentity();
  const hosts = new Map<string, Fetch>();
  const starts: (() => void)[] = [];
  const helpers = await Promise.all([1, 2, 3, 4, 5].map(async (number) => {
    const [identity, key] = [await generateIdentity(), await generateHelperKey()];
    const host = `helper-${number}.test`;
    starts[number] = () => {
      const store = memoryHelperStore();
      const app = createHelperApp({ store, keys: [key], identity, module, clock });
      hosts.set(host, async (request) => await app.fetch(request));
    };
    starts[number]();
    return {
      url: `http://${host}`,
      key: toBase64Url(key.publicKey),
      identity: toBase64Url(identity.publicKey),
    };
  }));
  const task = defineTask({
    name: "asked",
    model: tensors({ tensors: { w: [20] } }),
    mask: { kind: "kahe1", helpers, min: MIN, groups: 2 },
    clients: { min: MIN, max: 100 },
    stop: { rounds: 3 },
  });
  const id = await taskId(task);
  const signed = await signTask(task, root);
  const core = createAggregateCore(module);
  const fetch: Fetch = async (request) => {
    const { host } = new URL(request.url);
    const answer = hosts.get(host);
    if (answer === undefined) throw new TypeError("connection refused");
    return await answer(request);
  };
  const serve = async (info: HelperInfo) => {
    const peer = createHelperPeer({ ...info, fetch, clock, random: systemRandom, identity: root });
    await peer.putTask(id, signed, { helper: await partyOf(info) });
  };
  await Promise.all(helpers.map(serve));
  return {
    ...{ task, id, signed, root, core, clock, fetch },
    mask: maskOf(task.mask, parcelsOf(updatePlan(task))),
    async forget(helper) {
      // Signatures from before a process began are refused.
      clock.advance(2000);
      starts[helper]!();
      clock.advance(2000);
      await serve(helpers[helper - 1]!);
    },
    [Symbol.dispose]: () => core[Symbol.dispose](),
  };
}

/** A round of a task, as its root opens it for a roster. */
export async function openGroup(
  { task, id }: CommitteeAtWork,
  roster: readonly Identity[],
  over: { readonly round?: number; readonly group?: number; readonly model?: string } = {},
): Promise<GroupRound> {
  const { round = 1, group = 0, model = "ab".repeat(32) } = over;
  const ids = roster.map(({ id }) => id);
  const beacon = toHex(systemRandom(32));
  const plan = await planDigest(task);
  const session = { task: id, round, model, plan, roster: await rosterRoot(ids), beacon };
  const sid = await groupSession(await sessionId(session), group);
  return { round, model, beacon, roster: ids, group, sid };
}

/** A client that sends the same value everywhere; `spoil` is what a bad one does to it. */
export async function clientIn(
  { mask, core, id, task }: CommitteeAtWork,
  { round, sid }: Pick<GroupRound, "round" | "sid">,
  { identity, value = 1, spoil = (same) => same }: {
    readonly identity: Identity;
    readonly value?: number;
    readonly spoil?: (masked: MaskedParcel) => MaskedParcel;
  },
): Promise<Voucher> {
  const words = new Uint32Array(updateWords(updatePlan(task))).fill(value);
  const context = {
    sid: fromHex(sid),
    client: identity.id,
    digest: webDigest,
    random: systemRandom,
  };
  const masked = spoil(await mask.mask(core, new Uint8Array(words.buffer), context));
  const { parcel, digest, envelopes } = masked;
  const said = { task: id, round, sid, identity, digest, envelopes, hash: webDigest };
  const evidence = await encodeSubmission(said);
  const below = [{ member: identity.id, digest: toHex(digest) }];
  return { identity, digest, evidence, below, parcel };
}

/** A region that vouches for members. */
export async function regionIn(
  { id }: CommitteeAtWork,
  { round, sid }: Pick<GroupRound, "round" | "sid">,
  { identity, members }: { readonly identity: Identity; readonly members: readonly Voucher[] },
): Promise<Voucher> {
  const sorted = byId(members);
  const digest = systemRandom(32);
  const said = sorted.map((it) => ({ member: it.identity.id, digest: toHex(it.digest) }));
  const below = sorted.flatMap((it) => it.below);
  const own = await encodeBundle({
    ...{ task: id, round, sid, identity, digest, count: sorted.length },
    clients: below.length,
    members: await membersRoot(said),
  });
  return { identity, digest, evidence: concatBytes([own, ...evidences(sorted)]), below };
}

/** In ascending order of ids. */
export function byId(vouchers: readonly Voucher[]): Voucher[] {
  return vouchers.toSorted((a, b) => a.identity.id < b.identity.id ? -1 : 1);
}

function evidences(vouchers: readonly Voucher[]): Uint8Array[] {
  return vouchers.map(({ evidence }) => evidence);
}

/** What a root asks one helper with. */
export interface AskOptions {
  readonly round: GroupRound;
  /** Top nodes, in this order. */
  readonly nodes: readonly Voucher[];
  readonly helper?: number;
  /** What it says of the set that is not so. */
  readonly lie?: Partial<AskHead>;
  /** Who signs it. */
  readonly by?: Identity;
  /** What becomes of the roster on the way. */
  readonly rosterOf?: (ids: readonly string[]) => readonly string[];
}

/** Asks a helper as a root would, or as one would that cheats; the share it answers. */
export async function ask(at: CommitteeAtWork, options: AskOptions): Promise<Uint8Array> {
  const { round, nodes, helper = 1, lie = {}, by = at.root, rosterOf = (ids) => ids } = options;
  const { helping } = at.mask;
  if (helping === undefined || !("helpers" in at.task.mask)) throw new TypeError("no helpers");
  const info = at.task.mask.helpers[helper - 1]!;
  const envelopes = helping.keys.map((_, i) => envelopeBytes(helping.shareBytes(i + 1)));
  const pieces: Uint8Array[] = [];
  for (const { evidence } of nodes) {
    const source = evidenceSource([evidence], evidence.length);
    for await (const piece of evidenceFor(helper, { source, envelopes, hash: webDigest })) {
      pieces.push(piece);
    }
  }
  const body = concatBytes(pieces);
  const ids = rosterOf(round.roster).toSorted((a, b) => a < b ? -1 : 1);
  const clients = nodes.flatMap(({ below }) => below);
  const head: AskHead = {
    ...{ task: at.id, round: round.round, group: round.group, sid: round.sid },
    ...{ model: round.model, beacon: round.beacon, helper },
    ...{ roster: ids.length, nodes: nodes.length, bytes: body.length, clients: clients.length },
    members: await membersRoot(clients),
    ...lie,
  };
  const rest = concatBytes([...ids.map(fromBase64Url), body]);
  const party = await partyOf(info);
  const peer = createHelperPeer({
    ...{ url: info.url, fetch: at.fetch, clock: at.clock, random: systemRandom },
    identity: by,
    retry: { attempts: 1, minMs: 0, maxMs: 0 },
  });
  const asked = {
    ...{ head, helper: party, shareBytes: helping.answerBytes, bytes: rest.length },
    async *rest() {
      yield rest;
    },
  };
  return await peer.ask(asked);
}

async function partyOf({ identity }: HelperInfo): Promise<Party> {
  return { id: await identityId(fromBase64Url(identity)), publicKey: identity };
}
