/**
 * What a built core was made of, as a digest, so that a stale build shows without a Rust toolchain.
 * Run as a script, it says which committed cores are not what their sources say.
 *
 * @module
 */

/** Exact versions of the tools that make the packages. */
export const TOOLS = { wasmPack: "0.15.1", wasmBindgen: "0.2.130", binaryen: "132" } as const;

/** Arguments of wasm-pack, without the out folder. */
export const PACK_FLAGS: readonly string[] = [
  "--target",
  "web",
  "--release",
  "--mode",
  "no-install",
];

/** One way to build a crate. */
export interface CoreBuild {
  /** The crate. */
  readonly core: string;
  /** Where the result lies, below the workspace folder; ends in `/`. */
  readonly folder: string;
  /** Flags for rustc that decide what the wasm is; the builder adds none but path prefixes. */
  readonly flags: readonly string[];
  /** Whether the glue for JavaScript and its types lie there too; the same for all builds of a crate. */
  readonly glue: boolean;
}

/**
 * LLVM's own order of instructions needs more vector registers than there are in a product of
 * matrices. Kept in the order of the source, products are 1.4 times as fast.
 */
const SOURCE_ORDER: readonly string[] = ["-C", "llvm-args=-pre-RA-sched=source"];

/** What is built, a folder before those in it. */
export const BUILDS: readonly CoreBuild[] = [
  {
    core: "aggregate",
    folder: "aggregate/pkg/",
    flags: ["-C", "target-feature=+simd128"],
    glue: true,
  },
  {
    core: "train",
    folder: "train/pkg/",
    flags: ["-C", "target-feature=+simd128", ...SOURCE_ORDER],
    glue: true,
  },
  {
    core: "train",
    folder: "train/pkg/relaxed/",
    flags: ["-C", "target-feature=+simd128,+relaxed-simd", ...SOURCE_ORDER],
    glue: false,
  },
];

/** Name of the record that lies beside a built core. */
export const RECORD = "sources.sha256";

const utf8 = new TextEncoder();

/** SHA-256 as 64 hexadecimal digits. */
export async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}

/** Paths of all files below `folder`, relative to `root`, with `/`, sorted. */
async function filesBelow(root: URL, folder: string): Promise<string[]> {
  const found: string[] = [];
  for await (const entry of Deno.readDir(new URL(folder, root))) {
    if (entry.isDirectory) found.push(...await filesBelow(root, `${folder}${entry.name}/`));
    else found.push(`${folder}${entry.name}`);
  }
  return found.sort();
}

/**
 * Digest over everything that decides a core's bytes, but for the compiler: the crate, the crates
 * it shares, the lock file, and the build's flags and tool versions.
 *
 * @param wasm The workspace folder, ending in `/`.
 */
export async function sourceDigest(wasm: URL, { core, flags }: CoreBuild): Promise<string> {
  const paths = ["Cargo.toml", "Cargo.lock", "memory/Cargo.toml", `${core}/Cargo.toml`];
  paths.push(...await filesBelow(wasm, "memory/src/"), ...await filesBelow(wasm, `${core}/src/`));
  const lines = [JSON.stringify({ TOOLS, RUST_FLAGS: flags, PACK_FLAGS })];
  for (const path of paths) {
    lines.push(`${await sha256(await Deno.readFile(new URL(path, wasm)))} ${path}`);
  }
  return await sha256(utf8.encode(lines.join("\n")));
}

/** The record of a build: digests of its sources and of the wasm, and the compiler. */
export function recordText(sources: string, wasm: string, rustc: string): string {
  return `sources ${sources}\nwasm ${wasm}\ncompiler ${rustc}\n`;
}

/** Reads {@link recordText} back; what is missing reads as empty. */
export function parseRecord(text: string): { sources: string; wasm: string; compiler: string } {
  const line = (name: string): string => text.match(new RegExp(`^${name} (.+)$`, "m"))?.[1] ?? "";
  return { sources: line("sources"), wasm: line("wasm"), compiler: line("compiler") };
}

/**
 * Checks the committed cores against their sources.
 *
 * @param wasm The workspace folder, ending in `/`.
 * @returns A sentence for every build that is missing, stale or altered; none when all is well.
 */
export async function staleCores(
  wasm: URL,
  builds: readonly CoreBuild[] = BUILDS,
): Promise<string[]> {
  const found: string[] = [];
  for (const build of builds) {
    const folder = new URL(build.folder, wasm);
    const name = `wasm/${build.folder.slice(0, -1)}`;
    try {
      const record = parseRecord(await Deno.readTextFile(new URL(RECORD, folder)));
      const bytes = await Deno.readFile(new URL(`${build.core}_bg.wasm`, folder));
      const inline = await Deno.readTextFile(new URL("inline.ts", folder));
      if (record.sources !== await sourceDigest(wasm, build)) {
        found.push(`${name} was built from other sources: run ./run build-wasm`);
      } else if (record.wasm !== await sha256(bytes) || !inline.includes(`"${bytes.toBase64()}"`)) {
        found.push(`${name} is not as it was built: run ./run build-wasm`);
      }
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
      found.push(`${name} is not whole: run ./run build-wasm (${error.message})`);
    }
  }
  return found;
}

if (import.meta.main) {
  const found = await staleCores(new URL("../wasm/", import.meta.url));
  for (const sentence of found) console.error(sentence);
  Deno.exit(found.length === 0 ? 0 : 1);
}
