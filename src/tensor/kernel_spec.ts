/**
 * How a kernel's operands and numbers are told.
 *
 * @module
 */

/** One operand of a kernel. */
export interface Operand {
  /** As errors call it. */
  readonly name: string;
  /** Whether the kernel writes it or adds to it. */
  readonly written: boolean;
  /** Whether it may be left out. */
  readonly optional: boolean;
  /** How many values it holds, from the kernel's numbers. */
  readonly values: (numbers: readonly number[]) => number;
}

/** What a kernel takes. */
export interface KernelSpec {
  /** In order. */
  readonly operands: readonly Operand[];
  /** Names of the numbers, in order. */
  readonly numbers: readonly string[];
  /** How many of the numbers, the first ones, are whole: sizes, choices and flags. */
  readonly whole: number;
  /** For a kernel that looks up by index: which operand holds the indices. */
  readonly lookup?: Lookup;
}

/** How a kernel looks up. It answers with how many indices it took, or where the first bad one is. */
export interface Lookup {
  /** Place of the indices among the operands. */
  readonly indices: number;
  /** Place, among the numbers, of how many indices there are. */
  readonly count: number;
  /** Place, among the numbers, of what every index is below. */
  readonly bound: number;
}

/**
 * Reads what a kernel takes.
 *
 * @param operands One text for each: its name, `?` where it may be left out, `=` where it is written
 * or added to, then `:` and the factors of its number of values.
 * @param whole    Names of the whole numbers, which the factors refer to.
 * @param scalars  Names of the other numbers.
 */
export function takes(operands: readonly string[], whole: string, scalars = ""): KernelSpec {
  const sizes = whole.split(" ");
  return {
    operands: operands.map((text) => {
      const [, name = "", optional, written, factors = ""] = /^(\w+)(\?)?(=)?: (.+)$/.exec(text) ??
        [];
      return {
        name,
        written: written !== undefined,
        optional: optional !== undefined,
        values: product(
          factors.split(" ").map((factor) => {
            const at = sizes.indexOf(factor);
            return at < 0 ? { factor: Number(factor) } : { at };
          }),
        ),
      };
    }),
    numbers: [...sizes, ...scalars.split(" ").filter((name) => name !== "")],
    whole: sizes.length,
  };
}

/** A constant factor, or the place of one among a kernel's numbers. */
type Factor = { readonly factor: number } | { readonly at: number };

/** Written out for few factors, as it runs for every operand of every call. */
function product(factors: readonly Factor[]): Operand["values"] {
  const constant = factors.reduce((size, it) => "factor" in it ? size * it.factor : size, 1);
  const [a, b, ...others] = factors.flatMap((it) => "at" in it ? [it.at] : []);
  if (a === undefined) return () => constant;
  const first = (numbers: readonly number[]): number => constant * (numbers[a] ?? NaN);
  if (b === undefined) return first;
  const second = (numbers: readonly number[]): number => first(numbers) * (numbers[b] ?? NaN);
  if (others.length === 0) return second;
  return (numbers) => others.reduce((size, at) => size * (numbers[at] ?? NaN), second(numbers));
}

/** The operand of a product of matrices whose rows and columns lie any steps apart. */
export function strided(
  name: string,
  { written, size, steps }: {
    readonly written: boolean;
    /** Places of its numbers of rows and columns. */
    readonly size: readonly [number, number];
    /** Places of the steps from row to row and from column to column. */
    readonly steps: readonly [number, number];
  },
): Operand {
  const [rowsAt, colsAt] = size;
  const [downAt, alongAt] = steps;
  const values = (numbers: readonly number[]): number => {
    const rows = numbers[rowsAt] ?? NaN;
    const cols = numbers[colsAt] ?? NaN;
    if (rows === 0 || cols === 0) return 0;
    return (rows - 1) * (numbers[downAt] ?? NaN) + (cols - 1) * (numbers[alongAt] ?? NaN) + 1;
  };
  return { name, written, optional: false, values };
}
