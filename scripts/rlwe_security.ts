/**
 * Prints what kahe1's keys cost to find, as docs/SECURITY.md has it:
 * `deno run scripts/rlwe_security.ts`.
 *
 * @module
 */
import { KAHE_ERROR_WIDTH, KAHE_RINGS } from "../src/wasm/kahe.ts";
import { latticeCost } from "./lattice_attacks.ts";

/** σ of a key's coefficients, as `drawKey` draws them. */
const KEY_WIDTH = 4.5;

/** How much of a key's and its errors' widths is left to one who knows more. */
const VIEWS = [
  { name: "one parcel", left: 1 },
  { name: "its sum with one other honest client's", left: Math.SQRT1_2 },
  { name: "the same, as the proof of Hint-LWE loses", left: 1 / 2 },
];

/** The table of docs/SECURITY.md, in Markdown, without padding. */
export function rlweTable(): string[] {
  const lines = Object.values(KAHE_RINGS).flatMap(({ name, degree, primes }) =>
    VIEWS.map((view) => {
      const cost = latticeCost({
        degree,
        logModulus: primes.reduce((sum, prime) => sum + Math.log2(prime), 0),
        secretWidth: view.left * KEY_WIDTH,
        errorWidth: view.left * KAHE_ERROR_WIDTH,
      });
      const figures = [cost.primal, cost.dual, cost.quantum, cost.standard];
      return [name, view.name, cost.blockSize, ...figures.map((bits) => bits.toFixed(0))];
    })
  );
  const head = ["profile", "seen", "β", "primal", "dual", "quantum", "HE standard"];
  return [head, head.map(() => "---"), ...lines].map((cells) => `| ${cells.join(" | ")} |`);
}

if (import.meta.main) console.log(rlweTable().join("\n"));
