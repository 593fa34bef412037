/**
 * `deno run -A scripts/sizing.ts`: how many regions tasks of several sizes take on each platform, and
 * what that costs, as the table of docs/DEPLOY.md.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { replaceSection } from "../bench/results_file.ts";
import figures from "./sizing/figures.json" with { type: "json" };
import { sizeOf, type Workload } from "./sizing/model.ts";

const DOCUMENT = new URL("../docs/DEPLOY.md", import.meta.url);
const USAGE = `\
Usage: deno run -A scripts/sizing.ts [--clients N --values N] [--write]

Prints the table of docs/DEPLOY.md, or one line of it for a task of your own. Prices and rates, each
with where it is from and when, are in scripts/sizing/figures.json; edit them there.

  --write     Put the table in docs/DEPLOY.md`;

const WORKLOADS: readonly Workload[] = [
  { clients: 1000, values: 10_000 },
  { clients: 10_000, values: 100_000 },
  { clients: 100_000, values: 100_000 },
  { clients: 10_000, values: 1_000_000 },
  { clients: 100_000, values: 1_000_000 },
  { clients: 1000, values: 16_000_000 },
  { clients: 1000, values: 64_000_000 },
];

/** The table and where its prices are from, as Markdown. */
export function sizingTable(workloads: readonly Workload[] = WORKLOADS): string {
  const head = [
    ...["clients", "values", "upload", "servers", "processes", "objects"],
    ...["Cloudflare", "Deno Deploy", "servers", "fleet"].map((name) => `${name}, $`),
  ];
  const lines = workloads.map((work) => {
    const { uploadBytes, servers, processes, objects, usd } = sizeOf(work);
    const { regions, accumulators } = objects;
    return [
      grouped(work.clients),
      grouped(work.values),
      `${(uploadBytes / 1e6).toPrecision(3)} MB`,
      servers,
      processes,
      accumulators === 0 ? regions : `${regions} + ${accumulators}`,
      ...Object.values(usd).map((dollars) => grouped(Number(dollars.toPrecision(2)))),
    ];
  });
  const rows = [head, head.map(() => "---:"), ...lines];
  const sources = [...Object.values(figures.prices), figures.rates]
    .map(({ source, date }) => `- ${date}: ${source}`);
  return [...rows.map((cells) => `| ${cells.join(" | ")} |`), "", ...sources].join("\n");
}

/** Thousands apart. */
function grouped(count: number): string {
  return String(count).replaceAll(/\B(?=(\d{3})+$)/g, " ");
}

async function main(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      clients: { type: "string" },
      values: { type: "string" },
      write: { type: "boolean", default: false },
      help: { type: "boolean", default: false, short: "h" },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  const own = [values.clients, values.values].filter((given) => given !== undefined).map(Number);
  if (own.length === 1 || own.some((given) => !Number.isSafeInteger(given) || given < 1)) {
    console.error("Cannot size a task: expected --clients and --values, both whole numbers");
    return 2;
  }
  const [clients, size] = own;
  if (clients !== undefined && size !== undefined) {
    console.log(sizingTable([{ clients, values: size }]));
    return 0;
  }
  const table = sizingTable();
  console.log(table);
  if (values.write) {
    const before = await Deno.readTextFile(DOCUMENT);
    await Deno.writeTextFile(DOCUMENT, replaceSection(before, { name: "sizing", text: table }));
  }
  return 0;
}

if (import.meta.main) Deno.exitCode = await main(Deno.args);
