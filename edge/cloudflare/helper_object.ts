/**
 * A helper that lives in one Durable Object. It has no timers: it answers when it is asked.
 *
 * @module
 */
import type { Hono } from "hono";
import { importIdentity } from "../../src/core/identity.ts";
import { importHelperKey } from "../../src/mask/helper_key.ts";
import { createHelperApp, type HelperAppOptions } from "../helper/app.ts";
import type { ObjectStorage } from "./database.ts";
import { objectHelperStore, openHelper } from "./helper_store.ts";
import { objectNonceLog } from "./nonce_log.ts";

/** What a helper is made of. */
export interface HelperObjectOptions
  extends
    Pick<HelperAppOptions, "admit" | "keepRounds" | "limits" | "logger" | "module" | "observers"> {
  /** Who it is: PKCS #8 bytes of an Ed25519 key. The same object goes with the same key. */
  readonly identity: Uint8Array;
  /** Keys that shares may be sealed to, newest first: PKCS #8 bytes of X25519 keys. */
  readonly keys: readonly Uint8Array[];
}

/** What the platform gives an object, as far as a helper uses it. */
export interface HelperObjectState {
  /** Its storage; the class must be one with SQLite. */
  readonly storage: ObjectStorage;
}

/** An object as the platform calls it. */
export interface HelperObject {
  /** Answers a request. */
  fetch(request: Request): Promise<Response>;
}

/**
 * The class of objects that are helpers.
 *
 * @param optionsOf Gives what a helper is made of from the bindings and secrets of its worker.
 */
export function helperObject<Env>(
  optionsOf: (env: Env) => HelperObjectOptions,
): new (state: HelperObjectState, env: Env) => HelperObject {
  return class implements HelperObject {
    readonly #app: Promise<Hono>;

    constructor({ storage }: HelperObjectState, env: Env) {
      this.#app = appOf(storage, optionsOf(env));
      // A request says what went wrong.
      this.#app.catch(() => {});
    }

    async fetch(request: Request): Promise<Response> {
      return await (await this.#app).fetch(request);
    }
  };
}

async function appOf(storage: ObjectStorage, options: HelperObjectOptions): Promise<Hono> {
  const database = openHelper(storage);
  return createHelperApp({
    ...options,
    store: objectHelperStore(database),
    nonceLog: objectNonceLog(database),
    identity: await importIdentity(options.identity),
    keys: await Promise.all(options.keys.map(importHelperKey)),
  });
}
