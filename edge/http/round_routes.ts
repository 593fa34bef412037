/**
 * What members hear of a round, and say about it besides their updates: the long poll, and the word
 * that nothing will come.
 *
 * @module
 */
import { type Context, Hono } from "hono";
import { describeRoute, resolver } from "hono-openapi";
import * as v from "valibot";
import { TributaryError } from "../../src/core/errors.ts";
import { abstentionSchema } from "../../src/wire/abstention.ts";
import { MAX_CLIENTS } from "../../src/wire/party.ts";
import { roundInfoSchema } from "../../src/wire/round_info.ts";
import { MAX_WAIT_S, ROUTES } from "../../src/wire/routes.ts";
import { hexDigestSchema, key32Schema } from "../../src/wire/scalars.ts";
import {
  BODY_DIGEST,
  jsonAnswer,
  parameters,
  problems,
  requestHeaders,
  SIGNATURE_CODES,
  SIGNATURE_HEADERS,
  wholeText,
} from "./describe.ts";
import { type Guard, requireSignature } from "./guard.ts";
import { type JsonBodyReading, readJsonBody } from "./json_body.ts";
import { hostOf, type Hosts } from "./read_routes.ts";
import { type AskingMember, knownAt, type TaskHost } from "../task/task_host.ts";

/** What the routes check with. */
export interface RoundRouteOptions extends JsonBodyReading {
  /** Checks signatures. */
  readonly guard: Guard;
}

const SAFE = Number.MAX_SAFE_INTEGER;

/** Mounts the routes. */
export function roundRoutes(hosts: Hosts, options: RoundRouteOptions): Hono {
  const app = new Hono();

  app.get(
    ROUTES.round,
    describeRoute({
      summary: "Long poll for a round above `after`, or the end of the task",
      description:
        "With `member`, which makes it a signed request, an open round says what that member may " +
        "send, and the member counts as one that is there to be asked.",
      parameters: requestHeaders(SIGNATURE_HEADERS, false),
      responses: {
        200: jsonAnswer("The open round, or the end", roundInfoSchema),
        204: { description: "None yet: the wait ran out" },
        ...problems([
          "bad-request",
          ...SIGNATURE_CODES,
          "member-unknown",
          "member-revoked",
          "task-unknown",
          "busy",
        ]),
      },
    }),
    parameters("param", v.object({ task: hexDigestSchema })),
    parameters(
      "query",
      v.object({
        after: v.optional(wholeText(SAFE, "Number of the last round known"), "0"),
        wait: v.optional(wholeText(MAX_WAIT_S, "Seconds to wait at most"), "0"),
        member: v.optional(key32Schema),
        available: v.optional(wholeText(MAX_CLIENTS, "A region's clients that are at hand")),
        size: v.optional(wholeText(MAX_CLIENTS, "A region's clients, as it has enrolled")),
      }),
    ),
    async (c) => {
      const host = hostOf(hosts, c);
      const after = Number(c.req.query("after") ?? 0);
      const waitMs = Number(c.req.query("wait") ?? 0) * 1000;
      const asker = await askerOf(c, host, options.guard);
      const { signal } = c.req.raw;
      const info = await host.round(after, { waitMs, signal, ...(asker && { asker }) });
      c.header("cache-control", "no-store");
      return info === undefined ? c.body(null, 204) : c.json(info);
    },
  );

  app.put(
    ROUTES.abstention,
    describeRoute({
      summary: "Says that no update will come from a member, so that nobody waits for one",
      parameters: requestHeaders([...SIGNATURE_HEADERS, BODY_DIGEST]),
      requestBody: {
        required: true,
        content: { "application/json": { schema: resolver(abstentionSchema) } },
      },
      responses: {
        204: { description: "It is waited for no more, now or since it said so before" },
        ...problems([
          "bad-request",
          "digest-missing",
          "body-too-short",
          ...SIGNATURE_CODES,
          "member-unknown",
          "member-revoked",
          "task-unknown",
          "round-unknown",
          "round-closed",
          "sid-mismatch",
          "not-asked",
          "update-conflict",
          "body-too-long",
          "digest-mismatch",
          "busy",
        ]),
      },
    }),
    parameters(
      "param",
      v.object({
        task: hexDigestSchema,
        round: wholeText(SAFE, "Number of the round"),
        member: key32Schema,
      }),
    ),
    async (c) => {
      const host = hostOf(hosts, c);
      const member = c.req.param("member");
      requireSignature(c.req.raw);
      const { sid } = await readJsonBody(c.req.raw, abstentionSchema, {
        what: "an abstention",
        code: "bad-request",
        ...options,
      });
      await options.guard.check(c.req.raw, {
        kind: "json",
        member,
        ...await knownAt(host, member),
      });
      await host.abstain({ round: Number(c.req.param("round")), member, sid });
      return c.body(null, 204);
    },
  );

  return app;
}

/** Who asks, once it has proved to be that member; undefined for one that does not say. */
async function askerOf(
  c: Context,
  host: TaskHost,
  guard: Guard,
): Promise<AskingMember | undefined> {
  const member = c.req.query("member");
  const available = c.req.query("available");
  const size = c.req.query("size");
  if (member === undefined) {
    if (available === undefined && size === undefined) return undefined;
    throw new TributaryError(
      "bad-request",
      "Cannot read the address: available or size is there without a member, expected both",
    );
  }
  await guard.check(c.req.raw, { kind: "empty", member, ...await knownAt(host, member) });
  const row = host.member(member);
  if (row !== undefined && size !== undefined && Number(size) !== row.size) {
    // Of two enrolments the older may have arrived last.
    throw new TributaryError(
      "member-unknown",
      `Cannot hear ${member}: it is known for ${row.size} clients and says it has ${size}, ` +
        "expected it to enrol again",
    );
  }
  return { member, available: row?.kind === "region" ? Number(available ?? row.size) : 1 };
}
