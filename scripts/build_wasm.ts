/**
 * Builds the Rust cores into `wasm/<core>/pkg/` and the folders below it. With `--check`, builds them elsewhere and compares
 * the result with what is committed, byte for byte.
 *
 * @module
 */

import {
  BUILDS,
  type CoreBuild,
  PACK_FLAGS,
  parseRecord,
  RECORD,
  recordText,
  sha256,
  sourceDigest,
} from "./wasm_sources.ts";
import { runAloud, runQuietly } from "./command.ts";
import { prepareToolchain, type Toolchain } from "./wasm_tools.ts";

const ROOT = new URL("../", import.meta.url);
const WASM = new URL("wasm/", ROOT);

/** The module that carries a core's bytes inside JavaScript. */
export function inlineSource(core: string, bytes: Uint8Array): string {
  return `/**
 * The ${core} core as base64. Written by \`./run build-wasm\`.
 *
 * @module
 */

/** The bytes of \`${core}_bg.wasm\`. */
export const base64: string =
  "${bytes.toBase64()}";
`;
}

/** What a build's folder holds, of all that wasm-pack writes and what is added to it. */
export function packageFiles({ core, glue }: Pick<CoreBuild, "core" | "glue">): string[] {
  const around = glue ? [`${core}.js`, `${core}.d.ts`, `${core}_bg.wasm.d.ts`] : [];
  return [...around, `${core}_bg.wasm`, "inline.ts", RECORD];
}

/** Names of the files that two folders do not share, byte for byte. */
export async function differences(a: URL, b: URL, files: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const file of files) {
    const [one, two] = await Promise.all([a, b].map(async (folder) => {
      const bytes = await Deno.readFile(new URL(file, folder)).catch(() => undefined);
      return bytes && await sha256(bytes);
    }));
    if (one === undefined || one !== two) found.push(file);
  }
  return found;
}

function local(url: URL): string {
  return decodeURIComponent(url.pathname);
}

/** Builds a core into `pkg`, a folder of its own that is made anew. */
async function make(build: CoreBuild, pkg: URL, toolchain: Toolchain): Promise<void> {
  const { core, flags } = build;
  // Before the compiler reads them: what is changed meanwhile then shows as stale.
  const digest = await sourceDigest(WASM, build);
  const target = new URL("target/simd/", WASM);
  const built = new URL(`target/packed/${build.folder}`, WASM);
  const cargoHome = Deno.env.get("CARGO_HOME") ?? `${Deno.env.get("HOME")}/.cargo`;
  // Paths reach the wasm through panic messages: without these, each machine builds other bytes.
  const remaps = [`${cargoHome}=/cargo`, `${local(WASM)}=/tributary/`]
    .map((prefix) => `--remap-path-prefix=${prefix}`);
  const command = ["env", "wasm-pack", "build", ...PACK_FLAGS, "--out-dir", local(built)];
  const status = await runAloud(command, {
    cwd: local(new URL(`${core}/`, WASM)),
    env: {
      PATH: toolchain.path,
      CARGO_TARGET_DIR: local(target),
      CARGO_ENCODED_RUSTFLAGS: [...flags, ...remaps].join("\x1f"),
    },
  });
  if (status !== 0) throw new Error(`Cannot build ${build.folder}: wasm-pack failed`);

  await Deno.remove(pkg, { recursive: true }).catch(() => {});
  await Deno.mkdir(pkg, { recursive: true });
  const bytes = await Deno.readFile(new URL(`${core}_bg.wasm`, built));
  for (const file of packageFiles(build)) {
    const to = new URL(file, pkg);
    if (file === "inline.ts") await Deno.writeTextFile(to, inlineSource(core, bytes));
    else if (file === RECORD) {
      await Deno.writeTextFile(to, recordText(digest, await sha256(bytes), toolchain.rustc));
    } else await Deno.copyFile(new URL(file, built), to);
  }
}

/** Gzipped size, which is what an edge bundle pays. */
async function gzipBytes(bytes: Uint8Array<ArrayBuffer>): Promise<number> {
  const zipped = new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip"));
  return (await new Response(zipped).arrayBuffer()).byteLength;
}

async function main(args: readonly string[]): Promise<number> {
  const check = args.includes("--check");
  const unknown = args.find((arg) => arg !== "--check");
  if (unknown !== undefined) {
    console.error(`Cannot build the cores: unknown argument ${unknown}, expected --check or none`);
    return 2;
  }
  const toolchain = await prepareToolchain({
    tools: local(new URL(".wasm-tools", ROOT)),
    path: Deno.env.get("PATH") ?? "",
    quietly: runQuietly,
    aloud: runAloud,
  });
  for (const build of BUILDS) {
    const made = madeFolder(build);
    await make(build, made, toolchain);
    const bytes = await Deno.readFile(new URL(`${build.core}_bg.wasm`, made));
    console.log(`${build.folder}: ${bytes.length} bytes, ${await gzipBytes(bytes)} gzipped`);
  }
  if (check) return await compareAll(toolchain.rustc) ? 0 : 1;
  await installAll();
  return 0;
}

/** Where a build lies until all are made. */
function madeFolder({ folder }: CoreBuild): URL {
  return new URL(`target/made/${folder}`, WASM);
}

/** Puts all builds in the place of the committed ones. */
async function installAll(): Promise<void> {
  for (const build of BUILDS) {
    const to = new URL(build.folder, WASM);
    await Deno.remove(to, { recursive: true }).catch(() => {});
    await Deno.mkdir(to, { recursive: true });
    for (const file of packageFiles(build)) {
      await Deno.copyFile(new URL(file, madeFolder(build)), new URL(file, to));
    }
  }
}

/** Whether all builds are what is committed; says which are not. */
async function compareAll(rustc: string): Promise<boolean> {
  let same = true;
  for (const build of BUILDS) {
    const committed = new URL(build.folder, WASM);
    const other = await differences(madeFolder(build), committed, packageFiles(build));
    if (other.length === 0) continue;
    same = false;
    const record = await Deno.readTextFile(new URL(RECORD, committed)).catch(() => "");
    const { compiler } = parseRecord(record);
    console.error(
      `wasm/${build.folder} differs from a build of its sources in ${other.join(", ")}`,
    );
    if (compiler !== rustc) {
      console.error(`It was built by ${compiler || "an unknown compiler"}, this is ${rustc}`);
    }
  }
  return same;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
