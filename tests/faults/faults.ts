/**
 * The faults of a simulated world, and the dice that decide over them.
 *
 * @module
 */
import type { Rng } from "../../src/core/random.ts";
import { count, type Tally } from "./coverage.ts";

/** Everything that can go wrong, each with what it is a chance of. */
export const FAULTS = {
  /** A message: it never arrives, or its connection breaks. */
  lost: "a message is lost",
  /** A message: it arrives twice, as a proxy sends it again. */
  doubled: "a message arrives twice",
  /** A message: it arrives seconds later, behind others that were sent after it. */
  delayed: "a message is late",
  /** A message: it is lost, and so is for a while all that goes the same way. */
  parted: "a machine does not reach another one",
  /** A body: it breaks off in the middle. */
  cut: "a body breaks off",
  /** A step that others could see: its process dies just before or just after. */
  dies: "a process dies at an effect",
  /** A step of a store: it fails, done or not. */
  fails: "a store fails at an effect",
  /** A second: a machine loses its power. */
  power: "a process dies between effects",
  /** A second: a process is told to end, and does so in order. */
  stop: "a process is stopped",
  /** A second: a disk is full from then on for a while. */
  full: "a disk is full",
  /** A second: a clock is put forward or back. */
  clock: "a clock jumps",
} as const;

/** A kind of fault. */
export type Fault = keyof typeof FAULTS;

/** How likely each fault is; 0 for one that does not come. */
export type Mix = Readonly<Record<Fault, number>>;

/** Draws whatever a world leaves to chance. */
export interface Dice {
  /** Where all of it comes from. */
  readonly rng: Rng;
  /** Faults and deaths so far. */
  readonly tally: Tally;
  /** Whether this is the time of faults. */
  areFaultsOn(): boolean;
  /**
   * Whether a fault comes now; never before they begin, and never once they have stopped.
   *
   * @param least How likely it is here at least, however seldom it comes elsewhere.
   */
  comes(fault: Fault, least?: number): boolean;
  /** Uniform in `[from, to)`. */
  between(from: number, to: number): number;
  /** Whether something of this probability happens. */
  chance(probability: number): boolean;
  /** One of a list. */
  pick<T>(list: readonly T[]): T;
}

/** Dice of a world. */
export function createDice(
  rng: Rng,
  { mix, isCalm }: { readonly mix: Mix; readonly isCalm: () => boolean },
): Dice {
  const tally: Tally = {};
  const chance = (probability: number) => probability > 0 && rng.uniform() < probability;
  return {
    rng,
    tally,
    areFaultsOn: () => !isCalm(),
    comes(fault, least = 0) {
      if (isCalm() || !chance(Math.max(mix[fault], least))) return false;
      count(tally, FAULTS[fault]);
      return true;
    },
    between: (from, to) => from + rng.uniform() * (to - from),
    chance,
    pick: (list) => list[rng.below(list.length)] as (typeof list)[number],
  };
}
