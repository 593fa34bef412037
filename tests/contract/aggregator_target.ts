/**
 * Aggregators behind a front: members that may send, and whole requests for each route.
 *
 * @module
 */
import { nativeDigest, serveAggregator, type ServedAggregator } from "../../edge/deno/mod.ts";
import { sumStrategy } from "../../edge/_testing.ts";
import type { Limits } from "../../edge/mod.ts";
import { memoryStore } from "../../edge/memory/mod.ts";
import { toBase64Url, utf8 } from "../../src/core/bytes.ts";
import type { Clock } from "../../src/core/clock.ts";
import { slicesDigest } from "../../src/core/digest.ts";
import { systemFetch } from "../../src/core/fetch.ts";
import { generateIdentity, type Identity } from "../../src/core/identity.ts";
import { systemRandom } from "../../src/core/random.ts";
import { createPeer, type Peer } from "../../src/wire/peer.ts";
import type { RoundInfo } from "../../src/wire/round_info.ts";
import { planDigest } from "../../src/wire/session_id.ts";
import { signedHeaders } from "../../src/wire/signing.ts";
import { signTask, type Task, taskId } from "../../src/wire/task.ts";
import { updateHeaders } from "../../src/wire/update_headers.ts";
import { memberBody, type Target, type Wanted, type Whole } from "./signing_front.ts";

/** Members that take turns. */
const MEMBERS = 4;

/** All that is sent comes from here: it is not the rate that is tested. */
const LIMITS: Partial<Limits> = { memberRate: { perS: 1e6, burst: 1e6 }, stallMs: 2000 };

/** An aggregator that runs, as a target. */
export interface AggregatorTarget extends Target, AsyncDisposable {}

async function serveRoot(task: Task, identity: Identity): Promise<ServedAggregator> {
  const root = await serveAggregator({
    ...{ store: memoryStore(), identity, limits: LIMITS, strategy: () => sumStrategy },
  });
  await root.ready;
  const shape = task.update.tensors[0]?.shape ?? [];
  const data = new Float32Array(shape.reduce((all, extent) => all * extent, 1));
  await root.aggregator.own({
    signed: await signTask(task, identity),
    model: { w: { shape, data } },
  });
  return root;
}

/** Starts a root that owns a task, or a region of one; a round is open once it is there. */
export async function aggregatorTarget(
  task: Task,
  { clock, role }: { readonly clock: Clock; readonly role: "root" | "region" },
): Promise<AggregatorTarget> {
  const identity = await generateIdentity();
  const words = task.update.tensors[0]?.shape[0] ?? 1;
  // A region has a root of its own: at one with members, a round would be open before it comes.
  const top = await serveRoot(task, role === "root" ? identity : await generateIdentity());
  const server = role === "root" ? top : await serveAggregator({
    ...{ store: memoryStore(), identity, limits: LIMITS, parent: { url: top.url } },
  });
  const { url } = server;
  await server.ready;
  const id = await taskId(task);
  const plan = await planDigest(task);
  const peerOf = (identity: Identity): Peer =>
    createPeer({ url, identity, clock, fetch: systemFetch, random: systemRandom });
  const { region } = await peerOf(identity).task(id);
  const members: Identity[] = [];
  let turn = 0;

  async function enrolAt(at: number): Promise<void> {
    const member = await generateIdentity();
    await peerOf(member).enrol(id, { kind: "client", size: 1, region });
    members[at] = member;
  }

  async function round(): Promise<RoundInfo | undefined> {
    return await peerOf(identity).round(id, { after: 0, waitS: 0, plan });
  }

  for (let at = 0; at < MEMBERS; at++) await enrolAt(at);
  while (await round() === undefined) await clock.sleep(20);

  return {
    url,
    id: identity.id,
    operator: identity,
    async subject() {
      const info = await round();
      const member = members[turn++ % MEMBERS] ?? identity;
      const open = info?.kind === "open"
        ? { round: info.round, sid: info.sid }
        : { round: 1, sid: "" };
      return {
        member,
        path: {
          ...{ tasks: id, rounds: String(open.round), models: "0" },
          ...{ members: member.id, updates: member.id, abstentions: member.id },
          revocations: member.id,
        },
        body: { ...memberBody(member), sid: open.sid, owner: toBase64Url(identity.publicKey) },
      };
    },
    async valid(wanted) {
      const info = await round();
      if (info?.kind !== "open") return undefined;
      return await validRequest(wanted, { sid: info.sid, members, words });
    },
    async answered({ method, path }, status) {
      if (status >= 300) return;
      const gone = members.findIndex((member) => path.includes(member.id));
      const leaves = method === "DELETE" && path.includes("/members/");
      const isRevoked = method === "PUT" && path.includes("/revocations/");
      if (gone >= 0 && (leaves || isRevoked)) await enrolAt(gone);
      if (method === "DELETE" && path.startsWith("/v1/work")) await workOn();
    },
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      if (top !== server) await top[Symbol.asyncDispose]();
    },
  };

  /** Takes back that it shall end. */
  async function workOn(): Promise<void> {
    const to = `${url}/v1/work?operator=${identity.id}`;
    const headers = await signedHeaders({ method: "PUT", url: to, headers: new Headers() }, {
      ...{ identity, region: identity.id, clock, random: systemRandom },
    });
    await (await fetch(to, { method: "PUT", headers })).body?.cancel();
  }
}

async function validRequest(
  { method, path }: Wanted,
  { sid, members, words }: {
    readonly sid: string;
    readonly members: readonly Identity[];
    readonly words: number;
  },
): Promise<Whole | undefined> {
  const [, , , , second] = path.split("/");
  const place = path.split("/")[6] ?? second;
  const member = members.find(({ id }) => path.includes(id));
  const json = (value: unknown): Whole => ({
    headers: new Headers({ "content-type": "application/json" }),
    body: utf8(JSON.stringify(value)),
  });
  if (method === "PUT" && place === "abstentions") return json({ sid });
  if (method === "PUT" && place === "members" && member !== undefined) {
    return json(memberBody(member));
  }
  if (method === "POST" && place === "tickets") return json({ count: 1, seconds: 60 });
  if (method === "PUT" && place === "revocations") return json({ release: true });
  if ((method === "PUT" || method === "PATCH") && place === "updates") {
    const parcel = new Uint8Array(words * 4);
    const { slices, tree } = await slicesDigest(parcel, {
      sliceBytes: 1 << 20,
      digest: nativeDigest,
    });
    const head = {
      bytes: parcel.length,
      digest: tree,
      slices,
      sid,
      clients: 1,
      members: undefined,
    };
    const piece = method === "PATCH"
      ? { offset: 0, bytes: parcel.length, isLast: true }
      : undefined;
    return { headers: updateHeaders({ ...head, ...(piece && { piece }) }), body: parcel };
  }
  return undefined;
}
