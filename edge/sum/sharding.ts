/**
 * A store whose largest rows are elsewhere: parcels and sums that are cut lie in accumulators,
 * everything else where it was.
 *
 * The one commit point stays the store's conditional write. A name that is cut leaves an empty row
 * in the store before an accumulator hears of it, and that row goes only after all accumulators
 * have dropped the name: so whatever a crash leaves behind is found by the names of the store, like
 * everything else that no record refers to.
 *
 * @module
 */
import { TributaryError } from "../../src/core/errors.ts";
import { type Cut, cutOf, placeOf, withCut } from "./cut.ts";
import type { Shard } from "./shard.ts";
import { checkSlice, type RoundStore, type SliceRow } from "../store.ts";
import { createSums, type NextSums, type Sums, type SumsAddition, type SumsOf } from "./sums.ts";

/** A store and what adds in it: an aggregator is given both. */
export interface Sharding {
  /** Keeps everything. */
  readonly store: RoundStore;
  /** Adds parcels where they lie. */
  readonly sums: SumsOf;
}

/**
 * Spreads what is cut over accumulators.
 *
 * @param store   Keeps everything else, and refers to all.
 * @param shardOf The accumulator of a number, from 0.
 */
export function createSharding(store: RoundStore, shardOf: (shard: number) => Shard): Sharding {
  const marked = new Set<string>();

  async function mark(task: string, name: string): Promise<void> {
    const key = `${task} ${name}`;
    if (marked.has(key)) return;
    await store.put(task, [{ name, index: 0, bytes: new Uint8Array(0) }]);
    marked.add(key);
  }

  async function drop(task: string, name: string, { shards }: Cut): Promise<void> {
    await Promise.all(
      Array.from({ length: shards }, (_, shard) => shardOf(shard).drop(task, [name])),
    );
    await store.drop(task, name);
    marked.delete(`${task} ${name}`);
  }

  /** What cannot be dropped now is found when the aggregator starts again. */
  async function dropUnneeded(task: string, names: readonly string[]): Promise<void> {
    await Promise.allSettled(
      names.map(async (name) => {
        const cut = cutOf(name);
        if (cut !== undefined) await drop(task, name, cut);
      }),
    );
  }

  const spread: RoundStore = {
    ...store,
    async write(task, expected, change) {
      const names = change.dropSlices ?? [];
      const here = names.filter((name) => cutOf(name) === undefined);
      if (!await store.write(task, expected, { ...change, dropSlices: here })) return false;
      await dropUnneeded(task, names);
      return true;
    },
    async slice(task, name, index) {
      const cut = cutOf(name);
      if (cut === undefined) return await store.slice(task, name, index);
      const place = placeOf(cut, index);
      return await shardOf(place.shard).slice(task, name, place.index);
    },
    async put(task, slices) {
      const here: SliceRow[] = [];
      for (const row of slices) {
        const cut = cutOf(row.name);
        if (cut === undefined) {
          here.push(row);
          continue;
        }
        checkSlice(row);
        const { shard, index } = placeOf(cut, row.index);
        await mark(task, row.name);
        await shardOf(shard).put(task, [{ ...row, index }]);
      }
      if (here.length > 0) await store.put(task, here);
    },
    async drop(task, name) {
      const cut = cutOf(name);
      if (cut === undefined) await store.drop(task, name);
      else await drop(task, name, cut);
    },
  };

  const sums: SumsOf = (options) => {
    const { task, bytes, ring } = options;
    let whole: Sums | undefined;

    /** Has all accumulators add their ranges of a group's parcels. */
    async function addGroup(
      { from, to, parcels, cut }: {
        readonly from: string | undefined;
        readonly to: string;
        readonly parcels: readonly string[];
        readonly cut: Cut;
      },
    ): Promise<void> {
      await mark(task, to);
      const most = cut.slices * ring.sliceBytes;
      await Promise.all(
        Array.from({ length: cut.shards }, (_, shard) => {
          const range = Math.min(most, bytes - shard * most);
          return shardOf(shard).add(task, { ring: ring.name, bytes: range, from, to, parcels });
        }),
      );
    }

    async function addCut(addition: SumsAddition, cut: Cut): Promise<NextSums> {
      const { from, parcels, nameOf } = addition;
      const sums: Record<number, string> = { ...from };
      for (const group of new Set(parcels.map((it) => it.group))) {
        const to = withCut(nameOf(group), cut);
        const names = parcels.filter((it) => it.group === group).map(({ parcel }) => {
          if (parcel.kind === "staged") return parcel.name;
          throw new TypeError("Cannot add a parcel that is cut: expected it in the accumulators");
        });
        checkCut([from[group] ?? to, ...names], cut);
        await addGroup({ from: from[group], to, parcels: names, cut });
        sums[group] = to;
      }
      return { sums, rows: [] };
    }

    return {
      async add(addition) {
        const cut = cutOfParcels(addition);
        if (cut !== undefined) return await addCut(addition, cut);
        whole ??= createSums(options);
        return await whole.add(addition);
      },
      [Symbol.dispose]: () => whole?.[Symbol.dispose](),
    };
  };

  return { store: spread, sums };
}

function cutOfParcels({ parcels }: SumsAddition): Cut | undefined {
  const [first] = parcels;
  return first?.parcel.kind === "staged" ? cutOf(first.parcel.name) : undefined;
}

function checkCut(names: readonly string[], cut: Cut): void {
  for (const name of names) {
    const other = cutOf(name);
    if (other?.shards === cut.shards && other.slices === cut.slices) continue;
    throw new TributaryError(
      "store-failed",
      `Cannot add ${name}: it is cut in another way, expected ${cut.shards} by ${cut.slices}`,
    );
  }
}
