/**
 * Gets what building the cores needs: a Rust with the wasm target, wasm-pack, wasm-bindgen and
 * wasm-opt. What is there in the right version is used; the rest goes into `.wasm-tools/`.
 *
 * @module
 */

import type { CommandOptions, CommandOutput } from "./command.ts";
import { TOOLS } from "./wasm_sources.ts";

/** Where tools are looked for and put, and how commands run: injected, so that tests can play. */
export interface ToolchainOptions {
  /** Absolute path of the folder for what must be installed; made when it is needed. */
  readonly tools: string;
  /** The environment's PATH. */
  readonly path: string;
  /** Runs a command without showing anything. */
  readonly quietly: (
    command: readonly string[],
    options: CommandOptions,
  ) => Promise<CommandOutput>;
  /** Runs a command with this process's streams, and gives its status. */
  readonly aloud: (command: readonly string[], options: CommandOptions) => Promise<number>;
}

/** A toolchain that is ready. */
export interface Toolchain {
  /** PATH with which all tools are found. */
  readonly path: string;
  /** What `rustc --version` says. */
  readonly rustc: string;
}

const TARGET = "wasm32-unknown-unknown";

/**
 * Makes sure of all tools.
 *
 * @throws {Error} If one is missing and cannot be installed; the sentence names it.
 */
export async function prepareToolchain(options: ToolchainOptions): Promise<Toolchain> {
  const { tools, quietly, aloud } = options;
  const ours = `${tools}/bin:${tools}/npm/node_modules/.bin`;
  let path = `${ours}:${options.path}`;

  /** What a command prints, or nothing when it fails. */
  async function answer(...command: string[]): Promise<string> {
    const { code, text } = await quietly(["env", ...command], { cwd: "/", env: { PATH: path } });
    return code === 0 ? text.trim() : "";
  }

  async function install(what: string, ...command: string[]): Promise<void> {
    if (await aloud(["env", ...command], { cwd: "/", env: { PATH: path } }) !== 0) {
      throw new Error(`Cannot get ${what}: "${command.join(" ")}" failed`);
    }
  }

  /** Whether rustc has the standard library of the wasm target. */
  async function hasTarget(): Promise<boolean> {
    const folder = await answer("rustc", "--print", "target-libdir", "--target", TARGET);
    return folder !== "" && (await answer("ls", folder)).includes("libstd-");
  }

  if (!await hasTarget()) {
    // The network may be cut off from where rustup loads: do not wait for it for long.
    await answer("timeout", "120", "rustup", "target", "add", TARGET);
  }
  if (!await hasTarget()) {
    path = `${ours}:/usr/bin:${options.path}`;
    if (!await hasTarget()) {
      const script = new URL("./debian_rust.sh", import.meta.url);
      await install("Rust", "sh", decodeURIComponent(script.pathname), `${tools}/std`);
    }
  }
  if (await answer("wasm-pack", "--version") !== `wasm-pack ${TOOLS.wasmPack}`) {
    const version = `wasm-pack@${TOOLS.wasmPack}`;
    await install("wasm-pack", "cargo", "install", version, "--locked", "--root", tools);
  }
  if (await answer("wasm-bindgen", "--version") !== `wasm-bindgen ${TOOLS.wasmBindgen}`) {
    const version = `wasm-bindgen-cli@${TOOLS.wasmBindgen}`;
    const binary = ["--bin", "wasm-bindgen"];
    await install("wasm-bindgen", "cargo", "install", version, ...binary, "--root", tools);
  }
  if (!(await answer("wasm-opt", "--version")).startsWith(`wasm-opt version ${TOOLS.binaryen} `)) {
    // From inside a package of its own: npm would otherwise install into the project's, and with
    // --prefix it would not see its global settings.
    const npm = 'mkdir -p "$0" && cd "$0" && echo "{}" >package.json && npm install --no-save "$1"';
    await install("wasm-opt", "sh", "-c", npm, `${tools}/npm`, `binaryen@${TOOLS.binaryen}`);
  }
  return { path, rustc: await answer("rustc", "--version") };
}
