/**
 * The one HTTP client of the protocol: what a client, a region and the command line all speak to an
 * aggregator with. It checks everything that comes back, and tries again what may pass.
 *
 * @module
 */
import { equalBytes, fromBase64Url, fromHex, toBase64Url, utf8 } from "../core/bytes.ts";
import { treeDigest, webDigest } from "../core/digest.ts";
import { identityId } from "../core/identity.ts";
import type { Abstention } from "./abstention.ts";
import {
  type CallOptions,
  createCaller,
  expectEqual,
  invalid,
  jsonHeaders,
  type PeerOptions,
  readJson,
  signalOf,
  transferMs,
} from "./call.ts";
import { bodyChunks, readBody } from "./fetch.ts";
import { type LogPage, logPageSchema } from "./log.ts";
import { type Enrolment, type Membership, membershipSchema, type Party } from "./party.ts";
import { type ModelSlices, otherModel, takeModel } from "./model_slices.ts";
import type { Receipt } from "./receipt.ts";
import { type ModelInfo, type RoundInfo, roundInfoSchema } from "./round_info.ts";
import { fillRoute, ROUTES } from "./routes.ts";
import { checkSession } from "./session_id.ts";
import { type Status, statusSchema } from "./status.ts";
import type { Succession } from "./succession.ts";
import {
  type TaskList,
  taskListSchema,
  type TaskOffer,
  taskOfferSchema,
  verifyTask,
} from "./task.ts";
import { sendUpdate } from "./send_update.ts";
import type { SlicedParcel, UploadEvidence } from "./upload_body.ts";

export {
  type CallOptions,
  DEFAULT_RETRY,
  isRetryable,
  type PeerOptions,
  retryAfterMs,
  type RetryPolicy,
} from "./call.ts";

/** How to enrol. */
export interface EnrolOptions extends CallOptions {
  /** A client, or a region with so many clients. */
  readonly kind: Enrolment["kind"];
  /** 1 for a client. */
  readonly size: number;
  /** The aggregator as its offer named it. */
  readonly region: Party;
  /** Whose membership a region takes over. */
  readonly succeeds?: Succession;
  /** Token of an aggregator that asks for one. */
  readonly token?: string;
}

/** How to leave. */
export interface LeaveOptions extends CallOptions {
  /** The aggregator as its offer named it. */
  readonly region: Party;
}

/** A member that asks for a round. */
export interface Asker {
  /** The aggregator as its offer named it. */
  readonly region: Party;
  /** A region's clients that are at hand, where the task samples by that; else one. */
  readonly available?: number;
  /** Clients that a region has enrolled for: refused as `member-unknown` if it is known for others. */
  readonly size?: number;
}

/** Which round to wait for. */
export interface RoundOptions extends CallOptions {
  /** Number of the last round known; the answer's is above it. */
  readonly after: number;
  /** Seconds that the aggregator may hold the request, 0 to {@link MAX_WAIT_S}. */
  readonly waitS: number;
  /** {@link planDigest} of the task, which the round's sid must bind. */
  readonly plan: string;
  /** Asks as a member: the request is signed, and an open round then says what it may send. */
  readonly as?: Asker;
}

/** A parcel on its way. */
export interface UpdateUpload<Parcel = Uint8Array<ArrayBuffer>> extends CallOptions {
  /** Number of the round. */
  readonly round: number;
  /** Session id of the round, hex. */
  readonly sid: string;
  /** Clients that the parcel stands for. */
  readonly clients: number;
  /** Merkle root over whom it stands for, hex; sent by regions only. */
  readonly members?: string;
  /** The parcel; not changed, and not to be changed before the call ends. */
  readonly parcel: Parcel;
  /** SHA-256 of each slice, in order. */
  readonly slices: readonly Uint8Array[];
  /** What follows a masked parcel. */
  readonly evidence?: UploadEvidence;
  /** The aggregator as its offer named it, who signs the receipt. */
  readonly region: Party;
}

/** An upload of a parcel that its sender holds, or of one that it reads slice by slice. */
export type AnyUpload = UpdateUpload<Uint8Array<ArrayBuffer> | SlicedParcel>;

/** Which round to abstain from. */
export interface AbstainOptions extends CallOptions {
  /** Number of the round. */
  readonly round: number;
  /** Session id of the round, hex. */
  readonly sid: string;
  /** The aggregator as its offer named it. */
  readonly region: Party;
}

/** Which part of the log to read. */
export interface LogOptions extends CallOptions {
  /** `seq` of the first entry. */
  readonly from: number;
}

/**
 * An aggregator, as its children and others see it.
 *
 * Every call throws {@link TributaryError}: what the aggregator answered, `peer-unreachable` when it
 * stays out of reach, `peer-invalid` when its answer does not fit.
 */
export interface Peer {
  /** Its address. */
  readonly url: string;
  /** Its tasks. */
  tasks(options?: CallOptions): Promise<TaskList>;
  /** A task by its digest, checked: form, name, owner's signature, and the aggregator's own id. */
  task(id: string, options?: CallOptions): Promise<TaskOffer>;
  /** Enrols the identity as a member. Doing it again changes the size. */
  enrol(task: string, options: EnrolOptions): Promise<Membership>;
  /** Takes the identity off the roster. */
  leave(task: string, options: LeaveOptions): Promise<void>;
  /** A round above `after`, or the end of the task; undefined when the wait ran out. */
  round(task: string, options: RoundOptions): Promise<RoundInfo | undefined>;
  /**
   * A model's safetensors bytes.
   *
   * @throws {TributaryError} `model-invalid` unless they have the length and digest announced.
   */
  model(task: string, info: ModelInfo, options?: CallOptions): Promise<Uint8Array<ArrayBuffer>>;
  /**
   * The same slice by slice, for whoever cannot hold it all: slices count once it resolves.
   *
   * @throws {TributaryError} As {@link Peer.model}; slices that were taken before are of no model then.
   */
  modelSlices(task: string, info: ModelInfo, options: ModelSlices & CallOptions): Promise<void>;
  /**
   * Sends an update. Safe to repeat: the same parcel gets the same receipt. A large one that breaks off
   * goes on where it was, and one of more than 64 MiB goes in pieces.
   *
   * @throws {TributaryError} `receipt-invalid` unless the receipt says just that, under the
   * aggregator's key.
   */
  putUpdate(task: string, upload: AnyUpload): Promise<Receipt>;
  /** Says that no update will come, so that nobody waits for one. Safe to repeat. */
  abstain(task: string, options: AbstainOptions): Promise<void>;
  /** A page of the round log; only its form and order are checked, see {@link verifyLog}. */
  log(task: string, options: LogOptions): Promise<LogPage>;
  /** Its figures. */
  status(task: string, options?: CallOptions): Promise<Status>;
}

/** An aggregator under an address. Nothing is sent before the first call. */
export function createPeer(options: PeerOptions): Peer {
  const { identity, digest = webDigest } = options;
  const caller = createCaller(options);
  const { base, send } = caller;

  return {
    url: base,
    tasks: (call = {}) =>
      send({
        ...signalOf(call),
        method: "GET",
        path: ROUTES.tasks,
        read: (response) => readJson(response, taskListSchema, "a task list"),
      }),

    task: (id, call = {}) =>
      send({
        ...signalOf(call),
        method: "GET",
        path: fillRoute(ROUTES.task, { task: id }),
        async read(response) {
          const offer = await readJson(response, taskOfferSchema, "a task offer");
          const { region, ...signed } = offer;
          await verifyTask(signed, id);
          expectEqual("region", region.id, await identityId(fromBase64Url(region.publicKey)));
          return offer;
        },
      }),

    enrol(task, { kind, size, region, token, succeeds, ...call }) {
      const body = utf8(
        JSON.stringify({
          ...{ kind, publicKey: toBase64Url(identity.publicKey), size },
          ...(succeeds && { succeeds }),
        }),
      );
      return send({
        ...signalOf(call),
        method: "PUT",
        path: fillRoute(ROUTES.member, { task, member: identity.id }),
        audience: region.id,
        body,
        headers: async () => {
          const headers = await jsonHeaders(body, digest);
          if (token !== undefined) headers.set("authorization", `Bearer ${token}`);
          return headers;
        },
        async read(response) {
          const membership = await readJson(response, membershipSchema, "a membership");
          expectEqual("task", membership.task, task);
          expectEqual("member", membership.member, identity.id);
          expectEqual("kind", membership.kind, kind);
          expectEqual("size", membership.size, size);
          expectEqual("region", membership.region.id, region.id);
          return membership;
        },
      });
    },

    leave: (task, { region, ...call }) =>
      send({
        ...signalOf(call),
        method: "DELETE",
        path: fillRoute(ROUTES.member, { task, member: identity.id }),
        audience: region.id,
        read: () => Promise.resolve(),
      }),

    round: (task, { after, waitS, plan, as, ...call }) =>
      send({
        ...signalOf(call),
        method: "GET",
        path: `${fillRoute(ROUTES.round, { task })}?after=${after}&wait=${waitS}` +
          askerQuery(identity.id, as),
        ...(as === undefined ? {} : { audience: as.region.id }),
        extraMs: waitS * 1000,
        async read(response) {
          if (response.status === 204) return undefined;
          const info = await readJson(response, roundInfoSchema, "a round");
          expectEqual("task", info.task, task);
          if (info.kind === "open") {
            if (info.round <= after) invalid(`its round is ${info.round}, expected above ${after}`);
            await checkSession(info, plan, digest);
            if (as !== undefined && info.share === undefined) {
              invalid("it does not say what this member may send, expected a share");
            }
          }
          return info;
        },
      }),

    model: (task, info, call = {}) =>
      send({
        ...signalOf(call),
        method: "GET",
        path: fillRoute(ROUTES.model, { task, version: info.version }),
        extraMs: transferMs(info.bytes),
        async read(response) {
          const bytes = await readBody(response, info.bytes, "model-invalid");
          if (!equalBytes(await digest(bytes), fromHex(info.digest))) {
            throw otherModel(info, bytes.length);
          }
          return bytes;
        },
      }),

    modelSlices: (task, info, { sliceBytes, take, ...call }) =>
      send({
        ...signalOf(call),
        method: "GET",
        path: fillRoute(ROUTES.model, { task, version: info.version }),
        extraMs: transferMs(info.bytes),
        read: (response) =>
          takeModel(bodyChunks(response, info.bytes, "model-invalid"), info, { sliceBytes, take }),
      }),

    async putUpdate(task, upload) {
      const tree = await treeDigest(upload.slices, digest);
      return await sendUpdate(caller, { task, member: identity.id, digest: tree, upload });
    },

    abstain(task, { round, sid, region, ...call }) {
      const body = utf8(JSON.stringify({ sid } satisfies Abstention));
      return send({
        ...signalOf(call),
        method: "PUT",
        path: fillRoute(ROUTES.abstention, { task, round, member: identity.id }),
        audience: region.id,
        body,
        headers: () => jsonHeaders(body, digest),
        read: () => Promise.resolve(),
      });
    },

    log: (task, { from, ...call }) =>
      send({
        ...signalOf(call),
        method: "GET",
        path: `${fillRoute(ROUTES.log, { task })}?from=${from}`,
        async read(response) {
          const page = await readJson(response, logPageSchema, "a log page");
          for (const [at, { body }] of page.entries.entries()) {
            expectEqual("seq", body.seq, from + at);
          }
          expectEqual("next", page.next, from + page.entries.length);
          return page;
        },
      }),

    status: (task, call = {}) =>
      send({
        ...signalOf(call),
        method: "GET",
        path: fillRoute(ROUTES.status, { task }),
        read: (response) => readJson(response, statusSchema, "a status"),
      }),
  };
}

/** Who asks for a round, in its query. */
function askerQuery(member: string, as: Asker | undefined): string {
  if (as === undefined) return "";
  const query = new URLSearchParams({ member });
  if (as.available !== undefined) query.set("available", String(as.available));
  if (as.size !== undefined) query.set("size", String(as.size));
  return `&${query}`;
}
