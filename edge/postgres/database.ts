/**
 * A schema of a Postgres database: connecting, bringing it to the newest version, and what goes wrong.
 *
 * @module
 */
import { Client, type ClientConfig, Pool, type PoolClient } from "pg";
import { TributaryError } from "../../src/core/errors.ts";
import { SCHEMA_VERSION, stepsFrom } from "./schema.ts";

/** Which database, and which part of it. */
export interface PostgresStoreOptions {
  /**
   * Such as `postgres://user:password@host:5432/database`. Behind a pooler that lends connections for a
   * transaction each, instances hear of each other's writes up to two seconds later: such a connection
   * cannot `LISTEN`.
   */
  readonly url: string;
  /**
   * Schema that holds the tables: lower-case letters, digits and `_`, beginning with a letter;
   * `tributary` by default. One for each region that shares the database.
   */
  readonly schema?: string;
  /** Most connections at a time; 8 by default. */
  readonly connections?: number;
  /** Milliseconds after which connecting, or a statement, is given up; 30 000 by default. */
  readonly timeoutMs?: number;
}

/** A connection of its own, outside of the pool. */
export type Session = Client & AsyncDisposable;

/** An open schema. */
export interface Database {
  /** Its name. */
  readonly schema: string;
  /** Opens a connection that is kept for as long as its owner likes. */
  session(): Promise<Session>;
  /**
   * Runs what may fail on a connection of its own.
   *
   * @throws {TributaryError} `store-failed` saying that it cannot do `what`; a `RangeError` comes
   * through.
   */
  run<T>(what: string, body: (client: PoolClient) => Promise<T>): Promise<T>;
  /** The same in one transaction: all of it happens, or nothing. */
  transaction<T>(what: string, body: (client: PoolClient) => Promise<T>): Promise<T>;
  /** Closes all connections, once they are free. */
  close(): Promise<void>;
}

/**
 * Connects, creating the schema if there is none.
 *
 * @throws {TributaryError} `store-failed` if the database is out of reach, or its schema another
 * program's or of a newer version.
 * @throws {RangeError} For a name that is no schema's.
 */
export async function openDatabase(options: PostgresStoreOptions): Promise<Database> {
  const { url, schema = "tributary", connections = 8, timeoutMs = 30_000 } = options;
  if (!/^[a-z][a-z0-9_]{0,62}$/.test(schema)) {
    throw new RangeError(
      `Cannot use schema "${schema}": expected up to 63 lower-case letters, digits and _, a letter first`,
    );
  }
  const settings = {
    connectionString: url,
    // Seen by whoever looks after the database.
    application_name: schema,
    connectionTimeoutMillis: timeoutMs,
    statement_timeout: timeoutMs,
    idle_in_transaction_session_timeout: timeoutMs,
    options: `-c search_path=${schema} -c client_min_messages=warning`,
  };
  const pool = new Pool({ ...settings, max: connections });
  // A connection that breaks while nobody uses it is replaced by the next call.
  pool.on("error", () => {});
  const database = over(pool, { schema, open: () => openSession(settings) });
  try {
    await database.transaction("migrate", (client) => migrate(client, schema));
  } catch (error) {
    await database.close();
    throw error;
  }
  return database;
}

async function openSession(settings: ClientConfig): Promise<Session> {
  const client = new Client(settings);
  // One that breaks is told of by `end`, too.
  client.on("error", () => {});
  await client.connect();
  return Object.assign(client, {
    [Symbol.asyncDispose]: () => client.end().catch(() => {}),
  });
}

function over(
  pool: Pool,
  { schema, open }: { readonly schema: string; open(): Promise<Session> },
): Database {
  const run: Database["run"] = async (what, body) => {
    let client: PoolClient | undefined;
    let broken: Error | undefined;
    try {
      client = await pool.connect();
      return await body(client);
    } catch (cause) {
      broken = cause instanceof Error ? cause : new Error(String(cause));
      if (cause instanceof RangeError || cause instanceof TributaryError) throw cause;
      const detail =
        `Cannot ${what} in schema ${schema}: the database refused it or is out of reach`;
      throw new TributaryError("store-failed", detail, { cause });
    } finally {
      // One that failed may hold half a transaction: it is closed, not used again.
      client?.release(broken);
    }
  };
  return {
    schema,
    session: open,
    run,
    transaction: (what, body) =>
      run(what, async (client) => {
        await client.query("BEGIN");
        const result = await body(client);
        await client.query("COMMIT");
        return result;
      }),
    close: () => pool.ended || pool.ending ? Promise.resolve() : pool.end(),
  };
}

/** Every instance of a region does this when it starts; the lock lets one at a time. */
async function migrate(client: PoolClient, schema: string): Promise<void> {
  await client.query("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", [
    `tributary ${schema}`,
  ]);
  await client.query(`CREATE SCHEMA IF NOT EXISTS ${schema}`);
  const { rows: tables } = await client.query(
    "SELECT table_name FROM information_schema.tables WHERE table_schema = $1",
    [schema],
  );
  const isOurs = tables.some(({ table_name }) => table_name === "schema_version");
  if (tables.length > 0 && !isOurs) refuse(schema, "it holds another program's tables");
  await client.query("CREATE TABLE IF NOT EXISTS schema_version (version integer NOT NULL)");
  const { rows: [row] } = await client.query("SELECT version FROM schema_version");
  const version: number = row?.version ?? 0;
  if (version > SCHEMA_VERSION) {
    refuse(schema, `it is of version ${version}, expected at most ${SCHEMA_VERSION}`);
  }
  if (version === SCHEMA_VERSION) return;
  for (const step of stepsFrom(version)) await client.query(step);
  await client.query("DELETE FROM schema_version");
  await client.query("INSERT INTO schema_version VALUES ($1)", [SCHEMA_VERSION]);
}

function refuse(schema: string, found: string): never {
  throw new TributaryError("store-failed", `Cannot open schema ${schema}: ${found}`);
}
