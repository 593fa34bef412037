/**
 * Parcels and sums that are cut among several accumulators, each of which holds a range of slices.
 *
 * How something is cut is a part of its name. The record of a round refers to its sums by name, so
 * that the number of accumulators is fixed there, whatever an aggregator is told when it starts again.
 *
 * @module
 */
import type { ParcelShape } from "../task/task_form.ts";

/** How slices are dealt out. */
export interface Cut {
  /** Number of accumulators, at least 2. */
  readonly shards: number;
  /** Slices in each but the last, which has the rest. */
  readonly slices: number;
}

/** Where a slice is. */
export interface ShardPlace {
  /** Number of the accumulator, from 0. */
  readonly shard: number;
  /** Number of the slice in it, from 0. */
  readonly index: number;
}

/**
 * How parcels of a task are cut so that no accumulator holds more than so many values.
 *
 * @returns undefined where one holds them all.
 */
export function cutFor(shape: ParcelShape, shardValues: number): Cut | undefined {
  if (shape.values <= shardValues) return undefined;
  const slices = Math.ceil(shape.parcelBytes / shape.sliceBytes);
  const valuesOfSlice = shape.values * shape.sliceBytes / shape.parcelBytes;
  const most = Math.max(1, Math.floor(shardValues / valuesOfSlice));
  const shards = Math.ceil(slices / most);
  return shards < 2 ? undefined : { shards, slices: Math.ceil(slices / shards) };
}

/** The name of something that is cut; as it is where it is not. */
export function withCut(name: string, cut: Cut | undefined): string {
  return cut === undefined ? name : `${name}@${cut.shards}x${cut.slices}`;
}

/** How the bearer of a name is cut; undefined where it is not. */
export function cutOf(name: string): Cut | undefined {
  const [, shards, slices] = /@(\d{1,6})x(\d{1,6})$/.exec(name) ?? [];
  return shards === undefined ? undefined : { shards: Number(shards), slices: Number(slices) };
}

/** Where a slice of something is that is cut. */
export function placeOf({ slices }: Cut, index: number): ShardPlace {
  const shard = Math.floor(index / slices);
  return { shard, index: index - shard * slices };
}
