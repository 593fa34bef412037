/**
 * A page on which people watch an aggregator at work.
 *
 * @module
 */
import { type Context, Hono } from "hono";
import { describeRoute } from "hono-openapi";
import * as v from "valibot";
import { TributaryError } from "../../src/core/errors.ts";
import { hexDigestSchema } from "../../src/wire/scalars.ts";
import { parameters, problems, requestHeaders, wholeText } from "../http/describe.ts";
import type { Observed, ObservedTask, Observer } from "../observer.ts";
import { hasToken } from "../http/operator_token.ts";
import { hostOf } from "../http/read_routes.ts";
import { createWaiters, type Waiters } from "../task/waiters.ts";
import { taskEvents } from "./events.ts";
import { frameHeaders, pageFrame, taskMarkup } from "./page.ts";
import { type TaskWatch, watchTask } from "./task_view.ts";

/** Who sees what, and how many. */
export interface DashboardOptions {
  /**
   * Whoever knows it sees members by their ids, at `/dashboard#token=…`. Everyone else sees them
   * numbered, with how large they are and how they stand to the round; without a token, all do.
   */
  readonly token?: string;
  /** Most streams of events at once; 100 by default. The next one is turned away. */
  readonly listeners?: number;
}

/** A task that is watched. */
interface Watched {
  readonly task: ObservedTask;
  readonly watch: TaskWatch;
  readonly waiters: Waiters;
  /** Streams of events that are open. */
  streams: number;
}

/**
 * Serves `GET /dashboard`, a page that needs nothing but this server, and what it lives on:
 * `GET /v1/tasks/{task}/events`, a stream of server-sent events, and the page's markup.
 *
 * The code of it is in an app that is given one, and in no other.
 *
 * @example A root with a page
 * ```ts
 * import { generateIdentity } from "../../src/core/identity.ts";
 * import { inlineModule } from "../../src/wasm/inline.ts";
 * import { createAggregatorApp } from "../app.ts";
 * import { memoryStore } from "../memory/mod.ts";
 * import { dashboard } from "./dashboard.ts";
 *
 * const app = createAggregatorApp({
 *   store: memoryStore(),
 *   identity: await generateIdentity(),
 *   module: await inlineModule("aggregate"),
 *   strategy: () => { throw new Error("no task yet"); },
 *   observers: [dashboard()],
 * });
 * const page = await app.request("/dashboard");
 * if (!(await page.text()).startsWith("<!doctype html>")) throw new Error("no page");
 * ```
 */
export function dashboard({ token, listeners = 100 }: DashboardOptions = {}): Observer {
  const watched = new Map<string, Watched>();

  /** Watches a task from the first line about it, or the first look at it, on. */
  function watchedOf(task: ObservedTask, { world }: Observed): Watched {
    const known = watched.get(task.id);
    if (known?.task === task) return known;
    const waiters = createWaiters({ ...world, capacity: listeners, retryAfterS: RETRY_S });
    task.ending.addEventListener("abort", () => waiters[Symbol.dispose](), { once: true });
    const one = { task, waiters, watch: watchTask(task, world.digest), streams: 0 };
    watched.set(task.id, one);
    return one;
  }

  let observed: Observed | undefined;
  return {
    logger(line) {
      if (observed === undefined || (line.kind !== "round" && line.kind !== "write")) return;
      const task = observed.tasks.get(line.task);
      if (task === undefined) return;
      const { watch, waiters } = watchedOf(task, observed);
      watch.note(line);
      waiters.wake();
    },
    routes(given) {
      observed = given;
      return dashboardRoutes(given, {
        ...{ token, listeners },
        watchedOf: (task) => watchedOf(task, given),
      });
    },
  };
}

/** Seconds after which a listener that was turned away may come again. */
const RETRY_S = 5;

/** What the routes work with. */
interface RouteOptions {
  readonly token: string | undefined;
  readonly listeners: number;
  watchedOf(task: ObservedTask): Watched;
}

const taskPath = parameters("param", v.object({ task: hexDigestSchema }));
const fromQuery = parameters(
  "query",
  v.object({
    from: v.optional(wholeText(Number.MAX_SAFE_INTEGER, "First entry of the log to send")),
  }),
);

function dashboardRoutes(observed: Observed, options: RouteOptions): Hono {
  const { digest } = observed.world;
  const frame = pageFrame();
  const app = new Hono();

  app.get(
    "/dashboard",
    describeRoute({
      summary: "A page that shows how rounds go",
      responses: {
        200: {
          description: "The page; it holds nothing of any task",
          content: { "text/html": {} },
        },
        ...problems([]),
      },
    }),
    async (c) => c.body(frame, 200, await frameHeaders(digest)),
  );

  app.get(
    "/dashboard/tasks/:task",
    describeRoute({
      summary: "What the page shows of a task",
      description: "With the operator's token as a Bearer token, members are shown by their ids.",
      parameters: requestHeaders(["Authorization"], false),
      responses: {
        200: { description: "Markup", content: { "text/html": {} } },
        ...problems(["bad-request", "task-unknown", "busy"]),
      },
    }),
    taskPath,
    async (c) => {
      const { token } = options;
      const { watch } = options.watchedOf(hostOf<ObservedTask>(observed, c));
      const isNamed = token !== undefined && hasToken(c, token);
      return c.body(taskMarkup(await watch.look(), isNamed), 200, {
        "content-type": "text/html; charset=utf-8",
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
      });
    },
  );

  app.get(
    "/v1/tasks/:task/events",
    describeRoute({
      summary:
        "Server-sent events: `entry` for each entry of the log, `status` when figures change",
      description:
        "Entries begin with the next one, with `from`, or after `Last-Event-ID`, which is " +
        "an entry's place. A comment or a status comes at least every 15 seconds.",
      parameters: requestHeaders(["Last-Event-ID"], false),
      responses: {
        200: { description: "The events", content: { "text/event-stream": {} } },
        ...problems(["bad-request", "task-unknown", "busy"]),
      },
    }),
    taskPath,
    fromQuery,
    (c) => {
      const one = options.watchedOf(hostOf<ObservedTask>(observed, c));
      // Nobody would read the stream, nor end it.
      if (c.req.method === "HEAD") {
        return c.body(null, 200, { "content-type": "text/event-stream" });
      }
      if (one.streams >= options.listeners) throw tooMany(options.listeners);
      const { task, waiters } = one;
      one.streams++;
      return taskEvents(c, task, {
        ...{ clock: observed.world.clock, waiters, from: firstEntry(c) },
        ended: () => void one.streams--,
      });
    },
  );
  return app;
}

/** Where the events begin; undefined for what comes from now on. */
function firstEntry(c: Context): number | undefined {
  const last = c.req.header("last-event-id");
  // A listener that comes back: what it has is told by the platform, not by its address.
  if (last !== undefined && /^(0|[1-9]\d{0,15})$/.test(last)) return Number(last) + 1;
  const from = c.req.query("from");
  return from === undefined ? undefined : Number(from);
}

function tooMany(listeners: number): TributaryError {
  return new TributaryError(
    "busy",
    `Cannot send events: ${listeners} listeners are there already`,
    { retryAfterS: RETRY_S },
  );
}
