/**
 * What a masked round keeps beside its sums, until they are opened or given up: who vouches for each
 * parcel, and at the root whom the round's sid binds.
 *
 * @module
 */
import { concatBytes, cutBytes, fromBase64Url, toBase64Url } from "../../src/core/bytes.ts";
import { DIGEST_BYTES } from "../../src/core/digest.ts";
import { TributaryError } from "../../src/core/errors.ts";
import { readSlices, sliceRows } from "../task/models.ts";
import type { RoundStore, SliceRow, UpdateRow } from "../store.ts";

/** Names of all evidence begin so. */
export const EVIDENCE_PREFIX = "evidence/";
/** Names of all rosters begin so. */
export const ROSTER_PREFIX = "roster/";

/** Name of the roster of a round. */
export function rosterName(round: number): string {
  return `${ROSTER_PREFIX}${round}`;
}

/** The members that a round's sid binds, as slices to write. */
export function rosterRows(round: number, members: readonly string[]): SliceRow[] {
  return sliceRows(rosterName(round), concatBytes(members.map(fromBase64Url)));
}

/**
 * The members that a round's sid binds.
 *
 * @throws {TributaryError} `store-failed` if the store has them no more.
 */
export async function readRoster(
  store: RoundStore,
  task: string,
  round: number,
): Promise<string[]> {
  const bytes = await readSlices(store, task, rosterName(round));
  if (bytes !== undefined) return cutBytes(bytes, DIGEST_BYTES).map(toBase64Url);
  throw new TributaryError(
    "store-failed",
    `Cannot open round ${round}: the store has no roster of it`,
  );
}

/** The evidence of updates one after the other, slice by slice out of the store. */
export async function* readEvidence(
  store: RoundStore,
  task: string,
  updates: Iterable<Pick<UpdateRow, "member" | "evidence">>,
): AsyncGenerator<Uint8Array> {
  for (const { member, evidence } of updates) {
    let left = evidence?.bytes ?? 0;
    for (let index = 0; evidence !== undefined && left > 0; index++) {
      const slice = await store.slice(task, evidence.name, index);
      if (slice === undefined || slice.length > left) {
        throw new TributaryError(
          "store-failed",
          `Cannot read the evidence of ${member}: ${left} bytes of it are missing`,
        );
      }
      left -= slice.length;
      yield slice;
    }
  }
}

/** Updates in the order in which evidence has them. */
export function byMember(updates: Iterable<UpdateRow>): UpdateRow[] {
  return [...updates].sort((a, b) => a.member < b.member ? -1 : 1);
}
