/**
 * `./run fuzz`: hostile bytes for everything that reads bytes from outside.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { DECODERS } from "./decoders.ts";
import { bytesOfCase, type Failure } from "./run_case.ts";
import { describeFailure } from "./run_cases.ts";
import type { FuzzOrder, FuzzReport } from "./worker.ts";

const CASES = 1_000_000;
/** Cases that a thread takes at once. */
const CHUNK = 1000;
/** Longest that a thread may stay at one case, also on a machine that does much else. */
const STUCK_MS = 60_000;
/** No case yet: the thread still loads what it runs. */
const LOADING = -1;

const USAGE = `\
Usage: ./run fuzz [--cases N] [--seed S] [--only NAME [--case I]]

Gives changed messages and files to everything that reads bytes from outside. Each must be read, and be
encoded to the same bytes again, or be refused by an error with a code, in reasonable time and room.

  --cases N    How many in all, ${CASES} unless told
  --seed S     The same seed makes the same cases; drawn unless told
  --only NAME  One decoder
  --case I     One case of it, whose bytes are shown, in hex
  --list       Show the names of the decoders
  --help       Show this`;

/** A run, as it was asked for. */
interface Request {
  readonly seed: number;
  readonly cases: number;
  readonly decoders: readonly number[];
  readonly only: number | undefined;
}

function wholeNumber(text: string | undefined, name: string): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new TypeError(`Cannot use --${name} ${text}: expected a whole number`);
}

function readRequest(args: readonly string[]): Request | string {
  const { values } = parseArgs({
    args: [...args],
    options: {
      cases: { type: "string" },
      seed: { type: "string" },
      only: { type: "string" },
      case: { type: "string" },
      list: { type: "boolean" },
      help: { type: "boolean", short: "h" },
    },
  });
  if (values.help) return USAGE;
  if (values.list) return DECODERS.map(({ name }) => name).join("\n");
  const all = DECODERS.map((_, at) => at);
  const decoders = all.filter((at) => (values.only ?? DECODERS[at]?.name) === DECODERS[at]?.name);
  if (decoders.length === 0) {
    throw new TypeError(`Cannot fuzz "${values.only}": ./run fuzz --list shows the names`);
  }
  const only = wholeNumber(values.case, "case");
  if (only !== undefined && decoders.length > 1) {
    throw new TypeError("Cannot run one case of all decoders: name one by --only");
  }
  return {
    seed: wholeNumber(values.seed, "seed") ?? Math.floor(Math.random() * 1e9),
    cases: wholeNumber(values.cases, "cases") ?? CASES,
    decoders,
    only,
  };
}

/** Parts of the work, so that threads are done at about the same time. */
function chunksOf({ cases, decoders, only, seed }: Request): Omit<FuzzOrder, "progress">[] {
  const [first] = decoders;
  if (only !== undefined && first !== undefined) {
    return [{ decoder: first, seed, from: only, to: only + 1 }];
  }
  const shareOf = (decoder: number): number => DECODERS[decoder]?.share ?? 1;
  const shares = decoders.reduce((sum, decoder) => sum + shareOf(decoder), 0);
  return decoders.flatMap((decoder) => {
    const own = Math.ceil(cases * shareOf(decoder) / shares);
    return Array.from({ length: Math.ceil(own / CHUNK) }, (_, at) => {
      return { decoder, seed, from: at * CHUNK, to: Math.min(own, (at + 1) * CHUNK) };
    });
  });
}

/** Does one part; a thread that does not get on is a failure, too. */
async function runChunk(worker: Worker, part: Omit<FuzzOrder, "progress">): Promise<FuzzReport> {
  const progress = new SharedArrayBuffer(4);
  const cases = new Int32Array(progress);
  Atomics.store(cases, 0, LOADING);
  const { promise, resolve, reject } = Promise.withResolvers<FuzzReport>();
  worker.onmessage = ({ data }: MessageEvent<FuzzReport>) => resolve(data);
  worker.onerror = (event) => {
    event.preventDefault();
    reject(new Error(`the thread ended: ${event.message}`));
  };
  let [last, sinceMs] = [LOADING, performance.now()];
  const timer = setInterval(() => {
    const index = Atomics.load(cases, 0);
    if (index !== last) [last, sinceMs] = [index, performance.now()];
    if (index === LOADING || performance.now() - sinceMs < STUCK_MS) return;
    const decoder = DECODERS[part.decoder];
    if (decoder === undefined) return;
    const name = { seed: part.seed, index };
    const bytes = bytesOfCase(decoder, name);
    const found = `it did not end within ${STUCK_MS} ms`;
    resolve({ failure: { ...name, decoder: decoder.name, found, bytes } });
  }, 1000);
  try {
    worker.postMessage({ ...part, progress } satisfies FuzzOrder);
    return await promise;
  } finally {
    clearInterval(timer);
  }
}

async function run(request: Request): Promise<number> {
  const parts = chunksOf(request);
  const total = parts.reduce((sum, { from, to }) => sum + to - from, 0);
  const failures: Failure[] = [];
  let done = 0;
  console.log(`seed ${request.seed}: ${total} cases for ${request.decoders.length} decoders`);
  const began = performance.now();
  const work = async (): Promise<void> => {
    const start = () => new Worker(new URL("worker.ts", import.meta.url), { type: "module" });
    let worker = start();
    for (let part = parts.shift(); part !== undefined; part = parts.shift()) {
      const { decoder, from, to } = part;
      const { failure } = await runChunk(worker, part);
      done += to - from;
      if (failure === undefined) continue;
      failures.push(failure);
      console.error(describeFailure(failure));
      // One is enough to go by; and who is stuck is not asked again.
      for (let at = parts.length - 1; at >= 0; at--) {
        if (parts[at]?.decoder === decoder) parts.splice(at, 1);
      }
      worker.terminate();
      worker = start();
    }
    worker.terminate();
  };
  const threads = Math.min(navigator.hardwareConcurrency, parts.length);
  await Promise.all(Array.from({ length: threads }, work));
  const seconds = ((performance.now() - began) / 1000).toFixed(0);
  console.log(`${done} cases in ${seconds} s: ${failures.length} decoders failed`);
  return failures.length === 0 ? 0 : 1;
}

async function main(args: readonly string[]): Promise<number> {
  let request: Request | string;
  try {
    request = readRequest(args);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    console.error(error.message.split(". ")[0]);
    return 2;
  }
  if (typeof request === "string") {
    console.log(request);
    return 0;
  }
  const [decoder] = request.decoders.map((at) => DECODERS[at]);
  if (request.only !== undefined && decoder !== undefined) {
    const bytes = bytesOfCase(decoder, { seed: request.seed, index: request.only });
    console.log(bytes.toHex());
  }
  return await run(request);
}

if (import.meta.main) Deno.exit(await main(Deno.args));
