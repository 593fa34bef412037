import assert from "node:assert/strict";
import { testFolder } from "./_testing.ts";
import { openHelperKey, openIdentity } from "./key_file.ts";

Deno.test("key file: a key is made once, and is the same from then on", async () => {
  await using folder = await testFolder();
  const made = await openIdentity(folder.path("me.key"));
  assert.equal((await openIdentity(folder.path("me.key"))).id, made.id);
  assert.equal((await Deno.stat(folder.path("me.key"))).mode! & 0o777, 0o600);
});

Deno.test("key file: what is no key, and what cannot be opened, are named", async () => {
  await using folder = await testFolder();
  const path = await folder.write("me.key", "not a key");
  await assert.rejects(openIdentity(path), {
    code: "bad-data",
    message: /me\.key: it holds no Ed/,
  });
  await assert.rejects(openIdentity(folder.path("me.key/x")), {
    code: "store-failed",
    message: /Cannot open .*me\.key\/x/,
  });
});

Deno.test("key file: a helper's key is made once, for its owner alone, and is of its own kind", async () => {
  await using folder = await testFolder();
  const path = folder.path("shares.key");
  const made = await openHelperKey(path);
  assert.deepEqual((await openHelperKey(path)).publicKey, made.publicKey);
  assert.equal((await Deno.stat(path)).mode! & 0o777, 0o600);
  await assert.rejects(openIdentity(path), {
    code: "bad-data",
    message: /it holds no Ed25519 key/,
  });
  await openIdentity(folder.path("me.key"));
  await assert.rejects(openHelperKey(folder.path("me.key")), {
    code: "bad-data",
    message: /me\.key: it holds no X25519 key/,
  });
});
