/**
 * Heavy hitters out of the tensors that their task has published.
 *
 * @module
 */
import type { NamedTensors } from "../core/tensor.ts";
import { survivors } from "../models/heavy_hitters.ts";
import { symbolCount, textOf } from "../models/item_symbols.ts";
import { modelFrom } from "../models/registry.ts";
import { refuseModel, type StatisticTask } from "./statistic_task.ts";

/** A text, or how some begin, that many clients have. */
export interface HeavyHitter {
  /** The item, or as much of its beginning as is known. */
  readonly item: string;
  /** Votes in the round that kept it. */
  readonly count: number;
  /** Whether it is a whole item. */
  readonly isWhole: boolean;
}

/**
 * What is known so far, most votes first: prefixes until the task's last round, then whole items.
 *
 * @param task   A task with a `heavy-hitters` model.
 * @param tensors What its last round published.
 * @throws {TypeError} If the task is about something else.
 *
 * @example Before the first round nothing is known
 * ```ts
 * import { heavyHitters, heavyHittersOf } from "./mod.ts";
 * import { defineTask } from "../task/mod.ts";
 *
 * const model = heavyHitters({ alphabet: "abc", length: 4, threshold: 5 });
 * const task = defineTask({
 *   name: "words",
 *   model,
 *   clients: { min: 5, max: 100 },
 *   stop: { rounds: model.rounds },
 * });
 * const found = heavyHittersOf(task, model.initial(new Uint8Array(32)));
 * if (found.length !== 0) throw new Error("nobody has voted");
 * ```
 */
export function heavyHittersOf(
  task: StatisticTask,
  tensors: NamedTensors,
): readonly HeavyHitter[] {
  const { options } = modelFrom(task.model, task.train);
  if (options.kind !== "heavy-hitters") return refuseModel("heavy hitters", options.kind);
  return survivors(tensors, options)
    .filter(({ symbols }) => symbols.length > 0)
    .map(({ symbols, count }) => ({
      item: textOf(symbols, options),
      count,
      isWhole: symbols.length === symbolCount(options) || hasEnded(symbols, options.alphabet),
    }))
    .sort((one, other) => other.count - one.count);
}

/** Whether only what follows an item's end can follow. */
function hasEnded(symbols: readonly number[], alphabet: string | null): boolean {
  if (alphabet !== null) return symbols.includes(0);
  const bytes = Math.floor(symbols.length / 8);
  return Array.from({ length: bytes }, (_, at) => symbols.slice(8 * at, 8 * at + 8))
    .some((bits) => bits.every((bit) => bit === 0));
}
