import assert from "node:assert/strict";
import fc from "fast-check";
import { utf8 } from "../core/bytes.ts";
import { badLine, checkText, isUtf8, lineAt, quoteValue } from "./source_file.ts";

Deno.test("source file: lines end with LF, CRLF or CR, and CRLF is one end", () => {
  const bytes = utf8("a\nb\r\nc\rd");
  const lines = Array.from(bytes, (_, offset) => lineAt(bytes, offset));
  //                       a  \n b  \r \n c  \r d
  assert.deepEqual(lines, [1, 1, 2, 2, 2, 3, 3, 4]);
});

Deno.test("source file: the line of an offset is one more than the line ends before it", () => {
  fc.assert(fc.property(fc.array(fc.constantFrom("x", "\n", "\r\n", "\r")), (parts) => {
    const bytes = utf8(parts.join(""));
    const ends = parts.join("").match(/\r\n|\r|\n/g)?.length ?? 0;
    assert.equal(lineAt(bytes, bytes.length), 1 + ends);
  }));
});

Deno.test("source file: any text without NUL in short lines is fine", () => {
  const text = fc.string({ unit: "grapheme", minLength: 1 }).filter((value) =>
    !value.includes("\0")
  );
  fc.assert(fc.property(text, (value) => checkText({ name: "a", bytes: utf8(value) })));
});

Deno.test("source file: bytes are UTF-8 exactly if decoding and encoding gives them back", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 8 }), (bytes) => {
    const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
    const back = new TextEncoder().encode(text);
    assert.equal(
      isUtf8(bytes),
      back.length === bytes.length && back.every((b, i) => b === bytes[i]),
    );
  }));
});

Deno.test("source file: a character across two pieces of a large file is whole", () => {
  const bytes = new Uint8Array((1 << 20) + 2).fill(0x61);
  bytes.set(utf8("€"), (1 << 20) - 1);
  assert.equal(isUtf8(bytes), true);
  bytes[(1 << 20) + 1] = 0x61;
  assert.equal(isUtf8(bytes), false);
});

Deno.test("source file: text that is not UTF-8 after line 70 000 is found there", () => {
  const bytes = utf8("1,2,3,4\r\n".repeat(70_000) + "x");
  bytes[bytes.length - 1] = 0xe9;
  assert.throws(() => checkText({ name: "a.csv", bytes }), {
    message: "Cannot read a.csv: line 70001 holds bytes that are not UTF-8, " +
      "expected UTF-8: save the file again in that encoding",
  });
});

Deno.test("source file: a NUL byte is found on its line", () => {
  assert.throws(() => checkText({ name: "a.csv", bytes: utf8("a\r\nb\nc\0d") }), {
    code: "bad-data",
    message: "Cannot read a.csv: line 3 holds a NUL byte, expected text in UTF-8",
  });
});

Deno.test("source file: quoted values are at most 40 characters and show control characters", () => {
  assert.equal(quoteValue("a\tb"), '"a\\tb"');
  assert.equal(quoteValue("x".repeat(40)), `"${"x".repeat(40)}"`);
  assert.equal(quoteValue("x".repeat(41)), `"${"x".repeat(39)}…"`);
});

Deno.test("source file: an error keeps its cause", () => {
  const cause = new Error("why");
  const error = badLine("a.csv", { line: 2, found: "is odd", expected: "an even one", cause });
  assert.equal(error.message, "Cannot read a.csv: line 2 is odd, expected an even one");
  assert.equal(error.cause, cause);
  assert.equal(error.code, "bad-data");
});
