/**
 * The routes of whoever runs an aggregator: its roster, one-time tokens, revocation, and a graceful
 * end. All are signed by an operator's key.
 *
 * @module
 */
import { type Context, Hono } from "hono";
import { describeRoute, resolver } from "hono-openapi";
import * as v from "valibot";
import type { ErrorCode } from "../../src/core/errors.ts";
import { TributaryError } from "../../src/core/errors.ts";
import type { RandomSource } from "../../src/core/random.ts";
import {
  MAX_MEMBERS_PAGE,
  type MemberPage,
  memberPageSchema,
  revocationSchema,
  ticketOrderSchema,
  ticketsSchema,
} from "../../src/wire/operator.ts";
import { ROUTES } from "../../src/wire/routes.ts";
import { hexDigestSchema, key32Schema } from "../../src/wire/scalars.ts";
import type { SignedKind } from "../../src/wire/verify_request.ts";
import { newTicket, ticketHash } from "../access/admission.ts";
import {
  BODY_DIGEST,
  jsonAnswer,
  parameters,
  problems,
  requestHeaders,
  SIGNATURE_CODES,
  SIGNATURE_HEADERS,
} from "./describe.ts";
import { type Guard, requireSignature } from "./guard.ts";
import { type JsonBodyReading, readJsonBody } from "./json_body.ts";
import { hostOf, type Hosts } from "./read_routes.ts";
import type { TaskHost } from "../task/task_host.ts";

/** What the routes check with, and act by. */
export interface OperatorRouteOptions extends JsonBodyReading {
  /** Checks signatures. */
  readonly guard: Guard;
  /** Ids of those who may ask. */
  readonly operators: ReadonlySet<string>;
  /** Makes tokens. */
  readonly random: RandomSource;
  /** Begins the graceful end of the aggregator, or takes it back. */
  drain(isDraining: boolean): Promise<void>;
}

const WORD: readonly ErrorCode[] = ["bad-request", "operator-refused", ...SIGNATURE_CODES, "busy"];
const BODY: readonly ErrorCode[] = [
  ...["digest-missing", "body-too-short", "body-too-long", "digest-mismatch"] as const,
];
const operator = v.optional(key32Schema);
const taskPath = v.object({ task: hexDigestSchema });
const memberPath = v.object({ task: hexDigestSchema, member: key32Schema });

/** Mounts the routes. */
export function operatorRoutes(hosts: Hosts<TaskHost>, options: OperatorRouteOptions): Hono {
  const app = new Hono();
  const { clock } = options;

  app.get(
    ROUTES.members,
    describeRoute({
      summary: "The roster: members, and those that were revoked",
      parameters: requestHeaders(SIGNATURE_HEADERS),
      responses: {
        200: jsonAnswer(`Up to ${MAX_MEMBERS_PAGE} with ids above \`after\``, memberPageSchema),
        ...problems([...WORD, "task-unknown"]),
      },
    }),
    parameters("param", taskPath),
    parameters("query", v.object({ operator, after: v.optional(key32Schema) })),
    async (c) => {
      await checkOperator(c, "empty", options);
      const page: MemberPage = { members: hostOf(hosts, c).roster(c.req.query("after") ?? "") };
      return c.json(page, 200, { "cache-control": "no-store" });
    },
  );

  app.post(
    ROUTES.tickets,
    describeRoute({
      summary: "Issues one-time tokens; each lets one member in",
      parameters: requestHeaders([...SIGNATURE_HEADERS, BODY_DIGEST]),
      requestBody: {
        required: true,
        content: { "application/json": { schema: resolver(ticketOrderSchema) } },
      },
      responses: {
        200: jsonAnswer("The tokens, told once", ticketsSchema),
        ...problems([...WORD, ...BODY, "task-unknown"]),
      },
    }),
    parameters("param", taskPath),
    parameters("query", v.object({ operator })),
    async (c) => {
      requireSignature(c.req.raw);
      const form = { what: "an order of tokens", code: "bad-request", ...options } as const;
      const order = await readJsonBody(c.req.raw, ticketOrderSchema, form);
      await checkOperator(c, "json", options);
      const { kind, count, seconds } = order;
      const lastMs = clock.now() + seconds * 1000;
      const tickets = Array.from({ length: count }, () => newTicket(options.random));
      const hashes = await Promise.all(
        tickets.map((token) => ticketHash({ kind, token }, options.digest)),
      );
      await hostOf(hosts, c).issue(hashes, { lastMs });
      return c.json({ tickets }, 200, { "cache-control": "no-store" });
    },
  );

  app.put(
    ROUTES.revocation,
    describeRoute({
      summary: "Takes a member off the roster for good",
      parameters: requestHeaders([...SIGNATURE_HEADERS, BODY_DIGEST]),
      requestBody: {
        required: true,
        content: { "application/json": { schema: resolver(revocationSchema) } },
      },
      responses: {
        204: { description: "It is heard no more" },
        ...problems([...WORD, ...BODY, "task-unknown"]),
      },
    }),
    parameters("param", memberPath),
    parameters("query", v.object({ operator })),
    async (c) => {
      requireSignature(c.req.raw);
      const form = { what: "a revocation", code: "bad-request", ...options } as const;
      const revocation = await readJsonBody(c.req.raw, revocationSchema, form);
      await checkOperator(c, "json", options);
      await hostOf(hosts, c).revoke(c.req.param("member"), revocation);
      return c.body(null, 204);
    },
  );

  app.delete(
    ROUTES.revocation,
    describeRoute({
      summary: "Lets one that was revoked enrol again",
      parameters: requestHeaders(SIGNATURE_HEADERS),
      responses: {
        204: { description: "It may enrol" },
        ...problems([...WORD, "task-unknown"]),
      },
    }),
    parameters("param", memberPath),
    parameters("query", v.object({ operator })),
    async (c) => {
      await checkOperator(c, "empty", options);
      await hostOf(hosts, c).restore(c.req.param("member"));
      return c.body(null, 204);
    },
  );

  const work = { delete: true, put: false } as const;
  for (const [method, isDraining] of Object.entries(work)) {
    app.on(
      method.toUpperCase(),
      ROUTES.work,
      describeRoute({
        summary: isDraining
          ? "Has a region take nobody in any more, hand on what it has, and leave its parent"
          : "Has a region that drains work again",
        parameters: requestHeaders(SIGNATURE_HEADERS),
        responses: {
          204: { description: "It has begun to, or had" },
          ...problems([...WORD, "task-refused"]),
        },
      }),
      parameters("query", v.object({ operator })),
      async (c) => {
        await checkOperator(c, "empty", options);
        await options.drain(isDraining);
        return c.body(null, 204);
      },
    );
  }

  return app;
}

/**
 * Checks that an operator has signed a request.
 *
 * @throws {TributaryError} `operator-refused` for anybody else, or as {@link Guard}.
 */
async function checkOperator(
  c: Context,
  kind: SignedKind,
  { guard, operators }: OperatorRouteOptions,
): Promise<void> {
  requireSignature(c.req.raw);
  const member = c.req.query("operator") ?? "";
  const isKnown = operators.has(member);
  await guard.check(c.req.raw, { kind, member, isKnown: true, isStranger: !isKnown });
  if (isKnown) return;
  throw new TributaryError(
    "operator-refused",
    `Cannot do that for ${member}: it does not run this aggregator`,
  );
}
