/**
 * The thread that the demo's clients run in: each one alone, with nothing but its own ratings.
 *
 * @module
 */
/// <reference lib="deno.worker" />
import pLimit from "p-limit";
import { inlineCores } from "../../client/cores.ts";
import { join } from "../../client/join.ts";
import { deriveSeed } from "../../core/random.ts";
import { nativeDigest, nativeIdentity } from "../../../edge/deno/mod.ts";
import { openDeviceStore } from "../device_store.ts";
import type { FleetCommand, FleetEvent, FleetStart } from "./fleet_message.ts";

const post = (event: FleetEvent) => self.postMessage(event);
const stopped = new AbortController();

self.onmessage = ({ data }: MessageEvent<FleetCommand>) => {
  switch (data.kind) {
    case "start":
      run(data).then(
        () => post({ kind: "ended" }),
        (error: Error) =>
          post(
            stopped.signal.aborted ? { kind: "ended" } : { kind: "failed", detail: error.message },
          ),
      );
      break;
    case "stop":
      stopped.abort();
      break;
    default:
      data satisfies never;
  }
};

async function run(start: FleetStart): Promise<void> {
  const cores = await inlineCores();
  const limit = pLimit(start.atOnce);
  using devices = openDeviceStore(start.stateFile);
  const { signal } = stopped;
  try {
    await Promise.all(start.clients.map(async (client) => {
      const identity = await nativeIdentity(client.pkcs8);
      const seed = await deriveSeed(start.seed, "client", client.person);
      await using device = await limit(() =>
        join(client.region, {
          identity,
          seed,
          cores,
          signal,
          task: start.task,
          token: start.token,
          examples: client.examples,
          state: devices.stateOf(client.person),
          digest: nativeDigest,
          turn: limit,
        })
      );
      post({ kind: "joined" });
      for await (const report of device.rounds()) {
        const { round } = report;
        if (report.kind === "missed") {
          post({ kind: "missed", round, reason: report.reason });
        } else {
          const { bytesSent, bytesReceived } = report;
          post({ kind: "sent", round, bytesSent, bytesReceived });
        }
      }
    }));
  } catch (error) {
    // One device that fails for good ends the others, or the thread would never end.
    stopped.abort();
    throw error;
  }
}
