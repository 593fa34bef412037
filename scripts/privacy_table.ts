/**
 * `deno run -A scripts/privacy_table.ts`: what privacy costs, on invented people, as the table of
 * docs/PRIVACY.md. Keeps each number as it comes, and goes on from there.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { replaceSection } from "../bench/results_file.ts";
import { createTrainCore, inlineModule } from "../src/wasm/mod.ts";
import { METHODS, SETTINGS } from "./privacy/methods.ts";
import { openResults, renderTable, type Results, saveResults } from "./privacy/results.ts";
import { inventWorld, type PrivacyWorld } from "./privacy/world.ts";

const RESULTS = new URL("privacy/results.json", import.meta.url).pathname;
const DOCUMENT = new URL("../docs/PRIVACY.md", import.meta.url);
const USAGE = `\
Usage: deno run -A scripts/privacy_table.ts [--clients 600,6000,60000] [--worlds 3] [--measured] [--write]

Measures what is missing in scripts/privacy/results.json and prints the table: an hour on one
core for all of it, most of it for 60 000 clients. Interrupted, it goes on where it was.

  --measured  Measure nothing: the table of what there is
  --write     Put the table in docs/PRIVACY.md`;

async function main(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      clients: { type: "string", default: "600,6000,60000" },
      worlds: { type: "string", default: "3" },
      measured: { type: "boolean", default: false },
      write: { type: "boolean", default: false },
      help: { type: "boolean", default: false, short: "h" },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  const sizes = values.clients.split(",").map(Number);
  const worlds = Number(values.worlds);
  if (![...sizes, worlds].every((count) => Number.isSafeInteger(count) && count > 0)) {
    console.error(
      `Cannot measure ${values.clients} in ${values.worlds} worlds: expected whole numbers`,
    );
    return 2;
  }
  const results = await openResults(RESULTS, SETTINGS);
  if (!values.measured) await measure(results, { sizes, worlds });
  const table = renderTable(results, { methods: METHODS.map(({ name }) => name), sizes });
  console.log(`\n${table}`);
  if (values.write) {
    const before = await Deno.readTextFile(DOCUMENT);
    await Deno.writeTextFile(DOCUMENT, replaceSection(before, { name: "table", text: table }));
  }
  return 0;
}

/** Measures what is missing, and keeps each number as it comes. */
async function measure(
  results: Results,
  { sizes, worlds }: { readonly sizes: readonly number[]; readonly worlds: number },
): Promise<void> {
  using core = createTrainCore(await inlineModule("train"));
  for (const clients of sizes) {
    for (let world = 1; world <= worlds; world++) {
      let invented: PrivacyWorld | undefined;
      for (const { name: method, run } of METHODS) {
        const isDone = results.measurements.some((one) =>
          one.clients === clients && one.world === world && one.method === method
        );
        if (isDone) continue;
        invented ??= await inventWorld(
          { clients, label: `${clients} people, world ${world}` },
          core,
        );
        const begun = performance.now();
        const hitRate = await run(invented);
        results.measurements.push({ clients, world, method, hitRate });
        await saveResults(RESULTS, results);
        const seconds = ((performance.now() - begun) / 1000).toFixed(0);
        console.log(
          `${clients} clients, world ${world}: ${method}: ${hitRate.toFixed(3)} (${seconds} s)`,
        );
      }
    }
  }
}

if (import.meta.main) Deno.exit(await main(Deno.args));
