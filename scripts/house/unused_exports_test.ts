import assert from "node:assert/strict";
import { parseSources } from "./source_tree.ts";
import { checkUnusedExports } from "./unused_exports.ts";

function unused(texts: Record<string, string>, entries: string[] = []): string[] {
  return checkUnusedExports(parseSources(texts), entries).map((f) =>
    `${f.file}:${f.line ?? "-"} ${f.message.replace(/,.*/, "")}`
  );
}

Deno.test("unused exports: what another file imports, in any way, passes", () => {
  assert.deepEqual(
    unused({
      "a.ts": `
        export const one = 1, [two, { three }] = x;
        export function four() {}
        export class Five {}
        export type Six = 6;
        export default 7;
        const local = 8;
        export { local as eight };`,
      "b.ts": `import { one, two as zwei, three } from "./a.ts";
        import { four } from "./a.ts"; import type { Six } from "./a.ts";
        import { Five, eight } from "./a.ts";`,
      "whole.ts": `export const a = 1;`,
      "lazy.ts": `export const b = 1;`,
      "typed.ts": `export interface C {}`,
      "c.ts": `import * as whole from "./whole.ts"; await import("./lazy.ts");
        type C = import("./typed.ts").C;`,
    }),
    [],
  );
});

Deno.test("unused exports: what nobody imports is found, with its line", () => {
  assert.deepEqual(
    unused({
      "a.ts": "export const one = 1;\nexport const two = 2;\nexport function three() {}",
      "b.ts": `import { one } from "./a.ts";`,
    }),
    ["a.ts:2 exports two", "a.ts:3 exports three"],
  );
});

Deno.test("unused exports: its own test is a user only of what its file uses, another test always", () => {
  const files = {
    "src/a.ts": "export const one = 1; export const two = 2; export const three = 3;\n" +
      "export const four = three;",
    "src/a_test.ts": `import { one, two, three } from "./a.ts";`,
    "src/b_test.ts": `import { two } from "./a.ts";`,
  };
  assert.deepEqual(unused(files), ["src/a.ts:1 exports one", "src/a.ts:2 exports four"]);
  assert.deepEqual(checkUnusedExports(parseSources(files), []).map((f) => f.message), [
    "exports one, which nothing but its own test uses",
    "exports four, which no other file imports",
  ]);
});

Deno.test("unused exports: an entry point uses all that it offers and passes on", () => {
  const texts = {
    "mod.ts": `export * from "./src/mod.ts"; export { four as vier } from "./src/b.ts";`,
    "src/mod.ts": `export { one } from "./a.ts"; export * as b from "./b.ts";`,
    "src/a.ts": "export const one = 1; export const two = 2;",
    "src/b.ts": "export const three = 3; export const four = 4;",
  };
  assert.deepEqual(unused(texts, ["mod.ts"]), ["src/a.ts:1 exports two"]);
});

Deno.test("unused exports: passing on alone is no use, importing what was passed on is", () => {
  assert.deepEqual(
    unused({
      "src/mod.ts": `export * from "./a.ts"; export { three } from "./b.ts";`,
      "src/a.ts": "export const one = 1; export const two = 2;",
      "src/b.ts": "export const three = 3;",
      "main.ts": `import { one } from "./src/mod.ts";`,
    }),
    ["src/a.ts:1 exports two", "src/b.ts:1 exports three"],
  );
  assert.deepEqual(unused({ "src/mod.ts": `export * from "./a.ts";`, "src/a.ts": "" }), [
    "src/mod.ts:- only passes on exports",
  ]);
});

Deno.test("unused exports: what its own file's types name is used", () => {
  assert.deepEqual(
    unused({
      "a.ts": [
        "export interface Options extends Base { a: typeof schema }",
        "export interface Base {}",
        "export const schema = {};",
        "export type Other = 1;",
        "export function f(options: Options) {}",
      ].join("\n"),
      "b.ts": `import { f } from "./a.ts";`,
    }),
    ["a.ts:4 exports Other"],
  );
});
