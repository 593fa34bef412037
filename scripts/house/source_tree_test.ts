import assert from "node:assert/strict";
import {
  isShipped,
  lineOf,
  listFiles,
  moduleReferences,
  parseSources,
  readSources,
  resolveLocal,
} from "./source_tree.ts";
import { withTree } from "./temporary_tree.ts";

Deno.test("source tree: generated, hidden and installed files are left out", async () => {
  const paths = [
    "mod.ts",
    "src/core/bytes.ts",
    "src/core/notes.txt",
    "node_modules/x/index.js",
    "wasm/aggregate/pkg/aggregate.js",
    ".deno/cache/a.ts",
    "out/report.js",
  ];
  await withTree(Object.fromEntries(paths.map((path) => [path, ""])), async (root) => {
    const sources = await readSources(root);
    assert.deepEqual(sources.map((file) => file.path), ["mod.ts", "src/core/bytes.ts"]);
    assert.deepEqual(await listFiles(root), ["mod.ts", "src/core/bytes.ts", "src/core/notes.txt"]);
  });
});

Deno.test("source tree: every way of naming a module is seen, with its line", () => {
  const [file] = parseSources({
    "src/a.ts": [
      `import { b } from "./b.ts";`,
      `export * from "./c.ts";`,
      `import type { D } from "./d.ts";`,
      `const e = await import("./e.ts");`,
      `type F = import("./f.ts").F;`,
      `export const text = 'import "./not.ts"';`,
      `await import(text);`,
      `import "./g.ts";`,
    ].join("\n"),
  });
  assert.deepEqual(moduleReferences(file!).map((r) => [r.specifier, lineOf(r.node)]), [
    ["./b.ts", 1],
    ["./c.ts", 2],
    ["./d.ts", 3],
    ["./e.ts", 4],
    ["./f.ts", 5],
    ["./g.ts", 8],
  ]);
});

Deno.test("source tree: relative specifiers resolve from the importing file", () => {
  assert.equal(resolveLocal("src/core/a.ts", "./b.ts"), "src/core/b.ts");
  assert.equal(resolveLocal("src/core/a.ts", "../wire/b.ts"), "src/wire/b.ts");
  assert.equal(resolveLocal("mod.ts", "./src/core/b.ts"), "src/core/b.ts");
  assert.equal(resolveLocal("src/a.ts", "../../shared/b.json"), "../shared/b.json");
  assert.equal(resolveLocal("src/a.ts", "hono"), undefined);
});

Deno.test("source tree: tests and what they share are not shipped", () => {
  const shipped = ["mod.ts", "src/core/a.ts", "edge/app.ts", "src/core/latest.ts"];
  const others = ["src/core/a_test.ts", "src/round/_testing.ts", "tests/b.ts", "bench/main.ts"];
  assert.deepEqual([...shipped, ...others].filter(isShipped), shipped);
});
