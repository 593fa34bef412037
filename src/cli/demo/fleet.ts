/**
 * The demo's clients, from the side of the command.
 *
 * @module
 */
import type { FleetCommand, FleetEvent, FleetStart } from "./fleet_message.ts";

/** Clients at work in a thread of their own. */
export interface Fleet extends AsyncDisposable {
  /** Resolves when all clients are done; rejects when one failed for good. */
  readonly done: Promise<void>;
}

/**
 * Starts clients in a thread.
 *
 * @param start  Who they are and what they have.
 * @param listen Hears of every join and update.
 */
export function startFleet(
  start: Omit<FleetStart, "kind">,
  listen: (event: FleetEvent) => void,
): Fleet {
  const worker = new Worker(new URL("./fleet_worker.ts", import.meta.url), { type: "module" });
  const command = (message: FleetCommand) => worker.postMessage(message);
  const { promise: done, resolve, reject } = Promise.withResolvers<void>();
  worker.onmessage = ({ data }: MessageEvent<FleetEvent>) => {
    listen(data);
    if (data.kind === "ended") resolve();
    if (data.kind === "failed") reject(new TypeError(data.detail));
  };
  worker.onerror = (event) => {
    event.preventDefault();
    reject(new TypeError(`Cannot run the clients: ${event.message}`));
  };
  command({ kind: "start", ...start });
  return {
    done,
    async [Symbol.asyncDispose]() {
      command({ kind: "stop" });
      // Whatever came of it is known through `done` already.
      await done.catch(() => {});
      worker.terminate();
    },
  };
}
