/**
 * What a round machine starts from, at the root and at a region.
 *
 * @module
 */
import type { ModelInfo } from "../wire/round_info.ts";
import type { RoundRules } from "./record.ts";
import type { Step } from "./step.ts";

/** What a root starts from. */
export interface RootOptions {
  /** Digest of the task. */
  readonly task: string;
  /** The task's rules. */
  readonly rules: RoundRules;
  /** The initial model, version 0. */
  readonly model: ModelInfo;
}

/** What a region starts from. */
export interface RegionOptions {
  /** Digest of the task. */
  readonly task: string;
  /** The task's rules. */
  readonly rules: RoundRules;
  /** Id of the parent. */
  readonly parent: string;
}

/** The first record of a root, and the first entry of its log. */
export function beginRoot(options: RootOptions): Step {
  const { task, rules, model } = options;
  return {
    record: { ...first, role: "root", task, rules, model },
    effects: [{ kind: "log", event: { kind: "created", model } }],
  };
}

/** The first record of a region, and the first entry of its log. */
export function beginRegion(options: RegionOptions): Step {
  const { task, rules, parent } = options;
  return {
    record: { ...first, role: "region", task, rules },
    effects: [{ kind: "log", event: { kind: "joined", parent } }],
  };
}

const first = {
  format: 4,
  round: 0,
  roster: { members: 0, clients: 0, awaited: 0 },
  progress: {},
  phase: { kind: "waiting" },
} as const;
