import assert from "node:assert/strict";
import { type CoreName, inlineModule } from "./inline.ts";

for (const core of ["aggregate", "train"] satisfies CoreName[]) {
  Deno.test(`inline: the ${core} core compiles, exports its memory and asks its host for nothing`, async () => {
    const module = await inlineModule(core);
    const exports = WebAssembly.Module.exports(module);
    assert.ok(exports.some(({ name, kind }) => name === "memory" && kind === "memory"));
    // The one import serves JavaScript values, of which the cores have none.
    const imports = WebAssembly.Module.imports(module);
    assert.deepEqual(imports.map(({ name }) => name), ["__wbindgen_init_externref_table"]);
  });

  Deno.test(`inline: the ${core} core holds the bytes of the .wasm beside it`, async () => {
    const { base64 } = await import(`../../wasm/${core}/pkg/inline.ts`);
    const url = new URL(`../../wasm/${core}/pkg/${core}_bg.wasm`, import.meta.url);
    assert.deepEqual(Uint8Array.fromBase64(base64), await Deno.readFile(url));
  });
}
