/**
 * A bound on the bytes that are held at once.
 *
 * @module
 */
import { TributaryError } from "../../src/core/errors.ts";

/** Bounds of a budget. */
export interface BudgetLimits {
  /** Most bytes lent at once. */
  readonly bytes: number;
  /** Most requests that may wait for bytes; the next one is turned away. */
  readonly waiting: number;
  /** Seconds after which one that was turned away may come again. */
  readonly retryAfterS: number;
}

/** Bytes on loan; disposing gives them back, once. */
export interface Loan extends Disposable {
  /** How many. */
  readonly bytes: number;
}

/** Lends bytes in the order in which they were asked for. */
export interface Budget {
  /** Bytes on loan now. */
  readonly used: number;
  /**
   * Waits until `bytes` are free and lends them.
   *
   * First come, first served, so that a large parcel is not starved by small ones.
   *
   * @throws {TributaryError} `busy` if too many are waiting; `body-too-long` if it can never fit.
   * @throws The signal's reason when it aborts while waiting.
   */
  take(bytes: number, signal?: AbortSignal): Promise<Loan>;
}

interface Waiter {
  readonly bytes: number;
  grant(): void;
}

/** A budget with everything free. */
export function createBudget(limits: BudgetLimits): Budget {
  const waiters: Waiter[] = [];
  let used = 0;

  function lend(bytes: number): Loan {
    used += bytes;
    let lent = bytes;
    return {
      bytes,
      [Symbol.dispose]() {
        used -= lent;
        lent = 0;
        serve();
      },
    };
  }

  function serve(): void {
    for (let next = waiters[0]; next !== undefined; next = waiters[0]) {
      if (used + next.bytes > limits.bytes) return;
      waiters.shift();
      next.grant();
    }
  }

  return {
    get used() {
      return used;
    },
    async take(bytes, signal) {
      signal?.throwIfAborted();
      if (bytes > limits.bytes) {
        throw new TributaryError(
          "body-too-long",
          `Cannot hold ${bytes} bytes: at most ${limits.bytes} are held at once`,
        );
      }
      if (waiters.length === 0 && used + bytes <= limits.bytes) return lend(bytes);
      if (waiters.length >= limits.waiting) {
        throw new TributaryError(
          "busy",
          `Cannot hold ${bytes} more bytes: ${used} are held and ${waiters.length} requests wait`,
          { retryAfterS: limits.retryAfterS },
        );
      }
      return await new Promise<Loan>((resolve, reject) => {
        const waiter: Waiter = {
          bytes,
          grant() {
            signal?.removeEventListener("abort", leave);
            resolve(lend(bytes));
          },
        };
        const leave = () => {
          waiters.splice(waiters.indexOf(waiter), 1);
          reject(signal?.reason);
          // Those behind it may fit where it did not.
          serve();
        };
        signal?.addEventListener("abort", leave, { once: true });
        waiters.push(waiter);
      });
    },
  };
}
