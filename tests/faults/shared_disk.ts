/**
 * A database that instances of one aggregator share: what was written or put is durable when it
 * resolves, and who writes is told to the others some time later.
 *
 * @module
 */
import { sharedMemory } from "../../edge/memory/shared_memory.ts";
import type { RoundStore } from "../../edge/store.ts";
import { type Disk, type DiskOptions, reachedBy } from "./disk.ts";
import type { Dice } from "./faults.ts";
import type { Effect, Life } from "./machine.ts";
import type { Scheduler } from "./scheduler.ts";

/** A database, as one of many instances and as the world sees it. */
export interface SharedDisk {
  /** What a new life of an instance opens. */
  open(life: Life): RoundStore;
  /** The same for whoever looks from outside; it loses nothing. */
  readonly outside: Disk;
}

/** What a shared disk is made of. */
export interface SharedDiskOptions {
  readonly scheduler: Scheduler;
  readonly dice: Dice;
  readonly written: DiskOptions["written"];
}

/** Which step each call of what instances share is. */
const SHARED_EFFECTS: Readonly<Record<string, Effect>> = {
  changes: "read",
  leases: "read",
  lease: "drop",
  release: "drop",
  claim: "drop",
};

/** An empty database. */
export function createSharedDisk(options: SharedDiskOptions): SharedDisk {
  const { scheduler, dice, written } = options;
  const clock = { now: () => scheduler.nowMs, sleep: () => new Promise<void>(() => {}) };
  const memory = sharedMemory(clock);

  /** Hears of others' writes, late. */
  function heard(life: Life, changed: () => void): () => void {
    return () => {
      const takesMs = dice.comes("delayed") ? dice.between(100, 8000) : dice.between(0.1, 10);
      const line = `${life.name} hears of a write`;
      scheduler.after(takesMs, { of: life, line, act: changed });
    };
  }

  const outside = memory.open();
  return {
    outside: { ...outside, lose() {}, rest: () => Promise.resolve() },
    open(life) {
      const store = memory.open();
      const { shared } = store;
      return {
        ...store,
        async write(task, expected, change) {
          const isDone = await store.write(task, expected, change);
          if (isDone) written(task, change);
          return isDone;
        },
        ...(shared && {
          shared: reachedBy(life, {
            ...shared,
            watch: (task: string, changed: () => void) => shared.watch(task, heard(life, changed)),
          }, SHARED_EFFECTS),
        }),
      };
    },
  };
}
