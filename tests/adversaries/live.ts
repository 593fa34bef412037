/**
 * A whole tree at work on a masked task in this process: root, regions, helpers and clients are the
 * apps that they are anywhere, and who does not keep to the protocol speaks HTTP to them.
 *
 * @module
 */
import { decodeSafetensors } from "../../src/core/safetensors.ts";
import type { Trainer } from "../../src/core/trainer.ts";
import { tensors } from "../../src/models/tensors.ts";
import { defineTask } from "../../src/task/define_task.ts";
import { type ManualClock, manualClock } from "../../src/wire/_testing.ts";
import type { LogEvent } from "../../src/wire/log.ts";
import type { Task } from "../../src/wire/task.ts";
import { startCommittee } from "../committee.ts";
import { joinTree } from "../fleet.ts";
import { type Node, startTree, type Tree, type TreeOptions } from "../tree.ts";

/** Values of the model's only tensor. */
export const VALUES = 6;

/** A tree, and its helpers. */
export interface MaskedTree extends AsyncDisposable {
  readonly tree: Tree;
  readonly clock: ManualClock;
  /** Turns a helper off, or on again. */
  lose(helper: number, away?: boolean): void;
  /** What became of the root's rounds, in order. */
  rounds(): Promise<ClosedRound[]>;
  /** Resolves once so many rounds have ended; time goes on while helpers are asked. */
  closed(count: number): Promise<void>;
  /** The latest model's values. */
  model(): Promise<Float32Array>;
}

/** How a round ended. */
export type ClosedRound = Extract<LogEvent, { sid: string }>;

/** Which task, and which tree. */
export interface MaskedTreeOptions extends Pick<TreeOptions, "shape" | "through"> {
  /** Fewest clients that a round opens with and publishes from. Who enrols later is in the next one. */
  readonly clients: number;
  /** Most clients. */
  readonly most?: number;
  readonly groups?: number;
  /** Fewest clients of a group. */
  readonly min?: number;
  /** How many to publish. */
  readonly models?: number;
  /** Values of the model's tensor; {@link VALUES} by default. */
  readonly values?: number;
}

/** Starts a tree whose task masks by kahe1 with five helpers. */
export async function startMaskedTree(options: MaskedTreeOptions): Promise<MaskedTree> {
  const {
    clients,
    most = 100,
    groups = 1,
    min = 2,
    models = 1,
    values = VALUES,
    through = (it) => it,
  } = options;
  const clock = manualClock();
  const committee = await startCommittee(5, clock);
  const task: Task = defineTask({
    name: "masked",
    model: tensors({ tensors: { w: [values] } }),
    mask: { kind: "kahe1", helpers: committee.helpers, min, groups },
    clients: { min: clients, max: most },
    stop: { rounds: models },
  });
  const tree = await startTree({
    ...options,
    task,
    clock,
    through: (fetch) => through(committee.through(fetch)),
  });
  clock.advance(1000);
  const rounds = async (): Promise<ClosedRound[]> => {
    const { entries } = await tree.root.life.log(0, 1000);
    return entries.map(({ body }) => body.event).filter((event) => "sid" in event);
  };
  return {
    tree,
    clock,
    lose: committee.lose,
    rounds,
    async closed(count) {
      while ((await rounds()).length < count) {
        const { phase } = tree.root.life.status();
        if (phase === "sealed" || phase === "unmasking") clock.advance(100);
        await new Promise((resolve) => setTimeout(resolve, 0));
      }
    },
    async model() {
      const { life } = tree.root;
      const { version = 0 } = life.status().model ?? {};
      const answer = await tree.fetch(
        new Request(`${tree.root.url}/v1/tasks/${tree.id}/models/${version}`),
      );
      const { tensors } = decodeSafetensors(new Uint8Array(await answer.arrayBuffer()));
      return tensors["w"]!.data;
    },
    [Symbol.asyncDispose]: () => tree[Symbol.asyncDispose](),
  };
}

/** Clients that have joined, and train once they are told to. */
export interface HonestClients {
  /** Has them take part, round by round, until the task ends. */
  start(): void;
  /** How many updates each has sent, once the task has ended. */
  ended(): Promise<number[]>;
  /** Has them end before the task does. */
  stop(): Promise<void>;
}

/** Joins clients that add the same to each value in every round. */
export async function joinHonest(
  { tree }: Pick<MaskedTree, "tree">,
  count: number,
  { at = [tree.root], change = 0.5 }: { readonly at?: readonly Node[]; readonly change?: number } =
    {},
): Promise<HonestClients> {
  const trainer: Trainer = ({ w }) => {
    const data = w!.data.map((x) => x + change);
    return Promise.resolve({ weights: { w: { shape: w!.shape, data } }, examples: 1 });
  };
  const clients = await Promise.all(
    Array.from(
      { length: count },
      (_, number) => joinTree(tree, { number, at: at[number % at.length]!, training: { trainer } }),
    ),
  );
  let under: Promise<number>[] = [];
  return {
    start() {
      under = clients.map(async (client) => {
        let sent = 0;
        for await (const { kind } of client.rounds()) sent += Number(kind === "sent");
        await client[Symbol.asyncDispose]();
        return sent;
      });
    },
    ended: () => Promise.all(under),
    async stop() {
      await Promise.all(clients.map((client) => client[Symbol.asyncDispose]()));
      await Promise.allSettled(under);
    },
  };
}
