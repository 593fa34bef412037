/**
 * Which members are there to be asked: those that wait for a round now, or did so of late. Kept in
 * memory, as it is not worth a write, and true again soon after a restart; instances that share a store
 * tell each other (shared_presence.ts).
 *
 * @module
 */
import type { Clock } from "../../src/core/clock.ts";

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
  /** Members that have asked here, with the clients that they have at hand. */
  here(): ReadonlyMap<string, number>;
  /** Takes note of members that have asked other instances, in place of all that were noted before. */
  note(elsewhere: ReadonlyMap<string, number>): void;
  /** Clients that a member has at hand; 0 if it is not there. */
  of(member: string): number;
  /** Clients at hand over all members. */
  count(): number;
  /** Resolves once there are at least so many; rejects with the reason when `signal` aborts. */
  reach(clients: number, signal: AbortSignal): Promise<void>;
}

interface Present {
  /** What the latest request said of those that wait, or if none does, of all. */
  clients: number;
  /** What each request said that waits, in order of arrival. */
  readonly waiting: Set<{ readonly clients: number }>;
  seenMs: number;
}

/** Nobody yet. */
export function createPresence({ clock, windowMs }: PresenceOptions): Presence {
  const present = new Map<string, Present>();
  /** Sum over all that are kept, some of whom may have gone unnoticed. */
  let kept = 0;
  /** Members that have asked elsewhere. */
  let others: ReadonlyMap<string, number> = new Map();
  const watches = new Set<() => void>();

  const isThere = ({ waiting, seenMs }: Present) =>
    waiting.size > 0 || clock.now() - seenMs <= windowMs;

  /** Takes note of what a member has, and has those look who wait for enough. */
  function set(entry: Present, clients: number): void {
    kept += clients - entry.clients;
    entry.clients = clients;
    entry.seenMs = clock.now();
    lookAgain();
  }

  function lookAgain(): void {
    for (const look of [...watches]) look();
  }

  function leave(member: string): void {
    kept -= present.get(member)?.clients ?? 0;
    present.delete(member);
  }

  function forgetThoseGone(): void {
    for (const [member, entry] of present) if (!isThere(entry)) leave(member);
  }

  function count(): number {
    forgetThoseGone();
    let clients = kept;
    // What one says itself, here and now, is newer than what another instance has heard.
    for (const [member, elsewhere] of others) if (!present.has(member)) clients += elsewhere;
    return clients;
  }

  return {
    leave,
    count,
    here() {
      forgetThoseGone();
      return new Map(Array.from(present, ([member, { clients }]) => [member, clients]));
    },
    note(elsewhere) {
      others = elsewhere;
      lookAgain();
    },
    enter(member, clients) {
      const entry = present.get(member) ?? { clients: 0, waiting: new Set(), seenMs: 0 };
      present.set(member, entry);
      const request = { clients };
      entry.waiting.add(request);
      set(entry, clients);
      return {
        [Symbol.dispose]() {
          entry.waiting.delete(request);
          if (present.get(member) !== entry) return;
          // Of two requests the older may be the one that ends later, as its sender has given it up.
          const latest = [...entry.waiting].at(-1) ?? entry;
          set(entry, latest.clients);
        },
      };
    },
    of(member) {
      const entry = present.get(member);
      return entry !== undefined && isThere(entry) ? entry.clients : others.get(member) ?? 0;
    },
    async reach(clients, signal) {
      const isReached = () => (others.size > 0 || kept >= clients) && count() >= clients;
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
