/**
 * Reading the messages of `secagg_plus`, which are bytes of fixed places: nothing is left over.
 *
 * @module
 */
import { concatBytes } from "../core/bytes.ts";
import { TributaryError } from "../core/errors.ts";
import { PHASE_VERSION } from "./phase.ts";

/** Reads bytes in order. All of it throws `phase-malformed`. */
export interface PhaseReader {
  /** The next bytes, as a view. */
  take(bytes: number): Uint8Array;
  /** The next four bytes, little-endian, at most `most`. */
  u32(most: number): number;
  /** Checks that nothing is left. */
  end(): void;
}

/** Reads a message of this version. */
export function phaseReader(what: string, bytes: Uint8Array): PhaseReader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = 0;
  function take(length: number): Uint8Array {
    if (length > bytes.length - at) {
      malformed(what, `it ends after ${bytes.length} bytes, expected ${at + length} at least`);
    }
    at += length;
    return bytes.subarray(at - length, at);
  }
  const [version] = take(1);
  if (version !== PHASE_VERSION) {
    malformed(what, `its version is ${version}, expected ${PHASE_VERSION}`);
  }
  return {
    take,
    u32(most) {
      take(4);
      const value = view.getUint32(at - 4, true);
      if (value > most) malformed(what, `a number in it is ${value}, expected at most ${most}`);
      return value;
    },
    end() {
      if (at < bytes.length) {
        malformed(what, `it has ${bytes.length} bytes, expected ${at}`);
      }
    },
  };
}

/** Refuses a message. */
export function malformed(what: string, found: string): never {
  throw new TributaryError("phase-malformed", `Cannot read ${what}: ${found}`);
}

/** Four bytes, little-endian. */
export function le32(value: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
}

/** A message of this version. */
export function phaseBytes(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return concatBytes([Uint8Array.of(PHASE_VERSION), ...parts]);
}
