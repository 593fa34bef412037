/**
 * What every app of the edge has around its routes: a line of log for each request, errors as problem
 * documents, a word of health, and a description of itself.
 *
 * @module
 */
import { type Context, Hono, type MiddlewareHandler } from "hono";
import { describeRoute, openAPIRouteHandler } from "hono-openapi";
import { methodNotAllowed } from "hono/method-not-allowed";
import { routePath } from "hono/route";
import * as v from "valibot";
import { toHex } from "../../src/core/bytes.ts";
import type { Clock } from "../../src/core/clock.ts";
import { TributaryError } from "../../src/core/errors.ts";
import type { RandomSource } from "../../src/core/random.ts";
import { problemOf } from "../../src/wire/problem.ts";
import { jsonAnswer, problems } from "./describe.ts";
import type { Logger } from "../logger.ts";
import { refuseEncodings } from "./refuse_encodings.ts";
import type { Trace } from "../trace.ts";

/** What an app is called, and what it works with. */
export interface WebAppOptions {
  /** Its name in its own description. */
  readonly title: string;
  /** What it is, in its own description. */
  readonly description: string;
  /** Where the time comes from. */
  readonly clock: Clock;
  /** Where the names of requests come from. */
  readonly random: RandomSource;
  /** Takes a line for each request, and what failed. */
  readonly logger: Logger;
  /** Times each request. */
  readonly trace: Trace;
  /** What stands in front of the routes of the protocol, such as limits. */
  readonly before?: readonly MiddlewareHandler[];
  /** Throws unless requests can be answered as they should be. */
  checkReady(): Promise<void>;
}

/** Header that tells a sender under which id its request is in the log. */
export const REQUEST_FIELD = "tributary-request";

/** What the context of a request holds. */
interface Named {
  readonly Variables: { readonly requestId: string };
}

/** Under which id a request is in the log. */
export function requestIdOf(c: Context): string {
  return (c as Context<Named>).get("requestId");
}

/** An app with these routes. */
export function createWebApp(routes: readonly Hono[], options: WebAppOptions): Hono {
  const { clock, random, logger, trace } = options;
  const app = new Hono();

  app.use(async (c: Context<Named>, next) => {
    const began = clock.now();
    const id = toHex(random(8));
    c.set("requestId", id);
    c.header(REQUEST_FIELD, id);
    await trace({ kind: "request", request: c.req.raw }, async (note) => {
      await next();
      await dropBody(c.req.raw);
      const { method, path } = c.req;
      const { status } = c.res;
      const code = c.error === undefined ? undefined : problemOf(c.error).problem.code;
      const matched = routePath(c, -1);
      const more = {
        // What is done around many routes is matched last where there is none.
        ...(matched.endsWith("*") ? {} : { route: matched }),
        ...(code === undefined ? {} : { code }),
      };
      note({ id, status, ...more });
      logger({ kind: "request", id, method, path, status, ms: clock.now() - began, ...more });
    });
  });
  app.use(refuseEncodings);
  for (const middleware of options.before ?? []) app.use("/v1/*", middleware);
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
    // Being busy, or about to stop, is no failure: whoever asked is told so, and comes again.
    if (!(error instanceof TributaryError) || (error.status >= 500 && error.status !== 503)) {
      const doing = `${c.req.method} ${c.req.path}`;
      logger({ kind: "failure", doing, error, request: requestIdOf(c) });
    }
    return answerProblem(c, error);
  });

  for (const route of routes) app.route("/", route);
  app.get(
    "/healthz",
    describeRoute({
      summary: "Whether this server answers",
      responses: { 200: jsonAnswer("It does", healthSchema), ...problems([]) },
    }),
    (c) => c.json({ status: "ok" }),
  );
  app.get(
    "/readyz",
    describeRoute({
      summary: "Whether requests can be answered as they should be",
      description: "What is stored was taken up, the store can be read, and no stop has begun.",
      responses: { 200: jsonAnswer("They can", healthSchema), ...problems(["busy"]) },
    }),
    async (c) => {
      await options.checkReady();
      return c.json({ status: "ok" });
    },
  );
  app.get(
    "/openapi.json",
    openAPIRouteHandler(app, {
      documentation: {
        info: {
          title: options.title,
          version: "1",
          description: options.description,
        },
      },
      defaultValidationErrorResponse: false,
    }),
  );
  return app;
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
