/**
 * The routes of the roster: enrolling and leaving, both signed.
 *
 * @module
 */
import { type Context, Hono } from "hono";
import { describeRoute, resolver } from "hono-openapi";
import * as v from "valibot";
import { fromBase64Url } from "../../src/core/bytes.ts";
import { TributaryError } from "../../src/core/errors.ts";
import { identityId } from "../../src/core/identity.ts";
import { type Enrolment, enrolmentSchema, membershipSchema } from "../../src/wire/party.ts";
import { ROUTES } from "../../src/wire/routes.ts";
import { hexDigestSchema, key32Schema } from "../../src/wire/scalars.ts";
import { type SuccessionBody, verifySuccession } from "../../src/wire/succession.ts";
import type { Admit } from "../access/admission.ts";
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
import { knownAt } from "../task/task_host.ts";

/** What the routes check with. */
export interface WriteOptions extends JsonBodyReading {
  /** Checks signatures. */
  readonly guard: Guard;
  /** Decides who may become a member. */
  readonly admit: Admit;
}

const memberPath = v.object({ task: hexDigestSchema, member: key32Schema });

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
      const { createdS } = await options.guard.check(c.req.raw, {
        kind: "empty",
        member,
        ...await knownAt(host, member),
      });
      await host.leave(member, createdS);
      return c.body(null, 204);
    },
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
  const { isKnown, isRevoked } = await knownAt(host, member);
  const claim = { kind: "json", member, isKnown: true, isRevoked, isStranger: !isKnown } as const;
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
  const succeeds = await predecessorOf(enrolment, { task: host.id, to: publicKey });
  const isVouched = succeeds !== undefined && host.member(succeeds)?.kind === kind;
  const admission = isSame || isVouched
    ? undefined
    : await options.admit({ task: host.id, member, kind, size, token });
  const { createdS: signedS } = signature;
  return c.json(await host.enrol({ member, enrolment, admission, signedS, succeeds }));
}

/**
 * Id of whoever has handed its place on to the one that enrols; undefined if nobody has.
 *
 * @throws {TributaryError} `signature-invalid` if it has not signed so.
 */
async function predecessorOf(
  enrolment: Enrolment,
  body: SuccessionBody,
): Promise<string | undefined> {
  if (enrolment.kind !== "region" || enrolment.succeeds === undefined) return undefined;
  const id = await identityId(fromBase64Url(enrolment.succeeds.publicKey));
  if (await verifySuccession(body, enrolment.succeeds)) return id;
  throw new TributaryError(
    "signature-invalid",
    `Cannot enrol in the place of ${id}: its signature is not over that`,
  );
}
