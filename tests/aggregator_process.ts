/**
 * A root or a region as a process of its own, told by one JSON argument what to be. It says on
 * standard output what happens, a line each: `ready <address>`, then `<phase> <round>`.
 *
 * @module
 */
import { loadIdentity, serveAggregator } from "../edge/deno/mod.ts";
import { fromHex } from "../src/core/bytes.ts";
import { modelFrom } from "../src/models/registry.ts";
import { strategyFrom } from "../src/strategy/registry.ts";
import { inlineModule } from "../src/wasm/inline.ts";
import { createTrainCore } from "../src/wasm/train.ts";
import { signTask, type Task } from "../src/wire/task.ts";

/** What to be. */
export interface ProcessOptions {
  /** SQLite file, or the address of a Postgres schema. */
  readonly store: string;
  /** Private key. */
  readonly key: string;
  /** Port to listen at, or 0. */
  readonly port: number;
  /** How long others wait for one that has died, where the store is shared. */
  readonly leaseMs?: number;
  /** Address of the parent; a root has none. */
  readonly parent?: string;
  /** Task that a root owns. */
  readonly task?: Task;
  /** Stops dead, in the middle of everything, once it has said this line. */
  readonly freezeAt?: string;
}

function say(line: string, freezeAt: string | undefined): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
  if (line === freezeAt) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}

async function main(options: ProcessOptions): Promise<void> {
  const { store, port, parent, task, freezeAt, leaseMs } = options;
  const identity = await loadIdentity(options.key);
  const core = createTrainCore(await inlineModule("train"));
  const { url, aggregator, ready } = await serveAggregator({
    ...{ store, identity, port },
    ...(leaseMs && { limits: { leaseMs } }),
    ...(parent === undefined
      ? { strategy: ({ strategy }: Task) => strategyFrom(strategy, core) }
      : { parent: { url: parent } }),
    logger(line) {
      if (line.kind === "round") say(`${line.phase} ${line.round}`, freezeAt);
    },
  });
  await ready;
  if (task !== undefined) {
    const signed = await signTask(task, identity);
    const model = modelFrom(task.model, task.train).initial(fromHex(task.seed));
    await aggregator.own({ signed, model });
  }
  say(`ready ${url}`, freezeAt);
}

if (import.meta.main) await main(JSON.parse(Deno.args[0] ?? "{}"));
