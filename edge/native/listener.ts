/**
 * Servers that stop gracefully.
 *
 * @module
 */
import { type Clock, systemClock } from "../../src/core/clock.ts";
import { TributaryError } from "../../src/core/errors.ts";
import { problemOf } from "../../src/wire/problem.ts";
import type { Logger } from "../logger.ts";
import type { ConnectionInfo } from "../http/sender_address.ts";

/** Where to listen, and how to stop. */
export interface ListenOptions {
  /** Address to listen at; only this machine by default. */
  readonly hostname?: string;
  /** Port to listen at; a free one by default. */
  readonly port?: number;
  /** Says nothing by default. */
  readonly logger?: Logger;
  /**
   * Longest time that a stop waits for requests that are under way, their answers included; 5000 by
   * default. Connections that are still open after it are closed.
   */
  readonly graceMs?: number;
}

/** A server that listens. */
export interface Listener {
  /** Its address, such as `http://127.0.0.1:8080`. */
  readonly url: string;
  /** Takes no more requests, and waits until those under way are answered, or for the grace to end. */
  drain(): Promise<void>;
  /** Closes what is open. */
  close(): Promise<void>;
}

/** Answers requests. */
export interface Answering {
  /** Answers one. */
  fetch(request: Request, connection: ConnectionInfo): Response | Promise<Response>;
}

/** What a request came by. */
export interface Connection extends ConnectionInfo {
  /** Settles when its answer is sent, or it broke. */
  readonly completed: Promise<void>;
}

/** What a platform's server is started with. */
export interface PlatformOptions {
  /** Address to listen at. */
  readonly hostname: string;
  /** Port to listen at, 0 for a free one. */
  readonly port: number;
  /** Answers a request. */
  answer(request: Request, connection: Connection): Promise<Response>;
  /** The answer to an error that came to nobody else. */
  failed(error: unknown): Response;
}

/** A platform's server that listens. */
export interface PlatformServer {
  /** The port that it listens at. */
  readonly port: number;
  /** Takes no more connections and closes whatever is open, however stuck. */
  close(): Promise<void>;
}

/** Starts a platform's server. */
export type Listen = (options: PlatformOptions) => Promise<PlatformServer>;

/** Listens for an app over a store, which is closed again if its address cannot be had. */
export async function listenOver(
  store: AsyncDisposable,
  app: Answering,
  options: ListenOptions & { readonly listen: Listen },
): Promise<Listener> {
  const { hostname = "127.0.0.1", port = 0, logger, graceMs = 5000, listen } = options;
  const clock = systemClock();
  const requests = inFlight();
  let server: PlatformServer;
  try {
    server = await listen({
      hostname,
      port,
      answer: (request, { completed, address }) =>
        requests.during(completed, () => app.fetch(request, { address })),
      failed(error) {
        if (!(error instanceof TributaryError) || error.status >= 500) {
          logger?.({ kind: "failure", doing: "serving", error });
        }
        return problemAnswer(error);
      },
    });
  } catch (error) {
    await store[Symbol.asyncDispose]();
    throw error;
  }
  return {
    url: `http://${hostname.includes(":") ? `[${hostname}]` : hostname}:${server.port}`,
    drain: () => within(clock, graceMs, requests.end()),
    async close() {
      await clock.sleep(LINGER_MS);
      await server.close();
    },
  };
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
  return new TributaryError("busy", "Cannot answer: this server is stopping", {
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
