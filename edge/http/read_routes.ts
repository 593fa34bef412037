/**
 * The routes that change nothing: tasks, models, logs and figures. They need no signature.
 *
 * @module
 */
import { type Context, Hono } from "hono";
import { describeRoute } from "hono-openapi";
import * as v from "valibot";
import { TributaryError } from "../../src/core/errors.ts";
import { logPageSchema } from "../../src/wire/log.ts";
import { ROUTES } from "../../src/wire/routes.ts";
import { hexDigestSchema } from "../../src/wire/scalars.ts";
import { statusSchema } from "../../src/wire/status.ts";
import { taskListSchema, taskOfferSchema } from "../../src/wire/task.ts";
import { type ByteRange, readRange } from "./byte_range.ts";
import { jsonAnswer, parameters, problems, requestHeaders, wholeText } from "./describe.ts";
import { logPage } from "../log/log_page.ts";
import { unknownModel } from "../task/models.ts";
import type { TaskHost } from "../task/task_host.ts";

/** The tasks of an aggregator. */
export interface Hosts<Host = TaskHost> {
  /** By digest. */
  readonly tasks: ReadonlyMap<string, Host>;
  /** Whether these are all: not before it has taken up what its store has. */
  readonly isReady: boolean;
}

const SAFE = Number.MAX_SAFE_INTEGER;
const taskPath = parameters("param", v.object({ task: hexDigestSchema }));

/** Mounts the routes. */
export function readRoutes(hosts: Hosts): Hono {
  const app = new Hono();

  app.get(
    ROUTES.tasks,
    describeRoute({
      summary: "The tasks of this aggregator",
      responses: {
        200: jsonAnswer("Digest and name of each", taskListSchema),
        ...problems(["busy"]),
      },
    }),
    (c) => {
      if (!hosts.isReady) throw notReady();
      const tasks = [...hosts.tasks.values()].map(({ id, offer }) => ({
        task: id,
        name: offer.task.name,
      }));
      return c.json({ tasks });
    },
  );

  app.get(
    ROUTES.task,
    describeRoute({
      summary: "A signed task, and who signs receipts here",
      responses: {
        200: jsonAnswer("The task; it never changes", taskOfferSchema),
        ...problems(["bad-request", "task-unknown", "busy"]),
      },
    }),
    taskPath,
    (c) => c.json(hostOf(hosts, c).offer),
  );

  app.get(
    ROUTES.model,
    describeRoute({
      summary: "A model as safetensors, or a range of its bytes",
      parameters: requestHeaders(["Range", "If-None-Match", "If-Range"], false),
      responses: {
        200: { description: "The whole model", content: { [OCTETS]: {} } },
        206: { description: "The range asked for", content: { [OCTETS]: {} } },
        304: { description: "The model that the sender has" },
        ...problems([
          "bad-request",
          "task-unknown",
          "model-unknown",
          "range-not-satisfiable",
          "busy",
        ]),
      },
    }),
    parameters(
      "param",
      v.object({ task: hexDigestSchema, version: wholeText(1e9, "Version of the model") }),
    ),
    (c) => answerModel(c, hostOf(hosts, c)),
  );

  app.get(
    ROUTES.log,
    describeRoute({
      summary: "A run of the signed, hash-chained round log",
      responses: {
        200: jsonAnswer("Entries in order, without gaps", logPageSchema),
        ...problems(["bad-request", "task-unknown", "busy"]),
      },
    }),
    taskPath,
    parameters("query", v.object({ from: v.optional(wholeText(SAFE, "First entry"), "0") })),
    async (c) => {
      const page = await logPage(hostOf(hosts, c), Number(c.req.query("from") ?? 0));
      return c.body(page, 200, { "content-type": "application/json" });
    },
  );

  app.get(
    ROUTES.status,
    describeRoute({
      summary: "Figures of a task here",
      responses: {
        200: jsonAnswer("Figures", statusSchema),
        ...problems(["bad-request", "task-unknown", "busy"]),
      },
    }),
    taskPath,
    (c) => c.json(hostOf(hosts, c).status()),
  );

  return app;
}

/** The task that a path names. */
export function hostOf<Host = TaskHost>(hosts: Hosts<Host>, c: Context): Host {
  const task = c.req.param("task") ?? "";
  const host = hosts.tasks.get(task);
  if (host !== undefined) return host;
  // A member that comes back right after a restart must not take its task for gone.
  if (!hosts.isReady) throw notReady();
  throw new TributaryError(
    "task-unknown",
    `Cannot find task ${task}: it is not one of this aggregator`,
  );
}

/** That an aggregator has not taken up its tasks yet. */
export function notReady(): TributaryError {
  return new TributaryError("busy", "Cannot answer yet: this aggregator is starting", {
    retryAfterS: 1,
  });
}

const OCTETS = "application/octet-stream";

async function answerModel(c: Context, host: TaskHost): Promise<Response> {
  const version = Number(c.req.param("version"));
  if (host.model(version) === undefined) await host.refresh();
  const model = host.model(version);
  if (model === undefined) throw unknownModel(version);
  const etag = `"${model.digest}"`;
  const headers = {
    etag,
    "accept-ranges": "bytes",
    // What a version is never changes, wherever it is kept.
    "cache-control": "public, max-age=31536000, immutable",
  };
  const known = c.req.header("if-none-match")?.split(",").map((tag) => tag.trim()) ?? [];
  // RFC 9110, section 13.1.2: weak comparison, and `*` for any.
  if (known.some((tag) => tag === "*" || tag.replace(/^W\//, "") === etag)) {
    return new Response(null, { status: 304, headers });
  }
  const conditional = c.req.header("if-range");
  const asked = conditional === undefined || conditional === etag
    ? c.req.header("range")
    : undefined;
  const range = rangeOf(c, asked, model.bytes);
  const { from, to } = range ?? { from: 0, to: model.bytes };
  const body = c.req.method === "HEAD" ? null : await host.models.body(model, from, to);
  return new Response(body, {
    status: range === undefined ? 200 : 206,
    headers: {
      ...headers,
      "content-type": OCTETS,
      "content-length": String(to - from),
      ...(range === undefined ? {} : { "content-range": `bytes ${from}-${to - 1}/${model.bytes}` }),
    },
  });
}

/** A range that there is none of is refused with the length, by which to ask again. */
function rangeOf(c: Context, asked: string | undefined, bytes: number): ByteRange | undefined {
  try {
    return readRange(asked, bytes);
  } catch (error) {
    // RFC 9110, section 15.5.17.
    c.header("content-range", `bytes */${bytes}`);
    throw error;
  }
}
