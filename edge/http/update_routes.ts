/**
 * The routes of an update: sending it, asking how much of it has arrived, and going on after that.
 *
 * @module
 */
import { type Context, Hono } from "hono";
import { describeRoute } from "hono-openapi";
import * as v from "valibot";
import type { Digest } from "../../src/core/digest.ts";
import type { Clock } from "../../src/core/clock.ts";
import type { ErrorCode } from "../../src/core/errors.ts";
import { submissionBytes } from "../../src/wire/evidence.ts";
import { receiptSchema } from "../../src/wire/receipt.ts";
import { ROUTES } from "../../src/wire/routes.ts";
import { hexDigestSchema, key32Schema } from "../../src/wire/scalars.ts";
import {
  bodyBytes,
  offsetHeaders,
  readUpdateHeaders,
  UPDATE_FIELDS,
} from "../../src/wire/update_headers.ts";
import {
  jsonAnswer,
  parameters,
  problems,
  requestHeaders,
  SIGNATURE_CODES,
  SIGNATURE_HEADERS,
  wholeText,
} from "./describe.ts";
import { type Guard, requireSignature } from "./guard.ts";
import type { Watching } from "../observer.ts";
import { hostOf, type Hosts } from "./read_routes.ts";
import { type Announced, knownAt } from "../task/task_host.ts";
import { requestIdOf } from "./web_app.ts";

/** What the routes check with. */
export interface UpdateOptions extends Watching {
  /** Checks signatures. */
  readonly guard: Guard;
  /** SHA-256. */
  readonly digest: Digest;
  /** Where the time comes from. */
  readonly clock: Clock;
}

const { length, members, evidence, evidenceDigest, offset, complete, ...ofAll } = UPDATE_FIELDS;

const updatePath = v.object({
  task: hexDigestSchema,
  round: wholeText(Number.MAX_SAFE_INTEGER, "Number of the round"),
  member: key32Schema,
});
const arrivedQuery = v.object({
  digest: v.pipe(hexDigestSchema, v.description("Tree digest of the parcel")),
});

/** What may be wrong with an update, whole or not. */
const UPDATE_CODES = [
  "bad-request",
  "digest-missing",
  "evidence-missing",
  "body-too-short",
  ...SIGNATURE_CODES,
  "member-unknown",
  "member-revoked",
  "task-unknown",
  "round-unknown",
  "round-closed",
  "round-full",
  "sid-mismatch",
  "not-asked",
  "update-conflict",
  "length-required",
  "body-too-long",
  "digest-mismatch",
  "length-mismatch",
  "update-out-of-range",
  "residue-out-of-range",
  "evidence-malformed",
  "evidence-refused",
  "member-repeated",
  "busy",
] as const satisfies readonly ErrorCode[];

const RECEIPTS = {
  200: jsonAnswer("The receipt of the same update, taken before", receiptSchema),
  201: jsonAnswer("The receipt", receiptSchema),
};

const ARRIVED = {
  description: "How much has arrived",
  headers: {
    "Upload-Offset": {
      description: "Bytes of the parcel that are here",
      schema: { type: "integer" as const, minimum: 0 },
    },
    "Upload-Complete": {
      description: "Whether the update is in the sum: ?1 or ?0",
      schema: { type: "string" as const, enum: ["?0", "?1"] },
    },
  },
};

/** Mounts the routes. */
export function updateRoutes(hosts: Hosts, options: UpdateOptions): Hono {
  const app = new Hono();

  app.put(
    ROUTES.update,
    describeRoute({
      summary: "Sends an update: it is in the sum, durably, once there is a receipt",
      parameters: [
        ...requestHeaders([...SIGNATURE_HEADERS, ...Object.values(ofAll)]),
        ...requestHeaders([length, members, evidence, evidenceDigest], false),
      ],
      requestBody: { required: true, content: { "application/octet-stream": {} } },
      responses: { ...RECEIPTS, ...problems(UPDATE_CODES) },
    }),
    parameters("param", updatePath),
    (c) => answerUpdate(c, hosts, options),
  );

  app.patch(
    ROUTES.update,
    describeRoute({
      summary: "Sends a piece of an update, after what has arrived of it",
      parameters: [
        ...requestHeaders([...SIGNATURE_HEADERS, ...Object.values(ofAll), offset, complete]),
        ...requestHeaders([length, members, evidence, evidenceDigest], false),
      ],
      requestBody: { required: true, content: { "application/partial-upload": {} } },
      responses: {
        ...RECEIPTS,
        204: ARRIVED,
        ...problems([...UPDATE_CODES, "offset-mismatch"]),
      },
    }),
    parameters("param", updatePath),
    (c) => answerUpdate(c, hosts, { ...options, isPiece: true }),
  );

  app.get(
    ROUTES.update,
    describeRoute({
      summary: "Says how much of an update has arrived, after which it may go on (also as HEAD)",
      parameters: requestHeaders(SIGNATURE_HEADERS),
      responses: {
        204: ARRIVED,
        ...problems([
          "bad-request",
          ...SIGNATURE_CODES,
          "member-unknown",
          "member-revoked",
          "task-unknown",
          "update-conflict",
          "busy",
        ]),
      },
    }),
    parameters("param", updatePath),
    parameters("query", arrivedQuery),
    (c) => answerArrived(c, hosts, options),
  );

  return app;
}

/** Cheap checks first; nothing of the body is read before all that can be known without it is. */
async function answerUpdate(
  c: Context,
  hosts: Hosts,
  options: UpdateOptions & { readonly isPiece?: boolean },
): Promise<Response> {
  const host = hostOf(hosts, c);
  const request = c.req.raw;
  const { round, member } = pathOf(c);
  const beganMs = options.clock.now();
  requireSignature(request);
  const head = await readUpdateHeaders(request.headers, {
    bytes: host.form.parcelBytes,
    sliceBytes: host.form.sliceBytes,
    ...(host.form.evidence && { leastEvidence: submissionBytes(host.form.evidence) }),
    isPiece: options.isPiece === true,
    digest: options.digest,
  });
  await options.guard.check(request, { kind: "update", member, ...await knownAt(host, member) });
  host.progress();
  const announced: Announced = { round, member, head };
  // Only its sender is told how an update stands: whether it took part is nobody else's business.
  const standing = await host.standing(announced);
  const about = { request: requestIdOf(c), task: host.id, round };
  if (standing.kind === "repeated") {
    await request.body?.cancel();
    options.logger({ kind: "repeat", ...about });
    return c.json(await host.receipt(standing.row), 200);
  }
  const { clients, piece } = head;
  if (piece?.isLast === false) {
    return arrivedAnswer(c, { bytes: await host.stage(announced, request.body), isWhole: false });
  }
  const bytes = bodyBytes(head);
  const upload = { kind: "upload", task: host.id, round, bytes, clients } as const;
  const receipt = await options.trace(upload, () => host.receive(announced, request.body));
  const ms = options.clock.now() - beganMs;
  options.logger({
    kind: "upload",
    ...about,
    member: host.member(member)?.kind ?? "client",
    clients,
    bytes,
    ms,
  });
  return c.json(receipt, 201);
}

async function answerArrived(c: Context, hosts: Hosts, options: UpdateOptions): Promise<Response> {
  const host = hostOf(hosts, c);
  const { round, member } = pathOf(c);
  await options.guard.check(c.req.raw, { kind: "empty", member, ...await knownAt(host, member) });
  const digest = c.req.query("digest") ?? "";
  return arrivedAnswer(c, await host.arrived({ round, member, digest }));
}

function pathOf(c: Context): { readonly round: number; readonly member: string } {
  return { round: Number(c.req.param("round")), member: c.req.param("member") ?? "" };
}

function arrivedAnswer(
  c: Context,
  arrived: { readonly bytes: number; readonly isWhole: boolean },
): Response {
  return c.body(null, 204, {
    "cache-control": "no-store",
    ...Object.fromEntries(offsetHeaders(arrived.bytes, arrived.isWhole)),
  });
}
