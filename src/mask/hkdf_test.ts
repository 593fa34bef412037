import assert from "node:assert/strict";
import { sharedVectors } from "../../tests/shared_vectors.ts";
import { fromHex, toHex } from "../core/bytes.ts";
import { hkdf } from "./hkdf.ts";
import { publicSeed } from "./public_seed.ts";

const vectors = sharedVectors<{
  cases: { ikm: string; salt: string; info: string; length: number; okm: string }[];
}>("hkdf_sha256.json");

Deno.test({
  name: "hkdf: keys are the known answers of RFC 5869 and others",
  ignore: vectors.ignore,
  async fn() {
    const { cases } = vectors.read();
    assert.ok(cases.length > 3);
    for (const { ikm, salt, info, length, okm } of cases) {
      const options = { salt: fromHex(salt), info: fromHex(info), bytes: length };
      assert.equal(toHex(await hkdf(fromHex(ikm), options)), okm);
    }
  },
});

Deno.test("hkdf: more than 255 blocks are refused", async () => {
  const options = { salt: new Uint8Array(), info: new Uint8Array(), bytes: 8161 };
  await assert.rejects(hkdf(new Uint8Array(32), options));
});

Deno.test("public seed: it is fixed for a sid, and another for every other", async () => {
  const sid = Uint8Array.from({ length: 32 }, (_, i) => i);
  const seed = await publicSeed(sid);
  assert.equal(toHex(seed), "310a07837f2c7b0794ae97c6dcaed5dd5e50e9b2e601a42f9fbb9e0b40cd55c4");
  assert.notDeepEqual(await publicSeed(sid.with(31, 0)), seed);
});
