/**
 * A helper as a server over a store, by whatever server the platform has.
 *
 * @module
 */
import type { Identity } from "../../src/core/identity.ts";
import type { HelperKey } from "../../src/mask/helper_key.ts";
import { inlineModule } from "../../src/wasm/inline.ts";
import { createHelperApp, type HelperAppOptions } from "../helper/app.ts";
import type { HelperStore } from "../helper/store.ts";
import { nativeCheckOf, nativeDigest } from "./crypto.ts";
import { loadHelperKey } from "./helper_key_file.ts";
import { identityIn } from "./identity_file.ts";
import { connectionAddress } from "../http/sender_address.ts";
import { type Listen, type ListenOptions, listenOver } from "./listener.ts";
import { openHelperStore } from "./open_store.ts";

/** Where and as what to serve. */
export interface ServeHelperOptions
  extends ListenOptions, Pick<HelperAppOptions, "admit" | "limits" | "keepRounds" | "observers"> {
  /**
   * Where everything is kept: a store, closed with the server, or the path of a SQLite file, made if
   * there is none.
   */
  readonly store: HelperStore | string;
  /** Who it is, or the path of its key; made if there is none. */
  readonly identity: Identity | string;
  /** Keys that shares may be sealed to, or paths of them, made if there are none; newest first. */
  readonly keys: readonly (HelperKey | string)[];
}

/** A helper that runs; disposing finishes what is under way, then closes the store. */
export interface ServedHelper extends AsyncDisposable {
  /** Its address, such as `http://127.0.0.1:8080`. */
  readonly url: string;
  /** Who signs its answers. */
  readonly identity: Identity;
  /** Its keys, newest first. */
  readonly keys: readonly HelperKey[];
}

/**
 * Serves a helper until it is disposed of.
 *
 * @throws {TributaryError} `store-failed` if the store cannot be opened.
 */
export async function serveHelperOver(
  options: ServeHelperOptions & { readonly listen: Listen },
): Promise<ServedHelper> {
  const { admit, limits, keepRounds, logger, observers } = options;
  const identity = await identityIn(options.identity);
  const keys = await Promise.all(
    options.keys.map((key) => typeof key === "string" ? loadHelperKey(key) : key),
  );
  const module = await inlineModule("aggregate");
  const store = typeof options.store === "string"
    ? await openHelperStore(options.store)
    : options.store;
  const app = createHelperApp({
    ...{ store, keys, identity, module },
    digest: nativeDigest,
    checkOf: nativeCheckOf,
    addressOf: connectionAddress,
    ...(admit === undefined ? {} : { admit }),
    ...(limits === undefined ? {} : { limits }),
    ...(keepRounds === undefined ? {} : { keepRounds }),
    ...(logger === undefined ? {} : { logger }),
    ...(observers === undefined ? {} : { observers }),
  });
  const listener = await listenOver(store, app, options);
  return {
    ...{ url: listener.url, identity, keys },
    async [Symbol.asyncDispose]() {
      await listener.drain();
      await listener.close();
      await store[Symbol.asyncDispose]();
    },
  };
}
