/**
 * An aggregator over HTTP: a Hono app for any platform that speaks `fetch`.
 *
 * @module
 */
import { type Context, Hono } from "hono";
import { describeRoute, openAPIRouteHandler } from "hono-openapi";
import { methodNotAllowed } from "hono/method-not-allowed";
import * as v from "valibot";
import { toHex } from "../src/core/bytes.ts";
import { TributaryError } from "../src/core/errors.ts";
import { type CheckOf, webCheckOf } from "../src/core/identity.ts";
import { problemOf } from "../src/wire/problem.ts";
import { type Admit, admitAll } from "./admission.ts";
import { type Aggregator, type AggregatorOptions, createAggregator } from "./aggregator.ts";
import { jsonAnswer, problems } from "./describe.ts";
import { createGuard } from "./guard.ts";
import { readRoutes } from "./read_routes.ts";
import { roundRoutes } from "./round_routes.ts";
import { writeRoutes } from "./write_routes.ts";

/** What an aggregator's app is made of. */
export interface AggregatorAppOptions extends AggregatorOptions {
  /** Decides who may become a member; everyone by default. */
  readonly admit?: Admit;
  /** How signatures are checked; by WebCrypto unless the platform has something faster. */
  readonly checkOf?: CheckOf;
}

/** The app, and the life behind it. */
export interface AggregatorApp extends Hono {
  /** Start it before requests come, and dispose of it after the last one. */
  readonly aggregator: Aggregator;
}

/** Header that tells a sender under which id its request is in the log. */
export const REQUEST_FIELD = "tributary-request";

/**
 * An aggregator as a Hono app.
 *
 * @example A root in this process, asked for its tasks
 * ```ts
 * import { generateIdentity } from "../src/core/identity.ts";
 * import { inlineModule } from "../src/wasm/inline.ts";
 * import { createAggregatorApp } from "./app.ts";
 * import { memoryStore } from "./memory/mod.ts";
 *
 * const app = createAggregatorApp({
 *   store: memoryStore(),
 *   identity: await generateIdentity(),
 *   module: await inlineModule("aggregate"),
 *   strategy: () => { throw new Error("no task yet"); },
 * });
 * await app.aggregator.start();
 * const { tasks } = await (await app.request("/v1/tasks")).json();
 * if (tasks.length !== 0) throw new Error("unexpected task");
 * ```
 */
export function createAggregatorApp(options: AggregatorAppOptions): AggregatorApp {
  const aggregator = createAggregator(options);
  const { world } = aggregator;
  const { clock, digest, identity, limits, logger, random } = world;
  const guard = createGuard({
    ...limits,
    region: identity.id,
    clock,
    checkOf: options.checkOf ?? webCheckOf,
  });
  const app = new Hono();

  app.use(async (c, next) => {
    const began = clock.now();
    const id = toHex(random(8));
    c.header(REQUEST_FIELD, id);
    await next();
    await dropBody(c.req.raw);
    const { method, path } = c.req;
    const { status } = c.res;
    const code = c.error === undefined ? undefined : problemOf(c.error).problem.code;
    const line = { kind: "request", id, method, path, status, ms: clock.now() - began } as const;
    logger(code === undefined ? line : { ...line, code });
  });
  app.use(methodNotAllowed({
    app,
    onMethodNotAllowed: (c, methods) => {
      const allow = methods.join(", ");
      const answer = answerProblem(
        c,
        new TributaryError(
          "method-not-allowed",
          `Cannot ${c.req.method} ${c.req.path}: expected one of ${allow}`,
        ),
      );
      answer.headers.set("allow", allow);
      return answer;
    },
  }));
  app.notFound((c) =>
    answerProblem(
      c,
      new TributaryError(
        "not-found",
        `Cannot find ${c.req.path}: there is nothing at this address`,
      ),
    )
  );
  app.onError((error, c) => {
    if (!(error instanceof TributaryError) || error.status >= 500) {
      logger({ kind: "failure", doing: `${c.req.method} ${c.req.path}`, error });
    }
    return answerProblem(c, error);
  });

  const checks = { guard, digest, clock, stallMs: limits.stallMs };
  app.route("/", readRoutes(aggregator));
  app.route("/", roundRoutes(aggregator, checks));
  app.route("/", writeRoutes(aggregator, { ...checks, admit: options.admit ?? admitAll }));
  app.get(
    "/healthz",
    describeRoute({
      summary: "Whether this aggregator answers",
      responses: { 200: jsonAnswer("It does", healthSchema), ...problems([]) },
    }),
    (c) => c.json({ status: "ok" }),
  );
  app.get(
    "/openapi.json",
    openAPIRouteHandler(app, {
      documentation: {
        info: {
          title: "Tributary aggregator",
          version: "1",
          description:
            "A root or region of a tree that sums updates. Requests that change something " +
            "are signed with Ed25519 (RFC 9421); errors are problem documents (RFC 9457).",
        },
      },
      defaultValidationErrorResponse: false,
    }),
  );
  return Object.assign(app, { aggregator });
}

const healthSchema = v.strictObject({ status: v.literal("ok") });

function answerProblem(c: Context, error: unknown): Response {
  const { status, headers, problem } = problemOf(error);
  return c.newResponse(JSON.stringify(problem), status as 400, { ...headers });
}

/** A body that nobody read would hold up the next request on its connection. */
async function dropBody(request: Request): Promise<void> {
  if (request.body === null || request.bodyUsed || request.body.locked) return;
  await request.body.cancel().catch(() => {});
}
