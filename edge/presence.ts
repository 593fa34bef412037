/**
 * Which members are there to be asked: those that wait for a round now, or did so of late. Kept in
 * memory alone, as it is not worth a write, and true again soon after a restart.
 *
 * @module
 */
import type { Clock } from "../src/core/clock.ts";

/** What tells who is there. */
export interface PresenceOptions {
  /** Where the time comes from. */
  readonly clock: Clock;
  /** Milliseconds for which a member that asked for a round still counts. */
  readonly windowMs: number;
}

/** Who is there. */
export interface Presence {
  /** A member asks for a round with so many clients at hand; it waits until this is disposed of. */
  enter(member: string, clients: number): Disposable;
  /** Forgets a member. */
  leave(member: string): void;
  /** Clients that a member has at hand; 0 if it is not there. */
  of(member: string): number;
  /** Clients at hand over all members. */
  count(): number;
  /** Resolves once there are at least so many; rejects with the reason when `signal` aborts. */
  reach(clients: number, signal: AbortSignal): Promise<void>;
}

interface Present {
  readonly clients: number;
  /** Requests that wait. */
  waiting: number;
  seenMs: number;
}

/** Nobody yet. */
export function createPresence({ clock, windowMs }: PresenceOptions): Presence {
  const present = new Map<string, Present>();
  /** Sum over all that are kept, some of whom may have gone unnoticed. */
  let kept = 0;
  const watches = new Set<() => void>();

  const isThere = ({ waiting, seenMs }: Present) => waiting > 0 || clock.now() - seenMs <= windowMs;

  function leave(member: string): void {
    kept -= present.get(member)?.clients ?? 0;
    present.delete(member);
  }

  function count(): number {
    for (const [member, entry] of present) if (!isThere(entry)) leave(member);
    return kept;
  }

  return {
    leave,
    count,
    enter(member, clients) {
      const waiting = (present.get(member)?.waiting ?? 0) + 1;
      const entry = { clients, waiting, seenMs: clock.now() };
      leave(member);
      present.set(member, entry);
      kept += clients;
      for (const look of [...watches]) look();
      return {
        [Symbol.dispose]() {
          // Another request of this member may have come since.
          const now = present.get(member);
          if (now === undefined) return;
          now.waiting = Math.max(0, now.waiting - 1);
          now.seenMs = clock.now();
        },
      };
    },
    of(member) {
      const entry = present.get(member);
      return entry !== undefined && isThere(entry) ? entry.clients : 0;
    },
    async reach(clients, signal) {
      const isReached = () => kept >= clients && count() >= clients;
      signal.throwIfAborted();
      if (isReached()) return;
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const look = () => isReached() && resolve();
      const stop = () => reject(signal.reason);
      watches.add(look);
      signal.addEventListener("abort", stop, { once: true });
      try {
        await promise;
      } finally {
        watches.delete(look);
        signal.removeEventListener("abort", stop);
      }
    },
  };
}
