/**
 * Half of the clients of {@link ./round.ts}, in a thread of their own.
 *
 * @module
 */
/// <reference lib="deno.worker" />
import pLimit from "p-limit";
import { nativeDigest } from "../edge/deno/mod.ts";
import { inlineCores } from "../src/client/cores.ts";
import { join } from "../src/client/join.ts";
import { generateIdentity } from "../src/core/identity.ts";
import type { Trainer } from "../src/core/trainer.ts";

/** What a thread of clients is told. */
export type ClientsCommand =
  /** Take part in every round until the task is finished. */
  | { readonly kind: "federate"; readonly regions: readonly string[]; readonly clients: number }
  /** Fetch the body, hash it, and send it back hashed, once a client. */
  | { readonly kind: "bare"; readonly url: string; readonly clients: number };

/** Devices at work at once in a thread: enough to keep the servers busy. */
const AT_ONCE = 32;

/** The least that training can be: all that is measured is what carries it. */
const nudge: Trainer = ({ w }) => {
  if (w === undefined) throw new TypeError("Cannot train: the model has no w");
  const data = w.data.slice();
  for (let i = 0; i < data.length; i++) data[i] = (data[i] ?? 0) + 0.01;
  return Promise.resolve({ weights: { w: { shape: w.shape, data } }, examples: 1 });
};

async function federate(regions: readonly string[], clients: number): Promise<void> {
  const cores = await inlineCores();
  const turn = pLimit(AT_ONCE);
  await Promise.all(Array.from({ length: clients }, async (_, at) => {
    const url = regions[at % regions.length] ?? "";
    const identity = await generateIdentity();
    await using me = await turn(() =>
      join(url, { identity, cores, trainer: nudge, digest: nativeDigest, turn })
    );
    for await (const report of me.rounds()) {
      if (report.kind !== "sent") throw new Error(`Cannot measure: missed by ${report.reason}`);
    }
  }));
}

async function bare(url: string, clients: number): Promise<void> {
  const turn = pLimit(AT_ONCE);
  await Promise.all(Array.from({ length: clients }, () =>
    turn(async () => {
      const body = new Uint8Array(await (await fetch(url)).arrayBuffer());
      nativeDigest(body);
      nativeDigest(body);
      const answer = await fetch(url, { method: "PUT", body });
      await answer.arrayBuffer();
    })));
}

self.onmessage = async ({ data }: MessageEvent<ClientsCommand>) => {
  if (data.kind === "federate") await federate(data.regions, data.clients);
  else await bare(data.url, data.clients);
  self.postMessage("done");
};
