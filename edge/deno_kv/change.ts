/**
 * Changes of entries, and how many of them fit in one atomic change.
 *
 * @module
 */
import { concatBytes, utf8 } from "../../src/core/bytes.ts";
import { ATOMIC, type KvAtomic, type KvKey } from "./database.ts";

/** An entry that is set to bytes, or removed where there are none. */
export interface KvChange {
  /** Which entry. */
  readonly key: KvKey;
  /** Its new value; undefined removes it. */
  readonly bytes?: Uint8Array;
}

/** Adds changes to an atomic one. */
export function addChanges(atomic: KvAtomic, changes: readonly KvChange[]): KvAtomic {
  for (const { key, bytes } of changes) {
    if (bytes === undefined) atomic.delete(key);
    // A view would be stored with all of the memory that it looks at.
    else atomic.set(key, bytes.length === bytes.buffer.byteLength ? bytes : bytes.slice());
  }
  return atomic;
}

/** Whether changes fit in one atomic change. */
export function fitsAtomic(changes: readonly KvChange[]): boolean {
  return partsOf(changes).length <= 1;
}

/** Changes in as many runs as atomic changes are needed for them. */
export function partsOf(changes: readonly KvChange[]): readonly (readonly KvChange[])[] {
  const parts: KvChange[][] = [];
  let keyBytes = Infinity;
  let bytes = Infinity;
  for (const change of changes) {
    const last = parts.at(-1);
    const key = keyLength(change.key);
    const all = key + (change.bytes?.length ?? 0) + FRAME_BYTES;
    keyBytes += key;
    bytes += all;
    const isFull = last === undefined || last.length >= ATOMIC.changes ||
      keyBytes > ATOMIC.keyBytes || bytes > ATOMIC.bytes;
    if (isFull) {
      parts.push([change]);
      keyBytes = key;
      bytes = all;
    } else last.push(change);
  }
  return parts;
}

/** What an entry takes beside its key and its bytes, at most. */
const FRAME_BYTES = 32;

/** Length of a key as Deno KV writes it: a mark before each part, an end behind each text. */
function keyLength(key: KvKey): number {
  return key.reduce<number>(
    (length, part) => length + (typeof part === "string" ? utf8(part).length + 2 : 9),
    0,
  );
}

/** Changes as bytes: `LE32 length ‖ keys and lengths (JSON) ‖ values`. */
export function encodeChanges(changes: readonly KvChange[]): Uint8Array {
  const head = utf8(JSON.stringify(changes.map(({ key, bytes }) => [key, bytes?.length ?? null])));
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, head.length, true);
  return concatBytes([length, head, ...changes.map(({ bytes }) => bytes ?? new Uint8Array(0))]);
}

/** The changes of {@link encodeChanges}. */
export function decodeChanges(encoded: Uint8Array): KvChange[] {
  const view = new DataView(encoded.buffer, encoded.byteOffset, encoded.length);
  let at = 4 + view.getUint32(0, true);
  const head = JSON.parse(new TextDecoder().decode(encoded.subarray(4, at)));
  return (head as readonly (readonly [KvKey, number | null])[]).map(([key, length]) =>
    length === null ? { key } : { key, bytes: encoded.slice(at, at += length) }
  );
}
