/**
 * The demo's tree: a root and its regions, each a listener of its own on loopback.
 *
 * @module
 */
import { dashboard } from "../../../edge/dashboard/mod.ts";
import type { ServedAggregator } from "../../../edge/deno/mod.ts";
import { nativeIdentity, serveAggregator } from "../../../edge/deno/mod.ts";
import { isTributaryError, type TributaryError } from "../../core/errors.ts";
import type { Fetch } from "../../core/fetch.ts";
import type { NamedTensors } from "../../core/tensor.ts";
import { strategyFrom } from "../../strategy/mod.ts";
import type { TrainCore } from "../../wasm/train.ts";
import { signTask, type Task } from "../../wire/task.ts";
import type { RunState } from "./state.ts";

/** What the tree is made for. */
export interface TreeOptions {
  /** Stores, keys and the token. */
  readonly state: RunState;
  /** The task. */
  readonly task: Task;
  /** Its initial model. */
  readonly model: NamedTensors;
  /** Kernels of the root's steps. */
  readonly core: TrainCore;
  /** Names of the regions; each has a key in the state. */
  readonly regions: readonly string[];
  /** How the root reaches helpers. */
  readonly fetch: Fetch;
  /** Hears of a store that failed: whoever waits for it would wait in vain. */
  readonly onFailure: (error: TributaryError) => void;
}

/** A root and its regions, at work. */
export interface Tree extends AsyncDisposable {
  /** The root. */
  readonly root: ServedAggregator;
  /** The regions, in the order of their names. */
  readonly regions: readonly ServedAggregator[];
}

/** Name of the root's key. */
export const ROOT_NAME = "root";

/** Starts the root with its task, then the regions below it. Where stores have something, it goes on. */
export async function startTree(options: TreeOptions): Promise<Tree> {
  const { state, task, model, core } = options;
  await using stack = new AsyncDisposableStack();
  const serve = async (name: string, role: Role): Promise<ServedAggregator> =>
    stack.use(
      await serveAggregator({
        store: state.path(`${name}.db`),
        identity: await identityOf(state, name),
        joinToken: state.token,
        logger(line) {
          if (line.kind !== "failure") return;
          if (isTributaryError(line.error, "store-failed")) options.onFailure(line.error);
        },
        ...role,
      }),
    );
  const owner = await identityOf(state, ROOT_NAME);
  const root = await serve(ROOT_NAME, {
    strategy: ({ strategy }) => strategyFrom(strategy, core),
    fetch: options.fetch,
    observers: [dashboard()],
  });
  await root.ready;
  await root.aggregator.own({ signed: await signTask(task, owner), model });
  const parent = { url: root.url, token: state.token };
  const regions = await Promise.all(options.regions.map((name) => serve(name, { parent })));
  await Promise.all(regions.map((region) => region.ready));
  const owned = stack.move();
  return { root, regions, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

type Role = Pick<
  Parameters<typeof serveAggregator>[0],
  "parent" | "strategy" | "fetch" | "observers"
>;

async function identityOf(state: RunState, name: string) {
  const key = state.keys.get(name);
  if (key === undefined) throw new RangeError(`Cannot start ${name}: it has no key`);
  return await nativeIdentity(key);
}
