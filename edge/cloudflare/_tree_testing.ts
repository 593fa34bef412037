/**
 * A tree for tests: helpers and a root in this process, and a region in workerd.
 *
 * @module
 */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { toBase64Url } from "../../src/core/bytes.ts";
import { type Clock, systemClock } from "../../src/core/clock.ts";
import type { Fetch } from "../../src/core/fetch.ts";
import { generateIdentity, generateStoredIdentity } from "../../src/core/identity.ts";
import { decodeSafetensors } from "../../src/core/safetensors.ts";
import { createUpdateChain } from "../../src/update/chain.ts";
import { createAggregateCore } from "../../src/wasm/aggregate.ts";
import { updatePlan } from "../../src/wire/task.ts";
import { verifyLog } from "../../src/wire/verify_log.ts";
import { runMaskedClient } from "../_masked_testing.ts";
import { module, sumStrategy } from "../_testing.ts";
import { patientPeer } from "../_tree_testing.ts";
import { serveAggregator } from "../deno/serve.ts";
import { type TestCommittee, testCommittee } from "../helper/_testing.ts";
import { countingRegion, type RegionSettings } from "./_region_testing.ts";
import { canRunWorkerd, startWorker } from "./_testing.ts";

/** Values of a parcel. */
const WORDS = 5;
/** Rounds of the task. */
export const ROUNDS = 2;
/** Clients of each round. */
const CLIENTS = 4;

const WORKER = `
  import aggregateModule from "../../wasm/aggregate/pkg/aggregate_bg.wasm";
  import { ${countingRegion.name} } from "./_region_testing.ts";
  const region = ${countingRegion.name}(aggregateModule);
  export const { RegionObject } = region;
  export default { fetch: region.fetch };
`;
const isThere = await canRunWorkerd();

/** Grid points of client `i`: 13 bits a value, so up to 8190. */
function wordsOf(i: number, round: number): number[] {
  return [i + round, 8190 - i, round * 1000 + i, i * i, 4095];
}

/** Sends to whatever server it is now what is meant for the address of a test. */
function reach(server: { readonly url: string }): Fetch {
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

/** Starts one over the objects of a folder. */
export async function startRegion(folder: string, parent: string): Promise<KillableRegion> {
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

/**
 * Starts such a tree.
 *
 * @param folder Where root and region keep what they have.
 * @param begin  Starts the region, given the folder and the address of its task at the root.
 */
export async function startTree(folder: string, begin: typeof startRegion): Promise<Setting> {
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
  const region = await begin(folder, `${root.url}/v1/tasks/${committee.id}`);
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
        await using setting = await startTree(folder, startRegion);
        await body(setting);
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
  });
}

/** Every client is in every round, and the model is that of the sum of the last one's words. */
export async function trainToTheEnd(
  { clock, committee, root, region }: Setting,
  beforeUpload: (client: number, round: number) => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  const { task, id, owner } = committee;
  const runs = Array.from(
    { length: CLIENTS },
    (_, i) =>
      runMaskedClient(clock, { fetch: reach(region) }, {
        task,
        words: (round) => wordsOf(i, round),
        async spoil(upload) {
          await beforeUpload(i, upload.round);
          return upload;
        },
      }),
  );
  for (const { rounds } of await Promise.all(runs)) assert.deepEqual(rounds, [1, 2]);
  const peer = patientPeer(clock, reach(root), await generateIdentity());
  const { entries } = await peer.log(id, { from: 0 });
  const log = await verifyLog(entries, { task, signer: toBase64Url(owner.publicKey) });
  assert.equal(log.rounds, ROUNDS);
  assert.equal(log.clients, ROUNDS * CLIENTS);
  const sum = new Uint32Array(WORDS);
  for (let i = 0; i < CLIENTS; i++) {
    for (const [at, word] of wordsOf(i, ROUNDS).entries()) sum[at]! += word;
  }
  using core = createAggregateCore(module);
  const chain = createUpdateChain(core, updatePlan(task));
  const { tensors } = decodeSafetensors(await peer.model(id, log.model!));
  const expected = chain.decode(new Uint8Array(sum.buffer), CLIENTS);
  assert.deepEqual(tensors.w!.data, expected.w!.data);
}
