/**
 * The graceful end of a region: from then on nobody joins it and it opens no round; what it has taken
 * in still goes up; then it leaves its parent.
 *
 * @module
 */
import { TributaryError } from "../../src/core/errors.ts";

/** Seconds after which a member without another region may ask whether this one is back. */
const RETRY_AFTER_S = 30;

/** Whether a region is ending. */
export interface Draining {
  /** Aborts when it begins; another one once it was taken back. */
  readonly signal: AbortSignal;
  /** Resolves once it has left its parent; another one once its end was taken back. */
  readonly done: Promise<void>;
  /** Takes note of what is stored. */
  note(isDraining: boolean): void;
  /** Says that it has left its parent. */
  finish(): void;
}

/** One that has not begun. */
export function createDraining(): Draining {
  let begun = new AbortController();
  let finished = Promise.withResolvers<void>();
  return {
    get signal() {
      return begun.signal;
    },
    get done() {
      return finished.promise;
    },
    note(isDraining) {
      if (isDraining) return begun.abort();
      if (!begun.signal.aborted) return;
      begun = new AbortController();
      finished = Promise.withResolvers<void>();
    },
    finish: () => finished.resolve(),
  };
}

/** What those are told who would have to wait here for rounds that will not come: `draining`. */
export function drainingError(): TributaryError {
  return new TributaryError(
    "draining",
    "Cannot take part here: this region hands its work on and ends, expected another one",
    { retryAfterS: RETRY_AFTER_S },
  );
}
