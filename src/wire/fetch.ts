/**
 * One request and its answer: bounded in time and in bytes, with every failure as a named error.
 *
 * @module
 */
import { concatBytes } from "../core/bytes.ts";
import type { Clock } from "../core/clock.ts";
import { type ErrorCode, isTributaryError, TributaryError } from "../core/errors.ts";
import type { Fetch } from "../core/fetch.ts";
import { errorOf } from "./problem.ts";

/** Longest problem document that is read. */
const PROBLEM_BYTES = 65_536;

/** How long to wait, and when to stop waiting. */
export interface ExchangeOptions {
  /** How the request travels. */
  readonly fetch: Fetch;
  /** Where the time comes from. */
  readonly clock: Clock;
  /** Time for the request, the answer and its body together. */
  readonly timeoutMs: number;
  /** Ends the exchange with the signal's reason. */
  readonly signal?: AbortSignal;
}

/**
 * Sends a request and reads its answer.
 *
 * @param build Makes the request, which is to end with the signal given.
 * @param read  Reads the body of an answer in the 200s; it may leave it unread.
 * @throws {TributaryError} What the other side answered; `peer-unreachable` when it does not answer in
 * time, breaks off, or stands behind a gateway that says so; `peer-invalid` for an answer that is
 * none of the protocol's.
 */
export async function exchange<T>(
  build: (signal: AbortSignal) => Promise<Request>,
  read: (response: Response) => Promise<T>,
  options: ExchangeOptions,
): Promise<T> {
  const { fetch, clock, timeoutMs, signal } = options;
  signal?.throwIfAborted();
  const end = new AbortController();
  const stop = () => end.abort(signal?.reason);
  signal?.addEventListener("abort", stop, { once: true });
  const timer = new AbortController();
  clock.sleep(timeoutMs, { signal: timer.signal }).then(
    () =>
      end.abort(
        new TributaryError(
          "peer-unreachable",
          `Cannot reach the peer: no answer in ${timeoutMs} ms`,
        ),
      ),
    () => {},
  );
  // First in each race, so that an end that was asked for is the reason, whatever else it breaks;
  // and an in-process fetch may not listen to the signal at all.
  const ended = new Promise<never>((_, reject) => {
    end.signal.addEventListener("abort", () => reject(end.signal.reason), { once: true });
  });
  ended.catch(() => {});
  let response: Response | undefined;
  try {
    const request = await build(end.signal);
    response = await Promise.race([ended, reach(() => fetch(request))]);
    if (!response.ok) throw await Promise.race([ended, refusal(response)]);
    return await Promise.race([ended, read(response)]);
  } finally {
    timer.abort();
    signal?.removeEventListener("abort", stop);
    if (response?.bodyUsed === false) response.body?.cancel().catch(() => {});
  }
}

/**
 * The whole body of an answer, as long as it is at most `limit` bytes.
 *
 * @throws {TributaryError} Of `code` as soon as a byte more arrives; `peer-unreachable` when the
 * connection breaks.
 */
export async function readBody(
  response: Response,
  limit: number,
  code: ErrorCode = "peer-invalid",
): Promise<Uint8Array<ArrayBuffer>> {
  return concatBytes(await Array.fromAsync(bodyChunks(response, limit, code)));
}

/** The body of an answer as it arrives; throws as {@link readBody}. */
export async function* bodyChunks(
  response: Response,
  limit: number,
  code: ErrorCode = "peer-invalid",
): AsyncGenerator<Uint8Array> {
  if (response.body === null) return;
  const reader = response.body.getReader();
  let length = 0;
  for (;;) {
    const { done, value } = await reach(() => reader.read());
    if (done) return;
    length += value.length;
    if (length > limit) {
      reader.cancel().catch(() => {});
      throw new TributaryError(code, `Cannot read an answer: expected at most ${limit} bytes`);
    }
    yield value;
  }
}

/** Runs what goes over the network, whose failures have no code of their own. */
async function reach<T>(step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (cause) {
    if (isTributaryError(cause)) throw cause;
    throw new TributaryError("peer-unreachable", "Cannot reach the peer: the connection failed", {
      cause,
    });
  }
}

/** The error that an answer outside the 200s stands for. */
async function refusal(response: Response): Promise<TributaryError> {
  const { status } = response;
  const retryAfter = response.headers.get("retry-after");
  try {
    const text = new TextDecoder().decode(await readBody(response, PROBLEM_BYTES));
    const error = errorOf(JSON.parse(text), retryAfter);
    if (error !== undefined) return error;
  } catch (error) {
    if (isTributaryError(error, "peer-unreachable")) return error;
    // No problem document: the status has to do.
  }
  const passing = status >= 500 || status === 408 || status === 429;
  return new TributaryError(
    passing ? "peer-unreachable" : "peer-invalid",
    `Cannot use an answer: status ${status} without a problem document`,
  );
}
