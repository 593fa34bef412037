/**
 * Every export has a user: an entry point offers it, or another file than its own test imports it.
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

interface ModuleFacts {
  /** What this file defines and exports. */
  readonly own: ReadonlyMap<string, { readonly node: ts.Node; readonly usedHere: boolean }>;
  /** What it passes on, by the name it gives it; stars under {@link ALL}. */
  readonly passed: ReadonlyMap<string, readonly Reexport[]>;
  /** What it takes from other files. */
  readonly taken: readonly Reexport[];
}

/**
 * Finds exports without a user, and files that only pass on exports and that nobody imports.
 *
 * A type counts as used when its own file uses it, as a signature must not name a private type.
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
      if (path !== from.replace(/\.ts$/, "_test.ts")) mark(from, name);
    }
  }

  const findings: Finding[] = [];
  for (const [path, facts] of modules) {
    const names = used.get(path);
    for (const [name, { node, usedHere }] of facts.own) {
      if (usedHere || name === "default" || names?.has(name)) continue;
      findings.push({
        file: path,
        line: lineOf(node),
        message: `exports ${name}, which no other file but its test imports`,
      });
    }
    if (facts.own.size === 0 && facts.passed.size > 0 && names === undefined) {
      findings.push({ file: path, message: "only passes on exports, and nobody imports it" });
    }
  }
  return findings;
}

function factsOf(file: SourceFile): ModuleFacts {
  const own = new Map<string, { node: ts.Node; usedHere: boolean }>();
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
        } else if (node.moduleSpecifier === undefined) own.set(name, { node, usedHere: false });
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
        const isType = ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node);
        own.set(name.text, { node: name, usedHere: isType && isMentioned(file.ast, name) });
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

function isMentioned(within: ts.SourceFile, name: ts.Identifier): boolean {
  const search = (node: ts.Node): boolean =>
    (ts.isIdentifier(node) && node !== name && node.text === name.text) ||
    (ts.forEachChild(node, (child) => search(child) || undefined) ?? false);
  return search(within);
}
