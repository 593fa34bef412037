import assert from "node:assert/strict";
import { checkInterface, examplesThatDoNotRun, parseDocLint } from "./documentation.ts";
import { readSources } from "./source_tree.ts";
import { withTree } from "./temporary_tree.ts";

async function lint(texts: Record<string, string>, ...paths: string[]): Promise<string[]> {
  let lines: string[] = [];
  await withTree(texts, async (root) => {
    const findings = await checkInterface({ root, files: await readSources(root), paths });
    lines = findings.map(({ file, line, message }) => `${file}:${line} ${message}`);
  });
  return lines;
}

Deno.test("documentation: documented exports pass", async () => {
  const text = "/** Adds. */\nexport function add(a: number, b: number): number {\n" +
    "  return a + b;\n}\n";
  assert.deepEqual(await lint({ "src/core/a.ts": text }, "src/core/a.ts"), []);
});

Deno.test("documentation: an export and a member without a sentence are found", async () => {
  const text = "export const one = 1;\n/** B. */\nexport interface B {\n  b: number;\n}\n";
  assert.deepEqual(await lint({ "src/core/a.ts": text }, "src/core/a.ts"), [
    "src/core/a.ts:1 exported symbol is missing JSDoc documentation (missing-jsdoc)",
    "src/core/a.ts:4 exported symbol is missing JSDoc documentation (missing-jsdoc)",
  ]);
});

Deno.test("documentation: a type of the project that an entry point does not offer is found", async () => {
  const texts = {
    "mod.ts": `export { f } from "./a.ts";\n`,
    "a.ts": "/** A. */\nexport interface A {}\n/** F. */\nexport function f(a: A): void {}\n",
  };
  assert.deepEqual(await lint(texts, "mod.ts"), [
    "a.ts:4 public type 'f' references private type 'A' (private-type-ref)",
  ]);
  assert.deepEqual(await lint(texts, "a.ts"), []);
});

Deno.test("documentation: what the compiler sees to, and types of packages, pass", async () => {
  const texts = {
    "a.ts": `import type { B } from "./pkg/b.ts";\n/** Get. */\nexport type Get = () => B;\n` +
      "/** Gets. */\nexport const get: Get = () => ({});\n",
    "pkg/b.ts": "export interface B {}\n",
  };
  assert.deepEqual(await lint(texts, "a.ts"), []);
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
