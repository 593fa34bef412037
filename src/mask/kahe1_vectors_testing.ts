/**
 * The cases of `kahe1_vectors.json`, computed by the slow reference alone.
 *
 * @module
 */
import { createHash, hkdfSync } from "node:crypto";
import {
  gaussian,
  lagrange,
  maskOne,
  openOne,
  publicRows,
  REFERENCE_RINGS,
  uniform,
} from "./reference_testing.ts";

/** One shape: three clients, five helpers, a threshold of four. */
export interface VectorCase {
  readonly ring: "P1" | "P2";
  readonly slots: { readonly count: number; readonly bits: number };
  /** Values of a parcel. */
  readonly values: number;
  /** Client `c` (from 0) sends `(i · (2c + 3) · 7919 + c) mod (largest + 1)` as value `i`. */
  readonly largest: number;
  /** SHA-256 of the words that are named, little-endian. */
  readonly clients: readonly {
    readonly key: string;
    readonly residues: string;
    /** First four words of every row of the first polynomial. */
    readonly firstWords: readonly (readonly number[])[];
    /** Shares 4 and 5; 1 to 3 are the seeds. */
    readonly shares: readonly string[];
  }[];
  readonly sum: string;
  readonly opened: string;
  readonly firstOpened: readonly number[];
  readonly noise: { readonly most: number; readonly squares: number };
}

/** The sid of all cases: bytes 0 to 31. */
export const SID: Uint8Array = Uint8Array.from({ length: 32 }, (_, i) => i);

/** The seeds of client `c`, in the order in which they are drawn: key, errors, shares 1 to 3. */
export function seedsOf(client: number): Uint8Array<ArrayBuffer>[] {
  return [0, 1, 2, 3, 4].map((purpose) =>
    Uint8Array.from({ length: 32 }, (_, i) => 16 * client + purpose + 7 * i + 1)
  );
}

/** The values of client `c`. */
export function valuesOf(
  client: number,
  { values, largest }: { readonly values: number; readonly largest: number },
): Uint32Array<ArrayBuffer> {
  return Uint32Array.from(
    { length: values },
    (_, i) => (i * (2 * client + 3) * 7919 + client) % (largest + 1),
  );
}

/** SHA-256 of little-endian words, hex. */
export function hashWords(words: ArrayLike<number>): string {
  const bytes = new Uint8Array(Uint32Array.from(words).buffer);
  return createHash("sha256").update(bytes).digest("hex");
}

/** Everything about one shape, by the reference. */
export function vectorCase(
  name: "P1" | "P2",
  slots: { readonly count: number; readonly bits: number },
  polys: number,
): VectorCase {
  const ring = REFERENCE_RINGS[name];
  const n = ring.degree;
  const size = slots.count * n;
  // The last polynomial is not full.
  const values = polys * size - 100;
  const largest = Math.floor((2 ** slots.bits - 1) / 3);
  const publicSeed = new Uint8Array(hkdfSync("sha256", SID, "", "tributary/1/kahe1/a", 32));
  const rows = Array.from({ length: polys }, (_, poly) => publicRows(ring, publicSeed, poly));
  const clients = [0, 1, 2].map((client) => {
    const [keySeed, errorSeed, ...shareSeeds] = seedsOf(client);
    const key = gaussian(n, { tenths: 45, key: keySeed!, nonce: [0, 0, 0] });
    const sent = new Uint32Array(polys * size);
    sent.set(valuesOf(client, { values, largest }));
    const residues = rows.map((a, poly) => {
      const part = sent.subarray(poly * size, (poly + 1) * size);
      return maskOne({ ring, slots, a, errorSeed: errorSeed!, key, poly, values: part });
    });
    const drawn = shareSeeds.map((seed) =>
      uniform(n, { p: 1073692673, key: seed, nonce: [0, 0, 0] })
    );
    const words = key.map((word) => word < 0 ? word + 1073692673 : word);
    const points = [words, ...drawn];
    const shares = [4, 5].map((x) => {
      // What the point at each place counts for, at x.
      const weights = points.map((_, at) =>
        lagrange(points.map((_, x) => [x, x === at ? 1 : 0]), x)
      );
      return words.map((_, i) => {
        const terms = points.map((row, at) => BigInt(weights[at]!) * BigInt(row[i]!));
        return Number(terms.reduce((sum, term) => sum + term) % 1073692673n);
      });
    });
    return { key, words, residues, shares };
  });
  const sums = rows.map((_, poly) =>
    clients[0]!.residues[poly]!.map((_, i) =>
      clients.reduce((sum, { residues }) => sum + residues[poly]![i]!, 0) %
      ring.primes[Math.floor(i / n)]!.p
    )
  );
  const keySum = clients[0]!.key.map((_, i) => clients.reduce((sum, { key }) => sum + key[i]!, 0));
  const opened = rows.map((a, poly) => openOne(sums[poly]!, { ring, slots, a, key: keySum }));
  const list = opened.flatMap((coefficients) =>
    Array.from({ length: size }, (_, i) => coefficients[i % n]!.values[Math.floor(i / n)]!)
  ).slice(0, values);
  const errors = opened.flat().map(({ error }) => Math.abs(Number(error)));
  return {
    ring: name,
    slots,
    values,
    largest,
    clients: clients.map(({ words, residues, shares }) => ({
      key: hashWords(words),
      residues: hashWords(residues.flat()),
      firstWords: ring.primes.map((_, row) => residues[0]!.slice(row * n, row * n + 4)),
      shares: shares.map(hashWords),
    })),
    sum: hashWords(sums.flat()),
    opened: hashWords(list),
    firstOpened: list.slice(0, 8),
    noise: {
      most: Math.max(...errors),
      squares: errors.reduce((sum, error) => sum + error * error, 0),
    },
  };
}
