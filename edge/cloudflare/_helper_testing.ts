/**
 * A worker for tests: a helper in one object.
 *
 * @module
 */
import { fromBase64Url } from "../../src/core/bytes.ts";
import { type HelperObject, helperObject, type HelperObjectState } from "./helper_object.ts";

/** What the test gives its worker: PKCS #8, base64url. */
export interface HelperSettings {
  /** Who it is. */
  readonly IDENTITY: string;
  /** What shares are sealed to. */
  readonly KEY: string;
}

/** What the worker has. */
interface HelperEnv extends HelperSettings {
  readonly HELPER: {
    idFromName(name: string): unknown;
    get(id: unknown): { fetch(request: Request): Promise<Response> };
  };
}

/** The class of its object. */
export function helperClass(
  module: WebAssembly.Module,
): new (state: HelperObjectState, env: HelperEnv) => HelperObject {
  return helperObject((env) => ({
    identity: fromBase64Url(env.IDENTITY),
    keys: [fromBase64Url(env.KEY)],
    module,
  }));
}

/** Every request goes to the one object. */
export function toHelper(request: Request, { HELPER }: HelperEnv): Promise<Response> {
  return HELPER.get(HELPER.idFromName("helper")).fetch(request);
}
