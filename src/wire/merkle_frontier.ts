/**
 * The Merkle root of a list that grows, without the list (RFC 9162, section 2.1.2): what is kept are the
 * roots of the whole trees that it falls into, one for each bit of its length.
 *
 * @module
 */
import type { Digest } from "../core/digest.ts";
import { hashLeaf, hashNode, merkleRoot } from "./merkle.ts";

/** What is kept of a list; never changed in place. */
export interface Frontier {
  /** Entries of the list. */
  readonly entries: number;
  /** Roots of its whole trees, the largest first. */
  readonly trees: readonly Uint8Array[];
}

/** A list without entries. */
export const NO_ENTRIES: Frontier = { entries: 0, trees: [] };

/** The list with one more entry. */
export async function addEntry(
  { entries, trees }: Frontier,
  entry: Uint8Array,
  digest: Digest,
): Promise<Frontier> {
  const left = [...trees];
  let node = await hashLeaf(entry, digest);
  // As in adding one to a binary number: each bit that is set carries.
  for (let bits = entries; bits % 2 === 1; bits = (bits - 1) / 2) {
    const beside = left.pop();
    if (beside !== undefined) node = await hashNode(beside, node, digest);
  }
  return { entries: entries + 1, trees: [...left, node] };
}

/** Its Merkle root. */
export async function frontierRoot({ trees }: Frontier, digest: Digest): Promise<Uint8Array> {
  const left = [...trees];
  let node = left.pop() ?? await merkleRoot([], digest);
  for (const beside of left.toReversed()) node = await hashNode(beside, node, digest);
  return node;
}
