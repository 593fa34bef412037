/**
 * Proofs that a list is the beginning of a longer one, by the Merkle roots of both (RFC 9162, section
 * 2.1.4): nothing was changed, taken out or put in between.
 *
 * @module
 */
import { equalBytes } from "../core/bytes.ts";
import type { Digest } from "../core/digest.ts";
import { hashNode, merkleRoot } from "./merkle.ts";
import { nodesBeside, type TreeNode } from "./merkle_proof.ts";

/** The nodes of the longer list's tree that the proof consists of, in order. */
export function consistencyNodes(from: number, to: number): TreeNode[] {
  if (from === 0 || from === to) return [];
  const start = lastWhole(from);
  // A whole tree's root is known to whoever knows the shorter list.
  return [...start.index === 0 ? [] : [start], ...nodesBeside(start, to)];
}

/** The largest node without a gap that ends with the last of so many entries. */
function lastWhole(entries: number): TreeNode {
  let [height, index] = [0, entries - 1];
  for (; index % 2 === 1; index = (index - 1) / 2) height++;
  return { height, index };
}

/** A list as its Merkle root tells it. */
export interface ListRoot {
  /** How many entries it has. */
  readonly entries: number;
  /** Its Merkle root. */
  readonly root: Uint8Array;
}

/** Two lists of which the first is said to be how the second begins. */
export interface PrefixClaim {
  /** The shorter one. */
  readonly from: ListRoot;
  /** The longer one. */
  readonly to: ListRoot;
  /** The nodes of {@link consistencyNodes}. */
  readonly proof: readonly Uint8Array[];
}

/** Whether a proof shows that a list is how another one begins. */
export async function isPrefix({ from, to, proof }: PrefixClaim, digest: Digest): Promise<boolean> {
  if (from.entries > to.entries) return false;
  if (from.entries === to.entries) return proof.length === 0 && equalBytes(from.root, to.root);
  if (from.entries === 0) {
    return proof.length === 0 && equalBytes(from.root, await merkleRoot([], digest));
  }
  const start = lastWhole(from.entries);
  const path = start.index === 0 ? [from.root, ...proof] : proof;
  const beside = nodesBeside(start, to.entries);
  const [first, ...others] = path;
  if (first === undefined || others.length !== beside.length) return false;
  // The same nodes give both roots: those on the left are in both trees.
  let [shorter, longer] = [first, first];
  for (const [at, { side }] of beside.entries()) {
    const other = others[at] ?? new Uint8Array();
    if (side === "left") {
      shorter = await hashNode(other, shorter, digest);
      longer = await hashNode(other, longer, digest);
    } else {
      longer = await hashNode(longer, other, digest);
    }
  }
  return equalBytes(shorter, from.root) && equalBytes(longer, to.root);
}
