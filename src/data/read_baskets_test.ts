import assert from "node:assert/strict";
import fc from "fast-check";
import { concatBytes, utf8 } from "../core/bytes.ts";
import type { Interactions } from "./interactions.ts";
import { type EventOptions, readBaskets } from "./read_baskets.ts";

function read(text: string | Uint8Array, options?: EventOptions): Interactions {
  const bytes = typeof text === "string" ? utf8(text) : text;
  return readBaskets({ name: "shop.txt", bytes }, options);
}

function refuses(text: string | Uint8Array, sentence: string): void {
  assert.throws(() => read(text), {
    name: "TributaryError",
    code: "bad-data",
    message: `Cannot read shop.txt: ${sentence}`,
  });
}

/** What each person has, by the ids of the file. */
function baskets(data: Interactions): Record<string, string[]> {
  return Object.fromEntries(
    data.people.map((
      person,
      at,
    ) => [person, Array.from(data.histories[at]!.items, (item) => data.items[item]!)]),
  );
}

Deno.test("baskets: people and items are numbered as they appear, ratings 1 and times 0", () => {
  assert.deepEqual(read("ann tea milk\nbob milk\n"), {
    people: ["ann", "bob"],
    items: ["tea", "milk"],
    titles: ["tea", "milk"],
    histories: [
      {
        items: Uint32Array.of(0, 1),
        ratings: Float32Array.of(1, 1),
        times: Float64Array.of(0, 0),
      },
      { items: Uint32Array.of(1), ratings: Float32Array.of(1), times: Float64Array.of(0) },
    ],
  });
});

Deno.test("baskets: blanks, tabs, CRLF, CR, a byte order mark and blank lines change nothing", () => {
  const plain = read("ann tea milk\nbob milk\n");
  assert.deepEqual(read("ann\ttea\tmilk\r\nbob\tmilk"), plain);
  assert.deepEqual(read("  ann  tea \t milk \r\r \t\rbob milk\r"), plain);
  const mark = Uint8Array.of(0xef, 0xbb, 0xbf);
  assert.deepEqual(read(concatBytes([mark, utf8("ann tea milk\nbob milk\n")])), plain);
});

Deno.test("baskets: a later line of the same person goes on where the first ended", () => {
  assert.deepEqual(baskets(read("ann tea\nbob milk\nann bread milk\n")), {
    ann: ["tea", "bread", "milk"],
    bob: ["milk"],
  });
});

Deno.test("baskets: quotes, commas and letters of any script belong to an id", () => {
  assert.deepEqual(baskets(read('ann "tea" a,b Käse\n')), { ann: ['"tea"', "a,b", "Käse"] });
});

Deno.test("baskets: what is written is read again, whatever the ids", () => {
  const id = fc.string({ unit: "grapheme", minLength: 1, maxLength: 6 }).filter((text) =>
    !/[\s\0\ufeff]/.test(text)
  );
  const people = fc.uniqueArray(id, { minLength: 1, maxLength: 5 });
  const items = fc.uniqueArray(id, { minLength: 1, maxLength: 8 });
  fc.assert(fc.property(people, items, (people, items) => {
    const lines = people.map((person) => [person, ...items].join(" "));
    const data = read(lines.join("\n"));
    assert.deepEqual(data.people, people);
    assert.deepEqual(Object.values(baskets(data)), people.map(() => items));
  }));
});

Deno.test("baskets: an item twice is refused with both lines, or its first or last time counts", () => {
  refuses(
    "ann tea\nann milk tea\n",
    'line 2 has a second rating of item "tea" by person "ann" (the first is on line 1), ' +
      "expected at most one",
  );
  const text = "ann tea milk tea bread milk\nbob tea tea\n";
  assert.deepEqual(baskets(read(text, { repeats: "first" })), {
    ann: ["tea", "milk", "bread"],
    bob: ["tea"],
  });
  assert.deepEqual(baskets(read(text, { repeats: "last" })), {
    ann: ["tea", "bread", "milk"],
    bob: ["tea"],
  });
});

Deno.test("baskets: a person without items is refused", () => {
  refuses(
    "ann tea\nbob \n",
    'line 2 names person "bob" without an item, expected a rating on every line',
  );
});

Deno.test("baskets: a long basket is read, an endless line is refused", () => {
  const items = Array.from({ length: 100_000 }, (_, item) => item);
  assert.equal(read(`ann ${items.join(" ")}\n`).histories[0]!.items.length, 100_000);
  const endless = `ann tea\nbob ${"milk ".repeat(220_000)}`;
  refuses(endless, "line 2 is 1100004 bytes long, expected at most 1048576");
});

Deno.test("baskets: an empty file, one of blank lines and other encodings are refused", () => {
  refuses("", "it is empty, expected lines of text");
  refuses(" \n\n", "it holds no ratings, expected at least one");
  refuses(
    Uint8Array.of(0xff, 0xfe, 0x61, 0),
    "line 1 starts with the byte order mark of UTF-16 (FF FE), expected UTF-8: save the file again in that encoding",
  );
  refuses(
    concatBytes([utf8("ann tea\nbob K"), Uint8Array.of(0xe4), utf8("se\n")]),
    "line 2 holds bytes that are not UTF-8, expected UTF-8: save the file again in that encoding",
  );
});
