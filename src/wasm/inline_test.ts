import assert from "node:assert/strict";
import { BUILDS } from "../../scripts/wasm_sources.ts";
import { type CoreName, inlineModule } from "./inline.ts";
import { fastestSimd, type Simd } from "./simd.ts";

const ALL: readonly { core: CoreName; simd: Simd }[] = [
  { core: "aggregate", simd: "baseline" },
  { core: "train", simd: "baseline" },
  { core: "train", simd: "relaxed" },
];

for (const { core, simd } of ALL) {
  Deno.test(`inline: the ${simd} ${core} core compiles, exports its memory and asks its host for nothing`, async () => {
    const module = await inlineModule(core, { simd });
    const exports = WebAssembly.Module.exports(module);
    assert.ok(exports.some(({ name, kind }) => name === "memory" && kind === "memory"));
    // The one import serves JavaScript values, of which the cores have none.
    const imports = WebAssembly.Module.imports(module);
    assert.deepEqual(imports.map(({ name }) => name), ["__wbindgen_init_externref_table"]);
  });
}

for (const { core, folder } of BUILDS) {
  Deno.test(`inline: wasm/${folder} inlines the bytes of the .wasm beside it`, async () => {
    const { base64 } = await import(`../../wasm/${folder}inline.ts`);
    const url = new URL(`../../wasm/${folder}${core}_bg.wasm`, import.meta.url);
    assert.deepEqual(Uint8Array.fromBase64(base64), await Deno.readFile(url));
  });
}

/** What the linker says of a module: the instructions that it needs. */
function needsRelaxed(module: WebAssembly.Module): boolean {
  const [section] = WebAssembly.Module.customSections(module, "target_features");
  assert.ok(section !== undefined);
  const features = new TextDecoder().decode(section);
  assert.match(features, /simd128/);
  return features.includes("relaxed-simd");
}

Deno.test("inline: the train core is the build that is asked for, else the fastest that runs here", async () => {
  assert.equal(needsRelaxed(await inlineModule("train", { simd: "baseline" })), false);
  assert.equal(needsRelaxed(await inlineModule("train", { simd: "relaxed" })), true);
  assert.equal(needsRelaxed(await inlineModule("train")), fastestSimd() === "relaxed");
});

Deno.test("inline: the aggregate core never uses relaxed SIMD", async () => {
  assert.equal(needsRelaxed(await inlineModule("aggregate", { simd: "relaxed" })), false);
});

Deno.test("inline: both builds of the train core export the same", async () => {
  const [baseline, relaxed] = await Promise.all(
    (["baseline", "relaxed"] as const).map(async (simd) =>
      WebAssembly.Module.exports(await inlineModule("train", { simd }))
    ),
  );
  const byName = (a: { name: string }, b: { name: string }): number => a.name < b.name ? -1 : 1;
  assert.deepEqual(relaxed?.toSorted(byName), baseline?.toSorted(byName));
});
