/**
 * Going on with a simulation that was saved.
 *
 * @module
 */
import { toHex } from "../core/bytes.ts";
import { webDigest } from "../core/digest.ts";
import { TributaryError } from "../core/errors.ts";
import { canonicalBytes } from "../core/json.ts";
import type { Task } from "../wire/task.ts";
import type { SavedSimulation } from "./checkpoint.ts";
import type { SimulateOptions } from "./options.ts";
import { nameOf } from "./seeds.ts";

/** A simulation's key, and what an earlier start of it left. */
export interface OpenedSimulation {
  /** What tells it from all others. */
  readonly key: string;
  /** What was saved; undefined for one that begins. */
  readonly saved: SavedSimulation | undefined;
}

/**
 * Looks for an earlier start in the checkpoint.
 *
 * @throws {RangeError} If two clients have one id.
 * @throws {TributaryError} `bad-data` if the checkpoint is of another simulation.
 */
export async function openSimulation(
  task: Task,
  options: SimulateOptions & { readonly seed: Uint8Array },
): Promise<OpenedSimulation> {
  const { clients, tree = [], faults = {}, seed, checkpoint } = options;
  const names = clients.map(nameOf);
  if (new Set(names).size < names.length) {
    const twice = names.find((name, at) => names.indexOf(name) !== at);
    throw new RangeError(`Cannot simulate two clients called "${twice}": they would draw alike`);
  }
  const decides = { task, clients: names, tree, faults, seed: toHex(seed) };
  const key = toHex(await webDigest(canonicalBytes(decides)));
  const saved = await checkpoint?.load();
  if (saved !== undefined && saved.key !== key) {
    throw new TributaryError(
      "bad-data",
      `Cannot go on from a checkpoint: it is of the simulation ${saved.key}, expected ${key}`,
    );
  }
  return { key, saved };
}
