/**
 * The lowest place of a function of a few numbers.
 *
 * @module
 */

interface Corner {
  readonly x: readonly number[];
  readonly y: number;
}

/** How the search begins and ends. */
export interface MinimiseOptions {
  /** Where the first corner lies; the others lie `stride` off along each axis. */
  readonly start: readonly number[];
  /** Size of the first simplex. */
  readonly stride: number;
  /** The search ends once the corners' values differ by this part, or after so many `looks`. */
  readonly tolerance: number;
  /** Most evaluations. */
  readonly looks: number;
}

/**
 * Nelder and Mead's simplex search (The Computer Journal 7, 1965), which needs no slopes.
 *
 * @param f May be infinite where there is no value.
 * @returns The lowest place that was seen.
 */
export function minimise(
  f: (x: readonly number[]) => number,
  { start, stride, tolerance, looks }: MinimiseOptions,
): readonly number[] {
  let left = looks;
  const look = (x: readonly number[]): Corner => {
    left--;
    return { x, y: f(x) };
  };
  const corners = [
    look(start),
    ...start.map((_, axis) => look(start.map((x, i) => i === axis ? x + stride : x))),
  ];
  const sort = () => corners.sort((a, b) => a.y - b.y);
  const best = () => corners[0] as Corner;
  for (sort(); left > 0; sort()) {
    const worst = corners.at(-1) as Corner;
    const second = corners.at(-2) ?? worst;
    if (worst.y - best().y <= tolerance * Math.abs(best().y)) break;
    const centre = start.map((_, i) =>
      corners.slice(0, -1).reduce((sum, { x }) => sum + (x[i] ?? 0), 0) / (corners.length - 1)
    );
    // From the worst corner through the centre of the others, `factor` times as far.
    const along = (factor: number) =>
      look(centre.map((c, i) => c + factor * ((worst.x[i] ?? 0) - c)));
    const mirrored = along(-1);
    if (mirrored.y < best().y) {
      const further = along(-2);
      corners[corners.length - 1] = further.y < mirrored.y ? further : mirrored;
    } else if (mirrored.y < second.y) {
      corners[corners.length - 1] = mirrored;
    } else {
      const nearer = mirrored.y < worst.y ? along(-0.5) : along(0.5);
      if (nearer.y < Math.min(mirrored.y, worst.y)) {
        corners[corners.length - 1] = nearer;
      } else {
        const low = best();
        corners.forEach((corner, i) => {
          if (i > 0) corners[i] = look(corner.x.map((x, at) => (x + (low.x[at] ?? 0)) / 2));
        });
      }
    }
  }
  return best().x;
}
