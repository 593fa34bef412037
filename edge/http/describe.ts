/**
 * How routes are described in the OpenAPI document: from the schemas and codes that they really use.
 *
 * @module
 */
import { resolver, validator } from "hono-openapi";
import type { MiddlewareHandler } from "hono";
import * as v from "valibot";
import { type ErrorCode, TributaryError } from "../../src/core/errors.ts";
import { PROBLEM_TYPE, problemSchema } from "../../src/wire/problem.ts";

/** A described answer. */
export type Answer = NonNullable<
  Parameters<typeof import("hono-openapi").describeRoute>[0]["responses"]
>[
  string
];

/** An answer whose body is JSON of a schema. */
export function jsonAnswer(description: string, schema: v.GenericSchema): Answer {
  return { description, content: { "application/json": { schema: resolver(schema) } } };
}

/** Headers of every signed request. */
export const SIGNATURE_HEADERS: readonly string[] = [
  "Signature",
  "Signature-Input",
  "Tributary-Region",
];
/** Header of every signed body of JSON. */
export const BODY_DIGEST = "Content-Digest";

/** What any signed request may run into. */
export const SIGNATURE_CODES: readonly ErrorCode[] = [
  "signature-missing",
  "signature-invalid",
  "signature-expired",
  "region-changed",
  "request-replayed",
  "too-many-requests",
];

/** A described parameter. */
export interface HeaderParameter {
  /** Where it is. */
  readonly in: "header";
  /** Its name. */
  readonly name: string;
  /** Whether a request must have it. */
  readonly required: boolean;
  /** Its form. */
  readonly schema: { readonly type: "string" };
}

/** Headers of a request. */
export function requestHeaders(names: readonly string[], required = true): HeaderParameter[] {
  return names.map((name) => ({ in: "header", name, required, schema: { type: "string" } }));
}

/** Problem documents by status, each listing the codes that it may have. */
export function problems(codes: readonly ErrorCode[]): Record<string, Answer> {
  const byStatus = new Map<number, ErrorCode[]>();
  // Any route may run into these; the second one whenever it is asked by another method.
  for (const code of new Set<ErrorCode>([...codes, ...ANYWHERE])) {
    const { status } = new TributaryError(code, "");
    byStatus.set(status, [...byStatus.get(status) ?? [], code]);
  }
  return Object.fromEntries(
    [...byStatus].map(([status, list]) => [status, {
      description: `Problem: ${list.join(", ")}`,
      content: { [PROBLEM_TYPE]: { schema: resolver(problemSchema) } },
      ...(status === 429 || status === 503 ? { headers: RETRY_AFTER } : {}),
      ...(status === 405 ? { headers: ALLOW } : {}),
    }]),
  );
}

const ANYWHERE = [
  "encoding-refused",
  "internal",
  "method-not-allowed",
  "request-timeout",
  "store-failed",
  "too-many-requests",
] as const;

const ALLOW = {
  Allow: { description: "Methods of this address", schema: { type: "string" as const } },
};

const RETRY_AFTER = {
  "Retry-After": {
    description: "Seconds after which to try again",
    schema: { type: "integer" as const, minimum: 0 },
  },
};

/** Checks and documents path or query parameters; those that do not fit are a `bad-request`. */
export function parameters(
  target: "param" | "query",
  schema: v.GenericSchema<Readonly<Record<string, string | undefined>>, unknown>,
): MiddlewareHandler {
  return validator(target, schema, (result) => {
    if (result.success) return;
    const issue = result.error[0];
    const at = issue?.path?.map((part) => typeof part === "object" ? String(part.key) : part) ?? [];
    throw new TributaryError(
      "bad-request",
      `Cannot read the address: at ${at.join(".") || "the top"}, ${issue?.message}`,
    );
  });
}

/** A whole number in a path or query, in its one decimal form. */
export function wholeText(most: number, description: string): v.GenericSchema<string, number> {
  return v.pipe(
    v.string(),
    v.regex(/^(0|[1-9]\d{0,15})$/, "expected a whole number"),
    v.transform(Number),
    v.number(),
    v.maxValue(most),
    v.description(description),
  );
}
