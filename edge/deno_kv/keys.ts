/**
 * Under which keys a task's rows are; without their last parts, what such keys begin with.
 *
 * @module
 */
import type { KvKey } from "./database.ts";

/** The keys of one region. */
export interface Keys {
  /** What all heads begin with. */
  readonly heads: KvKey;
  /** A task's head. */
  head(task: string): KvKey;
  /** A member, or all of them. */
  member(task: string, id?: string): KvKey;
  /** A member's update of a round, or all of the round, or of the task. */
  update(task: string, ...rest: readonly [] | readonly [number] | readonly [number, string]): KvKey;
  /** A slice, or all of a name, or of the task. */
  slice(task: string, ...rest: readonly [] | readonly [string] | readonly [string, number]): KvKey;
  /** An entry of the log, or all of it. */
  log(task: string, seq?: number): KvKey;
  /** What a write changed, or all that is kept of that. */
  change(task: string, version?: number): KvKey;
  /** A lease, or all of them. */
  lease(name?: string): KvKey;
  /** Something that was claimed. */
  claim(key: string): KvKey;
}

/** The keys that begin with a prefix. */
export function keysUnder(prefix: string): Keys {
  const rest = <T>(part: T | undefined): readonly T[] => part === undefined ? [] : [part];
  return {
    heads: [prefix, "head"],
    head: (task) => [prefix, "head", task],
    member: (task, id) => [prefix, "member", task, ...rest(id)],
    update: (task, ...parts) => [prefix, "update", task, ...parts],
    slice: (task, ...parts) => [prefix, "slice", task, ...parts],
    log: (task, seq) => [prefix, "log", task, ...rest(seq)],
    change: (task, version) => [prefix, "change", task, ...rest(version)],
    lease: (name) => [prefix, "lease", ...rest(name)],
    claim: (key) => [prefix, "claim", key],
  };
}
