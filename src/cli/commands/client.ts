/**
 * `tributary client`: one device, with one person's ratings.
 *
 * @module
 */
import { Command } from "commander";
import { join as joinRegion, type Participant } from "../../client/mod.ts";
import { TributaryError } from "../../core/errors.ts";
import { alignItems, type Interactions } from "../../data/interactions.ts";
import type { PersonExamples } from "../../models/model.ts";
import { httpUrl } from "../arguments.ts";
import { openRatings, parseColumns } from "../data_files.ts";
import { openDeviceStore } from "../device_store.ts";
import { formatBytes } from "../format.ts";
import { loadIdentity } from "../../../edge/deno/mod.ts";
import { listenForInterrupt } from "../interrupt.ts";
import { itemsDigest, openItems } from "../items_file.ts";
import { nativeDigest } from "../../../edge/deno/mod.ts";
import type { Terminal } from "../terminal.ts";

interface Options {
  readonly region: string;
  readonly data: string;
  readonly user?: string;
  readonly items?: string;
  readonly columns?: string;
  readonly task?: string;
  readonly token?: string;
  readonly identity: string;
  readonly state: string;
}

/** The command. It takes part until the task is finished, and prints a line a round. */
export function clientCommand(terminal: Terminal): Command {
  return new Command("client")
    .description("Take part as one device; the ratings stay here")
    .requiredOption("--region <url>", "address of the region to join", httpUrl)
    .requiredOption("--data <path>", "ratings of this person: a file, or a folder of a known form")
    .option("--user <id>", "which person, where the ratings are of several")
    .option("--items <file>", "the task's items: a CSV file with the columns item and title")
    .option("--columns <map>", "columns of a CSV file, such as user=who,item=what,time=at")
    .option("--task <digest>", "which task, where the region has several")
    .option("--token <token>", "token of a region that asks for one")
    .option("--identity <file>", "this device's key; made if it is not there", "client.key")
    .option("--state <file>", "what this device keeps from round to round", "client.db")
    .action(async (options: Options) => {
      using interrupt = listenForInterrupt();
      const { examples, items } = await openExamples(options);
      using store = openDeviceStore(options.state);
      const identity = await loadIdentity(options.identity);
      try {
        await using device = await joinRegion(options.region, {
          identity,
          examples,
          state: store.stateOf(identity.id),
          digest: nativeDigest,
          signal: interrupt.signal,
          ...(options.task === undefined ? {} : { task: options.task }),
          ...(options.token === undefined ? {} : { token: options.token }),
        });
        await checkItems(items, device);
        terminal.print(`joined ${options.region} as ${device.id} for "${device.task.name}"`);
        for await (const report of device.rounds()) {
          terminal.print(
            report.kind === "sent"
              ? `round ${report.round}: sent ${formatBytes(report.bytesSent)}`
              : `round ${report.round}: missed (${report.reason})`,
          );
        }
        terminal.print("the task is finished");
      } catch (error) {
        interrupt.signal.throwIfAborted();
        throw error;
      }
    });
}

async function openExamples(
  options: Options,
): Promise<{ examples: PersonExamples; items: readonly string[] }> {
  const columns = options.columns === undefined ? undefined : parseColumns(options.columns);
  const own = await openRatings(options.data, { columns });
  const data = options.items === undefined ? own : alignItems(own, await openItems(options.items));
  const history = data.histories[personIn(data, options.user)];
  return { examples: { items: history?.items ?? new Uint32Array() }, items: data.items };
}

/** A device whose items are numbered otherwise would teach the model nonsense: it leaves again. */
async function checkItems(items: readonly string[], device: Participant): Promise<void> {
  const { itemsDigest: expected } = device.task.train;
  const found = await itemsDigest(items);
  if (expected === undefined || expected === found) return;
  await device.leave();
  throw new TributaryError(
    "bad-data",
    `Cannot take part: the digest of these ${items.length} items is ${found}, the task's is ${expected}; expected the task's items by --items`,
  );
}

function personIn(data: Interactions, wanted: string | undefined): number {
  if (wanted === undefined && data.people.length === 1) return 0;
  const person = wanted === undefined ? -1 : data.people.indexOf(wanted);
  if (person >= 0) return person;
  const some = data.people.slice(0, 5).join(", ");
  throw new TributaryError(
    "bad-data",
    `Cannot choose whose ratings to train on: found ${
      wanted ?? "no --user"
    }, expected one of ${data.people.length}, such as ${some}`,
  );
}
