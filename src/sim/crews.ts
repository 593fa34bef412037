/**
 * All clients of a simulation, spread over threads.
 *
 * @module
 */
import type { Clock } from "../core/clock.ts";
import { createCrew, type Crew, type CrewOptions, type CrewResult } from "./crew.ts";
import { threadCrew } from "./thread_crew.ts";

/** What crews are started with. */
export interface CrewsOptions extends CrewOptions {
  /** Threads; 0 for this one. */
  readonly workers: number;
  /** Says when other work of this thread is due. */
  readonly clock: Clock;
  /** Ends the start. */
  readonly signal: AbortSignal;
}

/** Starts the crews, each with every n-th client for as long as it lives, and makes one of them. */
export async function startCrews(options: CrewsOptions): Promise<Crew> {
  const { clients, kept, clock, signal, ...others } = options;
  const isPortable = clients.every(({ training }) => training.trainer === undefined);
  const threads = isPortable && typeof Worker !== "undefined"
    ? Math.min(options.workers, clients.length)
    : 0;
  if (threads === 0) return await createCrew({ ...others, clients, kept }, clock);
  const crewOf = (client: number) => client % threads;
  await using stack = new AsyncDisposableStack();
  const crews = await Promise.all(Array.from({ length: threads }, async (_, crew) => {
    const mine = ({ client }: { readonly client: number }) => crewOf(client) === crew;
    return stack.use(
      await threadCrew(
        { ...others, clients: clients.filter(mine), kept: kept.filter(mine) },
        signal,
      ),
    );
  }));
  const owned = stack.move();
  return {
    async work({ parts, ...work }, watch) {
      const results = await Promise.all(crews.map((crew, at) => {
        return crew.work(
          { ...work, parts: parts.filter(({ client }) => crewOf(client) === at) },
          watch,
        );
      }));
      return together(results);
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Sums add up word by word, mod 2^32. */
function together(results: readonly CrewResult[]): CrewResult {
  const [first, ...others] = results.map(({ sum }) => new Uint32Array(sum.buffer));
  if (first === undefined) throw new TypeError("Cannot add up: there is no crew");
  for (const words of others) {
    for (let i = 0; i < first.length; i++) first[i] = (first[i] ?? 0) + (words[i] ?? 0);
  }
  return {
    sum: new Uint8Array(first.buffer),
    changes: results.flatMap(({ changes }) => changes),
  };
}
