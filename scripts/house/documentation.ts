/**
 * Every export is documented, and every example in a doc comment is one that the tests run.
 *
 * @module
 */
import type { Finding, SourceFile } from "./source_tree.ts";

/** Lints the doc comments of shipped files with `deno doc --lint`; the files are read from `root`. */
export async function checkDocumentation(
  root: string,
  files: readonly SourceFile[],
): Promise<Finding[]> {
  const lint = await new Deno.Command(Deno.execPath(), {
    args: ["doc", "--quiet", "--lint", ...files.map((file) => file.path)],
    cwd: root,
    env: { NO_COLOR: "1" },
  }).output();
  if (lint.success) return files.flatMap(examplesThatDoNotRun);
  const findings = parseDocLint(new TextDecoder().decode(lint.stderr), root);
  return [...findings, ...files.flatMap(examplesThatDoNotRun)];
}

/** Reads what `deno doc --lint` printed; output in an unknown form becomes one finding. */
export function parseDocLint(output: string, root: string): Finding[] {
  const findings: Finding[] = [];
  for (
    const [, code = "", message = "", path = "", line = ""] of output.matchAll(
      /^error\[([\w-]+)\]: (.+)\n +--> (.+):(\d+):\d+$/gm,
    )
  ) {
    const file = path.startsWith(`${root}/`) ? path.slice(root.length + 1) : path;
    findings.push({ file, line: Number(line), message: `${message} (${code})` });
  }
  return findings.length > 0
    ? findings
    : [{ file: ".", message: `cannot lint the documentation: ${output.trim()}` }];
}

/**
 * Examples that `deno test --doc` passes over unasked, as they are not fenced as TypeScript. One that
 * needs another machine says so with `ignore`.
 */
export function examplesThatDoNotRun({ path, text }: Pick<SourceFile, "path" | "text">): Finding[] {
  const findings: Finding[] = [];
  for (const comment of text.matchAll(/\/\*\*[^]*?\*\//g)) {
    for (const example of comment[0].matchAll(/^[ \t*/]*@example\b[^]*?(?=^[ \t]*\* @|\*\/)/gm)) {
      if (/```ts( ignore)?\n/.test(example[0])) continue;
      const before = text.slice(0, comment.index + example.index);
      findings.push({
        file: path,
        line: before.split("\n").length,
        message: "has an @example that no test runs: fence its code with ```ts",
      });
    }
  }
  return findings;
}
