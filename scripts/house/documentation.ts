/**
 * Every export is documented and names no private type, and every example in a doc comment is one
 * that the tests run.
 *
 * @module
 */
import ts from "typescript";
import type { Finding, SourceFile } from "./source_tree.ts";

/** Which part of the project {@link checkInterface} looks at. */
export interface InterfaceOptions {
  /** The project's folder, absolute. */
  readonly root: string;
  /** All of the project's files. */
  readonly files: readonly SourceFile[];
  /** Paths of the files whose exports are looked at. */
  readonly paths: readonly string[];
}

/**
 * Lints exports with `deno doc --lint`: each has a sentence, and so has each member, and all types of
 * the project that they name are exported as well.
 *
 * Types of packages may be named without being passed on. Return types are left to the compiler, which
 * knows those of a typed constant.
 */
export async function checkInterface({ root, files, paths }: InterfaceOptions): Promise<Finding[]> {
  const lint = await new Deno.Command(Deno.execPath(), {
    args: ["doc", "--quiet", "--lint", ...paths],
    cwd: root,
    env: { NO_COLOR: "1" },
  }).output();
  if (lint.success) return [];
  const own = typesDeclared(files);
  return parseDocLint(new TextDecoder().decode(lint.stderr), root).filter(({ message }) => {
    const [, type] = /references private type '(\w+)'/.exec(message) ?? [];
    return type === undefined ? !message.endsWith("(missing-return-type)") : own.has(type);
  });
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

function typesDeclared(files: readonly SourceFile[]): Set<string> {
  return new Set(
    files.flatMap(({ ast }) =>
      ast.statements.flatMap((statement) =>
        ts.isInterfaceDeclaration(statement) || ts.isTypeAliasDeclaration(statement) ||
          ts.isClassDeclaration(statement)
          ? statement.name?.text ?? []
          : []
      )
    ),
  );
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
