/**
 * Real workerd for tests. Where it cannot run they are skipped, but in CI they fail.
 *
 * @module
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { loadPackage, workerdProgram } from "./_packages_testing.ts";

/** A worker that runs. */
export interface RunningWorker extends AsyncDisposable {
  /** Its address. */
  readonly url: string;
}

/** Where the code of a worker begins, which objects it has, and where they are kept. */
export interface WorkerOptions {
  /**
   * Text of its module, which imports as if it lay beside this file. It may import the core; a file
   * that does is refused by Deno, which takes it for a module of its own and looks for its imports.
   */
  readonly source: string;
  /** Classes of its objects by the names of their bindings; each has SQLite. */
  readonly objects: Readonly<Record<string, string>>;
  /** Variables and secrets. */
  readonly bindings?: Readonly<Record<string, string>>;
  /** Folder in which objects are kept; in memory without one. */
  readonly folder?: string;
}

/**
 * Whether this machine can run workerd at all.
 *
 * @throws {Error} If it cannot, in CI.
 */
export async function canRunWorkerd(): Promise<boolean> {
  try {
    const program = workerdProgram();
    const { success } = await new Deno.Command(program, { args: ["--version"] }).output();
    if (!success) throw new Error(`Cannot run workerd: ${program} failed`);
    return true;
  } catch (error) {
    if (Deno.env.get("CI") === "true") throw error;
    return false;
  }
}

/** Bundles a worker and starts it on a port of its own. */
export async function startWorker(options: WorkerOptions): Promise<RunningWorker> {
  const classes = Object.entries(options.objects);
  const { Miniflare } = loadPackage("miniflare");
  const worker = new Miniflare({
    modules: [
      {
        type: "ESModule",
        path: join(FOLDER, "worker.mjs"),
        contents: await bundleWorker(options.source),
      },
      { type: "CompiledWasm", path: join(ROOT, "wasm/aggregate/pkg/aggregate_bg.wasm") },
    ],
    modulesRoot: ROOT,
    bindings: { ...options.bindings },
    durableObjects: Object.fromEntries(
      classes.map(([name, className]) => [name, { className, useSQLite: true }]),
    ),
    ...(options.folder === undefined ? {} : { durableObjectsPersist: options.folder }),
    ...PLATFORM,
  });
  const { origin } = await worker.ready;
  return { url: origin, [Symbol.asyncDispose]: () => worker.dispose() };
}

const FOLDER = fileURLToPath(new URL(".", import.meta.url));
const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** This machine alone, on a free port, and nothing fetched from outside of it. */
const PLATFORM = {
  compatibilityDate: "2026-07-01",
  host: "127.0.0.1",
  port: 0,
  cf: false,
} as const;

/**
 * One file of a worker.
 *
 * @param source As {@link WorkerOptions.source}.
 * @param minify Whether names are shortened, as they are for a deployment.
 */
export async function bundleWorker(source: string, minify: boolean = false): Promise<string> {
  const { build, stop } = loadPackage("esbuild");
  try {
    const { outputFiles: [file] } = await build({
      stdin: { contents: source, resolveDir: FOLDER, sourcefile: "worker.ts", loader: "ts" },
      ...{ bundle: true, minify },
      format: "esm",
      write: false,
      external: ["cloudflare:workers", "*.wasm"],
      logLevel: "silent",
    });
    return file!.text;
  } finally {
    await stop();
  }
}
