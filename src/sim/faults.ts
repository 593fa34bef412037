/**
 * What goes wrong in a simulation, and how long things take: drawn from the seed alone, so that
 * neither threads nor the order of work can change it.
 *
 * @module
 */
import { deriveSeed, type Rng, seededRng } from "../core/random.ts";

/** How long devices take, in virtual time. Logarithms of times are spread normally. */
export interface Pace {
  /** Median of the milliseconds that a device trains in a round. */
  readonly trainMs: number;
  /** Standard deviation, between devices, of the logarithm of their speeds; default 0.5. */
  readonly spread?: number;
  /** Standard deviation, between the rounds of one device, of the logarithm; default 0.1. */
  readonly jitter?: number;
  /** Median of a device's bytes a second, up and down alike; spread like its speed; default endless. */
  readonly bytesPerSecond?: number;
}

/** What goes wrong, each part by chance and for one round; nothing by default. */
export interface Faults {
  /** Chance that a device is away: it neither trains nor sends. */
  readonly dropout?: number;
  /** Chance that a device which trained goes away before it sends. */
  readonly lost?: number;
  /** Chance that a region cannot be reached, neither by its children nor by its parent. */
  readonly regionDropout?: number;
  /** How long devices take; without it everything takes no time. */
  readonly pace?: Pace;
}

/** What becomes of a device in one round. */
export interface DeviceFate {
  /** What it does: nothing at all, sit the round out and say so, training alone, or everything. */
  readonly does: "nothing" | "abstain" | "train" | "send";
  /** Milliseconds from hearing of the round to the end of its training. */
  readonly trainMs: number;
  /** Milliseconds that it sends for then. */
  readonly sendMs: number;
}

/** What becomes of everyone in one round. */
export interface RoundFates {
  /** By number of the client. */
  readonly devices: readonly DeviceFate[];
  /** Whether an aggregator cannot be reached, by its number; never the root. */
  readonly down: readonly boolean[];
}

/** What fates are drawn for. */
export interface FateOptions {
  /** What may go wrong. */
  readonly faults: Faults;
  /** 32 bytes that decide everything. */
  readonly seed: Uint8Array;
  /** Number of clients. */
  readonly clients: number;
  /** Number of aggregators, root and all. */
  readonly nodes: number;
  /** Bytes that a device fetches and sends in a round. */
  readonly bytes: { readonly down: number; readonly up: number };
}

/** Draws a round's fates; the same round again gives the same ones. */
export type DrawFates = (round: number) => Promise<RoundFates>;

const DEFAULT_SPREAD = 0.5;
const DEFAULT_JITTER = 0.1;

/**
 * Fates of a simulation.
 *
 * @throws {RangeError} If a chance is not in `[0, 1]`, or a time, spread or speed is no number that
 * makes sense.
 */
export async function drawFates(options: FateOptions): Promise<DrawFates> {
  const { faults, seed, clients, nodes } = options;
  checkFaults(faults);
  const slowness = await devices(options);
  return async (round) => {
    const rng = seededRng(await deriveSeed(seed, "faults", round));
    const down = Array.from(
      { length: nodes },
      (_, node) => chance(rng, faults.regionDropout, node),
    );
    return {
      down,
      devices: Array.from({ length: clients }, (_, client) => fate(rng, slowness[client])),
    };
  };

  function fate(rng: Rng, own: Slowness = NO_TIME): DeviceFate {
    // Everyone draws as often, whatever comes of it, so that one rate leaves the others' draws alone.
    const away = rng.uniform() < (faults.dropout ?? 0);
    const lost = rng.uniform() < (faults.lost ?? 0);
    const slower = Math.exp((faults.pace?.jitter ?? DEFAULT_JITTER) * rng.normal());
    return {
      does: away ? "nothing" : lost ? "train" : "send",
      trainMs: Math.round(own.fetchMs + own.trainMs * slower),
      sendMs: Math.round(own.sendMs),
    };
  }
}

/** How long a device takes for everything, but for the jitter. */
interface Slowness {
  readonly fetchMs: number;
  readonly trainMs: number;
  readonly sendMs: number;
}

const NO_TIME: Slowness = { fetchMs: 0, trainMs: 0, sendMs: 0 };

async function devices({ faults, seed, clients, bytes }: FateOptions): Promise<Slowness[]> {
  const { pace } = faults;
  if (pace === undefined) return [];
  const { trainMs, spread = DEFAULT_SPREAD, bytesPerSecond = Infinity } = pace;
  const rng = seededRng(await deriveSeed(seed, "pace"));
  return Array.from({ length: clients }, () => {
    const [training, link] = [Math.exp(spread * rng.normal()), Math.exp(spread * rng.normal())];
    const transferMs = (length: number) => 1000 * length / (bytesPerSecond * link);
    return {
      fetchMs: transferMs(bytes.down),
      trainMs: trainMs * training,
      sendMs: transferMs(bytes.up),
    };
  });
}

function chance(rng: Rng, rate = 0, node = 0): boolean {
  return node > 0 && rng.uniform() < rate;
}

function checkFaults({ pace, ...chances }: Faults): void {
  for (const [name, rate] of Object.entries(chances)) {
    if (!(rate >= 0 && rate <= 1)) {
      throw new RangeError(`Cannot simulate a ${name} of ${rate}: expected a number from 0 to 1`);
    }
  }
  if (pace === undefined) return;
  const { trainMs, spread = 0, jitter = 0, bytesPerSecond = 1 } = pace;
  for (const [name, value] of Object.entries({ trainMs, spread, jitter })) {
    if (!(value >= 0 && Number.isFinite(value))) {
      throw new RangeError(`Cannot simulate a ${name} of ${value}: expected 0 or more`);
    }
  }
  if (!(bytesPerSecond > 0)) {
    throw new RangeError(
      `Cannot simulate ${bytesPerSecond} bytes a second: expected a number above 0`,
    );
  }
}
