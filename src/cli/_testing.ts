/**
 * What the tests of the command line share: a terminal that keeps what is printed, the command line
 * as a process of its own, and folders that go away again.
 *
 * @module
 */
import { join } from "node:path";
import { Writable } from "node:stream";
import { runProgram } from "./program.ts";
import type { Terminal } from "./terminal.ts";

/** A terminal that keeps its lines. */
export interface KeptTerminal extends Terminal {
  /** Lines of standard output. */
  readonly out: string[];
  /** Lines of standard error. */
  readonly err: string[];
  /** All that was drawn on the stream. */
  drawn(): string;
}

/** A terminal that nobody watches, unless `live`. */
export function keptTerminal(live = false): KeptTerminal {
  const out: string[] = [];
  const err: string[] = [];
  const chunks: string[] = [];
  const stream = new Writable({
    write(chunk, _encoding, done) {
      chunks.push(String(chunk));
      done();
    },
  });
  Object.assign(stream, { isTTY: true, columns: 80 });
  return {
    out,
    err,
    live,
    stream,
    print: (line) => void out.push(line),
    warn: (line) => void err.push(line),
    drawn: () => chunks.join(""),
  };
}

/** Runs a command in this process. */
export async function runHere(
  ...args: string[]
): Promise<{ readonly code: number; readonly out: string; readonly err: readonly string[] }> {
  const terminal = keptTerminal();
  const code = await runProgram(args, terminal);
  return { code, out: terminal.out.join("\n"), err: terminal.err };
}

/** A command in a process of its own. */
export interface CliProcess extends AsyncDisposable {
  /** The first line, of either output, that matches; rejects if the process ends without one. */
  said(pattern: RegExp): Promise<RegExpMatchArray>;
  /** Ctrl-C. */
  interrupt(): void;
  /** Kills it without a word. */
  kill(): void;
  /** Its exit code and all its lines. */
  readonly ended: Promise<{ readonly code: number; readonly out: string; readonly err: string }>;
}

/** Where a process starts, and what its environment has besides this one's. */
export interface CliPlace {
  /** The folder. */
  readonly cwd: string;
  /** Variables. */
  readonly env: Readonly<Record<string, string>>;
}

/** Starts a command in a process of its own. */
export function startCli(place: string | CliPlace, ...args: string[]): CliProcess {
  const { cwd, env } = typeof place === "string" ? { cwd: place, env: {} } : place;
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--quiet", "--no-check", "--config", pathOf("../../deno.json")],
      ...["--allow-read", "--allow-write", "--allow-env", "--allow-sys", "--allow-net=127.0.0.1"],
      ...[pathOf("main.ts"), ...args],
    ],
    cwd,
    env,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const texts = { out: "", err: "" };
  const asking = new Set<() => void>();
  let isOver = false;
  const tell = () => asking.forEach((ask) => ask());
  const read = async (name: "out" | "err", stream: ReadableStream<Uint8Array>) => {
    const decoder = new TextDecoder();
    for await (const bytes of stream) {
      texts[name] += decoder.decode(bytes, { stream: true });
      tell();
    }
  };
  const ended = (async () => {
    await Promise.all([read("out", child.stdout), read("err", child.stderr)]);
    const { code } = await child.status;
    isOver = true;
    tell();
    return { code, ...texts };
  })();
  return {
    ended,
    interrupt: () => child.kill("SIGINT"),
    kill: () => child.kill("SIGKILL"),
    async said(pattern) {
      const found = Promise.withResolvers<RegExpMatchArray>();
      const ask = () => {
        // Only whole lines: the rest of one may still be under way.
        const whole = [texts.out, texts.err].map((text) =>
          text.slice(0, text.lastIndexOf("\n") + 1)
        );
        const match = whole.map((text) => text.match(pattern)).find((match) => match !== null);
        if (match) found.resolve(match);
        else if (isOver) {
          found.reject(new Error(`No ${pattern} before its end:\n${texts.out}${texts.err}`));
        }
      };
      asking.add(ask);
      ask();
      try {
        return await found.promise;
      } finally {
        asking.delete(ask);
      }
    },
    async [Symbol.asyncDispose]() {
      if (!isOver) {
        try {
          child.kill("SIGKILL");
        } catch {
          // It ended just now.
        }
      }
      await ended;
    },
  };
}

function pathOf(name: string): string {
  return decodeURIComponent(new URL(name, import.meta.url).pathname);
}

/** A folder for one test. */
export interface TestFolder extends AsyncDisposable {
  /** Path of a file in it. */
  path(name?: string): string;
  /** Writes a file into it, and gives its path. */
  write(name: string, content: string | Uint8Array): Promise<string>;
  /** All paths in it, sorted. */
  list(): Promise<string[]>;
}

/** Makes a folder that is removed at the end of its scope. */
export async function testFolder(): Promise<TestFolder> {
  const folder = await Deno.makeTempDir();
  const path = (name = "") => join(folder, name);
  return {
    path,
    async write(name, content) {
      const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
      await Deno.writeFile(path(name), bytes);
      return path(name);
    },
    async list() {
      const found: string[] = [];
      const walk = async (under: string): Promise<void> => {
        for await (const entry of Deno.readDir(path(under))) {
          const name = join(under, entry.name);
          found.push(name);
          if (entry.isDirectory) await walk(name);
        }
      };
      await walk("");
      return found.sort();
    },
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}
