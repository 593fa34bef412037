/**
 * The routes of the round log's Merkle tree: its signed head, and proofs. They need no signature.
 *
 * @module
 */
import { type Context, Hono } from "hono";
import { describeRoute } from "hono-openapi";
import * as v from "valibot";
import {
  logConsistencySchema,
  logHeadSchema,
  logInclusionSchema,
} from "../../src/wire/log_head.ts";
import { ROUTES } from "../../src/wire/routes.ts";
import { hexDigestSchema } from "../../src/wire/scalars.ts";
import { jsonAnswer, parameters, problems, wholeText } from "./describe.ts";
import { createLogTree, type LogTree, type LogTreeOptions } from "../log/log_tree.ts";
import { hostOf, type Hosts } from "./read_routes.ts";

const taskPath = parameters("param", v.object({ task: hexDigestSchema }));
const seq = wholeText(Number.MAX_SAFE_INTEGER, "Place of an entry");
const size = wholeText(Number.MAX_SAFE_INTEGER, "Entries in the log");
const codes = problems(["bad-request", "task-unknown", "busy"]);

/** What a proof says never changes, wherever it is kept. */
const FOR_EVER = { "cache-control": "public, max-age=31536000, immutable" };

/** Mounts the routes, with a tree for each task that is asked for. */
export function logRoutes(hosts: Hosts, keeper: Omit<LogTreeOptions, "task">): Hono {
  const app = new Hono();
  const trees = new Map<string, LogTree>();

  function treeOf(c: Context): LogTree {
    const { id: task } = hostOf(hosts, c);
    const tree = trees.get(task) ?? createLogTree({ ...keeper, task });
    trees.set(task, tree);
    return tree;
  }

  app.get(
    ROUTES.logHead,
    describeRoute({
      summary: "The signed head of the round log's Merkle tree",
      responses: { 200: jsonAnswer("The head of the log as it is now", logHeadSchema), ...codes },
    }),
    taskPath,
    async (c) => c.json(await treeOf(c).head(), 200, { "cache-control": "no-store" }),
  );

  app.get(
    ROUTES.logInclusion,
    describeRoute({
      summary: "A proof that an entry is in the round log",
      responses: { 200: jsonAnswer("The nodes beside its way up", logInclusionSchema), ...codes },
    }),
    taskPath,
    parameters("query", v.object({ seq, size })),
    async (c) => {
      const { seq, size } = c.req.query();
      return c.json(await treeOf(c).inclusion(Number(seq), Number(size)), 200, FOR_EVER);
    },
  );

  app.get(
    ROUTES.logConsistency,
    describeRoute({
      summary: "A proof that a round log is how a longer one begins",
      responses: { 200: jsonAnswer("Nodes that give both roots", logConsistencySchema), ...codes },
    }),
    taskPath,
    parameters("query", v.object({ from: size, to: size })),
    async (c) => {
      const { from, to } = c.req.query();
      return c.json(await treeOf(c).consistency(Number(from), Number(to)), 200, FOR_EVER);
    },
  );

  return app;
}
