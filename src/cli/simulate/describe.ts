/**
 * A simulation in words.
 *
 * @module
 */
import type { Faults } from "../../sim/mod.ts";
import { formatBytes, formatDuration } from "../format.ts";

/** The tree, such as `a root, 3 regions, 4 regions below each`. */
export function treeText(tree: readonly number[]): string {
  const count = (regions: number) => `${regions} ${regions === 1 ? "region" : "regions"}`;
  const [first, ...rest] = tree;
  if (first === undefined) return "all at the root";
  return [
    "a root",
    count(first),
    ...rest.map((width) => `${count(width)} below each`),
  ].join(", ");
}

/** What goes wrong, such as `10 % of the clients away in a round`. */
export function faultsText({ dropout, lost, regionDropout, pace }: Faults): string {
  const share = (rate: number | undefined, of: string) =>
    rate === undefined || rate === 0 ? [] : [`${Number((100 * rate).toFixed(2))} % of ${of}`];
  const parts = [
    ...share(dropout, "the clients away in a round"),
    ...share(lost, "those who train lost before they send"),
    ...share(regionDropout, "the regions away in a round"),
    ...(pace === undefined || pace.trainMs === 0
      ? []
      : [`training takes ${formatDuration(pace.trainMs)} at the median`]),
    ...(pace?.bytesPerSecond === undefined
      ? []
      : [`links of ${formatBytes(pace.bytesPerSecond)} a second at the median`]),
  ];
  return parts.length === 0 ? "nothing goes wrong" : parts.join(", ");
}
