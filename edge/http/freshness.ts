/**
 * How an instance hears of what others that share its store have written: soon after it happened, and
 * at once before it turns somebody away for want of it.
 *
 * @module
 */
import type { Clock } from "../../src/core/clock.ts";
import type { Committer } from "../task/committer.ts";
import type { Logger } from "../logger.ts";
import type { RoundStore } from "../store.ts";

/** What keeps a task's state new. */
export interface FreshnessOptions {
  /** What is shared, or not. */
  readonly store: RoundStore;
  /** Where the time comes from. */
  readonly clock: Clock;
  /** Told of reads that failed. */
  readonly logger: Logger;
  /** Digest of the task. */
  readonly task: string;
  /** What reads the state. */
  readonly committer: Committer;
}

/** Keeps a task's state new, until it is disposed of. */
export interface Freshness extends AsyncDisposable {
  /**
   * Asks something of the state in memory; what throws is asked once more if that was behind the store.
   *
   * @throws What was thrown, if it was not.
   */
  ask<T>(question: () => Promise<T>): Promise<T>;
  /** Makes the state as new as the store; at once where nobody shares it. */
  look(): Promise<void>;
}

/** Time between two looks at a store that has not said that anything changed. */
const LOOK_MS = 2000;

/** Begins to watch the store, where it is shared. */
export function createFreshness(options: FreshnessOptions): Freshness {
  const { store: { shared }, clock, logger, task, committer } = options;
  const over = new AbortController();

  async function look(): Promise<void> {
    if (!over.signal.aborted) await committer.refresh();
  }

  function lookSoon(): void {
    look().catch((error) => logger({ kind: "failure", doing: `reading task ${task}`, error }));
  }

  /** In case the store's word got lost. */
  async function lookAgain(): Promise<void> {
    const { signal } = over;
    while (!signal.aborted) {
      await clock.sleep(LOOK_MS, { signal }).catch(() => {});
      lookSoon();
    }
  }

  const watch = shared?.watch(task, lookSoon);
  const looking = shared === undefined ? Promise.resolve() : lookAgain();
  return {
    look,
    async ask(question) {
      const { version } = committer.latest;
      try {
        return await question();
      } catch (error) {
        if (shared === undefined) throw error;
        await look();
        if (committer.latest.version === version) throw error;
        return await question();
      }
    },
    async [Symbol.asyncDispose]() {
      over.abort();
      watch?.[Symbol.dispose]();
      await looking;
    },
  };
}
