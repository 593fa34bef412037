import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { concatBytes, toHex, utf8 } from "./bytes.ts";
import { DIGEST_BYTES, promptDigest, slicesDigest, treeDigest, webDigest } from "./digest.ts";

Deno.test("digest: it is SHA-256, by the vectors of FIPS 180-4", async () => {
  const vectors = {
    "": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    abc: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq:
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
  };
  for (const [text, hex] of Object.entries(vectors)) {
    const digest = await webDigest(utf8(text));
    assert.equal(toHex(digest), hex);
    assert.equal(digest.length, DIGEST_BYTES);
    assert.deepEqual(promptDigest(utf8(text)), digest);
  }
});

Deno.test("digest: at once or not, it is the same, at every length up to a few blocks", async () => {
  for (let length = 0; length < 200; length++) {
    const bytes = Uint8Array.from({ length: length + 3 }, (_, at) => 7 * at).subarray(3);
    assert.deepEqual(promptDigest(bytes), await webDigest(bytes));
  }
});

Deno.test("digest: a view is hashed, not the buffer around it", async () => {
  const inside = concatBytes([utf8("xx"), utf8("abc"), utf8("y")]).subarray(2, 5);
  assert.deepEqual(await webDigest(inside), await webDigest(utf8("abc")));
});

Deno.test("digest: a tree's is that of its slices' digests in their order", async () => {
  const slices = [await webDigest(utf8("a")), await webDigest(utf8("b"))];
  const byHand = createHash("sha256");
  for (const slice of slices) byHand.update(slice);
  assert.equal(toHex(await treeDigest(slices, webDigest)), byHand.digest("hex"));
  const swapped = await treeDigest([...slices].reverse(), webDigest);
  assert.notEqual(toHex(swapped), toHex(await treeDigest(slices, webDigest)));
});

Deno.test("digest: a synchronous hash gives the same tree", async () => {
  const native = (bytes: Uint8Array): Uint8Array =>
    new Uint8Array(createHash("sha256").update(bytes).digest());
  const slices = [native(utf8("a"))];
  assert.deepEqual(await treeDigest(slices, native), await treeDigest(slices, webDigest));
});

Deno.test("digest: of slices, SHA-256 over their digests in order, the last one as long as it is", async () => {
  const bytes = Uint8Array.from({ length: 2 * 1000 + 96 }, (_, i) => i >> 3);
  const native = (bytes: Uint8Array): Uint8Array =>
    new Uint8Array(createHash("sha256").update(bytes).digest());
  const byHand = [0, 1, 2].map((i) => native(bytes.subarray(i * 1000, (i + 1) * 1000)));
  for (const digest of [native, webDigest]) {
    const found = await slicesDigest(bytes, { sliceBytes: 1000, digest });
    assert.deepEqual(found.slices.map(toHex), byHand.map(toHex));
    assert.equal(toHex(found.tree), toHex(native(concatBytes(byHand))));
  }
});

Deno.test("digest: one changed byte changes its slice's digest alone, and the tree", async () => {
  const bytes = new Uint8Array(2 * 1024 + 8);
  const options = { sliceBytes: 1024, digest: webDigest };
  const before = await slicesDigest(bytes, options);
  bytes[1024]! ^= 1;
  const after = await slicesDigest(bytes, options);
  const same = before.slices.map((slice, i) => toHex(slice) === toHex(after.slices[i]!));
  assert.deepEqual(same, [true, false, true]);
  assert.notEqual(toHex(before.tree), toHex(after.tree));
});
