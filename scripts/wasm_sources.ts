/**
 * What a built core was made of, as a digest, so that a stale build shows without a Rust toolchain.
 * Run as a script, it says which committed cores are not what their sources say.
 *
 * @module
 */

/** The crates that become a package of their own. */
export const CORES: readonly string[] = ["aggregate", "train"];

/** Exact versions of the tools that make the packages. */
export const TOOLS = { wasmPack: "0.15.1", wasmBindgen: "0.2.130", binaryen: "132" } as const;

/**
 * Flags for rustc that decide what the wasm is; the builder adds none but path prefixes. LLVM's own
 * order of instructions needs more vector registers than there are in a product of matrices: kept in
 * the order of the source, it runs 1.4 times as fast.
 */
export const RUST_FLAGS: readonly string[] = [
  "-C",
  "target-feature=+simd128",
  "-C",
  "llvm-args=-pre-RA-sched=source",
];

/** Arguments of wasm-pack, without the out folder. */
export const PACK_FLAGS: readonly string[] = [
  "--target",
  "web",
  "--release",
  "--mode",
  "no-install",
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
 * @param core One of {@link CORES}.
 */
export async function sourceDigest(wasm: URL, core: string): Promise<string> {
  const paths = ["Cargo.toml", "Cargo.lock", "memory/Cargo.toml", `${core}/Cargo.toml`];
  paths.push(...await filesBelow(wasm, "memory/src/"), ...await filesBelow(wasm, `${core}/src/`));
  const lines = [JSON.stringify({ TOOLS, RUST_FLAGS, PACK_FLAGS })];
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
 * @returns A sentence for every core that is missing, stale or altered; none when all is well.
 */
export async function staleCores(wasm: URL, cores: readonly string[] = CORES): Promise<string[]> {
  const found: string[] = [];
  for (const core of cores) {
    const pkg = new URL(`${core}/pkg/`, wasm);
    try {
      const record = parseRecord(await Deno.readTextFile(new URL(RECORD, pkg)));
      const bytes = await Deno.readFile(new URL(`${core}_bg.wasm`, pkg));
      const inline = await Deno.readTextFile(new URL("inline.ts", pkg));
      if (record.sources !== await sourceDigest(wasm, core)) {
        found.push(`wasm/${core}/pkg was built from other sources: run ./run build-wasm`);
      } else if (record.wasm !== await sha256(bytes) || !inline.includes(`"${bytes.toBase64()}"`)) {
        found.push(`wasm/${core}/pkg is not as it was built: run ./run build-wasm`);
      }
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
      found.push(`wasm/${core}/pkg is not whole: run ./run build-wasm (${error.message})`);
    }
  }
  return found;
}

if (import.meta.main) {
  const found = await staleCores(new URL("../wasm/", import.meta.url));
  for (const sentence of found) console.error(sentence);
  Deno.exit(found.length === 0 ? 0 : 1);
}
