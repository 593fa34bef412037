/**
 * Regions on every platform, and what their clients come to: each runs as it does for users, in a
 * process or a worker of its own, and is reached over the network.
 *
 * @module
 */
import { memoryHelperStore } from "../edge/memory/mod.ts";
import { canRunWorkerd, startWorker } from "../edge/cloudflare/_testing.ts";
import { serveHelper } from "../edge/deno/mod.ts";
import { DATABASE, temporarySchema } from "../edge/postgres/_testing.ts";
import { join } from "../src/client/join.ts";
import { toBase64Url } from "../src/core/bytes.ts";
import { generateIdentity, generateStoredIdentity } from "../src/core/identity.ts";
import { generateHelperKey } from "../src/mask/helper_key.ts";
import type { Examples } from "../src/models/model.ts";
import type { HelperInfo } from "../src/wire/mask_plan.ts";
import type { Receipt } from "../src/wire/receipt.ts";
import type { Task } from "../src/wire/task.ts";
import { clientSeed } from "./fleet.ts";
import { type AggregatorProcess, aggregatorProcess } from "./processes.ts";

/** Whether all of them can run here; in CI it is an error if they cannot. */
export const isEverythingThere: boolean = DATABASE !== undefined && await canRunWorkerd();

/** What a platform's region is started with. */
export interface PlatformOptions {
  /** Where it keeps its files. */
  readonly folder: string;
  /** Address of the parent. */
  readonly parent: string;
}

/** Helpers on ports of this machine, for as long as the stack lasts. */
export async function startHelpers(
  stack: AsyncDisposableStack,
  count: number,
): Promise<HelperInfo[]> {
  const helpers: HelperInfo[] = [];
  for (let at = 0; at < count; at++) {
    const [identity, key] = [await generateIdentity(), await generateHelperKey()];
    const store = memoryHelperStore();
    const { url } = stack.use(await serveHelper({ store, identity, keys: [key] }));
    const [publicKey, sealing] = [identity, key].map((it) => toBase64Url(it.publicKey));
    helpers.push({ url, key: sealing!, identity: publicKey! });
  }
  return helpers;
}

const WORKER = `
  import aggregateModule from "../../wasm/aggregate/pkg/aggregate_bg.wasm";
  import { createRegionWorker } from "./region_worker.ts";
  const region = createRegionWorker(aggregateModule, (env) => ({
    identity: env.IDENTITY, parents: env.PARENT, objects: env.REGION, wakeMs: 200,
  }));
  export const { RegionObject } = region;
  export default { fetch: region.fetch };
`;

/** A region as a Cloudflare Worker, in real workerd. */
export async function startWorkerRegion(
  stack: AsyncDisposableStack,
  { folder, parent, task }: PlatformOptions & { readonly task: string },
): Promise<{ readonly url: string }> {
  const { pkcs8 } = await generateStoredIdentity();
  return stack.use(
    await startWorker({
      ...{ source: WORKER, folder: `${folder}/objects`, objects: { REGION: "RegionObject" } },
      bindings: { IDENTITY: toBase64Url(pkcs8), PARENT: `${parent}/v1/tasks/${task}` },
    }),
  );
}

/** Processes that are one region: they have one key, and share a schema of a database. */
export async function startPostgresFleet(
  stack: AsyncDisposableStack,
  { folder, parent, instances }: PlatformOptions & { readonly instances: number },
): Promise<AggregatorProcess[]> {
  const { schema, drop } = temporarySchema(DATABASE!);
  stack.defer(drop);
  const store = `${DATABASE}?schema=${schema}`;
  const fleet = Array.from({ length: instances }, (_, at) =>
    stack.use(
      aggregatorProcess(folder, `fleet-${at}`, {
        ...{ parent, store, key: `${folder}/fleet.key`, leaseMs: 900 },
      }),
    ));
  // The first one makes the key that all of them have.
  for (const instance of fleet) await instance.start();
  return fleet;
}

/** Clients that train at the regions of a tree. */
export interface Trainees {
  /** Resolves with a client's receipt of a round. */
  receipt(client: number, round: number): Promise<Receipt>;
  /** Lets a client have its turn that was held. */
  release(client: number): void;
  /** Resolves when all are at the end of the task. */
  readonly ended: Promise<unknown>;
}

/** Has clients take part until the end, client `i` at the address `at(i)`. */
export function startClients(
  people: readonly Examples[],
  { at, hold = [] }: { at(client: number): string; readonly hold?: readonly number[] },
): Trainees {
  const held = new Map(hold.map((client) => [client, Promise.withResolvers<void>()]));
  const receipts = new Map<string, PromiseWithResolvers<Receipt>>();
  const receiptOf = (client: number, round: number) => {
    const key = `${client} ${round}`;
    const receipt = receipts.get(key) ?? Promise.withResolvers<Receipt>();
    receipts.set(key, receipt);
    return receipt;
  };
  const ended = people.map(async (examples, number) => {
    await using me = await join(at(number), {
      ...{ examples, identity: await generateIdentity(), seed: await clientSeed(number) },
      async turn(work) {
        await held.get(number)?.promise;
        return await work();
      },
    });
    for await (const report of me.rounds()) {
      if (report.kind !== "sent") throw new Error(`client ${number}: ${JSON.stringify(report)}`);
      receiptOf(number, report.round).resolve(report.receipt);
    }
  });
  return {
    receipt: (client, round) => receiptOf(client, round).promise,
    release: (client) => held.get(client)?.resolve(),
    ended: Promise.all(ended),
  };
}

/** A folder of its own, for as long as the stack lasts. */
export async function temporaryFolder(stack: AsyncDisposableStack): Promise<string> {
  const folder = await Deno.makeTempDir();
  stack.defer(() => Deno.remove(folder, { recursive: true }));
  return folder;
}

/** The task without its mask, whose rounds have the same sums. */
export function unmasked(task: Task): Task {
  return { ...task, mask: { kind: "none" } };
}
