import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { utf8 } from "../core/bytes.ts";
import { ratingCount } from "./interactions.ts";
import type { Interactions } from "./interactions.ts";
import { readRatings } from "./read_ratings.ts";
import type { FileAccess } from "./read_ratings.ts";
import type { ColumnMap } from "./read_csv.ts";

const FILMS = new URL("../../../shared/data/movielens-latest-small/", import.meta.url);
const ignore = !existsSync(FILMS) && Deno.env.get("CI") !== "true";

function folder(files: Record<string, string | Uint8Array>): FileAccess {
  return {
    list: () => Object.keys(files),
    read(name) {
      const file = files[name];
      if (file === undefined) throw new Error(`read ${name}, which is not there`);
      return typeof file === "string" ? utf8(file) : file;
    },
  };
}

async function refuses(
  files: Record<string, string>,
  sentence: string,
  columns?: ColumnMap,
): Promise<void> {
  await assert.rejects(readRatings(folder(files), { columns }), {
    name: "TributaryError",
    code: "bad-data",
    message: sentence,
  });
}

const CSV_HEADER = "userId,movieId,rating,timestamp\n";

const EXPECTED: Interactions = {
  people: ["1", "2"],
  items: ["31", "7"],
  titles: ["Dangerous Minds (1995)", "7"],
  histories: [
    { items: Uint32Array.of(0), ratings: Float32Array.of(2.5), times: Float64Array.of(1260759144) },
    {
      items: Uint32Array.of(1, 0),
      ratings: Float32Array.of(3, 4),
      times: Float64Array.of(10, 20),
    },
  ],
};

Deno.test("readers: MovieLens csv, with titles where movies.csv has them", async () => {
  const data = await readRatings(folder({
    "README.txt": "",
    "movies.csv": "movieId,title,genres\n31,Dangerous Minds (1995),Drama\n99,Unrated,\n",
    "ratings.csv": `${CSV_HEADER}1,31,2.5,1260759144\n2,31,4.0,20\n2,7,3.0,10\n`,
  }));
  assert.deepEqual(data, EXPECTED);
});

Deno.test("readers: u.data with u.item in ISO 8859-1 and u.user", async () => {
  const data = await readRatings(folder({
    "u.data": "1\t31\t2.5\t1260759144\n2\t31\t4\t20\n2\t7\t3\t10\n",
    "u.item": Uint8Array.from(
      "31|Dangerous Minds (1995)|x\n7|Les Mis\u00e9rables|y\n",
      (c) => c.charCodeAt(0),
    ),
    "u.user": "1|24|M|technician|85711\n2|53|F|other|94043\n",
  }));
  assert.deepEqual(data, { ...EXPECTED, titles: ["Dangerous Minds (1995)", "Les Misérables"] });
});

Deno.test("readers: ratings.dat with movies.dat in UTF-8, quotes taken as they are", async () => {
  const data = await readRatings(folder({
    "ratings.dat": "1::31::2.5::1260759144\r\n2::31::4::20\r\n2::7::3::10\r\n",
    "movies.dat": '31::Dangerous Minds (1995)::Drama\n7::"Les" Misérables: the film::Drama\n',
    "users.dat": "1::F::1::10::48067\n2::M::56::16::70072\n",
  }));
  assert.deepEqual(data, {
    ...EXPECTED,
    titles: ["Dangerous Minds (1995)", '"Les" Misérables: the film'],
  });
});

Deno.test("readers: a CSV file with a column map, found by its ending", async () => {
  const data = await readRatings(
    folder({ "notes.txt": "", "Log.CSV": "who,what\nann,tea\nbob,tea\n" }),
    { columns: { user: "who", item: "what" } },
  );
  assert.deepEqual([data.people, data.items], [["ann", "bob"], ["tea"]]);
});

Deno.test("readers: a single CSV file of another name is read as MovieLens csv", async () => {
  const data = await readRatings(folder({ "person7.csv": `${CSV_HEADER}7,31,2.5,1\n` }));
  assert.deepEqual(data.people, ["7"]);
});

Deno.test("readers: a file may be compressed, and one that is not comes first", async () => {
  const packed = Uint8Array.from(
    gzipSync(utf8("1\t31\t2.5\t1260759144\n2\t31\t4\t20\n2\t7\t3\t10\n")),
  );
  const titles = utf8("31|Dangerous Minds (1995)|x\n");
  assert.deepEqual(await readRatings(folder({ "u.data.gz": packed, "u.item": titles })), EXPECTED);
  const both = await readRatings(folder({ "u.data.gz": packed, "u.data": "1\t31\t5\t1\n" }));
  assert.deepEqual(both.people, ["1"]);
});

Deno.test("readers: baskets and sequences are told apart by the option alone", async () => {
  const text = "ann tea 3\n";
  const baskets = await readRatings(folder({ "log.txt": text }), { events: "baskets" });
  assert.deepEqual([baskets.items, [...baskets.histories[0]!.times]], [["tea", "3"], [0, 0]]);
  const sequences = await readRatings(folder({ "log.txt": text }), { events: "sequences" });
  assert.deepEqual([sequences.items, [...sequences.histories[0]!.times]], [["tea"], [3]]);
  const again = folder({ "log.txt": "ann tea tea\n" });
  assert.equal(ratingCount(await readRatings(again, { events: "baskets", repeats: "last" })), 1);
  await assert.rejects(readRatings(folder({ a: "", b: "" }), { events: "baskets" }), {
    message: "Cannot read ratings: found a, b, expected one file of baskets",
  });
});

Deno.test("readers: visits to a web site are known by the name of their file", async () => {
  const text = 'A,1000,1,"regwiz","/regwiz"\nC,"10001",10001\nV,1000,1\n';
  const data = await readRatings(folder({ "anonymous-msweb.data": text, "x.info": "" }));
  assert.deepEqual([data.people, data.titles], [["10001"], ["regwiz"]]);
});

Deno.test("readers: a folder without ratings is refused with what was found", async () => {
  const expected = "expected one of ratings.csv, u.data, ratings.dat and anonymous-msweb.data, " +
    "or a CSV file with its columns named";
  await refuses({}, `Cannot read ratings: found no files, ${expected}`);
  await refuses(
    { "a.txt": "", "b.csv": "" },
    `Cannot read ratings: found a.txt, b.csv, ${expected}`,
  );
  await refuses(
    { "1": "", "2": "", "3": "", "4": "", "5": "", "6": "" },
    `Cannot read ratings: found 1, 2, 3, 4, 5, …, ${expected}`,
  );
  await refuses(
    { "u.data": "", "ratings.csv": "" },
    `Cannot read ratings: found ratings.csv, u.data, ${expected}`,
  );
});

Deno.test("readers: a column map with two CSV files is refused", async () => {
  await refuses(
    { "a.csv": "", "b.csv": "", "c.txt": "" },
    "Cannot read ratings: found a.csv, b.csv, expected one CSV file",
    { user: "who", item: "what" },
  );
});

Deno.test("readers: MovieLens ids are whole numbers", async () => {
  await refuses(
    { "ratings.csv": `${CSV_HEADER}ann,31,2.5,1\n` },
    'Cannot read ratings.csv: line 2 has the person "ann", expected a whole number',
  );
  await refuses(
    { "ratings.csv": `${CSV_HEADER}1,3.5,2.5,1\n` },
    'Cannot read ratings.csv: line 2 has the item "3.5", expected a whole number',
  );
});

Deno.test("readers: u.data with blanks for tabs is refused with what a line looks like", async () => {
  await refuses(
    { "u.data": "1\t31\t2.5\t1\n1 32 2 5\n" },
    "Cannot read u.data: line 2 has 1 field, " +
      "expected 4: person, item, rating and time with tabs between",
  );
});

Deno.test("readers: ratings.dat with a field missing is refused with what a line looks like", async () => {
  await refuses(
    { "ratings.dat": "1::31::2.5\n" },
    "Cannot read ratings.dat: line 1 has 3 fields, expected 4: person::item::rating::time",
  );
});

Deno.test("readers: NaN, duplicates and fractions of seconds are refused in every form", async () => {
  await refuses(
    { "u.data": "1\t31\tnan\t1\n" },
    'Cannot read u.data: line 1 has the rating "nan", expected a finite number',
  );
  await refuses(
    { "ratings.dat": "1::31::4::1\n2::31::4::1\n1::31::4::2\n" },
    'Cannot read ratings.dat: line 3 has a second rating of item "31" by person "1" ' +
      "(the first is on line 1), expected at most one",
  );
  await refuses(
    { "ratings.dat": "1::31::4::1.5\n" },
    'Cannot read ratings.dat: line 1 has the time "1.5", expected a whole number',
  );
});

Deno.test("readers: a listed person without ratings is refused", async () => {
  await refuses(
    { "u.data": "1\t31\t4\t1\n", "u.user": "1|24|M|technician|85711\n2|53|F|other|94043\n" },
    'Cannot read u.user: line 2 lists person "2", who has no ratings in u.data, ' +
      "expected at least one",
  );
  await refuses(
    { "ratings.dat": "2::31::4::1\n", "users.dat": "1::F::1::10::48067\n2::M::56::16::70072\n" },
    'Cannot read users.dat: line 1 lists person "1", who has no ratings in ratings.dat, ' +
      "expected at least one",
  );
});

Deno.test("readers: titles are refused like ratings", async () => {
  const ratings = `${CSV_HEADER}1,31,2.5,1\n`;
  await refuses(
    { "ratings.csv": ratings, "movies.csv": "movieId,name\n31,x\n" },
    'Cannot read movies.csv: line 1 has no column "title" (its columns are "movieId, name"), ' +
      "expected the columns movieId, title, each once",
  );
  await refuses(
    { "ratings.csv": ratings, "movies.csv": "movieId,title\n31,x\n31,y\n" },
    'Cannot read movies.csv: line 3 has a second title for item "31", expected one title an item',
  );
  await refuses(
    { "ratings.csv": ratings, "movies.csv": "movieId,title\nx31,x\n" },
    'Cannot read movies.csv: line 2 has the item "x31", expected a whole number',
  );
  await refuses(
    { "ratings.csv": ratings, "movies.csv": 'movieId,title\n31,"Seven\n' },
    "Cannot read movies.csv: line 2 opens a quote that it does not close, " +
      "expected a closing quote on the same line",
  );
});

Deno.test({
  name: "readers: MovieLens latest-small has 100 836 ratings of 9724 films by 610 people",
  ignore,
  async fn() {
    const data = await readRatings({
      list: () => ["links.csv", "movies.csv", "ratings.csv", "tags.csv"],
      read: (name) => readFileSync(new URL(name, FILMS)),
    });
    assert.equal(ratingCount(data), 100_836);
    assert.equal(data.people.length, 610);
    assert.equal(data.items.length, 9724);
    assert.equal(data.titles[0], "Toy Story (1995)");
    // Nobody rated film 1076, so its title is not used.
    assert.equal(data.items.includes("1076"), false);
    for (const { times } of data.histories) {
      assert.ok(times.every((time, at) => at === 0 || time >= times[at - 1]!));
    }
    assert.equal(data.histories[0]!.items.length, 232);
    assert.equal(data.histories[0]!.times[0], 964_980_499);
  },
});
