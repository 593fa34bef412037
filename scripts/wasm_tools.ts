/**
 * Gets what building the cores needs: a Rust with the wasm target, wasm-pack, wasm-bindgen and
 * wasm-opt. What is there in the right version is used; the rest goes into `.wasm-tools/`.
 *
 * @module
 */

import { TOOLS } from "./wasm_sources.ts";

const TARGET = "wasm32-unknown-unknown";

/** What one command gave. */
export interface CommandResult {
  /** Whether it ran and ended with status 0. */
  readonly ok: boolean;
  /** Standard output, trimmed. */
  readonly text: string;
}

/** Runs a command; what it prints is kept, or shown when `show` is set. */
export type RunCommand = (
  command: readonly string[],
  options?: { show?: boolean; cwd?: URL; env?: Record<string, string>; limitMs?: number },
) => Promise<CommandResult>;

/** Runs commands with this process's rights. One that does not exist counts as failed. */
export const runCommand: RunCommand = async (command, options = {}) => {
  const [name = "", ...args] = command;
  const out = options.show ? "inherit" : "null";
  try {
    const result = await new Deno.Command(name, {
      args,
      stdin: "null",
      stdout: options.show ? "inherit" : "piped",
      stderr: out,
      ...(options.cwd && { cwd: options.cwd }),
      ...(options.env && { env: options.env }),
      ...(options.limitMs && { signal: AbortSignal.timeout(options.limitMs) }),
    }).output();
    const text = options.show ? "" : new TextDecoder().decode(result.stdout).trim();
    return { ok: result.success, text };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return { ok: false, text: "" };
    throw error;
  }
};

/** What the toolchain is found with: injected, so that a test can play a bare machine. */
export interface ToolchainOptions {
  /** `.wasm-tools/`, ending in `/`; made when something must be installed. */
  readonly tools: URL;
  /** The environment's PATH. */
  readonly path: string;
  /** Runs a command. */
  readonly run: RunCommand;
  /** Says what is being installed. */
  readonly report: (line: string) => void;
}

/** A toolchain that is ready. */
export interface Toolchain {
  /** PATH with which all tools are found, ours first. */
  readonly path: string;
  /** What `rustc --version` says. */
  readonly rustc: string;
}

/**
 * Makes sure of all tools.
 *
 * @throws {Error} If one is missing and cannot be installed; the sentence names it.
 */
export async function prepareToolchain(options: ToolchainOptions): Promise<Toolchain> {
  const { tools, report } = options;
  const local = decodeURIComponent(tools.pathname);
  let path = `${local}bin:${local}npm/node_modules/.bin:${options.path}`;
  const run: RunCommand = (command, more = {}) =>
    options.run(command, { ...more, env: { ...more.env, PATH: path } });

  /** Runs a step of an installation, aloud. */
  async function install(what: string, ...command: string[]): Promise<void> {
    report(`Getting ${what}: ${command.join(" ")}`);
    if (!(await run(command, { show: true })).ok) {
      throw new Error(`Cannot get ${what}: "${command.join(" ")}" failed`);
    }
  }

  /** Whether rustc has the standard library of the wasm target. */
  async function hasTarget(): Promise<boolean> {
    const folder = await run(["rustc", "--print", "target-libdir", "--target", TARGET]);
    return folder.ok && (await run(["ls", folder.text])).text.includes("libstd-");
  }

  if (!await hasTarget()) {
    report(`Getting the Rust target ${TARGET}`);
    await run(["rustup", "target", "add", TARGET], { show: true, limitMs: 120_000 });
    if (!await hasTarget()) {
      // Debian's own Rust has the target's sources only: its standard library is built once.
      path = `/usr/bin:${path}`;
      const script = decodeURIComponent(new URL("./debian_rust.sh", import.meta.url).pathname);
      if (!await hasTarget()) await install("Debian's Rust", "sh", script, `${local}std`);
    }
  }

  if ((await run(["wasm-pack", "--version"])).text !== `wasm-pack ${TOOLS.wasmPack}`) {
    const version = `wasm-pack@${TOOLS.wasmPack}`;
    await install("wasm-pack", "cargo", "install", version, "--locked", "--root", local);
  }
  if ((await run(["wasm-bindgen", "--version"])).text !== `wasm-bindgen ${TOOLS.wasmBindgen}`) {
    const version = `wasm-bindgen-cli@${TOOLS.wasmBindgen}`;
    await install(
      "wasm-bindgen",
      ...["cargo", "install", version, "--bin", "wasm-bindgen", "--root", local],
    );
  }
  if (
    !(await run(["wasm-opt", "--version"])).text.startsWith(`wasm-opt version ${TOOLS.binaryen} `)
  ) {
    const version = `binaryen@${TOOLS.binaryen}`;
    await install("wasm-opt", "npm", "install", "--no-save", "--prefix", `${local}npm`, version);
  }
  return { path, rustc: (await run(["rustc", "--version"])).text };
}
