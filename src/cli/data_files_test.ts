import assert from "node:assert/strict";
import { ratingCount } from "../data/interactions.ts";
import { testFolder } from "./_testing.ts";
import { openRatings, parseColumns } from "./data_files.ts";

const RATINGS = "userId,movieId,rating,timestamp\n1,10,4,100\n1,20,5,200\n2,10,3,50\n";

Deno.test("data files: a folder and its ratings file give the same ratings", async () => {
  await using folder = await testFolder();
  const file = await folder.write("ratings.csv", RATINGS);
  const [one, other] = [await openRatings(folder.path()), await openRatings(file)];
  assert.deepEqual(one, other);
  assert.deepEqual([one.people, one.items, ratingCount(one)], [["1", "2"], ["10", "20"], 3]);
});

Deno.test("data files: a folder's titles come with its ratings", async () => {
  await using folder = await testFolder();
  await folder.write("ratings.csv", RATINGS);
  await folder.write("movies.csv", 'movieId,title,genres\n10,"Alien (1979)",Horror\n20,Brazil,x\n');
  assert.deepEqual((await openRatings(folder.path())).titles, ["Alien (1979)", "Brazil"]);
});

Deno.test("data files: a CSV file of its own form is read by a column map", async () => {
  await using folder = await testFolder();
  const file = await folder.write("mine.csv", "who,what,extra\nann,tea,1\nbob,milk,2\n");
  const data = await openRatings(file, { columns: "user=who,item=what" });
  assert.deepEqual([data.people, data.items], [["ann", "bob"], ["tea", "milk"]]);
});

Deno.test("data files: events are read by their form, the last of repeated ones counts", async () => {
  await using folder = await testFolder();
  const file = await folder.write("log.txt", "ann tea milk tea\nbob milk\n");
  const data = await openRatings(file, { events: "baskets" });
  const [ann] = data.histories;
  assert.deepEqual(Array.from(ann!.items, (item) => data.items[item]), ["milk", "tea"]);
  const visits = await folder.write("visits.txt", "ann tea 2\nann milk 1\n");
  const sequences = await openRatings(visits, { events: "sequences" });
  assert.deepEqual([...sequences.histories[0]!.times], [1, 2]);
});

Deno.test("data files: the items that most people have are kept, and who has one of them", async () => {
  await using folder = await testFolder();
  const file = await folder.write("log.txt", "ann tea milk\nbob milk\ncid tea\ndan salt\n");
  const data = await openRatings(file, { events: "baskets", popular: 1 });
  assert.deepEqual([data.people, data.items], [["ann", "cid"], ["tea"]]);
  const all = await openRatings(file, { events: "baskets", popular: 99 });
  assert.deepEqual([all.people.length, all.items.length], [4, 3]);
});

Deno.test("data files: columns are given as role=column, each role once", () => {
  assert.deepEqual(parseColumns("time=at,item=b,user=a,rating=r"), {
    ...{ user: "a", item: "b", rating: "r", time: "at" },
  });
  const wrong = ["", "user=a", "user=a,item=b,item=c", "user=a,item=b,colour=c", "user=,item=b"];
  for (const text of [...wrong, "user=a=b,item=c", "user,item"]) {
    assert.throws(() => parseColumns(text), { code: "bad-data" }, text);
  }
});

const EMPTY = new Uint8Array();
const BAD: [string, string | Uint8Array, RegExp][] = [
  ["a missing column", "userId,movieId\n1,2\n", /line 1 has no column "rating"/],
  ["NaN", "userId,movieId,rating,timestamp\n1,2,NaN,4\n", /line 2 has the rating "NaN"/],
  ["a rating twice", `${RATINGS}1,10,2,9\n`, /line 5 has a second rating.*first is on line 2/],
  ["no ratings", "userId,movieId,rating,timestamp\n", /holds no ratings/],
  ["another encoding", Uint8Array.of(0xff, 0xfe, 0x75, 0), /line 1 .*UTF-16/],
  ["a byte that is not UTF-8", Uint8Array.of(0x61, 0x0a, 0xe9, 0x0a), /line 2 .*not UTF-8/],
  ["a huge line", `${RATINGS}${"x".repeat(70_000)}\n`, /line 5 is 70000 bytes long/],
  ["nothing in it", EMPTY, /is empty/],
];

for (const [what, content, message] of BAD) {
  Deno.test(`data files: a file with ${what} is refused by name and what was expected`, async () => {
    await using folder = await testFolder();
    const path = await folder.write("ratings.csv", content);
    await assert.rejects(openRatings(path), (error: Error & { code?: string }) => {
      assert.equal(error.code, "bad-data");
      assert.match(error.message, /^Cannot read ratings\.csv: [^\n]*expected/);
      assert.match(error.message, message);
      return true;
    });
  });
}

Deno.test("data files: a folder without ratings, and a path to nowhere, are refused", async () => {
  await using folder = await testFolder();
  await folder.write("readme.txt", "hello");
  await assert.rejects(
    openRatings(folder.path()),
    /found readme\.txt, expected one of ratings\.csv/,
  );
  await assert.rejects(openRatings(folder.path("gone")), /Cannot open .*gone: expected a file or/);
});
