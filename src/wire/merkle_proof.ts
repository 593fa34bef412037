/**
 * Proofs that an entry is in a list at its place, by the list's Merkle root (RFC 9162, section 2.1.3).
 *
 * @module
 */
import { equalBytes } from "../core/bytes.ts";
import type { Digest } from "../core/digest.ts";
import { hashLeaf, hashNode } from "./merkle.ts";

/**
 * A node of a tree: the hash of the entries from `index · 2^height` on, of `2^height` of them or, at
 * the end of the list, of those that there are.
 */
export interface TreeNode {
  /** Levels above the entries: 0 for a leaf. */
  readonly height: number;
  /** Place in its level, from 0. */
  readonly index: number;
}

/** A node that is hashed with the one below it on its way up, on this side of it. */
export interface NodeBeside extends TreeNode {
  /** Which of the two it is. */
  readonly side: "left" | "right";
}

/** The nodes beside a node's way up to the root of so many entries, the lowest first. */
export function nodesBeside({ height, index }: TreeNode, entries: number): NodeBeside[] {
  const beside: NodeBeside[] = [];
  let [at, level] = [index, height];
  // No shifts: who claims a size may claim one beyond 32 bits.
  for (let left = Math.ceil(entries / 2 ** height); left > 1; left = Math.ceil(left / 2)) {
    const isLeft = at % 2 === 0;
    const other = isLeft ? at + 1 : at - 1;
    // The last node of a level may stand alone; it goes up as it is.
    if (other < left) beside.push({ height: level, index: other, side: isLeft ? "right" : "left" });
    at = Math.floor(at / 2);
    level++;
  }
  return beside;
}

/** A list with what proves its entries. */
export interface ProvenList {
  /** Its Merkle root. */
  readonly root: Uint8Array;
  /** The proof of the entry at a place: the nodes beside its way up. */
  proof(place: number): Uint8Array[];
}

/** Hashes a list of at least one entry. */
export async function proveList(
  entries: readonly Uint8Array[],
  digest: Digest,
): Promise<ProvenList> {
  const levels: Uint8Array[][] = [
    await Promise.all(entries.map((entry) => hashLeaf(entry, digest))),
  ];
  for (let level = levels[0] ?? []; level.length > 1; level = levels.at(-1) ?? []) {
    const pairs = Array.from({ length: Math.ceil(level.length / 2) }, async (_, at) => {
      const [left, right] = level.slice(2 * at, 2 * at + 2);
      if (left === undefined) throw new TypeError("Cannot hash a list: it lost a node");
      return right === undefined ? left : await hashNode(left, right, digest);
    });
    levels.push(await Promise.all(pairs));
  }
  const root = levels.at(-1)?.[0];
  if (root === undefined) throw new RangeError("Cannot prove a list without entries");
  return {
    root,
    proof: (place) =>
      nodesBeside({ height: 0, index: place }, entries.length).flatMap(({ height, index }) => {
        const node = levels[height]?.[index];
        return node === undefined ? [] : [node];
      }),
  };
}

/** How many nodes the proof of a place has. */
export function proofLength(place: number, entries: number): number {
  return nodesBeside({ height: 0, index: place }, entries).length;
}

/** What is said to be in a list. */
export interface ListClaim {
  /** The entry. */
  readonly entry: Uint8Array;
  /** Where, from 0. */
  readonly place: number;
  /** How many entries there are. */
  readonly entries: number;
  /** The nodes beside its way up. */
  readonly proof: readonly Uint8Array[];
}

/** Whether a proof shows that an entry is at its place. */
export async function isProven(
  { entry, place, entries, proof }: ListClaim,
  { root, digest }: { readonly root: Uint8Array; readonly digest: Digest },
): Promise<boolean> {
  if (place >= entries) return false;
  const beside = nodesBeside({ height: 0, index: place }, entries);
  if (proof.length !== beside.length) return false;
  let node = await hashLeaf(entry, digest);
  for (const [at, { side }] of beside.entries()) {
    const other = proof[at] ?? new Uint8Array();
    node = await (side === "right" ? hashNode(node, other, digest) : hashNode(other, node, digest));
  }
  return equalBytes(node, root);
}
