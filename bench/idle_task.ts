/**
 * Tasks that train nothing: their rounds cost what carries updates, and nothing else.
 *
 * @module
 */
import { loadIdentity, serveAggregator, type ServedAggregator } from "../edge/deno/mod.ts";
import { tensors } from "../src/models/mod.ts";
import type { Strategy } from "../src/strategy/strategy.ts";
import { defineTask } from "../src/task/define_task.ts";
import type { HelperInfo } from "../src/wire/mask_plan.ts";
import { signTask, type Task } from "../src/wire/task.ts";

/** How large a task is. */
export interface IdleTaskOptions {
  /** Values of an update. */
  readonly values: number;
  /** Clients that a round waits for. */
  readonly clients: number;
  /** Rounds after which it ends. */
  readonly rounds: number;
  /** Masks updates by kahe1 with these helpers, 19 bits a value; not masked without them. */
  readonly helpers?: readonly HelperInfo[];
}

/** The strategy of a task that trains nothing: the model stays as it is. */
const idle: Strategy = {
  kind: "idle",
  sums: (model) => model.map((spec) => ({ ...spec, range: 1 })),
  init: () => ({}),
  step: ({ model, state }) => ({ model, state }),
};

/** A task that trains nothing; its parcels have a word of 32 bits a value where they are not masked. */
export function idleTask({ values, clients, rounds, helpers }: IdleTaskOptions): Task {
  const task: Task = {
    version: 1,
    name: "idle",
    model: { kind: "idle" },
    train: {},
    strategy: { kind: "idle" },
    update: {
      slotBits: 32,
      tensors: [{ name: "w", shape: [values], range: 1 }],
      clip: null,
      weightCap: null,
    },
    mask: { kind: "none" },
    clients: { min: clients, max: clients },
    sampling: { kind: "all" },
    roundMs: 600_000,
    metrics: [],
    stop: { rounds },
    seed: "00".repeat(32),
  };
  if (helpers === undefined) return task;
  const { mask } = defineTask({
    name: "masked",
    model: tensors({ tensors: { w: [values] } }),
    clients: task.clients,
    stop: { rounds },
    mask: { kind: "kahe1", helpers },
    update: { slotBits: 19 },
  });
  return { ...task, update: { ...task.update, slotBits: 19 }, mask };
}

/** A root in this process, with files in `folder`, that works on such a task. */
export async function serveIdleTask(task: Task, folder: string): Promise<ServedAggregator> {
  const owner = await loadIdentity(`${folder}/root.key`);
  const served = await serveAggregator({
    store: `${folder}/root.db`,
    identity: owner,
    strategy: () => idle,
  });
  await served.ready;
  const shape = task.update.tensors[0]?.shape ?? [];
  await served.aggregator.own({
    signed: await signTask(task, owner),
    model: { w: { shape, data: new Float32Array(shape.reduce((all, n) => all * n, 1)) } },
  });
  return served;
}
