import assert from "node:assert/strict";
import fc from "fast-check";
import { concatBytes, utf8 } from "../core/bytes.ts";
import type { Interactions } from "./interactions.ts";
import { readCsv } from "./read_csv.ts";
import type { ColumnMap } from "./read_csv.ts";

const COLUMNS: ColumnMap = { user: "user", item: "item", rating: "rating", time: "time" };
const HEADER = "user,item,rating,time\n";

function read(text: string | Uint8Array, columns: ColumnMap = COLUMNS): Interactions {
  const bytes = typeof text === "string" ? utf8(text) : text;
  return readCsv({ name: "mine.csv", bytes }, { columns });
}

function refuses(text: string | Uint8Array, sentence: string, columns: ColumnMap = COLUMNS): void {
  assert.throws(() => read(text, columns), {
    name: "TributaryError",
    code: "bad-data",
    message: `Cannot read mine.csv: ${sentence}`,
  });
}

Deno.test("csv: ratings are numbered as they appear and ordered by time", () => {
  const data = read(`${HEADER}ann,Alien,5,30\nbob,Alien,3.5,10\nann,Brazil,.5,20\n`);
  assert.deepEqual(data, {
    people: ["ann", "bob"],
    items: ["Alien", "Brazil"],
    titles: ["Alien", "Brazil"],
    histories: [
      {
        items: Uint32Array.of(1, 0),
        ratings: Float32Array.of(0.5, 5),
        times: Float64Array.of(20, 30),
      },
      { items: Uint32Array.of(0), ratings: Float32Array.of(3.5), times: Float64Array.of(10) },
    ],
  });
});

Deno.test("csv: of equal times the later line is the later rating", () => {
  const data = read(`${HEADER}ann,c,1,7\nann,a,2,7\nann,b,3,6\nann,d,4,7\n`);
  assert.deepEqual([...data.histories[0]!.ratings], [3, 1, 2, 4]);
});

Deno.test("csv: columns may stand in any order, beside others, and be left out", () => {
  const data = read("when,who,note,what\n2,ann,x,a\n1,ann,y,b\n", { user: "who", item: "what" });
  assert.deepEqual([...data.histories[0]!.items], [0, 1]);
  assert.deepEqual([...data.histories[0]!.ratings], [1, 1]);
  assert.deepEqual([...data.histories[0]!.times], [0, 0]);
});

Deno.test("csv: byte order mark, CRLF, CR, blanks, quotes and blank lines change nothing", () => {
  const plain = read(`${HEADER}ann,a,5,1\nbob,b,4,2\n`);
  const mark = Uint8Array.of(0xef, 0xbb, 0xbf);
  const text = `${HEADER}ann,a,5,1\nbob,b,4,2`;
  assert.deepEqual(read(concatBytes([mark, utf8(text)])), plain);
  assert.deepEqual(read(text.replaceAll("\n", "\r\n")), plain);
  assert.deepEqual(read(text.replaceAll("\n", "\r")), plain);
  assert.deepEqual(read('"user", item ,rating,"time"\n"ann",a , 5,1\n\nbob,"b",4,"2"\n\n'), plain);
});

Deno.test("csv: a doubled quote inside quotes is one quote, and a comma there belongs to the id", () => {
  const data = read(`${HEADER}ann,"The ""Good"", the Bad",5,1\n`);
  assert.deepEqual(data.items, ['The "Good", the Bad']);
});

Deno.test("csv: an empty file is refused", () => {
  refuses("", "it is empty, expected lines of text");
});

Deno.test("csv: a header alone is refused, since it holds no ratings", () => {
  refuses(HEADER, "it holds no ratings, expected at least one");
});

Deno.test("csv: blank lines alone are refused, since they hold no ratings", () => {
  refuses("\n\n\n", "it holds no ratings, expected at least one");
});

Deno.test("csv: a missing column is named, beside the columns that are there", () => {
  refuses(
    "user,item,rating,timestamp\n",
    'line 1 has no column "time" (its columns are "user, item, rating, timestamp"), ' +
      "expected the columns user, item, rating, time, each once",
  );
});

Deno.test("csv: a column that stands twice is refused", () => {
  refuses(
    "user,item,user\nann,a,bob\n",
    'line 1 repeats the column "user" (its columns are "user, item, user"), ' +
      "expected the columns user, item, each once",
    { user: "user", item: "item" },
  );
});

Deno.test("csv: ratings that are no finite number are refused with their line", () => {
  for (const found of ["NaN", "abc", "", "Infinity", "-inf", "0x10", "1e999", "1e39", "4,5"]) {
    const field = found.includes(",") ? `"${found}"` : found;
    refuses(
      `${HEADER}ann,a,5,1\nann,b,${field},2\n`,
      `line 3 has the rating ${JSON.stringify(found)}, expected a finite number`,
    );
  }
});

Deno.test("csv: times that are not whole are refused with their line", () => {
  for (const found of ["1.5", "", "2020-01-01", "1e3", "NaN", "12345678901234567890"]) {
    refuses(
      `${HEADER}ann,a,5,${found}\n`,
      `line 2 has the time "${found}", expected a whole number`,
    );
  }
});

Deno.test("csv: a second rating of the same item names both lines", () => {
  refuses(
    `${HEADER}ann,a,5,1\nbob,a,4,2\nbob,b,4,2\nbob,a,3,9\nann,a,1,1\n`,
    'line 5 has a second rating of item "a" by person "bob" (the first is on line 3), ' +
      "expected at most one",
  );
});

Deno.test("csv: of a third rating the second line is named, not the first", () => {
  refuses(
    `${HEADER}ann,a,5,1\n\nann,a,4,2\nann,a,4,3\n`,
    'line 4 has a second rating of item "a" by person "ann" (the first is on line 2), ' +
      "expected at most one",
  );
});

Deno.test("csv: a person without an item is refused", () => {
  refuses(
    `${HEADER}ann,a,5,1\nbob,,,\n`,
    'line 3 names person "bob" without an item, expected a rating on every line',
  );
});

Deno.test("csv: a line without a person is refused", () => {
  refuses(`${HEADER},a,5,1\n`, 'line 2 has the person "", expected an id');
});

Deno.test("csv: lines of another length than the header are refused", () => {
  refuses(`${HEADER}ann,a,5\n`, "line 2 has 3 fields, expected 4 as in the header");
  refuses(`${HEADER}ann,a,5,1,\n`, "line 2 has 5 fields, expected 4 as in the header");
  refuses(`${HEADER}ann,a,5,1\n\nann\n`, "line 4 has 1 field, expected 4 as in the header");
});

Deno.test("csv: an open quote is refused on the line that opens it", () => {
  const sentence = "line 3 opens a quote that it does not close, " +
    "expected a closing quote on the same line";
  const rest = "bob,c,4,3\n";
  refuses(`${HEADER}ann,a,5,1\nann,"b,4,2\n`, sentence);
  refuses(`${HEADER}ann,a,5,1\nann,"b,4,2\n${rest.repeat(20_000)}`, sentence);
  refuses(`${HEADER}ann,a,5,1\nann,"b,4,2\n${rest}ann,c",4,2\n`, sentence);
  refuses(`${HEADER}ann,a,5,1\nann,"b,4,2\nbob,"c",4,3\n`, sentence);
  refuses(`${HEADER}ann,a,5,1\r\nann,"b\r\nbob",4,3\r\n`, sentence);
});

Deno.test("csv: a quote inside a field is refused on its line", () => {
  const sentence = "line 2 has a quote in the middle of a field, " +
    'expected quotes around whole fields only, and "" for a quote inside them';
  refuses(`${HEADER}ann,a"b,5,1\n`, sentence);
  refuses(`${HEADER}ann,"a"b,5,1\n`, sentence);
});

Deno.test("csv: UTF-16 is refused with advice, in both byte orders", () => {
  for (const [mark, bytes] of [["FF FE", [0xff, 0xfe]], ["FE FF", [0xfe, 0xff]]] as const) {
    refuses(
      Uint8Array.of(...bytes, 0x75, 0),
      `line 1 starts with the byte order mark of UTF-16 (${mark}), ` +
        "expected UTF-8: save the file again in that encoding",
    );
  }
});

Deno.test("csv: UTF-16 without a mark shows as a NUL byte", () => {
  refuses(
    Uint8Array.of(0x75, 0, 0x73, 0),
    "line 1 holds a NUL byte, expected text in UTF-8",
  );
});

Deno.test("csv: Latin-1 is refused on the line of its first umlaut", () => {
  const latin1 = Uint8Array.from(`${HEADER}ann,a,5,1\nbj\u00f6rn,a,4,2\n`, (c) => c.charCodeAt(0));
  refuses(
    latin1,
    "line 3 holds bytes that are not UTF-8, expected UTF-8: save the file again in that encoding",
  );
});

Deno.test("csv: a character cut off at the end of the file is refused on the last line", () => {
  refuses(
    concatBytes([utf8(`${HEADER}ann,a,5,1\nbob,a,4,`), Uint8Array.of(0xe2, 0x82)]),
    "line 3 holds bytes that are not UTF-8, expected UTF-8: save the file again in that encoding",
  );
});

Deno.test("csv: a line of 65 536 bytes is read, one more is refused with its length", () => {
  const line = (bytes: number): string => `,a,5,1`.padStart(bytes, "x");
  assert.equal(read(`${HEADER}${line(65536)}\n`).people[0]!.length, 65530);
  refuses(
    `${HEADER}ann,a,5,1\n${line(65537)}\n`,
    "line 3 is 65537 bytes long, expected at most 65536",
  );
  refuses(
    `${HEADER}ann,a,5,1\r\n${line(70000)}`,
    "line 3 is 70000 bytes long, expected at most 65536",
  );
});

Deno.test("csv: a value in a sentence is cut and escaped", () => {
  refuses(
    `${HEADER}ann,a,${"\u001b[2J".repeat(30)},1\n`,
    `line 2 has the rating ${JSON.stringify("\u001b[2J".repeat(9) + "\u001b[2" + "…")}, ` +
      "expected a finite number",
  );
});

Deno.test("csv: whatever is written is read back, in order of time", () => {
  const id = fc.string({ minLength: 1, maxLength: 8 }).filter((text) =>
    text.trim() === text && !/[\r\n\0]/.test(text) && text.isWellFormed()
  );
  const row = fc.record({
    user: id,
    item: id,
    rating: fc.float({ noNaN: true, noDefaultInfinity: true }),
    time: fc.integer(),
  });
  const rows = fc.uniqueArray(row, {
    minLength: 1,
    selector: ({ user, item }) => JSON.stringify([user, item]),
  });
  const quote = (text: string): string => `"${text.replaceAll('"', '""')}"`;
  fc.assert(fc.property(rows, (expected) => {
    const lines = expected.map(({ user, item, rating, time }) =>
      [user, item, String(rating), String(time)].map(quote).join(",")
    );
    const data = read(HEADER + lines.join("\n"));
    const found = data.histories.flatMap((history, person) =>
      [...history.items].map((item, at) => ({
        user: data.people[person],
        item: data.items[item],
        // −0 is written as 0.
        rating: history.ratings[at]! + 0,
        time: history.times[at],
      }))
    );
    const position = new Map(expected.map(({ user }) => user).map((user) => [user, 0]));
    [...position.keys()].forEach((user, at) => position.set(user, at));
    const sorted = expected.map((entry) => ({ ...entry, rating: entry.rating + 0 })).sort((a, b) =>
      position.get(a.user)! - position.get(b.user)! || a.time - b.time
    );
    assert.deepEqual(found, sorted);
  }));
});
