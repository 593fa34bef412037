import assert from "node:assert/strict";
import { checkDependencies } from "./dependencies.ts";
import { parseSources } from "./source_tree.ts";

const files = parseSources({
  "a.ts": `import "hono"; import "@noble/hashes/sha2.js";`,
  "b.ts": `const { build } = loadPackage("esbuild");`,
});

Deno.test("dependencies: pinned, used and documented packages pass", () => {
  assert.deepEqual(
    checkDependencies({
      imports: {
        "deno.json": {
          "hono": "npm:hono@4.13.19",
          "@noble/hashes": "npm:@noble/hashes@2.4.0",
          "@types/node": "npm:@types/node@24.10.0",
        },
        "tests/x/deno.json": { "esbuild": "npm:esbuild@0.28.1" },
      },
      document: "| `hono` | … |\n- `@noble/hashes`: …\n| `@types/node` | … |\n| `esbuild` | … |\n",
      files,
    }),
    [],
  );
});

Deno.test("dependencies: a range, another registry and another name are found", () => {
  const imports = {
    "hono": "npm:hono@^4.13.19",
    "@noble/hashes": "jsr:@noble/hashes@2.4.0",
  };
  const document = "| `hono` |\n| `@noble/hashes` |";
  assert.deepEqual(checkDependencies({ imports: { "deno.json": imports }, document, files }), [
    {
      file: "deno.json",
      message: `imports "hono" as "npm:hono@^4.13.19": pin npm:hono@x.y.z`,
    },
    {
      file: "deno.json",
      message: `imports "@noble/hashes" as "jsr:@noble/hashes@2.4.0": pin npm:@noble/hashes@x.y.z`,
    },
  ]);
  assert.equal(
    checkDependencies({
      imports: { "deno.json": { "hono": "npm:express@5.0.0" } },
      document,
      files,
    })[0]?.message,
    `imports "hono" as "npm:express@5.0.0": pin npm:hono@x.y.z`,
  );
});

Deno.test("dependencies: a package that nobody imports is found", () => {
  assert.deepEqual(
    checkDependencies({
      imports: { "deno.json": { "left": "npm:left@1.0.0" } },
      document: "- `left`",
      files,
    }),
    [{ file: "deno.json", message: `imports "left", which no file uses` }],
  );
});

Deno.test("dependencies: a package without a line of its own is found", () => {
  const document = "In prose, `hono` is no account of it.\n| `hono-openapi` | … |\n";
  assert.deepEqual(
    checkDependencies({
      imports: { "deno.json": { "hono": "npm:hono@4.13.19" } },
      document,
      files,
    }),
    [{
      file: "docs/DEPENDENCIES.md",
      message: "has no line about `hono`: why this one, what was rejected, licence, size",
    }],
  );
});
