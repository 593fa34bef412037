/**
 * Parcels as large as tasks have them, in objects of workerd: how much memory its process needs, beyond
 * what it needs for a task of four values.
 *
 * The process holds all isolates, so that its growth is an upper bound of what an object needs.
 *
 * @module
 */
import { slicesDigest } from "../src/core/digest.ts";
import { systemClock } from "../src/core/clock.ts";
import { systemFetch } from "../src/core/fetch.ts";
import { generateStoredIdentity } from "../src/core/identity.ts";
import { systemRandom } from "../src/core/random.ts";
import { createPeer } from "../src/wire/peer.ts";
import { planDigest } from "../src/wire/session_id.ts";
import { taskId } from "../src/wire/task.ts";
import { nativeDigest } from "../edge/deno/mod.ts";
import type { Figure } from "./figure.ts";
import { renderFigures } from "./figure_table.ts";
import { idleTask } from "./idle_task.ts";
import { IN_WORKERD } from "./ingest_runtimes.ts";

const CLIENTS = 2;

/** What came of one round. */
interface LargeRound {
  /** Most memory of the process, in MB. */
  readonly peakMb: number;
  /** Seconds of the fastest upload. */
  readonly uploadS: number;
}

/** A round of parcels of so many words, to the opening of the next one: its sum is at the root. */
async function runRound(words: number): Promise<LargeRound> {
  const folder = await Deno.makeTempDir();
  const task = idleTask({ values: words, clients: CLIENTS, rounds: 2 });
  const id = await taskId(task);
  try {
    await using served = await IN_WORKERD.open(task, folder);
    const { url } = served;
    const world = { fetch: systemFetch, clock: systemClock(), random: systemRandom };
    const { identity: watching } = await generateStoredIdentity();
    const { region } = await createPeer({ url, identity: watching, ...world }).task(id);
    const peers = await Promise.all(Array.from({ length: CLIENTS }, async () => {
      const { identity } = await generateStoredIdentity();
      const peer = createPeer({ url, identity, digest: nativeDigest, ...world });
      await peer.enrol(id, { kind: "client", size: 1, region });
      return peer;
    }));
    const plan = await planDigest(task);
    const [first] = peers;
    const round = await waitFor(() => first?.round(id, { after: 0, waitS: 30, plan }));
    if (round.kind !== "open") throw new Error("Cannot measure: no round is open");
    const parcel = new Uint8Array(new Uint32Array(words).fill(7).buffer);
    const { slices } = await slicesDigest(parcel, { sliceBytes: 1 << 20, digest: nativeDigest });
    let uploadS = Infinity;
    for (const peer of peers) {
      const beganMs = performance.now();
      const upload = { round: round.round, sid: round.sid, clients: 1, parcel, slices, region };
      await peer.putUpdate(id, upload);
      uploadS = Math.min(uploadS, (performance.now() - beganMs) / 1000);
    }
    await waitFor(() => first?.round(id, { after: round.round, waitS: 30, plan }));
    return { peakMb: await served.peakMb(), uploadS };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Asks until there is something. */
async function waitFor<T>(ask: () => Promise<T | undefined> | undefined): Promise<T> {
  for (let tries = 0; tries < 20; tries++) {
    const found = await ask();
    if (found !== undefined) return found;
  }
  throw new Error("Cannot measure: nothing has come");
}

/** Measures parcels that one object holds, and such that four accumulators do. */
export async function measureLargeParcels(): Promise<Figure[]> {
  const small = await runRound(4);
  const one = await runRound(16 << 20);
  const four = await runRound(64_000_000);
  const growth = (round: LargeRound) => round.peakMb - small.peakMb;
  return [
    {
      name: "memory for 16 Mi values in one object",
      value: growth(one),
      unit: "MB",
      reference: { name: "the process, for four values", value: small.peakMb },
      goal: { kind: "at most", bound: 110 },
    },
    { name: "– one upload of 64 MiB", value: one.uploadS, unit: "s" },
    {
      name: "memory for 64 M values in a round's object and four accumulators",
      value: growth(four),
      unit: "MB",
      reference: { name: "the process, for four values", value: small.peakMb },
    },
    { name: "– one upload of 256 MB, in pieces", value: four.uploadS, unit: "s" },
  ];
}

if (import.meta.main) console.log(renderFigures(await measureLargeParcels()));
