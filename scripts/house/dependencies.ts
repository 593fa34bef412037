/**
 * Each dependency is pinned, used, and accounted for in docs/DEPENDENCIES.md.
 *
 * @module
 */
import type { Finding, SourceFile } from "./source_tree.ts";
import { moduleReferences } from "./source_tree.ts";

const DOCUMENT = "docs/DEPENDENCIES.md";

/** What {@link checkDependencies} reads. */
export interface DependencySources {
  /** `imports` of each deno.json, by its path. */
  readonly imports: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Text of docs/DEPENDENCIES.md. */
  readonly document: string;
  /** The project's files. */
  readonly files: readonly SourceFile[];
}

/** Finds packages that are not from npm in one exact version, not used, or without a line in the document. */
export function checkDependencies({ imports, document, files }: DependencySources): Finding[] {
  const used = new Set(files.flatMap(namedModules));
  const rows = document.split("\n").filter((line) => /^\s*[|*-]/.test(line));
  return Object.entries(imports).flatMap(([file, packages]) =>
    Object.entries(packages).flatMap(([name, target]) => {
      const findings: Finding[] = [];
      if (target !== `npm:${name}@${/@(\d+\.\d+\.\d+)$/.exec(target)?.[1]}`) {
        findings.push({ file, message: `imports "${name}" as "${target}": pin npm:${name}@x.y.z` });
      }
      const isUsed = [...used].some((module) => module === name || module.startsWith(`${name}/`));
      // Types of the platform are there for the compiler alone.
      if (!isUsed && !name.startsWith("@types/")) {
        findings.push({ file, message: `imports "${name}", which no file uses` });
      }
      if (!rows.some((row) => row.includes(`\`${name}\``))) {
        findings.push({
          file: DOCUMENT,
          message: `has no line about \`${name}\`: why this one, what was rejected, licence, size`,
        });
      }
      return findings;
    })
  );
}

/** What a file imports, or loads by name from a package of tests. */
function namedModules(file: SourceFile): string[] {
  const loaded = file.ast.text.matchAll(/\b(?:loadPackage|require\.resolve)\("([^"]+)"\)/g);
  return [
    ...moduleReferences(file).map(({ specifier }) => specifier),
    ...Array.from(loaded, ([, name = ""]) => name),
  ];
}
