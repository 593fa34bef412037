/**
 * What the tests of helpers share: a committee in this process, a task that names it, and a group of
 * clients whose masked parcels were added up.
 *
 * @module
 */
import { concatBytes, fromHex, toBase64Url, toHex, utf8 } from "../../src/core/bytes.ts";
import type { Fetch } from "../../src/core/fetch.ts";
import { generateIdentity, type Identity } from "../../src/core/identity.ts";
import { systemRandom } from "../../src/core/random.ts";
import type { EnvelopeBinding } from "../../src/mask/envelope.ts";
import { generateHelperKey, type HelperKey } from "../../src/mask/helper_key.ts";
import type { Mask } from "../../src/mask/mask.ts";
import { maskOf } from "../../src/mask/registry.ts";
import { parcelsOf } from "../../src/update/plan.ts";
import { createAggregateCore } from "../../src/wasm/aggregate.ts";
import { manualClock } from "../../src/wire/_testing.ts";
import { digestField } from "../../src/wire/content_digest.ts";
import { encodeBundle, encodeSubmission } from "../../src/wire/evidence.ts";
import { type AskHead, framed, HEAD_FIELD } from "../../src/wire/helper_head.ts";
import { createHelperPeer } from "../../src/wire/helper_peer.ts";
import type { MaskPlan } from "../../src/wire/mask_plan.ts";
import { membersRoot, rosterRoot } from "../../src/wire/merkle.ts";
import { fillRoute, ROUTES } from "../../src/wire/routes.ts";
import { groupSession, planDigest, sessionId } from "../../src/wire/session_id.ts";
import { signedHeaders } from "../../src/wire/signing.ts";
import { type SignedTask, signTask, type Task, taskId, updatePlan } from "../../src/wire/task.ts";
import { module, nodeDigest, testTask } from "../_testing.ts";
import { type GroupToOpen, prepareAsk } from "../root/group_to_open.ts";
import { memoryHelperStore } from "../memory/helper_store.ts";
import { createHelperApp, type HelperAppOptions } from "./app.ts";
import type { HelperStore } from "./store.ts";

/** One helper: its keys, its store, and how it is reached. */
export interface TestHelper {
  readonly url: string;
  readonly identity: Identity;
  readonly key: HelperKey;
  readonly store: HelperStore;
  readonly app: ReturnType<typeof createHelperApp>;
  /** The same helper in another process. */
  restart(change?: Partial<HelperAppOptions>): void;
}

/** A committee, an owner and a task that names them. */
export interface TestCommittee {
  readonly owner: Identity;
  readonly helpers: readonly TestHelper[];
  readonly signed: SignedTask;
  readonly task: Task;
  readonly id: string;
  readonly mask: Mask;
  readonly clock: ReturnType<typeof manualClock>;
  /** Reaches the helpers by their addresses. */
  readonly fetch: Fetch;
}

/** What tests choose of a committee. */
export interface CommitteeOptions {
  /** How many helpers; 5 by default. */
  readonly size?: number;
  /** Changes the task's mask. */
  readonly mask?: Partial<Extract<MaskPlan, { kind: "kahe1" }>>;
  /** Changes the task. */
  readonly task?: Partial<Task>;
  /** Values of the update. */
  readonly words?: number;
  /** Changes what each helper is made of. */
  readonly app?: Partial<HelperAppOptions>;
}

/** Helpers in memory, unless the options say otherwise, and a task of kahe1 that names them. */
export async function testCommittee(options: CommitteeOptions = {}): Promise<TestCommittee> {
  const { size = 5, words = 4 } = options;
  const clock = manualClock();
  const helpers = await Promise.all(
    Array.from(
      { length: size },
      (_, at) => testHelper(`http://helper${at + 1}.test`, clock, options),
    ),
  );
  const owner = await generateIdentity();
  const threshold = Math.floor((size + Math.floor(size / 2)) / 2) + 1;
  const task = testTask(words, {
    clients: { min: 2, max: 100 },
    update: { ...testTask(words).update, slotBits: 20 },
    ...options.task,
    mask: {
      kind: "kahe1",
      helpers: helpers.map(({ url, key, identity }) => ({
        url,
        key: toBase64Url(key.publicKey),
        identity: toBase64Url(identity.publicKey),
      })),
      threshold,
      colluding: Math.floor(size / 2),
      min: 2,
      groups: 1,
      ...options.mask,
    },
  });
  return {
    owner,
    helpers,
    task,
    signed: await signTask(task, owner),
    id: await taskId(task),
    mask: maskOf(task.mask, parcelsOf(updatePlan(task))),
    clock,
    fetch: async (request) => {
      const helper = helpers.find(({ url }) => request.url.startsWith(`${url}/`));
      if (helper === undefined) throw new TypeError(`no helper at ${request.url}`);
      return await helper.app.fetch(request);
    },
  };
}

async function testHelper(
  url: string,
  clock: TestCommittee["clock"],
  options: CommitteeOptions,
): Promise<TestHelper> {
  const [identity, key] = await Promise.all([generateIdentity(), generateHelperKey()]);
  const store = options.app?.store ?? memoryHelperStore();
  const given = { keys: [key], identity, module, clock, digest: nodeDigest, ...options.app, store };
  let app = createHelperApp(given);
  // What is signed in the second in which a helper starts has to be signed again.
  clock.advance(1000);
  return {
    url,
    identity,
    key,
    store,
    get app() {
      return app;
    },
    restart(change = {}) {
      app = createHelperApp({ ...given, ...change });
      clock.advance(1000);
    },
  };
}

/** A client of a group, and what it has sent. */
export interface TestClient {
  readonly identity: Identity;
  readonly words: readonly number[];
  readonly parcel: Uint8Array;
  readonly digest: Uint8Array;
  readonly envelopes: readonly Uint8Array[];
  readonly evidence: Uint8Array;
}

/** What tests choose of a group. */
export interface GroupOptions {
  readonly round?: number;
  readonly group?: number;
  readonly beacon?: string;
  /** Clients by the region that they are below; those of the first list are the root's own. */
  readonly tree?: readonly number[];
  /** Leaves the first client off the roster. */
  readonly uninvited?: boolean;
  /** Has all regions speak for the first one's clients as well. */
  readonly shared?: boolean;
  /** Changes the envelopes that a client signs, by its place. */
  readonly spoil?: (
    envelopes: readonly Uint8Array<ArrayBuffer>[],
    at: number,
    binding: Omit<EnvelopeBinding, "helper">,
  ) => readonly Uint8Array<ArrayBuffer>[] | Promise<readonly Uint8Array<ArrayBuffer>[]>;
}

/** A group that may be opened, and who is in it. */
export interface TestGroup extends GroupToOpen {
  readonly members: readonly TestClient[];
  /** What opening it must give. */
  readonly expected: readonly number[];
}

/** Clients that mask, sign and send, and regions that bundle them: what a root has of a group then. */
export async function testGroup(
  committee: TestCommittee,
  options: GroupOptions = {},
): Promise<TestGroup> {
  const { id: task, mask, signed } = committee;
  const { round = 1, group = 0, tree = [3], beacon = "b7".repeat(32) } = options;
  const identities = await Promise.all(
    tree.map((count) => Promise.all(Array.from({ length: count }, () => generateIdentity()))),
  );
  const regions = await Promise.all(tree.slice(1).map(() => generateIdentity()));
  const invited = (identities[0] ?? []).slice(options.uninvited === true ? 1 : 0);
  const roster = [...invited, ...regions, await generateIdentity()].map(({ id }) => id);
  const model = "3d".repeat(32);
  const session = {
    ...{ task, round, model, beacon },
    plan: await planDigest(signed.task),
    roster: await rosterRoot(roster),
  };
  const sid = await groupSession(await sessionId(session), group);
  const said = { task, round, sid };
  using core = createAggregateCore(module);
  let place = 0;
  const lists: TestClient[][] = [];
  for (const list of identities) {
    const clients: TestClient[] = [];
    for (const identity of list) {
      clients.push(await testClient(core, { ...said, mask, identity, at: place++, options }));
    }
    lists.push(clients.sort((a, b) => a.identity.id < b.identity.id ? -1 : 1));
  }
  const bundles = await Promise.all(regions.map(async (identity, at) => {
    const clients = lists[options.shared === true ? 1 : at + 1] ?? [];
    const members = await membersRoot(
      clients.map(({ identity, digest }) => ({ member: identity.id, digest: toHex(digest) })),
    );
    const digest = await nodeDigest(identity.publicKey);
    const own = { ...said, identity, digest, members, clients: clients.length };
    const bundle = await encodeBundle({ ...own, count: clients.length });
    return { identity, evidence: concatBytes([bundle, ...clients.map((one) => one.evidence)]) };
  }));
  const top = [...lists[0] ?? [], ...bundles]
    .sort((a, b) => a.identity.id < b.identity.id ? -1 : 1);
  const members = lists.flat();
  return {
    ...{ signed, task, round, group, sid, model, beacon, roster, mask },
    nodes: top.length,
    clients: members.length,
    evidence: () => piecesOf(concatBytes(top.map(({ evidence }) => evidence))),
    sum: sumOf(mask, members),
    members,
    expected: Array.from(
      { length: members[0]?.words.length ?? 0 },
      (_, at) => members.reduce((sum, { words }) => sum + (words[at] ?? 0), 0),
    ),
  };
}

async function testClient(
  core: ReturnType<typeof createAggregateCore>,
  { task, round, sid, mask, identity, at, options }: {
    readonly task: string;
    readonly round: number;
    readonly sid: string;
    readonly mask: Mask;
    readonly identity: Identity;
    readonly at: number;
    readonly options: GroupOptions;
  },
): Promise<TestClient> {
  const words = [at, 1, 10 * at, 7];
  const masked = await mask.mask(core, new Uint8Array(Uint32Array.from(words).buffer), {
    sid: fromHex(sid),
    client: identity.id,
    digest: nodeDigest,
    random: systemRandom,
  });
  const { parcel, digest } = masked;
  const binding = { sid: fromHex(sid), client: identity.id, parcel: digest };
  const envelopes = await options.spoil?.(masked.envelopes, at, binding) ?? masked.envelopes;
  const evidence = await encodeSubmission({
    ...{ task, round, sid, identity, digest, envelopes },
    hash: nodeDigest,
  });
  return { identity, words, parcel, digest, envelopes, evidence };
}

function sumOf({ ring, parcelBytes }: Mask, clients: readonly TestClient[]): Uint8Array {
  using core = createAggregateCore(module);
  const [acc, scratch] = [core.memory.alloc(parcelBytes), core.memory.alloc(parcelBytes)];
  core.memory.u8(acc).fill(0);
  for (const { parcel } of clients) {
    core.memory.u8(scratch).set(parcel);
    ring.add(core, acc, scratch);
  }
  return core.memory.u8(acc).slice();
}

/** Bytes cut where no node ends. */
async function* piecesOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 5003) yield bytes.subarray(at, at + 5003);
}

/** What a test changes of an ask. */
export interface AskChange {
  /** Which helper is asked, from 1; the first by default. */
  readonly helper?: number;
  /** Changes the head before it is signed. */
  readonly head?: Partial<AskHead>;
  /** Changes roster and nodes. */
  readonly rest?: (bytes: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>;
  /** Who signs the request; the owner by default. */
  readonly signer?: Identity;
  /** Changes headers after they were signed. */
  readonly headers?: (headers: Headers) => void;
  /** Makes the body of all its bytes. */
  readonly body?: (bytes: Uint8Array<ArrayBuffer>) => BodyInit;
}

/** A root's request to a helper, with whatever a test has it say. */
export async function askRequest(
  committee: TestCommittee,
  group: GroupToOpen,
  change: AskChange = {},
): Promise<Request> {
  const { helping } = committee.mask;
  if (helping === undefined) throw new Error("no helpers");
  const number = change.helper ?? 1;
  const prepared = await prepareAsk(group, { helping, digest: nodeDigest });
  const sent = concatBytes(await Array.fromAsync(prepared.rest(number)));
  const rest = change.rest?.(sent) ?? sent;
  const bytes = prepared.nodeBytes(number) + rest.length - sent.length;
  const first = utf8(
    JSON.stringify({ ...prepared.head, helper: number, bytes, ...change.head }),
  );
  const helper = committee.helpers[number - 1];
  const url = `${helper?.url}${fillRoute(ROUTES.answers, { task: committee.id })}`;
  const headers = await signedHeaders({
    method: "POST",
    url,
    headers: new Headers({ [HEAD_FIELD]: digestField(nodeDigest(first) as Uint8Array) }),
  }, {
    identity: change.signer ?? committee.owner,
    region: helper?.identity.id ?? "",
    clock: committee.clock,
    random: systemRandom,
  });
  change.headers?.(headers);
  const whole = framed(first, rest);
  return new Request(url, { method: "POST", headers, body: change.body?.(whole) ?? whole });
}

/** Sends an ask; the status and code of a refusal, or the answer's bytes. */
export async function ask(
  committee: TestCommittee,
  group: GroupToOpen,
  change: AskChange = {},
): Promise<{ readonly code?: string; readonly detail?: string; readonly bytes?: Uint8Array }> {
  const response = await committee.fetch(await askRequest(committee, group, change));
  if (response.ok) return { bytes: await response.bytes() };
  const { code, detail } = await response.json();
  return { code, detail };
}

/** Has all helpers serve the task. */
export async function putTask(committee: TestCommittee): Promise<void> {
  const { owner: identity, fetch, clock, id, signed } = committee;
  for (const { url, identity: { id: member, publicKey } } of committee.helpers) {
    const helper = { id: member, publicKey: toBase64Url(publicKey) };
    await createHelperPeer({ url, fetch, identity, clock, random: systemRandom })
      .putTask(id, signed, { helper });
  }
}
