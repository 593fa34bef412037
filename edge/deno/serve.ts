/**
 * An aggregator as a Deno server over one SQLite file.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { createHash, createPublicKey, verify } from "node:crypto";
import { setImmediate } from "node:timers";
import { type Clock, systemClock } from "../../src/core/clock.ts";
import type { Digest } from "../../src/core/digest.ts";
import { TributaryError } from "../../src/core/errors.ts";
import type { Fetch } from "../../src/core/fetch.ts";
import type { CheckOf, Identity } from "../../src/core/identity.ts";
import { inlineModule } from "../../src/wasm/inline.ts";
import { problemOf } from "../../src/wire/problem.ts";
import { type Admit, admitAll, admitByToken } from "../admission.ts";
import type { Aggregator } from "../aggregator.ts";
import { createAggregatorApp } from "../app.ts";
import type { Limits } from "../limits.ts";
import { type Logger, silent } from "../logger.ts";
import type { ParentOptions } from "../region.ts";
import type { StrategyOf } from "../root.ts";
import { sqliteStore } from "../sqlite/store.ts";
import { loadIdentity } from "./identity_file.ts";

/** Where and as what to serve. */
export interface ServeOptions {
  /** Path of the SQLite file; made if there is none. */
  readonly store: string;
  /** Who it is, or the path of its key; made if there is none. */
  readonly identity: Identity | string;
  /** Makes a region of it. */
  readonly parent?: ParentOptions;
  /** Makes a root of it. */
  readonly strategy?: StrategyOf;
  /** Address to listen at; only this machine by default. */
  readonly hostname?: string;
  /** Port to listen at; a free one by default. */
  readonly port?: number;
  /** Token that members must show; anyone may join without one. */
  readonly joinToken?: string;
  /** Token that regions must show instead; without it, the same as all members. */
  readonly regionToken?: string;
  /** Bounds that differ from the defaults. */
  readonly limits?: Partial<Limits>;
  /** Says nothing by default. */
  readonly logger?: Logger;
  /** How a parent is reached; the platform's `fetch` by default. */
  readonly fetch?: Fetch;
  /**
   * Longest time that a stop waits for requests that are under way, their answers included; 5000 by
   * default. Connections that are still open after it are closed.
   */
  readonly graceMs?: number;
}

/** A server that runs; disposing finishes what is under way, then closes the store. */
export interface ServedAggregator extends AsyncDisposable {
  /** Its address, such as `http://127.0.0.1:8080`. */
  readonly url: string;
  /** The life behind it. */
  readonly aggregator: Aggregator;
  /**
   * Settles once it has taken up what the store has; at a region without a task, once its parent has
   * given it one. Requests are answered before that.
   */
  readonly ready: Promise<void>;
}

/** SHA-256 by the platform, at once: faster than WebCrypto, which goes through a pool of threads. */
export const nativeDigest: Digest = (bytes) =>
  new Uint8Array(createHash("sha256").update(bytes).digest());

/** RFC 8410: what stands before the raw key in an Ed25519 SubjectPublicKeyInfo. */
const SPKI_PREFIX = Uint8Array.of(
  0x30,
  0x2a,
  0x30,
  0x05,
  0x06,
  0x03,
  0x2b,
  0x65,
  0x70,
  0x03,
  0x21,
  0,
);

/** Ed25519 by the platform, at once, for the same reason. */
export const nativeCheckOf: CheckOf = (publicKey) => {
  const der = Buffer.concat([SPKI_PREFIX, publicKey]);
  const key = createPublicKey({ key: der, format: "der", type: "spki" });
  return (bytes, signature) => verify(null, bytes, key, signature);
};

/**
 * Serves an aggregator until it is disposed of.
 *
 * @throws {TributaryError} `store-failed` if the file cannot be opened.
 *
 * @example A region of a root elsewhere
 * ```ts ignore
 * await using region = await serveAggregator({
 *   store: "region.db",
 *   identity: "region.key",
 *   parent: { url: "https://root.example" },
 *   port: 8080,
 * });
 * await region.ready;
 * ```
 */
export async function serveAggregator(options: ServeOptions): Promise<ServedAggregator> {
  const { parent, strategy, limits, hostname = "127.0.0.1", port = 0 } = options;
  const identity = typeof options.identity === "string"
    ? await loadIdentity(options.identity)
    : options.identity;
  const clock = systemClock();
  const module = await inlineModule("aggregate");
  const store = sqliteStore(options.store);
  const logger = options.logger ?? silent;
  const app = createAggregatorApp({
    store,
    identity,
    module,
    clock,
    logger,
    digest: nativeDigest,
    checkOf: nativeCheckOf,
    turn: () => new Promise((resolve) => setImmediate(() => resolve())),
    admit: admitOf(options),
    ...(parent === undefined ? {} : { parent }),
    ...(strategy === undefined ? {} : { strategy }),
    ...(limits === undefined ? {} : { limits }),
    ...(options.fetch === undefined ? {} : { fetch: options.fetch }),
  });
  const { aggregator } = app;
  const requests = inFlight();
  const closing = new AbortController();
  const server = Deno.serve({
    hostname,
    port,
    signal: closing.signal,
    onListen() {},
    onError(error) {
      logger({ kind: "failure", doing: "serving", error });
      return problemAnswer(error);
    },
  }, (request, { completed }) => requests.during(completed, () => app.fetch(request)));
  const ready = aggregator.start();
  // Whoever wants to know awaits it; an unread failure must not end the process.
  ready.catch((error) => logger({ kind: "failure", doing: "starting", error }));
  return {
    url: `http://${hostname}:${server.addr.port}`,
    aggregator,
    ready,
    async [Symbol.asyncDispose]() {
      aggregator.endPolls();
      await within(clock, options.graceMs ?? 5000, requests.end());
      await aggregator[Symbol.asyncDispose]();
      await clock.sleep(LINGER_MS);
      // Closes whatever is open. The server's own `shutdown` would wait for a stuck sender for ever.
      closing.abort();
      await server.finished;
      await store[Symbol.asyncDispose]();
    },
  };
}

function admitOf({ joinToken, regionToken }: ServeOptions): Admit {
  if (joinToken !== undefined) return admitByToken(joinToken, regionToken);
  if (regionToken === undefined) return admitAll;
  const admitRegion = admitByToken(regionToken);
  return (applicant) => applicant.kind === "client" || admitRegion(applicant);
}

/** An answer counts as sent when the platform has it, which is a moment before the network does. */
const LINGER_MS = 50;

/** Counts requests, and knows when the last one was answered to the last byte. */
function inFlight() {
  const drained = Promise.withResolvers<void>();
  let open = 0;
  let ending = false;
  const close = () => {
    open--;
    if (ending && open === 0) drained.resolve();
  };
  return {
    async during(
      completed: Promise<void>,
      answer: () => Response | Promise<Response>,
    ): Promise<Response> {
      if (ending) return problemAnswer(stopping());
      open++;
      completed.then(close, close);
      return await answer();
    },
    /** Takes no more; settles when the last one was answered. */
    end(): Promise<void> {
      ending = true;
      if (open === 0) drained.resolve();
      return drained.promise;
    },
  };
}

function stopping(): TributaryError {
  return new TributaryError("busy", "Cannot answer: this aggregator is stopping", {
    retryAfterS: 1,
  });
}

function problemAnswer(error: unknown): Response {
  const { status, headers, problem } = problemOf(error);
  return new Response(JSON.stringify(problem), { status, headers: { ...headers } });
}

/** Waits for something, but not for longer than so many milliseconds. */
async function within(clock: Clock, ms: number, work: Promise<void>): Promise<void> {
  const timer = new AbortController();
  await Promise.race([work, clock.sleep(ms, { signal: timer.signal }).catch(() => {})]);
  timer.abort();
}
