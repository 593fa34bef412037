/**
 * The packages of tests/workerd, as far as tests use them. They are 230 MB, so that they are a
 * package of their own, which only those install who run the tests: `./run test` does, or `deno
 * install` in that folder.
 *
 * @module
 */
import { createRequire } from "node:module";

/** What Miniflare is told. */
export type MiniflareOptions = Readonly<Record<string, unknown>>;

/** Workers that Miniflare runs in a workerd of its own. */
export interface RunningMiniflare {
  /** Its address, once it answers. */
  readonly ready: Promise<URL>;
  /** Ends it, without a word before. */
  dispose(): Promise<void>;
}

interface Packages {
  readonly miniflare: { readonly Miniflare: new (options: MiniflareOptions) => RunningMiniflare };
  readonly esbuild: {
    build(options: Readonly<Record<string, unknown>>): Promise<{ outputFiles: { text: string }[] }>;
    stop(): Promise<void>;
  };
}

const require = createRequire(new URL("../../tests/workerd/deno.json", import.meta.url));

/**
 * Loads one of them.
 *
 * @throws {Error} If it is not installed.
 */
export function loadPackage<Name extends keyof Packages>(name: Name): Packages[Name] {
  return require(name);
}

/** The program that Miniflare would start: there is none for some platforms. */
export function workerdProgram(): string {
  return Deno.env.get("MINIFLARE_WORKERD_PATH") ??
    createRequire(require.resolve("miniflare"))("workerd").default;
}

/** The program that is `wrangler`, past its check of Node's version: Deno runs it. */
export function wranglerProgram(): string {
  return require.resolve("wrangler");
}
