import assert from "node:assert/strict";
import { pathToFileURL } from "node:url";
import { withTree } from "./house/temporary_tree.ts";
import { inlineSource } from "./build_wasm.ts";
import {
  BUILDS,
  type CoreBuild,
  parseRecord,
  recordText,
  sha256,
  sourceDigest,
  staleCores,
} from "./wasm_sources.ts";

const WASM_BYTES = "\0asm\x01\0\0\0";

const ONE: CoreBuild = {
  core: "one",
  folder: "one/pkg/",
  flags: ["-C", "debuginfo=0"],
  glue: true,
};

const SOURCES = {
  "wasm/Cargo.toml": "[workspace]",
  "wasm/Cargo.lock": "version = 4",
  "wasm/memory/Cargo.toml": "[package]",
  "wasm/memory/src/lib.rs": "pub mod lanes;",
  "wasm/memory/src/lanes/simd.rs": "",
  "wasm/one/Cargo.toml": "[package]",
  "wasm/one/src/lib.rs": "mod ring;",
  "wasm/one/src/ring.rs": "",
};

/** The folder `wasm/` of a workspace with one core, built. */
async function withWorkspace(
  use: (wasm: URL, write: (path: string, text: string) => Promise<void>) => Promise<void>,
): Promise<void> {
  await withTree({ ...SOURCES, "wasm/one/pkg/one_bg.wasm": WASM_BYTES }, async (root) => {
    const wasm = pathToFileURL(`${root}/wasm/`);
    const write = (path: string, text: string): Promise<void> =>
      Deno.writeTextFile(new URL(`../${path}`, wasm), text);
    const bytes = await Deno.readFile(new URL("one/pkg/one_bg.wasm", wasm));
    const record = recordText(await sourceDigest(wasm, ONE), await sha256(bytes), "rustc 1");
    await write("wasm/one/pkg/sources.sha256", record);
    await write("wasm/one/pkg/inline.ts", inlineSource("one", bytes));
    await use(wasm, write);
  });
}

Deno.test("wasm sources: sha256 gives the digest of FIPS 180-2 for 'abc'", async () => {
  assert.equal(
    await sha256(new TextEncoder().encode("abc")),
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
  );
});

Deno.test("wasm sources: a record reads back, and one that is no record reads as empty", () => {
  const text = recordText("12ab", "34cd", "rustc 1.95.0 (59807616e 2026-04-14)");
  assert.deepEqual(parseRecord(text), {
    sources: "12ab",
    wasm: "34cd",
    compiler: "rustc 1.95.0 (59807616e 2026-04-14)",
  });
  assert.deepEqual(parseRecord("sauces 12ab"), { sources: "", wasm: "", compiler: "" });
});

Deno.test("wasm sources: what was just built is not stale", async () => {
  await withWorkspace(async (wasm) => {
    assert.deepEqual(await staleCores(wasm, [ONE]), []);
  });
});

Deno.test("wasm sources: a byte more in any source makes the core stale", async () => {
  for (const path of Object.keys(SOURCES)) {
    await withWorkspace(async (wasm, write) => {
      await write(path, " ");
      assert.deepEqual(await staleCores(wasm, [ONE]), [
        "wasm/one/pkg was built from other sources: run ./run build-wasm",
      ], path);
    });
  }
});

Deno.test("wasm sources: a file more or another name makes the core stale", async () => {
  await withWorkspace(async (wasm, write) => {
    const before = await sourceDigest(wasm, ONE);
    await write("wasm/one/src/more.rs", "");
    assert.notEqual(await sourceDigest(wasm, ONE), before);
    await Deno.remove(new URL("one/src/more.rs", wasm));
    assert.equal(await sourceDigest(wasm, ONE), before);
    await Deno.rename(new URL("one/src/ring.rs", wasm), new URL("one/src/rings.rs", wasm));
    assert.notEqual(await sourceDigest(wasm, ONE), before);
  });
});

Deno.test("wasm sources: another flag makes the build stale, and it alone", async () => {
  await withWorkspace(async (wasm) => {
    const other = { ...ONE, flags: ["-C", "debuginfo=1"] };
    assert.deepEqual(await staleCores(wasm, [ONE, other]), [
      "wasm/one/pkg was built from other sources: run ./run build-wasm",
    ]);
  });
});

Deno.test("wasm sources: a build is made before those in folders of its own", () => {
  const folders = BUILDS.map(({ folder }) => folder);
  for (const [at, folder] of folders.entries()) {
    assert.ok(folder.endsWith("/"));
    assert.deepEqual(folders.slice(at).filter((later) => folder.startsWith(later)), [folder]);
  }
});

Deno.test("wasm sources: another core's sources do not matter", async () => {
  await withWorkspace(async (wasm, write) => {
    await Deno.mkdir(new URL("two/src", wasm), { recursive: true });
    await write("wasm/two/src/lib.rs", "");
    assert.deepEqual(await staleCores(wasm, [ONE]), []);
  });
});

Deno.test("wasm sources: a package that was altered by hand is found", async () => {
  const altered = ["wasm/one/pkg is not as it was built: run ./run build-wasm"];
  await withWorkspace(async (wasm, write) => {
    await write("wasm/one/pkg/one_bg.wasm", `${WASM_BYTES}\0`);
    assert.deepEqual(await staleCores(wasm, [ONE]), altered);
  });
  await withWorkspace(async (wasm, write) => {
    await write("wasm/one/pkg/inline.ts", inlineSource("one", new Uint8Array(8)));
    assert.deepEqual(await staleCores(wasm, [ONE]), altered);
  });
});

Deno.test("wasm sources: a package that is missing is found", async () => {
  await withWorkspace(async (wasm) => {
    const [sentence = ""] = await staleCores(wasm, [{ ...ONE, core: "none", folder: "none/pkg/" }]);
    assert.match(sentence, /^wasm\/none\/pkg is not whole: run \.\/run build-wasm \(/);
    await Deno.remove(new URL("one/pkg/inline.ts", wasm));
    const [other = ""] = await staleCores(wasm, [ONE]);
    assert.match(other, /^wasm\/one\/pkg is not whole/);
  });
});
