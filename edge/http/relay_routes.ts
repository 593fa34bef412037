/**
 * The routes of the phases of `secagg_plus`: a client's messages up, the root's down. All are signed, by
 * the client itself or by the region that passes them on.
 *
 * @module
 */
import { type Context, Hono } from "hono";
import { describeRoute } from "hono-openapi";
import * as v from "valibot";
import { TributaryError } from "../../src/core/errors.ts";
import {
  DOWN_PHASES,
  type DownPhase,
  MOST_PHASE_BYTES,
  UP_PHASES,
  type UpPhase,
} from "../../src/wire/phase.ts";
import { MAX_WAIT_S, ROUTES } from "../../src/wire/routes.ts";
import { hexDigestSchema, key32Schema } from "../../src/wire/scalars.ts";
import {
  BODY_DIGEST,
  parameters,
  problems,
  requestHeaders,
  SIGNATURE_CODES,
  SIGNATURE_HEADERS,
  wholeText,
} from "./describe.ts";
import { type Guard, requireSignature } from "./guard.ts";
import { type JsonBodyReading, readSmallBody } from "./json_body.ts";
import type { PhaseHost } from "../relay/phase_host.ts";
import { hostOf, type Hosts } from "./read_routes.ts";
import { knownAt, type TaskHost } from "../task/task_host.ts";

/** What the routes check with. */
export interface RelayRouteOptions extends JsonBodyReading {
  /** Checks signatures. */
  readonly guard: Guard;
}

const SAFE = Number.MAX_SAFE_INTEGER;
const path = {
  task: hexDigestSchema,
  round: wholeText(SAFE, "Number of the round"),
  member: key32Schema,
};
const via = v.optional(key32Schema);
const OCTETS = "application/octet-stream";
const ANY_CODES = [
  "bad-request",
  ...SIGNATURE_CODES,
  "member-unknown",
  "task-unknown",
  "not-found",
  "round-unknown",
  "round-closed",
  "not-asked",
  "survivors-missing",
  "busy",
] as const;

/** Mounts the routes. */
export function relayRoutes(hosts: Hosts, options: RelayRouteOptions): Hono {
  const app = new Hono();

  app.put(
    ROUTES.phase,
    describeRoute({
      summary: "A client's message of a phase; the first one counts",
      parameters: requestHeaders([...SIGNATURE_HEADERS, BODY_DIGEST]),
      requestBody: { required: true, content: { [OCTETS]: {} } },
      responses: {
        204: { description: "It is taken, now or since it came before" },
        ...problems([
          ...ANY_CODES,
          "digest-missing",
          "digest-mismatch",
          "body-too-short",
          "body-too-long",
          "round-full",
          "phase-closed",
          "phase-conflict",
          "phase-malformed",
          "key-malformed",
          "box-refused",
          "share-malformed",
          "member-repeated",
          "place-unknown",
        ]),
      },
    }),
    parameters("param", v.object({ ...path, phase: v.picklist(UP_PHASES) })),
    parameters("query", v.object({ via })),
    async (c) => {
      const host = hostOf(hosts, c);
      const phases = phasesOf(host);
      const request = c.req.raw;
      requireSignature(request);
      const bytes = await readSmallBody(request, { ...options, mostBytes: MOST_PHASE_BYTES });
      const sender = await senderOf(c, host, { guard: options.guard, kind: "json" });
      await phases.put({
        round: Number(c.req.param("round")),
        phase: c.req.param("phase") as UpPhase,
        member: c.req.param("member"),
        sender,
        message: bytes.slice(),
      });
      return c.body(null, 204);
    },
  );

  app.get(
    ROUTES.phase,
    describeRoute({
      summary: "Long poll for what the root tells a client in a phase",
      parameters: requestHeaders(SIGNATURE_HEADERS),
      responses: {
        200: { description: "The message", content: { [OCTETS]: {} } },
        204: { description: "Not yet: the wait ran out" },
        ...problems(ANY_CODES),
      },
    }),
    parameters("param", v.object({ ...path, phase: v.picklist(DOWN_PHASES) })),
    parameters(
      "query",
      v.object({ via, wait: v.optional(wholeText(MAX_WAIT_S, "Seconds to wait at most"), "0") }),
    ),
    async (c) => {
      const host = hostOf(hosts, c);
      const phases = phasesOf(host);
      const sender = await senderOf(c, host, { guard: options.guard, kind: "empty" });
      const answer = await phases.get({
        round: Number(c.req.param("round")),
        phase: c.req.param("phase") as DownPhase,
        member: c.req.param("member"),
        sender,
        waitMs: Number(c.req.query("wait") ?? 0) * 1000,
        signal: c.req.raw.signal,
      });
      c.header("cache-control", "no-store");
      if (answer === undefined) return c.body(null, 204);
      c.header("content-type", OCTETS);
      return c.body(answer);
    },
  );

  return app;
}

function phasesOf({ id, phases }: TaskHost): PhaseHost {
  if (phases !== undefined) return phases;
  throw new TributaryError("not-found", `Cannot find phases of task ${id}: its masks have none`);
}

/** Who has signed the request: the client that speaks, or a region that passes its message on. */
async function senderOf(
  c: Context,
  host: TaskHost,
  { guard, kind }: { readonly guard: Guard; readonly kind: "json" | "empty" },
): Promise<string> {
  const region = c.req.query("via");
  const sender = region ?? c.req.param("member") ?? "";
  await guard.check(c.req.raw, { kind, member: sender, ...await knownAt(host, sender) });
  const row = host.member(sender);
  const expected = region === undefined ? "client" : "region";
  if (row?.kind !== expected) {
    throw new TributaryError(
      "bad-request",
      `Cannot take a message of ${sender}: it is enrolled as a ${row?.kind}, expected a ${expected}`,
    );
  }
  return sender;
}
