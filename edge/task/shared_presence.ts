/**
 * Presence over the instances of an aggregator: each tells in the store, now and then, who has asked it
 * of late, and the one that draws samples reads what the others have told.
 *
 * @module
 */
import { concatBytes } from "../../src/core/bytes.ts";
import { readSlices, sliceRows } from "./models.ts";
import type { Presence } from "./presence.ts";
import type { World } from "../world.ts";

/** Whose presence is shared. */
export interface SharedPresenceOptions {
  /** Digest of the task. */
  readonly task: string;
  /** Who is there, as this instance knows. */
  readonly presence: Presence;
  /** Ends it. */
  readonly signal: AbortSignal;
}

const PREFIX = "presence/";
/** Time between two looks: members wait for seconds at least. */
const SHARE_MS = 1000;
/** Bytes of an id, as its characters, and of an entry. */
const ID_BYTES = 43;
const ENTRY_BYTES = ID_BYTES + 4;

/** Tells and reads until `signal` aborts; nothing to do where nobody shares the store. */
export async function sharePresence(world: World, options: SharedPresenceOptions): Promise<void> {
  const { store: { shared }, clock, logger } = world;
  const { signal, task } = options;
  if (shared === undefined) return;
  const told = { name: "", bytes: new Uint8Array(0) };
  while (!signal.aborted) {
    await clock.sleep(SHARE_MS, { signal }).catch(() => {});
    if (signal.aborted) break;
    try {
      await tell(world, options, told);
      if (world.instance.leads) await hear(world, options, await shared.leases());
    } catch (error) {
      logger({ kind: "failure", doing: "sharing who is there", error });
    }
  }
  if (told.name === "") return;
  await world.store.drop(task, told.name)
    .catch((error) => logger({ kind: "failure", doing: "ending who is there", error }));
}

/** Writes who is here, if that has changed; whoever leads may lead no more before long. */
async function tell(
  { store, instance }: World,
  { task, presence }: SharedPresenceOptions,
  told: { name: string; bytes: Uint8Array },
): Promise<void> {
  const name = `${PREFIX}${instance.lane}`;
  const bytes = encode(presence.here());
  if (name === told.name && isSame(bytes, told.bytes)) return;
  await store.put(task, sliceRows(name, bytes));
  Object.assign(told, { name, bytes });
}

/** Reads who is at other instances that are alive. */
async function hear(
  { store, instance }: World,
  { task, presence }: SharedPresenceOptions,
  leases: ReadonlyMap<string, string>,
): Promise<void> {
  const elsewhere = new Map<string, number>();
  for (const name of await store.sliceNames(task, PREFIX)) {
    const lane = name.slice(PREFIX.length);
    if (lane === String(instance.lane) || !leases.has(`lane/${lane}`)) continue;
    const bytes = await readSlices(store, task, name);
    for (const [member, clients] of decode(bytes ?? new Uint8Array(4))) {
      elsewhere.set(member, clients);
    }
  }
  presence.note(elsewhere);
}

/** How many entries, then each of them: what was longer before leaves bytes behind it. */
function encode(members: ReadonlyMap<string, number>): Uint8Array<ArrayBuffer> {
  const encoder = new TextEncoder();
  const parts = [...members].sort(([a], [b]) => a < b ? -1 : 1)
    .map(([member, clients]) => concatBytes([encoder.encode(member), numberBytes(clients)]));
  return concatBytes([numberBytes(parts.length), ...parts]);
}

function* decode(bytes: Uint8Array): Generator<readonly [string, number]> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const decoder = new TextDecoder();
  const end = 4 + view.getUint32(0, true) * ENTRY_BYTES;
  for (let at = 4; at < end; at += ENTRY_BYTES) {
    const member = decoder.decode(bytes.subarray(at, at + ID_BYTES));
    yield [member, view.getUint32(at + ID_BYTES, true)];
  }
}

function numberBytes(value: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
}

function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, at) => byte === other[at]);
}
