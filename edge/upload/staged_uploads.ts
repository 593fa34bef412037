/**
 * Uploads that lie in the store in part: those that are on their way, and those that broke off, so that
 * their senders can go on. What a member has staged is of one parcel, and goes with its round.
 *
 * @module
 */
import { toHex } from "../../src/core/bytes.ts";
import type { Clock } from "../../src/core/clock.ts";
import { TributaryError } from "../../src/core/errors.ts";
import type { RandomSource } from "../../src/core/random.ts";
import { type Cut, withCut } from "../sum/cut.ts";
import type { RoundStore } from "../store.ts";

/** Whose parcel, of which round. */
export interface StagedParcel {
  /** Number of the round. */
  readonly round: number;
  /** Id of the sender. */
  readonly member: string;
  /** Tree digest of the parcel, hex. */
  readonly digest: string;
}

/** A parcel that is being staged. */
export interface Staging {
  /** Name of its slices. */
  readonly name: string;
  /** From now on nobody goes on with it, and nobody but its owner forgets it: it is to be added. */
  close(): void;
  /** Its request is over. One that broke off is kept if there is room. */
  end(outcome: "added" | "broken off" | "refused"): Promise<void>;
}

/** How an upload begins. */
export interface BeginOptions {
  /**
   * Clients that it stands for, by which its words were checked: one that says another number later on
   * begins anew.
   */
  readonly clients: number;
  /** How it is cut. */
  readonly cut: Cut | undefined;
  /** Slices that its sender takes to be there; 0 begins anew. */
  readonly from: number;
  /** Whether it will be kept between its pieces: then there has to be room for it. */
  readonly isInPieces: boolean;
}

/** Uploads of one task that are staged. */
export interface StagedUploads {
  /**
   * Slices of a parcel that are there, from the first one on.
   *
   * @returns 0 for one that nobody can go on with.
   */
  arrived(parcel: StagedParcel, cut: Cut | undefined): Promise<number>;
  /**
   * Begins to stage a parcel, or goes on; everything else that its sender has staged is forgotten.
   *
   * @throws {TributaryError} `offset-mismatch` if other slices are there than its sender takes to be;
   * `busy` if there is no room to keep it between its pieces.
   */
  begin(parcel: StagedParcel, options: BeginOptions): Promise<Staging>;
}

/** What staged uploads are kept with. */
export interface StagedOptions {
  /** Where. */
  readonly store: RoundStore;
  /** Digest of the task. */
  readonly task: string;
  /** Slices of a whole parcel. */
  readonly slices: number;
  /** Most uploads that are kept while nobody sends anything of them. */
  readonly kept: number;
  /** Tells how long that is so. */
  readonly clock: Clock;
  /** For names. */
  readonly random: RandomSource;
  /** Seconds after which one that was turned away may come again. */
  readonly retryAfterS: number;
}

const PREFIX = "upload/";
/** An upload that nobody goes on with for so long makes room for others. */
const IDLE_MS = 60_000;

/** A request that has to do with an upload; another one may take over while it ends. */
interface Claim {
  isClosed: boolean;
}

/** Knows of no upload but by the names in its store. */
export function createStagedUploads(options: StagedOptions): StagedUploads {
  const { store, task, clock, random } = options;
  const claims = new Map<string, Claim>();
  /** Since when nothing was sent of an upload. */
  const idleSince = new Map<string, number>();

  async function forget(name: string): Promise<void> {
    idleSince.delete(name);
    await store.drop(task, name);
  }

  /** Uploads of a member that it can go on with. */
  async function openNames(parcel: StagedParcel): Promise<string[]> {
    const names = await store.sliceNames(task, prefixOf(parcel));
    return names.filter((name) => claims.get(name)?.isClosed !== true);
  }

  /** Whether its sender has begun something else meanwhile. */
  async function isOvertaken(parcel: StagedParcel, name: string): Promise<boolean> {
    const claimed = [...claims.keys()].filter((other) => other.startsWith(prefixOf(parcel)));
    return [...claimed, ...await openNames(parcel)].some((other) => other !== name);
  }

  /** Slices come in order, so those that are there end at one place. */
  async function count(name: string): Promise<number> {
    let [there, missing] = [0, options.slices + 1];
    while (missing - there > 1) {
      const middle = (there + missing) >> 1;
      if (await store.slice(task, name, middle - 1) === undefined) missing = middle;
      else there = middle;
    }
    return there;
  }

  async function find(
    parcel: StagedParcel,
    { begin, cut }: { begin: string; cut: Cut | undefined },
  ) {
    const name = (await openNames(parcel)).find((name) =>
      name.startsWith(begin) && name === withCut(name.replace(/@.*/, ""), cut)
    );
    return name === undefined ? undefined : { name, slices: await count(name) };
  }

  /** Whether one more upload can be kept, once those are forgotten that nobody goes on with. */
  async function hasRoom(round: number, besides?: string): Promise<boolean> {
    const names = await store.sliceNames(task, `${PREFIX}${round}/`);
    for (const name of idleSince.keys()) if (!names.includes(name)) idleSince.delete(name);
    // What another instance is reading is not known here: it counts as idle from now on.
    const strange = store.shared === undefined ? [] : names.filter((name) => !claims.has(name));
    for (const name of strange) if (!idleSince.has(name)) idleSince.set(name, clock.now());
    const idle = names.filter((name) => name !== besides && !claims.has(name))
      .sort((a, b) => (idleSince.get(a) ?? 0) - (idleSince.get(b) ?? 0));
    const surplus = idle.slice(0, Math.max(0, idle.length + 1 - options.kept));
    for (const name of surplus) {
      if (clock.now() - (idleSince.get(name) ?? 0) < IDLE_MS) return false;
      await forget(name);
    }
    return options.kept > 0;
  }

  function claim(parcel: StagedParcel, name: string): Staging {
    const mine: Claim = { isClosed: false };
    claims.set(name, mine);
    idleSince.delete(name);
    return {
      name,
      close: () => void (mine.isClosed = true),
      async end(outcome) {
        // Whoever has taken over says what becomes of it.
        if (claims.get(name) !== mine) return;
        claims.delete(name);
        if (outcome === "added") return;
        const isKept = outcome === "broken off" && !await isOvertaken(parcel, name) &&
          await hasRoom(parcel.round, name);
        if (isKept) idleSince.set(name, clock.now());
        else await forget(name);
      },
    };
  }

  return {
    async arrived(parcel, cut) {
      return (await find(parcel, { begin: parcelPrefix(parcel), cut }))?.slices ?? 0;
    },

    async begin(parcel, { clients, cut, from, isInPieces }) {
      const begin = `${parcelPrefix(parcel)}${clients}/`;
      const found = from > 0 || isInPieces ? await find(parcel, { begin, cut }) : undefined;
      if ((found?.slices ?? 0) !== from) {
        throw new TributaryError(
          "offset-mismatch",
          `Cannot go on with an update after ${from} slices: ${found?.slices ?? 0} are here`,
        );
      }
      if (isInPieces && found === undefined && !await hasRoom(parcel.round)) {
        throw new TributaryError("busy", "Cannot take an update in pieces: too many are begun", {
          retryAfterS: options.retryAfterS,
        });
      }
      const fresh = begin + toHex(random(8));
      const name = found?.name ?? withCut(fresh, cut);
      const staging = claim(parcel, name);
      // Another instance may be about to add what is its own: it forgets that by itself, see `end`.
      const others = store.shared === undefined ? await openNames(parcel) : [];
      for (const other of others) if (other !== name) await forget(other);
      return staging;
    },
  };
}

function prefixOf({ round, member }: StagedParcel): string {
  return `${PREFIX}${round}/${member}/`;
}

function parcelPrefix(parcel: StagedParcel): string {
  return `${prefixOf(parcel)}${parcel.digest}/`;
}
