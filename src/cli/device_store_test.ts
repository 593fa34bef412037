import assert from "node:assert/strict";
import { testFolder } from "./_testing.ts";
import { openDeviceStore } from "./device_store.ts";

Deno.test("device store: each device has its own values, which outlive the process", async () => {
  await using folder = await testFolder();
  const path = folder.path("devices.db");
  {
    using store = openDeviceStore(path);
    const [ann, bob] = [store.stateOf("ann"), store.stateOf("bob")];
    await ann.set("vector", Uint8Array.of(1, 2));
    await ann.set("vector", Uint8Array.of(3));
    await bob.set("vector", Uint8Array.of(4));
  }
  using store = openDeviceStore(path);
  assert.deepEqual(await store.stateOf("ann").get("vector"), Uint8Array.of(3));
  assert.deepEqual(await store.stateOf("bob").get("vector"), Uint8Array.of(4));
  assert.equal(await store.stateOf("ann").get("other"), undefined);
  assert.equal(await store.stateOf("eve").get("vector"), undefined);
});

Deno.test("device store: what is no database is named", async () => {
  await using folder = await testFolder();
  const path = await folder.write(
    "devices.db",
    "something else, and long enough to be told from it",
  );
  assert.throws(() => openDeviceStore(path), {
    code: "store-failed",
    message: /Cannot open .*devices\.db: file is not a database, expected a SQLite file/,
  });
});
