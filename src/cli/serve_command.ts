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
import { Interrupted, listenForInterrupt } from "./interrupt.ts";
import type { Terminal } from "./terminal.ts";

/** Flags of every server. */
export interface ServeFlags {
  /** Address to listen at. */
  readonly host: string;
  /** Port; 0 for a free one. */
  readonly port: number;
  /** SQLite file. */
  readonly store: string;
  /** Key file. */
  readonly identity: string;
  /** Token that members must show. */
  readonly joinToken?: string;
  /** Token that regions must show instead. */
  readonly regionToken?: string;
}

/** Adds those flags; files are named after the role by default. */
export function addServeOptions(command: Command, role: string): Command {
  return command
    .option("--host <address>", "address to listen at", "127.0.0.1")
    .option("--port <n>", "port to listen at, 0 for a free one", wholeNumber(0, 65535), 0)
    .option("--store <file>", "SQLite file that everything is kept in", `${role}.db`)
    .option("--identity <file>", "key of this aggregator; made if it is not there", `${role}.key`)
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
  using interrupt = listenForInterrupt("Stopped; the next start goes on from here");
  const identity = await openIdentity(flags.identity);
  if (only !== undefined) await checkStore(flags.store, only);
  await using server = await serveAt(flags, {
    identity,
    store: flags.store,
    hostname: flags.host,
    port: flags.port,
    logger: (line) => printLine(terminal, line),
    ...(flags.joinToken === undefined ? {} : { joinToken: flags.joinToken }),
    ...(flags.regionToken === undefined ? {} : { regionToken: flags.regionToken }),
    ...role,
  });
  terminal.print(`listening at ${server.url} as ${identity.id}`);
  if (role.parent !== undefined) terminal.print(`region of ${role.parent.url}`);
  const stopped = new Promise<never>((_, reject) => {
    interrupt.signal.addEventListener("abort", () => reject(interrupt.signal.reason), {
      once: true,
    });
  });
  const work = async () => {
    await server.ready;
    await begin(server, identity);
    terminal.print("ready");
  };
  try {
    await Promise.race([work().then(() => stopped), stopped]);
  } catch (error) {
    // Being stopped is how a server ends.
    if (!(error instanceof Interrupted)) throw error;
    terminal.print(error.message);
  }
}

async function serveAt(flags: ServeFlags, options: ServeOptions): Promise<ServedAggregator> {
  try {
    return await serveAggregator(options);
  } catch (error) {
    if (!isListenError(error)) throw error;
    throw new TributaryError(
      "busy",
      `Cannot listen at ${flags.host}:${flags.port}: ${
        error.message.replace(/ \(os error.*$/, "").toLowerCase()
      }, expected a free port of this machine, such as --port 0 finds`,
      { cause: error },
    );
  }
}

function isListenError(error: unknown): error is Error {
  const { AddrInUse, AddrNotAvailable, PermissionDenied } = Deno.errors;
  return [AddrInUse, AddrNotAvailable, PermissionDenied].some((kind) => error instanceof kind);
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
function printLine({ print, warn }: Terminal, line: LogLine): void {
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
