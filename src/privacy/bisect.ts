/**
 * The place where a falling function passes a bound.
 *
 * @module
 */

/** Looks after which two neighbouring float64 numbers are left, from any bracket. */
const LOOKS = 300;

/**
 * The smallest `x ≥ 0`, to relative precision `tolerance`, with `f(x) ≤ bound`, for an `f` that never
 * rises. The answer errs upwards: `f` of it is at most `bound`.
 *
 * Looks where a power law through both ends of the bracket would pass the bound, a little to either
 * side in turn, and halves the bracket where that does not shrink it.
 *
 * @param f      Never rises; may be infinite.
 * @param start  First guess, above 0.
 * @returns `Infinity` if no `x` below 1e300 is enough.
 *
 * @example
 * ```ts
 * import { bisectFalling } from "./bisect.ts";
 *
 * const root = bisectFalling((x) => 1 / x, { bound: 0.5, start: 1, tolerance: 1e-9 });
 * if (Math.abs(root - 2) > 1e-8) throw new Error("not two");
 * ```
 */
export function bisectFalling(
  f: (x: number) => number,
  { bound, start, tolerance }: {
    readonly bound: number;
    readonly start: number;
    readonly tolerance: number;
  },
): number {
  let low = { x: 0, y: f(0) };
  if (low.y <= bound) return 0;
  let high = { x: start, y: f(start) };
  while (!(high.y <= bound)) {
    low = high;
    const x = high.x * 2;
    if (x > 1e300) return Infinity;
    high = { x, y: f(x) };
  }
  for (let look = 0; look < LOOKS && high.x - low.x > tolerance * high.x; look++) {
    const middle = (low.x + high.x) / 2;
    const slope = Math.log(high.y / low.y) / Math.log(high.x / low.x);
    const aside = 1 + (look % 2 === 0 ? 0.4 : -0.4) * tolerance;
    const guess = high.x * (bound / high.y) ** (1 / slope) * aside;
    const x = look % 3 !== 2 && guess > low.x && guess < high.x ? guess : middle;
    const y = f(x);
    if (y <= bound) high = { x, y };
    else low = { x, y };
  }
  return high.x;
}
