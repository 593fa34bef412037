/**
 * Aggregators in real Node for tests, in processes of their own.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { writeJavaScript } from "../../tests/runtimes/to_javascript.ts";
import type { NodeProgramOptions } from "./_program_testing.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const PROGRAM = fileURLToPath(new URL("_program_testing.ts", import.meta.url));

/** Whether there is no Node that can run this; in CI one has to be. */
export const LACKS_NODE: boolean = await lacksNode();

async function lacksNode(): Promise<boolean> {
  try {
    const { stdout } = await new Deno.Command("node", { args: ["-p", "process.versions.node"] })
      .output();
    if (Number.parseInt(new TextDecoder().decode(stdout)) >= 20) return false;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  if (Deno.env.get("CI") === "true") throw new Error("Cannot test Node: there is none from 20 on");
  return true;
}

/** The program as JavaScript, in a folder of its own. */
export interface NodeProgram extends AsyncDisposable {
  /** Starts it. */
  start(options: NodeProgramOptions): Promise<NodeServer>;
}

/** A server in Node. */
export interface NodeServer {
  /** Its address. */
  readonly url: string;
  /** Stops it gracefully; once. */
  stop(): Promise<void>;
  /** SIGKILL. */
  kill(): Promise<void>;
}

/** Writes the program. */
export async function nodeProgram(): Promise<NodeProgram> {
  const folder = await Deno.makeTempDir({ prefix: "node-" });
  const path = await writeJavaScript(PROGRAM, { root: ROOT, folder });
  return {
    start: (options) => startNode(path, options),
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}

async function startNode(path: string, options: NodeProgramOptions): Promise<NodeServer> {
  const child = new Deno.Command("node", {
    args: [path, JSON.stringify(options)],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const errors = new Response(child.stderr).text();
  const lines = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let said = "";
  while (!said.includes("\n")) {
    const { value, done } = await lines.read();
    if (done) {
      await child.stdin.close().catch(() => {});
      await child.status;
      throw new Error(`Node ended: ${await errors}`);
    }
    said += value;
  }
  let ending: Promise<void> | undefined;
  async function end(ask: () => unknown, goal: number | undefined): Promise<void> {
    await ask();
    while (!(await lines.read()).done);
    const { code } = await child.status;
    const text = await errors;
    if (code !== goal && goal !== undefined) throw new Error(`Node ended with ${code}: ${text}`);
  }
  return {
    url: said.split(" ")[1] ?? "",
    stop: () => ending ??= end(() => child.stdin.close(), 0),
    kill: () =>
      ending ??= end(async () => {
        child.kill("SIGKILL");
        await child.stdin.close().catch(() => {});
      }, undefined),
  };
}
