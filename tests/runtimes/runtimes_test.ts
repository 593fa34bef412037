import assert from "node:assert/strict";
import { writeJavaScript } from "./to_javascript.ts";

const root = decodeURIComponent(new URL("../..", import.meta.url).pathname);
const program = `${root}tests/runtimes/portable_run.ts`;

async function output(command: string, args: string[]): Promise<string> {
  const { code, stdout } = await new Deno.Command(command, { args, stderr: "inherit" }).output();
  assert.equal(code, 0, command);
  return new TextDecoder().decode(stdout);
}

/** Version of Node, if it can run what is current there. */
async function nodeVersion(): Promise<number | undefined> {
  try {
    const { stdout } = await new Deno.Command("node", { args: ["-p", "process.versions.node"] })
      .output();
    return Number.parseInt(new TextDecoder().decode(stdout));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

const version = await nodeVersion();

Deno.test({
  name: "runtimes: Node trains, encodes, steps and simulates to the same bits as Deno",
  ignore: version === undefined || version < 20,
  async fn() {
    const folder = await Deno.makeTempDir();
    try {
      const module = await writeJavaScript(program, { root, folder });
      const [deno, node] = await Promise.all([
        output(Deno.execPath(), ["run", "--quiet", "--allow-read", program]),
        output("node", [module]),
      ]);
      const runs: string[][] = JSON.parse(node);
      assert.deepEqual(runs, JSON.parse(deno));
      // Four models, three rounds of five parcels and a model each, none like another; and a
      // simulation of three rounds, which Deno runs in threads.
      assert.deepEqual(runs.map((digests) => digests.length), [18, 18, 18, 18, 3]);
      assert.equal(new Set(runs.flat()).size, 75);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
