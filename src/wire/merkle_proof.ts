/**
 * Proofs that an entry is in a list at its place, by the list's Merkle root (RFC 9162, section 2.1.3).
 *
 * @module
 */
import { equalBytes } from "../core/bytes.ts";
import type { Digest } from "../core/digest.ts";
import { hashLeaf, hashNode } from "./merkle.ts";

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
      levels.flatMap((level, height) => {
        const beside = level[(place >>> height) ^ 1];
        return beside === undefined || level.length === 1 ? [] : [beside];
      }),
  };
}

/** How many nodes the proof of a place has. */
export function proofLength(place: number, entries: number): number {
  let nodes = 0;
  for (let [at, left] = [place, entries]; left > 1; at >>>= 1, left = Math.ceil(left / 2)) {
    if ((at ^ 1) < left) nodes++;
  }
  return nodes;
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
  if (place >= entries || proof.length !== proofLength(place, entries)) return false;
  let node = await hashLeaf(entry, digest);
  let used = 0;
  for (let [at, left] = [place, entries]; left > 1; at >>>= 1, left = Math.ceil(left / 2)) {
    if ((at ^ 1) >= left) continue;
    const beside = proof[used++] ?? new Uint8Array();
    node = await (at % 2 === 0 ? hashNode(node, beside, digest) : hashNode(beside, node, digest));
  }
  return equalBytes(node, root);
}
