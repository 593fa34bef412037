/**
 * Masks that are sums of what seeds stand for, with a sign each: of `secagg_plus`. A long parcel is
 * masked as kahe1 masks, under the sum of uniform keys; a short one by the sum of keystreams.
 *
 * @module
 */
import { TributaryError } from "../core/errors.ts";
import type { RandomSource } from "../core/random.ts";
import type { AggregateCore } from "../wasm/aggregate.ts";
import { polynomialBytes, SEED_BYTES, type SeedKey } from "../wasm/kahe.ts";
import { kahe1Bounds, type Kahe1Shape, kahe1Shape, polynomialCount } from "./kahe1_shape.ts";
import { checkNoise, inArena, maskUnder, openUnder } from "./kahe1_work.ts";
import { checkParcel, checkParcelPlan, checkSum, type ParcelPlan } from "./parcel.ts";
import { publicSeed } from "./public_seed.ts";
import { type ParcelRing, ringOf } from "./ring.ts";

/** Most values of a parcel that is masked by keystreams. */
const MOST_PADDED = 4096;

/** Masks and opens with seeds. */
export interface SeedMasks {
  /** What masked parcels are added in. */
  readonly ring: ParcelRing;
  /** Length of a masked parcel. */
  readonly parcelBytes: number;
  /**
   * Masks a parcel.
   *
   * @throws {TributaryError} `update-misshapen`, `update-out-of-range` as every scheme.
   */
  mask(core: AggregateCore, work: SeedWork): Promise<Uint8Array<ArrayBuffer>>;
  /**
   * Opens a sum of `clients` parcels under the sum of all their seeds.
   *
   * @throws {TributaryError} `length-mismatch`, `residue-out-of-range`; `noise-excessive` or
   * `shares-inconsistent` if the seeds are not those of the sum, or a parcel in it is none.
   */
  open(
    core: AggregateCore,
    work: Omit<SeedWork, "random" | "parcel"> & {
      readonly sum: Uint8Array;
      readonly clients: number;
    },
  ): Promise<Uint8Array<ArrayBuffer>>;
}

/** What is masked, and by what. */
export interface SeedWork {
  /** Little-endian words, a value each. */
  readonly parcel: Uint8Array;
  /** The sid, 32 bytes. */
  readonly sid: Uint8Array;
  /** Seeds whose masks are added, or taken away. */
  readonly seeds: readonly SeedKey[];
  /** CSPRNG. */
  readonly random: RandomSource;
}

/**
 * How parcels of a plan are masked.
 *
 * @throws {TributaryError} `task-refused` for parcels whose sums do not fit or would not open rightly.
 */
export function seedMasks(plan: ParcelPlan): SeedMasks {
  checkParcelPlan(plan);
  return plan.values <= MOST_PADDED ? padMasks(plan) : keyMasks(plan);
}

function padMasks(plan: ParcelPlan): SeedMasks {
  const parcelBytes = 4 * plan.values;
  return {
    ring: ringOf("u32"),
    parcelBytes,
    mask(core, { parcel, seeds }) {
      checkParcel(core, plan, parcel);
      return Promise.resolve(padded(core, parcel, seeds));
    },
    open(core, { sum, clients, seeds }) {
      checkSum(plan, { sum, clients, bytes: parcelBytes });
      const away = seeds.map(({ seed, minus }) => ({ seed, minus: !minus }));
      const words = padded(core, sum, away);
      checkSums(words, clients * plan.largest);
      return Promise.resolve(words);
    },
  };
}

function padded(
  core: AggregateCore,
  bytes: Uint8Array,
  seeds: readonly SeedKey[],
): Uint8Array<ArrayBuffer> {
  const { memory } = core;
  const mark = memory.mark();
  const words = memory.alloc(bytes.length);
  try {
    memory.u8(words).set(bytes);
    for (const { seed, minus } of seeds) {
      if (minus) core.subPad(seed, words);
      else core.addPad(seed, words);
    }
    return memory.u8(words).slice();
  } finally {
    memory.u8(words).fill(0);
    memory.release(mark);
  }
}

/** What is left must be sums that so many clients can give: with a wrong pad it is uniform. */
function checkSums(bytes: Uint8Array<ArrayBuffer>, most: number): void {
  const at = new Uint32Array(bytes.buffer).findIndex((word) => word > most);
  if (at < 0) return;
  throw new TributaryError(
    "shares-inconsistent",
    `Cannot open a sum: its value ${at} is more than its clients can give, at most ${most}; a seed or a parcel in it is not what it should be`,
  );
}

function keyMasks(plan: ParcelPlan): SeedMasks {
  const shape = kahe1Shape(plan.slotBits);
  const { maxClients } = kahe1Bounds(shape);
  if (plan.maxClients > maxClients) {
    throw new TributaryError(
      "task-refused",
      `Cannot mask for ${plan.maxClients} clients in ${shape.slots.count} slots of ${plan.slotBits} bits: the errors of more than ${maxClients} could overflow`,
    );
  }
  const polys = polynomialCount(shape, plan.values);
  const parcelBytes = polys * polynomialBytes(shape.ring);
  return {
    ring: ringOf(shape.ringName),
    parcelBytes,
    async mask(core, { parcel, sid, seeds, random }) {
      checkParcel(core, plan, parcel);
      const seed = await publicSeed(sid);
      const errorSeed = random(SEED_BYTES);
      try {
        return underSeeds(
          core,
          shape,
          seeds,
          (under) => maskUnder(core, shape, { ...under, parcel, parcelBytes, seed, errorSeed }),
        );
      } finally {
        errorSeed.fill(0);
      }
    },
    async open(core, { sum, sid, clients, seeds }) {
      checkSum(plan, { sum, clients, bytes: parcelBytes });
      const seed = await publicSeed(sid);
      const { values } = plan;
      const { words, noise } = underSeeds(
        core,
        shape,
        seeds,
        (under) => openUnder(core, shape, { ...under, sum, values, seed }),
      );
      checkNoise(noise, { clients, coefficients: polys * shape.ring.degree });
      return words;
    },
  };
}

type UnderSeeds = Pick<Parameters<typeof openUnder>[2], "tables" | "key">;

/** Runs under the sum of the uniform keys of seeds, which is forgotten. */
function underSeeds<T>(
  core: AggregateCore,
  shape: Kahe1Shape,
  seeds: readonly SeedKey[],
  run: (under: UnderSeeds) => T,
): T {
  const { memory } = core;
  const { ring } = shape;
  return inArena(core, shape, ({ tables, transformed }) => {
    const sum = memory.alloc(polynomialBytes(ring));
    try {
      memory.u8(sum).fill(0);
      for (const seed of seeds) core.addSeedKey(ring, sum, seed);
      core.readyKey(ring, { sum, out: transformed });
      return run({ tables, key: transformed });
    } finally {
      memory.u8(sum).fill(0);
    }
  });
}
