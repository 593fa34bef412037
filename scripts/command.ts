/**
 * Starts the tools that the scripts of this folder are made of.
 *
 * @module
 */

/** What a finished command left. */
export interface CommandOutput {
  /** Its exit status; 127 when there is no such program. */
  readonly code: number;
  /** What it printed on both streams, standard output first. */
  readonly text: string;
}

/** How a command runs. */
export interface CommandOptions {
  /** Its folder. */
  readonly cwd: string;
  /** Added to this process's environment. */
  readonly env?: Record<string, string>;
}

/** Runs a command to its end without showing anything; nothing is thrown when it fails. */
export async function runQuietly(
  command: readonly string[],
  { cwd, env = {} }: CommandOptions,
): Promise<CommandOutput> {
  const [program = "", ...args] = command;
  try {
    const child = new Deno.Command(program, { args, cwd, env, stdin: "null" });
    const { code, stdout, stderr } = await child.output();
    const decoder = new TextDecoder();
    return { code, text: decoder.decode(stdout) + decoder.decode(stderr) };
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return { code: 127, text: `${program} is not installed\n` };
  }
}

/** Runs a command with this process's streams. */
export async function runAloud(
  command: readonly string[],
  { cwd, env = {} }: CommandOptions,
): Promise<number> {
  const [program = "", ...args] = command;
  const child = new Deno.Command(program, { args, cwd, env, stdin: "null" });
  return (await child.spawn().status).code;
}

/** True on a machine that must have every tool, so that nothing is passed over unseen. */
export function inContinuousIntegration(): boolean {
  const value = Deno.env.get("CI") ?? "";
  return value !== "" && value !== "false" && value !== "0";
}
