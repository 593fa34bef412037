/**
 * One piece of work at a time for each of many: a newer one ends the older.
 *
 * @module
 */

/** A piece of work that is under way; disposing says that it is over. */
export interface Newest extends Disposable {
  /** Aborts when a newer one begins, or everything ends. */
  readonly signal: AbortSignal;
}

/** Begins a piece of work for a key, and ends the one before it; `end` ends it as well. */
export type BeginNewest = (key: string, end: AbortSignal) => Newest;

/** Nothing under way yet. */
export function createNewest(): BeginNewest {
  const running = new Map<string, AbortController>();
  return (key, end) => {
    running.get(key)?.abort();
    const mine = new AbortController();
    const stop = () => mine.abort();
    running.set(key, mine);
    end.addEventListener("abort", stop);
    if (end.aborted) stop();
    return {
      signal: mine.signal,
      [Symbol.dispose]() {
        end.removeEventListener("abort", stop);
        if (running.get(key) === mine) running.delete(key);
      },
    };
  };
}
