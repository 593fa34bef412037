import assert from "node:assert/strict";
import nacl from "tweetnacl";
import { fromHex, toHex, utf8 } from "../core/bytes.ts";
import { isTributaryError } from "../core/errors.ts";
import { generateIdentity } from "../core/identity.ts";
import { systemRandom } from "../core/random.ts";
import { agree, agreementKey, pairSeed } from "./agreement.ts";
import { boxKey, openBox, sealBox } from "./neighbour_box.ts";
import { boxText, readBoxText } from "./share_box.ts";

Deno.test("neighbour box: keys and boxes are the library's own, opened by it and opening its", async () => {
  const [a, b] = [systemRandom(32), systemRandom(32)];
  const [alice, bob] = [await agreementKey(a), await agreementKey(b)];
  assert.deepEqual(alice.publicKey, nacl.box.keyPair.fromSecretKey(a).publicKey);
  const key = await boxKey(alice, bob.publicKey);
  assert.deepEqual(key, nacl.box.before(bob.publicKey, a));
  assert.deepEqual(key, await boxKey(bob, alice.publicKey));
  const message = utf8("a share");
  const box = sealBox(key, message, systemRandom);
  const [nonce, rest] = [box.slice(0, 24), box.slice(24)];
  assert.deepEqual(nacl.box.open(rest, nonce, alice.publicKey, b), message);
  const theirs = new Uint8Array([...nonce, ...nacl.box(message, nonce, alice.publicKey, b)]);
  assert.deepEqual(openBox(key, theirs), message);
});

Deno.test("neighbour box: one that was changed, cut off, or made with another key is refused", async () => {
  const [alice, bob, eve] = await Promise.all([1, 2, 3].map(() => agreementKey(systemRandom(32))));
  const key = await boxKey(alice!, bob!.publicKey);
  const box = sealBox(key, utf8("a share"), systemRandom);
  const refused = (error: unknown) => isTributaryError(error, "box-refused");
  for (let at = 0; at < box.length; at += 5) {
    assert.throws(() => openBox(key, box.map((byte, i) => i === at ? byte ^ 1 : byte)), refused);
  }
  for (const length of [0, 23, 24, 39, box.length - 1]) {
    assert.throws(() => openBox(key, box.slice(0, length)), refused);
  }
  const other = await boxKey(alice!, eve!.publicKey);
  assert.throws(() => openBox(other, box), refused);
});

Deno.test("agreement: RFC 7748's two key pairs (section 6.1) agree as it says", async () => {
  const [alice, bob] = await Promise.all([
    "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a",
    "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb",
  ].map((secret) => agreementKey(fromHex(secret))));
  const publicKey = "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a";
  const shared = "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742";
  assert.equal(toHex(alice!.publicKey), publicKey);
  assert.equal(toHex(await agree(alice!, bob!.publicKey)), shared);
  assert.equal(toHex(await agree(bob!, alice!.publicKey)), shared);
});

Deno.test("agreement: points of small order and bytes that are no key are refused", async () => {
  const own = await agreementKey(systemRandom(32));
  const points = [
    "00".repeat(32),
    "01" + "00".repeat(31),
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  ];
  for (const point of points) {
    await assert.rejects(agree(own, fromHex(point)), (e) => isTributaryError(e, "key-malformed"));
  }
  await assert.rejects(agree(own, new Uint8Array(31)), (e) => isTributaryError(e, "key-malformed"));
});

Deno.test("agreement: both ends derive one seed, which another sid or another pair changes", async () => {
  const [alice, bob] = [await agreementKey(systemRandom(32)), await agreementKey(systemRandom(32))];
  const [a, b, c] = await Promise.all([1, 2, 3].map(async () => (await generateIdentity()).id));
  const sid = systemRandom(32);
  const one = await agree(alice, bob.publicKey);
  const two = await agree(bob, alice.publicKey);
  const seed = await pairSeed(one, { sid, clients: [a!, b!] });
  assert.deepEqual(await pairSeed(two, { sid, clients: [b!, a!] }), seed);
  for (const other of [{ sid: systemRandom(32), clients: [a!, b!] }, { sid, clients: [a!, c!] }]) {
    const changed = await pairSeed(one, other as { sid: Uint8Array; clients: [string, string] });
    assert.notEqual(toHex(changed), toHex(seed));
  }
});

Deno.test("share box: what is in a box is bound to round, sender and receiver, and holds two shares", () => {
  const binding = { sid: systemRandom(32), from: 3, to: 9 };
  const [selfSeed, maskKey] = [new Uint8Array(36).fill(1), new Uint8Array(36).fill(2)];
  const text = () => boxText(binding, [selfSeed, maskKey]);
  assert.deepEqual(readBoxText(text(), binding), { selfSeed, maskKey });
  const refused = (code: "box-refused" | "share-malformed") => (e: unknown) =>
    isTributaryError(e, code);
  for (const change of [{ sid: systemRandom(32) }, { from: 9, to: 3 }, { to: 10 }]) {
    assert.throws(() => readBoxText(text(), { ...binding, ...change }), refused("box-refused"));
  }
  const large = new Uint8Array(36).fill(255);
  assert.throws(
    () => readBoxText(boxText(binding, [selfSeed, large]), binding),
    refused("share-malformed"),
  );
  assert.throws(() => readBoxText(text().slice(0, -1), binding), refused("share-malformed"));
  assert.throws(
    () => readBoxText(new Uint8Array([...text(), 0]), binding),
    refused("share-malformed"),
  );
});
