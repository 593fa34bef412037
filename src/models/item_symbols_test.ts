import assert from "node:assert/strict";
import fc from "fast-check";
import { symbolCount, symbolsOf, textOf } from "./item_symbols.ts";

const BYTES = { alphabet: null, length: 12 };
const LETTERS = { alphabet: "abcé🦊", length: 6 };

Deno.test("item symbols: letters are their places in the alphabet, and 0 what follows the end", () => {
  assert.deepEqual(symbolsOf("cab", LETTERS), [3, 1, 2, 0, 0, 0]);
  assert.deepEqual(symbolsOf("🦊é", LETTERS), [5, 4, 0, 0, 0, 0]);
  assert.equal(symbolCount(LETTERS), 6);
});

Deno.test("item symbols: any text is the bits of its UTF-8, highest first", () => {
  const bits = symbolsOf("A", BYTES)!;
  assert.equal(bits.length, 96);
  assert.equal(bits.slice(0, 8).join(""), "01000001");
  assert.ok(bits.slice(8).every((bit) => bit === 0));
});

Deno.test("item symbols: items that have no room are none", () => {
  for (const item of ["", "abd", "abcabca", "A"]) assert.equal(symbolsOf(item, LETTERS), undefined);
  for (const item of ["", "a\0b", "\ud800", "thirteen byte"]) {
    assert.equal(symbolsOf(item, BYTES), undefined);
  }
  assert.ok(symbolsOf("twelve bytes", BYTES));
});

Deno.test("item symbols: texts come back from all of their symbols, and their beginnings from some", () => {
  const letters = fc.array(fc.constantFrom(..."abcé🦊"), { minLength: 1, maxLength: 6 });
  fc.assert(fc.property(letters, (characters) => {
    const item = characters.join("");
    const symbols = symbolsOf(item, LETTERS)!;
    assert.equal(textOf(symbols, LETTERS), item);
    assert.equal(textOf(symbols.slice(0, 2), LETTERS), characters.slice(0, 2).join(""));
  }));
  fc.assert(fc.property(fc.string({ minLength: 1, maxLength: 12, unit: "grapheme" }), (item) => {
    const symbols = symbolsOf(item, BYTES);
    if (symbols !== undefined) assert.equal(textOf(symbols, BYTES), item);
  }));
  assert.equal(textOf(symbolsOf("hello", BYTES)!.slice(0, 27), BYTES), "hel");
  assert.equal(textOf([], BYTES), "");
});
