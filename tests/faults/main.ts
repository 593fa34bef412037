/**
 * `./run faults`: whole trees in virtual time, in which everything fails that can.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { addTally, type Tally } from "./coverage.ts";
import { FAULTS } from "./faults.ts";
import { describeFailure, openWorkshop, runSeed } from "./run_seed.ts";
import type { SeedReport } from "./worker.ts";

const SEEDS = 1000;
/** Time between two lines that tell how far it is. */
const PROGRESS_MS = 10_000;

const USAGE = `\
Usage: ./run faults [--seeds N] [--from S] | --replay S

Runs a root, regions, helpers and clients in one process and in virtual time, over the code that runs
live. A seed decides the tree, the task and what goes wrong: messages that are lost, late, cut off or
come twice, processes that die at any step, stores that fail or are full, clocks that jump. Then faults
stop, and the task must end. An observer checks that every acknowledged update is in exactly one
published sum or its round was abandoned, that no session was opened twice, and that sums and models are
those that one process makes of the same updates.

  --seeds N    How many, ${SEEDS} unless told
  --from S     The first one, 0 unless told
  --replay S   One seed, with everything that happens in it
  --help       Show this

Ends with 1 if a rule was broken.`;

/** What is asked for. */
type Request =
  | { readonly kind: "help" }
  | { readonly kind: "replay"; readonly seed: number }
  | { readonly kind: "run"; readonly from: number; readonly seeds: number };

function readRequest(args: readonly string[]): Request {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seeds: { type: "string" },
      from: { type: "string" },
      replay: { type: "string" },
      help: { type: "boolean", short: "h" },
    },
  });
  if (values.help) return { kind: "help" };
  const replay = wholeNumber(values.replay, "replay");
  if (replay !== undefined) return { kind: "replay", seed: replay };
  const from = wholeNumber(values.from, "from") ?? 0;
  return { kind: "run", from, seeds: wholeNumber(values.seeds, "seeds") ?? SEEDS };
}

function wholeNumber(text: string | undefined, name: string): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new TypeError(`Cannot use --${name} ${text}: expected a whole number`);
}

async function replay(seed: number): Promise<number> {
  const outcome = await runSeed(seed, {
    workshop: await openWorkshop(),
    trace: (line) => console.log(line),
  });
  const { hash, events, virtualMs, violations } = outcome;
  console.log(
    `seed ${seed}: ${events} events in ${(virtualMs / 1000).toFixed(1)} s, trace ${hash}`,
  );
  if (violations.length === 0) return 0;
  console.error(describeFailure(outcome));
  return 1;
}

/** What came of many seeds. */
interface Totals {
  readonly failed: number[];
  readonly tally: Tally;
  done: number;
  events: number;
  virtualMs: number;
}

function take(totals: Totals, seed: number, { outcome, error }: SeedReport): void {
  totals.done++;
  if (outcome === undefined) {
    totals.failed.push(seed);
    return console.error(`seed ${seed} could not be run: ${error}`);
  }
  totals.events += outcome.events;
  totals.virtualMs += outcome.virtualMs;
  addTally(totals.tally, outcome.tally);
  if (outcome.violations.length === 0) return;
  totals.failed.push(seed);
  console.error(describeFailure(outcome));
}

async function run(from: number, seeds: number): Promise<number> {
  const totals: Totals = { failed: [], tally: {}, done: 0, events: 0, virtualMs: 0 };
  const began = performance.now();
  const seconds = () => (performance.now() - began) / 1000;
  const timer = setInterval(() => {
    const rate = (totals.done / seconds()).toFixed(1);
    console.log(
      `${totals.done} of ${seeds} seeds, ${rate} a second, ${totals.failed.length} failed`,
    );
  }, PROGRESS_MS);
  let next = from;
  const work = async (): Promise<void> => {
    const worker = new Worker(new URL("worker.ts", import.meta.url), { type: "module" });
    while (next < from + seeds) {
      const seed = next++;
      const { promise, resolve } = Promise.withResolvers<SeedReport>();
      worker.onmessage = ({ data }: MessageEvent<SeedReport>) => resolve(data);
      worker.onerror = (event) => {
        event.preventDefault();
        resolve({ error: event.message });
      };
      worker.postMessage(seed);
      take(totals, seed, await promise);
    }
    worker.terminate();
  };
  const threads = Math.min(navigator.hardwareConcurrency, seeds);
  await Promise.all(Array.from({ length: threads }, work));
  clearInterval(timer);
  console.log(summary(totals));
  const { done, events, virtualMs, failed } = totals;
  console.log(
    `${done} seeds in ${seconds().toFixed(0)} s: ${events} events in ` +
      `${(virtualMs / 3_600_000).toFixed(1)} virtual hours, ${failed.length} failed` +
      (failed.length === 0 ? "" : ` (${failed.slice(0, 20).join(", ")})`),
  );
  return failed.length === 0 ? 0 : 1;
}

/** What was done to the worlds, so that it is seen when something was not. */
function summary({ tally }: Totals): string {
  const lines = Object.entries(tally).sort(([a], [b]) => a < b ? -1 : 1);
  const never = Object.values(FAULTS).filter((fault) => !(fault in tally));
  return [
    ...lines.map(([name, times]) => `${String(times).padStart(8)}  ${name}`),
    ...never.map((name) => `   never  ${name}`),
  ].join("\n");
}

async function main(args: readonly string[]): Promise<number> {
  let request: Request;
  try {
    request = readRequest(args);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    console.error(error.message.split(". ")[0]);
    return 2;
  }
  switch (request.kind) {
    case "help":
      console.log(USAGE);
      return 0;
    case "replay":
      return await replay(request.seed);
    case "run":
      return await run(request.from, request.seeds);
    default:
      throw request satisfies never;
  }
}

if (import.meta.main) Deno.exit(await main(Deno.args));
