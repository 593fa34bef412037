/**
 * Who is asked in a round, in the store: what each member may send, appended to as members come and
 * abstain.
 *
 * @module
 */
import { concatBytes } from "../../src/core/bytes.ts";
import type { Share } from "../../src/wire/sampling.ts";
import { sliceRows } from "./models.ts";
import type { RoundStore, SliceRow } from "../store.ts";

/** Bytes of an id, as its characters, and of an entry: the id and the three numbers of its share. */
const ID_BYTES = 43;
const ENTRY_BYTES = ID_BYTES + 12;

/** What a member may send in a round, and in which sum that is added; one that abstained may send 0. */
export interface MemberShare extends Share {
  /** Group of a masked round; 0 where a round has one sum. */
  readonly group: number;
}

/** The share of a member that has said that it has nothing to send. */
export function abstained({ group }: MemberShare): MemberShare {
  return { clients: 0, enough: 0, group };
}

/** Shares that all belong to one sum. */
export function inGroup(
  shares: ReadonlyMap<string, Share>,
  group: number,
): ReadonlyMap<string, MemberShare> {
  return new Map(Array.from(shares, ([member, share]) => [member, { ...share, group }]));
}

/** A round's shares as they are stored. */
export interface StoredShares {
  /** By member. */
  readonly shares: Map<string, MemberShare>;
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
  entries: ReadonlyMap<string, MemberShare>,
): SliceRow[] {
  const bytes = new Uint8Array(entries.size * ENTRY_BYTES);
  const view = new DataView(bytes.buffer);
  const encoder = new TextEncoder();
  let at = 0;
  for (const [member, { clients, enough, group }] of entries) {
    encoder.encodeInto(member, bytes.subarray(at, at + ID_BYTES));
    view.setUint32(at + ID_BYTES, clients, true);
    view.setUint32(at + ID_BYTES + 4, enough, true);
    view.setUint32(at + ID_BYTES + 8, group, true);
    at += ENTRY_BYTES;
  }
  return sliceRows(sharesName(round), bytes).map((row) => ({ ...row, index: rows + row.index }));
}

/**
 * Reads a round's shares; of a member's entries the last one holds.
 *
 * @param known What was read before, to which later slices are added in place.
 */
export async function readShares(
  store: RoundStore,
  task: string,
  round: number,
  known: StoredShares = { shares: new Map(), rows: 0 },
): Promise<StoredShares> {
  const { shares, rows } = known;
  const slices: Uint8Array[] = [];
  for (;;) {
    const slice = await store.slice(task, sharesName(round), rows + slices.length);
    if (slice === undefined) break;
    slices.push(slice);
  }
  const bytes = concatBytes(slices);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const decoder = new TextDecoder();
  for (let at = 0; at + ENTRY_BYTES <= bytes.length; at += ENTRY_BYTES) {
    shares.set(decoder.decode(bytes.subarray(at, at + ID_BYTES)), {
      clients: view.getUint32(at + ID_BYTES, true),
      enough: view.getUint32(at + ID_BYTES + 4, true),
      group: view.getUint32(at + ID_BYTES + 8, true),
    });
  }
  return { shares, rows: rows + slices.length };
}
