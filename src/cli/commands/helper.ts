/**
 * `tributary helper`: one of a task's committee, until it is stopped.
 *
 * @module
 */
import { Command } from "commander";
import { serveHelper } from "../../../edge/deno/mod.ts";
import { admitOwners } from "../../../edge/helper/mod.ts";
import { toBase64Url } from "../../core/bytes.ts";
import { wholeNumber } from "../arguments.ts";
import { openHelperKey, openIdentity } from "../key_file.ts";
import { observersOf, serverLogger, serverTerminal } from "../observe_options.ts";
import { addListenOptions, type ListenFlags } from "../serve_command.ts";
import type { Terminal } from "../terminal.ts";
import { startAt, untilStopped } from "../until_stopped.ts";

interface Options extends ListenFlags {
  readonly key: readonly string[];
  readonly owner?: readonly string[];
  readonly leastClients: number;
  readonly keepRounds?: number;
}

/** The command. It holds the shares of clients' keys, and answers a root once for each sum. */
export function helperCommand(terminal: Terminal): Command {
  const command = new Command("helper")
    .description("Run a helper: hold shares of clients' keys, and answer once for each sum");
  const store = "SQLite file that everything is kept in";
  return addListenOptions(command, { role: "helper", what: "helper", store, hasPage: false })
    .option(
      "--key <files...>",
      "keys that shares are sealed to, newest first; made if they are not there",
      ["helper-shares.key"],
    )
    .option("--owner <ids...>", "owners whose tasks are served; everyone's without it")
    .option(
      "--least-clients <n>",
      "smallest sum that any task may have opened",
      wholeNumber(2, 1_000_000),
      2,
    )
    .option(
      "--keep-rounds <n>",
      "rounds whose answers can be given again; all without it",
      wholeNumber(0, 1_000_000),
    )
    .action((options: Options) => run(options, terminal));
}

async function run(options: Options, given: Terminal): Promise<void> {
  const terminal = serverTerminal(given, options);
  const { owner, leastClients, keepRounds, store, host, port } = options;
  const identity = await openIdentity(options.identity);
  const keys = await Promise.all(options.key.map(openHelperKey));
  const start = () =>
    serveHelper({
      ...{ store, identity, keys, port },
      hostname: host,
      limits: { leastClients },
      logger: serverLogger(given, options),
      observers: observersOf(options),
      ...(owner === undefined ? {} : { admit: admitOwners(owner) }),
      ...(keepRounds === undefined ? {} : { keepRounds }),
    });
  await untilStopped(terminal, () => startAt(options, start), ({ url }) => {
    const { print } = terminal;
    print(`listening at ${url} as ${identity.id}`);
    const [newest, ...older] = keys.map(({ publicKey }) => toBase64Url(publicKey));
    const entry = { url, key: newest, identity: toBase64Url(identity.publicKey) };
    print(`in a task's mask.helpers: ${JSON.stringify(entry)}`);
    for (const key of older) print(`also opens what is sealed to ${key}`);
    print(
      owner === undefined
        ? "serves everyone's tasks; --owner serves those of the owners that you know"
        : `serves the tasks of ${owner.join(", ")}`,
    );
    print("ready");
    return Promise.resolve();
  });
}
