/**
 * A tree of real processes under load that are killed at random moments: a root and a region on SQLite,
 * a region of two processes on one Postgres, a region in workerd, and helpers on SQLite.
 *
 * @module
 */
import { toBase64Url } from "../../src/core/bytes.ts";
import { systemClock } from "../../src/core/clock.ts";
import type { Fetch } from "../../src/core/fetch.ts";
import { generateIdentity, generateStoredIdentity } from "../../src/core/identity.ts";
import { type Rng, systemRandom } from "../../src/core/random.ts";
import { join } from "../../src/client/join.ts";
import type { ClientCores } from "../../src/client/cores.ts";
import { startWorker } from "../../edge/cloudflare/_testing.ts";
import { createUpdateChain } from "../../src/update/chain.ts";
import type { LogEntry } from "../../src/wire/log.ts";
import type { HelperInfo } from "../../src/wire/mask_plan.ts";
import { createPeer } from "../../src/wire/peer.ts";
import { type Task, taskId, updatePlan } from "../../src/wire/task.ts";
import { clientSeed } from "../fleet.ts";
import { startPostgresFleet } from "../platforms.ts";
import { aggregatorProcess, helperProcess } from "../processes.ts";
import { learner } from "./devices.ts";
import type { Judged } from "./judge.ts";
import { createLedger, type Ledger } from "./ledger.ts";

/** Something that is killed and comes back. */
export interface Victim {
  readonly name: string;
  /** SIGKILL, and its start over the same files. */
  killAndStart(pauseMs: number): Promise<void>;
}

/** A tree whose processes run. */
export interface KilledTree {
  readonly victims: readonly Victim[];
  /** Addresses that clients join, which stay as they are. */
  readonly leaves: readonly string[];
  /** How they are reached. */
  readonly fetch: Fetch;
  /** Logs of the root and of each region, root first. */
  logs(): Promise<Judged[]>;
}

/** Helpers in processes of their own. */
export async function startHelperProcesses(
  stack: AsyncDisposableStack,
  { folder, count }: { readonly folder: string; readonly count: number },
): Promise<{ readonly helpers: readonly HelperInfo[]; readonly victims: readonly Victim[] }> {
  const processes = Array.from(
    { length: count },
    (_, at) => stack.use(helperProcess(folder, `helper-${at}`)),
  );
  for (const process of processes) await process.start();
  return {
    helpers: processes.map(({ info }) => info),
    victims: processes.map((process, at) => victimOf(`helper ${at + 1}`, process)),
  };
}

function victimOf(
  name: string,
  process: { kill(): Promise<void>; start(): Promise<void> },
): Victim {
  return {
    name,
    async killAndStart(pauseMs) {
      await process.kill();
      await systemClock().sleep(pauseMs);
      await process.start();
    },
  };
}

const WORKER_HOST = "worker.test";
const WORKER = `
  import aggregateModule from "../../wasm/aggregate/pkg/aggregate_bg.wasm";
  import { createRegionWorker } from "./region_worker.ts";
  const region = createRegionWorker(aggregateModule, (env) => ({
    identity: env.IDENTITY, parents: env.PARENT, objects: env.REGION, wakeMs: 200,
  }));
  export const { RegionObject } = region;
  export default { fetch: region.fetch };
`;

/** Starts a root of `task`, and a region on each platform. */
export async function startKilledTree(
  stack: AsyncDisposableStack,
  { folder, task }: { readonly folder: string; readonly task: Task },
): Promise<KilledTree> {
  const id = await taskId(task);
  const root = stack.use(aggregatorProcess(folder, "root", { task }));
  await root.start();
  const server = stack.use(aggregatorProcess(folder, "server", { parent: root.url }));
  await server.start();
  const fleet = await startPostgresFleet(stack, { folder, parent: root.url, instances: 2 });
  const { pkcs8 } = await generateStoredIdentity();
  const open = () =>
    startWorker({
      ...{ source: WORKER, folder: `${folder}/objects`, objects: { REGION: "RegionObject" } },
      bindings: { IDENTITY: toBase64Url(pkcs8), PARENT: `${root.url}/v1/tasks/${id}` },
    });
  let worker = await open();
  stack.defer(() => worker[Symbol.asyncDispose]());

  /** A worker that starts again has another port; what is signed is the path alone. */
  const reach: Fetch = async (request) => {
    const { host, pathname, search } = new URL(request.url);
    if (host !== WORKER_HOST) return await fetch(request);
    const { method, headers, signal, redirect } = request;
    const body = request.body === null ? null : await request.arrayBuffer();
    return await fetch(`${worker.url}${pathname}${search}`, {
      ...{ method, headers, signal, redirect, body },
    });
  };
  const leaves = [server.url, fleet[0]?.url, fleet[1]?.url, `http://${WORKER_HOST}`] as string[];

  async function logAt(name: string, url: string): Promise<Judged> {
    const identity = await generateIdentity();
    const clock = systemClock();
    const peer = createPeer({ url, identity, clock, fetch: reach, random: systemRandom });
    const { region } = await peer.task(id);
    const entries: LogEntry[] = [];
    for (;;) {
      const page = await peer.log(id, { from: entries.length });
      if (page.entries.length === 0) break;
      entries.push(...page.entries);
    }
    const parent = name === "root" ? undefined : "root";
    return { name, id: region.id, publicKey: region.publicKey, parent, log: entries };
  }

  return {
    leaves,
    fetch: reach,
    victims: [
      victimOf("root", root),
      victimOf("server", server),
      ...fleet.map((instance, at) => victimOf(`instance ${at + 1}`, instance)),
      {
        name: "worker",
        async killAndStart(pauseMs) {
          // Miniflare ends workerd by SIGKILL.
          await worker[Symbol.asyncDispose]();
          await systemClock().sleep(pauseMs);
          worker = await open();
        },
      },
    ],
    logs: async () => [
      await logAt("root", root.url),
      await logAt("server", server.url),
      await logAt("fleet", leaves[1] ?? ""),
      await logAt("worker", `http://${WORKER_HOST}`),
    ],
  };
}

/** An update that a client has sent, whether or not it heard of it again. */
export interface SentUpdate {
  readonly member: string;
  readonly leaf: string;
  readonly round: number;
  /** Tree digest of the masked parcel, hex. */
  readonly digest: string;
}

/** Clients at work. */
export interface Load {
  readonly ledger: Ledger;
  readonly sent: ReadonlyMap<string, SentUpdate>;
  /** Resolves when the task is over for all of them. */
  readonly ended: Promise<unknown>;
}

/** How clients work. */
export interface LoadOptions {
  readonly task: Task;
  readonly cores: ClientCores;
  readonly clients: number;
  /** A client waits for this before it trains. */
  turn(round: number): Promise<void>;
}

/** Clients, dealt to the leaves in turn, that take part until the task is over. */
export function startLoad(tree: KilledTree, options: LoadOptions): Load {
  const { task, cores, clients } = options;
  const ledger = createLedger();
  const sent = new Map<string, SentUpdate>();
  const chain = createUpdateChain(cores.aggregate, updatePlan(task));
  const ended = Array.from({ length: clients }, async (_, at) => {
    const leaf = tree.leaves[at % tree.leaves.length] ?? "";
    const [identity, seed] = [await generateIdentity(), await clientSeed(at)];
    const learn = await learner({ task, ledger, chain }, { identity, seed });
    await using me = await join(leaf, {
      ...{ identity, seed, cores },
      async trainer(model, context) {
        await options.turn(context.round);
        return await learn(model, context);
      },
      fetch: async (request) => {
        const [, round] = /\/rounds\/(\d+)\/updates\//.exec(request.url) ?? [];
        const field = request.headers.get("tributary-digest");
        if (round !== undefined && field !== null) {
          const digest = Uint8Array.fromBase64(field.split(":")[1] ?? "").toHex();
          const update = { member: identity.id, leaf, round: Number(round), digest };
          sent.set(`${identity.id} ${round}`, update);
        }
        return await tree.fetch(request);
      },
    });
    for await (const report of me.rounds()) {
      if (report.kind === "sent") ledger.received(report.receipt);
    }
  });
  return { ledger, sent, ended: Promise.all(ended) };
}

/** Kills each victim once, in an order and at moments that `rng` draws. */
export async function killAll(
  victims: readonly Victim[],
  { rng, killed }: { readonly rng: Rng; killed(name: string): void },
): Promise<void> {
  const left = [...victims];
  while (left.length > 0) {
    const [victim] = left.splice(rng.below(left.length), 1);
    await systemClock().sleep(rng.uniform() * 800);
    await victim?.killAndStart(rng.uniform() * 300);
    killed(victim?.name ?? "");
  }
}
