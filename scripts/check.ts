/**
 * `./run check [NAMES]`: runs all checks, or those named, and shows one line for each.
 *
 * @module
 */
import { allChecks, type Check, type Outcome } from "./checks.ts";

/** Where {@link runChecks} writes, and what time it is. */
export interface CheckOptions {
  /** Takes one line. */
  readonly print: (line: string) => void;
  /** Milliseconds. */
  readonly now: () => number;
}

/** How many checks ended how. */
export interface CheckCounts {
  /** Found nothing. */
  passed: number;
  /** Found something, or could not look. */
  failed: number;
  /** Could not look, where that is allowed. */
  skipped: number;
}

/** Runs checks one after the other; what a check complains of follows its line, indented. */
export async function runChecks(
  checks: readonly Check[],
  { print, now }: CheckOptions,
): Promise<CheckCounts> {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  const width = Math.max(...checks.map(({ name }) => name.length));
  for (const { name, run } of checks) {
    const start = now();
    const outcome = await run().catch((error): Outcome => ({
      kind: "failed",
      output: error instanceof Error ? error.message : String(error),
    }));
    counts[outcome.kind]++;
    const seconds = ((now() - start) / 1000).toFixed(1).padStart(5);
    const line = `${SIGNS[outcome.kind]} ${name.padEnd(width)} ${seconds} s  ${noteOf(outcome)}`;
    print(line.trimEnd());
    if (outcome.kind === "failed") {
      for (const text of outcome.output.trimEnd().split("\n")) print(`    ${text}`);
    }
  }
  return counts;
}

const SIGNS: Readonly<Record<Outcome["kind"], string>> = {
  passed: "ok     ",
  failed: "FAILED ",
  skipped: "SKIPPED",
};

function noteOf(outcome: Outcome): string {
  switch (outcome.kind) {
    case "passed":
      return outcome.note ?? "";
    case "skipped":
      return outcome.reason;
    case "failed":
      return "";
    default:
      return outcome satisfies never;
  }
}

async function main(names: readonly string[]): Promise<number> {
  const root = decodeURIComponent(new URL("..", import.meta.url).pathname).replace(/\/$/, "");
  const checks = await allChecks(root);
  const unknown = names.find((name) => !checks.some((check) => check.name === name));
  if (unknown !== undefined) {
    const known = checks.map(({ name }) => name).join(", ");
    console.error(`Cannot check "${unknown}": the checks are ${known}`);
    return 2;
  }
  const chosen = checks.filter(({ name }) => names.length === 0 || names.includes(name));
  const print = (line: string): void => console.log(line);
  const counts = await runChecks(chosen, { print, now: () => performance.now() });
  console.log(
    `\nchecks: ${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`,
  );
  return counts.failed === 0 ? 0 : 1;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
