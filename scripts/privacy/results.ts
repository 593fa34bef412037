/**
 * What was measured so far, in a file that a run goes on from, and the table of it.
 *
 * @module
 */
import { meanAndSpread } from "../../bench/figure.ts";

/** One number: who, in which world, how. */
export interface Measurement {
  /** Clients of the world. */
  readonly clients: number;
  /** Which world of so many. */
  readonly world: number;
  /** How it was learned. */
  readonly method: string;
  /** Hit rate at 10. */
  readonly hitRate: number;
}

/** What was measured under some settings. */
export interface Results {
  /** What decides the numbers; others are begun anew. */
  readonly settings: unknown;
  /** Numbers so far. */
  readonly measurements: Measurement[];
}

/** Reads what an earlier start left under the same settings; else nothing. */
export async function openResults(path: string, settings: unknown): Promise<Results> {
  try {
    const found = JSON.parse(await Deno.readTextFile(path)) as Results;
    if (JSON.stringify(found.settings) === JSON.stringify(settings)) return found;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return { settings, measurements: [] };
}

/** Writes beside the file and moves, so that an interrupted run leaves a whole one. */
export async function saveResults(path: string, results: Results): Promise<void> {
  const text = `${JSON.stringify(results, null, 2)}\n`;
  await Deno.writeTextFile(`${path}.part`, text);
  await Deno.rename(`${path}.part`, path);
}

/** The table: a row a method, a column a size, means over worlds with the lowest and the highest. */
export function renderTable(
  { measurements }: Results,
  { methods, sizes }: { readonly methods: readonly string[]; readonly sizes: readonly number[] },
): string {
  const grouped = new Intl.NumberFormat("en-US");
  const cell = (method: string, clients: number): string => {
    const values = measurements
      .filter((one) => one.method === method && one.clients === clients)
      .map(({ hitRate }) => hitRate);
    if (values.length === 0) return "–";
    const { value, spread } = meanAndSpread(values);
    if (values.length === 1) return `${value.toFixed(3)} (one world)`;
    return `${value.toFixed(3)} (${spread.map((end) => end.toFixed(3)).join("–")})`;
  };
  const rows = methods.map((method) => [method, ...sizes.map((size) => cell(method, size))]);
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [
    line(["HR@10", ...sizes.map((size) => `${grouped.format(size)} clients`)]),
    line(["---", ...sizes.map(() => "---:")]),
    ...rows.map(line),
  ].join("\n");
}
