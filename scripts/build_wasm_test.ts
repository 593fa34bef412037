import assert from "node:assert/strict";
import { pathToFileURL } from "node:url";
import { differences, inlineSource, packageFiles } from "./build_wasm.ts";
import { withTree } from "./house/temporary_tree.ts";

Deno.test("build wasm: the inlined module carries the bytes", async () => {
  const bytes = Uint8Array.from({ length: 300 }, (_, i) => i);
  const text = inlineSource("one", bytes);
  assert.match(text, /^\/\*\*\n \* The one core as base64\./);
  const module = await import(`data:text/typescript,${encodeURIComponent(text)}`);
  assert.deepEqual(Uint8Array.fromBase64(module.base64), bytes);
});

Deno.test("build wasm: a package holds the glue, its types, the wasm, the inline module and the record", () => {
  assert.deepEqual(packageFiles({ core: "one", glue: true }), [
    "one.js",
    "one.d.ts",
    "one_bg.wasm.d.ts",
    "one_bg.wasm",
    "inline.ts",
    "sources.sha256",
  ]);
});

Deno.test("build wasm: another build of a core shares the glue of the first", () => {
  assert.deepEqual(packageFiles({ core: "one", glue: false }), [
    "one_bg.wasm",
    "inline.ts",
    "sources.sha256",
  ]);
});

Deno.test("build wasm: builds differ in the files that have other bytes or are missing", async () => {
  const tree = { "a/same": "1", "b/same": "1", "a/other": "1", "b/other": "2", "a/gone": "1" };
  await withTree({ ...tree, "b/unasked": "1" }, async (root) => {
    const [a, b] = [pathToFileURL(`${root}/a/`), pathToFileURL(`${root}/b/`)];
    const files = ["same", "other", "gone", "nowhere"];
    assert.deepEqual(await differences(a, b, files), ["other", "gone", "nowhere"]);
    assert.deepEqual(await differences(b, a, files), ["other", "gone", "nowhere"]);
    assert.deepEqual(await differences(a, a, ["same", "other"]), []);
  });
});
