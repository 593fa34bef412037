import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import {
  concatBytes,
  cutBytes,
  equalBytes,
  fromBase64,
  fromBase64Url,
  fromHex,
  toBase64,
  toBase64Url,
  toHex,
  utf8,
} from "./bytes.ts";

const bytes = fc.uint8Array({ maxLength: 80 });

Deno.test("bytes: hex, base64 and base64url are those of another implementation, and come back", () => {
  fc.assert(fc.property(bytes, (bytes) => {
    const other = Buffer.from(bytes);
    assert.equal(toHex(bytes), other.toString("hex"));
    assert.equal(toBase64(bytes), other.toString("base64"));
    assert.equal(toBase64Url(bytes), other.toString("base64url"));
    assert.deepEqual(fromHex(toHex(bytes)), bytes);
    assert.deepEqual(fromHex(toHex(bytes).toUpperCase()), bytes);
    assert.deepEqual(fromBase64(toBase64(bytes)), bytes);
    assert.deepEqual(fromBase64Url(toBase64Url(bytes)), bytes);
  }));
});

Deno.test("bytes: base64 has the test vectors of RFC 4648, section 10", () => {
  const vectors = [
    ["", ""],
    ["f", "Zg=="],
    ["fo", "Zm8="],
    ["foo", "Zm9v"],
    ["foob", "Zm9vYg=="],
    ["fooba", "Zm9vYmE="],
    ["foobar", "Zm9vYmFy"],
  ] as const;
  for (const [text, base64] of vectors) {
    assert.equal(toBase64(utf8(text)), base64);
    assert.deepEqual(fromBase64(base64), utf8(text));
    assert.deepEqual(fromBase64Url(base64.replaceAll("=", "")), utf8(text));
  }
});

Deno.test("bytes: long arrays become text too", () => {
  const long = Uint8Array.from({ length: 3_000_001 }, (_, i) => i * 7);
  assert.deepEqual(fromBase64(toBase64(long)), long);
});

Deno.test("bytes: base64 that is not the one canonical form is refused", () => {
  const cases = [
    "Zg",
    "Zg=",
    "Zh==",
    "Zg==\n",
    " Zg==",
    "Z g==",
    "Zg===",
    "Zm9=",
    "Zm8==",
    "Z",
    "_w==",
  ];
  for (const text of cases) {
    assert.throws(() => fromBase64(text), /^RangeError: Cannot read base64: /);
  }
});

Deno.test("bytes: base64url that is not the one canonical form is refused", () => {
  const cases = ["Zg==", "Zh", "Zm9", "Z", "_w=", "+w", "/w", "Zg\n", "Zg ", "Zgé"];
  for (const text of cases) {
    assert.throws(() => fromBase64Url(text), /^RangeError: Cannot read base64/);
  }
  assert.deepEqual([...fromBase64Url("-_8")], [0xfb, 0xff]);
});

Deno.test("bytes: no two texts name the same bytes", () => {
  const text = fc.string({ unit: fc.constantFrom(..."AQgwZ01-_+/= \n"), maxLength: 8 });
  fc.assert(
    fc.property(text, (text) => {
      for (const [read, write] of [[fromBase64, toBase64], [fromBase64Url, toBase64Url]] as const) {
        let found: Uint8Array | undefined;
        try {
          found = read(text);
        } catch (error) {
          assert.ok(error instanceof RangeError);
        }
        if (found !== undefined) assert.equal(write(found), text);
      }
    }),
    { numRuns: 2000 },
  );
});

Deno.test("bytes: hex of odd length or with other characters is refused", () => {
  for (const text of ["0", "0g", "0x00", "00 ", "é0", "००"]) {
    assert.throws(() => fromHex(text), /^RangeError: Cannot read hex: /);
  }
});

Deno.test("bytes: parts join in order, in an array of its own", () => {
  const part = Uint8Array.of(1, 2);
  const whole = concatBytes([part, new Uint8Array(), Uint8Array.of(3, 4).subarray(1)]);
  assert.deepEqual([...whole], [1, 2, 4]);
  part.fill(9);
  assert.deepEqual([...whole], [1, 2, 4]);
  assert.deepEqual(concatBytes([]), new Uint8Array());
});

Deno.test("bytes: equality is that of all bytes and the length", () => {
  fc.assert(fc.property(bytes, bytes, (a, b) => {
    assert.equal(equalBytes(a, b), toHex(a) === toHex(b));
    assert.ok(equalBytes(a, a.slice()));
    if (a.length === 0) return;
    const changed = a.slice();
    changed[a.length - 1]! ^= 128;
    assert.ok(!equalBytes(a, changed));
    assert.ok(!equalBytes(a, a.subarray(1)));
  }));
});

Deno.test("bytes: cut pieces are views that make up the whole, the last of them shorter", () => {
  const bytes = Uint8Array.of(1, 2, 3, 4, 5);
  const pieces = cutBytes(bytes, 2);
  assert.deepEqual(pieces.map((piece) => [...piece]), [[1, 2], [3, 4], [5]]);
  pieces[2]![0] = 9;
  assert.equal(bytes[4], 9);
  assert.deepEqual(cutBytes(bytes, 5).length, 1);
  assert.deepEqual(cutBytes(new Uint8Array(0), 2), []);
});
