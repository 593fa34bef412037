/**
 * `./run bench [NAMES]`: measures, and prints figures beside what they are compared to.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { renderFigures } from "./figure_table.ts";
import { describeMachine } from "./machine.ts";
import { type Part, PARTS } from "./parts.ts";
import { replaceSection } from "./results_file.ts";
import { SkippedError } from "./venv.ts";

const RESULTS = new URL("RESULTS.md", import.meta.url);

function usage(): string {
  const width = Math.max(...PARTS.map(({ name }) => name.length));
  const lines = PARTS.map(({ name, title, duration, onDemand }) =>
    `  ${name.padEnd(width)}  ${title}: ${duration}${onDemand ? "; only when named" : ""}`
  );
  return `\
Usage: ./run bench [NAMES] [--write]

Measures the named parts, or all. Figures mean little while the machine does something else.
A goal that is missed is marked in its table; it does not make the command fail.

${lines.join("\n")}

  --write  Put the tables in bench/RESULTS.md; those of other parts and all remarks there stay
  --help   Show this`;
}

/** What a caller asked for, or one line that says what is wrong. */
type Request =
  | { readonly kind: "help" }
  | { readonly kind: "wrong"; readonly line: string }
  | { readonly kind: "measure"; readonly parts: readonly Part[]; readonly write: boolean };

function readRequest(args: readonly string[]): Request {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { write: { type: "boolean" }, help: { type: "boolean", short: "h" } },
    });
    if (values.help) return { kind: "help" };
    const unknown = positionals.find((name) => !PARTS.some((part) => part.name === name));
    if (unknown !== undefined) {
      const known = PARTS.map(({ name }) => name).join(", ");
      return { kind: "wrong", line: `Cannot measure "${unknown}": the parts are ${known}` };
    }
    const parts = PARTS.filter(({ name, onDemand }) =>
      positionals.length === 0 ? !onDemand : positionals.includes(name)
    );
    return { kind: "measure", parts, write: values.write ?? false };
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return { kind: "wrong", line: `${error.message.split(". ")[0]} (see --help)` };
  }
}

/** Measures one part, as Markdown under a heading. */
async function measure({ title, run }: Part, date: string): Promise<string> {
  const machine = describeMachine(date);
  return `## ${title}\n\n${machine}\n\n${renderFigures(await run())}`;
}

async function writeSection(name: string, text: string): Promise<void> {
  const before = await Deno.readTextFile(RESULTS).catch((error) => {
    if (error instanceof Deno.errors.NotFound) return "# Results\n";
    throw error;
  });
  await Deno.writeTextFile(RESULTS, replaceSection(before, { name, text }));
}

async function main(args: readonly string[]): Promise<number> {
  const request = readRequest(args);
  switch (request.kind) {
    case "help":
      console.log(usage());
      return 0;
    case "wrong":
      console.error(request.line);
      return 2;
    case "measure":
      break;
    default:
      return request satisfies never;
  }
  let failed = 0;
  for (const part of request.parts) {
    console.log(`measuring ${part.name} (${part.duration}) …`);
    try {
      const text = await measure(part, new Date().toISOString().slice(0, 10));
      console.log(`\n${text}\n`);
      // At once, so that an interrupted bench keeps what it has.
      if (request.write) await writeSection(part.name, text);
    } catch (error) {
      if (error instanceof SkippedError) {
        console.warn(`skipped ${part.name}: ${error.message}`);
        continue;
      }
      failed++;
      console.error(`bench: ${part.name}: ${error instanceof Error ? error.message : error}`);
    }
  }
  return failed === 0 ? 0 : 1;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
