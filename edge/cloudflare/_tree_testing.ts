/**
 * A tree for tests: helpers and a root in this process, and a region in workerd.
 *
 * @module
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { toBase64Url } from "../../src/core/bytes.ts";
import { type Clock, systemClock } from "../../src/core/clock.ts";
import type { Fetch } from "../../src/core/fetch.ts";
import { generateStoredIdentity } from "../../src/core/identity.ts";
import { sumStrategy } from "../_testing.ts";
import { serveAggregator } from "../deno/serve.ts";
import { type TestCommittee, testCommittee } from "../helper/_testing.ts";
import { countingRegion, type RegionSettings } from "./_region_testing.ts";
import { canRunWorkerd, startWorker } from "./_testing.ts";

/** Values of a parcel. */
export const WORDS = 5;
/** Rounds of the task. */
export const ROUNDS = 2;
/** Clients of each round. */
export const CLIENTS = 4;

const WORKER = `
  import aggregateModule from "../../wasm/aggregate/pkg/aggregate_bg.wasm";
  import { ${countingRegion.name} } from "./_region_testing.ts";
  const region = ${countingRegion.name}(aggregateModule);
  export const { RegionObject } = region;
  export default { fetch: region.fetch };
`;
const isThere = await canRunWorkerd();

/** Sends to whatever server it is now what is meant for the address of a test. */
export function reach(server: { readonly url: string }): Fetch {
  return (request) => {
    const { pathname, search } = new URL(request.url);
    const { method, headers, body, signal } = request;
    const init = { method, headers, body, signal, duplex: "half" };
    return fetch(`${server.url}${pathname}${search}`, init as RequestInit);
  };
}

/** A region in workerd that can be killed, on another port of which it starts again. */
export interface KillableRegion extends AsyncDisposable {
  /** Its address now. */
  readonly url: string;
  /** Kills it, without a word before, and starts it over the same objects. */
  killAndStart(): Promise<void>;
}

async function startRegion(folder: string, parent: string): Promise<KillableRegion> {
  const { pkcs8 } = await generateStoredIdentity();
  const bindings = { IDENTITY: toBase64Url(pkcs8), PARENT: parent } satisfies RegionSettings;
  const start = () =>
    startWorker({
      ...{ source: WORKER, folder: join(folder, "objects") },
      objects: { REGION: "RegionObject" },
      bindings,
    });
  let worker = await start();
  return {
    get url() {
      return worker.url;
    },
    async killAndStart() {
      await worker[Symbol.asyncDispose]();
      worker = await start();
    },
    [Symbol.asyncDispose]: () => worker[Symbol.asyncDispose](),
  };
}

/** Helpers in this process, a root over a file, and a region in workerd. */
export interface Setting extends AsyncDisposable {
  readonly clock: Clock;
  readonly committee: TestCommittee;
  readonly root: { readonly url: string };
  readonly region: KillableRegion;
  /** Settles when the next request has been answered by the root. */
  nextCall(): Promise<void>;
}

async function startTree(folder: string): Promise<Setting> {
  const clock = systemClock();
  const committee = await testCommittee({
    words: WORDS,
    task: { clients: { min: CLIENTS, max: 100 }, stop: { rounds: ROUNDS } },
    app: { clock },
  });
  let called = () => {};
  const root = await serveAggregator({
    ...{ store: join(folder, "root.db"), identity: committee.owner, fetch: committee.fetch },
    strategy: () => sumStrategy,
    logger: ({ kind }) => kind === "request" && called(),
  });
  const model = { w: { shape: [WORDS], data: new Float32Array(WORDS) } };
  await root.aggregator.own({ signed: committee.signed, model });
  await root.ready;
  const region = await startRegion(folder, `${root.url}/v1/tasks/${committee.id}`);
  return {
    ...{ clock, committee, root, region },
    nextCall: () => new Promise<void>((resolve) => called = resolve),
    async [Symbol.asyncDispose]() {
      await region[Symbol.asyncDispose]();
      await root[Symbol.asyncDispose]();
    },
  };
}

/** A test over such a tree; passed over where there is no workerd. */
export function onTree(sentence: string, body: (setting: Setting) => Promise<void>): void {
  Deno.test({
    name: sentence,
    ignore: !isThere,
    // Miniflare ends its own thread, and removes its own folder, some time after a worker is disposed of.
    sanitizeOps: false,
    sanitizeResources: false,
    async fn() {
      const folder = mkdtempSync(join(tmpdir(), "region-"));
      try {
        await using setting = await startTree(folder);
        await body(setting);
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
  });
}
