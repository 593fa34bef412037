/**
 * Names of files and folders, and what a `mod.ts` holds.
 *
 * @module
 */
import ts from "typescript";
import type { Finding, SourceFile } from "./source_tree.ts";
import { lineOf } from "./source_tree.ts";

/** Names that say nothing about what is inside. */
const EMPTY_WORDS = new Set([
  ...["utils", "util", "helpers", "common", "manager", "managers", "misc"],
]);

/** Finds code files that are not in snake_case, names that say nothing, and a `mod.ts` with code in it. */
export function checkLayout(paths: readonly string[], files: readonly SourceFile[]): Finding[] {
  const findings: Finding[] = [];
  for (const path of paths) {
    if (!/\.(ts|js|mjs|rs)$/.test(path)) continue;
    const parts = path.replace(/\.(d\.)?\w+$/, "").split("/");
    const misnamed = parts.find((part) => !/^_?[a-z0-9]+(_[a-z0-9]+)*$/.test(part));
    if (misnamed !== undefined) {
      findings.push({ file: path, message: `"${misnamed}" is not in snake_case` });
    }
    const empty = parts.flatMap((part) => part.split("_")).find((word) => EMPTY_WORDS.has(word));
    if (empty !== undefined) {
      findings.push({ file: path, message: `"${empty}" says nothing: name what is inside` });
    }
  }
  for (const { path, ast } of files) {
    if (path !== "mod.ts" && !path.endsWith("/mod.ts")) continue;
    const code = ast.statements.find((statement) =>
      !ts.isExportDeclaration(statement) || statement.moduleSpecifier === undefined
    );
    if (code === undefined) continue;
    findings.push({ file: path, line: lineOf(code), message: "a mod.ts only passes on exports" });
  }
  return findings;
}
