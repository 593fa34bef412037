/**
 * What `root` and `region` have in common: where to listen, what to keep, and how to stop.
 *
 * @module
 */
import type { Command } from "commander";
import {
  loadIdentity,
  serveAggregator,
  type ServedAggregator,
  type ServeOptions,
} from "../../edge/deno/mod.ts";
import type { LogLine } from "../../edge/mod.ts";
import type { Identity } from "../core/identity.ts";
import { wholeNumber } from "./arguments.ts";
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
}

/** Adds those flags; files are named after the role by default. */
export function addServeOptions(command: Command, role: string): Command {
  return command
    .option("--host <address>", "address to listen at", "127.0.0.1")
    .option("--port <n>", "port to listen at, 0 for a free one", wholeNumber(0, 65535), 0)
    .option("--store <file>", "SQLite file that everything is kept in", `${role}.db`)
    .option("--identity <file>", "key of this aggregator; made if it is not there", `${role}.key`)
    .option("--join-token <token>", "token that members must show; anyone may join without one");
}

/** Root or region. */
export type Role = Pick<ServeOptions, "parent" | "strategy">;

/**
 * Serves until Ctrl-C, then finishes what is under way. What the store has is gone on with at the
 * next start.
 *
 * @param begin Called once the server listens.
 */
export async function serveUntilStopped(
  terminal: Terminal,
  flags: ServeFlags,
  role: Role,
  begin: (server: ServedAggregator, identity: Identity) => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  using interrupt = listenForInterrupt();
  const identity = await loadIdentity(flags.identity);
  await using server = await serveAggregator({
    identity,
    store: flags.store,
    hostname: flags.host,
    port: flags.port,
    logger: (line) => printLine(terminal, line),
    ...(flags.joinToken === undefined ? {} : { joinToken: flags.joinToken }),
    ...role,
  });
  terminal.print(`listening at ${server.url} as ${identity.id}`);
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
    terminal.print("stopped; the next start goes on from here");
  }
}

/** Requests are too many to print; what failed and what the rounds came to is not. */
function printLine(terminal: Terminal, line: LogLine): void {
  if (line.kind === "request") return;
  terminal.warn(JSON.stringify(line, (_, value) => value instanceof Error ? value.message : value));
}
