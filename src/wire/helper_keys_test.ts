import assert from "node:assert/strict";
import { toBase64Url } from "../core/bytes.ts";
import { generateIdentity } from "../core/identity.ts";
import { helperKeysSchema, signHelperKeys, verifyHelperKeys } from "./helper_keys.ts";
import { readMessage } from "./message.ts";

const identity = await generateIdentity();
const keys = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)];

Deno.test("helper keys: keys stand in their order under their identity's signature", async () => {
  const info = await signHelperKeys(keys, identity);
  assert.deepEqual(info.keys, keys.map(toBase64Url));
  assert.equal(info.identity, toBase64Url(identity.publicKey));
  await verifyHelperKeys(info);
});

Deno.test("helper keys: another key, order, identity or signature is refused", async () => {
  const info = await signHelperKeys(keys, identity);
  const other = await signHelperKeys(keys, await generateIdentity());
  const [first = "", second = ""] = info.keys;
  const forged = [
    { ...info, keys: [second, first] },
    { ...info, keys: [first] },
    { ...info, identity: other.identity },
    { ...info, signature: other.signature },
  ];
  for (const one of forged) {
    await assert.rejects(verifyHelperKeys(one), { code: "peer-invalid" });
  }
});

Deno.test("helper keys: no keys, too many, or a malformed one is no such message", async () => {
  const info = await signHelperKeys(keys, identity);
  const [first = ""] = info.keys;
  const form = { what: "a helper's keys", code: "peer-invalid" } as const;
  for (const list of [[], Array.from({ length: 65 }, () => first), ["short"], [`${first}A`]]) {
    assert.throws(() => readMessage(helperKeysSchema, { ...info, keys: list }, form), {
      code: "peer-invalid",
    });
  }
});
