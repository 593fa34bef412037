/**
 * What a worker lets through to its objects: for each route, what can be told of a request without
 * knowing anything of the task. An object checks all of it again, and the rest.
 *
 * @module
 */
import type { MiddlewareHandler } from "hono";
import * as v from "valibot";
import { MAX_CLIENTS } from "../../src/wire/party.ts";
import { DOWN_PHASES, MOST_PHASE_BYTES, UP_PHASES } from "../../src/wire/phase.ts";
import { MAX_WAIT_S, ROUTES } from "../../src/wire/routes.ts";
import { hexDigestSchema, key32Schema } from "../../src/wire/scalars.ts";
import type { SignedKind } from "../../src/wire/verify_request.ts";
import { parameters, wholeText } from "../http/describe.ts";
import { MAX_JSON_BYTES } from "../http/json_body.ts";

/** Whose signature a request must have. */
export type Signer =
  /** The member in the path. */
  | "member"
  /** The member in the query; none where there is none. */
  | "asker"
  /** The region in the query, or else the member in the path. */
  | "via"
  /** The operator in the query. */
  | "operator"
  /** Whoever it is. */
  | "anyone";

/** One route. */
export interface Gate {
  /** Its method. */
  readonly method: "GET" | "PUT" | "PATCH" | "POST" | "DELETE";
  /** Its address pattern. */
  readonly path: string;
  /** What must be signed, and by whom; nothing by default. */
  readonly signed?: { readonly kind: SignedKind; readonly by: Signer };
  /** Longest body in bytes; undefined where it follows from the task, or there is none. */
  readonly mostBytes?: number;
}

const json = (by: Signer) => ({
  signed: { kind: "json", by },
  mostBytes: MAX_JSON_BYTES,
} as const);
const empty = (by: Signer) => ({ signed: { kind: "empty", by }, mostBytes: 0 } as const);

/** Routes of an aggregator's object. */
export const REGION_GATES: readonly Gate[] = [
  { method: "GET", path: ROUTES.task },
  { method: "GET", path: ROUTES.model },
  { method: "GET", path: ROUTES.log },
  { method: "GET", path: ROUTES.logHead },
  { method: "GET", path: ROUTES.logInclusion },
  { method: "GET", path: ROUTES.logConsistency },
  { method: "GET", path: ROUTES.status },
  { method: "GET", path: ROUTES.round, ...empty("asker") },
  { method: "PUT", path: ROUTES.member, ...json("member") },
  { method: "DELETE", path: ROUTES.member, ...empty("member") },
  { method: "PUT", path: ROUTES.abstention, ...json("member") },
  { method: "PUT", path: ROUTES.phase, ...json("via"), mostBytes: MOST_PHASE_BYTES },
  { method: "GET", path: ROUTES.phase, ...empty("via") },
  { method: "PUT", path: ROUTES.update, signed: { kind: "update", by: "member" } },
  { method: "PATCH", path: ROUTES.update, signed: { kind: "update", by: "member" } },
  { method: "GET", path: ROUTES.update, ...empty("member") },
  { method: "GET", path: ROUTES.members, ...empty("operator") },
  { method: "POST", path: ROUTES.tickets, ...json("operator") },
  { method: "PUT", path: ROUTES.revocation, ...json("operator") },
  { method: "DELETE", path: ROUTES.revocation, ...empty("operator") },
  { method: "DELETE", path: ROUTES.work, ...empty("operator") },
  { method: "PUT", path: ROUTES.work, ...empty("operator") },
];

/** Longest task that a helper is given. */
const MAX_TASK_BYTES = 1 << 20;

/** Routes of a helper's object. */
export const HELPER_GATES: readonly Gate[] = [
  { method: "GET", path: ROUTES.helper },
  { method: "PUT", path: ROUTES.task, ...json("anyone"), mostBytes: MAX_TASK_BYTES },
  { method: "POST", path: ROUTES.answers, signed: { kind: "ask", by: "anyone" } },
];

const whole = (most: number, what: string) => v.optional(wholeText(most, what));
const count = Number.MAX_SAFE_INTEGER;

/** What segments of paths look like, by their names. */
const SEGMENTS: Readonly<Record<string, v.GenericSchema<string, unknown>>> = {
  task: hexDigestSchema,
  member: key32Schema,
  round: wholeText(count, "Number of the round"),
  version: wholeText(1e9, "Version of the model"),
  phase: v.picklist([...UP_PHASES, ...DOWN_PHASES]),
};

/** What fields of queries look like, by their names; others pass. */
const QUERY = v.object({
  ...{ member: v.optional(key32Schema), via: v.optional(key32Schema) },
  operator: v.optional(key32Schema),
  digest: v.optional(hexDigestSchema),
  // Of a list of members, the last one known.
  after: v.optional(v.union([key32Schema, wholeText(count, "Number of the last round known")])),
  wait: whole(MAX_WAIT_S, "Seconds to wait at most"),
  available: whole(MAX_CLIENTS, "A region's clients that are at hand"),
  size: whole(count, "A number of entries, or of clients"),
  ...{ from: whole(count, "A number of entries"), to: whole(count, "A number of entries") },
  seq: whole(count, "Number of an entry"),
});

/** Checks path and query of one route. */
export function addressChecks(path: string): MiddlewareHandler[] {
  const names = Array.from(path.matchAll(/:([a-z]+)/g), ([, name = ""]) => name);
  const segments = Object.fromEntries(names.map((name) => [name, SEGMENTS[name] ?? v.string()]));
  return [parameters("param", v.object(segments)), parameters("query", QUERY)];
}
