/**
 * Who is asked in a round, in the store: what each member may send, appended to as members come and
 * abstain.
 *
 * @module
 */
import { concatBytes } from "../src/core/bytes.ts";
import type { Share } from "../src/wire/sampling.ts";
import { sliceRows } from "./models.ts";
import type { RoundStore, SliceRow } from "./store.ts";

/** Bytes of an id, as its characters, and of an entry: the id and both numbers of its share. */
const ID_BYTES = 43;
const ENTRY_BYTES = ID_BYTES + 8;

/** The share of a member that has said that it has nothing to send. */
export const ABSTAINED: Share = { clients: 0, enough: 0 };

/** A round's shares as they are stored. */
export interface StoredShares {
  /** By member; {@link ABSTAINED} of those that abstained. */
  readonly shares: Map<string, Share>;
  /** Slices that hold them. */
  readonly rows: number;
}

/** Name of the slices of a round's shares. */
export function sharesName(round: number): string {
  return `shares/${round}`;
}

/** Entries to append to the `rows` that a round has. */
export function shareRows(
  round: number,
  rows: number,
  entries: ReadonlyMap<string, Share>,
): SliceRow[] {
  const bytes = new Uint8Array(entries.size * ENTRY_BYTES);
  const view = new DataView(bytes.buffer);
  const encoder = new TextEncoder();
  let at = 0;
  for (const [member, { clients, enough }] of entries) {
    encoder.encodeInto(member, bytes.subarray(at, at + ID_BYTES));
    view.setUint32(at + ID_BYTES, clients, true);
    view.setUint32(at + ID_BYTES + 4, enough, true);
    at += ENTRY_BYTES;
  }
  return sliceRows(sharesName(round), bytes).map((row) => ({ ...row, index: rows + row.index }));
}

/** Reads a round's shares; of a member's entries the last one holds. */
export async function readShares(
  store: RoundStore,
  task: string,
  round: number,
): Promise<StoredShares> {
  const slices: Uint8Array[] = [];
  for (;;) {
    const slice = await store.slice(task, sharesName(round), slices.length);
    if (slice === undefined) break;
    slices.push(slice);
  }
  const bytes = concatBytes(slices);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const decoder = new TextDecoder();
  const shares = new Map<string, Share>();
  for (let at = 0; at + ENTRY_BYTES <= bytes.length; at += ENTRY_BYTES) {
    shares.set(decoder.decode(bytes.subarray(at, at + ID_BYTES)), {
      clients: view.getUint32(at + ID_BYTES, true),
      enough: view.getUint32(at + ID_BYTES + 4, true),
    });
  }
  return { shares, rows: slices.length };
}
