/**
 * What `root` and `region` have in common: where to listen, what to keep, and how to stop.
 *
 * @module
 */
import type { Command } from "commander";
import { serveAggregator, type ServedAggregator, type ServeOptions } from "../../edge/deno/mod.ts";
import type { LogLine } from "../../edge/mod.ts";
import { sqliteStore } from "../../edge/sqlite/mod.ts";
import { TributaryError } from "../core/errors.ts";
import type { Identity } from "../core/identity.ts";
import { wholeNumber } from "./arguments.ts";
import { openIdentity } from "./key_file.ts";
import type { Terminal } from "./terminal.ts";
import { startAt, untilStopped } from "./until_stopped.ts";

/** Flags of every server. */
export interface ListenFlags {
  /** Address to listen at. */
  readonly host: string;
  /** Port; 0 for a free one. */
  readonly port: number;
  /** SQLite file. */
  readonly store: string;
  /** Key file. */
  readonly identity: string;
}

/** Flags of every aggregator. */
export interface ServeFlags extends ListenFlags {
  /** Token that members must show. */
  readonly joinToken?: string;
  /** Token that regions must show instead. */
  readonly regionToken?: string;
}

/** Adds the flags of every server; files are named after the role by default. */
export function addListenOptions(command: Command, role: string, what: string): Command {
  return command
    .option("--host <address>", "address to listen at", "127.0.0.1")
    .option("--port <n>", "port to listen at, 0 for a free one", wholeNumber(0, 65535), 0)
    .option("--store <file>", "SQLite file that everything is kept in", `${role}.db`)
    .option("--identity <file>", `key of this ${what}; made if it is not there`, `${role}.key`);
}

/** Adds those of an aggregator. */
export function addServeOptions(command: Command, role: string): Command {
  return addListenOptions(command, role, "aggregator")
    .option("--join-token <token>", "token that members must show; anyone may join without one")
    .option("--region-token <token>", "token that regions must show instead of --join-token");
}

/** Root or region. */
export interface Role extends Pick<ServeOptions, "parent" | "strategy" | "fetch"> {
  /** Digest of the one task that the store may have; any if absent. */
  readonly only?: string;
}

/**
 * Serves until Ctrl-C, then finishes what is under way. What the store has is gone on with at the
 * next start.
 *
 * @throws {TributaryError} `store-failed` if the store is of another task or cannot be opened, `busy`
 * if the port is taken.
 *
 * @param begin Called once the server listens.
 */
export async function serveUntilStopped(
  terminal: Terminal,
  flags: ServeFlags,
  { only, ...role }: Role,
  begin: (server: ServedAggregator, identity: Identity) => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  const { host, port, joinToken, regionToken } = flags;
  const identity = await openIdentity(flags.identity);
  if (only !== undefined) await checkStore(flags.store, only);
  const options = {
    identity,
    store: flags.store,
    hostname: host,
    port,
    logger: (line: LogLine) => printLine(terminal, line),
    ...(joinToken === undefined ? {} : { joinToken }),
    ...(regionToken === undefined ? {} : { regionToken }),
    ...role,
  };
  await untilStopped(
    terminal,
    () => startAt(flags, () => serveAggregator(options)),
    async (server) => {
      terminal.print(`listening at ${server.url} as ${identity.id}`);
      if (role.parent !== undefined) terminal.print(`region of ${role.parent.url}`);
      await server.ready;
      await begin(server, identity);
      terminal.print("ready");
    },
  );
}

/** A store is for one task: with another one in it, members would have to choose. */
async function checkStore(path: string, task: string): Promise<void> {
  if (await Deno.stat(path).then(() => false, () => true)) return;
  await using store = sqliteStore(path);
  const other = (await store.tasks()).find((found) => found !== task);
  if (other === undefined) return;
  throw new TributaryError(
    "store-failed",
    `Cannot use ${path}: it holds task ${other}, expected ${task}; choose another --store`,
  );
}

/** Requests are too many to print; what failed and what the rounds came to is not. */
export function printLine({ print, warn }: Terminal, line: LogLine): void {
  switch (line.kind) {
    case "request":
      return;
    case "answer":
      return print(
        `round ${line.round}: answered for ${line.clients} clients (group ${line.group})`,
      );
    case "round":
      return print(`round ${line.round}: ${line.phase}, ${line.clients} clients`);
    case "failure":
      // The command ends with it.
      if (line.doing === "starting") return;
      return warn(
        `${line.doing}: ${line.error instanceof Error ? line.error.message : line.error}`,
      );
    default:
      return line satisfies never;
  }
}
