/**
 * `tributary verify-log`: checks a round log, without trusting who keeps it.
 *
 * @module
 */
import { Command } from "commander";
import { systemClock } from "../../core/clock.ts";
import { TributaryError } from "../../core/errors.ts";
import { systemFetch } from "../../core/fetch.ts";
import { generateIdentity } from "../../core/identity.ts";
import { systemRandom } from "../../core/random.ts";
import { onlyTask } from "../../wire/only_task.ts";
import { createPeer } from "../../wire/peer.ts";
import { verifyTask } from "../../wire/task.ts";
import { taskSpend } from "../../update/private_plan.ts";
import { verifyLog } from "../../wire/verify_log.ts";
import { fetchLog } from "../fetch_log.ts";
import { type LogFile, readLogFile } from "../log_file.ts";
import type { Terminal } from "../terminal.ts";

interface Options {
  readonly task?: string;
  readonly head?: string;
}

/** The command. It prints a summary of a good log, and names the first entry of a bad one. */
export function verifyLogCommand(terminal: Terminal): Command {
  return new Command("verify-log")
    .description(
      "Check a round log: signatures, hashes, and that each model follows from its round",
    )
    .argument("<source>", "address of a root or region, or a log file that the demo wrote")
    .option("--task <digest>", "which task, where an aggregator has several")
    .option("--head <hash>", "hash that the last entry must have, if you know it from elsewhere")
    .action(async (source: string, options: Options) => {
      const log = /^https?:/.test(source)
        ? await logAt(source, options.task)
        : readLogFile(await readFile(source));
      const { id, signed } = await verifyTask(log.signed, options.task);
      const spend = taskSpend(signed.task);
      const summary = await verifyLog(log.entries, {
        task: signed.task,
        signer: log.signer,
        ...(spend && { spentAfter: spend.after }),
        ...(options.head === undefined ? {} : { head: options.head }),
      });
      const { print } = terminal;
      print(`The log of this ${summary.role} is good: ${summary.entries} entries.`);
      print(`  task      ${id} (${signed.task.name})`);
      print(
        `  rounds    ${summary.rounds} with ${summary.clients} updates in all, ${summary.abandoned} abandoned`,
      );
      const { model, spent } = summary;
      if (model !== undefined) print(`  model     version ${model.version}, ${model.digest}`);
      if (spent !== undefined) {
        const { epsilon, delta } = signed.task.privacy ?? {};
        print(
          `  privacy   ε = ${
            spent.epsilon.toPrecision(4)
          } of ${epsilon} at δ = ${delta}, spent on ${spent.sums} sums`,
        );
      }
      print(
        `  state     ${
          summary.finished === undefined ? "going on" : `finished (${summary.finished})`
        }`,
      );
      print(`  head      ${summary.head}`);
    });
}

async function readFile(path: string): Promise<Uint8Array> {
  return await Deno.readFile(path).catch((cause) => {
    throw new TributaryError("log-invalid", `Cannot open ${path}: expected a log file`, { cause });
  });
}

async function logAt(url: string, wanted: string | undefined): Promise<LogFile> {
  const peer = createPeer({
    url,
    fetch: systemFetch,
    // Reading needs no identity, but a peer has one.
    identity: await generateIdentity(),
    clock: systemClock(),
    random: systemRandom,
  });
  return await fetchLog(peer, wanted ?? await onlyTask(peer));
}
