/**
 * `tributary client`: one device, with one person's ratings.
 *
 * @module
 */
import { Command, Option } from "commander";
import { nativeDigest } from "../../../edge/deno/mod.ts";
import { join as joinRegion, type TokenSource } from "../../client/mod.ts";
import { type Fetch, systemFetch } from "../../core/fetch.ts";
import { alignItems } from "../../data/interactions.ts";
import type { Examples } from "../../models/model.ts";
import { httpUrl, secretOption } from "../arguments.ts";
import { chooseTask } from "../choose_task.ts";
import { openRatings } from "../data_files.ts";
import { openDeviceStore } from "../device_store.ts";
import { openExamples } from "../examples_file.ts";
import { formatBytes } from "../format.ts";
import { addInsistOptions, insistenceOf, type InsistFlags } from "../insist_options.ts";
import { listenForInterrupt } from "../interrupt.ts";
import { openItems } from "../items_file.ts";
import { openIdentity } from "../key_file.ts";
import { announceOutages } from "../outage.ts";
import { personIn } from "../person.ts";
import { formOptions, type Reading, readingOf } from "../reading.ts";
import type { Terminal } from "../terminal.ts";

interface Options extends Reading, InsistFlags {
  readonly region: readonly string[];
  readonly data?: string;
  readonly examples?: string;
  readonly user?: string;
  readonly items?: string;
  readonly task?: string;
  readonly token?: readonly string[];
  readonly identity: string;
  readonly state: string;
}

/** The command. It takes part until the task is finished, and prints a line a round. */
export function clientCommand(terminal: Terminal): Command {
  const command = new Command("client")
    .description("Take part as one device; what it has stays here")
    .requiredOption(
      "--region <urls...>",
      "addresses of regions: it joins the nearest, and goes to another if that is away",
      (text: string, before: readonly string[] = []) => [...before, httpUrl(text)],
    )
    .option("--data <path>", "ratings of this person: a file, or a folder of a known form")
    .addOption(
      new Option("--examples <file>", "for statistics: values or items of this person, as JSON")
        .conflicts(["data", "user", "items", "columns", "events", "popular"]),
    )
    .option("--user <id>", "which person, where the ratings are of several")
    .option("--items <file>", "the task's items: a CSV file with the columns item and title");
  return addInsistOptions(formOptions(command))
    .option("--task <digest>", "which task, where the region has several")
    .addOption(secretOption({
      flags: "--token <tokens...>",
      what: "token of a region that asks for one; one for all, or one for each",
      variable: "TRIBUTARY_TOKEN",
    }))
    .option("--identity <file>", "this device's key; made if it is not there", "client.key")
    .option("--state <file>", "what this device keeps from round to round", "client.db")
    .action(async (options: Options) => {
      using interrupt = listenForInterrupt("Stopped; the same command takes part again");
      try {
        if (options.data === undefined && options.examples === undefined) {
          command.error("error: expected --data, or --examples for a statistic");
        }
        await takePart(options, terminal, interrupt.signal);
      } catch (error) {
        // Whatever an interrupted device stumbled over, the interruption is the reason.
        interrupt.signal.throwIfAborted();
        throw error;
      }
    });
}

async function takePart(
  options: Options,
  { print, warn }: Terminal,
  signal: AbortSignal,
): Promise<void> {
  const fetch = announceAll(options.region, warn);
  const { examples, task } = await partOf(options, { fetch, signal });
  const identity = await openIdentity(options.identity);
  using store = openDeviceStore(options.state);
  await using device = await joinRegion(options.region, {
    identity,
    fetch,
    signal,
    examples,
    ...insistenceOf(options),
    ...(task === undefined ? {} : { task }),
    state: store.stateOf(identity.id),
    digest: nativeDigest,
    ...tokenOf(options),
  });
  print(`joined ${device.url} as ${device.id} for "${device.task.name}"`);
  for await (const report of device.rounds()) {
    print(
      report.kind === "sent"
        ? `round ${report.round}: sent ${formatBytes(report.bytesSent)}`
        : `round ${report.round}: missed (${report.reason})`,
    );
  }
  print("the task is finished");
}

/** What is shown at each region: the one token, or the one at the same place as its address. */
function tokenOf({ token, region }: Options): { readonly token?: TokenSource } {
  const [only, ...others] = token ?? [];
  if (only === undefined) return {};
  return { token: others.length === 0 ? only : (url) => token?.[region.indexOf(url)] ?? only };
}

/** Says of each region by itself when it is away. */
function announceAll(urls: readonly string[], warn: Terminal["warn"]): Fetch {
  const ways = urls.map((url) => ({
    url,
    fetch: announceOutages(`the region at ${url}`, warn),
  }));
  return (request) => {
    const way = ways.find(({ url }) => request.url.startsWith(url));
    return (way?.fetch ?? systemFetch)(request);
  };
}

/** What the person has, and the task that it is for; the region's only one if undefined. */
async function partOf(
  options: Options,
  reached: { readonly fetch: Fetch; readonly signal: AbortSignal },
): Promise<{ readonly examples: Examples; readonly task: string | undefined }> {
  const { task, examples, data: path } = options;
  if (examples !== undefined) return { examples: await openExamples(examples), task };
  const own = await openRatings(path ?? "", readingOf(options));
  const data = options.items === undefined ? own : alignItems(own, await openItems(options.items));
  const items = data.histories[personIn(data.people, options.user)]?.items ?? new Uint32Array();
  return {
    examples: { items },
    task: await chooseTask(options.region, { ...reached, task, data }),
  };
}
