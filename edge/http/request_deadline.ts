/**
 * A time by which every request is answered, whatever it waits for.
 *
 * @module
 */
import type { MiddlewareHandler } from "hono";
import type { Clock } from "../../src/core/clock.ts";
import { TributaryError } from "../../src/core/errors.ts";
import { MAX_WAIT_S } from "../../src/wire/routes.ts";

/** How long requests may take. */
export interface RequestDeadlineOptions {
  /** Where the time comes from. */
  readonly clock: Clock;
  /** Milliseconds for a request, besides the wait that a long poll asks for. */
  readonly requestMs: number;
  /** Seconds after which one that was given up may come again. */
  readonly retryAfterS: number;
}

/**
 * Answers `request-timeout` once a request has taken too long; its work may still be done, so that its
 * sender asks again to find out. A body that arrives slice by slice has a limit for each slice instead,
 * and its round's deadline.
 *
 * Hono's own `timeout` knows only the platform's clock.
 */
export function limitTime(
  { clock, requestMs, retryAfterS }: RequestDeadlineOptions,
): MiddlewareHandler {
  return async (c, next) => {
    const { method, path } = c.req;
    if ((method === "PUT" || method === "PATCH") && path.includes("/updates/")) return await next();
    const asked = Number(c.req.query("wait") ?? 0);
    const waitMs = asked >= 0 && asked <= MAX_WAIT_S ? asked * 1000 : 0;
    const done = new AbortController();
    const late = clock.sleep(requestMs + waitMs, { signal: done.signal }).then(
      () => {
        throw new TributaryError(
          "request-timeout",
          `Cannot answer in time: ${method} took more than ${requestMs + waitMs} ms`,
          { retryAfterS },
        );
      },
      () => {},
    );
    late.catch(() => {});
    try {
      await Promise.race([next(), late]);
    } finally {
      done.abort();
    }
  };
}
