/**
 * A root, and a thousand devices that are members of one region below it.
 *
 * @module
 */
import { systemClock } from "../../src/core/clock.ts";
import { slicesDigest } from "../../src/core/digest.ts";
import { systemFetch } from "../../src/core/fetch.ts";
import { generateStoredIdentity } from "../../src/core/identity.ts";
import { systemRandom } from "../../src/core/random.ts";
import type { Strategy } from "../../src/strategy/strategy.ts";
import { createPeer } from "../../src/wire/peer.ts";
import { fillRoute, ROUTES } from "../../src/wire/routes.ts";
import { planDigest } from "../../src/wire/session_id.ts";
import { signedHeaders } from "../../src/wire/signing.ts";
import { signTask, type Task, taskId } from "../../src/wire/task.ts";
import { updateHeaders } from "../../src/wire/update_headers.ts";
import { loadIdentity, nativeDigest, serveAggregator } from "../../edge/deno/mod.ts";

/** How many devices, and of how many values each. */
export interface LoadSize {
  readonly devices: number;
  readonly values: number;
}

/** A root of one task. */
export interface LoadedRoot extends AsyncDisposable {
  /** Its address. */
  readonly url: string;
  readonly task: Task;
}

/** The devices of one region. */
export interface LoadedMembers {
  /**
   * Heads of everybody's update of the round that follows `after`, each signed `tries` times.
   *
   * @param url Address of the region, which another start may have changed.
   */
  sign(url: string, options: { after: number; tries: number }): Promise<SignedRound>;
}

/** What the devices send in a round. */
export interface SignedRound {
  readonly round: number;
  /** For each device the heads of its tries. */
  readonly devices: readonly (readonly string[])[];
}

const SLICE_BYTES = 1 << 20;
/** Requests at once while a world is set up. */
const AT_ONCE = 50;
const world = { fetch: systemFetch, clock: systemClock(), random: systemRandom };

const idle: Strategy = {
  kind: "idle",
  sums: (model) => model.map((spec) => ({ ...spec, range: 1 })),
  init: () => ({}),
  step: ({ model, state }) => ({ model, state }),
};

/** Starts a root whose rounds ask all devices, in this process. */
export async function startRoot(
  { devices, values }: LoadSize,
  { folder, rounds }: { readonly folder: string; readonly rounds: number },
): Promise<LoadedRoot> {
  const task: Task = {
    version: 1,
    name: "load",
    model: { kind: "idle" },
    train: {},
    strategy: { kind: "idle" },
    update: {
      slotBits: 32,
      tensors: [{ name: "w", shape: [values], range: 1 }],
      clip: null,
      weightCap: null,
    },
    mask: { kind: "none" },
    clients: { min: devices, max: devices },
    sampling: { kind: "all" },
    roundMs: 600_000,
    metrics: [],
    stop: { rounds },
    seed: "00".repeat(32),
  };
  const owner = await loadIdentity(`${folder}/root.key`);
  const served = await serveAggregator({
    store: `${folder}/root.db`,
    identity: owner,
    strategy: () => idle,
  });
  await served.ready;
  await served.aggregator.own({
    signed: await signTask(task, owner),
    model: { w: { shape: [values], data: new Float32Array(values) } },
  });
  return { url: served.url, task, [Symbol.asyncDispose]: () => served[Symbol.asyncDispose]() };
}

/** Enrols a region's devices over HTTP; all of them send `body`. */
export async function enrolDevices(
  url: string,
  { task, devices, body }: {
    readonly task: Task;
    readonly devices: number;
    readonly body: Uint8Array<ArrayBuffer>;
  },
): Promise<LoadedMembers> {
  const id = await taskId(task);
  const plan = await planDigest(task);
  const identities = await Promise.all(
    Array.from({ length: devices }, async () => (await generateStoredIdentity()).identity),
  );
  const watching = (await generateStoredIdentity()).identity;
  const { region } = await createPeer({ url, identity: watching, ...world }).task(id);
  for (let at = 0; at < devices; at += AT_ONCE) {
    await Promise.all(
      identities.slice(at, at + AT_ONCE).map((identity) =>
        createPeer({ url, identity, ...world }).enrol(id, { kind: "client", size: 1, region })
      ),
    );
  }
  const { slices, tree } = await slicesDigest(body, {
    sliceBytes: SLICE_BYTES,
    digest: nativeDigest,
  });

  return {
    async sign(url, { after, tries }) {
      const watcher = createPeer({ url, identity: watching, ...world });
      let info = await watcher.round(id, { after, waitS: 30, plan });
      while (info === undefined) info = await watcher.round(id, { after, waitS: 30, plan });
      if (info.kind !== "open") throw new Error(`Cannot measure: the task is ${info.kind}`);
      const { round, sid } = info;
      const plain = updateHeaders({
        ...{ bytes: body.length, digest: tree, slices, sid, clients: 1, members: undefined },
      });
      const signed = await Promise.all(identities.map(async (identity) => {
        const path = fillRoute(ROUTES.update, { task: id, round, member: identity.id });
        const request = { method: "PUT", url: url + path, headers: plain };
        const signing = { identity, region: region.id, ...world };
        const heads = Array.from(
          { length: tries },
          async () => headOf(path, await signedHeaders(request, signing)),
        );
        return await Promise.all(heads);
      }));
      return { round, devices: signed };
    },
  };
}

function headOf(path: string, headers: Headers): string {
  const lines = Array.from(headers, ([name, value]) => `${name}: ${value}\r\n`);
  return `PUT ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\n${lines.join("")}\r\n`;
}
