/**
 * The rings that parcels are added in: all that an aggregator knows of a masking scheme.
 *
 * @module
 */
import { TributaryError } from "../core/errors.ts";
import type { AggregateCore } from "../wasm/aggregate.ts";
import type { Span } from "../wasm/core_memory.ts";
import { KAHE_RINGS, type KaheRing, polynomialBytes } from "../wasm/kahe.ts";

/** Name of a ring: integers mod 2^32, or residues mod two primes below 2^27 or three below 2^30. */
export type RingName = "u32" | "rns27" | "rns30";

/** Adds parcels slice by slice. */
export interface ParcelRing {
  /** Which one. */
  readonly name: RingName;
  /** A parcel is whole units long. */
  readonly unitBytes: number;
  /** Length of every slice but the last: at most 1 MiB, whole units. */
  readonly sliceBytes: number;
  /**
   * Adds a slice: `acc += slice`.
   *
   * @param acc   A slice of a sum, or zeros.
   * @param slice As long as `acc`, from the same place of a parcel.
   * @throws {TributaryError} `residue-out-of-range` if a word of the slice is no residue. `acc` has not
   * changed then.
   */
  add(core: AggregateCore, acc: Span, slice: Span): void;
}

const MOST_SLICE_BYTES = 1 << 20;

const WORDS: ParcelRing = {
  name: "u32",
  unitBytes: 4,
  sliceBytes: MOST_SLICE_BYTES,
  add: (core, acc, slice) => core.addU32(acc, slice),
};

function residues(name: RingName, ring: KaheRing): ParcelRing {
  const unitBytes = polynomialBytes(ring);
  return {
    name,
    unitBytes,
    sliceBytes: Math.floor(MOST_SLICE_BYTES / unitBytes) * unitBytes,
    add(core, acc, slice) {
      const row = core.addResidues(ring, { acc, x: slice });
      if (row === -1) return;
      const prime = ring.primes[row % ring.primes.length] ?? NaN;
      const words = core.memory.u32(slice).subarray(row * ring.degree);
      const at = words.findIndex((word) => word >= prime);
      throw new TributaryError(
        "residue-out-of-range",
        `Cannot add a slice: its word ${row * ring.degree + at} is ${
          words[at]
        }, expected one below ${prime}`,
      );
    },
  };
}

const RINGS: Readonly<Record<RingName, ParcelRing>> = {
  u32: WORDS,
  rns27: residues("rns27", KAHE_RINGS.P1),
  rns30: residues("rns30", KAHE_RINGS.P2),
};

/**
 * The ring of a name.
 *
 * @example Adding in residues
 * ```ts
 * import { ringOf } from "./mod.ts";
 *
 * const { unitBytes, sliceBytes } = ringOf("rns30");
 * if (sliceBytes !== 21 * unitBytes) throw new Error("a slice has 21 polynomials");
 * ```
 */
export function ringOf(name: RingName): ParcelRing {
  return RINGS[name];
}
