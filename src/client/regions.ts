/**
 * The regions that a device may take part in, and which of them it is a member of now.
 *
 * @module
 */
import { isTributaryError, TributaryError } from "../core/errors.ts";
import { onlyTask } from "../wire/only_task.ts";
import type { Party } from "../wire/party.ts";
import { createPeer, DEFAULT_RETRY, type Peer, type PeerOptions } from "../wire/peer.ts";
import { createPhasePeer, type PhasePeer } from "../wire/phase_peer.ts";
import type { TaskOffer } from "../wire/task.ts";

/** A region, as a device speaks to it. */
export interface Home {
  /** Its address. */
  readonly url: string;
  /** Who signs its receipts. */
  readonly region: Party;
  /** Tried once. */
  readonly once: Peer;
  /** Given up after some tries. */
  readonly peer: Peer;
  /** Tried until a signal aborts. */
  readonly patient: Peer;
  /** The region in the phases of the masks, tried until a signal aborts. */
  readonly phasePeer: PhasePeer;
}

/** A token for all regions, or what gives one for a region by its address, each time that it is shown. */
export type TokenSource = string | ((url: string) => string | Promise<string>);

/** How regions are reached. */
export interface ReachOptions extends Omit<PeerOptions, "url" | "retry"> {
  /** Addresses of the regions. */
  readonly urls: readonly string[];
}

/** What a region offered. */
export interface Offer {
  /** Its address. */
  readonly url: string;
  /** Digest of the task. */
  readonly id: string;
  /** The task, and who signs receipts there. */
  readonly offer: TaskOffer;
}

/**
 * What the nearest of some regions offers: of those that are asked at once, the first one to answer.
 *
 * @param task    Digest of the task; the only one of a region if undefined.
 * @throws {TributaryError} What the first of them said, if none offers it.
 */
export async function nearestOffer(
  options: ReachOptions,
  { task, retry = DEFAULT_RETRY, signal }: {
    readonly task: string | undefined;
    readonly retry?: PeerOptions["retry"] & object;
    readonly signal?: AbortSignal | undefined;
  },
): Promise<Offer> {
  const found = new AbortController();
  const over = signal === undefined ? found.signal : AbortSignal.any([signal, found.signal]);
  const asked = options.urls.map(async (url) => {
    const peer = createPeer({ ...options, url, retry });
    const call = { signal: over };
    const id = task ?? await onlyTask(peer, call);
    return { url, id, offer: await peer.task(id, call) };
  });
  try {
    return await Promise.any(asked);
  } catch (error) {
    signal?.throwIfAborted();
    throw error instanceof AggregateError ? error.errors[0] : error;
  } finally {
    // The others are not waited for.
    found.abort();
  }
}

/** What a device is a member of. */
export interface RegionsOptions extends ReachOptions {
  /** Where it begins. */
  readonly first: Offer;
  /** Shown to regions that ask for one. */
  readonly token: TokenSource | undefined;
}

/** The regions of a device. */
export interface Regions {
  /** The one that it is a member of. */
  readonly home: Home;
  /** Whether there are others to go to. */
  readonly hasOthers: boolean;
  /** Enrols at {@link Regions.home}, by one of its peers. */
  enrol(by: "once" | "peer" | "patient", signal: AbortSignal | undefined): Promise<void>;
  /**
   * Goes to the nearest other region that takes this device.
   *
   * @returns Whether one did; if not, the device stays where it is.
   */
  move(signal: AbortSignal): Promise<boolean>;
  /** Asks {@link Regions.home} anew who it is: it may have another key than before. */
  meetAgain(signal: AbortSignal): Promise<void>;
  /** Takes the device off the rosters of regions that it went away from, as far as they answer. */
  leaveOthers(signal: AbortSignal): Promise<void>;
}

const ONCE = { ...DEFAULT_RETRY, attempts: 1 };
const FOREVER = { ...DEFAULT_RETRY, attempts: Infinity };

/** The regions of a device that is a member of none yet. */
export function createRegions(options: RegionsOptions): Regions {
  const { urls, first, token } = options;
  const { id: task } = first;
  let home = homeOf(options, first);
  /** Regions whose roster it may still be on, by address. */
  const left = new Map<string, Home>();

  async function enrolAt(at: Home, by: "once" | "peer" | "patient", signal?: AbortSignal) {
    const shown = typeof token === "function" ? await token(at.url) : token;
    await at[by].enrol(task, {
      ...{ kind: "client", size: 1, region: at.region },
      ...(shown === undefined ? {} : { token: shown }),
      ...(signal === undefined ? {} : { signal }),
    });
  }

  return {
    get home() {
      return home;
    },
    hasOthers: urls.length > 1,
    enrol: (by, signal) => enrolAt(home, by, signal),

    async move(signal) {
      let others = urls.filter((url) => url !== home.url);
      while (others.length > 0) {
        let tried: string | undefined;
        try {
          const found = await nearestOffer({ ...options, urls: others }, {
            task,
            retry: ONCE,
            signal,
          });
          tried = found.url;
          checkSameTask(first.offer, found.offer);
          const next = homeOf(options, found);
          await enrolAt(next, "once", signal);
          left.set(home.url, home);
          left.delete(next.url);
          home = next;
          return true;
        } catch (error) {
          signal.throwIfAborted();
          if (!isTributaryError(error)) throw error;
          // None answers, or this one does not take the device: perhaps another one does.
          others = tried === undefined ? [] : others.filter((url) => url !== tried);
        }
      }
      return false;
    },

    async meetAgain(signal) {
      const { url } = home;
      const found = await nearestOffer({ ...options, urls: [url] }, { task, retry: ONCE, signal });
      checkSameTask(first.offer, found.offer);
      home = homeOf(options, found);
    },

    async leaveOthers(signal) {
      await Promise.all([...left.values()].map(async ({ url, once, region }) => {
        try {
          await once.leave(task, { region, signal });
        } catch (error) {
          signal.throwIfAborted();
          // One that cannot be reached waits for this device until it is told.
          if (isTributaryError(error, "peer-unreachable")) return;
        }
        left.delete(url);
      }));
    },
  };
}

function homeOf(options: ReachOptions, { url, offer }: Offer): Home {
  return {
    url,
    region: offer.region,
    once: createPeer({ ...options, url, retry: ONCE }),
    peer: createPeer({ ...options, url }),
    patient: createPeer({ ...options, url, retry: FOREVER }),
    phasePeer: createPhasePeer({ ...options, url, retry: FOREVER }),
  };
}

/** The document is the same, as its digest is; who signed it must be too. */
function checkSameTask(first: TaskOffer, other: TaskOffer): void {
  if (other.owner === first.owner) return;
  throw new TributaryError(
    "task-refused",
    `Cannot take part in a task that ${other.owner} owns: expected ${first.owner}`,
  );
}
