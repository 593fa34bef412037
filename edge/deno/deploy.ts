/**
 * A region on Deno Deploy: without files, over Postgres or Deno KV, and woken every minute.
 *
 * @module
 */
import { setImmediate } from "node:timers";
import { type Clock, systemClock } from "../../src/core/clock.ts";
import { inlineModule } from "../../src/wasm/inline.ts";
import { admitAll, admitByToken } from "../access/admission.ts";
import { type AggregatorApp, createAggregatorApp } from "../app.ts";
import { type ParentTask, readKeySecret, readParentsSecret } from "../secrets.ts";
import type { KvDatabase } from "../deno_kv/database.ts";
import { denoKvStore } from "../deno_kv/store.ts";
import { type Logger, silent } from "../logger.ts";
import { nativeCheckOf, nativeDigest } from "../native/crypto.ts";
import { nativeIdentity } from "../native/identity_file.ts";
import { openStore } from "../native/open_store.ts";
import { connectionAddress } from "../http/sender_address.ts";
import type { RoundStore } from "../store.ts";

/** Environment variables that say what to be. */
export interface DeployVariables {
  /** Secret: who the region is, a PKCS #8 key as base64. */
  readonly IDENTITY?: string;
  /** Secret: `https://root.example/v1/tasks/<digest>`, with `#<token>` where the parent asks for one. */
  readonly PARENT?: string;
  /** Secret: token that members must show; anyone may join without one. */
  readonly JOIN_TOKEN?: string;
  /**
   * `postgres://…?schema=<name>`, which the platform sets where a database is linked; Deno KV holds
   * everything without it, which is for small models.
   */
  readonly DATABASE_URL?: string;
}

/** What differs in tests. */
export interface DeployOptions {
  /** The process's own by default. */
  readonly env?: DeployVariables;
  /** Opens Deno KV; `Deno.openKv()` by default. */
  openKv?(): Promise<KvDatabase>;
  /** Has something called every minute; `Deno.cron` by default. */
  cron?(name: string, schedule: string, wake: () => Promise<void>): unknown;
  /** The platform's by default. */
  readonly clock?: Clock;
  /** Says nothing by default. */
  readonly logger?: Logger;
}

/** What Deno Deploy, and `deno serve`, take as the default export of a module. */
export interface DeployedRegion extends AsyncDisposable {
  /** Answers a request. */
  fetch(request: Request, info?: { readonly remoteAddr?: unknown }): Promise<Response>;
}

/**
 * How long a wake keeps an isolate: until shortly before the next one, so that a round whose deadline
 * comes meanwhile is closed on time though nobody sends a request.
 */
const AWAKE_MS = 50_000;

/**
 * A region that begins with its first request or wake. Several isolates may run it at once: they share
 * the store, and agree in it.
 *
 * @throws {TypeError} If a variable is missing or malformed, without telling its value.
 *
 * @example The whole of a deployment
 * ```ts ignore
 * import { deployRegion } from "@tributary/tributary/edge/deno";
 *
 * export default deployRegion();
 * ```
 */
export function deployRegion(options: DeployOptions = {}): DeployedRegion {
  const { env = Deno.env.toObject() as DeployVariables, clock = systemClock() } = options;
  const settings = readVariables(env);
  const logger = options.logger ?? silent;
  const stopping = new AbortController();
  let running: Promise<Running> | undefined;

  /** Begins once; one that failed is tried again by whoever comes next. */
  async function run(): Promise<Running> {
    running ??= begin(settings, { ...options, clock, logger });
    try {
      return await running;
    } catch (error) {
      running = undefined;
      throw error;
    }
  }

  const cron = options.cron ?? platformCron;
  cron("tributary", "* * * * *", async () => {
    await run();
    await clock.sleep(AWAKE_MS, { signal: stopping.signal }).catch(() => {});
  });
  return {
    async fetch(request, info) {
      const { app } = await run();
      const { hostname: address } = info?.remoteAddr as { readonly hostname?: string } ?? {};
      return await app.fetch(request, { address });
    },
    async [Symbol.asyncDispose]() {
      stopping.abort();
      const { app, store } = await running ?? {};
      await app?.aggregator[Symbol.asyncDispose]();
      await store?.[Symbol.asyncDispose]();
    },
  };
}

interface Settings {
  readonly identity: Uint8Array<ArrayBuffer>;
  readonly parent: ParentTask;
  readonly token: string | undefined;
  readonly database: string | undefined;
}

interface Running {
  readonly app: AggregatorApp;
  readonly store: RoundStore;
}

/** Read before anything is opened: a deployment that cannot work says so at once. */
function readVariables({ IDENTITY, PARENT, JOIN_TOKEN, DATABASE_URL }: DeployVariables): Settings {
  const [parent, ...others] = readParentsSecret("PARENT", PARENT ?? "");
  if (parent === undefined || others.length > 0) {
    throw new TypeError(`Cannot read PARENT: ${others.length + 1} tasks, expected one`);
  }
  return {
    identity: readKeySecret("IDENTITY", IDENTITY ?? ""),
    parent,
    token: JOIN_TOKEN,
    database: DATABASE_URL,
  };
}

async function begin(
  { identity, parent, token, database }: Settings,
  options: DeployOptions & { readonly clock: Clock; readonly logger: Logger },
): Promise<Running> {
  const { clock, logger, openKv = platformKv } = options;
  const store = database === undefined
    ? await denoKvStore({ kv: await openKv() })
    : await openStore(database);
  const app = createAggregatorApp({
    ...{ store, clock, logger, parent },
    identity: await nativeIdentity(identity),
    module: await inlineModule("aggregate"),
    digest: nativeDigest,
    checkOf: nativeCheckOf,
    turn: () => new Promise((resolve) => setImmediate(() => resolve())),
    admit: token === undefined ? admitAll : admitByToken(token),
    addressOf: connectionAddress,
  });
  app.aggregator.start().catch((error) => logger({ kind: "failure", doing: "starting", error }));
  return { app, store };
}

/** What the platform has, and the compiler does not know without all that is unstable. */
interface Unstable {
  openKv?(): Promise<KvDatabase>;
  cron?: NonNullable<DeployOptions["cron"]>;
}

async function platformKv(): Promise<KvDatabase> {
  const { openKv } = Deno as unknown as Unstable;
  if (openKv !== undefined) return await openKv();
  throw new TypeError("Cannot open Deno KV: run with --unstable-kv, or give DATABASE_URL");
}

const platformCron: NonNullable<DeployOptions["cron"]> = (...args) => {
  const { cron } = Deno as unknown as Unstable;
  if (cron !== undefined) return cron(...args);
  throw new TypeError("Cannot be woken every minute: run with --unstable-cron");
};
