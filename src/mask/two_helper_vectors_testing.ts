/**
 * two_helper once more, from its definition in whole numbers; it shares no code with the core.
 *
 * @module
 */
import { chachaBlock } from "../wasm/chacha_testing.ts";

/** Known answers of one length. */
export interface PadVectors {
  readonly values: number;
  readonly largest: number;
  /** The masked parcel of each client, hex of little-endian words. */
  readonly parcels: readonly string[];
  /** The answers of both helpers. */
  readonly answers: readonly string[];
  readonly sum: string;
  readonly opened: string;
}

const CLIENTS = [0, 1, 2];

/** The seed of client `c` for helper `j`, from 1. */
export function padSeed(client: number, helper: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length: 32 }, (_, i) => 32 * client + 7 * helper + 5 * i);
}

/** The values of client `c`. */
export function padValues(
  client: number,
  { values, largest }: { readonly values: number; readonly largest: number },
): number[] {
  return Array.from({ length: values }, (_, i) => (31 * i + 17 * client + i * i) % (largest + 1));
}

/** Hex of little-endian words. */
function hexOf(words: readonly bigint[]): string {
  return words.map((word) => {
    const digits = word.toString(16).padStart(8, "0");
    return digits.slice(6) + digits.slice(4, 6) + digits.slice(2, 4) + digits.slice(0, 2);
  }).join("");
}

/** All about parcels of one length, word by word in BigInt. */
export function padVectors(values: number, largest: number): PadVectors {
  const pads = CLIENTS.map((client) =>
    [1, 2].map((helper) =>
      Array.from({ length: values }, (_, i) => {
        const block = chachaBlock(padSeed(client, helper), Math.floor(i / 16), [0, 0, 0]);
        return BigInt(block[i % 16]!);
      })
    )
  );
  const add = (...rows: readonly (readonly bigint[])[]): bigint[] =>
    Array.from(
      { length: values },
      (_, i) => rows.reduce((sum, row) => sum + row[i]!, 0n) % (1n << 32n),
    );
  const plain = CLIENTS.map((client) => padValues(client, { values, largest }).map(BigInt));
  const parcels = CLIENTS.map((client) => add(plain[client]!, ...pads[client]!));
  return {
    values,
    largest,
    parcels: parcels.map(hexOf),
    answers: [0, 1].map((at) => hexOf(add(...pads.map((pair) => pair[at]!)))),
    sum: hexOf(add(...parcels)),
    opened: hexOf(add(...plain)),
  };
}
