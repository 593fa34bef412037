/**
 * Imports go one way, and only to npm packages of deno.json or to files of the project.
 *
 * @module
 */
import type { Finding, ModuleReference, SourceFile } from "./source_tree.ts";
import { isShipped, isTest, lineOf, moduleReferences, resolveLocal } from "./source_tree.ts";

const BELOW_TASK = [
  ...["core", "wasm", "tensor", "nn", "models"],
  ...["wire", "update", "mask", "privacy", "strategy", "round", "data", "metrics"],
];

/** For each layer of shipped code, the other layers that it may import. */
export const LAYERS: Readonly<Record<string, readonly string[]>> = {
  core: [],
  wasm: ["core"],
  tensor: ["core", "wasm"],
  nn: ["core", "wasm", "tensor"],
  models: ["core", "wasm", "tensor", "nn", "data", "metrics", "privacy"],
  wire: ["core"],
  update: ["core", "wasm", "wire", "privacy"],
  mask: ["core", "wasm", "wire"],
  privacy: ["core", "wasm", "wire"],
  strategy: ["core", "wasm"],
  round: ["core", "wire"],
  data: ["core"],
  metrics: ["core"],
  task: BELOW_TASK,
  client: [...BELOW_TASK, "task"],
  analytics: ["core", "models", "privacy"],
  // An edge worker ships with no training code.
  edge: ["core", "wasm", "wire", "update", "mask", "privacy", "strategy", "round", "metrics"],
  sim: [...BELOW_TASK, "task", "client", "edge"],
  cli: [...BELOW_TASK, "task", "client", "analytics", "edge", "sim"],
  "mod.ts": [...BELOW_TASK, "task", "client", "edge", "sim"],
};

/** What deno.json says about names that are not paths. */
export interface PackageNames {
  /** Keys of `imports`. */
  readonly imports: readonly string[];
  /** The project's own name, which examples import. */
  readonly name: string;
}

/** Finds imports against the order of the layers, and specifiers that are neither npm's nor local. */
export function checkImports(files: readonly SourceFile[], names: PackageNames): Finding[] {
  const findings: Finding[] = [];
  for (const file of files) {
    for (const reference of moduleReferences(file)) {
      const message = foreign(reference, names) ?? against(file.path, reference);
      if (message !== undefined) {
        findings.push({ file: file.path, line: lineOf(reference.node), message });
      }
    }
  }
  return findings;
}

/** Why a specifier is neither a local file nor a package that deno.json pins. */
function foreign({ specifier }: ModuleReference, names: PackageNames): string | undefined {
  if (/^\.{0,2}\//.test(specifier)) {
    return specifier.startsWith("/") ? `imports "${specifier}", an absolute path` : undefined;
  }
  // Where these belong is for the check of platform globals.
  if (/^(node|cloudflare):/.test(specifier)) return undefined;
  const known = [...names.imports, names.name];
  if (known.some((name) => specifier === name || specifier.startsWith(`${name}/`))) {
    return undefined;
  }
  return `imports "${specifier}", which deno.json does not pin under imports`;
}

/** Why a local import goes against the order of the layers. Tests may look anywhere. */
function against(path: string, { specifier }: ModuleReference): string | undefined {
  const target = resolveLocal(path, specifier);
  if (target === undefined || !isShipped(path)) return undefined;
  const from = layerOf(path);
  const to = layerOf(target);
  if (from === undefined) return `is in no layer of the project: add its folder to the order`;
  if (isTest(target)) return `imports ${target}, a test`;
  if (to === undefined) {
    return mayImportOutside(path, target)
      ? undefined
      : `imports ${target}, which is outside src/ and edge/`;
  }
  if (from === to) {
    return from === "edge" && !isPlatform(path) && isPlatform(target)
      ? `imports ${target}: platform-free code knows no platform`
      : undefined;
  }
  if (LAYERS[from]?.includes(to)) return undefined;
  return `imports ${target}: ${from} may import ${LAYERS[from]?.join(", ") || "no other layer"}`;
}

/** The loader, and platforms that import wasm statically, name built cores; the command line tells its version. */
function mayImportOutside(path: string, target: string): boolean {
  if (path.startsWith("src/cli/")) return target === "deno.json";
  return /^wasm\/[^/]+\/pkg\//.test(target) &&
    (path.startsWith("src/wasm/") || path.startsWith("edge/cloudflare/"));
}

/** Stores and servers for one platform, or for a kind of them. */
const PLATFORMS: readonly string[] = [
  ...["cloudflare", "deno", "deno_kv", "memory", "native", "node", "postgres", "sqlite"],
];

function isPlatform(path: string): boolean {
  return PLATFORMS.some((folder) => path.startsWith(`edge/${folder}/`));
}

function layerOf(path: string): string | undefined {
  const [first = "", second = ""] = path.split("/");
  if (first === "src") return second in LAYERS ? second : undefined;
  return first === "edge" || path === "mod.ts" ? first : undefined;
}
