/**
 * One store in memory that several aggregators of a process have open at once, as instances of one, for
 * tests and simulation.
 *
 * @module
 */
import type { Clock } from "../../src/core/clock.ts";
import type { KeptChange, SharedStore } from "../shared_store.ts";
import type { RoundStore, StoreChange } from "../store.ts";
import { memoryStore } from "./store.ts";

/** A store to be opened any number of times. */
export interface SharedMemory {
  /** Opens it for one more instance. */
  open(): RoundStore;
}

interface Watch {
  readonly owner: object;
  readonly task: string;
  changed(): void;
}

/**
 * An empty store.
 *
 * @param clock Tells when leases and claims are over.
 * @param keptChanges Writes of a task whose changes are kept.
 */
export function sharedMemory(clock: Clock, keptChanges = 256): SharedMemory {
  const inner = memoryStore();
  const changes = new Map<string, KeptChange[]>();
  const leases = new Map<string, { readonly holder: string; readonly untilMs: number }>();
  const claims = new Map<string, number>();
  const watches = new Set<Watch>();

  function keep(task: string, version: number, change: StoreChange): void {
    const { members = [], removed = [], updates = [], slices = [], dropSlices = [] } = change;
    const names = [...new Set([...slices.map(({ name }) => name), ...dropSlices])];
    const kept = structuredClone({ version, members, removed, updates, slices: names });
    changes.set(task, [...changes.get(task) ?? [], kept].slice(-keptChanges));
  }

  function sharedFor(owner: object): SharedStore {
    return {
      watch(task, changed) {
        const watch = { owner, task, changed };
        watches.add(watch);
        return { [Symbol.dispose]: () => void watches.delete(watch) };
      },
      changes(task, since) {
        const later = (changes.get(task) ?? []).filter(({ version }) => version > since);
        const isWhole = later.length === 0 || later[0]?.version === since + 1;
        return Promise.resolve(isWhole ? later : undefined);
      },
      lease({ name, holder, ms }) {
        const now = leases.get(name);
        const isFree = now === undefined || now.holder === holder || now.untilMs <= clock.now();
        if (isFree) leases.set(name, { holder, untilMs: clock.now() + ms });
        return Promise.resolve(isFree);
      },
      release({ name, holder }) {
        if (leases.get(name)?.holder === holder) leases.delete(name);
        return Promise.resolve();
      },
      leases() {
        const held = [...leases].filter(([, { untilMs }]) => untilMs > clock.now());
        return Promise.resolve(new Map(held.map(([name, { holder }]) => [name, holder])));
      },
      claim(key, ms) {
        const isFirst = (claims.get(key) ?? -Infinity) <= clock.now();
        if (isFirst) claims.set(key, clock.now() + ms);
        return Promise.resolve(isFirst);
      },
    };
  }

  return {
    open() {
      const owner = {};
      return {
        ...inner,
        async write(task, expected, change) {
          const isDone = await inner.write(task, expected, change);
          if (!isDone) return false;
          keep(task, expected + 1, change);
          for (const watch of [...watches]) {
            if (watch.owner !== owner && watch.task === task) watch.changed();
          }
          return true;
        },
        shared: sharedFor(owner),
      };
    },
  };
}
