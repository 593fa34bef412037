/**
 * A region as a Cloudflare Worker: stateless checks in front, and behind them one Durable Object for
 * each of its tasks.
 *
 * @module
 */
import { type Context, Hono } from "hono";
import { systemClock } from "../../src/core/clock.ts";
import { importIdentity } from "../../src/core/identity.ts";
import { systemRandom } from "../../src/core/random.ts";
import { submissionBytes } from "../../src/wire/evidence.ts";
import { fillRoute, ROUTES } from "../../src/wire/routes.ts";
import type { TaskList, TaskOffer } from "../../src/wire/task.ts";
import { readUpdateHeaders, UPDATE_FIELDS } from "../../src/wire/update_headers.ts";
import type { Admit } from "../access/admission.ts";
import { DEFAULT_LIMITS, type Limits } from "../limits.ts";
import { type Logger, silent } from "../logger.ts";
import type { Observer } from "../observer.ts";
import { untraced } from "../trace.ts";
import { createWebApp } from "../http/web_app.ts";
import {
  type AccumulatorNamespace,
  type AccumulatorObject,
  accumulatorObject,
  type AccumulatorState,
} from "./accumulator_object.ts";
import { askObject, type ObjectNamespace } from "./ask_object.ts";
import { gatekeeper } from "./gatekeeper.ts";
import { REGION_GATES } from "./gates.ts";
import { type ObjectState, type RegionObject, regionObject } from "./region_object.ts";
import { readKeySecret, readParentsSecret } from "../secrets.ts";
import { createTaskForms } from "./task_forms.ts";

/** What a region is made of. */
export interface RegionWorkerOptions {
  /** The secret that is who it is: PKCS #8 bytes of an Ed25519 key as base64. */
  readonly identity: string;
  /**
   * The secret that names its tasks: addresses at the aggregator that it sums for, one a line, each with
   * the token that is asked for there behind a `#`: `https://root.example/v1/tasks/<digest>#<token>`.
   */
  readonly parents: string;
  /** The binding of {@link RegionWorker.RegionObject}. */
  readonly objects: ObjectNamespace;
  /**
   * The binding of {@link RegionWorker.AccumulatorObject}, over which parcels of more than 16 Mi values
   * are spread; all are added in the round's own object without it.
   */
  readonly accumulators?: AccumulatorNamespace;
  /** Decides who may become a member; everyone by default. */
  readonly admit?: Admit;
  /** Ids of those who may see the roster, issue one-time tokens and have it drain. */
  readonly operators?: readonly string[];
  /** Time between alarms while a task goes on, in milliseconds; 10 000 by default. */
  readonly wakeMs?: number;
  /** Bounds that differ from those for an object. */
  readonly limits?: Partial<Limits>;
  /** Says nothing by default. */
  readonly logger?: Logger;
  /** Whoever watches an object at work; nobody by default. */
  readonly observers?: readonly Observer[];
}

/** What a worker's module exports. */
export interface RegionWorker<Env> {
  /** The class of its objects, which have SQLite: export it under the name that the binding says. */
  readonly RegionObject: new (state: ObjectState, env: Env) => RegionObject;
  /** The class of its accumulators, which have SQLite too. */
  readonly AccumulatorObject: new (state: AccumulatorState) => AccumulatorObject;
  /** Answers a request: the `fetch` of the default export. */
  fetch(request: Request, env: Env): Promise<Response>;
}

/**
 * Makes a region that runs as a worker.
 *
 * @param module    The compiled `aggregate` core, which a worker imports.
 * @param optionsOf Gives what the region is made of from the bindings and secrets of its worker.
 */
export function createRegionWorker<Env extends object>(
  module: WebAssembly.Module,
  optionsOf: (env: Env) => RegionWorkerOptions,
): RegionWorker<Env> {
  const apps = new WeakMap<Env, Promise<Hono>>();
  return {
    RegionObject: regionObject((env, task) => {
      const { identity, parents, objects: _, ...options } = optionsOf(env);
      const parent = readParentsSecret("PARENT", parents).find((one) => one.task === task);
      if (parent === undefined) return undefined;
      return { ...options, module, parent, identity: readKeySecret("IDENTITY", identity) };
    }),
    AccumulatorObject: accumulatorObject(module),
    async fetch(request, env) {
      const app = apps.get(env) ?? appOf(optionsOf(env));
      apps.set(env, app);
      return await (await app).fetch(request);
    },
  };
}

async function appOf(options: RegionWorkerOptions): Promise<Hono> {
  const { objects, logger = silent } = options;
  const clock = systemClock();
  const random = systemRandom;
  const { id } = await importIdentity(readKeySecret("IDENTITY", options.identity));
  const tasks = readParentsSecret("PARENT", options.parents).map(({ task }) => task);
  const ask = (name: string, request: Request, mayRepeat = true) =>
    askObject(request, { objects, name, mayRepeat, clock, random });
  const formOfTask = createTaskForms(ask);

  /** An update's headers say more than those of other requests, once its task is known. */
  async function checkUpdate(c: Context): Promise<void> {
    const { headers, method } = c.req.raw;
    if (!headers.has(UPDATE_FIELDS.digest)) return;
    const { evidence, parcelBytes, sliceBytes } = await formOfTask(c.req.param("task") ?? "");
    await readUpdateHeaders(headers, {
      ...{ bytes: parcelBytes, sliceBytes, isPiece: method === "PATCH" },
      ...(evidence && { leastEvidence: submissionBytes(evidence) }),
    });
  }

  const gated = gatekeeper(REGION_GATES, {
    region: id,
    clock,
    maxAgeS: options.limits?.maxAgeS ?? DEFAULT_LIMITS.maxAgeS,
    skewS: options.limits?.skewS ?? DEFAULT_LIMITS.skewS,
    tasks: new Set(tasks),
    check: checkUpdate,
    async pass(c, isSigned) {
      const task = c.req.param("task");
      if (task !== undefined) return await ask(task, c.req.raw, !isSigned);
      // What is for the region as a whole is for each of its objects.
      const answers = await Promise.all(tasks.map((each) => ask(each, c.req.raw.clone(), false)));
      return answers.find(({ ok }) => !ok) ?? new Response(null, { status: 204 });
    },
  });

  return createWebApp([gated, wholeRoutes(tasks, ask)], {
    ...{ clock, random, logger, trace: untraced },
    checkReady: () => Promise.resolve(),
    title: "Tributary region",
    description: "Checks in front of a region's objects",
  });
}

/** Routes of the region as a whole. */
function wholeRoutes(
  tasks: readonly string[],
  ask: (task: string, request: Request) => Promise<Response>,
): Hono {
  const app = new Hono();
  app.get(ROUTES.tasks, async (c) => {
    const list: TaskList["tasks"][number][] = [];
    for (const task of tasks) {
      const path = fillRoute(ROUTES.task, { task });
      const response = await ask(task, new Request(new URL(path, c.req.url)));
      if (!response.ok) return response;
      list.push({ task, name: (await response.json() as TaskOffer).task.name });
    }
    return c.json({ tasks: list });
  });
  // All objects are alike in this.
  for (const path of ["/readyz", "/openapi.json"]) {
    app.get(path, (c) => ask(tasks[0] ?? "", c.req.raw));
  }
  return app;
}
