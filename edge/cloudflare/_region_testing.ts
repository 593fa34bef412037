/**
 * A worker for tests: a region, which tells how many requests have reached its objects.
 *
 * @module
 */
import type { ObjectNamespace } from "./ask_object.ts";
import { createRegionWorker, type RegionWorker } from "./region_worker.ts";

/** What the test gives its worker. */
export interface RegionSettings {
  /** PKCS #8, base64. */
  readonly IDENTITY: string;
  /** Addresses of tasks at the parent. */
  readonly PARENT: string;
}

/** What the worker has. */
interface RegionEnv extends RegionSettings {
  readonly REGION: ObjectNamespace;
}

/** Says in an answer how many requests its object has been asked before, this one included. */
export const COUNT_FIELD = "tributary-test-count";

/** Time between two alarms of its objects. */
export const WAKE_MS = 200;

/** A region whose objects count. */
export function countingRegion(module: WebAssembly.Module): RegionWorker<RegionEnv> {
  const worker = createRegionWorker<RegionEnv>(module, ({ IDENTITY, PARENT, REGION }) => ({
    ...{ identity: IDENTITY, parents: PARENT, objects: REGION },
    wakeMs: WAKE_MS,
  }));
  return {
    ...worker,
    RegionObject: class extends worker.RegionObject {
      #asked = 0;

      override async fetch(request: Request): Promise<Response> {
        this.#asked++;
        const { body, status, headers } = await super.fetch(request);
        const answer = new Response(body, { status, headers });
        answer.headers.set(COUNT_FIELD, String(this.#asked));
        return answer;
      }
    },
  };
}
