/**
 * Devices whose requests are made and signed before they are sent, so that only sending is measured.
 *
 * @module
 */
import pLimit from "p-limit";
import { maskUpdate } from "../../src/client/mask_update.ts";
import { systemClock } from "../../src/core/clock.ts";
import { treeDigest } from "../../src/core/digest.ts";
import { systemFetch } from "../../src/core/fetch.ts";
import { generateIdentity, type Identity } from "../../src/core/identity.ts";
import { systemRandom } from "../../src/core/random.ts";
import { maskOf } from "../../src/mask/registry.ts";
import { gridLimit, parcelsOf, type UpdatePlan, updateWords } from "../../src/update/plan.ts";
import { createAggregateCore } from "../../src/wasm/aggregate.ts";
import { inlineModule } from "../../src/wasm/inline.ts";
import { createPeer } from "../../src/wire/peer.ts";
import { groupOf, type OpenRound } from "../../src/wire/round_info.ts";
import { fillRoute, ROUTES } from "../../src/wire/routes.ts";
import { planDigest } from "../../src/wire/session_id.ts";
import { signedHeaders } from "../../src/wire/signing.ts";
import { type Task, taskId, updatePlan } from "../../src/wire/task.ts";
import { updateHeaders } from "../../src/wire/update_headers.ts";
import { parcelBytes, type UploadBody, uploadBody } from "../../src/wire/upload_body.ts";
import { nativeDigest } from "../../edge/deno/mod.ts";

/** Members of one aggregator. */
export interface Devices {
  /**
   * Everybody's update of the round that follows `after`, each signed `tries` times.
   *
   * @param url Address of the aggregator, which another start may have changed.
   */
  sign(
    url: string,
    options: { readonly after: number; readonly tries: number },
  ): Promise<SignedRound>;
}

/** What the devices send in a round. */
export interface SignedRound {
  /** Its number. */
  readonly round: number;
  /** One for each device. */
  readonly uploads: readonly SignedUpload[];
}

/** What one device sends. */
export interface SignedUpload {
  /** Request line and headers of each try, with the empty line at the end. */
  readonly heads: readonly string[];
  /** File of the body. */
  readonly body: string;
}

/** An update before it is signed. */
interface Prepared {
  readonly round: number;
  readonly headers: Headers;
  /** File of the body. */
  readonly body: string;
}

/** Requests at once while devices enrol. */
const AT_ONCE = 50;
/** Updates that are masked at once: each has a core of its own. */
const MASKING_AT_ONCE = 4;
const world = { fetch: systemFetch, clock: systemClock(), random: systemRandom };

/** Enrols devices over HTTP, as they would in life; bodies are kept in `folder`. */
export async function enrolDevices(
  url: string,
  { task, devices, folder }: {
    readonly task: Task;
    readonly devices: number;
    readonly folder: string;
  },
): Promise<Devices> {
  const id = await taskId(task);
  const plan = await planDigest(task);
  const mask = maskOf(task.mask, parcelsOf(updatePlan(task)));
  const module = await inlineModule("aggregate");
  const words = randomWords(updatePlan(task));
  const isMasked = task.mask.kind !== "none";
  const watching = await generateIdentity();
  const { region } = await createPeer({ url, identity: watching, ...world }).task(id);
  const identities = await Promise.all(Array.from({ length: devices }, () => generateIdentity()));
  for (let at = 0; at < devices; at += AT_ONCE) {
    await Promise.all(
      identities.slice(at, at + AT_ONCE).map((identity) =>
        createPeer({ url, identity, ...world }).enrol(id, { kind: "client", size: 1, region })
      ),
    );
  }

  /** The next round, as anybody hears of it, or a device. */
  async function nextRound(url: string, after: number, device?: Identity): Promise<OpenRound> {
    const peer = createPeer({ url, identity: device ?? watching, ...world });
    const as = device && { as: { region } };
    for (;;) {
      const info = await peer.round(id, { after, waitS: 30, plan, ...as });
      if (info?.kind === "open") return info;
      if (info !== undefined) throw new Error(`Cannot measure: the task is ${info.kind}`);
    }
  }

  /** Makes a device's update, and keeps its body in a file. */
  async function prepare(round: OpenRound, device: Identity, name: string): Promise<Prepared> {
    using aggregate = createAggregateCore(module);
    const part = { aggregate, digest: nativeDigest, identity: device, random: systemRandom };
    const { parcel, slices, evidence } = await maskUpdate(words, {
      ...{ round, group: groupOf(round, task.mask) },
      part: { ...part, mask, maskPlan: task.mask, task: id },
    });
    const body = `${folder}/${name}`;
    await Deno.writeFile(body, await bytesOf(await uploadBody(parcel, evidence)));
    const head = {
      ...{ bytes: parcelBytes(parcel), slices, sid: round.sid, clients: 1, members: undefined },
      digest: await treeDigest(slices, nativeDigest),
      ...(evidence && { evidence }),
    };
    return { round: round.round, headers: updateHeaders(head), body };
  }

  async function signTries(
    url: string,
    { round, headers }: Prepared,
    { identity, tries }: { readonly identity: Identity; readonly tries: number },
  ): Promise<string[]> {
    const path = fillRoute(ROUTES.update, { task: id, round, member: identity.id });
    const request = { method: "PUT", url: url + path, headers };
    const signing = { identity, region: region.id, ...world };
    return await Promise.all(Array.from(
      { length: tries },
      async () => headOf(path, await signedHeaders(request, signing)),
    ));
  }

  return {
    async sign(url, { after, tries }) {
      const shared = isMasked
        ? undefined
        : await prepare(await nextRound(url, after), watching, "body");
      const turn = pLimit(MASKING_AT_ONCE);
      const uploads = await Promise.all(identities.map(async (identity, at) => {
        const own = shared ??
          await turn(async () =>
            await prepare(await nextRound(url, after, identity), identity, `body-${at}`)
          );
        const heads = await signTries(url, own, { identity, tries });
        return { round: own.round, heads, body: own.body };
      }));
      return { round: uploads[0]?.round ?? after, uploads };
    },
  };
}

async function bytesOf(body: UploadBody): Promise<Uint8Array> {
  return body instanceof Uint8Array ? body : await new Response(body()).bytes();
}

function headOf(path: string, headers: Headers): string {
  const lines = Array.from(headers, ([name, value]) => `${name}: ${value}\r\n`);
  return `PUT ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\n${lines.join("")}\r\n`;
}

/** Words on the grid of a plan: such as a client can have sent. */
function randomWords(plan: UpdatePlan): Uint8Array<ArrayBuffer> {
  const words = new Uint32Array(updateWords(plan));
  const limit = gridLimit(plan);
  for (let at = 0; at < words.length; at++) words[at] = (Math.random() * limit) | 0;
  return new Uint8Array(words.buffer);
}
