import assert from "node:assert/strict";
import fc from "fast-check";
import { sharedVectors } from "../../tests/shared_vectors.ts";
import { concatBytes, fromBase64, toHex, utf8 } from "./bytes.ts";
import { TributaryError } from "./errors.ts";
import { decodeSafetensors, encodeSafetensors, readSafetensors } from "./safetensors.ts";

interface Vectors {
  cases: (
    & { name: string; base64: string }
    & ({
      kind: "valid";
      header: string;
      metadata: Record<string, string> | null;
      tensors: { name: string; dtype: string; shape: number[]; bytes: string }[];
    } | { kind: "malformed"; reference_accepts: boolean })
  )[];
}

const vectors = sharedVectors<Vectors>("safetensors.json");

/** What the sentence says of each malformed file. */
const SENTENCES: Record<string, RegExp> = {
  "overlapping offsets": /tensor "b" begins at byte 2 of the values, expected 4/,
  "header length beyond the file": /a header of 10000 bytes in a file of 16/,
  "header length above the 100 MB limit": /a header of 100000001 bytes, expected at most 100000000/,
  "header length 2^63": /a header of 9223372036854775808 bytes, expected at most/,
  "duplicate keys": /the key "a" appears twice/,
  "duplicate keys covering the whole buffer": /the key "a" appears twice/,
  "hole between tensors": /tensor "b" begins at byte 4 of the values, expected 2/,
  "hole at the start": /tensor "a" begins at byte 2 of the values, expected 0/,
  "unused bytes at the end": /the tensors take 2 bytes and the file has 3/,
  "unknown dtype": /tensor "a" has dtype "F99"/,
  "dtype does not fit the offsets": /tensor "a" of F32 \[2\] needs 8 bytes, its offsets give 4/,
  "truncated data": /the tensors take \d+ bytes and the file has \d+ bytes of values/,
  "truncated header": /a header of 376 bytes in a file of/,
  "shorter than 8 bytes": /5 bytes, expected at least the 8/,
  "empty file": /0 bytes, expected at least the 8/,
  "offsets reversed": /tensor "a" has offsets \[2,0\]/,
  "negative offset": /tensor "a" has offsets \[-1,1\], expected two whole numbers/,
  "negative dimension": /tensor "a" has shape \[-2\], expected whole numbers/,
  "shape product overflows 64 bits": /tensor "a" of U8 \[4294967296,4294967296\] needs/,
  "header is not JSON": /the header is not JSON/,
  "header is a JSON array": /the header does not begin with "{"/,
  "header is not UTF-8": /the header is not UTF-8/,
  "header does not start with a brace (leading space)": /the header does not begin with "{"/,
  "metadata value is a number": /"n" in "__metadata__" is no text/,
  "missing shape": /tensor "a" has shape undefined/,
  "extra key in a tensor entry": /tensor "a" has an unknown member "x"/,
  "zero header length": /a header of 0 bytes, expected a multiple of 8 above 0/,
};

Deno.test({
  name: "safetensors: the reference library's 8 valid files give its tensors and metadata",
  ignore: vectors.ignore,
  fn() {
    let count = 0;
    for (const file of vectors.read().cases) {
      if (file.kind !== "valid") continue;
      const { metadata, tensors } = readSafetensors(fromBase64(file.base64));
      const found = tensors.map((tensor) => ({ ...tensor, bytes: toHex(tensor.bytes) }));
      assert.deepEqual(found.sort((a, b) => a.name < b.name ? -1 : 1), file.tensors, file.name);
      assert.deepEqual(metadata, file.metadata ?? {}, file.name);
      count++;
    }
    assert.equal(count, 8);
  },
});

Deno.test({
  name: "safetensors: each of 27 malformed files is refused with a sentence that says in what",
  ignore: vectors.ignore,
  fn() {
    const names = vectors.read().cases.flatMap((file) => {
      if (file.kind !== "malformed") return [];
      const sentence = SENTENCES[file.name];
      assert.ok(sentence, file.name);
      assertRefused(fromBase64(file.base64), sentence);
      return [file.name];
    });
    assert.equal(names.length, 27);
  },
});

Deno.test({
  name: "safetensors: written files are the reference library's, byte for byte",
  ignore: vectors.ignore,
  fn() {
    const file = vectors.read().cases.find(({ name }) => name === "no metadata, one scalar");
    const bytes = encodeSafetensors({ s: { shape: [], data: Float32Array.of(2.5) } });
    assert.equal(toHex(bytes), toHex(fromBase64(file?.base64 ?? "")));
  },
});

Deno.test("safetensors: what is written reads back bit for bit, in any order of insertion", () => {
  const name = fc.string({ unit: "grapheme", maxLength: 6 })
    .filter((text) => text !== "__proto__" && text !== "__metadata__");
  const bits = fc.uint32Array({ minLength: 0, maxLength: 20 });
  fc.assert(fc.property(
    fc.uniqueArray(fc.tuple(name, bits), { selector: ([name]) => name }),
    fc.dictionary(name, fc.string({ unit: "grapheme" })),
    (entries, metadata) => {
      const tensors = entries.map(([name, words]) =>
        [name, { shape: [words.length, 1], data: new Float32Array(words.buffer) }] as const
      );
      const file = encodeSafetensors(Object.fromEntries(tensors), metadata);
      const reversed = Object.fromEntries([...tensors].reverse());
      assert.deepEqual(encodeSafetensors(reversed, metadata), file);
      const read = decodeSafetensors(file);
      assert.deepEqual({ ...read.metadata }, { ...metadata });
      assert.deepEqual(Object.keys(read.tensors).sort(), tensors.map(([name]) => name).sort());
      for (const [name, { shape, data }] of tensors) {
        assert.deepEqual(read.tensors[name]?.shape, shape);
        assert.deepEqual(new Uint32Array(read.tensors[name]!.data.buffer), asWords(data));
      }
    },
  ));
});

Deno.test("safetensors: tensors lie in the order of their names' code points", () => {
  const one = { shape: [1], data: Float32Array.of(1) };
  // "\u{1F30A}" sorts before "\uFFFD" by UTF-16 units and after it by code points; "10" is a key that
  // JavaScript would move to the front.
  const file = encodeSafetensors({ "\u{1F30A}": one, "\uFFFD": one, b: one, "10": one, a: one });
  const names = readSafetensors(file).tensors.map(({ name }) => name);
  assert.deepEqual(names, ["10", "a", "b", "\uFFFD", "\u{1F30A}"]);
});

Deno.test("safetensors: a view into a larger buffer at an odd place reads the same", () => {
  const file = encodeSafetensors({ w: { shape: [2], data: Float32Array.of(1.5, -2) } });
  const inside = concatBytes([new Uint8Array(3), file, new Uint8Array(5)]).subarray(3, -5);
  assert.deepEqual([...decodeSafetensors(inside).tensors["w"]!.data], [1.5, -2]);
});

Deno.test("safetensors: decoded tensors are copies, raw tensors are views", () => {
  const file = encodeSafetensors({ w: { shape: [1], data: Float32Array.of(1) } });
  const { tensors } = decodeSafetensors(file);
  const [raw] = readSafetensors(file).tensors;
  file.fill(0);
  assert.equal(tensors["w"]?.data[0], 1);
  assert.deepEqual([...raw!.bytes], [0, 0, 0, 0]);
});

Deno.test("safetensors: a model of another dtype is refused by name", () => {
  const entry = `{"h":{"dtype":"F16","shape":[2],"data_offsets":[0,4]}}`;
  assert.throws(
    () => decodeSafetensors(fileOf(entry, 4)),
    bad(/tensor "h" holds F16, expected F32/),
  );
});

Deno.test("safetensors: what is not one clear meaning is refused", () => {
  const u8 = `"dtype":"U8","shape":[1],"data_offsets":[0,1]`;
  const cases: [string, number, RegExp][] = [
    [`{"__proto__":{${u8}}}`, 1, /the key "__proto__" is not allowed/],
    [`{"__metadata__":{"__proto__":"x"}}`, 0, /the key "__proto__" is not allowed/],
    [`{"__metadata__":{"a":"x","\\u0061":"y"}}`, 0, /the key "a" appears twice/],
    [`{"__metadata__":null}`, 0, /"__metadata__" is no JSON object/],
    [`{"a":{${u8},"dtype":"U8"}}`, 1, /the key "dtype" appears twice/],
    [`{"a":[0,1]}`, 1, /the entry of tensor "a" is no JSON object/],
    [`{"a":{"dtype":["U8"],"shape":[1],"data_offsets":[0,1]}}`, 1, /has dtype \["U8"\]/],
    [`{"a":{"dtype":"toString","shape":[1],"data_offsets":[0,1]}}`, 1, /has dtype "toString"/],
    [`{"a":{"dtype":"U8","shape":[1.5],"data_offsets":[0,1]}}`, 1, /has shape \[1.5\]/],
    [`{"a":{"dtype":"U8","shape":["1"],"data_offsets":[0,1]}}`, 1, /has shape \["1"\]/],
    [`{"a":{"dtype":"U8","shape":{"length":0},"data_offsets":[0,1]}}`, 1, /has shape \{/],
    [`{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1,1]}}`, 1, /has offsets \[0,1,1\]/],
    [`{"a":{"dtype":"U8","shape":[1],"data_offsets":[0]}}`, 1, /has offsets \[0\]/],
    [`{"a":{"dtype":"F4","shape":[3],"data_offsets":[0,1]}}`, 1, /needs 1.5 bytes/],
    [
      `{"a":{"dtype":"U8","shape":[9007199254740991,9007199254740991,0],"data_offsets":[0,0]}}`,
      0,
      /its offsets give 0/,
    ],
    [
      `{"a":{${u8}},"b":{"dtype":"F32","shape":[1],"data_offsets":[1,5]}}`,
      5,
      /tensor "b" of F32 begins at byte 1, which is not aligned/,
    ],
    [`{} {}`, 0, /the header is not JSON/],
    [`\uFEFF{}`, 0, /the header does not begin with/],
  ];
  for (const [header, size, sentence] of cases) assertRefused(fileOf(header, size), sentence);
  assertRefused(concatBytes([Uint8Array.of(2, 0, 0, 0, 0, 0, 0, 0), utf8("{}")]), /multiple of 8/);
  // The header's length is a little-endian word of 64 bits: its upper half counts.
  assertRefused(Uint8Array.of(8, 0, 0, 0, 1, 0, 0, 0, 123, 125, 32, 32, 32, 32, 32, 32), /at most/);
});

Deno.test("safetensors: no cut, changed or random file does anything but read or be refused", () => {
  const file = encodeSafetensors(
    { a: { shape: [2], data: Float32Array.of(1, 2) }, b: { shape: [], data: Float32Array.of(3) } },
    { note: "x" },
  );
  const tamper = fc.tuple(fc.nat(file.length - 1), fc.nat(255)).map(([at, byte]) => {
    const changed = file.slice();
    changed[at] = byte;
    return changed;
  });
  const cut = fc.nat(file.length - 1).map((end) => file.subarray(0, end));
  fc.assert(fc.property(fc.oneof(tamper, cut, fc.uint8Array({ maxLength: 64 })), (bytes) => {
    try {
      decodeSafetensors(bytes);
    } catch (error) {
      if (!bad(/^Cannot use safetensors: /)(error)) throw error;
    }
  }));
  for (let end = 0; end < file.length; end++) {
    assert.throws(() => readSafetensors(file.subarray(0, end)), bad(/./), `cut at ${end}`);
  }
});

Deno.test("safetensors: tensors that cannot be written are refused", () => {
  const one = { shape: [1], data: Float32Array.of(1) };
  const proto = Object.fromEntries([["__proto__", one]]);
  const cases: [() => Uint8Array, RegExp][] = [
    [
      () => encodeSafetensors({ w: { shape: [2], data: one.data } }),
      /"w" has 1 values, its shape \[2\] 2/,
    ],
    [() => encodeSafetensors({ __metadata__: one }), /cannot be called "__metadata__"/],
    [() => encodeSafetensors(proto), /the name "__proto__" is not allowed/],
    [() => encodeSafetensors({ "\ud800": one }), /the name "\\ud800" is not allowed/],
    [() => encodeSafetensors({}, { "\udc00": "x" }), /the name "\\udc00" is not allowed/],
  ];
  for (const [write, sentence] of cases) assert.throws(write, bad(sentence));
});

function fileOf(header: string, dataBytes: number): Uint8Array {
  const text = utf8(header);
  const padded = new Uint8Array(Math.ceil(text.length / 8) * 8).fill(0x20);
  padded.set(text);
  const length = new Uint8Array(8);
  new DataView(length.buffer).setUint32(0, padded.length, true);
  return concatBytes([length, padded, new Uint8Array(dataBytes)]);
}

function asWords(data: Float32Array<ArrayBuffer>): Uint32Array {
  return new Uint32Array(data.buffer, data.byteOffset, data.length);
}

function assertRefused(bytes: Uint8Array, sentence: RegExp): void {
  assert.throws(() => readSafetensors(bytes), bad(sentence));
}

function bad(sentence: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof TributaryError, String(error));
    assert.equal(error.code, "bad-tensors");
    assert.match(error.message, sentence);
    return true;
  };
}
