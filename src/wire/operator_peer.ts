/**
 * An aggregator as whoever runs it speaks to it. All requests are signed by an operator's key.
 *
 * @module
 */
import { utf8 } from "../core/bytes.ts";
import { webDigest } from "../core/digest.ts";
import {
  type CallOptions,
  createCaller,
  jsonHeaders,
  type PeerOptions,
  readJson,
  signalOf,
} from "./call.ts";
import {
  type MemberPage,
  memberPageSchema,
  type Revocation,
  type TicketOrder,
  type Tickets,
  ticketsSchema,
} from "./operator.ts";
import type { Party } from "./party.ts";
import { fillRoute, ROUTES } from "./routes.ts";

/** What every call of an operator names. */
export interface OperatorCall extends CallOptions {
  /** The aggregator as its offer named it. */
  readonly region: Party;
}

/** An aggregator, as its operator sees it; calls throw as those of `Peer` do, and `operator-refused`. */
export interface OperatorPeer {
  /** Members with ids above `after`. */
  members(task: string, options: OperatorCall & { readonly after?: string }): Promise<MemberPage>;
  /** Fresh one-time tokens. */
  issue(task: string, options: OperatorCall & TicketOrder): Promise<Tickets>;
  /** Takes a member off the roster for good. Doing it again changes nothing. */
  revoke(
    task: string,
    options: OperatorCall & Revocation & { readonly member: string },
  ): Promise<void>;
  /** Lets one that was revoked enrol again. */
  restore(task: string, options: OperatorCall & { readonly member: string }): Promise<void>;
  /** Has a region hand its work on and end, or with `isDraining: false` take its work up again. */
  drain(options: OperatorCall & { readonly isDraining?: boolean }): Promise<void>;
}

/** An aggregator under an address; `identity` is the operator's. */
export function createOperatorPeer(options: PeerOptions): OperatorPeer {
  const { identity, digest = webDigest } = options;
  const { send } = createCaller(options);
  const query = `?operator=${identity.id}`;

  function sendJson<T>(
    { method, path, region, body, read, ...call }: OperatorCall & {
      readonly method: string;
      readonly path: string;
      readonly body: unknown;
      read(response: Response): Promise<T>;
    },
  ): Promise<T> {
    const bytes = utf8(JSON.stringify(body));
    return send({
      ...signalOf(call),
      ...{ method, path: path + query, audience: region.id, body: bytes, read },
      headers: () => jsonHeaders(bytes, digest),
    });
  }

  return {
    members: (task, { region, after, ...call }) =>
      send({
        ...signalOf(call),
        method: "GET",
        path: fillRoute(ROUTES.members, { task }) + query +
          (after === undefined ? "" : `&after=${after}`),
        audience: region.id,
        read: (response) => readJson(response, memberPageSchema, "a page of members"),
      }),
    issue: (task, { kind, count, seconds, ...call }) =>
      sendJson({
        ...call,
        method: "POST",
        path: fillRoute(ROUTES.tickets, { task }),
        body: { kind, count, seconds } satisfies TicketOrder,
        read: (response) => readJson(response, ticketsSchema, "one-time tokens"),
      }),
    revoke: (task, { member, release, ...call }) =>
      sendJson({
        ...call,
        method: "PUT",
        path: fillRoute(ROUTES.revocation, { task, member }),
        body: { release } satisfies Revocation,
        read: () => Promise.resolve(),
      }),
    restore: (task, { member, region, ...call }) =>
      send({
        ...signalOf(call),
        method: "DELETE",
        path: fillRoute(ROUTES.revocation, { task, member }) + query,
        audience: region.id,
        read: () => Promise.resolve(),
      }),
    drain: ({ region, isDraining = true, ...call }) =>
      send({
        ...signalOf(call),
        method: isDraining ? "DELETE" : "PUT",
        path: ROUTES.work + query,
        audience: region.id,
        read: () => Promise.resolve(),
      }),
  };
}
