import assert from "node:assert/strict";
import { toBase64Url, toHex } from "../core/bytes.ts";
import { generateIdentity } from "../core/identity.ts";
import { type Domain, sealed, verifySealed } from "./domain.ts";

const DOMAINS: readonly Domain[] = [
  "task",
  "receipt",
  "log",
  "log-head",
  "submission",
  "bundle",
];
const identity = await generateIdentity();

Deno.test("domain: what is signed is the purpose's own line, then canonical JSON", () => {
  const text = new TextDecoder().decode(sealed("log", { b: [1, "é"], a: null }));
  assert.equal(text, 'tributary/log/1\n{"a":null,"b":[1,"é"]}');
});

Deno.test("domain: a signature for one purpose is none for another", async () => {
  const document = { round: 1 };
  for (const signed of DOMAINS) {
    const signature = toBase64Url(await identity.sign(sealed(signed, document)));
    for (const checked of DOMAINS) {
      const holds = await verifySealed(checked, document, signature, identity.publicKey);
      assert.equal(holds, signed === checked, `${signed} as ${checked}`);
    }
  }
});

Deno.test("domain: a key of the wrong length verifies nothing, instead of failing", async () => {
  const signature = toBase64Url(await identity.sign(sealed("log", 1)));
  for (const key of [new Uint8Array(0), new Uint8Array(31), new Uint8Array(33)]) {
    assert.equal(await verifySealed("log", 1, signature, key), false, toHex(key));
  }
});

Deno.test("domain: keys of small order, under which forgeries verify, are of no use", async () => {
  // The neutral element: with R = A = 1 and S = 0 a naive check accepts any message.
  const neutral = new Uint8Array(32);
  neutral[0] = 1;
  const forged = new Uint8Array(64);
  forged[0] = 1;
  assert.equal(await verifySealed("log", { any: "thing" }, toBase64Url(forged), neutral), false);
});
