/**
 * Every export has a user: an entry point offers it, or another file imports it. Its own test is a
 * user only of what its own file uses too.
 *
 * @module
 */
import ts from "typescript";
import type { Finding, SourceFile } from "./source_tree.ts";
import { lineOf, resolveLocal } from "./source_tree.ts";

/** `*` stands for every name of a module. */
const ALL = "*";

interface Reexport {
  readonly from: string;
  /** The name there, or {@link ALL}. */
  readonly name: string;
}

interface OwnExport {
  readonly node: ts.Node;
  /** Whether its own file names it, apart from defining it, and whether in a type. */
  readonly usedHere: boolean;
  readonly inTypesHere: boolean;
}

interface ModuleFacts {
  /** What this file defines and exports. */
  readonly own: ReadonlyMap<string, OwnExport>;
  /** What it passes on, by the name it gives it; stars under {@link ALL}. */
  readonly passed: ReadonlyMap<string, readonly Reexport[]>;
  /** What it takes from other files. */
  readonly taken: readonly Reexport[];
}

/**
 * Finds exports without a user, and files that only pass on exports and that nobody imports.
 *
 * What the types of its own file name counts as used, as a signature must name nothing private.
 *
 * @param entries Paths of the files whose exports are the project's interface.
 */
export function checkUnusedExports(
  files: readonly SourceFile[],
  entries: readonly string[],
): Finding[] {
  const modules = new Map(files.map((file) => [file.path, factsOf(file)]));
  const used = new Map<string, Set<string>>();

  const mark = (path: string, name: string): void => {
    const facts = modules.get(path);
    const names = used.get(path) ?? new Set();
    if (facts === undefined || names.has(name)) return;
    used.set(path, names.add(name));
    if (name === ALL) {
      for (const own of facts.own.keys()) names.add(own);
      for (const { from, name } of [...facts.passed.values()].flat()) mark(from, name);
      return;
    }
    for (const { from, name: there } of facts.passed.get(name) ?? []) mark(from, there);
    if (facts.own.has(name) || facts.passed.has(name)) return;
    for (const { from } of facts.passed.get(ALL) ?? []) mark(from, name);
  };

  for (const entry of entries) mark(entry, ALL);
  for (const [path, { taken }] of modules) {
    for (const { from, name } of taken) {
      const own = modules.get(from)?.own.get(name);
      if (path !== ownTestOf(from) || own?.usedHere) mark(from, name);
    }
  }

  const findings: Finding[] = [];
  for (const [path, facts] of modules) {
    const names = used.get(path);
    for (const [name, { node, inTypesHere }] of facts.own) {
      if (inTypesHere || name === "default" || names?.has(name)) continue;
      const tested = modules.get(ownTestOf(path))?.taken.some((t) =>
        t.from === path && t.name === name
      );
      const whom = tested ? "nothing but its own test uses" : "no other file imports";
      findings.push({ file: path, line: lineOf(node), message: `exports ${name}, which ${whom}` });
    }
    if (facts.own.size === 0 && facts.passed.size > 0 && names === undefined) {
      findings.push({ file: path, message: "only passes on exports, and nobody imports it" });
    }
  }
  return findings;
}

function ownTestOf(path: string): string {
  return path.replace(/\.ts$/, "_test.ts");
}

function factsOf(file: SourceFile): ModuleFacts {
  const own = new Map<string, OwnExport>();
  const passed = new Map<string, Reexport[]>();
  const taken: Reexport[] = [];
  const from = (node: ts.Expression | undefined): string | undefined =>
    node !== undefined && ts.isStringLiteralLike(node)
      ? resolveLocal(file.path, node.text)
      : undefined;

  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) {
      const target = from(node.moduleSpecifier);
      if (target !== undefined) {
        for (const name of namesTaken(node)) taken.push({ from: target, name });
      }
    } else if (ts.isExportDeclaration(node)) {
      const target = from(node.moduleSpecifier);
      for (const [name, there] of namesPassed(node)) {
        if (target !== undefined) {
          passed.set(name, [...passed.get(name) ?? [], { from: target, name: there }]);
        } else if (node.moduleSpecifier === undefined) {
          own.set(name, { node, usedHere: true, inTypesHere: false });
        }
      }
    } else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      const target = from(node.arguments[0]);
      if (target !== undefined) taken.push({ from: target, name: ALL });
    } else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
      const { literal } = node.argument;
      const target = ts.isStringLiteral(literal) ? from(literal) : undefined;
      if (target !== undefined) taken.push({ from: target, name: ALL });
    } else if (isExported(node)) {
      for (const name of namesDeclared(node)) {
        const places = mentions(file.ast, name);
        own.set(name.text, {
          node: name,
          usedHere: places.length > 0,
          inTypesHere: places.some((place) => ts.findAncestor(place, ts.isTypeNode) !== undefined),
        });
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(file.ast);
  return { own, passed, taken };
}

function namesTaken({ importClause }: ts.ImportDeclaration): string[] {
  const bindings = importClause?.namedBindings;
  const names = importClause?.name === undefined ? [] : ["default"];
  if (bindings === undefined) return names;
  if (ts.isNamespaceImport(bindings)) return [ALL];
  return [...names, ...bindings.elements.map((e) => (e.propertyName ?? e.name).text)];
}

/** Pairs of the name given and the name in the file it comes from. */
function namesPassed({ exportClause }: ts.ExportDeclaration): [string, string][] {
  if (exportClause === undefined) return [[ALL, ALL]];
  if (ts.isNamespaceExport(exportClause)) return [[exportClause.name.text, ALL]];
  return exportClause.elements.map((e) => [e.name.text, (e.propertyName ?? e.name).text]);
}

function isExported(node: ts.Node): boolean {
  return ts.canHaveModifiers(node) && ts.isSourceFile(node.parent) &&
    (ts.getModifiers(node)?.some((m) => m.kind === ts.SyntaxKind.ExportKeyword) ?? false);
}

function namesDeclared(node: ts.Node): ts.Identifier[] {
  if (ts.isVariableStatement(node)) {
    return node.declarationList.declarations.flatMap(({ name }) => boundNames(name));
  }
  const name = (node as Partial<ts.NamedDeclaration>).name;
  return name !== undefined && ts.isIdentifier(name) ? [name] : [];
}

function boundNames(name: ts.BindingName): ts.Identifier[] {
  if (ts.isIdentifier(name)) return [name];
  return name.elements.flatMap((e) => ts.isOmittedExpression(e) ? [] : boundNames(e.name));
}

/** Where a file names something, apart from defining it. */
function mentions(within: ts.SourceFile, name: ts.Identifier): ts.Identifier[] {
  const found: ts.Identifier[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node) && node !== name && node.text === name.text) found.push(node);
    ts.forEachChild(node, visit);
  };
  visit(within);
  return found;
}
