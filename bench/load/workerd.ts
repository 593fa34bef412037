/**
 * Workers that are put under load, each in a workerd of its own.
 *
 * @module
 */
import { toBase64 } from "../../src/core/bytes.ts";
import { generateStoredIdentity } from "../../src/core/identity.ts";
import { type RunningWorker, startWorker } from "../../edge/cloudflare/_testing.ts";
import { type LoadedServer, peakMbOf, type RegionPlace } from "./process.ts";

const REGION = `
  import { createRegionWorker } from "./region_worker.ts";
  import core from "../../wasm/aggregate/pkg/aggregate_bg.wasm";
  const worker = createRegionWorker(core, (env) => ({
    identity: env.IDENTITY, parents: env.PARENT, objects: env.REGION, wakeMs: 200,
    accumulators: env.ACCUMULATOR,
    limits: JSON.parse(env.LIMITS),
  }));
  export const { RegionObject, AccumulatorObject } = worker;
  export default worker;
`;

const BARE = `
  export default {
    async fetch({ body }) {
      const hash = new crypto.DigestStream("SHA-256");
      const writer = hash.getWriter();
      const reader = body.getReader({ mode: "byob" });
      for (;;) {
        const { value, done } = await reader.readAtLeast(1 << 20, new Uint8Array(1 << 20));
        if (value !== undefined) await writer.write(value);
        if (done) break;
      }
      await writer.close();
      return new Response(new Uint8Array(await hash.digest), { status: 201 });
    },
  };
`;

/** Starts a region; again in the same folder, it goes on. */
export async function startRegionWorker(
  { folder, parent, task, limits = {} }: RegionPlace,
): Promise<LoadedServer> {
  const key = `${folder}/region.secret`;
  const identity = await Deno.readTextFile(key).catch(async () => {
    const made = toBase64((await generateStoredIdentity()).pkcs8);
    await Deno.writeTextFile(key, made);
    return made;
  });
  return await measured(() =>
    startWorker({
      source: REGION,
      objects: { REGION: "RegionObject", ACCUMULATOR: "AccumulatorObject" },
      bindings: {
        ...{ IDENTITY: identity, PARENT: `${parent}/v1/tasks/${task}` },
        LIMITS: JSON.stringify(limits),
      },
      folder: `${folder}/objects`,
    })
  );
}

/** Starts a worker that reads and hashes. */
export async function startBareWorker(): Promise<LoadedServer> {
  return await measured(() => startWorker({ source: BARE, objects: {} }));
}

/** A worker whose process is the one that was not there before. */
async function measured(start: () => Promise<RunningWorker>): Promise<LoadedServer> {
  const before = await ownWorkerds();
  const worker = await start();
  const pid = [...await ownWorkerds()].find((one) => !before.has(one));
  return {
    url: worker.url,
    peakMb: async () => pid === undefined ? NaN : await peakMbOf(pid),
    [Symbol.asyncDispose]: () => worker[Symbol.asyncDispose](),
  };
}

/** Ids of the workerd processes that this process started; none where the system does not tell. */
async function ownWorkerds(): Promise<Set<number>> {
  const found = new Set<number>();
  try {
    for await (const { name } of Deno.readDir("/proc")) {
      const stat = await Deno.readTextFile(`/proc/${name}/stat`).catch(() => "");
      const [, pid, program, parent] = /^(\d+) \((.*)\) \S (\d+)/.exec(stat) ?? [];
      if (program === "workerd" && Number(parent) === Deno.pid) found.add(Number(pid));
    }
  } catch {
    // No /proc on this system.
  }
  return found;
}
