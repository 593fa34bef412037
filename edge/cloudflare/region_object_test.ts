import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { toBase64Url } from "../../src/core/bytes.ts";
import { systemClock } from "../../src/core/clock.ts";
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
import { testCommittee } from "../helper/_testing.ts";
import { countingRegion, type RegionSettings } from "./_region_testing.ts";
import { canRunWorkerd, startWorker } from "./_testing.ts";

const [WORDS, ROUNDS, CLIENTS] = [5, 2, 4];
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
async function startRegion(folder: string, parent: string) {
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

type Setting = Awaited<ReturnType<typeof startTree>>;

/** Helpers in this process, a root over a file, and a region in workerd. */
async function startTree(folder: string) {
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
    /** Settles when the next request has been answered by the root. */
    nextCall: () => new Promise<void>((resolve) => called = resolve),
    async [Symbol.asyncDispose]() {
      await region[Symbol.asyncDispose]();
      await root[Symbol.asyncDispose]();
    },
  };
}

function onTree(sentence: string, body: (setting: Setting) => Promise<void>): void {
  Deno.test({
    name: `region object: ${sentence}`,
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

/** Every client is in every round, and the model is that of the sum of the last one's words. */
async function trainToTheEnd(
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

onTree("masked rounds train through a region in workerd", (setting) => trainToTheEnd(setting));

onTree(
  "a region that is killed in mid-round goes on with what it acknowledged",
  async (setting) => {
    let kills = 0;
    await trainToTheEnd(setting, async (client, round) => {
      if (client !== round) return;
      kills++;
      await setting.region.killAndStart();
    });
    assert.equal(kills, ROUNDS);
  },
);

onTree("an alarm brings a region back that nobody asks anything", async ({ region, nextCall }) => {
  let called = nextCall();
  await (await fetch(`${region.url}/v1/tasks`)).text();
  await called;
  await region.killAndStart();
  called = nextCall();
  await called;
});
