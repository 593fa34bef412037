/**
 * A slice's row: its bytes, or where they are.
 *
 * @module
 */
import { concatBytes, utf8 } from "../../src/core/bytes.ts";
import type { Blob } from "./blobs.ts";

/** What the first byte of a row says of the others. */
const BYTES = 0;
const BLOB = 1;

/** What a row holds. */
export type SliceHolding =
  | { readonly kind: "bytes"; readonly bytes: Uint8Array }
  | { readonly kind: "blob"; readonly blob: Blob };

/** A row as it is stored. */
export function encodeSliceRow(holding: SliceHolding): Uint8Array {
  switch (holding.kind) {
    case "bytes":
      return concatBytes([Uint8Array.of(BYTES), holding.bytes]);
    case "blob":
      return concatBytes([Uint8Array.of(BLOB), utf8(JSON.stringify(holding.blob))]);
    default:
      return holding satisfies never;
  }
}

/** What a stored row holds. */
export function decodeSliceRow(row: Uint8Array): SliceHolding {
  const bytes = row.slice(1);
  return row[0] === BLOB
    ? { kind: "blob", blob: JSON.parse(new TextDecoder().decode(bytes)) }
    : { kind: "bytes", bytes };
}
