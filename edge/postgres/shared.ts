/**
 * What instances that share a schema need of it: what was changed of late, leases and claims as rows by
 * the database's own clock, and word of each other's writes by `NOTIFY`.
 *
 * @module
 */
import type { PoolClient } from "pg";
import type { KeptChange, SharedStore } from "../shared_store.ts";
import type { StoreChange } from "../store.ts";
import type { Database } from "./database.ts";
import { createNotices, type Notices } from "./notices.ts";

/** Writes of a task whose changes are kept: an instance that is further behind reads everything. */
const KEPT_CHANGES = 256;
/** So many claims, and those that are over are removed. */
const CLAIMS_A_SWEEP = 1000;

/** The shared part of a store. */
export interface SharedSchema extends AsyncDisposable {
  /** What it offers to its aggregator. */
  readonly store: SharedStore;
  /** Keeps what a write changed, in its own transaction. */
  keep(client: PoolClient, task: string, write: Written): Promise<void>;
  /** Tells others of a write that has happened. */
  tell(task: string): void;
}

/** A write, as it is kept for others. */
export interface Written {
  /** Version that it makes. */
  readonly version: number;
  /** What it changes. */
  readonly change: StoreChange;
}

/** The shared part of a schema; connects to hear of others when somebody watches. */
export function createShared(database: Database): SharedSchema {
  const notices: Notices = createNotices(database);
  const { run } = database;
  let claims = 0;

  async function changedRows(what: string, text: string, values: unknown[]): Promise<number> {
    return await run(what, async (client) => (await client.query(text, values)).rowCount ?? 0);
  }

  const store: SharedStore = {
    watch: (task, changed) => notices.watch(task, changed),
    async changes(task, since) {
      const text = "SELECT version, change FROM changes WHERE task = $1 AND version > $2::bigint " +
        "ORDER BY version";
      const { rows } = await run("read changes", (client) => client.query(text, [task, since]));
      const changes = rows.map(({ version, change }): KeptChange => ({
        version: Number(version),
        ...JSON.parse(change),
      }));
      return changes.length === 0 || changes[0]?.version === since + 1 ? changes : undefined;
    },
    async lease({ name, holder, ms }) {
      const text = `INSERT INTO leases VALUES ($1, $2, clock_timestamp() + $3 * interval '1 ms')
        ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until
        WHERE leases.holder = excluded.holder OR leases.until <= clock_timestamp()`;
      return await changedRows("take a lease", text, [name, holder, ms]) === 1;
    },
    async release({ name, holder }) {
      const text = "DELETE FROM leases WHERE name = $1 AND holder = $2";
      await changedRows("give a lease back", text, [name, holder]);
    },
    async leases() {
      const text = "SELECT name, holder FROM leases WHERE until > clock_timestamp() ORDER BY name";
      const { rows } = await run("list leases", (client) => client.query(text));
      return new Map(rows.map(({ name, holder }) => [name, holder]));
    },
    async claim(key, ms) {
      if (++claims % CLAIMS_A_SWEEP === 0) {
        await changedRows(
          "sweep claims",
          "DELETE FROM claims WHERE until <= clock_timestamp()",
          [],
        );
      }
      const text = `INSERT INTO claims VALUES ($1, clock_timestamp() + $2 * interval '1 ms')
        ON CONFLICT (key) DO UPDATE SET until = excluded.until
        WHERE claims.until <= clock_timestamp()`;
      // Not worth a flush: what a crash of the database forgets is what was signed in its last moment.
      return await database.transaction("claim", async (client) => {
        await client.query("SET LOCAL synchronous_commit = off");
        return (await client.query(text, [key, ms])).rowCount === 1;
      });
    },
  };

  return {
    store,
    async keep(client, task, { version, change }) {
      const { members = [], removed = [], updates = [], slices = [], dropSlices = [] } = change;
      const names = [...new Set([...slices.map(({ name }) => name), ...dropSlices])];
      const kept: Omit<KeptChange, "version"> = { members, removed, updates, slices: names };
      await client.query("INSERT INTO changes VALUES ($1, $2, $3)", [
        task,
        version,
        JSON.stringify(kept),
      ]);
      const text = "DELETE FROM changes WHERE task = $1 AND version <= $2::bigint";
      await client.query(text, [task, version - KEPT_CHANGES]);
    },
    tell: (task) => notices.tell(task),
    [Symbol.asyncDispose]: () => notices[Symbol.asyncDispose](),
  };
}
