/**
 * Processes that die around a change of their store, for tests.
 *
 * @module
 */
import { TributaryError } from "../src/core/errors.ts";
import type { RoundStore } from "./store.ts";

/** Who dies. */
export type Victim = "root" | "region";
/** Dies before a change reaches the store, or after it did and before anyone hears of it. */
export type Moment = "before" | "after";

/** Counts what changes a store, and calls `die` around change number `at`. */
export function fragile(
  store: RoundStore,
  { at, moment, die }: { readonly at: number; readonly moment: Moment; die(): void },
): { readonly wrapped: RoundStore; changes(): number } {
  let count = 0;
  const dead = () => new TributaryError("store-failed", "Cannot write: the process died");
  async function change<T>(act: () => Promise<T>): Promise<T> {
    const isFatal = ++count === at;
    if (isFatal && moment === "before") {
      die();
      throw dead();
    }
    const result = await act();
    if (isFatal) {
      die();
      throw dead();
    }
    return result;
  }
  const wrapped: RoundStore = {
    ...store,
    write: (task, expected, changes) => change(() => store.write(task, expected, changes)),
    put: (task, slices) => change(() => store.put(task, slices)),
    drop: (task, name) => change(() => store.drop(task, name)),
  };
  return { wrapped, changes: () => count };
}
