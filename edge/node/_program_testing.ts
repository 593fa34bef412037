/**
 * An aggregator in Node for tests, told by one JSON argument what to be. It says `ready <address>`
 * once it listens, ends gracefully with its standard input, and says `stopped` then.
 *
 * @module
 */
import type { Task } from "../../src/wire/task.ts";
import { signTask } from "../../src/wire/task.ts";
import { memoryStore } from "../memory/store.ts";
import { loadIdentity, serveAggregator } from "./mod.ts";

/** What to be. */
export interface NodeProgramOptions {
  /** Key file. */
  readonly key: string;
  /** Address of its store; in memory if absent. */
  readonly store?: string;
  /** Address of the parent; a root has none. */
  readonly parent?: string;
  /** The task that a root owns, whose model is its sum. */
  readonly task?: Task;
  /** How long a stop waits, in milliseconds. */
  readonly graceMs?: number;
  /** How long a body is waited for, in milliseconds. */
  readonly stallMs?: number;
}

async function main(options: NodeProgramOptions): Promise<void> {
  const { key, parent, task, graceMs, stallMs } = options;
  const identity = await loadIdentity(key);
  const server = await serveAggregator({
    store: options.store ?? memoryStore(),
    identity,
    ...(graceMs === undefined ? {} : { graceMs }),
    ...(stallMs === undefined ? {} : { limits: { stallMs } }),
    logger: (line) => {
      if (line.kind === "failure") process.stderr.write(`${line.doing}: ${line.error}\n`);
    },
    ...(parent === undefined
      ? {
        strategy: () => ({
          kind: "test",
          sums: (model) => model.map((spec) => ({ ...spec, range: 1 })),
          init: () => ({}),
          step: ({ sums, state }) => ({ model: sums, state }),
        }),
      }
      : { parent: { url: parent } }),
  });
  await server.ready;
  if (task !== undefined) {
    const shape = task.update.tensors[0]?.shape ?? [];
    const data = new Float32Array(shape.reduce((all, extent) => all * extent, 1));
    await server.aggregator.own({
      signed: await signTask(task, identity),
      model: { w: { shape, data } },
    });
  }
  process.stdout.write(`ready ${server.url} ${process.versions.node}\n`);
  for await (const _ of process.stdin);
  await server[Symbol.asyncDispose]();
  process.stdout.write("stopped\n");
}

await main(JSON.parse(process.argv[2] ?? "{}"));
