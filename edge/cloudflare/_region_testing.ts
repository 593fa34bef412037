/**
 * A worker for tests: a region in one object.
 *
 * @module
 */
import { fromBase64Url } from "../../src/core/bytes.ts";
import { type ObjectState, type RegionObject, regionObject } from "./region_object.ts";

/** What the test gives its worker. */
export interface RegionSettings {
  /** PKCS #8, base64url. */
  readonly IDENTITY: string;
  /** Address of the parent. */
  readonly PARENT: string;
}

/** What the worker has. */
interface RegionEnv extends RegionSettings {
  readonly REGION: {
    idFromName(name: string): unknown;
    get(id: unknown): { fetch(request: Request): Promise<Response> };
  };
}

/** The class of its object. */
export function regionClass(
  module: WebAssembly.Module,
): new (state: ObjectState, env: RegionEnv) => RegionObject {
  return regionObject((env) => ({
    identity: fromBase64Url(env.IDENTITY),
    parent: { url: env.PARENT },
    module,
    wakeMs: 200,
  }));
}

/** Every request goes to the one object. */
export function toRegion(request: Request, { REGION }: RegionEnv): Promise<Response> {
  return REGION.get(REGION.idFromName("region")).fetch(request);
}
