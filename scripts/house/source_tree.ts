/**
 * The project's own TypeScript and JavaScript files, parsed once for all house checks.
 *
 * @module
 */
import ts from "typescript";

/** One thing that a house check complains about. */
export interface Finding {
  /** Path from the project's folder, with `/`. */
  readonly file: string;
  /** 1-based; absent when the finding is about the file as a whole. */
  readonly line?: number;
  /** What is wrong, and what would be right. */
  readonly message: string;
}

/** A parsed file. */
export interface SourceFile {
  /** Path from the project's folder, with `/`. */
  readonly path: string;
  /** The file's text. */
  readonly text: string;
  /** Its syntax tree, with parent links. */
  readonly ast: ts.SourceFile;
}

/** Folders of other people's or generated code, by name. */
const SKIPPED = new Set(["node_modules", "pkg", "target", "out", "coverage"]);

/** Parses files given as path and text, in the order of their paths. */
export function parseSources(texts: Readonly<Record<string, string>>): SourceFile[] {
  return Object.entries(texts)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([path, text]) => ({
      path,
      text,
      ast: ts.createSourceFile(path, text, ts.ScriptTarget.ESNext, true),
    }));
}

/** Reads and parses every `.ts`, `.js` and `.mjs` file below `root` that is not generated, hidden or a package's. */
export async function readSources(root: string): Promise<SourceFile[]> {
  const texts: Record<string, string> = {};
  for await (const path of walk(root, "")) {
    if (/\.(ts|js|mjs)$/.test(path)) texts[path] = await Deno.readTextFile(`${root}/${path}`);
  }
  return parseSources(texts);
}

/** Paths of all files below `root` that are not generated, hidden or a package's. */
export async function listFiles(root: string): Promise<string[]> {
  return (await Array.fromAsync(walk(root, ""))).sort();
}

async function* walk(root: string, below: string): AsyncGenerator<string> {
  for await (const entry of Deno.readDir(`${root}/${below}`)) {
    if (entry.name.startsWith(".") || SKIPPED.has(entry.name)) continue;
    if (entry.isDirectory) yield* walk(root, `${below}${entry.name}/`);
    else if (entry.isFile) yield below + entry.name;
  }
}

/** True for tests and what they share, which may reach for anything. */
export function isTest(path: string): boolean {
  return /_test(ing)?\.ts$/.test(path) || path.startsWith("tests/");
}

/** True for what users get: `mod.ts`, `src/` and `edge/` without their tests. */
export function isShipped(path: string): boolean {
  return (path === "mod.ts" || path.startsWith("src/") || path.startsWith("edge/")) &&
    !isTest(path);
}

/** 1-based line of a node in its file. */
export function lineOf(node: ts.Node): number {
  const file = node.getSourceFile();
  return file.getLineAndCharacterOfPosition(node.getStart(file)).line + 1;
}

/** One import, re-export, dynamic import or import type. */
export interface ModuleReference {
  /** As written. */
  readonly specifier: string;
  /** The syntax that names it. */
  readonly node: ts.Node;
}

/** Every module that a file names, in order of appearance. */
export function moduleReferences(file: SourceFile): ModuleReference[] {
  const found: ModuleReference[] = [];
  const visit = (node: ts.Node): void => {
    const named = moduleNamedBy(node);
    if (named !== undefined && ts.isStringLiteralLike(named)) {
      found.push({ specifier: named.text, node });
    }
    ts.forEachChild(node, visit);
  };
  visit(file.ast);
  return found;
}

function moduleNamedBy(node: ts.Node): ts.Node | undefined {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return node.moduleSpecifier;
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
    return node.argument.literal;
  }
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
    return node.arguments[0];
  }
  return undefined;
}

/** Path of the file that a relative specifier names, from the project's folder; undefined for any other specifier. */
export function resolveLocal(from: string, specifier: string): string | undefined {
  if (!specifier.startsWith("./") && !specifier.startsWith("../")) return undefined;
  // A path above the project's folder keeps its leading `..` this way.
  const parts = from.split("/").slice(0, -1);
  for (const part of specifier.split("/")) {
    if (part === "." || part === "") continue;
    if (part === ".." && parts.length > 0 && parts.at(-1) !== "..") parts.pop();
    else parts.push(part);
  }
  return parts.join("/");
}
