/**
 * What was done to simulated worlds: how often each kind of fault came, and where processes died.
 *
 * @module
 */

/** Counts by name. */
export type Tally = Record<string, number>;

/** Counts one more. */
export function count(tally: Tally, name: string, by = 1): void {
  tally[name] = (tally[name] ?? 0) + by;
}

/** Adds the counts of one tally to another. */
export function addTally(to: Tally, from: Tally): void {
  for (const [name, by] of Object.entries(from)) count(to, name, by);
}
