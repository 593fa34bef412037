/**
 * What is left in a sealed sum of `secagg_plus`: the self seeds of those in it, and the masks that they
 * share with those that are not.
 *
 * @module
 */
import { equalBytes } from "../core/bytes.ts";
import { TributaryError } from "../core/errors.ts";
import type { SeedKey } from "../wasm/kahe.ts";
import type { Advertisement } from "../wire/phase_up.ts";
import { agree, agreementKey, isLower, pairSeed } from "./agreement.ts";
import { type SecaggRound, seedCommitment } from "./secagg_plus_round.ts";
import { joinSecret, type SecretShare } from "./secret_shares.ts";

/** A client that has shared its keys. */
export interface Survivor {
  /** Place in the roster. */
  readonly place: number;
  /** Its id. */
  readonly member: string;
  /** Whether its parcel is not in the sum. */
  readonly isDropped: boolean;
  /** What it advertised. */
  readonly keys: Advertisement;
  /** What its self seed is known by. */
  readonly commitment: Uint8Array;
  /** Places of its neighbours. */
  readonly neighbours: readonly number[];
  /** Shares that came back: of its self seed, or of its mask key if it is dropped. */
  readonly shares: readonly SecretShare[];
}

/** All that have shared their keys, and how many shares give a secret. */
export interface SeedSum {
  /** How many. */
  readonly threshold: number;
  /** By any order. */
  readonly all: readonly Survivor[];
}

/** The round. */
export type JoinRound = SecaggRound & {
  /** The sid, 32 bytes. */
  readonly sidBytes: Uint8Array;
};

/**
 * The seeds whose masks, with their signs, add up to all that masks a sealed sum.
 *
 * @throws {TributaryError} `shares-missing` for too few shares of a secret; `shares-inconsistent` if no
 * choice of them gives the secret that its client was known by.
 */
export async function joinSums(round: JoinRound, { threshold, all }: SeedSum): Promise<SeedKey[]> {
  const seeds: SeedKey[] = [];
  const present = new Map(all.filter((it) => !it.isDropped).map((it) => [it.place, it]));
  for (const one of all) {
    if (!one.isDropped) {
      const seed = await secretOf(round, one, {
        threshold,
        isIt: async (seed) =>
          equalBytes(await seedCommitment(round, { member: one.member, seed }), one.commitment),
      });
      seeds.push({ seed, minus: false });
      continue;
    }
    const secret = await secretOf(round, one, {
      threshold,
      isIt: async (secret) => equalBytes((await agreementKey(secret)).publicKey, one.keys.maskKey),
    });
    seeds.push(...await leftOver(round, { secret, one, present }));
    secret.fill(0);
  }
  return seeds;
}

/** The masks between one whose parcel is not in the sum, and its neighbours whose is. */
async function leftOver(
  round: JoinRound,
  { secret, one, present }: {
    readonly secret: Uint8Array;
    readonly one: Survivor;
    readonly present: ReadonlyMap<number, Survivor>;
  },
): Promise<SeedKey[]> {
  const key = await agreementKey(secret);
  const beside = one.neighbours.flatMap((place) => present.get(place) ?? []);
  return await Promise.all(beside.map(async ({ member, keys }) => {
    const shared = await agree(key, keys.maskKey);
    const clients = [one.member, member] as const;
    const seed = await pairSeed(shared, { sid: round.sidBytes, clients });
    shared.fill(0);
    // As the one that is in the sum has added it.
    return { seed, minus: !isLower(member, one.member) };
  }));
}

/**
 * A secret out of its shares. Where one of them is wrong, others may do: every run of as many as the
 * threshold is tried, around in a circle.
 */
async function secretOf(
  { core }: SecaggRound,
  { member, shares }: Survivor,
  { threshold, isIt }: {
    readonly threshold: number;
    isIt(secret: Uint8Array): Promise<boolean>;
  },
): Promise<Uint8Array<ArrayBuffer>> {
  if (shares.length < threshold) {
    throw new TributaryError(
      "shares-missing",
      `Cannot open a sum: ${shares.length} shares of a secret of ${member} came back, expected at least ${threshold}`,
    );
  }
  const twice = [...shares, ...shares];
  const runs = shares.length === threshold ? 1 : shares.length;
  for (let from = 0; from < runs; from++) {
    const secret = tried(() => joinSecret(core, twice.slice(from, from + threshold)));
    if (secret !== undefined && await isIt(secret)) return secret;
  }
  throw new TributaryError(
    "shares-inconsistent",
    `Cannot open a sum: no ${threshold} of ${shares.length} shares give the secret that ${member} is known by`,
  );
}

function tried<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (error instanceof TributaryError) return undefined;
    throw error;
  }
}
