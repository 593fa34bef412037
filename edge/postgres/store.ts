/**
 * A store in a schema of a Postgres database.
 *
 * Durability: each {@link RoundStore.write} is one transaction with `synchronous_commit` on, so that
 * its log has reached the server's disk before it resolves. {@link RoundStore.put} alone commits
 * asynchronously: the flush of the write that refers to its slices covers them, since they lie before
 * it in the same log.
 *
 * The condition of a write locks the task's row, so that of several instances that write at one
 * version exactly one does. Any number of instances of one aggregator may have a schema open at once.
 *
 * @module
 */
import type { PoolClient } from "pg";
import type { Json } from "../../src/core/json.ts";
import {
  checkSlice,
  type MemberRow,
  type RoundStore,
  type SliceRow,
  type StoreChange,
  type UpdateRow,
} from "../store.ts";
import { openDatabase, type PostgresStoreOptions } from "./database.ts";
import { createShared } from "./shared.ts";

/**
 * Opens a store, creating its schema if there is none.
 *
 * @throws {TributaryError} `store-failed` if the database is out of reach, or its schema another
 * program's or of a newer version.
 * @throws {RangeError} For a name that is no schema's.
 */
export async function postgresStore(options: PostgresStoreOptions): Promise<RoundStore> {
  const database = await openDatabase(options);
  const { run, transaction, close } = database;
  const shared = createShared(database);
  const rows = (what: string, text: string, values: readonly unknown[]) =>
    run(what, async (client) => (await client.query(text, [...values])).rows);
  return {
    async tasks() {
      const found = await rows("list tasks", "SELECT task FROM records ORDER BY task", []);
      return found.map(({ task }) => task);
    },
    async read(task) {
      const text = "SELECT version, record FROM records WHERE task = $1";
      const [row] = await rows("read a record", text, [task]);
      return row && { version: Number(row.version), record: JSON.parse(row.record) as Json };
    },
    async write(task, expected, change) {
      const isDone = await transaction("write a record", async (client) => {
        if (!await claim(client, { task, expected, record: JSON.stringify(change.record) })) {
          return false;
        }
        await apply(client, task, change);
        await shared.keep(client, task, { version: expected + 1, change });
        return true;
      });
      if (isDone) shared.tell(task);
      return isDone;
    },
    async member(task, id) {
      const text = `SELECT "row" FROM members WHERE task = $1 AND id = $2`;
      const [found] = await rows("read a member", text, [task, id]);
      return found && JSON.parse(found.row) as MemberRow;
    },
    async members(task) {
      const text = `SELECT "row" FROM members WHERE task = $1 ORDER BY id`;
      const found = await rows("read members", text, [task]);
      return found.map(({ row }) => JSON.parse(row) as MemberRow);
    },
    async update(task, round, member) {
      const text = `SELECT "row" FROM updates WHERE task = $1 AND round = $2 AND member = $3`;
      const [found] = await rows("read an update", text, [task, round, member]);
      return found && JSON.parse(found.row) as UpdateRow;
    },
    async updates(task, round) {
      const text = `SELECT "row" FROM updates WHERE task = $1 AND round = $2 ORDER BY position`;
      const found = await rows("read updates", text, [task, round]);
      return found.map(({ row }) => JSON.parse(row) as UpdateRow);
    },
    async slice(task, name, index) {
      const text = "SELECT bytes FROM slices WHERE task = $1 AND name = $2 AND part = $3";
      const [found] = await rows("read a slice", text, [task, name, index]);
      return found && new Uint8Array(found.bytes);
    },
    async sliceNames(task, prefix) {
      const text = "SELECT DISTINCT name FROM slices " +
        "WHERE task = $1 AND name >= $2 AND starts_with(name, $2) ORDER BY name";
      const found = await rows("list slices", text, [task, prefix]);
      return found.map(({ name }) => name);
    },
    put: (task, slices) =>
      transaction("stage slices", async (client) => {
        await client.query("SET LOCAL synchronous_commit = off");
        await putSlices(client, task, slices);
      }),
    async drop(task, name) {
      await rows("drop slices", "DELETE FROM slices WHERE task = $1 AND name = $2", [task, name]);
    },
    async log(task, from, limit) {
      const text = "SELECT seq, entry FROM log WHERE task = $1 AND seq >= $2 ORDER BY seq LIMIT $3";
      const found = await rows("read the log", text, [task, from, limit]);
      return found.map(({ seq, entry }) => ({
        seq: Number(seq),
        entry: JSON.parse(entry) as Json,
      }));
    },
    shared: shared.store,
    async [Symbol.asyncDispose]() {
      await shared[Symbol.asyncDispose]();
      await close();
    },
  };
}

/** Takes a task's record from `expected` to the next version; false if it is at another one. */
async function claim(
  client: PoolClient,
  { task, expected, record }: {
    readonly task: string;
    readonly expected: number;
    readonly record: string;
  },
): Promise<boolean> {
  const { rowCount } = expected === 0
    ? await client.query(
      "INSERT INTO records (task, version, record) VALUES ($1, 1, $2) ON CONFLICT DO NOTHING",
      [task, record],
    )
    : await client.query(
      "UPDATE records SET version = $2 + 1, record = $3 WHERE task = $1 AND version = $2::bigint",
      [task, expected, record],
    );
  return rowCount === 1;
}

async function apply(client: PoolClient, task: string, change: StoreChange): Promise<void> {
  const { removed = [], dropSlices = [], log = [] } = change;
  const members = lastOf(change.members ?? [], ({ id }) => id);
  const updates = lastOf(change.updates ?? [], ({ round, member }) => `${round} ${member}`);
  if (removed.length > 0) {
    await client.query("DELETE FROM members WHERE task = $1 AND id = ANY($2)", [task, removed]);
  }
  if (members.length > 0) {
    await client.query(
      `INSERT INTO members SELECT $1, * FROM unnest($2::text[], $3::text[])
       ON CONFLICT (task, id) DO UPDATE SET "row" = excluded."row"`,
      [task, members.map(({ id }) => id), members.map((row) => JSON.stringify(row))],
    );
  }
  if (change.dropUpdatesBefore !== undefined) {
    const text = "DELETE FROM updates WHERE task = $1 AND round < $2";
    await client.query(text, [task, change.dropUpdatesBefore]);
  }
  if (updates.length > 0) {
    await client.query(
      `INSERT INTO updates SELECT $1, * FROM unnest($2::bigint[], $3::text[], $4::bigint[], $5::text[])
       ON CONFLICT (task, round, member)
       DO UPDATE SET position = excluded.position, "row" = excluded."row"`,
      [
        task,
        updates.map(({ round }) => round),
        updates.map(({ member }) => member),
        updates.map(({ position }) => position),
        updates.map((row) => JSON.stringify(row)),
      ],
    );
  }
  if (dropSlices.length > 0) {
    await client.query("DELETE FROM slices WHERE task = $1 AND name = ANY($2)", [task, dropSlices]);
  }
  await putSlices(client, task, change.slices ?? []);
  if (log.length > 0) {
    await client.query(
      "INSERT INTO log SELECT $1, * FROM unnest($2::bigint[], $3::text[])",
      [task, log.map(({ seq }) => seq), log.map(({ entry }) => JSON.stringify(entry))],
    );
  }
}

/** The last row of each key: one statement may not change a row twice. */
function lastOf<T>(rows: readonly T[], keyOf: (row: T) => string): T[] {
  return [...new Map(rows.map((row) => [keyOf(row), row])).values()];
}

/** One statement a slice: an array of byte strings would travel as text, twice as long. */
async function putSlices(
  client: PoolClient,
  task: string,
  slices: readonly SliceRow[],
): Promise<void> {
  for (const slice of slices) {
    checkSlice(slice);
    const { name, index, bytes } = slice;
    await client.query({
      name: "put-slice",
      text: `INSERT INTO slices (task, name, part, bytes) VALUES ($1, $2, $3, $4)
             ON CONFLICT (task, name, part) DO UPDATE SET bytes = excluded.bytes`,
      values: [task, name, index, bytes],
    });
  }
}
