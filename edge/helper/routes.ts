/**
 * The routes of a helper: its keys for everyone, and for owners of tasks, having one served and asking
 * for shares of it.
 *
 * @module
 */
import { Hono } from "hono";
import { describeRoute, resolver } from "hono-openapi";
import * as v from "valibot";
import { toBase64Url } from "../../src/core/bytes.ts";
import { TributaryError } from "../../src/core/errors.ts";
import { HEAD_FIELD } from "../../src/wire/helper_head.ts";
import { helperKeysSchema, signHelperKeys } from "../../src/wire/helper_keys.ts";
import { ROUTES } from "../../src/wire/routes.ts";
import { hexDigestSchema } from "../../src/wire/scalars.ts";
import { signedTaskSchema, taskOfferSchema } from "../../src/wire/task.ts";
import {
  type Answer,
  BODY_DIGEST,
  jsonAnswer,
  parameters,
  problems,
  requestHeaders,
  SIGNATURE_CODES,
  SIGNATURE_HEADERS,
} from "../http/describe.ts";
import { type Guard, requireSignature } from "../http/guard.ts";
import { readJsonBody } from "../http/json_body.ts";
import type { AdmitTask } from "./admission.ts";
import { answerAsk } from "./answer_ask.ts";
import { serveTask, type TaskBook } from "./served_task.ts";
import type { HelperWorld } from "./world.ts";

/** What the routes work with. */
export interface HelperRoutesOptions {
  /** What the helper was given. */
  readonly world: HelperWorld;
  /** Its tasks. */
  readonly book: TaskBook;
  /** Checks signatures. */
  readonly guard: Guard;
  /** Decides whose tasks are served. */
  readonly admit: AdmitTask;
}

/** Longest task: one with a thousand tensors and as many helpers as there may be. */
const MAX_TASK_BYTES = 1 << 20;

const taskSchema = v.strictObject({ task: hexDigestSchema });

/** The routes. */
export function helperRoutes({ world, book, guard, admit }: HelperRoutesOptions): Hono {
  const { clock, digest, identity, keys, limits } = world;
  const region = { id: identity.id, publicKey: toBase64Url(identity.publicKey) };
  const routes = new Hono();

  routes.get(
    ROUTES.helper,
    describeRoute({
      summary: "The keys of this helper",
      description:
        "For those who write tasks: the first key is for new ones. The signature tells that they " +
        "are this identity's; whose identity it is has to be known from elsewhere.",
      responses: { 200: jsonAnswer("The keys", helperKeysSchema), ...problems([]) },
    }),
    async (c) => {
      const publicKeys = keys.map(({ publicKey }) => publicKey);
      return c.json(await signHelperKeys(publicKeys, identity));
    },
  );

  routes.put(
    ROUTES.task,
    describeRoute({
      summary: "Have a task served",
      description: "Signed by the task's root. Doing so again changes nothing.",
      parameters: requestHeaders([...SIGNATURE_HEADERS, BODY_DIGEST]),
      requestBody: {
        required: true,
        content: { "application/json": { schema: resolver(signedTaskSchema) } },
      },
      responses: {
        200: jsonAnswer("The task as it is served", taskOfferSchema),
        ...problems([
          ...SIGNATURE_CODES,
          ...["body-too-long", "body-too-short", "digest-missing", "digest-mismatch"] as const,
          ...["bad-request", "task-refused", "helper-mismatch", "owner-refused"] as const,
          ...["too-many-tasks", "busy"] as const,
        ]),
      },
    }),
    parameters("param", taskSchema),
    async (c) => {
      requireSignature(c.req.raw);
      const document = await readJsonBody(c.req.raw, signedTaskSchema, {
        what: "a signed task",
        code: "task-refused",
        mostBytes: MAX_TASK_BYTES,
        stallMs: limits.stallMs,
        clock,
        digest,
      });
      const task = await serveTask(document, world, c.req.param("task"));
      const { id, owner, root, signed } = task;
      const isStranger = await world.store.task(id) === undefined;
      await guard.check(c.req.raw, { kind: "json", member: root, isKnown: true, isStranger });
      const { name } = signed.task;
      if (!await admit({ task: id, name, owner })) {
        throw new TributaryError(
          "owner-refused",
          `Cannot serve a task of ${owner}: it is not admitted`,
        );
      }
      await book.put(task);
      return c.json({ ...signed, region });
    },
  );

  routes.post(
    ROUTES.answers,
    describeRoute({
      summary: "Ask for the sum of this helper's shares of one set of clients",
      description:
        "Signed by the task's owner. The body is `LE32 length ‖ head (JSON) ‖ ids of the root's " +
        "roster ‖ nodes`; docs/PROTOCOL.md has its layout. A sid is answered for one set: the same " +
        "one again gets the same bytes, another one `sid-answered`.",
      parameters: requestHeaders([...SIGNATURE_HEADERS, HEAD_FIELD]),
      requestBody: { required: true, content: { "application/octet-stream": {} } },
      responses: {
        200: SHARE,
        ...problems([
          ...SIGNATURE_CODES,
          ...["task-unknown", "helper-mismatch", "group-unknown", "sid-mismatch"] as const,
          ...["bad-request", "body-too-short", "body-too-long", "digest-mismatch"] as const,
          ...["set-too-small", "set-too-large", "set-mismatch", "sid-answered"] as const,
          ...["answer-dropped", "member-unrostered", "member-repeated", "busy"] as const,
          ...["evidence-malformed", "evidence-refused", "residue-out-of-range"] as const,
          ...["envelope-malformed", "envelope-misaddressed", "envelope-refused"] as const,
        ]),
      },
    }),
    parameters("param", taskSchema),
    async (c) => {
      requireSignature(c.req.raw);
      const task = await book.get(c.req.param("task"));
      await guard.check(c.req.raw, { kind: "ask", member: task.root, isKnown: true });
      const answer = await answerAsk(c.req.raw, task, world);
      return c.body(answer.slice(), 200, { "content-type": "application/octet-stream" });
    },
  );
  return routes;
}

const SHARE: Answer = {
  description: "`LE32 length ‖ document (JSON) ‖ share`, signed by this helper",
  content: { "application/octet-stream": { schema: { type: "string", format: "binary" } } },
};
