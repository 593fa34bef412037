/**
 * The sums of a round by group and lane. Of the instances that share a store each adds into a lane of
 * its own, so that no two ever change one sum; whoever reads a sum adds its lanes. An aggregator of
 * one process has one lane.
 *
 * @module
 */

/** The lane of an aggregator that shares its store with nobody. */
export const ONLY_LANE = 0;

/** Names of a round's sums, by group and lane: those that have an update. */
export type LaneSums = Readonly<Record<number, Readonly<Record<number, string>>>>;

/** The sums of one lane, by group. */
export function laneOf(sums: LaneSums, lane: number): Record<number, string> {
  const names: Record<number, string> = {};
  for (const [group, lanes] of Object.entries(sums)) {
    const name = lanes[lane];
    if (name !== undefined) names[Number(group)] = name;
  }
  return names;
}

/** The same sums, but for those of one lane, which are given by group. */
export function withLane(
  sums: LaneSums,
  lane: number,
  names: Readonly<Record<number, string>>,
): LaneSums {
  const next: Record<number, Record<number, string>> = {};
  for (const [group, name] of Object.entries(names)) {
    next[Number(group)] = { ...sums[Number(group)], [lane]: name };
  }
  return { ...sums, ...next };
}

/** Names of all sums. */
export function sumNames(sums: LaneSums): string[] {
  return Object.values(sums).flatMap((lanes) => Object.values(lanes));
}

/** Names of a group's sums, by ascending lane. */
export function groupSums(sums: LaneSums, group: number): string[] {
  return Object.values(sums[group] ?? {});
}
