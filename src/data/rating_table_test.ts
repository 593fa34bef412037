import assert from "node:assert/strict";
import fc from "fast-check";
import { addRating, emptyTable, toInteractions } from "./rating_table.ts";

Deno.test("rating table: ids such as __proto__ are ids like any other", () => {
  const table = emptyTable({ file: "a.csv", numericIds: false });
  addRating(table, { fields: { user: "__proto__", item: "constructor" }, line: 2 });
  const data = toInteractions(table, { titles: new Map([["constructor", "Bob the Builder"]]) });
  assert.deepEqual([data.people, data.items], [["__proto__"], ["constructor"]]);
  assert.deepEqual(data.titles, ["Bob the Builder"]);
});

Deno.test("rating table: numbers are read in every usual spelling", () => {
  const table = emptyTable({ file: "a.csv", numericIds: true });
  const spellings = ["4", "4.", "4.0", "+4", ".4e1", "40E-1", "-4", "0"];
  spellings.forEach((rating, at) =>
    addRating(table, { fields: { user: "1", item: String(at), rating, time: "-5" }, line: at + 1 })
  );
  const { ratings, times } = toInteractions(table).histories[0]!;
  assert.deepEqual([...ratings], [4, 4, 4, 4, 4, 4, -4, 0]);
  assert.ok(times.every((time) => time === -5));
});

Deno.test("rating table: the earliest line that repeats a rating is named, whoever wrote it", () => {
  const pair = fc.record({ user: fc.nat({ max: 3 }), item: fc.nat({ max: 3 }) });
  fc.assert(fc.property(fc.array(pair, { minLength: 1, maxLength: 20 }), (rows) => {
    const table = emptyTable({ file: "a.csv", numericIds: true });
    rows.forEach(({ user, item }, at) =>
      addRating(table, { fields: { user: String(user), item: String(item) }, line: at + 1 })
    );
    const key = ({ user, item }: { user: number; item: number }): string => `${user} ${item}`;
    const repeat = rows.findIndex((row, at) =>
      rows.slice(0, at).some((one) => key(one) === key(row))
    );
    if (repeat < 0) {
      const { histories } = toInteractions(table);
      assert.equal(histories.reduce((sum, { items }) => sum + items.length, 0), rows.length);
      return;
    }
    const { user, item } = rows[repeat]!;
    const first = rows.findIndex((row) => key(row) === key(rows[repeat]!));
    assert.throws(() => toInteractions(table), {
      code: "bad-data",
      message: `Cannot read a.csv: line ${repeat + 1} has a second rating of item "${item}" by ` +
        `person "${user}" (the first is on line ${first + 1}), expected at most one`,
    });
  }));
});
