import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { sharedVectors } from "../../tests/shared_vectors.ts";
import { concatBytes, fromHex, toHex, utf8 } from "./bytes.ts";
import {
  generateIdentity,
  generateStoredIdentity,
  hasSmallOrder,
  identityId,
  importIdentity,
  importPublicKey,
  verifySignature,
} from "./identity.ts";

interface Vectors {
  cases: {
    ref: string;
    secret?: string;
    public: string;
    message: string;
    signature: string;
    valid: boolean;
  }[];
}

const vectors = sharedVectors<Vectors>("ed25519.json");
/** What PKCS #8 puts before the 32 bytes of an Ed25519 seed (RFC 8410, section 7). */
const PKCS8_PREFIX = fromHex("302e020100300506032b657004220420");

Deno.test({
  name: "identity: signatures of RFC 8032 hold, and tampered or malleable ones do not",
  ignore: vectors.ignore,
  async fn() {
    const { cases } = vectors.read();
    for (const { ref, public: publicKey, message, signature, valid } of cases) {
      const key = await importPublicKey(fromHex(publicKey));
      const holds = await verifySignature(key, fromHex(message), fromHex(signature));
      assert.equal(holds, valid, ref);
    }
    assert.equal(cases.filter(({ valid }) => !valid).length, 6);
  },
});

Deno.test({
  name: "identity: the secret keys of RFC 8032 sign as printed there",
  ignore: vectors.ignore,
  async fn() {
    let count = 0;
    for (const { ref, secret, public: publicKey, message, signature } of vectors.read().cases) {
      if (secret === undefined) continue;
      const identity = await importIdentity(concatBytes([PKCS8_PREFIX, fromHex(secret)]));
      assert.equal(toHex(identity.publicKey), publicKey, ref);
      assert.equal(toHex(await identity.sign(fromHex(message))), signature, ref);
      count++;
    }
    assert.equal(count, 5);
  },
});

Deno.test("identity: a name is base64url of the public key's SHA-256", async () => {
  const { id, publicKey } = await generateIdentity();
  assert.equal(id, createHash("sha256").update(publicKey).digest("base64url"));
  assert.equal(id, await identityId(publicKey));
  assert.equal(id.length, 43);
  assert.equal(publicKey.length, 32);
});

Deno.test("identity: what it signs verifies under its own key and no other", async () => {
  const [one, other] = [await generateIdentity(), await generateIdentity()];
  const message = utf8("round 3");
  const signature = await one.sign(message);
  assert.equal(signature.length, 64);
  assert.ok(await verifySignature(await importPublicKey(one.publicKey), message, signature));
  assert.ok(!await verifySignature(await importPublicKey(other.publicKey), message, signature));
  assert.ok(
    !await verifySignature(await importPublicKey(one.publicKey), utf8("round 4"), signature),
  );
  assert.notEqual(one.id, other.id);
});

Deno.test("identity: a stored one is the same when it is read again", async () => {
  const { identity, pkcs8 } = await generateStoredIdentity();
  const again = await importIdentity(pkcs8);
  assert.equal(again.id, identity.id);
  assert.deepEqual(again.publicKey, identity.publicKey);
  // Ed25519 is deterministic.
  assert.deepEqual(await again.sign(utf8("x")), await identity.sign(utf8("x")));
});

Deno.test("identity: bytes that are no key are refused with a sentence", async () => {
  const { pkcs8 } = await generateStoredIdentity();
  for (const bytes of [new Uint8Array(), new Uint8Array(48), pkcs8.subarray(0, -1), utf8("key")]) {
    await assert.rejects(
      importIdentity(bytes),
      /^TypeError: Cannot read a private key: expected PKCS #8/,
    );
  }
  for (const length of [0, 31, 33]) {
    await assert.rejects(
      importPublicKey(new Uint8Array(length)),
      new RegExp(`^TypeError: Cannot read a public key: ${length} bytes, expected 32$`),
    );
  }
});

Deno.test("identity: a key or signature inside a larger buffer counts by its view", async () => {
  const identity = await generateIdentity();
  const signature = await identity.sign(utf8("abc"));
  const inside = (bytes: Uint8Array): Uint8Array =>
    concatBytes([new Uint8Array(3), bytes, new Uint8Array(2)]).subarray(3, 3 + bytes.length);
  const key = await importPublicKey(inside(identity.publicKey));
  assert.ok(await verifySignature(key, inside(utf8("abc")), inside(signature)));
});

Deno.test("identity: a key of small order, under which anyone can sign, is none", async () => {
  // With the neutral element as key and as the signature's point, S = 0 fits every message.
  const neutral = fromHex("01" + "00".repeat(31));
  for (const signBit of [0, 0x80]) {
    const key = neutral.with(31, signBit);
    assert.equal(hasSmallOrder(key), true);
    await assert.rejects(importPublicKey(key), TypeError);
  }
  for (let i = 0; i < 20; i++) {
    assert.equal(hasSmallOrder((await generateIdentity()).publicKey), false);
  }
  assert.equal(hasSmallOrder(new Uint8Array(0)), false);
});
