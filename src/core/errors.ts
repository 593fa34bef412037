/**
 * Every domain condition of the library, as one closed union of codes.
 *
 * A code is stable and safe to match on; the sentence beside it says what was found and what was
 * expected, and never holds a secret or a payload. Over HTTP a {@link TributaryError} travels as an
 * RFC 9457 problem document. Programming mistakes are `TypeError` and `RangeError` instead.
 *
 * @module
 */

/** HTTP status of each condition; its keys are the closed set of codes. */
export const ERROR_STATUS = {
  "bad-request": 400,
  "bad-data": 400,
  "bad-tensors": 400,
  "digest-missing": 400,
  "evidence-missing": 400,
  "body-too-short": 400,
  "signature-missing": 401,
  "signature-invalid": 401,
  "signature-expired": 401,
  "request-replayed": 401,
  "member-unknown": 403,
  "member-refused": 403,
  "member-revoked": 403,
  "token-spent": 403,
  "operator-refused": 403,
  "owner-refused": 403,
  "member-unrostered": 403,
  "not-found": 404,
  "task-unknown": 404,
  "round-unknown": 404,
  "model-unknown": 404,
  "method-not-allowed": 405,
  "round-closed": 409,
  "round-full": 409,
  "sid-mismatch": 409,
  "update-conflict": 409,
  "not-asked": 409,
  "offset-mismatch": 409,
  "nothing-to-send": 409,
  "sid-answered": 409,
  "phase-closed": 409,
  "phase-conflict": 409,
  "sender-dropped": 409,
  "consistency-missing": 409,
  "survivors-missing": 409,
  "answer-dropped": 410,
  "length-required": 411,
  "body-too-long": 413,
  "encoding-refused": 415,
  "range-not-satisfiable": 416,
  "region-changed": 421,
  "digest-mismatch": 422,
  "length-mismatch": 422,
  "task-refused": 422,
  "update-not-finite": 422,
  "update-misshapen": 422,
  "update-out-of-range": 422,
  "residue-out-of-range": 422,
  "envelope-malformed": 422,
  "envelope-misaddressed": 422,
  "envelope-refused": 422,
  "evidence-malformed": 422,
  "evidence-refused": 422,
  "box-refused": 422,
  "key-malformed": 422,
  "phase-malformed": 422,
  "place-unknown": 422,
  "share-malformed": 422,
  "sets-overlap": 422,
  "member-repeated": 422,
  "helper-mismatch": 422,
  "group-unknown": 422,
  "set-mismatch": 422,
  "set-too-small": 422,
  "set-too-large": 422,
  "too-many-requests": 429,
  "too-many-tasks": 429,
  "core-trap": 500,
  "internal": 500,
  "store-failed": 500,
  "log-forked": 502,
  "log-invalid": 502,
  "model-invalid": 502,
  "receipt-invalid": 502,
  "peer-invalid": 502,
  "peer-unreachable": 502,
  "answer-invalid": 502,
  "noise-excessive": 502,
  "shares-inconsistent": 502,
  "roster-refused": 502,
  "busy": 503,
  "draining": 503,
  "request-timeout": 503,
  "shares-missing": 503,
} as const;

/** Stable name of one domain condition. */
export type ErrorCode = keyof typeof ERROR_STATUS;

/** All codes, in order of their status. */
export const ERROR_CODES: readonly ErrorCode[] = Object.keys(ERROR_STATUS) as ErrorCode[];

/** What a {@link TributaryError} may carry besides its code and sentence. */
export interface TributaryErrorOptions {
  /** The error that led here, kept out of what travels. */
  readonly cause?: unknown;
  /** Seconds after which the same request may succeed; sent as `Retry-After`. */
  readonly retryAfterS?: number;
}

/**
 * A domain condition: a stable code, the HTTP status that goes with it, and a sentence.
 *
 * @example Match on the code, not on the sentence
 * ```ts
 * import { TributaryError } from "./errors.ts";
 *
 * const error = new TributaryError("round-closed", "Cannot take an update for round 3: it is sealed");
 * if (error.code !== "round-closed" || error.status !== 409) throw error;
 * ```
 */
export class TributaryError extends Error {
  /** Always the class's name, also once the code is minified. */
  override readonly name = "TributaryError";
  /** Which condition this is. */
  readonly code: ErrorCode;
  /** The HTTP status that a server answers with. */
  readonly status: number;
  /** Seconds after which to try again, where waiting helps. */
  readonly retryAfterS: number | undefined;

  /**
   * Makes an error to throw.
   *
   * @param code    Which condition.
   * @param detail  `Cannot <do what>: <what was found, and what was expected>`.
   * @param options The cause, and when to retry.
   */
  constructor(code: ErrorCode, detail: string, options: TributaryErrorOptions = {}) {
    super(detail, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.status = ERROR_STATUS[code];
    this.retryAfterS = options.retryAfterS;
  }
}

/** Whether `value` is a {@link TributaryError}, and with `code` given, one of that code. */
export function isTributaryError(value: unknown, code?: ErrorCode): value is TributaryError {
  return value instanceof TributaryError && (code === undefined || value.code === code);
}

/** Whether a string met on the wire is a code of this version. */
export function isErrorCode(value: string): value is ErrorCode {
  return Object.hasOwn(ERROR_STATUS, value);
}
