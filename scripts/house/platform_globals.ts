/**
 * The clock, randomness, the network, the console and a platform's own interface appear only where
 * they are injected from; everything else asks what it was given.
 *
 * @module
 */
import ts from "typescript";
import type { Finding, SourceFile } from "./source_tree.ts";
import { isShipped, lineOf, moduleReferences } from "./source_tree.ts";

interface Reserved {
  /** What the names reach, for the message. */
  readonly what: string;
  /** Globals, or `Global.member`. */
  readonly names: readonly string[];
  /** The only shipped file, beside the platform folders, that may use them. */
  readonly home?: string;
  /** True if the names may not appear in types either. */
  readonly inTypes?: boolean;
}

const CLOCK: Reserved = {
  what: "the clock",
  home: "src/core/clock.ts",
  names: [
    ...["Date.now", "performance", "Temporal", "AbortSignal.timeout", "scheduler"],
    ...["setTimeout", "setInterval", "setImmediate", "requestAnimationFrame"],
  ],
};

const RESERVED: readonly Reserved[] = [
  CLOCK,
  {
    what: "the platform",
    names: ["Deno", "Bun", "process", "Buffer", "require", "__dirname"],
    inTypes: true,
  },
  {
    what: "randomness",
    home: "src/core/random.ts",
    names: ["Math.random", "crypto.getRandomValues", "crypto.randomUUID"],
  },
  {
    what: "the network",
    home: "src/core/fetch.ts",
    names: ["fetch", "WebSocket", "EventSource", "XMLHttpRequest"],
  },
  { what: "the device", names: ["navigator", "localStorage", "sessionStorage", "caches"] },
  { what: "the console", names: ["console", "alert", "prompt", "confirm"] },
];

const GLOBAL_OBJECTS = ["globalThis", "self", "window"];

/** First words of everything that may be complained of. */
const NOTABLE = new Set([
  ...GLOBAL_OBJECTS,
  ...RESERVED.flatMap(({ names }) => names.map((name) => name.replace(/\..*/, ""))),
]);

/** Folders that adapt to one platform, and the command line. */
const PLATFORM_FOLDERS = [
  ...["src/cli/", "edge/sqlite/", "edge/postgres/", "edge/deno/", "edge/deno_kv/"],
  ...["edge/native/", "edge/node/", "edge/cloudflare/"],
];

/** Finds platform globals and platform modules in shipped code that is not a platform's own. */
export function checkPlatformGlobals(files: readonly SourceFile[]): Finding[] {
  const bound = files.filter(({ path }) =>
    isShipped(path) && !PLATFORM_FOLDERS.some((folder) => path.startsWith(folder))
  );
  const isGlobal = globalResolver(bound);
  return bound.flatMap((file) => [
    ...platformModules(file),
    ...reservedGlobals(file, isGlobal),
  ]);
}

function platformModules(file: SourceFile): Finding[] {
  return moduleReferences(file)
    .filter(({ specifier }) => /^(node|cloudflare|bun):/.test(specifier))
    .map(({ specifier, node }) => ({
      file: file.path,
      line: lineOf(node),
      message:
        `imports "${specifier}": a platform's modules belong in src/cli/ or edge/<platform>/`,
    }));
}

/** Says whether an identifier is bound by nothing in its file, its imports included. */
function globalResolver(files: readonly SourceFile[]): (node: ts.Identifier) => boolean {
  const asts = new Map(files.map((file) => [file.path, file.ast]));
  // Without libraries and without following imports, all that stays unbound is global.
  const program = ts.createProgram([...asts.keys()], { noLib: true, noResolve: true, types: [] }, {
    getSourceFile: (name) => asts.get(name),
    fileExists: (name) => asts.has(name),
    readFile: () => undefined,
    writeFile: () => {},
    getDefaultLibFileName: () => "",
    getCurrentDirectory: () => "",
    getCanonicalFileName: (name) => name,
    useCaseSensitiveFileNames: () => true,
    getNewLine: () => "\n",
  });
  const checker = program.getTypeChecker();
  const anything = ts.SymbolFlags.Value | ts.SymbolFlags.Type | ts.SymbolFlags.Namespace |
    ts.SymbolFlags.Alias;
  return (node) =>
    !checker.getSymbolsInScope(node, anything).some(({ name, declarations = [] }) =>
      name === node.text && declarations.length > 0
    );
}

function reservedGlobals(
  file: SourceFile,
  isGlobal: (node: ts.Identifier) => boolean,
): Finding[] {
  const findings: Finding[] = [];
  const visit = (node: ts.Node): void => {
    // Asking for the scope is slow, so the few names that matter are looked for first.
    if (
      ts.isIdentifier(node) && NOTABLE.has(node.text) && isReference(node) && isGlobal(node)
    ) {
      const message = complaint(node, file.path);
      if (message !== undefined) findings.push({ file: file.path, line: lineOf(node), message });
    }
    ts.forEachChild(node, visit);
  };
  visit(file.ast);
  return findings;
}

function complaint(node: ts.Identifier, path: string): string | undefined {
  const name = reachedName(node);
  if (name === "") return isInType(node) ? undefined : `uses ${node.text} as a whole`;
  const reserved = readsPresent(node)
    ? CLOCK
    : RESERVED.find(({ names, inTypes = false }) =>
      (inTypes || !isInType(node)) &&
      names.some((taken) => name === taken || name.startsWith(`${taken}.`))
    );
  if (reserved === undefined || reserved.home === path) return undefined;
  return reserved.home === undefined
    ? `uses ${name}: ${reserved.what} is injected`
    : `uses ${name}: ${reserved.what} is injected, and read only in ${reserved.home}`;
}

/** True for an identifier that stands for a value or type of that name, not for the name of a member or an alias. */
function isReference(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isShorthandPropertyAssignment(parent)) return true;
  if (ts.isExportSpecifier(parent)) {
    return parent.parent.parent.moduleSpecifier === undefined &&
      node === (parent.propertyName ?? parent.name);
  }
  if (ts.isQualifiedName(parent)) return parent.left === node;
  if (ts.isBindingElement(parent) && parent.propertyName === node) return false;
  if (ts.isImportSpecifier(parent)) return false;
  return (parent as Partial<ts.NamedDeclaration>).name !== node;
}

/** `Date.now` for `globalThis.Date.now()`; empty for the global object itself. */
function reachedName(node: ts.Identifier): string {
  const parts = [node.text];
  let reached: ts.Node = node;
  for (;;) {
    const { parent } = reached;
    if (ts.isPropertyAccessExpression(parent) && parent.expression === reached) {
      parts.push(parent.name.text);
    } else if (ts.isQualifiedName(parent) && parent.left === reached) {
      parts.push(parent.right.text);
    } else break;
    reached = parent;
  }
  return parts.slice(GLOBAL_OBJECTS.includes(node.text) ? 1 : 0).join(".");
}

/** True for `new Date()` and `Date()`. */
function readsPresent(node: ts.Identifier): boolean {
  const { parent } = node;
  if (node.text !== "Date") return false;
  if (ts.isNewExpression(parent)) return (parent.arguments?.length ?? 0) === 0;
  return ts.isCallExpression(parent) && parent.expression === node;
}

function isInType(node: ts.Node): boolean {
  return ts.findAncestor(node, ts.isTypeNode) !== undefined;
}
