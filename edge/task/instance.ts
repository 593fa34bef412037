/**
 * One instance of an aggregator among those that share its store: the lane that it adds into, and
 * whether it is the one that does what has to be done once for all of them. Both are leases, so that
 * another takes over when an instance dies; neither decides over sums, which the condition of each
 * write does, so that two which believe to be first waste work and do no harm.
 *
 * @module
 */
import { toHex } from "../../src/core/bytes.ts";
import type { Clock } from "../../src/core/clock.ts";
import type { RandomSource } from "../../src/core/random.ts";
import { ONLY_LANE } from "../sum/lanes.ts";
import type { Limits } from "../limits.ts";
import type { Logger } from "../logger.ts";
import type { SharedStore } from "../shared_store.ts";
import type { RoundStore } from "../store.ts";

/** What an instance is made of. */
export interface InstanceOptions {
  /** What is shared, or not. */
  readonly store: RoundStore;
  /** Where the time comes from. */
  readonly clock: Clock;
  /** A name of its own. */
  readonly random: RandomSource;
  /** Told of leases that could not be taken. */
  readonly logger: Logger;
  /** How long leases hold. */
  readonly limits: Pick<Limits, "leaseMs">;
}

/** One of those that share a store; the only one where nobody does. */
export interface Instance extends AsyncDisposable {
  /** The lane that it adds into. */
  readonly lane: number;
  /** Whether it does what is to be done once. */
  readonly leads: boolean;
  /** How many others there are, as last seen. */
  readonly others: number;
  /** Takes a lane, once; to be awaited before anything is added. */
  begin(): Promise<void>;
  /**
   * Takes what only one instance may have at all, and keeps it; waits for one that has died.
   *
   * @returns Whether it has it; false if an instance that is alive does.
   */
  hold(name: string): Promise<boolean>;
  /** Whether it still has what it holds, as far as it knows by its own clock. */
  holds(name: string): boolean;
  /** Calls `changed` whenever {@link Instance.leads} changes, until it is disposed of. */
  watch(changed: () => void): Disposable;
  /**
   * Does some work while this instance leads: from the beginning, each time that it comes to lead.
   *
   * @returns What the work gave, once it ended by itself.
   * @throws What the work threw while it was to go on, or the reason of `signal`.
   */
  whileLeading<T>(work: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T>;
}

/** So many leases long it is waited for one that has died: its own, and the time to notice. */
const HOLD_LEASES = 1.5;
/** Most instances of one aggregator. */
const MOST_LANES = 64;
const LEAD = "lead";
const LANE = "lane/";

/** An instance that does nothing before it begins. */
export function createInstance(options: InstanceOptions): Instance {
  const { shared } = options.store;
  const watchers = new Set<() => void>();
  const stopping = new AbortController();
  let lane = ONLY_LANE;
  let leads = shared === undefined;
  let beat: Beat | undefined;
  let beginning: Promise<void> | undefined;
  let beating: Promise<void> | undefined;

  function setLeads(now: boolean): void {
    if (now === leads) return;
    leads = now;
    for (const changed of [...watchers]) changed();
  }

  async function begin(): Promise<void> {
    if (shared === undefined) return;
    const begun = createBeat(shared, options);
    ({ lane } = await begun.next(true));
    beat = begun;
    setLeads(begun.leads);
    beating = keepOn(begun);
  }

  async function keepOn(beat: Beat): Promise<void> {
    const { clock, limits, logger } = options;
    const { signal } = stopping;
    while (!signal.aborted) {
      await clock.sleep(limits.leaseMs / 3, { signal }).catch(() => {});
      if (signal.aborted) break;
      try {
        ({ lane } = await beat.next(false));
      } catch (error) {
        logger({ kind: "failure", doing: "keeping leases", error });
      }
      setLeads(beat.leads);
    }
    await beat.end().catch((error) => logger({ kind: "failure", doing: "ending leases", error }));
  }

  const instance: Instance = {
    get others() {
      return beat?.others ?? 0;
    },
    get lane() {
      return lane;
    },
    get leads() {
      return leads;
    },
    async begin() {
      beginning ??= begin();
      // One that could not be taken is tried again.
      await beginning.catch((error) => {
        beginning = undefined;
        throw error;
      });
    },
    async hold(name) {
      const { clock, limits } = options;
      const endMs = clock.now() + HOLD_LEASES * limits.leaseMs;
      for (;;) {
        if (beat === undefined || await beat.hold(name)) return true;
        if (clock.now() >= endMs) return false;
        await clock.sleep(limits.leaseMs / 3, { signal: stopping.signal });
      }
    },
    holds: (name) => beat === undefined || beat.holds(name),
    watch(changed) {
      watchers.add(changed);
      return { [Symbol.dispose]: () => void watchers.delete(changed) };
    },
    async whileLeading(work, signal) {
      for (;;) {
        await until(instance, true, signal);
        const lost = new AbortController();
        using _watch = instance.watch(() => leads || lost.abort());
        try {
          return await work(AbortSignal.any([signal, lost.signal]));
        } catch (error) {
          if (signal.aborted || !lost.signal.aborted) throw error;
        }
      }
    },
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await beginning?.catch(() => {});
      await beating;
    },
  };
  return instance;
}

async function until(instance: Instance, leads: boolean, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  if (instance.leads === leads) return;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const stop = () => reject(signal.reason);
  using _watch = instance.watch(() => instance.leads === leads && resolve());
  signal.addEventListener("abort", stop, { once: true });
  try {
    await promise;
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

/** Takes and renews the leases of one instance. */
interface Beat {
  /** Whether it leads, as far as it knows by its own clock. */
  readonly leads: boolean;
  /** Other instances that were alive at the last renewal. */
  readonly others: number;
  /** Takes one thing more, to be renewed with the others; false if another has it. */
  hold(name: string): Promise<boolean>;
  /** Whether it still has one of those. */
  holds(name: string): boolean;
  /** Renews what it holds; a lane that was lost in the meantime is replaced by a free one. */
  next(first: boolean): Promise<{ readonly lane: number }>;
  /** Gives all back. */
  end(): Promise<void>;
}

function createBeat(shared: SharedStore, { clock, random, limits }: InstanceOptions): Beat {
  const holder = toHex(random(16));
  const take = (name: string) => shared.lease({ name, holder, ms: limits.leaseMs });
  /** Until when it has what it holds. */
  const held = new Map<string, number>();
  let lane: number | undefined;
  let others = 0;

  async function hold(name: string): Promise<boolean> {
    const askedMs = clock.now();
    const isMine = await take(name);
    if (isMine) held.set(name, askedMs + limits.leaseMs);
    // What is lost is not taken again by itself: what is in memory is not what the other one left.
    else held.delete(name);
    return isMine;
  }

  const holds = (name: string) => clock.now() < (held.get(name) ?? -Infinity);

  async function freeLane(): Promise<number> {
    for (let at = 0; at < MOST_LANES; at++) if (await take(laneName(at))) return at;
    throw new RangeError(`Cannot begin: ${MOST_LANES} instances share the store, expected fewer`);
  }

  return {
    hold,
    holds,
    get leads() {
      return holds(LEAD);
    },
    get others() {
      return others;
    },
    async next(first) {
      if (first || lane === undefined || !await take(laneName(lane))) lane = await freeLane();
      for (const name of new Set([LEAD, ...held.keys()])) await hold(name);
      const lanes = [...(await shared.leases()).keys()].filter((name) => name.startsWith(LANE));
      others = Math.max(0, lanes.length - 1);
      return { lane };
    },
    async end() {
      const names = [...held.keys(), ...(lane === undefined ? [] : [laneName(lane)])];
      held.clear();
      for (const name of names) await shared.release({ name, holder });
    },
  };
}

function laneName(lane: number): string {
  return `${LANE}${lane}`;
}
