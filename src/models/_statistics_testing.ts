/**
 * One client's contribution to a statistic, for the tests of such models.
 *
 * @module
 */
import assert from "node:assert/strict";
import { deriveSeed } from "../core/random.ts";
import type { NamedTensors } from "../core/tensor.ts";
import type { Trainer } from "../core/trainer.ts";
import { isTributaryError } from "../core/errors.ts";

/** The sums that a trainer gives, value by value. */
export async function sumsOf(
  trainer: Trainer,
  { model = {}, seed = 1 }: { readonly model?: NamedTensors; readonly seed?: number } = {},
): Promise<Record<string, number[]>> {
  const contribution = await trainer(model, {
    round: 1,
    seed: await deriveSeed(new Uint8Array(32), seed),
    signal: new AbortController().signal,
  });
  assert.ok(contribution.kind === "sums" && contribution.metrics === undefined);
  const entries = Object.entries(contribution.sums);
  return Object.fromEntries(entries.map(([name, { data }]) => [name, [...data]]));
}

/** Expects that a task is refused with a sentence. */
export function assertRefused(make: () => unknown, sentence: RegExp): void {
  assert.throws(make, (error) => {
    assert.ok(isTributaryError(error, "task-refused"), String(error));
    assert.match(error.message, sentence);
    return true;
  });
}
