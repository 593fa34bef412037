/**
 * A tree of aggregators between two rounds of virtual time: plain data, and what the root's step does
 * to it. {@link playRound} takes it through a round.
 *
 * @module
 */
import { TributaryError } from "../core/errors.ts";
import type { RoundEvent } from "../round/event.ts";
import { readRecord, type RoundRecord, type RoundRules } from "../round/record.ts";
import { beginRegion, beginRoot } from "../round/begin.ts";
import { step } from "../round/step.ts";
import type { ModelInfo } from "../wire/round_info.ts";
import type { TreeShape } from "./tree_shape.ts";

/** All that a tree remembers between rounds: plain JSON. */
export interface TreeState {
  /** Virtual milliseconds since the beginning. */
  readonly nowMs: number;
  /** Where everyone's round stands, by number of the aggregator. */
  readonly records: readonly RoundRecord[];
  /** Until when each client is at work on a round that may have gone on without it. */
  readonly busyUntilMs: readonly number[];
}

/** What a tree is made for. */
export interface NewTreeOptions {
  /** Who stands where. */
  readonly shape: TreeShape;
  /** Digest of the task. */
  readonly task: string;
  /** The task's rules. */
  readonly rules: RoundRules;
  /** The initial model. */
  readonly model: ModelInfo;
}

/** A tree in which everybody has enrolled, before its first round. */
export function newTree({ shape, task, rules, model }: NewTreeOptions): TreeState {
  const sizes = shape.clients.map((clients) => clients.length);
  // Children have higher numbers than their parents.
  for (let node = sizes.length - 1; node > 0; node--) {
    const parent = shape.parents[node] ?? 0;
    sizes[parent] = (sizes[parent] ?? 0) + Math.min(sizes[node] ?? 0, rules.max);
  }
  const records = shape.parents.map((parent, node) => {
    const { record } = parent < 0
      ? beginRoot({ task, rules, model })
      : beginRegion({ task, rules, parent: String(parent) });
    const regions = (shape.children[node] ?? []).filter((child) => (sizes[child] ?? 0) > 0);
    const members = regions.length + (shape.clients[node]?.length ?? 0);
    return step(record, { kind: "roster", members, clients: sizes[node] ?? 0, awaited: 0 }, 0)
      .record;
  });
  return { nowMs: 0, records, busyUntilMs: shape.clients.flat().map(() => 0) };
}

/**
 * A tree that was saved.
 *
 * @throws {TributaryError} `store-failed` when another version of this library saved it.
 */
export function readTree(saved: unknown): TreeState {
  const { nowMs, records, busyUntilMs } = (saved ?? {}) as Partial<TreeState>;
  if (typeof nowMs !== "number" || !Array.isArray(records) || !Array.isArray(busyUntilMs)) {
    throw new TributaryError(
      "store-failed",
      "Cannot read a saved tree: expected its time, its records, and who is at work",
    );
  }
  return { nowMs, records: records.map(readRecord), busyUntilMs };
}

/** The record of the root. */
export function rootOf(state: TreeState): RoundRecord {
  return recordOf(state.records, 0);
}

/** The record of an aggregator. */
export function recordOf(records: readonly RoundRecord[], node: number): RoundRecord {
  const record = records[node];
  if (record === undefined) throw new RangeError(`Cannot find aggregator ${node} in the tree`);
  return record;
}

/** What the root made of a sealed round: the next model, or nothing as the sum admits none. */
export type RootAnswer = Extract<RoundEvent, { kind: "publish" | "fail" }>;

/** The tree once the root has answered a sealed round. */
export function answered(state: TreeState, answer: RootAnswer): TreeState {
  const { record } = step(rootOf(state), answer, state.nowMs);
  return { ...state, records: state.records.with(0, record) };
}
