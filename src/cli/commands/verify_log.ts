/**
 * `tributary verify-log`: checks a round log, without trusting who keeps it.
 *
 * @module
 */
import { Command, Option } from "commander";
import { nativeCheckOf } from "../../../edge/deno/mod.ts";
import {
  type CheckedHead,
  type CheckedLog,
  checkKeeper,
  checkLog,
  checkLogHead,
} from "../../client/check_log.ts";
import { isTributaryError, TributaryError } from "../../core/errors.ts";
import { taskSpend } from "../../update/private_plan.ts";
import type { LogHead } from "../../wire/log_head.ts";
import { type Task, verifyTask } from "../../wire/task.ts";
import { type LogSummary, verifyLog } from "../../wire/verify_log.ts";
import { readLogFile } from "../log_file.ts";
import { readSeenHeads, type SeenHead, writeSeenHeads } from "../log_heads_file.ts";
import type { Terminal } from "../terminal.ts";

interface Options {
  readonly task?: string;
  readonly head?: string;
  readonly seen: string;
  readonly against?: string;
  readonly quick?: true;
}

/** The command. It prints a summary of a good log, and names the first entry of a bad one. */
export function verifyLogCommand(terminal: Terminal): Command {
  return new Command("verify-log")
    .description(
      "Check a round log: signatures, hashes, that each model follows from its round, and that the " +
        "log is still the one that was seen before",
    )
    .argument("<source>", "address of a root or region, or a log file that the demo wrote")
    .option("--task <digest>", "which task, where an aggregator has several")
    .option("--head <hash>", "hash that the last entry must have, if you know it from elsewhere")
    .option(
      "--seen <file>",
      "heads of logs seen before; the newest is kept there",
      "log_heads.json",
    )
    .option("--against <file>", "such a file of somebody else: was the same log shown to both?")
    .addOption(
      new Option("--quick", "check the log's head and proofs alone, none of its entries")
        .conflicts("head"),
    )
    .action(async (source: string, options: Options) => {
      if (/^https?:/.test(source)) await checkAddress(source, options, terminal);
      else await checkFile(source, options, terminal);
    });
}

async function checkFile(path: string, options: Options, { print }: Terminal): Promise<void> {
  const bytes = await Deno.readFile(path).catch((cause) => {
    throw new TributaryError("log-invalid", `Cannot open ${path}: expected a log file`, { cause });
  });
  const log = readLogFile(bytes);
  const { id, signed } = await verifyTask(log.signed, options.task);
  const spend = taskSpend(signed.task);
  const summary = await verifyLog(log.entries, {
    task: signed.task,
    signer: log.signer,
    checkOf: nativeCheckOf,
    ...(spend && { spentAfter: spend.after }),
    ...(options.head === undefined ? {} : { head: options.head }),
  });
  checkKeeper(summary, signed);
  printSummary(print, { id, task: signed.task, summary });
}

async function checkAddress(url: string, options: Options, terminal: Terminal): Promise<void> {
  const { print, warn } = terminal;
  const { task, against, seen: file } = options;
  const kept = await readSeenHeads(file);
  const seen = kept.filter((one) => one.url === url);
  const others = against === undefined ? [] : await headsOf(against, url);
  const heads = [...seen, ...others].map(({ head }) => head);
  let found: LogHead | undefined;
  const about = {
    ...(task !== undefined && { task }),
    checkOf: nativeCheckOf,
    heads,
    seen: (head: LogHead) => found = head,
  };
  try {
    const checked: CheckedHead & Partial<CheckedLog> = options.quick
      ? await checkLogHead(url, about)
      : await checkLog(url, about);
    const { head, task: id, offer, summary } = checked;
    if (summary !== undefined) {
      checkLast(summary, options.head);
      printSummary(print, { id, task: offer.task, summary });
    } else {
      print(`The head of this log is good: ${head.body.size} entries, none of them read.`);
      print(`  task      ${id} (${offer.task.name})`);
    }
    print(`  root      ${head.body.root}, signed ${new Date(head.body.atMs).toISOString()}`);
    print(`  seen      ${seenText(heads.filter(({ body }) => body.task === id).length)}`);
    const isOld = (one: SeenHead) => one.url === url && one.head.body.task === id;
    await writeSeenHeads(file, [...kept.filter((one) => !isOld(one)), { url, head }]);
  } catch (error) {
    if (isTributaryError(error, "log-forked") && found !== undefined) {
      await writeSeenHeads(file, [...kept, ...others, { url, head: found }]);
      warn(`tributary: The heads that contradict each other are kept in ${file}`);
    }
    throw error;
  }
}

/** Somebody else's heads of a log. */
async function headsOf(path: string, url: string): Promise<readonly SeenHead[]> {
  const heads = (await readSeenHeads(path)).filter((one) => one.url === url);
  if (heads.length > 0) return heads;
  throw new TributaryError("bad-data", `Cannot compare with ${path}: it has no head of ${url}`);
}

function checkLast({ entries, head }: LogSummary, expected: string | undefined): void {
  if (expected === undefined || expected === head) return;
  throw new TributaryError(
    "log-invalid",
    `Cannot trust log entry ${entries - 1} as the last: its hash is ${head}, expected ${expected}`,
  );
}

function seenText(heads: number): string {
  if (heads === 0) return "for the first time";
  return `this log goes on from ${heads === 1 ? "the head" : `all ${heads} heads`} seen before`;
}

function printSummary(
  print: (line: string) => void,
  { id, task, summary }: {
    readonly id: string;
    readonly task: Task;
    readonly summary: LogSummary;
  },
): void {
  const { model, spent, finished } = summary;
  print(`The log of this ${summary.role} is good: ${summary.entries} entries.`);
  print(`  task      ${id} (${task.name})`);
  print(
    `  rounds    ${summary.rounds} with ${summary.clients} updates in all, ${summary.abandoned} abandoned`,
  );
  if (model !== undefined) print(`  model     version ${model.version}, ${model.digest}`);
  if (spent !== undefined) {
    const { epsilon, delta } = task.privacy ?? {};
    print(
      `  privacy   ε = ${
        spent.epsilon.toPrecision(4)
      } of ${epsilon} at δ = ${delta}, spent on ${spent.sums} sums`,
    );
  }
  print(`  state     ${finished === undefined ? "going on" : `finished (${finished})`}`);
  print(`  head      ${summary.head}`);
}
