/**
 * The demo on real ratings, as a user starts it: how long it takes, and what its two threads do
 * meanwhile. The profiler is on, and what it costs is in the figures.
 *
 *     deno run -A bench/demo.ts [options of the demo]
 *
 * @module
 */
import process from "node:process";
import type { RunRecord } from "../src/cli/run_record.ts";
import { IDLE, OTHER } from "./cpu_profile.ts";
import type { Figure } from "./figure.ts";
import { renderFigures } from "./figure_table.ts";
import { COMPARISON, ENCODING, HASHING, KINDS, secondsOfProfiles, TRAINING } from "./work_kinds.ts";

const ROOT = decodeURIComponent(new URL("..", import.meta.url).pathname);
const DATA = "../shared/data/movielens-latest-small";
const REACH_S = 180;
/** The command with its servers, and the clients. */
const THREADS = 2;

/**
 * Runs the demo in a process of its own.
 *
 * @param options More options of the demo, such as `--rounds 2`.
 */
export async function measureDemo(options: readonly string[] = []): Promise<Figure[]> {
  const folder = await Deno.makeTempDir();
  try {
    const cpuBefore = await childrenCpuS();
    const began = performance.now();
    const { code } = await new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "--quiet", "--allow-all"],
        ...["--cpu-prof", "--cpu-prof-interval=5000", `--cpu-prof-dir=${folder}/profile`],
        ...["src/cli/main.ts", "demo", "--data", DATA, "--out", `${folder}/out`, ...options],
      ],
      cwd: ROOT,
      stdin: "null",
    }).spawn().status;
    const wallS = (performance.now() - began) / 1000;
    if (code !== 0) throw new Error(`Cannot measure the demo: it ended with ${code}`);
    const run: RunRecord = JSON.parse(await Deno.readTextFile(`${folder}/out/run.json`));
    return [
      {
        name: `${run.data.people} clients, ${run.rounds.length} rounds, all in all`,
        value: wallS,
        unit: "s",
        reference: { name: "what it may take", value: REACH_S },
        goal: { kind: "at most", bound: REACH_S },
      },
      {
        name: "processor time, both threads and native ones",
        value: await childrenCpuS() - cpuBefore,
        unit: "s",
        reference: { name: "what two cores had to give meanwhile", value: THREADS * wallS },
      },
      ...await profileFigures(`${folder}/profile`),
      ...qualityFigures(run),
    ];
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** User and system seconds of all processes that were started here and are over, from Linux. */
async function childrenCpuS(): Promise<number> {
  const stat = await Deno.readTextFile(`/proc/${process.pid}/stat`).catch(() => "");
  // The program's name, in parentheses, may have spaces; cutime and cstime are fields 16 and 17.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const ticksPerSecond = 100;
  return (Number(fields[13] ?? NaN) + Number(fields[14] ?? NaN)) / ticksPerSecond;
}

async function profileFigures(folder: string): Promise<Figure[]> {
  const both = await secondsOfProfiles(folder);
  const secondsOf = (...kinds: readonly string[]) =>
    kinds.reduce((sum, kind) => sum + (both.get(kind) ?? 0), 0);
  const all = secondsOf(...both.keys());
  const busy = { name: "both threads at work", value: all - secondsOf(IDLE) };
  return [
    {
      name: "both threads at work, not waiting",
      value: busy.value,
      unit: "s",
      reference: { name: "both threads' lives", value: all },
      goal: { kind: "ratio at least", bound: 0.5 },
    },
    {
      name: "training of all kinds, quantising, adding, hashing",
      value: secondsOf(TRAINING, COMPARISON, ENCODING, HASHING),
      unit: "s",
      reference: busy,
      goal: { kind: "ratio at least", bound: 0.5 },
    },
    ...[...KINDS.map(({ name }) => name), OTHER]
      .toSorted((a, b) => secondsOf(b) - secondsOf(a))
      .map((name) => ({ name: `– ${name}`, value: secondsOf(name), unit: "s", reference: busy })),
  ];
}

function qualityFigures({ results, seed }: RunRecord): Figure[] {
  const of = (method: string) => results.find((result) => result.method === method);
  const central = of("central");
  return (["hitRate", "ndcg"] as const).map((figure) => ({
    name: `federated, ${figure === "hitRate" ? "HR@10" : "NDCG@10"}, seed ${seed}`,
    value: of("federated")?.[figure] ?? NaN,
    unit: "",
    reference: { name: "central", value: central?.[figure] ?? NaN },
  }));
}

if (import.meta.main) console.log(renderFigures(await measureDemo(Deno.args)));
