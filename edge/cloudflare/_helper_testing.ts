/**
 * A worker for tests: a helper.
 *
 * @module
 */
import type { ObjectNamespace } from "./ask_object.ts";
import { createHelperWorker, type HelperWorker } from "./helper_worker.ts";

/** What the test gives its worker: PKCS #8, base64. */
export interface HelperSettings {
  /** Who it is. */
  readonly IDENTITY: string;
  /** What shares are sealed to. */
  readonly HELPER_KEYS: string;
}

/** What the worker has. */
interface HelperEnv extends HelperSettings {
  readonly HELPER: ObjectNamespace;
}

/** A helper of these settings. */
export function helperOf(module: WebAssembly.Module): HelperWorker<HelperEnv> {
  return createHelperWorker<HelperEnv>(module, ({ IDENTITY, HELPER_KEYS, HELPER }) => ({
    identity: IDENTITY,
    keys: HELPER_KEYS,
    objects: HELPER,
  }));
}
