import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import fc from "fast-check";
import { toBase64Url } from "../core/bytes.ts";
import { webDigest } from "../core/digest.ts";
import { hex32 } from "./_testing.ts";
import { sampleFractions } from "./fraction.ts";

const idOf = (bytes: Uint8Array) => toBase64Url(bytes);
const ids = fc.uint8Array({ minLength: 32, maxLength: 32 }).map(idOf);

Deno.test("fraction: it is the leading 53 bits of SHA-256 of the label, the sid and the id", async () => {
  await fc.assert(
    fc.asyncProperty(ids, fc.integer({ min: 0, max: 255 }), async (id, byte) => {
      const hash = createHash("sha256").update("tributary/sample/1")
        .update(Buffer.alloc(32, byte)).update(id).digest();
      const expected = Number(hash.readBigUInt64BE() >> 11n) / 2 ** 53;
      assert.equal(await sampleFractions(hex32(byte), webDigest)(id), expected);
    }),
  );
});

Deno.test("fraction: the largest and the smallest hash give fractions within [0, 1)", async () => {
  const id = idOf(new Uint8Array(32));
  const of = (byte: number) => sampleFractions(hex32(0), () => new Uint8Array(32).fill(byte))(id);
  assert.equal(await of(0), 0);
  assert.equal(await of(255), 1 - 2 ** -53);
});

Deno.test("fraction: a digest that is a view into a larger buffer is read where it lies", async () => {
  const id = idOf(new Uint8Array(32));
  const large = new Uint8Array(64).fill(255, 0, 32);
  assert.equal(await sampleFractions(hex32(0), () => large.subarray(32))(id), 0);
});

Deno.test("fraction: another round gives a client another fraction", async () => {
  const id = idOf(new Uint8Array(32).fill(7));
  const [one, other] = [
    await sampleFractions(hex32(1), webDigest)(id),
    await sampleFractions(hex32(2), webDigest)(id),
  ];
  assert.notEqual(one, other);
});

Deno.test("fraction: over many rounds a client's fractions are spread evenly", async () => {
  const id = idOf(new Uint8Array(32).fill(9));
  const bins = new Array<number>(16).fill(0);
  for (let round = 0; round < 4096; round++) {
    const sid = round.toString(16).padStart(64, "0");
    bins[Math.floor(16 * await sampleFractions(sid, webDigest)(id))]! += 1;
  }
  const chi2 = bins.reduce((sum, found) => sum + (found - 256) ** 2 / 256, 0);
  // 15 degrees of freedom: one in a thousand is above 37.7; the sids are fixed.
  assert.ok(chi2 < 37.7, `chi² ${chi2}`);
});
