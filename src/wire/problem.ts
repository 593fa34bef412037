/**
 * Errors as they travel: RFC 9457 problem documents, one for each code of the closed union.
 *
 * @module
 */
import * as v from "valibot";
import { type ErrorCode, isErrorCode, TributaryError } from "../core/errors.ts";

/** A problem document. */
export interface Problem {
  /** `urn:tributary:error:<code>`. */
  readonly type: string;
  /** The code in words. */
  readonly title: string;
  /** HTTP status. */
  readonly status: number;
  /** What was found, and what was expected. */
  readonly detail: string;
  /** Stable code to match on. */
  readonly code: string;
}

/** Media type of a {@link Problem}. */
export const PROBLEM_TYPE = "application/problem+json";

/** Schema of {@link Problem}. Members that it does not know are dropped, as RFC 9457 section 3.2 asks. */
export const problemSchema: v.GenericSchema<Problem> = v.pipe(
  v.object({
    type: v.pipe(v.string(), v.maxLength(256), v.description("urn:tributary:error:<code>")),
    title: v.pipe(v.string(), v.maxLength(256), v.description("The code in words")),
    status: v.pipe(v.number(), v.integer(), v.minValue(400), v.maxValue(599)),
    detail: v.pipe(v.string(), v.maxLength(4096), v.description("What was found and expected")),
    code: v.pipe(v.string(), v.regex(/^[a-z][a-z-]{0,63}$/), v.description("Stable code")),
  }),
  v.description("Why a request was refused (RFC 9457)"),
);

/** An error's problem document and the headers that go with it. */
export interface ProblemAnswer {
  /** HTTP status. */
  readonly status: number;
  /** `Content-Type`, and `Retry-After` where waiting helps. */
  readonly headers: Readonly<Record<string, string>>;
  /** The document. */
  readonly problem: Problem;
}

/** Seconds that a busy server asks for when nothing better is known. */
const DEFAULT_RETRY_S = 1;

/**
 * The problem document of an error.
 *
 * An error that is no {@link TributaryError} becomes `internal`, without a word of its message, which
 * may hold what only the server should know.
 */
export function problemOf(error: unknown): ProblemAnswer {
  const known = error instanceof TributaryError
    ? error
    : new TributaryError("internal", "Cannot answer: an unexpected error, which the server logged");
  const waits = known.status === 429 || known.status === 503;
  const retryAfterS = known.retryAfterS ?? (waits ? DEFAULT_RETRY_S : undefined);
  return {
    status: known.status,
    headers: {
      "content-type": PROBLEM_TYPE,
      ...(retryAfterS === undefined ? {} : { "retry-after": String(Math.ceil(retryAfterS)) }),
    },
    problem: {
      type: `urn:tributary:error:${known.code}`,
      title: titleOf(known.code),
      status: known.status,
      detail: known.message.slice(0, 4096),
      code: known.code,
    },
  };
}

function titleOf(code: ErrorCode): string {
  const words = code.replaceAll("-", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/**
 * The error that a problem document stands for.
 *
 * @param value      Unknown data, the parsed body of an answer.
 * @param retryAfter The answer's `Retry-After` header in seconds; a date is not read.
 * @returns undefined when it is no problem document of this version.
 */
export function errorOf(value: unknown, retryAfter: string | null): TributaryError | undefined {
  const result = v.safeParse(problemSchema, value);
  if (!result.success || !isErrorCode(result.output.code)) return undefined;
  const { code, detail } = result.output;
  return /^\d{1,6}$/.test(retryAfter ?? "")
    ? new TributaryError(code, detail, { retryAfterS: Number(retryAfter) })
    : new TributaryError(code, detail);
}
