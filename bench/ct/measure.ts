/**
 * Whether time tells secrets: every secret-dependent kernel of the aggregate core, timed on one fixed
 * secret and on many. Run as a script, it prints a table.
 *
 * @module
 */
import { seededRng, systemRandom } from "../../src/core/random.ts";
import { inlineModule } from "../../src/wasm/mod.ts";
import type { Figure } from "../figure.ts";
import { renderFigures } from "../figure_table.ts";
import { coreSubjects } from "./subjects.ts";
import { tryOut } from "./trial.ts";

/** Runs of each subject, of both classes together. */
const RUNS = 200_000;

/** Above it, times are taken to depend on the secret: one in 10^5 tests of equal times is. */
const MOST_T = 4.5;

/** Measures `|t|` for each subject. */
export async function measureConstantTime(runs: number = RUNS): Promise<Figure[]> {
  const rng = seededRng(systemRandom(32));
  const now = () => performance.now();
  const subjects = coreSubjects({ module: await inlineModule("aggregate"), rng });
  return subjects.map((subject) => {
    const { t, meanMs } = tryOut(subject, { runs, rng, now });
    const mean = `${(1000 * meanMs).toFixed(1)} µs each`;
    return {
      name: `${subject.name}: |t| over ${runs} runs of ${mean}`,
      value: t,
      unit: "",
      goal: { kind: "at most", bound: MOST_T },
    };
  });
}

if (import.meta.main) console.log(renderFigures(await measureConstantTime()));
