/**
 * What both sides of `secagg_plus` refuse in the same words.
 *
 * @module
 */
import { TributaryError } from "../core/errors.ts";

/**
 * Checks that there are clients enough to go on.
 *
 * @param what What so many clients have done.
 * @throws {TributaryError} `survivors-missing`.
 */
export function enough(found: number, least: number, what: string): void {
  if (found >= least) return;
  throw new TributaryError(
    "survivors-missing",
    `Cannot go on: ${found} ${what}, expected at least ${least}`,
  );
}

/**
 * Refuses what speaks of a place that it has no business with.
 *
 * @throws {TributaryError} `place-unknown`.
 */
export function unknownPlace(what: string, place: number): never {
  throw new TributaryError(
    "place-unknown",
    `Cannot take ${what}: place ${place} in it is no neighbour that it may speak of`,
  );
}
