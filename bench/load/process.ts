/**
 * Processes that are put under load, and how much memory they ever had.
 *
 * @module
 */
import type { Limits } from "../../edge/limits.ts";
import type { ServerPlan } from "./server.ts";

/** Where a region runs. */
export interface RegionPlace {
  /** Folder of its files. */
  readonly folder: string;
  /** Address of its parent. */
  readonly parent: string;
  /** Digest of the task. */
  readonly task: string;
  readonly limits?: Partial<Limits>;
}

/** A server in a process of its own. */
export interface LoadedServer extends AsyncDisposable {
  /** Its address. */
  readonly url: string;
  /** Most memory that it ever had resident, in MB; NaN where the system does not tell. */
  peakMb(): Promise<number>;
}

/** Starts a server of this runtime; SIGKILL ends it. */
export async function startServer(plan: ServerPlan): Promise<LoadedServer> {
  const script = new URL("server.ts", import.meta.url).pathname;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-check", "--allow-all", script, JSON.stringify(plan)],
    stdin: "null",
    stdout: "piped",
  }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream() as never).getReader();
  const { value } = await reader.read() as ReadableStreamReadResult<string>;
  if (value === undefined) throw new Error(`Cannot measure: the ${plan.kind} did not start`);
  return {
    url: value.trim(),
    peakMb: () => peakMbOf(child.pid),
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await child.status;
      await reader.cancel();
    },
  };
}

/** Most memory that a process ever had resident, in MB; NaN where the system does not tell. */
export async function peakMbOf(pid: number): Promise<number> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`).catch(() => "");
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? NaN) / 1000;
}
