/**
 * Aggregators that can be killed.
 *
 * @module
 */
import type { ProcessOptions } from "./aggregator_process.ts";

/** An aggregator in a process of its own. */
export interface AggregatorProcess extends AsyncDisposable {
  /** Its address, the same after each start. */
  readonly url: string;
  /** Starts it, with what its files have. */
  start(options?: Pick<ProcessOptions, "freezeAt">): Promise<void>;
  /** Resolves once it has said a line since its last start. */
  said(line: string): Promise<void>;
  /** SIGKILL: it has no say in how it ends. */
  kill(): Promise<void>;
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
  const script = new URL("./aggregator_process.ts", import.meta.url);
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
    async start(more = {}) {
      const options: ProcessOptions = {
        store: `${folder}/${name}.db`,
        key: `${folder}/${name}.key`,
        ...role,
        ...more,
        port: url === "" ? 0 : Number(new URL(url).port),
      };
      const child = new Deno.Command(Deno.execPath(), {
        args: ["run", "--quiet", "--allow-all", script.href, JSON.stringify(options)],
        stdout: "piped",
        stdin: "null",
      }).spawn();
      const lines = readLines(child.stdout);
      running = { child, lines };
      url = (await lines.find((line) => line.startsWith("ready "))).slice(6);
    },
    async said(line) {
      await running?.lines.find((found) => found === line);
    },
    kill,
    [Symbol.asyncDispose]: kill,
  };
}
