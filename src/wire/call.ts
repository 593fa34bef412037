/**
 * One request to an aggregator: signed, sent, tried again, and its answer read.
 *
 * @module
 */
import type { Clock } from "../core/clock.ts";
import type { Digest } from "../core/digest.ts";
import { type ErrorCode, isTributaryError, TributaryError } from "../core/errors.ts";
import type { Fetch } from "../core/fetch.ts";
import type { Identity } from "../core/identity.ts";
import type { RandomSource } from "../core/random.ts";
import { retry } from "../core/retry.ts";
import { CONTENT_DIGEST, contentDigestOf } from "./content_digest.ts";
import { exchange, readBody } from "./fetch.ts";
import { readJsonMessage } from "./message.ts";
import { signedHeaders } from "./signing.ts";

/** How often, and how long apart, a request is tried. */
export interface RetryPolicy {
  /** Most tries; `Infinity` to go on until the call's signal aborts. */
  readonly attempts: number;
  /** Upper end of the first wait. */
  readonly minMs: number;
  /** Upper end of any wait. */
  readonly maxMs: number;
}

/** Rides out a restart of about half a minute. */
export const DEFAULT_RETRY: RetryPolicy = { attempts: 9, minMs: 200, maxMs: 10_000 };

/** Which aggregator, who asks, and the world around. */
export interface PeerOptions {
  /** The aggregator's address; a path in it is a prefix. */
  readonly url: string;
  /** How requests travel. */
  readonly fetch: Fetch;
  /** Who signs. */
  readonly identity: Identity;
  /** Where the time comes from. */
  readonly clock: Clock;
  /** Nonces and jitter. */
  readonly random: RandomSource;
  /** SHA-256; WebCrypto's by default. */
  readonly digest?: Digest;
  /** Time for one try, besides the long poll's wait and the transfer of long bodies; 30 s by default. */
  readonly timeoutMs?: number;
  /** {@link DEFAULT_RETRY} by default. */
  readonly retry?: RetryPolicy;
}

/** What every call takes. */
export interface CallOptions {
  /** Ends the call, and its tries, with the signal's reason. */
  readonly signal?: AbortSignal;
}

const TIMEOUT_MS = 30_000;
/** Longest JSON answer that is read. */
const JSON_BYTES = 8 << 20;
/** A transfer slower than this is given up. */
const SLOWEST_BYTES_PER_S = 32_768;

const RETRYABLE: ReadonlySet<ErrorCode> = new Set([
  "busy",
  "too-many-requests",
  "peer-unreachable",
  "internal",
  "store-failed",
  // Of a body that was sent whole: it broke off, or stalled, on its way.
  "body-too-short",
  // Someone on the way sent the request twice; the next try has a nonce of its own.
  "request-replayed",
]);

/**
 * Whether the same request may succeed later: the condition passes, or the error names a time.
 *
 * An aggregator's unexpected failure counts, as it may be over once that aggregator is restarted.
 */
export function isRetryable(error: unknown): boolean {
  return isTributaryError(error) &&
    (RETRYABLE.has(error.code) || error.retryAfterS !== undefined);
}

/** Milliseconds that the other side asked to wait for, if it did; {@link retry} caps them. */
export function retryAfterMs(error: unknown): number | undefined {
  return isTributaryError(error) && error.retryAfterS !== undefined
    ? error.retryAfterS * 1000
    : undefined;
}

/** One request, before it is signed and tried. */
export interface Call<T> extends CallOptions {
  /** Upper-case method. */
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  /** Body, where it has one: bytes, or a stream that is made anew for each try. */
  readonly body?: Uint8Array<ArrayBuffer> | (() => ReadableStream<Uint8Array<ArrayBuffer>>);
  /** Makes its headers. */
  readonly headers?: () => Promise<Headers>;
  /** Id of the aggregator that a signed request is for. */
  readonly audience?: string;
  /** Time besides the peer's own. */
  readonly extraMs?: number;
  /** Checks the answer. */
  read(response: Response): Promise<T>;
}

/** Sends the calls of one peer. */
export interface Caller {
  /** The aggregator's address, without a slash at its end. */
  readonly base: string;
  /** Sends a call until it succeeds, as often as the policy says. */
  send<T>(call: Call<T>): Promise<T>;
  /** Sends a call once. */
  attempt<T>(call: Call<T>): Promise<T>;
  /** Runs what sends calls until it succeeds, as often as the policy says. */
  persist<T>(run: (tries: number) => Promise<T>, options?: PersistOptions): Promise<T>;
}

/** What else may pass by itself, besides what {@link isRetryable} says. */
export interface PersistOptions extends CallOptions {
  /** Whether this error may. */
  retryable?(error: unknown): boolean;
}

/** Whatever speaks to one aggregator. Nothing is sent before the first call. */
export function createCaller(options: PeerOptions): Caller {
  const { identity, clock, random, timeoutMs = TIMEOUT_MS } = options;
  const policy = options.retry ?? DEFAULT_RETRY;
  const base = options.url.replace(/\/+$/, "");

  const attempt = async <T>(call: Call<T>): Promise<T> => {
    const url = base + call.path;
    const build = async (signal: AbortSignal): Promise<Request> => {
      const plain = await call.headers?.() ?? new Headers();
      const headers = call.audience === undefined ? plain : await signedHeaders(
        { method: call.method, url, headers: plain },
        { identity, region: call.audience, clock, random },
      );
      const { method } = call;
      const body = typeof call.body === "function" ? call.body() : call.body ?? null;
      // A stream can only be sent while nothing is read; the type does not know it yet.
      const duplex = typeof call.body === "function" ? { duplex: "half" } : {};
      // A followed redirect would carry the signature elsewhere.
      return new Request(url, { method, headers, body, signal, redirect: "manual", ...duplex });
    };
    return await exchange(build, (response) => call.read(response), {
      fetch: options.fetch,
      clock,
      timeoutMs: timeoutMs + (call.extraMs ?? 0),
      ...signalOf(call),
    });
  };
  const persist: Caller["persist"] = (run, options = {}) =>
    retry(run, {
      clock,
      random,
      ...policy,
      ...signalOf(options),
      retryable: (error) => isRetryable(error) || options.retryable?.(error) === true,
      retryAfterMs,
    });
  return {
    base,
    attempt,
    persist,
    send: (call) => persist(() => attempt(call), signalOf(call)),
  };
}

/**
 * A checked message out of an answer.
 *
 * @throws {TributaryError} `peer-invalid` unless it is one.
 */
export async function readJson<T>(
  response: Response,
  schema: Parameters<typeof readJsonMessage<T>>[0],
  what: string,
): Promise<T> {
  const bytes = await readBody(response, JSON_BYTES);
  return readJsonMessage(schema, bytes, { what, code: "peer-invalid" });
}

/** Headers of a body of JSON, which a signature covers by its digest. */
export async function jsonHeaders(body: Uint8Array, digest: Digest): Promise<Headers> {
  return new Headers({
    "content-type": "application/json",
    [CONTENT_DIGEST]: await contentDigestOf(body, digest),
  });
}

/** Time that so many bytes may take. */
export function transferMs(bytes: number): number {
  return Math.ceil(bytes / SLOWEST_BYTES_PER_S * 1000);
}

/** An absent signal may not be passed on as undefined. */
export function signalOf({ signal }: CallOptions): CallOptions {
  return signal === undefined ? {} : { signal };
}

/** Refuses an answer about something else (`peer-invalid`). */
export function expectEqual(name: string, found: string | number, expected: string | number): void {
  if (found !== expected) invalid(`its ${name} is ${found}, expected ${expected}`);
}

/** Refuses an answer (`peer-invalid`). */
export function invalid(found: string): never {
  throw new TributaryError("peer-invalid", `Cannot use an answer: ${found}`);
}
