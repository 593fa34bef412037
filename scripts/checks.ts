/**
 * The checks that need no running of the product: format, lint, types, Rust, and the house's own.
 *
 * @module
 */
import { inContinuousIntegration, runQuietly } from "./command.ts";
import { checkDependencies } from "./house/dependencies.ts";
import { checkInterface, examplesThatDoNotRun } from "./house/documentation.ts";
import { checkFileSizes, countLines } from "./house/file_sizes.ts";
import { checkImports } from "./house/imports.ts";
import { checkLayout } from "./house/layout.ts";
import { checkPlatformGlobals } from "./house/platform_globals.ts";
import type { Finding, SourceFile } from "./house/source_tree.ts";
import { isShipped, listFiles, readSources } from "./house/source_tree.ts";
import { checkUnusedExports } from "./house/unused_exports.ts";
import { staleCores } from "./wasm_sources.ts";

/** How a check ended. */
export type Outcome =
  | { readonly kind: "passed"; readonly note?: string }
  | { readonly kind: "failed"; readonly output: string }
  | { readonly kind: "skipped"; readonly reason: string };

/** One check, by the name that `./run check NAME` knows. */
export interface Check {
  /** Words with `-` between them. */
  readonly name: string;
  /** Looks; throws only when it could not look. */
  readonly run: () => Promise<Outcome>;
}

/** What the checks look at, read once. */
interface Project {
  readonly root: string;
  /** The parts of deno.json that matter here. */
  readonly config: {
    readonly name: string;
    readonly imports: Record<string, string>;
    readonly exports: Record<string, string>;
  };
  readonly paths: readonly string[];
  readonly files: readonly SourceFile[];
  readonly shipped: readonly SourceFile[];
  /** Paths of the files behind `exports`. */
  readonly entries: readonly string[];
}

/** All checks of the project in `root`, an absolute path, in the order in which to show them. */
export async function allChecks(root: string): Promise<Check[]> {
  const config: Project["config"] = JSON.parse(await Deno.readTextFile(`${root}/deno.json`));
  const files = await readSources(root);
  const project: Project = {
    root,
    config,
    files,
    paths: await listFiles(root),
    shipped: files.filter(({ path }) => isShipped(path)),
    entries: Object.values(config.exports).map((path) => path.replace(/^\.\//, "")),
  };
  return [...denoChecks(project), ...rustChecks(project), ...houseChecks(project)];
}

function denoChecks({ root, files, shipped }: Project): Check[] {
  const pathsOf = (some: readonly SourceFile[]): string[] => some.map(({ path }) => path);
  const deno = (name: string, ...args: string[]): Check => ({
    name,
    run: () => statusOf([Deno.execPath(), ...args], root),
  });
  return [
    deno("format", "fmt", "--check"),
    deno("lint", "lint", "--quiet"),
    // Tests may assert that something is there; nothing else may.
    deno(
      "assertions",
      "lint",
      "--rules-tags=",
      "--rules-include=no-non-null-assertion",
      ...pathsOf(shipped),
    ),
    deno("types", "check", "--quiet", ...pathsOf(files).filter((path) => !isTemplate(path))),
  ];
}

function rustChecks({ root }: Project): Check[] {
  const wasm32 = ["--target", "wasm32-unknown-unknown"];
  const cargo = (name: string, [tool = "", ...args]: string[]): Check => ({
    name,
    run: async () => {
      const reason = await missingRust(root, tool, args.includes("--target"));
      if (reason === undefined) {
        return await statusOf(
          ["cargo", tool, "--manifest-path", "wasm/Cargo.toml", ...args],
          root,
        );
      }
      return inContinuousIntegration()
        ? { kind: "failed", output: `Cannot check the Rust sources: ${reason}\n` }
        : { kind: "skipped", reason };
    },
  });
  const clippy = (name: string, ...packages: readonly string[]): Check =>
    cargo(name, ["clippy", "--quiet", "--all-targets", ...packages, "--", "-D", "warnings"]);
  return [
    cargo("rust-format", ["fmt", "--all", "--check"]),
    clippy("clippy", "--workspace"),
    // Not both cores at once: one brings std along, and the other what stands for it.
    clippy("clippy-aggregate", ...wasm32, "--package", "aggregate", "--package", "memory"),
    clippy("clippy-train", ...wasm32, "--package", "train"),
  ];
}

/** What a check of Rust lacks on this machine. */
async function missingRust(
  root: string,
  tool: string,
  forWasm: boolean,
): Promise<string | undefined> {
  if ((await runQuietly(["cargo", tool, "--version"], { cwd: root })).code !== 0) {
    return `there is no working "cargo ${tool}"`;
  }
  if (!forWasm) return undefined;
  const target = "wasm32-unknown-unknown";
  const { text } = await runQuietly(
    ["rustc", "--print", "target-libdir", "--target", target],
    { cwd: root },
  );
  const there = await Deno.stat(text.trim()).then(() => true, () => false);
  return there ? undefined : `Rust has no target ${target}`;
}

function houseChecks({ root, config, paths, files, shipped, entries }: Project): Check[] {
  return [
    house(
      "imports",
      () => checkImports(files, { imports: Object.keys(config.imports), name: config.name }),
    ),
    house("platform-globals", () => checkPlatformGlobals(files)),
    house("documentation", async () => [
      ...await checkInterface({ root, files, paths: shipped.map(({ path }) => path) }),
      ...shipped.flatMap(examplesThatDoNotRun),
    ]),
    house("interface", () => checkInterface({ root, files, paths: entries })),
    house("unused-exports", () =>
      // Examples are for readers, who take what they like.
      checkUnusedExports(files, [
        ...entries,
        ...paths.filter((path) => path.startsWith("examples/")),
      ])),
    house("layout", () => checkLayout(paths, files)),
    {
      name: "file-sizes",
      run: async () => {
        const code = paths.filter((path) => /\.(ts|js|mjs|rs)$/.test(path));
        const sizes = await Promise.all(code.map(async (path) => ({
          path,
          lines: countLines(await Deno.readTextFile(`${root}/${path}`)),
          shipped: isShipped(path),
        })));
        const { findings, summary } = checkFileSizes(sizes);
        return outcomeOf(findings, summary);
      },
    },
    house("wasm-sources", async () =>
      (await staleCores(new URL(`file://${encodeURI(root)}/wasm/`)))
        .map((message) => ({ file: "wasm", message }))),
    house("dependencies", async () =>
      checkDependencies({
        imports: {
          "deno.json": config.imports,
          [TEST_PACKAGES]: JSON.parse(await Deno.readTextFile(`${root}/${TEST_PACKAGES}`)).imports,
        },
        document: await Deno.readTextFile(`${root}/docs/DEPENDENCIES.md`),
        files,
      })),
  ];
}

/** A project of its own, which has the library as a package of its own: a test starts it. */
function isTemplate(path: string): boolean {
  return path.includes("examples/cloudflare/");
}

/** Packages that only tests use, installed by themselves. */
const TEST_PACKAGES = "tests/workerd/deno.json";

function house(name: string, find: () => readonly Finding[] | Promise<readonly Finding[]>): Check {
  return { name, run: async () => outcomeOf(await find()) };
}

function outcomeOf(findings: readonly Finding[], note?: string): Outcome {
  if (findings.length === 0) return { kind: "passed", ...(note !== undefined && { note }) };
  const lines = findings.map(({ file, line, message }) =>
    `${file}${line === undefined ? "" : `:${line}`} ${message}\n`
  );
  return { kind: "failed", output: lines.join("") };
}

async function statusOf(command: readonly string[], cwd: string): Promise<Outcome> {
  const env = { NO_COLOR: "1", CARGO_TERM_COLOR: "never" };
  const { code, text } = await runQuietly(command, { cwd, env });
  return code === 0 ? { kind: "passed" } : { kind: "failed", output: text };
}
