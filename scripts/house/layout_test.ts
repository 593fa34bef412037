import assert from "node:assert/strict";
import { checkLayout } from "./layout.ts";
import { parseSources } from "./source_tree.ts";

Deno.test("layout: snake_case names pass, and files that hold no code may be named freely", () => {
  const paths = ["mod.ts", "src/core/rating_table.ts", "edge/deno_kv/_rows.ts", "README.md"];
  assert.deepEqual(
    checkLayout([...paths, "wasm/train/src/lib.rs", "src/wasm/u32_ring.d.ts"], []),
    [],
  );
});

Deno.test("layout: other spellings are found, folders too", () => {
  assert.deepEqual(checkLayout(["src/core/ratingTable.ts", "src/My-Folder/a.ts"], []), [
    { file: "src/core/ratingTable.ts", message: `"ratingTable" is not in snake_case` },
    { file: "src/My-Folder/a.ts", message: `"My-Folder" is not in snake_case` },
  ]);
});

Deno.test("layout: names that say nothing are found, a helper of the protocol is not", () => {
  assert.deepEqual(
    checkLayout(["src/utils/a.ts", "src/core/string_utils.ts", "edge/helper.ts"], []),
    [
      { file: "src/utils/a.ts", message: `"utils" says nothing: name what is inside` },
      { file: "src/core/string_utils.ts", message: `"utils" says nothing: name what is inside` },
    ],
  );
});

Deno.test("layout: code in a mod.ts is found at its line", () => {
  const files = parseSources({
    "mod.ts": `/** All. */\nexport * from "./a.ts";\nexport { b } from "./b.ts";\n`,
    "src/core/mod.ts": `export * from "./a.ts";\nexport const a = 1;\n`,
    "src/wire/mod.ts": `import { a } from "./a.ts";\nexport { a };\n`,
    "src/core/model.ts": "export const a = 1;",
  });
  assert.deepEqual(checkLayout([], files), [
    { file: "src/core/mod.ts", line: 2, message: "a mod.ts only passes on exports" },
    { file: "src/wire/mod.ts", line: 1, message: "a mod.ts only passes on exports" },
  ]);
});
