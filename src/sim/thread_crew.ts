/**
 * A crew in a thread of its own, from the side of the simulation.
 *
 * @module
 */
import type { Crew, CrewOptions } from "./crew.ts";
import { type CrewCommand, type CrewEvent, errorOf } from "./crew_message.ts";

type Answer = Extract<CrewEvent, { kind: "started" | "done" }>;

/**
 * Starts a thread with its clients.
 *
 * @throws What the thread failed with, or the signal's reason.
 */
export async function threadCrew(options: CrewOptions, signal: AbortSignal): Promise<Crew> {
  const worker = new Worker(new URL("./crew_worker.ts", import.meta.url), { type: "module" });

  /** One command at a time, so that an answer is that of the last one. */
  async function ask(
    command: CrewCommand,
    { signal, onTrained }: { signal: AbortSignal; onTrained: (count: number) => void },
  ): Promise<Answer> {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const stop = () => reject(signal.reason);
    worker.onmessage = ({ data }: MessageEvent<CrewEvent>) => {
      if (data.kind === "trained") onTrained(data.count);
      else if (data.kind === "failed") reject(errorOf(data));
      else resolve(data);
    };
    worker.onerror = (event) => {
      event.preventDefault();
      reject(new Error(`Cannot run clients in a thread: ${event.message}`));
    };
    signal.throwIfAborted();
    signal.addEventListener("abort", stop, { once: true });
    try {
      worker.postMessage(command);
      return await promise;
    } finally {
      signal.removeEventListener("abort", stop);
    }
  }

  try {
    await ask({ kind: "start", options }, { signal, onTrained: () => {} });
  } catch (error) {
    worker.terminate();
    throw error;
  }
  return {
    async work(work, watch) {
      const answer = await ask({ kind: "work", work }, watch);
      if (answer.kind !== "done") throw new TypeError(`Cannot work: the thread ${answer.kind}`);
      return answer.result;
    },
    [Symbol.asyncDispose]() {
      worker.terminate();
      return Promise.resolve();
    },
  };
}
