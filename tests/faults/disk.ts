/**
 * A store that outlives its processes, and loses with the power what it had not promised to keep.
 *
 * @module
 */
import { memoryStore } from "../../edge/memory/mod.ts";
import type { RoundStore, SliceRow, StoreChange } from "../../edge/store.ts";
import type { Dice } from "./faults.ts";
import type { Effect, Life } from "./machine.ts";

/** A store, and what it does when the power goes. */
export interface Disk extends RoundStore {
  /** Loses what is not durable. */
  lose(): void;
  /** Makes everything durable, as time alone does: at the end of a world. */
  rest(): Promise<void>;
}

/** What was put or dropped outside of a write, which makes it durable. */
type Loose =
  | { readonly kind: "put"; readonly task: string; readonly row: SliceRow }
  | { readonly kind: "drop"; readonly task: string; readonly name: string };

/** How a disk is made. */
export interface DiskOptions {
  readonly dice: Pick<Dice, "chance">;
  /** Hears of each write that became durable. */
  written(task: string, change: StoreChange): void;
}

/**
 * An empty disk. A write is durable when it resolves, and with it whatever was put before; what was put
 * and not written after is on the disk or is not, slice by slice, once the power was gone.
 */
export function createDisk({ dice, written }: DiskOptions): Disk {
  const kept = memoryStore();
  let loose: Loose[] = [];

  async function fix(): Promise<void> {
    const before = loose;
    loose = [];
    for (const it of before) {
      if (it.kind === "put") await kept.put(it.task, [it.row]);
      else await kept.drop(it.task, it.name);
    }
  }

  return {
    ...kept,
    async write(task, expected, change) {
      await fix();
      const isDone = await kept.write(task, expected, change);
      if (isDone) written(task, change);
      return isDone;
    },
    put(task, slices) {
      for (const row of slices) {
        loose.push({ kind: "put", task, row: { ...row, bytes: row.bytes.slice() } });
      }
      return Promise.resolve();
    },
    drop(task, name) {
      loose.push({ kind: "drop", task, name });
      return Promise.resolve();
    },
    async slice(task, name, index) {
      let bytes = await kept.slice(task, name, index);
      for (const it of loose) {
        if (it.task !== task) continue;
        if (it.kind === "drop" && it.name === name) bytes = undefined;
        if (it.kind === "put" && it.row.name === name && it.row.index === index) {
          bytes = it.row.bytes;
        }
      }
      return bytes;
    },
    async sliceNames(task, prefix) {
      const names = new Set(await kept.sliceNames(task, prefix));
      for (const it of loose) {
        if (it.task !== task) continue;
        if (it.kind === "drop") names.delete(it.name);
        else if (it.row.name.startsWith(prefix)) names.add(it.row.name);
      }
      return [...names].sort();
    },
    lose() {
      loose = loose.filter(() => dice.chance(0.5));
    },
    rest: fix,
  };
}

/** Which step each call of a round's store is. */
export const STORE_EFFECTS: Readonly<Record<string, Effect>> = {
  tasks: "read",
  read: "read",
  member: "read",
  members: "read",
  update: "read",
  updates: "read",
  slice: "read",
  sliceNames: "read",
  log: "read",
  write: "write",
  put: "put",
  drop: "drop",
};

/** The same of a helper's store. */
export const HELPER_STORE_EFFECTS: Readonly<Record<string, Effect>> = {
  task: "read",
  tasks: "read",
  answer: "read",
  putTask: "write",
  putAnswer: "write",
  dropAnswers: "write",
};

/** A store as one life of a process reaches it. */
export function reachedBy<Store extends object>(
  life: Life,
  store: Store,
  effects: Readonly<Record<string, Effect>>,
): Store {
  return new Proxy(store, {
    get(target, name) {
      const value = Reflect.get(target, name);
      const kind = effects[String(name)];
      if (kind === undefined || typeof value !== "function") return value;
      return (...args: unknown[]) => life.effect(kind, () => Reflect.apply(value, target, args));
    },
  });
}
