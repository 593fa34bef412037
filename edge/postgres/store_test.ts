import assert from "node:assert/strict";
import { Client } from "pg";
import { testRoundStore } from "../store_conformance_test.ts";
import { SCHEMA_VERSION } from "./schema.ts";
import { postgresStore } from "./store.ts";
import { DATABASE, temporarySchema, withDatabase } from "./_testing.ts";

const TASK = "a".repeat(64);

if (DATABASE !== undefined) {
  const url = DATABASE;
  testRoundStore("Postgres store", async () => {
    const { schema, drop } = temporarySchema(url);
    const store = await postgresStore({ url, schema });
    return {
      ...store,
      async [Symbol.asyncDispose]() {
        await store[Symbol.asyncDispose]();
        await drop();
      },
    };
  });
}

withDatabase(
  "Postgres store: what was written is there for another instance",
  async (url, schema) => {
    await using one = await postgresStore({ url, schema });
    await using other = await postgresStore({ url, schema });
    const bytes = Uint8Array.of(1, 0, 255);
    assert.equal(
      await one.write(TASK, 0, { record: "kept", slices: [{ name: "s", index: 0, bytes }] }),
      true,
    );
    assert.deepEqual(await other.read(TASK), { version: 1, record: "kept" });
    assert.deepEqual(await other.slice(TASK, "s", 0), bytes);
  },
);

withDatabase(
  "Postgres store: of writes of several instances at one version exactly one happens",
  async (url, schema) => {
    const stores = await Promise.all(
      Array.from({ length: 4 }, () => postgresStore({ url, schema, connections: 2 })),
    );
    try {
      for (let version = 0; version < 10; version++) {
        const tries = stores.map((store, at) =>
          store.write(TASK, version, { record: at, log: [{ seq: version, entry: at }] })
        );
        const won = (await Promise.all(tries)).flatMap((done, at) => done ? [at] : []);
        assert.equal(won.length, 1);
        assert.deepEqual(await stores[0]!.read(TASK), { version: version + 1, record: won[0] });
      }
      assert.equal((await stores[0]!.log(TASK, 0, 100)).length, 10);
    } finally {
      for (const store of stores) await store[Symbol.asyncDispose]();
    }
  },
);

withDatabase(
  "Postgres store: two regions of one database do not see each other",
  async (url, schema) => {
    const other = temporarySchema(url);
    try {
      await using north = await postgresStore({ url, schema });
      await using south = await postgresStore({ url, schema: other.schema });
      await north.write(TASK, 0, { record: "north" });
      assert.deepEqual(await south.tasks(), []);
    } finally {
      await other.drop();
    }
  },
);

withDatabase(
  "Postgres store: a connection that the server ends is replaced",
  async (url, schema) => {
    await using store = await postgresStore({ url, schema, connections: 1 });
    await store.write(TASK, 0, { record: 1 });
    const admin = new Client({ connectionString: url });
    await admin.connect();
    await admin.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1",
      [schema],
    );
    await admin.end();
    // The call that meets the broken connection may fail, as any call may; later ones do not.
    await store.read(TASK).catch(() => {});
    assert.deepEqual(await store.read(TASK), { version: 1, record: 1 });
  },
);

withDatabase(
  "Postgres store: another program's schema is refused and left alone",
  async (url, schema) => {
    const admin = new Client({ connectionString: url });
    await admin.connect();
    try {
      await admin.query(`CREATE SCHEMA ${schema}; CREATE TABLE ${schema}.theirs (id integer)`);
      await assert.rejects(postgresStore({ url, schema }), {
        code: "store-failed",
        message: `Cannot open schema ${schema}: it holds another program's tables`,
      });
      const { rows } = await admin.query(
        "SELECT table_name FROM information_schema.tables WHERE table_schema = $1",
        [schema],
      );
      assert.deepEqual(rows.map(({ table_name }) => table_name), ["theirs"]);
    } finally {
      await admin.end();
    }
  },
);

withDatabase("Postgres store: a schema of a newer version is refused", async (url, schema) => {
  await (await postgresStore({ url, schema }))[Symbol.asyncDispose]();
  const admin = new Client({ connectionString: url });
  await admin.connect();
  await admin.query(`UPDATE ${schema}.schema_version SET version = version + 1`);
  await admin.end();
  await assert.rejects(postgresStore({ url, schema }), {
    code: "store-failed",
    message: `Cannot open schema ${schema}: it is of version ${
      SCHEMA_VERSION + 1
    }, expected at most ${SCHEMA_VERSION}`,
  });
});

Deno.test("Postgres store: a name that is no schema's is refused before anything is connected", async () => {
  for (const schema of ["", "A", "1a", "a;drop schema public", "a".repeat(64)]) {
    await assert.rejects(postgresStore({ url: "postgres://127.0.0.1:1/none", schema }), RangeError);
  }
});

Deno.test("Postgres store: a database out of reach is store-failed, without its password", async () => {
  const url = "postgres://user:hunter2@127.0.0.1:1/none";
  await assert.rejects(postgresStore({ url, timeoutMs: 500 }), (error: Error) => {
    assert.equal((error as { code?: string }).code, "store-failed");
    assert.doesNotMatch(error.message, /hunter2/);
    return true;
  });
});
