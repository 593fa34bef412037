import assert from "node:assert/strict";
import { checkDocumentation, examplesThatDoNotRun, parseDocLint } from "./documentation.ts";
import { readSources } from "./source_tree.ts";
import { withTree } from "./temporary_tree.ts";

Deno.test("documentation: documented exports pass", async () => {
  await withTree({
    "src/core/a.ts": `/** Adds. */\nexport function add(a: number, b: number): number {
  return a + b;
}\n`,
  }, async (root) => {
    assert.deepEqual(await checkDocumentation(root, await readSources(root)), []);
  });
});

Deno.test("documentation: an export and a member without a sentence are found", async () => {
  await withTree({
    "src/core/a.ts": `export const one = 1;\n/** B. */\nexport interface B {\n  b: number;\n}\n`,
  }, async (root) => {
    assert.deepEqual(await checkDocumentation(root, await readSources(root)), [
      {
        file: "src/core/a.ts",
        line: 1,
        message: "exported symbol is missing JSDoc documentation (missing-jsdoc)",
      },
      {
        file: "src/core/a.ts",
        line: 4,
        message: "exported symbol is missing JSDoc documentation (missing-jsdoc)",
      },
    ]);
  });
});

Deno.test("documentation: a lint that does not finish is a finding, not a pass", () => {
  assert.deepEqual(parseDocLint("error: Module not found\n", "/project"), [
    { file: ".", message: "cannot lint the documentation: error: Module not found" },
  ]);
});

Deno.test("documentation: an example that no test runs is found at its line", () => {
  const text = [
    "/**",
    " * Adds.",
    " *",
    " * @example Runs",
    " * ```ts",
    " * add(1, 2);",
    " * ```",
    " * @example Does not run",
    " * add(3, 4);",
    " * @example Needs a server",
    " * ```ts ignore",
    " * await join(url);",
    " * ```",
    " */",
    "export function add() {}",
    "/** One. @param a Not an example. */",
    "/**",
    " * @example",
    " * ```sh",
    " * ls",
    " * ```",
    " */",
  ].join("\n");
  const message = "has an @example that no test runs: fence its code with ```ts";
  assert.deepEqual(examplesThatDoNotRun({ path: "src/core/a.ts", text }), [
    { file: "src/core/a.ts", line: 8, message },
    { file: "src/core/a.ts", line: 18, message },
  ]);
});
