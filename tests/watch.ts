/**
 * Waiting for a condition without looking at a clock.
 *
 * @module
 */
import type { Logger } from "../edge/logger.ts";

/** Asks again whenever something happened. */
export interface Watch {
  /** Tells that something happened. */
  readonly hear: Logger;
  /** Resolves once the condition holds. */
  until(condition: () => boolean): Promise<void>;
}

/** A watch that nobody waits at. */
export function createWatch(): Watch {
  const waiting = new Set<() => void>();
  return {
    hear: () => waiting.forEach((ask) => ask()),
    async until(condition) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const ask = () => condition() && resolve();
      waiting.add(ask);
      ask();
      await promise;
      waiting.delete(ask);
    },
  };
}
