/**
 * What a round costs: 100 clients of 100 000 values at three regions of a root, over loopback HTTP,
 * signed, hashed, and durable on SQLite; masked by kahe1 with five helpers, and not. All aggregators and
 * helpers share one thread, the clients two.
 *
 * Beside it, the same bytes fetched, sent and hashed as often by the same runtime, in the same
 * threads, and nothing else.
 *
 * @module
 */
import { fromHex } from "../src/core/bytes.ts";
import { modelFrom, tensors } from "../src/models/mod.ts";
import { strategyFrom } from "../src/strategy/registry.ts";
import { defineTask } from "../src/task/define_task.ts";
import { inlineModule } from "../src/wasm/inline.ts";
import { createTrainCore } from "../src/wasm/train.ts";
import { signTask, type Task } from "../src/wire/task.ts";
import { loadIdentity, nativeDigest, serveAggregator } from "../edge/deno/mod.ts";
import type { Logger } from "../edge/logger.ts";
import { type Figure, median } from "./figure.ts";
import { renderFigures } from "./figure_table.ts";
import { startCommittee } from "./committee.ts";
import { IDLE } from "./cpu_profile.ts";
import { secondsOfProfiles } from "./work_kinds.ts";
import type { ClientsCommand } from "./round_clients.ts";

const CLIENTS = 100;
const VALUES = 100_000;
const REGIONS = 3;
const HELPERS = 5;
const THREADS = 2;
const ROUNDS = 12;
/** Rounds that warm up. */
const COLD = 2;
const TARGET_S = 1;

/** Threads that clients run in. */
interface Threads extends Disposable {
  /** Has every thread do its part. */
  run(command: ClientsCommand): Promise<void>;
}

function startThreads(): Threads {
  const url = new URL("./round_clients.ts", import.meta.url);
  const workers = Array.from({ length: THREADS }, () => new Worker(url, { type: "module" }));
  return {
    async run(command) {
      await Promise.all(workers.map(async (worker) => {
        const { promise, resolve, reject } = Promise.withResolvers<void>();
        worker.onmessage = () => resolve();
        worker.onerror = ({ message }) => reject(new Error(message));
        worker.postMessage(command);
        await promise;
      }));
    },
    [Symbol.dispose]() {
      for (const worker of workers) worker.terminate();
    },
  };
}

/** How the rounds' updates travel. */
type Masking = "masked" | "plain";

/** Seconds of each round, from opening to the next one's. */
async function federated(threads: Threads, folder: string, masking: Masking): Promise<number[]> {
  await using stack = new AsyncDisposableStack();
  const task = defineTask({
    name: "round",
    model: tensors({ tensors: { w: [VALUES] } }),
    clients: { min: CLIENTS, max: CLIENTS },
    stop: { rounds: ROUNDS },
    ...(masking === "masked" && {
      mask: { kind: "kahe1", helpers: await startCommittee(stack, { size: HELPERS, folder }) },
      update: { slotBits: 19 },
    }),
  });
  using core = createTrainCore(await inlineModule("train"));
  const opened: number[] = [];
  const logger: Logger = (line) => {
    if (line.kind === "round" && (line.phase === "open" || line.phase === "finished")) {
      opened.push(performance.now());
    }
  };
  const identity = await loadIdentity(`${folder}/root.key`);
  const root = stack.use(
    await serveAggregator({
      ...{ store: `${folder}/root.db`, identity, logger },
      strategy: ({ strategy }: Task) => strategyFrom(strategy, core),
    }),
  );
  await root.ready;
  await root.aggregator.own({
    signed: await signTask(task, identity),
    model: modelFrom(task.model, task.train).initial(fromHex(task.seed)),
  });
  const regions: string[] = [];
  for (let i = 0; i < REGIONS; i++) {
    const region = stack.use(
      await serveAggregator({
        ...{ store: `${folder}/${i}.db`, identity: `${folder}/${i}.key` },
        parent: { url: root.url },
      }),
    );
    await region.ready;
    regions.push(region.url);
  }
  await threads.run({ kind: "federate", regions, clients: CLIENTS / THREADS });
  return opened.slice(1).map((at, i) => (at - (opened[i] ?? at)) / 1000).slice(COLD);
}

/** Seconds for the same bytes without anything of a round. */
async function bare(threads: Threads): Promise<number[]> {
  const model = new Uint8Array(4 * VALUES);
  await using server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen() {} },
    async (request) => {
      if (request.method === "GET") return new Response(model);
      nativeDigest(new Uint8Array(await request.arrayBuffer()));
      return new Response(null, { status: 201 });
    },
  );
  const url = `http://127.0.0.1:${server.addr.port}`;
  const seconds: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const began = performance.now();
    await threads.run({ kind: "bare", url, clients: CLIENTS / THREADS });
    seconds.push((performance.now() - began) / 1000);
  }
  return seconds.slice(COLD);
}

/** What the threads of a run do, by kind; in a process of its own, as only whole ones are profiled. */
async function profile(folder: string, masking: Masking): Promise<Figure[]> {
  const { code } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--quiet", "--allow-all", "--no-check"],
      ...["--cpu-prof", "--cpu-prof-interval=5000", `--cpu-prof-dir=${folder}/profile`],
      ...[import.meta.url, masking],
    ],
    stdin: "null",
  }).spawn().status;
  if (code !== 0) throw new Error(`Cannot profile a round: the process ended with ${code}`);
  const seconds = await secondsOfProfiles(`${folder}/profile`);
  seconds.delete(IDLE);
  const all = [...seconds.values()].reduce((sum, value) => sum + value, 0);
  const busy = { name: `all threads at work, a ${masking} round`, value: all / ROUNDS };
  return Array.from(seconds, ([kind, value]): Figure => ({
    name: `– ${masking}: ${kind}`,
    value: value / ROUNDS,
    unit: "s",
    reference: busy,
  })).filter(({ value }) => value > 0).toSorted((a, b) => b.value - a.value);
}

async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await Deno.makeTempDir();
  try {
    return await work(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Measures a round of each kind, what its bytes alone would take, and what its time is spent on. */
export async function measureRound(): Promise<Figure[]> {
  using threads = startThreads();
  const plain = await inFolder((folder) => federated(threads, folder, "plain"));
  const masked = await inFolder((folder) => federated(threads, folder, "masked"));
  const floor = median(await bare(threads));
  const what = `a round of ${CLIENTS} clients × ${VALUES} values × ${REGIONS} regions`;
  const spread = (rounds: readonly number[]) => [Math.min(...rounds), Math.max(...rounds)] as const;
  return [
    {
      name: `${what}, masked, ${HELPERS} helpers`,
      value: median(masked),
      unit: "s",
      spread: spread(masked),
      reference: { name: "the same round, not masked", value: median(plain) },
      goal: { kind: "at most", bound: TARGET_S },
    },
    {
      name: `${what}, not masked`,
      value: median(plain),
      unit: "s",
      spread: spread(plain),
      reference: { name: "the same bytes moved and hashed, nothing else", value: floor },
      goal: { kind: "at most", bound: TARGET_S },
    },
    ...await inFolder((folder) => profile(folder, "masked")),
    ...await inFolder((folder) => profile(folder, "plain")),
  ];
}

/** A run for the profiler to watch. */
async function runProfiled(masking: Masking): Promise<void> {
  await inFolder(async (folder) => {
    using threads = startThreads();
    await federated(threads, folder, masking);
  });
}

if (import.meta.main) {
  const [masking] = Deno.args;
  if (masking === "masked" || masking === "plain") await runProfiled(masking);
  else console.log(renderFigures(await measureRound()));
}
