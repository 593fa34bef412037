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
  /** `imports` of deno.json. */
  readonly imports: Readonly<Record<string, string>>;
  /** Text of docs/DEPENDENCIES.md. */
  readonly document: string;
  /** The project's files. */
  readonly files: readonly SourceFile[];
}

/** Finds packages that are not from npm in one exact version, not imported, or without a line in the document. */
export function checkDependencies({ imports, document, files }: DependencySources): Finding[] {
  const findings: Finding[] = [];
  const specifiers = new Set(
    files.flatMap((file) => moduleReferences(file).map(({ specifier }) => specifier)),
  );
  const rows = document.split("\n").filter((line) => /^\s*[|*-]/.test(line));
  for (const [name, target] of Object.entries(imports)) {
    if (target !== `npm:${name}@${/@(\d+\.\d+\.\d+)$/.exec(target)?.[1]}`) {
      findings.push({
        file: "deno.json",
        message: `imports "${name}" as "${target}": pin npm:${name}@x.y.z`,
      });
    }
    const imported = [...specifiers].some((s) => s === name || s.startsWith(`${name}/`));
    // Types of the platform are there for the compiler alone.
    if (!imported && !name.startsWith("@types/")) {
      findings.push({ file: "deno.json", message: `imports "${name}", which no file uses` });
    }
    if (!rows.some((row) => row.includes(`\`${name}\``))) {
      findings.push({
        file: DOCUMENT,
        message: `has no line about \`${name}\`: why this one, what was rejected, licence, size`,
      });
    }
  }
  return findings;
}
