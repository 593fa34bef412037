/**
 * A helper as a Cloudflare Worker: stateless checks in front, and behind them one Durable Object, as
 * all that it has answered must be known in one place.
 *
 * @module
 */
import type { Hono } from "hono";
import { systemClock } from "../../src/core/clock.ts";
import { importIdentity } from "../../src/core/identity.ts";
import { systemRandom } from "../../src/core/random.ts";
import type { HelperAppOptions } from "../helper/app.ts";
import { DEFAULT_HELPER_LIMITS } from "../helper/limits.ts";
import { silent } from "../logger.ts";
import { untraced } from "../trace.ts";
import { createWebApp } from "../http/web_app.ts";
import { askObject, type ObjectNamespace } from "./ask_object.ts";
import { gatekeeper } from "./gatekeeper.ts";
import { HELPER_GATES } from "./gates.ts";
import { type HelperObject, helperObject, type HelperObjectState } from "./helper_object.ts";
import { readKeySecret } from "../secrets.ts";

/** What a helper is made of. */
export interface HelperWorkerOptions
  extends Pick<HelperAppOptions, "admit" | "keepRounds" | "limits" | "logger" | "observers"> {
  /** The secret that is who it is: PKCS #8 bytes of an Ed25519 key as base64. */
  readonly identity: string;
  /**
   * The secret keys that shares may be sealed to, newest first, one a line: PKCS #8 bytes of X25519 keys
   * as base64.
   */
  readonly keys: string;
  /** The binding of {@link HelperWorker.HelperObject}. */
  readonly objects: ObjectNamespace;
}

/** What a worker's module exports. */
export interface HelperWorker<Env> {
  /** The class of its object, which has SQLite: export it under the name that the binding says. */
  readonly HelperObject: new (state: HelperObjectState, env: Env) => HelperObject;
  /** Answers a request: the `fetch` of the default export. */
  fetch(request: Request, env: Env): Promise<Response>;
}

/** Name of the one object. */
const OBJECT = "helper";

/**
 * Makes a helper that runs as a worker.
 *
 * @param module    The compiled `aggregate` core, which a worker imports.
 * @param optionsOf Gives what the helper is made of from the bindings and secrets of its worker.
 */
export function createHelperWorker<Env extends object>(
  module: WebAssembly.Module,
  optionsOf: (env: Env) => HelperWorkerOptions,
): HelperWorker<Env> {
  const apps = new WeakMap<Env, Promise<Hono>>();
  return {
    HelperObject: helperObject((env) => {
      const { identity, keys, objects: _, ...options } = optionsOf(env);
      return {
        ...options,
        module,
        identity: readKeySecret("IDENTITY", identity),
        keys: keys.split(/\s+/).filter((key) => key !== "")
          .map((key) => readKeySecret("HELPER_KEYS", key)),
      };
    }),
    async fetch(request, env) {
      const app = apps.get(env) ?? appOf(optionsOf(env));
      apps.set(env, app);
      return await (await app).fetch(request);
    },
  };
}

async function appOf(options: HelperWorkerOptions): Promise<Hono> {
  const { objects, limits, logger = silent } = options;
  const clock = systemClock();
  const random = systemRandom;
  const { id } = await importIdentity(readKeySecret("IDENTITY", options.identity));
  const ask = (request: Request, mayRepeat: boolean) =>
    askObject(request, { objects, name: OBJECT, mayRepeat, clock, random });
  const gated = gatekeeper(HELPER_GATES, {
    region: id,
    clock,
    maxAgeS: limits?.maxAgeS ?? DEFAULT_HELPER_LIMITS.maxAgeS,
    skewS: limits?.skewS ?? DEFAULT_HELPER_LIMITS.skewS,
    tasks: undefined,
    pass: (c, isSigned) => ask(c.req.raw, !isSigned),
  });
  for (const path of ["/readyz", "/openapi.json"]) gated.get(path, (c) => ask(c.req.raw, true));
  return createWebApp([gated], {
    ...{ clock, random, logger, trace: untraced },
    checkReady: () => Promise.resolve(),
    title: "Tributary helper",
    description: "Checks in front of a helper's object",
  });
}
