/**
 * The routes that change something: enrolling, leaving, and sending an update. All are signed.
 *
 * @module
 */
import { type Context, Hono } from "hono";
import { describeRoute, resolver } from "hono-openapi";
import * as v from "valibot";
import { TributaryError } from "../src/core/errors.ts";
import { enrolmentSchema, membershipSchema } from "../src/wire/party.ts";
import { receiptSchema } from "../src/wire/receipt.ts";
import { ROUTES } from "../src/wire/routes.ts";
import { hexDigestSchema, key32Schema } from "../src/wire/scalars.ts";
import { submissionBytes } from "../src/wire/evidence.ts";
import { bodyBytes, readUpdateHeaders, UPDATE_FIELDS } from "../src/wire/update_headers.ts";
import type { Admit } from "./admission.ts";
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
import type { Watching } from "./observer.ts";
import { requestIdOf } from "./web_app.ts";
import { hostOf, type Hosts } from "./read_routes.ts";
import { knownAt } from "./task_host.ts";

/** What the routes check with. */
export interface WriteOptions extends JsonBodyReading, Watching {
  /** Checks signatures. */
  readonly guard: Guard;
  /** Decides who may become a member. */
  readonly admit: Admit;
}

const memberPath = v.object({ task: hexDigestSchema, member: key32Schema });
const { length, members, evidence, evidenceDigest, ...ofAll } = UPDATE_FIELDS;

/** Mounts the routes. */
export function writeRoutes(hosts: Hosts, options: WriteOptions): Hono {
  const app = new Hono();

  app.put(
    ROUTES.member,
    describeRoute({
      summary: "Enrols a member, or changes its size",
      parameters: [
        ...requestHeaders([...SIGNATURE_HEADERS, BODY_DIGEST]),
        ...requestHeaders(["Authorization"], false),
      ],
      requestBody: {
        required: true,
        content: { "application/json": { schema: resolver(enrolmentSchema) } },
      },
      responses: {
        200: jsonAnswer("The membership", membershipSchema),
        ...problems([
          "bad-request",
          "digest-missing",
          "body-too-short",
          ...SIGNATURE_CODES,
          "member-refused",
          "member-revoked",
          "token-spent",
          "member-unknown",
          "task-unknown",
          "body-too-long",
          "digest-mismatch",
          "busy",
        ]),
      },
    }),
    parameters("param", memberPath),
    (c) => answerEnrolment(c, hosts, options),
  );

  app.delete(
    ROUTES.member,
    describeRoute({
      summary: "Takes a member off the roster",
      parameters: requestHeaders(SIGNATURE_HEADERS),
      responses: {
        204: { description: "It is on the roster no more" },
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
    parameters("param", memberPath),
    async (c) => {
      const host = hostOf(hosts, c);
      const member = c.req.param("member");
      const claim = { kind: "empty", member, ...knownAt(host, member) } as const;
      const { createdS } = await options.guard.check(c.req.raw, claim);
      await host.leave(member, createdS);
      return c.body(null, 204);
    },
  );

  app.put(
    ROUTES.update,
    describeRoute({
      summary: "Sends an update: it is in the sum, durably, once there is a receipt",
      parameters: [
        ...requestHeaders([...SIGNATURE_HEADERS, ...Object.values(ofAll)]),
        ...requestHeaders([length, members, evidence, evidenceDigest], false),
      ],
      requestBody: { required: true, content: { "application/octet-stream": {} } },
      responses: {
        200: jsonAnswer("The receipt of the same update, taken before", receiptSchema),
        201: jsonAnswer("The receipt", receiptSchema),
        ...problems([
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
        ]),
      },
    }),
    parameters(
      "param",
      v.object({
        task: hexDigestSchema,
        round: wholeText(Number.MAX_SAFE_INTEGER, "Number of the round"),
        member: key32Schema,
      }),
    ),
    (c) => answerUpdate(c, hosts, options),
  );

  return app;
}

async function answerEnrolment(c: Context, hosts: Hosts, options: WriteOptions): Promise<Response> {
  const host = hostOf(hosts, c);
  const member = c.req.param("member") ?? "";
  const request = c.req.raw;
  requireSignature(request);
  const enrolment = await readJsonBody(request, enrolmentSchema, {
    what: "an enrolment",
    code: "bad-request",
    ...options,
  });
  const { publicKey, kind, size } = enrolment;
  const { isKnown, isRevoked } = knownAt(host, member);
  const claim = { kind: "json", member, isKnown: true, isRevoked } as const;
  const signature = await options.guard.check(request, claim);
  if (publicKey !== signature.publicKey) {
    throw new TributaryError(
      "signature-invalid",
      `Cannot enrol ${member}: the public key is another's, expected the key that the id is of`,
    );
  }
  // One that is a member needs nobody's word to say so again.
  const isSame = isKnown && host.member(member)?.kind === kind;
  const token = /^Bearer ([\x21-\x7e]{1,8192})$/.exec(c.req.header("authorization") ?? "")?.[1];
  const admission = isSame
    ? undefined
    : await options.admit({ task: host.id, member, kind, size, token });
  const { createdS: signedS } = signature;
  return c.json(await host.enrol({ member, enrolment, admission, signedS }));
}

/** Cheap checks first; nothing of the body is read before all that can be known without it is. */
async function answerUpdate(c: Context, hosts: Hosts, options: WriteOptions): Promise<Response> {
  const host = hostOf(hosts, c);
  const request = c.req.raw;
  const member = c.req.param("member") ?? "";
  const round = Number(c.req.param("round"));
  const beganMs = options.clock.now();
  requireSignature(request);
  const head = await readUpdateHeaders(request.headers, {
    bytes: host.form.parcelBytes,
    sliceBytes: host.form.sliceBytes,
    ...(host.form.evidence && { leastEvidence: submissionBytes(host.form.evidence) }),
    digest: options.digest,
  });
  await options.guard.check(request, { kind: "update", member, ...knownAt(host, member) });
  host.progress();
  const announced = { round, member, head };
  // Only its sender is told how an update stands: whether it took part is nobody else's business.
  const standing = await host.standing(announced);
  const about = { request: requestIdOf(c), task: host.id, round };
  if (standing.kind === "repeated") {
    await request.body?.cancel();
    options.logger({ kind: "repeat", ...about });
    return c.json(await host.receipt(standing.row), 200);
  }
  const { clients } = head;
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
