import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { utf8 } from "../core/bytes.ts";
import { unpackGzip } from "./gzip.ts";

function packed(bytes: Uint8Array): Uint8Array {
  return Uint8Array.from(gzipSync(bytes));
}

Deno.test("gzip: what was packed comes out, under the name without .gz", async () => {
  await fc.assert(fc.asyncProperty(fc.uint8Array({ maxLength: 5000 }), async (bytes) => {
    const file = await unpackGzip({ name: "a.csv.gz", bytes: packed(bytes) });
    assert.deepEqual(file, { name: "a.csv", bytes });
  }));
});

Deno.test("gzip: bytes tell, not the name", async () => {
  const plain = { name: "a.csv.gz", bytes: utf8("a,b\n") };
  assert.equal(await unpackGzip(plain), plain);
  const empty = { name: "a.csv.gz", bytes: new Uint8Array() };
  assert.equal(await unpackGzip(empty), empty);
  const file = await unpackGzip({ name: "a.csv", bytes: packed(utf8("a,b\n")) });
  assert.deepEqual(file, { name: "a.csv", bytes: utf8("a,b\n") });
});

Deno.test("gzip: a file cut short, damaged, or with something behind it is refused", async () => {
  const whole = packed(utf8("age,sex\n".repeat(100)));
  const damaged = whole.slice();
  damaged[20] = (damaged[20] ?? 0) ^ 0xff;
  const longer = Uint8Array.from([...whole, 1, 2, 3]);
  for (const bytes of [whole.subarray(0, 25), whole.subarray(0, 2), damaged, longer]) {
    await assert.rejects(unpackGzip({ name: "a.gz", bytes }), {
      code: "bad-data",
      message: "Cannot unpack a.gz: its gzip data is damaged or cut short, expected a whole file",
    });
  }
});

Deno.test("gzip: a file that holds more than it may is refused before all of it is out", async () => {
  const bytes = packed(new Uint8Array(1 << 24));
  assert.ok(bytes.length < 20_000);
  const limitBytes = 1 << 20;
  await assert.rejects(unpackGzip({ name: "bomb.gz", bytes }, { limitBytes }), {
    code: "bad-data",
    message: "Cannot unpack bomb.gz: it holds more than 1048576 bytes, expected at most so many",
  });
  const exact = packed(new Uint8Array(limitBytes));
  assert.equal(
    (await unpackGzip({ name: "a.gz", bytes: exact }, { limitBytes })).bytes.length,
    limitBytes,
  );
});
