/**
 * A thousand devices of 100 000 values each against one region of every kind: how many it takes a
 * second when all come at once, how long they wait, how much memory it has, what it adds at half its
 * load, and whether it recovers when it is asked for more than it holds.
 *
 * Regions and devices are processes of their own on loopback; the root is in this one.
 *
 * @module
 */
import { type Figure, median } from "../figure.ts";
import { renderFigures } from "../figure_table.ts";
import { idleTask, serveIdleTask } from "../idle_task.ts";
import type { LoadPlan, LoadResult } from "./clients.ts";
import { type RegionKind, regionKinds } from "./kinds.ts";
import { taskId } from "../../src/wire/task.ts";
import { enrolDevices } from "./devices.ts";

const DEVICES = 1000;
const VALUES = 100_000;
const REPETITIONS = 3;
/** Tries of a device that is turned away. */
const TRIES = 12;
/** A region that is overrun holds so few of a thousand. */
const OVERRUN = { waitingUploads: 100 };
const ADDED_MS = 25;

/** Sends what devices have signed. */
async function send(
  plan: LoadPlan,
  folder: string,
): Promise<LoadResult> {
  const path = `${folder}/plan.json`;
  await Deno.writeTextFile(path, JSON.stringify(plan));
  const script = new URL("clients.ts", import.meta.url).pathname;
  const { code, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-check", "--allow-read", "--allow-net=127.0.0.1", script, path],
    stderr: "inherit",
  }).output();
  if (code !== 0) throw new Error("Cannot measure: the devices failed");
  const result: LoadResult = JSON.parse(new TextDecoder().decode(stdout));
  if (result.accepted !== plan.uploads.length) {
    throw new Error(`Cannot measure: of ${plan.uploads.length} devices came ${stdout}`);
  }
  return result;
}

async function measureKind(kind: RegionKind, folder: string): Promise<Figure[]> {
  const task = idleTask({ values: VALUES, clients: DEVICES, rounds: 2 + 2 * REPETITIONS });
  await using root = await serveIdleTask(task, folder);
  const inFolder = { folder, parent: root.url, task: await taskId(task) };
  let region = await kind.start(inFolder);
  await using bare = await kind.startBare();
  const members = await enrolDevices(region.url, { task, devices: DEVICES, folder });
  let last = 0;

  /** One round. */
  async function round(gapMs: number): Promise<LoadResult> {
    const signed = await members.sign(region.url, { after: last, tries: TRIES });
    last = signed.round;
    const port = Number(new URL(region.url).port);
    const plan = { gapMs, uploads: signed.uploads };
    lastPlan = plan;
    return await send({ port, ...plan }, folder);
  }
  let lastPlan: Omit<LoadPlan, "port"> | undefined;
  /** The same bytes to a server that does nothing else with them. */
  async function again(): Promise<LoadResult> {
    if (lastPlan === undefined) throw new TypeError("Cannot send again: nothing was sent");
    return await send({ port: Number(new URL(bare.url).port), ...lastPlan }, folder);
  }

  await round(0);
  const ours: LoadResult[] = [];
  const theirs: LoadResult[] = [];
  for (let i = 0; i < REPETITIONS; i++) {
    ours.push(await round(0));
    theirs.push(await again());
  }
  const rate = median(ours.map(({ seconds }) => DEVICES / seconds));
  const gapMs = 2000 / rate;
  const peakMb = await region.peakMb();
  const calm: LoadResult[] = [];
  const calmBare: LoadResult[] = [];
  for (let i = 0; i < REPETITIONS; i++) {
    calm.push(await round(gapMs));
    calmBare.push(await again());
  }
  await region[Symbol.asyncDispose]();
  region = await kind.start({ ...inFolder, limits: OVERRUN });
  // It takes only what is signed from the next second on.
  await new Promise((resolve) => setTimeout(resolve, 1500));
  const overrun = await round(0);
  await region[Symbol.asyncDispose]();
  const p50 = median(ours.map(({ p50Ms }) => p50Ms));
  const p99 = median(ours.map(({ p99Ms }) => p99Ms));
  const calmP99 = median(calm.map(({ p99Ms }) => p99Ms));
  const bareP99 = median(calmBare.map(({ p99Ms }) => p99Ms));
  return [
    {
      name: `${kind.name}: ${DEVICES} devices of ${VALUES} values at once`,
      value: rate,
      unit: "uploads/s",
      reference: {
        name: `${kind.bareName} that reads and hashes`,
        value: median(theirs.map(({ seconds }) => DEVICES / seconds)),
      },
    },
    { name: `${kind.name}: half of them wait less than`, value: p50, unit: "ms" },
    { name: `${kind.name}: 99 of 100 wait less than`, value: p99, unit: "ms" },
    {
      name: `${kind.name}: most memory of its process`,
      value: peakMb,
      unit: "MB",
      reference: { name: `${kind.bareName}'s`, value: await bare.peakMb() },
    },
    {
      name: `${kind.name}: what the 99th percentile adds at half that load`,
      value: calmP99 - bareP99,
      unit: "ms",
      reference: { name: `${kind.bareName}'s own`, value: bareP99 },
      goal: { kind: "at most", bound: ADDED_MS },
    },
    {
      name: `${kind.name}: the same with room for ${OVERRUN.waitingUploads}, ` +
        `${overrun.turnedAway} times turned away, all taken in the end`,
      value: DEVICES / overrun.seconds,
      unit: "uploads/s",
      reference: { name: "with room for all", value: rate },
    },
  ];
}

/** Measures every kind of region that this machine can run. */
export async function measureLoad(): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const kind of await regionKinds()) {
    const folder = await Deno.makeTempDir();
    try {
      figures.push(...await measureKind(kind, folder));
    } finally {
      await kind.end();
      await Deno.remove(folder, { recursive: true });
    }
  }
  return figures;
}

if (import.meta.main) console.log(renderFigures(await measureLoad()));
