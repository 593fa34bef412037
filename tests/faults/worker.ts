/**
 * A thread that runs the worlds of seeds, one after the other.
 *
 * @module
 */
import { openWorkshop, runSeed } from "./run_seed.ts";
import type { WorldOutcome } from "./world.ts";

/** What became of a seed. */
export interface SeedReport {
  /** How its world went. */
  readonly outcome?: WorldOutcome;
  /** Why it could not be run at all. */
  readonly error?: string;
}

const scope = globalThis as unknown as {
  onmessage: ((event: MessageEvent<number>) => void) | null;
  postMessage(report: SeedReport): void;
};
const workshop = openWorkshop();

scope.onmessage = async ({ data: seed }) => {
  try {
    scope.postMessage({ outcome: await runSeed(seed, { workshop: await workshop }) });
  } catch (error) {
    scope.postMessage({ error: error instanceof Error ? `${error.stack}` : String(error) });
  }
};
