import assert from "node:assert/strict";
import { Client } from "pg";
import { testSharedStore } from "../shared_store_conformance_test.ts";
import { DATABASE, temporarySchema, withDatabase } from "./_testing.ts";
import { postgresStore } from "./store.ts";

const TASK = "a".repeat(64);

if (DATABASE !== undefined) {
  const url = DATABASE;
  testSharedStore("shared Postgres schema", async () => {
    const { schema, drop } = temporarySchema(url);
    const [one, other] = [
      await postgresStore({ url, schema }),
      await postgresStore({ url, schema }),
    ];
    return {
      stores: [one, other],
      async pass(ms) {
        const client = new Client({ connectionString: url });
        await client.connect();
        await client.query("SELECT pg_sleep($1)", [ms / 1000]);
        await client.end();
      },
      async [Symbol.asyncDispose]() {
        await one[Symbol.asyncDispose]();
        await other[Symbol.asyncDispose]();
        await drop();
      },
    };
  });
}

withDatabase(
  "shared Postgres schema: whoever watches is told once more after its connection broke",
  async (url, schema) => {
    await using one = await postgresStore({ url, schema });
    await using other = await postgresStore({ url, schema });
    let heard = Promise.withResolvers<void>();
    using _watch = other.shared!.watch(TASK, () => heard.resolve());
    await heard.promise;
    heard = Promise.withResolvers();
    const admin = new Client({ connectionString: url });
    await admin.connect();
    const { rowCount } = await admin.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity " +
        "WHERE application_name = $1 AND query LIKE 'LISTEN%'",
      [schema],
    );
    await admin.end();
    assert.equal(rowCount, 1);
    await heard.promise;
    heard = Promise.withResolvers();
    await one.write(TASK, 0, { record: 1 });
    await heard.promise;
  },
);

withDatabase(
  "shared Postgres schema: one of the first version gets what instances share",
  async (url, schema) => {
    const store = await postgresStore({ url, schema });
    await store.write(TASK, 0, { record: "kept" });
    await store[Symbol.asyncDispose]();
    const admin = new Client({ connectionString: url });
    await admin.connect();
    await admin.query(
      `SET search_path = ${schema}; DROP TABLE changes, leases, claims; UPDATE schema_version SET version = 1`,
    );
    await admin.end();
    await using again = await postgresStore({ url, schema });
    assert.deepEqual(await again.read(TASK), { version: 1, record: "kept" });
    // What the first version wrote was not kept: it is read as a whole.
    assert.equal(await again.write(TASK, 1, { record: "next" }), true);
    assert.equal(await again.shared!.changes(TASK, 0), undefined);
    assert.equal(await again.shared!.lease({ name: "lead", holder: "a", ms: 1000 }), true);
  },
);
