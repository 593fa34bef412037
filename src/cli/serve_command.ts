/**
 * What `root` and `region` have in common: where to listen, what to keep, and how to stop.
 *
 * @module
 */
import type { Command } from "commander";
import {
  openStore,
  serveAggregator,
  type ServedAggregator,
  type ServeOptions,
  storeName,
} from "../../edge/deno/mod.ts";
import type { RoundStore } from "../../edge/mod.ts";
import { TributaryError } from "../core/errors.ts";
import type { Identity } from "../core/identity.ts";
import { secretOption, wholeNumber } from "./arguments.ts";
import { addAdmissionOptions, type AdmissionFlags, admissionOf } from "./admission_options.ts";
import { Interrupted } from "./interrupt.ts";
import { openIdentity } from "./key_file.ts";
import {
  addObserveOptions,
  type ObserveFlags,
  observersOf,
  pageLine,
  serverLogger,
  serverTerminal,
} from "./observe_options.ts";
import type { Terminal } from "./terminal.ts";
import { startAt, untilStopped } from "./until_stopped.ts";

/** Flags of every server. */
export interface ListenFlags extends ObserveFlags {
  /** Address to listen at. */
  readonly host: string;
  /** Port; 0 for a free one. */
  readonly port: number;
  /** SQLite file, or of an aggregator the address of a database. */
  readonly store: string;
  /** Key file. */
  readonly identity: string;
}

/** Flags of every aggregator. */
export interface ServeFlags extends ListenFlags, AdmissionFlags {
  /** Token that members must show. */
  readonly joinToken?: string;
  /** Token that regions must show instead. */
  readonly regionToken?: string;
}

/** Adds the flags of every server; files are named after the role by default. */
export function addListenOptions(
  command: Command,
  { role, what, store, hasPage }: {
    readonly role: string;
    readonly what: string;
    /** What may be given as its store. */
    readonly store: string;
    /** Whether it has tasks to show on a page. */
    readonly hasPage: boolean;
  },
): Command {
  const listening = command
    .option("--host <address>", "address to listen at", "127.0.0.1")
    .option("--port <n>", "port to listen at, 0 for a free one", wholeNumber(0, 65535), 0)
    .option("--store <where>", store, `${role}.db`)
    .option("--identity <file>", `key of this ${what}; made if it is not there`, `${role}.key`);
  return addObserveOptions(listening, { hasPage });
}

/** Adds those of an aggregator. */
export function addServeOptions(command: Command, role: string): Command {
  const store = "where everything is kept: a SQLite file, or postgres://…?schema=<name>";
  const listening = addListenOptions(command, { role, what: "aggregator", store, hasPage: true })
    .addOption(secretOption({
      flags: "--join-token <token>",
      what: "token that members must show; anyone may join without one",
      variable: "TRIBUTARY_JOIN_TOKEN",
    }))
    .addOption(secretOption({
      flags: "--region-token <token>",
      what: "token that regions must show instead of --join-token",
      variable: "TRIBUTARY_REGION_TOKEN",
    }));
  return addAdmissionOptions(listening);
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
  given: Terminal,
  flags: ServeFlags,
  { only, ...role }: Role,
  begin: (server: ServedAggregator, identity: Identity) => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  const { host, port, joinToken, regionToken } = flags;
  const terminal = serverTerminal(given, flags);
  const identity = await openIdentity(flags.identity);
  const options = {
    identity,
    hostname: host,
    port,
    logger: serverLogger(given, flags),
    observers: observersOf(flags),
    ...(joinToken === undefined ? {} : { joinToken }),
    ...(regionToken === undefined ? {} : { regionToken }),
    ...admissionOf(flags),
    ...role,
  };
  await untilStopped(
    terminal,
    async () => {
      const store = await storeOf(flags, only);
      return await startAt(flags, () => serveAggregator({ ...options, store }));
    },
    async (server) => {
      terminal.print(`listening at ${server.url} as ${identity.id}`);
      if (role.parent !== undefined) terminal.print(`region of ${role.parent.url}`);
      await server.ready;
      // Whoever starts a region wants it to work, however it ended before.
      if (role.parent !== undefined) await server.aggregator.drain(false);
      await begin(server, identity);
      if (flags.dashboard) terminal.print(pageLine(server.url, flags));
      terminal.print("ready");
      if (role.parent === undefined) return;
      await server.aggregator.drained();
      throw new Interrupted("Drained; its members are at other regions");
    },
  );
}

/** A store is for one task: with another one in it, members would have to choose. */
async function storeOf(
  { store: address }: ServeFlags,
  only: string | undefined,
): Promise<RoundStore> {
  const store = await openStore(address);
  const others = only === undefined ? [] : (await store.tasks()).filter((task) => task !== only);
  if (others.length === 0) return store;
  await store[Symbol.asyncDispose]();
  throw new TributaryError(
    "store-failed",
    `Cannot use ${storeName(address)}: it holds task ${others[0]}, expected ${only}; ` +
      "choose another --store",
  );
}
