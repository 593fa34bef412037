/**
 * Processes that die around a change of their store, for tests.
 *
 * @module
 */
import type { Clock } from "../src/core/clock.ts";
import { TributaryError } from "../src/core/errors.ts";
import type { Fetch } from "../src/core/fetch.ts";
import type { Task } from "../src/wire/task.ts";
import { createRegionProcess, createRootProcess, type Process } from "./_tree_testing.ts";
import type { RoundStore } from "./store.ts";

/** Who dies. */
export type Victim = "root" | "region";
/** Dies before a change reaches the store, or after it did and before anyone hears of it. */
export type Moment = "before" | "after";

/** Who dies, and when. */
export interface Death {
  /** Who. */
  readonly victim: Victim;
  /** Number of the change of its store; `Infinity` for never. */
  readonly at: number;
  /** Before or after that change. */
  readonly moment: Moment;
  /** Store of a region that dies; in memory by default. */
  readonly store?: RoundStore | undefined;
  /** How the root reaches others. */
  readonly fetch?: Fetch;
}

/** A root and two regions at work, one process of which dies once and starts again. */
export interface MortalTree {
  /** The root. */
  readonly root: Process;
  /** The regions; the first one is the one that may die. */
  readonly regions: readonly [Process, Process];
  /** Changes of the victim's store, up to its death. */
  changes(): number;
  /** Whether it has died. */
  hasDied(): boolean;
  /** Resolves once it has started again. */
  restarted(): Promise<void>;
  /** Stops all of them. */
  stop(): Promise<void>;
}

/** Starts the tree; its victim may die in the very start. */
export async function startMortalTree(
  clock: Clock,
  task: Task,
  { victim, at, moment, store, fetch }: Death,
): Promise<MortalTree> {
  let died = false;
  let changes = () => 0;
  let restarted: Promise<void> = Promise.resolve();
  const target: { process?: Process } = {};
  const die = () => {
    died = true;
    target.process?.kill();
    restarted = (async () => {
      await clock.sleep(1);
      await target.process?.start();
    })();
  };
  const wrap = (inner: RoundStore): RoundStore => {
    if (died) return inner;
    const { wrapped, changes: counted } = fragile(inner, { at, moment, die });
    changes = counted;
    return wrapped;
  };
  const root = await createRootProcess(clock, task, {
    ...(fetch && { fetch }),
    ...(victim === "root" && { wrap }),
  });
  const first = await createRegionProcess(clock, root, {
    ...(victim === "region" && { wrap, ...(store && { store }) }),
  });
  const second = await createRegionProcess(clock, root);
  target.process = victim === "root" ? root : first;
  // A start that dies in the middle is followed by another one, which `die` has arranged.
  const survive = (process: Process) => process.start().catch(() => {});
  await survive(root);
  await restarted;
  await Promise.all([survive(first), survive(second)]);
  await restarted;
  return {
    root,
    regions: [first, second],
    changes: () => changes(),
    hasDied: () => died,
    restarted: () => restarted,
    async stop() {
      for (const process of [first, second, root]) await process.stop();
    },
  };
}

/** Counts what changes a store, and calls `die` around change number `at`. */
function fragile(
  store: RoundStore,
  { at, moment, die }: { readonly at: number; readonly moment: Moment; die(): void },
): { readonly wrapped: RoundStore; changes(): number } {
  let count = 0;
  const dead = () => new TributaryError("store-failed", "Cannot write: the process died");
  async function change<T>(act: () => Promise<T>): Promise<T> {
    const isFatal = ++count === at;
    if (isFatal && moment === "before") {
      die();
      throw dead();
    }
    const result = await act();
    if (isFatal) {
      die();
      throw dead();
    }
    return result;
  }
  const wrapped: RoundStore = {
    ...store,
    write: (task, expected, changes) => change(() => store.write(task, expected, changes)),
    put: (task, slices) => change(() => store.put(task, slices)),
    drop: (task, name) => change(() => store.drop(task, name)),
  };
  return { wrapped, changes: () => count };
}
