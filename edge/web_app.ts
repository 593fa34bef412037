/**
 * What every app of the edge has around its routes: a line of log for each request, errors as problem
 * documents, a word of health, and a description of itself.
 *
 * @module
 */
import { type Context, Hono } from "hono";
import { describeRoute, openAPIRouteHandler } from "hono-openapi";
import { methodNotAllowed } from "hono/method-not-allowed";
import * as v from "valibot";
import { toHex } from "../src/core/bytes.ts";
import type { Clock } from "../src/core/clock.ts";
import { TributaryError } from "../src/core/errors.ts";
import type { RandomSource } from "../src/core/random.ts";
import { problemOf } from "../src/wire/problem.ts";
import { jsonAnswer, problems } from "./describe.ts";
import type { Logger } from "./logger.ts";

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
}

/** Header that tells a sender under which id its request is in the log. */
export const REQUEST_FIELD = "tributary-request";

/** An app with these routes. */
export function createWebApp(routes: readonly Hono[], options: WebAppOptions): Hono {
  const { clock, random, logger } = options;
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
