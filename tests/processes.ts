/**
 * Aggregators and helpers that can be killed.
 *
 * @module
 */
import type { HelperInfo } from "../src/wire/mask_plan.ts";
import type { ProcessOptions } from "./aggregator_process.ts";
import type { HelperProcessOptions } from "./helper_process.ts";

/** A process that can be killed. */
export interface KillableProcess extends AsyncDisposable {
  /** Its address, the same after each start. */
  readonly url: string;
  /** Resolves once it has said a line since its last start. */
  said(line: string): Promise<void>;
  /** SIGKILL: it has no say in how it ends. */
  kill(): Promise<void>;
}

/** An aggregator in a process of its own. */
export interface AggregatorProcess extends KillableProcess {
  /** Starts it, with what its files have. */
  start(options?: Pick<ProcessOptions, "freezeAt">): Promise<void>;
}

/** A helper in a process of its own. */
export interface HelperProcess extends KillableProcess {
  /** How tasks name it; known once it was started. */
  readonly info: HelperInfo;
  /** Starts it, with what its files have. */
  start(): Promise<void>;
}

/** Lines of a stream, as they come. */
interface Lines {
  /** Resolves with the first line that is or will be found; rejects when the stream ends first. */
  find(test: (line: string) => boolean): Promise<string>;
  readonly ended: Promise<void>;
}

function readLines(stream: ReadableStream<Uint8Array>): Lines {
  const lines: string[] = [];
  const asking = new Set<() => void>();
  let over = false;
  async function read(): Promise<void> {
    let rest = "";
    for await (const text of stream.pipeThrough(new TextDecoderStream() as never)) {
      const parts = (rest + text).split("\n");
      rest = parts.pop() ?? "";
      lines.push(...parts);
      for (const ask of asking) ask();
    }
    over = true;
    for (const ask of asking) ask();
  }
  return {
    ended: read(),
    async find(test) {
      const found = Promise.withResolvers<string>();
      const ask = () => {
        const line = lines.find(test);
        if (line !== undefined) found.resolve(line);
        else if (over) found.reject(new Error(`the process ended; it said: ${lines.join(", ")}`));
      };
      asking.add(ask);
      ask();
      try {
        return await found.promise;
      } finally {
        asking.delete(ask);
      }
    },
  };
}

/** An aggregator with files of its own in `folder`, unless the role says otherwise, not started yet. */
export function aggregatorProcess(
  folder: string,
  name: string,
  role: Partial<Pick<ProcessOptions, "parent" | "task" | "store" | "key" | "leaseMs">>,
): AggregatorProcess {
  const process = killable("./aggregator_process.ts");
  return withStart(process, async (more: Pick<ProcessOptions, "freezeAt"> = {}) => {
    const { port } = process;
    const own = { store: `${folder}/${name}.db`, key: `${folder}/${name}.key`, ...role };
    await process.spawn({ ...own, ...more, port } satisfies ProcessOptions);
  });
}

/** A helper with files of its own in `folder`, not started yet. */
export function helperProcess(folder: string, name: string): HelperProcess {
  const process = killable("./helper_process.ts");
  let info: HelperInfo | undefined;
  const started = withStart(process, async () => {
    const { port } = process;
    const own = { store: `${folder}/${name}.db`, key: `${folder}/${name}.key` };
    const options = { ...own, sealing: `${folder}/${name}.sealing.key`, port };
    const said = await process.spawn(options satisfies HelperProcessOptions);
    info = { url: process.url, ...JSON.parse(said) };
  });
  return Object.defineProperty(started, "info", { get: () => info }) as HelperProcess;
}

/** A process that does not know yet how it is started. */
interface Spawned extends KillableProcess {
  /** The port that it had, or 0. */
  readonly port: number;
  /** Starts the script, and gives what it says behind its address once it is ready. */
  spawn(options: object): Promise<string>;
}

function withStart<Args extends unknown[]>(
  process: Spawned,
  start: (...args: Args) => Promise<void>,
): KillableProcess & { start(...args: Args): Promise<void> } {
  return {
    get url() {
      return process.url;
    },
    start,
    said: process.said,
    kill: process.kill,
    [Symbol.asyncDispose]: process.kill,
  };
}

function killable(path: string): Spawned {
  const script = new URL(path, import.meta.url);
  let running: { readonly child: Deno.ChildProcess; readonly lines: Lines } | undefined;
  let url = "";

  async function kill(): Promise<void> {
    if (running === undefined) return;
    const { child, lines } = running;
    running = undefined;
    child.kill("SIGKILL");
    await child.status;
    await lines.ended;
  }

  return {
    get url() {
      return url;
    },
    get port() {
      return url === "" ? 0 : Number(new URL(url).port);
    },
    async spawn(options) {
      const child = new Deno.Command(Deno.execPath(), {
        args: ["run", "--quiet", "--allow-all", script.href, JSON.stringify(options)],
        stdout: "piped",
        stdin: "null",
      }).spawn();
      const lines = readLines(child.stdout);
      running = { child, lines };
      const [, address = "", ...more] = (await lines.find((line) => line.startsWith("ready ")))
        .split(" ");
      url = address;
      return more.join(" ");
    },
    async said(line) {
      await running?.lines.find((found) => found === line);
    },
    kill,
    [Symbol.asyncDispose]: kill,
  };
}
