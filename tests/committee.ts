/**
 * Helpers in this process, for trees of masked tasks.
 *
 * @module
 */
import { createHelperApp } from "../edge/helper/mod.ts";
import { memoryHelperStore } from "../edge/memory/mod.ts";
import { toBase64Url } from "../src/core/bytes.ts";
import type { Fetch } from "../src/core/fetch.ts";
import { generateIdentity } from "../src/core/identity.ts";
import { generateHelperKey } from "../src/mask/helper_key.ts";
import { inlineModule } from "../src/wasm/inline.ts";
import type { ManualClock } from "../src/wire/_testing.ts";
import type { HelperInfo } from "../src/wire/mask_plan.ts";

/** Helpers that answer under addresses of their own. */
export interface TestCommittee {
  /** How a task names them. */
  readonly helpers: readonly HelperInfo[];
  /** Turns a helper off, from 1, or on again. */
  lose(helper: number, isAway?: boolean): void;
  /** Lets requests to the helpers go to them. */
  readonly through: (fetch: Fetch) => Fetch;
}

/** Starts so many. */
export async function startCommittee(size: number, clock: ManualClock): Promise<TestCommittee> {
  const module = await inlineModule("aggregate");
  const hosts = new Map<string, Fetch>();
  const lost = new Set<string>();
  const hostOf = (number: number) => `helper-${number}.test`;
  const helpers = await Promise.all(
    Array.from({ length: size }, async (_, at) => {
      const [identity, key] = [await generateIdentity(), await generateHelperKey()];
      const store = memoryHelperStore();
      const app = createHelperApp({ store, keys: [key], identity, module, clock });
      hosts.set(hostOf(at + 1), async (request) => await app.fetch(request));
      return {
        url: `http://${hostOf(at + 1)}`,
        key: toBase64Url(key.publicKey),
        identity: toBase64Url(identity.publicKey),
      };
    }),
  );
  // What is signed in the second in which a process began is to be signed again.
  clock.advance(1000);
  return {
    helpers,
    lose(helper, isAway = true) {
      if (isAway) lost.add(hostOf(helper));
      else lost.delete(hostOf(helper));
    },
    through: (fetch) => async (request) => {
      const { host } = new URL(request.url);
      if (lost.has(host)) throw new TypeError("connection refused");
      return await (hosts.get(host) ?? fetch)(request);
    },
  };
}
