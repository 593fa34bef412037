import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { withDatabase } from "../postgres/_testing.ts";
import { postgresStore } from "../postgres/store.ts";
import { openHelperStore, openStore, storeName } from "./open_store.ts";

const TASK = "a".repeat(64);

Deno.test("open store: a path is a SQLite file", async () => {
  const folder = mkdtempSync(join(tmpdir(), "open-"));
  try {
    const path = join(folder, "region.db");
    await using store = await openStore(path);
    await store.write(TASK, 0, { record: 1 });
    assert.ok((await Deno.stat(path)).isFile);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

withDatabase("open store: an address of Postgres is a schema of it", async (url, schema) => {
  const address = new URL(url);
  address.searchParams.set("schema", schema);
  {
    await using store = await openStore(address.href);
    await store.write(TASK, 0, { record: "kept" });
  }
  await using same = await postgresStore({ url, schema });
  assert.deepEqual(await same.read(TASK), { version: 1, record: "kept" });
});

Deno.test("open store: an address is shown without whoever connects", async () => {
  const address = "postgres://user:hunter2@db.example/main?schema=north";
  assert.equal(storeName(address), "postgres://db.example/main?schema=north");
  assert.equal(storeName("region.db"), "region.db");
  await assert.rejects(
    openHelperStore(address),
    new RangeError(
      "Cannot keep a helper's answers in postgres://db.example/main?schema=north: " +
        "expected the path of a SQLite file",
    ),
  );
});

Deno.test("open store: an address that is none is refused, and its password not told", async () => {
  const address = "postgres://user:hunter2@[::1/main";
  assert.equal(storeName(address), "postgres://…");
  await assert.rejects(
    openStore(address),
    (error) => error instanceof RangeError && !error.message.includes("hunter2"),
  );
});
