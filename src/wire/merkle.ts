/**
 * Merkle roots of who belongs to a round (RFC 9162, section 2.1.1): a short commitment to a set that
 * can later be opened member by member.
 *
 * @module
 */
import { concatBytes, fromBase64Url, fromHex, toHex } from "../core/bytes.ts";
import { type Digest, webDigest } from "../core/digest.ts";

/** Leaves and nodes are hashed apart, so that no node can pass for a leaf. */
const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

/** Hash of one entry. */
export async function hashLeaf(entry: Uint8Array, digest: Digest): Promise<Uint8Array> {
  return await digest(concatBytes([LEAF, entry]));
}

/** Hash of two nodes beside each other. */
export async function hashNode(
  left: Uint8Array,
  right: Uint8Array,
  digest: Digest,
): Promise<Uint8Array> {
  return await digest(concatBytes([NODE, left, right]));
}

/**
 * Root of a list of entries: SHA-256 of nothing for an empty list, of `0x00 ‖ entry` for one, else of
 * `0x01 ‖ left ‖ right`, split at the largest power of two below the length.
 *
 * @example The root of nothing
 * ```ts
 * import { toHex } from "../core/bytes.ts";
 * import { merkleRoot } from "./merkle.ts";
 *
 * if (!toHex(await merkleRoot([])).startsWith("e3b0c442")) throw new Error("not SHA-256 of nothing");
 * ```
 */
export async function merkleRoot(
  entries: readonly Uint8Array[],
  digest: Digest = webDigest,
): Promise<Uint8Array> {
  if (entries.length === 0) return await digest(new Uint8Array(0));
  let level: Uint8Array[] = [];
  for (const entry of entries) level.push(await hashLeaf(entry, digest));
  // Pairing neighbours and passing an odd last one up gives the same tree as splitting from the top.
  while (level.length > 1) {
    const above: Uint8Array[] = [];
    for (let at = 0; at < level.length; at += 2) {
      const [left, right] = level.slice(at, at + 2);
      if (left === undefined) break;
      above.push(right === undefined ? left : await hashNode(left, right, digest));
    }
    level = above;
  }
  const [root] = level;
  if (root === undefined) throw new TypeError("Cannot hash a list: it lost its last node");
  return root;
}

/** A member and the tree digest of its update, hex. */
export interface MemberUpdate {
  /** Id of the member. */
  readonly member: string;
  /** Tree digest of its parcel, hex. */
  readonly digest: string;
}

/**
 * Commitment to which updates are in a sum, hex: the root over `id ‖ digest`, 64 bytes each, in order
 * of the ids, so that the order of arrival leaves no trace.
 */
export async function membersRoot(
  updates: readonly MemberUpdate[],
  digest: Digest = webDigest,
): Promise<string> {
  const sorted = updates.toSorted((a, b) => compare(a.member, b.member));
  const entries = sorted.map((update) =>
    concatBytes([fromBase64Url(update.member), fromHex(update.digest)])
  );
  return toHex(await merkleRoot(entries, digest));
}

/** Commitment to a roster, hex: the root over the members' ids, 32 bytes each, in order. */
export async function rosterRoot(
  members: readonly string[],
  digest: Digest = webDigest,
): Promise<string> {
  return toHex(await merkleRoot(members.toSorted(compare).map(fromBase64Url), digest));
}

/** By code units: `localeCompare` differs between runtimes. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
