import assert from "node:assert/strict";
import { testFolder } from "./_testing.ts";
import { openIdentity } from "./key_file.ts";

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
