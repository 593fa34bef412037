/**
 * Timing one subject on two classes of secrets, run by run in an order that is drawn.
 *
 * @module
 */
import type { Rng } from "../../src/core/random.ts";
import { worstT } from "./welch.ts";

/** Something whose time must not depend on a secret. */
export interface Subject {
  /** What it is. */
  readonly name: string;
  /** Readies the secret that is always the same, or a fresh one; both in the same way. */
  prepare(secret: "fixed" | "random"): void;
  /** What is timed. */
  run(): void;
}

/** How a subject is timed. */
export interface TrialOptions {
  /** Runs, of both classes together. */
  readonly runs: number;
  /** Draws which class is next. */
  readonly rng: Rng;
  /** Milliseconds. */
  readonly now: () => number;
}

/** What came out. */
export interface Trial {
  /** Largest `|t|`: above 4.5 the time depends on the secret, as far as these runs tell. */
  readonly t: number;
  /** Mean milliseconds of a run. */
  readonly meanMs: number;
}

/** Runs before it counts: until the compiler has seen enough. */
const WARM_UP = 2000;

/** Times a subject. */
export function tryOut(subject: Subject, { runs, rng, now }: TrialOptions): Trial {
  const times = { fixed: [] as number[], random: [] as number[] };
  let sum = 0;
  for (let i = -Math.min(WARM_UP, runs); i < runs; i++) {
    const secret = rng.below(2) === 0 ? "fixed" : "random";
    subject.prepare(secret);
    const began = now();
    subject.run();
    const ms = now() - began;
    if (i < 0) continue;
    times[secret].push(ms);
    sum += ms;
  }
  return { t: worstT(times.fixed, times.random), meanMs: sum / runs };
}
