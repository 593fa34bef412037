import assert from "node:assert/strict";
import fc from "fast-check";
import { testFolder } from "./_testing.ts";
import { itemsDigest, openItems, renderItems } from "./items_file.ts";

Deno.test("items file: what is written is read again, whatever the titles hold", async () => {
  await using folder = await testFolder();
  const text = fc.string({ unit: "binary", minLength: 1 })
    // The readers of ratings give nothing else: a field is on one line, without NUL.
    .filter((one) => !/[\0\r\n\ufeff]/.test(one));
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(fc.tuple(text, text), { selector: ([id]) => id, minLength: 1 }),
      async (rows) => {
        const catalogue = { items: rows.map(([id]) => id), titles: rows.map(([, title]) => title) };
        const path = await folder.write("items.csv", renderItems(catalogue));
        assert.deepEqual(await openItems(path), catalogue);
      },
    ),
    { numRuns: 50 },
  );
});

Deno.test("items file: its digest is of the ids in their order", async () => {
  const digest = await itemsDigest(["a", "b"]);
  assert.equal(digest, "0473ef2dc0d324ab659d3580c1134e9d812035905c4781fdd6d529b0c6860e13");
  assert.notEqual(await itemsDigest(["b", "a"]), digest);
  assert.notEqual(await itemsDigest(['a","b']), digest);
});

const BAD: [string, string, RegExp][] = [
  ["another header", "id,name\n1,A\n", /line 1 is "id,name", expected item,title/],
  ["an item twice", "item,title\n1,A\n1,B\n", /line 3 has 2 fields, the first "1"/],
  ["a field too many", "item,title\n1,A,B\n", /line 2 has 3 fields/],
  ["nothing", "", /it is empty/],
];

for (const [what, content, message] of BAD) {
  Deno.test(`items file: one with ${what} is refused by file and line`, async () => {
    await using folder = await testFolder();
    const path = await folder.write("mine.csv", content);
    await assert.rejects(openItems(path), (error: Error) => {
      assert.match(error.message, /mine\.csv/);
      assert.match(error.message, message);
      return true;
    });
  });
}

Deno.test("items file: one that is not there is named", async () => {
  await assert.rejects(openItems("/nowhere/items.csv"), { code: "bad-data" });
});
