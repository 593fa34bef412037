/**
 * Throw-away Python environments, for what is measured against Python programs. They are set up on
 * first use, beside the sources and ignored by git.
 *
 * @module
 */
const CACHE = new URL("../.bench-cache/", import.meta.url);

/** Something that a part needs is not there: the part is passed over, visibly. */
export class SkippedError extends Error {
  /** Always the class's name. */
  override readonly name = "SkippedError";
}

/** What a Python program is run with. */
export interface PythonRun {
  /** Name of the environment, and of its folder. */
  readonly venv: string;
  /** What pip installs in it, pinned. */
  readonly packages: readonly string[];
  /** The program, and what it is given. */
  readonly args: readonly string[];
  /** Environment variables beside those of this process. */
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * Runs a program and reads what it says in a line that begins with `RESULT `.
 *
 * @throws {SkippedError} If the environment cannot be set up: no Python, no network, no such package.
 */
export async function runPython<T>({ venv, packages, args, env = {} }: PythonRun): Promise<T> {
  const python = await preparePython(venv, packages);
  const { success, stdout, stderr } = await new Deno.Command(python, {
    args: [...args],
    env: { PYTHONDONTWRITEBYTECODE: "1", ...env },
    stdin: "null",
  }).output();
  const lines = new TextDecoder().decode(stdout).split("\n");
  const result = lines.findLast((line) => line.startsWith("RESULT "));
  if (!success || result === undefined) {
    const end = new TextDecoder().decode(stderr).trim().split("\n").slice(-3).join(" | ");
    throw new Error(`Cannot measure with ${packages.join(", ")}: ${end || "it said nothing"}`);
  }
  return JSON.parse(result.slice("RESULT ".length));
}

/**
 * The interpreter of an environment, which is made if it is not there or holds something else.
 *
 * @param venv     Its name.
 * @param packages What pip installs in it, pinned.
 * @throws {SkippedError} If it cannot be set up: no Python, no network, no such package.
 */
export async function preparePython(
  venv: string,
  packages: readonly string[],
): Promise<string> {
  const folder = decodeURIComponent(new URL(`${venv}/`, CACHE).pathname);
  const python = `${folder}bin/python`;
  const record = `${folder}packages.txt`;
  const wanted = packages.join("\n");
  if (await Deno.readTextFile(record).catch(() => "") === wanted) return python;
  console.log(`installing ${packages.join(", ")} in a Python environment of its own …`);
  await Deno.remove(folder, { recursive: true }).catch(() => {});
  await step("python3", ["-m", "venv", folder]);
  await step(python, ["-m", "pip", "install", "--quiet", "--no-cache-dir", ...packages]);
  // Last, so that an interrupted installation is made anew.
  await Deno.writeTextFile(record, wanted);
  return python;
}

async function step(command: string, args: readonly string[]): Promise<void> {
  const skip = (why: string, cause?: Error): SkippedError =>
    new SkippedError(`Cannot run ${command} ${args.slice(0, 3).join(" ")} …: ${why}`, { cause });
  let output: Deno.CommandOutput;
  try {
    output = await new Deno.Command(command, { args: [...args], stdin: "null" }).output();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) throw skip("it is not installed", error);
    throw error;
  }
  if (output.success) return;
  const said = new TextDecoder().decode(output.stderr).trim().split("\n");
  throw skip(said.findLast((line) => line.startsWith("ERROR")) ?? said.at(-1) ?? "it failed");
}
