/**
 * How much of the platform's own speed a region keeps.
 *
 * Bodies that are verified, hashed, added and durable, in Deno on SQLite and in an object of workerd,
 * beside a bare server of the same runtime that reads and SHA-256-hashes the same bodies and does
 * nothing else. The load comes from another process, over connections that stay open, with requests
 * that were signed before; both servers get the very same bytes. Repetitions alternate, and medians are
 * compared.
 *
 * @module
 */
import { type Figure, median } from "./figure.ts";
import { renderFigures } from "./figure_table.ts";
import { startCommittee } from "./committee.ts";
import { idleTask } from "./idle_task.ts";
import type { LoadPlan, LoadResult } from "./ingest_load.ts";
import { IN_DENO, IN_WORKERD, type Runtime } from "./ingest_runtimes.ts";
import { enrolDevices } from "./load/devices.ts";

/** One size of body. */
interface Case {
  readonly name: string;
  /** Values of an update. */
  readonly values: number;
  /** Whether updates are masked, 19 bits a value, with evidence; else they have 32 bits a value. */
  readonly isMasked: boolean;
  readonly uploads: number;
  readonly connections: number;
  /** Share of the bare server's rate to reach. */
  readonly reach?: number;
  /** Uploads a second to reach. */
  readonly perSecond?: number;
}

const LARGE = { uploads: 120, connections: 16 };
const MASKED = { ...LARGE, name: "3 MB, masked", values: 1_000_000, isMasked: true, reach: 0.6 };
const PLAIN = { ...LARGE, name: "3 MB", values: 750_000, isMasked: false };
const SMALL = { name: "40 KB", values: 10_000, isMasked: false, uploads: 2000, connections: 64 };
const CASES: readonly (readonly [Runtime, Case])[] = [
  [IN_DENO, MASKED],
  [IN_DENO, PLAIN],
  [IN_DENO, { ...SMALL, perSecond: 1000 }],
  [IN_WORKERD, MASKED],
  [IN_WORKERD, PLAIN],
];
const REPETITIONS = 7;
const HELPERS = 5;

/** Sends what devices have signed. */
async function load(
  url: string,
  { connections, uploads, folder }: Omit<LoadPlan, "port"> & { readonly folder: string },
): Promise<LoadResult> {
  const plan: LoadPlan = { port: Number(new URL(url).port), connections, uploads };
  await Deno.writeTextFile(`${folder}/plan.json`, JSON.stringify(plan));
  const script = new URL("ingest_load.ts", import.meta.url).pathname;
  const { code, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-check", "--allow-read", "--allow-net", script, `${folder}/plan.json`],
    stderr: "inherit",
  }).output();
  if (code !== 0) throw new Error("Cannot measure: the load generator failed");
  const result: LoadResult = JSON.parse(new TextDecoder().decode(stdout));
  if (result.statuses["201"] !== uploads.length) {
    throw new Error(`Cannot measure: answers were ${JSON.stringify(result.statuses)}`);
  }
  return result;
}

/** Measures one case: how many a second, and how long the slowest of a hundred waits. */
async function measure(runtime: Runtime, test: Case): Promise<Figure[]> {
  const folder = await Deno.makeTempDir();
  try {
    await using stack = new AsyncDisposableStack();
    const task = idleTask({
      ...{ values: test.values, clients: test.uploads, rounds: REPETITIONS + 1 },
      ...(test.isMasked && { helpers: await startCommittee(stack, { size: HELPERS, folder }) }),
    });
    const { url } = stack.use(await runtime.open(task, folder));
    const devices = await enrolDevices(url, { task, devices: test.uploads, folder });
    const ours: LoadResult[] = [];
    const theirs: LoadResult[] = [];
    for (let repetition = 0; repetition <= REPETITIONS; repetition++) {
      const signed = await devices.sign(url, { after: repetition, tries: 1 });
      const uploads = signed.uploads.map(({ heads: [head = ""], body }) => ({ head, body }));
      const plan = { connections: test.connections, uploads, folder };
      const result = await load(url, plan);
      await using server = await runtime.bare();
      const reference = await load(server.url, plan);
      // The first of each warms up.
      if (repetition === 0) continue;
      ours.push(result);
      theirs.push(reference);
    }
    const rates = (results: readonly LoadResult[]) =>
      results.map(({ seconds }) => test.uploads / seconds);
    return [
      {
        name: `bodies of ${test.name} in ${runtime.name}, ${test.connections} connections`,
        value: median(rates(ours)),
        unit: "uploads/s",
        spread: [Math.min(...rates(ours)), Math.max(...rates(ours))],
        reference: { name: "bare server that reads and hashes", value: median(rates(theirs)) },
        ...(test.reach && { goal: { kind: "ratio at least", bound: test.reach } }),
        ...(test.perSecond && { goal: { kind: "at least", bound: test.perSecond } }),
      },
      {
        name: `– 99th percentile of a request's time, ${test.name} in ${runtime.name}`,
        value: median(ours.map(({ p99Ms }) => p99Ms)),
        unit: "ms",
        reference: { name: "bare server", value: median(theirs.map(({ p99Ms }) => p99Ms)) },
      },
    ];
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Measures all cases, medians of repetitions. */
export async function measureIngest(): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const [runtime, test] of CASES) figures.push(...await measure(runtime, test));
  return figures;
}

if (import.meta.main) console.log(renderFigures(await measureIngest()));
