/**
 * A whole tree at work on a masked task in this process: root, regions, helpers and clients are the
 * apps that they are anywhere, and who does not keep to the protocol speaks HTTP to them.
 *
 * @module
 */
import { createHelperApp } from "../../edge/helper/app.ts";
import { memoryHelperStore } from "../../edge/memory/mod.ts";
import { toBase64Url } from "../../src/core/bytes.ts";
import type { Fetch } from "../../src/core/fetch.ts";
import { generateIdentity } from "../../src/core/identity.ts";
import { decodeSafetensors } from "../../src/core/safetensors.ts";
import type { Trainer } from "../../src/core/trainer.ts";
import { generateHelperKey } from "../../src/mask/helper_key.ts";
import { tensors } from "../../src/models/tensors.ts";
import { defineTask } from "../../src/task/define_task.ts";
import { inlineModule } from "../../src/wasm/inline.ts";
import { type ManualClock, manualClock } from "../../src/wire/_testing.ts";
import type { LogEvent } from "../../src/wire/log.ts";
import type { Task } from "../../src/wire/task.ts";
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
  const hosts = new Map<string, Fetch>();
  const lost = new Set<string>();
  const module = await inlineModule("aggregate");
  const helpers = await Promise.all([1, 2, 3, 4, 5].map(async (number) => {
    const [identity, key] = [await generateIdentity(), await generateHelperKey()];
    const app = createHelperApp({
      store: memoryHelperStore(),
      keys: [key],
      identity,
      module,
      clock,
    });
    const host = `helper-${number}.test`;
    hosts.set(host, async (request) => await app.fetch(request));
    return {
      url: `http://${host}`,
      key: toBase64Url(key.publicKey),
      identity: toBase64Url(identity.publicKey),
    };
  }));
  // What is signed in the second in which a process began is to be signed again.
  clock.advance(1000);
  const task: Task = defineTask({
    name: "masked",
    model: tensors({ tensors: { w: [values] } }),
    mask: { kind: "kahe1", helpers, min, groups },
    clients: { min: clients, max: most },
    stop: { rounds: models },
  });
  const tree = await startTree({
    ...options,
    task,
    clock,
    through: (fetch) =>
      through(async (request) => {
        const { host } = new URL(request.url);
        const helper = hosts.get(host);
        if (helper === undefined) return await fetch(request);
        if (lost.has(host)) throw new TypeError("connection refused");
        return await helper(request);
      }),
  });
  clock.advance(1000);
  const rounds = async (): Promise<ClosedRound[]> => {
    const { entries } = await tree.root.life.log(0, 1000);
    return entries.map(({ body }) => body.event).filter((event) => "sid" in event);
  };
  return {
    tree,
    clock,
    lose(helper, away = true) {
      const host = `helper-${helper}.test`;
      if (away) lost.add(host);
      else lost.delete(host);
    },
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
  };
}
