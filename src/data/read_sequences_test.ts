import assert from "node:assert/strict";
import fc from "fast-check";
import { concatBytes, utf8 } from "../core/bytes.ts";
import type { Interactions } from "./interactions.ts";
import type { EventOptions } from "./read_baskets.ts";
import { readSequences } from "./read_sequences.ts";

function read(text: string, options?: EventOptions): Interactions {
  return readSequences({ name: "visits.txt", bytes: utf8(text) }, options);
}

function refuses(text: string, sentence: string): void {
  assert.throws(() => read(text), {
    name: "TributaryError",
    code: "bad-data",
    message: `Cannot read visits.txt: ${sentence}`,
  });
}

/** The items of one person, by the ids of the file. */
function sequence(data: Interactions, person: string): string[] {
  const { items } = data.histories[data.people.indexOf(person)]!;
  return Array.from(items, (item) => data.items[item]!);
}

Deno.test("sequences: each person's items stay in the order of the lines", () => {
  const data = read("ann c\nbob a\nann b\nann a\n");
  assert.deepEqual(data.people, ["ann", "bob"]);
  assert.deepEqual(sequence(data, "ann"), ["c", "b", "a"]);
  assert.deepEqual(sequence(data, "bob"), ["a"]);
  assert.deepEqual([...data.histories[0]!.ratings], [1, 1, 1]);
  assert.deepEqual([...data.histories[0]!.times], [0, 0, 0]);
});

Deno.test("sequences: a third column puts them in order of time, equal times in that of the lines", () => {
  const data = read("ann c 30\nann b 10\nann a 30\nbob a -5\n");
  assert.deepEqual(sequence(data, "ann"), ["b", "c", "a"]);
  assert.deepEqual([...data.histories[0]!.times], [10, 30, 30]);
  assert.deepEqual([...data.histories[1]!.times], [-5]);
});

Deno.test("sequences: shuffling the people among each other changes no sequence", () => {
  const events = fc.array(fc.tuple(fc.nat(3), fc.nat(1_000_000)), { minLength: 1, maxLength: 30 });
  fc.assert(fc.property(events, (events) => {
    const unique = [...new Map(events.map((event) => [event.join(), event])).values()];
    const lines = unique.map(([person, item]) => `${person}\t${item}`);
    const byPerson = unique.toSorted(([a], [b]) => a - b).map(([p, item]) => `${p}\t${item}`);
    const [mixed, sorted] = [read(lines.join("\n")), read(byPerson.join("\n"))];
    for (const person of mixed.people) {
      assert.deepEqual(sequence(mixed, person), sequence(sorted, person));
    }
  }));
});

Deno.test("sequences: blanks, tabs, line ends, byte order mark and blank lines change nothing", () => {
  const plain = read("ann a 1\nann b 2\n");
  assert.deepEqual(read(" ann\ta  1\r\n\r\nann b\t2"), plain);
  const bytes = concatBytes([Uint8Array.of(0xef, 0xbb, 0xbf), utf8("ann a 1\rann b 2\r")]);
  assert.deepEqual(readSequences({ name: "visits.txt", bytes }), plain);
});

Deno.test("sequences: coming back is refused, or the first or last visit counts, by time", () => {
  const text = "ann a 3\nann b 2\nann a 1\n";
  refuses(
    text,
    'line 3 has a second rating of item "a" by person "ann" (the first is on line 1), ' +
      "expected at most one",
  );
  const first = read(text, { repeats: "first" });
  assert.deepEqual([sequence(first, "ann"), [...first.histories[0]!.times]], [["a", "b"], [1, 2]]);
  const last = read(text, { repeats: "last" });
  assert.deepEqual([sequence(last, "ann"), [...last.histories[0]!.times]], [["b", "a"], [2, 3]]);
});

Deno.test("sequences: lines of another length than the first are refused", () => {
  refuses("ann\n", "line 1 has 1 field, expected a person and an item, and perhaps a time");
  refuses("a b c d\n", "line 1 has 4 fields, expected a person and an item, and perhaps a time");
  refuses("ann a 1\nann b\n", "line 2 has 2 fields, expected 3 as in the lines above");
  refuses("ann a\n\nann b 1\n", "line 3 has 3 fields, expected 2 as in the lines above");
});

Deno.test("sequences: a time that is not whole, an empty file and a NUL byte are refused", () => {
  refuses("ann a 1.5\n", 'line 1 has the time "1.5", expected a whole number');
  refuses("ann a 1\nann b now\n", 'line 2 has the time "now", expected a whole number');
  refuses("", "it is empty, expected lines of text");
  refuses("\n \n", "it holds no ratings, expected at least one");
  refuses("ann a\nann \0\n", "line 2 holds a NUL byte, expected text in UTF-8");
  refuses(`ann ${"a".repeat(65536)}\n`, "line 1 is 65540 bytes long, expected at most 65536");
});
