import assert from "node:assert/strict";
import { sharedVectors } from "../../tests/shared_vectors.ts";
import { concatBytes, fromHex, toHex } from "../core/bytes.ts";
import {
  generateHelperKey,
  generateStoredHelperKey,
  type HelperKey,
  importHelperKey,
} from "./helper_key.ts";
import { open, seal, SEAL_BYTES } from "./hpke.ts";

interface HpkeCase {
  readonly kind: "context" | "single_shot" | "must_fail";
  readonly ref: string;
  readonly skR: string;
  readonly info: string;
  readonly aad: string;
  readonly enc: string;
  readonly ciphertext: string;
  readonly plaintext?: string;
  readonly encryptions?: {
    readonly sequence: number;
    readonly plaintext: string;
    readonly aad: string;
    readonly ciphertext: string;
  }[];
}

interface X25519Case {
  readonly kind: string;
  readonly private_a: string;
  readonly public_a: string;
  readonly private_b: string;
  readonly public_b: string;
  readonly shared: string;
  readonly u: string;
}

const hpke = sharedVectors<{ cases: HpkeCase[] }>("hpke.json");
const x25519 = sharedVectors<{ cases: X25519Case[] }>("x25519.json");

/** An X25519 private key in PKCS #8 (RFC 8410). */
async function privateKey(raw: string): Promise<HelperKey> {
  return await importHelperKey(fromHex(`302e020100300506032b656e04220420${raw}`));
}

Deno.test({
  name: "hpke: sealed messages of RFC 9180 and others open to their texts",
  ignore: hpke.ignore,
  async fn() {
    const cases = hpke.read().cases.filter(({ kind }) => kind === "single_shot");
    assert.ok(cases.length >= 5);
    let opened = 0;
    for (const { skR, info, aad, enc, ciphertext, plaintext } of cases) {
      // The long one is kept as a digest only.
      if (plaintext === undefined || ciphertext === undefined) continue;
      const sealed = fromHex(enc + ciphertext);
      const binding = { info: fromHex(info), aad: fromHex(aad) };
      assert.equal(toHex(await open(await privateKey(skR), sealed, binding)), plaintext);
      opened++;
    }
    assert.ok(opened >= 4);
  },
});

Deno.test({
  name: "hpke: RFC 9180 A.2.1's first message opens",
  ignore: hpke.ignore,
  async fn() {
    const found = hpke.read().cases.find(({ kind }) => kind === "context")!;
    const first = found.encryptions!.find(({ sequence }) => sequence === 0)!;
    const binding = { info: fromHex(found.info), aad: fromHex(first.aad) };
    const text = await open(
      await privateKey(found.skR),
      fromHex(found.enc + first.ciphertext),
      binding,
    );
    assert.equal(toHex(text), first.plaintext);
  },
});

Deno.test({
  name: "hpke: changed messages and small-order keys are refused",
  ignore: hpke.ignore,
  async fn() {
    const cases = hpke.read().cases.filter(({ kind }) => kind === "must_fail");
    assert.ok(cases.length >= 6);
    for (const { skR, info, aad, enc, ciphertext } of cases) {
      const binding = { info: fromHex(info), aad: fromHex(aad) };
      await assert.rejects(open(await privateKey(skR), fromHex(enc + ciphertext), binding));
    }
  },
});

Deno.test("hpke: what is sealed opens with the other half of the key, and no two seals are equal", async () => {
  const key = await generateHelperKey();
  const binding = { info: new Uint8Array(32).fill(1), aad: new Uint8Array(65).fill(2) };
  for (const bytes of [0, 1, 32, 16384]) {
    const text = Uint8Array.from({ length: bytes }, (_, i) => i * 7);
    const [one, two] = [
      await seal(key.publicKey, text, binding),
      await seal(key.publicKey, text, binding),
    ];
    assert.equal(one.length, bytes + SEAL_BYTES);
    assert.notDeepEqual(one, two);
    assert.deepEqual(await open(key, one, binding), text);
    assert.deepEqual(await open(key, two, binding), text);
  }
  await assert.rejects(
    open(await generateHelperKey(), await seal(key.publicKey, binding.aad, binding), binding),
  );
});

Deno.test({
  name: "x25519: the platform's agreement gives the known answers, and none with a small-order key",
  ignore: x25519.ignore,
  async fn() {
    const { cases } = x25519.read();
    const agreed = cases.filter(({ kind }) => kind === "dh");
    const small = cases.filter(({ kind }) => kind === "low_order");
    assert.ok(agreed.length > 0 && small.length > 0);
    for (const { private_a, public_a, private_b, public_b, shared } of agreed) {
      const [a, b] = [await privateKey(private_a), await privateKey(private_b)];
      assert.equal(toHex(a.publicKey), public_a);
      assert.equal(toHex(b.publicKey), public_b);
      for (const [mine, other] of [[a, b], [b, a]] as const) {
        const parameters = { name: "X25519", public: other.pair.publicKey };
        const bits = await crypto.subtle.deriveBits(parameters, mine.pair.privateKey, 256);
        assert.equal(toHex(new Uint8Array(bits)), shared);
      }
    }
    const nothing = new Uint8Array();
    for (const { u } of small) {
      const binding = { info: nothing, aad: nothing };
      await assert.rejects(seal(fromHex(u), nothing, binding), `${u} was sealed to`);
      const own = await generateHelperKey();
      await assert.rejects(open(own, concatBytes([fromHex(u), new Uint8Array(16)]), binding));
    }
  },
});

Deno.test("helper key: stored bytes give the key again, and other bytes none", async () => {
  const { key, pkcs8 } = await generateStoredHelperKey();
  const again = await importHelperKey(pkcs8);
  assert.deepEqual(again.publicKey, key.publicKey);
  const binding = { info: new Uint8Array(1), aad: new Uint8Array(1) };
  assert.deepEqual(await open(again, await seal(key.publicKey, pkcs8, binding), binding), pkcs8);
  const wrong = { name: "TypeError", message: /expected PKCS #8 bytes of an X25519 key/ };
  await assert.rejects(importHelperKey(pkcs8.subarray(1)), wrong);
  await assert.rejects(importHelperKey(new Uint8Array()), wrong);
  // An Ed25519 key differs in its name's last byte.
  await assert.rejects(importHelperKey(pkcs8.with(11, 0x70)), wrong);
  await assert.rejects(
    crypto.subtle.exportKey("pkcs8", (await generateHelperKey()).pair.privateKey),
  );
  assert.equal(key.publicKey.length, 32);
});
