/**
 * Who stands where in a simulated tree.
 *
 * @module
 */

/** Aggregators by number: the root is 0, then come its regions, level by level. */
export interface TreeShape {
  /** Number of each aggregator's parent; -1 for the root. */
  readonly parents: readonly number[];
  /** Numbers of each aggregator's child regions. */
  readonly children: readonly (readonly number[])[];
  /** Numbers of those that clients send to, in order; the root's alone in a tree without regions. */
  readonly leaves: readonly number[];
  /** The clients at each aggregator, in ascending order; none but at leaves. */
  readonly clients: readonly (readonly number[])[];
}

/**
 * A tree whose aggregators have so many children, level by level: `[3, 4]` is a root with three
 * regions of four regions each. Client `c` sends to leaf `c mod leaves`.
 *
 * @throws {RangeError} If a level is no whole number above 0.
 */
export function treeShape(levels: readonly number[], clients: number): TreeShape {
  const parents = [-1];
  let leaves = [0];
  for (const width of levels) {
    if (!Number.isSafeInteger(width) || width < 1) {
      throw new RangeError(`Cannot make a tree of [${levels}]: expected whole numbers above 0`);
    }
    leaves = leaves.flatMap((parent) =>
      Array.from({ length: width }, () => parents.push(parent) - 1)
    );
  }
  const placed: number[][] = parents.map(() => []);
  for (let client = 0; client < clients; client++) {
    placed[leafAt(leaves, client)]?.push(client);
  }
  const children: number[][] = parents.map(() => []);
  parents.forEach((parent, node) => children[parent]?.push(node));
  return { parents, children, leaves, clients: placed };
}

/** Number of the aggregator that a client sends to. */
export function leafOf({ leaves }: TreeShape, client: number): number {
  return leafAt(leaves, client);
}

function leafAt(leaves: readonly number[], client: number): number {
  return leaves[client % leaves.length] ?? 0;
}
