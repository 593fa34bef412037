/**
 * The few rows of a table that one person's training touches.
 *
 * @module
 */

/** Rows that are touched, and lists of items as numbers of those rows. */
export interface TouchedRows {
  /** Items, each once, by first appearance. */
  readonly touched: Uint32Array;
  /** Each list that was given, with places in `touched` for items. */
  readonly lists: readonly Uint32Array[];
}

/**
 * Numbers items by first appearance, and lists them in that order.
 *
 * @param items Rows of the whole table.
 * @throws {RangeError} If an item is outside.
 */
export function numberRows(items: number, lists: readonly Uint32Array[]): TouchedRows {
  const numbers = new Int32Array(items).fill(-1);
  const touched: number[] = [];
  const number = (item: number): number => {
    const known = numbers[item];
    if (known === undefined) {
      throw new RangeError(`Cannot train on item ${item}: expected one below ${items}`);
    }
    if (known >= 0) return known;
    numbers[item] = touched.length;
    return touched.push(item) - 1;
  };
  const numbered = lists.map((list) => list.map(number));
  return { touched: Uint32Array.from(touched), lists: numbered };
}
