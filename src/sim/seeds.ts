/**
 * The seeds of a simulation: one for everything, one for each client.
 *
 * @module
 */
import { utf8 } from "../core/bytes.ts";
import { deriveSeed } from "../core/random.ts";
import type { CrewClient } from "./crew.ts";
import type { SimulatedClient } from "./options.ts";

/**
 * The 32 bytes that decide a simulation.
 *
 * @throws {RangeError} If bytes are given and there are not 32 of them.
 */
export async function seedBytes(seed: number | Uint8Array): Promise<Uint8Array> {
  if (typeof seed === "number") return await deriveSeed(utf8("tributary/simulation"), seed);
  if (seed.length !== 32) {
    throw new RangeError(`Cannot simulate with a seed of ${seed.length} bytes: expected 32`);
  }
  return seed;
}

/** What a client's seed is derived from: its id, or its number. */
export function nameOf({ id }: SimulatedClient, client: number): string {
  return id ?? String(client);
}

/** The clients with a seed each, as devices have them that join with `seed`. */
export async function clientSeeds(
  seed: Uint8Array,
  clients: readonly SimulatedClient[],
): Promise<CrewClient[]> {
  return await Promise.all(clients.map(async (one, client) => ({
    client,
    seed: await deriveSeed(seed, "client", nameOf(one, client)),
    training: one,
  })));
}
