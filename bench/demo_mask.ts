/**
 * What masking costs end to end: the demo masked, as it is by default, beside the same demo without.
 *
 * @module
 */
import { type Figure, median } from "./figure.ts";
import { renderFigures } from "./figure_table.ts";

const ROOT = decodeURIComponent(new URL("..", import.meta.url).pathname);
/** Of each kind, in turn, so that both meet the same machine. */
const TURNS = 5;
const REACH = 1.5;

/** Seconds of a demo from its call to its end, on the people that it invents. */
async function secondsOf(mask: "kahe1" | "none"): Promise<number> {
  const out = await Deno.makeTempDir();
  try {
    const began = performance.now();
    const { code, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "--quiet", "--allow-all", "src/cli/main.ts", "demo"],
        ...["--mask", mask, "--fresh", "--out", out],
      ],
      cwd: ROOT,
      stdin: "null",
    }).output();
    if (code !== 0) {
      const end = new TextDecoder().decode(stderr).trim().split("\n").at(-1);
      throw new Error(
        `Cannot measure the demo with mask ${mask}: ${end || `it ended with ${code}`}`,
      );
    }
    return (performance.now() - began) / 1000;
  } finally {
    await Deno.remove(out, { recursive: true });
  }
}

/** Measures both. */
export async function measureDemoMask(): Promise<Figure[]> {
  const seconds = { kahe1: [] as number[], none: [] as number[] };
  for (let turn = 0; turn < TURNS; turn++) {
    for (const mask of ["none", "kahe1"] as const) seconds[mask].push(await secondsOf(mask));
  }
  return [{
    name: "the demo, masked, with five helpers, from its call to its end",
    value: median(seconds.kahe1),
    spread: [Math.min(...seconds.kahe1), Math.max(...seconds.kahe1)],
    unit: "s",
    reference: { name: "the demo, not masked", value: median(seconds.none) },
    goal: { kind: "ratio at most", bound: REACH },
  }];
}

if (import.meta.main) console.log(renderFigures(await measureDemoMask()));
