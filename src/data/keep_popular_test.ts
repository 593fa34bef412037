import assert from "node:assert/strict";
import fc from "fast-check";
import { utf8 } from "../core/bytes.ts";
import { ratingCount } from "./interactions.ts";
import type { Interactions } from "./interactions.ts";
import { keepPopular } from "./keep_popular.ts";
import { popularityScores } from "./popularity.ts";
import { readCsv } from "./read_csv.ts";

function read(lines: string): Interactions {
  const bytes = utf8(`user,item,rating,time\n${lines}`);
  const columns = { user: "user", item: "item", rating: "rating", time: "time" };
  return readCsv({ name: "a.csv", bytes }, { columns });
}

Deno.test("keep popular: items keep order and ids, people their times and ratings", () => {
  const data = read(
    "ann,a,1,9\nann,b,2,8\nann,c,3,7\nbob,c,4,1\nbob,a,5,2\ncid,b,1,1\ncid,a,2,2\ndan,d,1,1\n",
  );
  assert.deepEqual(keepPopular(data, { items: 2 }), {
    people: ["ann", "bob", "cid"],
    items: ["a", "b"],
    titles: ["a", "b"],
    histories: [
      { items: Uint32Array.of(1, 0), ratings: Float32Array.of(2, 1), times: Float64Array.of(8, 9) },
      { items: Uint32Array.of(0), ratings: Float32Array.of(5), times: Float64Array.of(2) },
      { items: Uint32Array.of(1, 0), ratings: Float32Array.of(1, 2), times: Float64Array.of(1, 2) },
    ],
  });
});

Deno.test("keep popular: as many items as there are change nothing", () => {
  const data = read("ann,a,1,9\nbob,b,1,9\n");
  assert.equal(keepPopular(data, { items: 2 }), data);
  assert.equal(keepPopular(data, { items: 9 }), data);
});

Deno.test("keep popular: what is kept is nowhere rarer than what is not, and no rating is lost", () => {
  const pair = fc.tuple(fc.nat(6), fc.nat(9));
  const drawn = fc.uniqueArray(pair, { minLength: 1, maxLength: 40, selector: String });
  fc.assert(fc.property(drawn, fc.integer({ min: 1, max: 10 }), (pairs, items) => {
    const data = read(pairs.map(([person, item]) => `p${person},i${item},1,0\n`).join(""));
    const kept = keepPopular(data, { items });
    const counts = popularityScores(data);
    const inside = new Set(kept.items);
    const count = (id: string): number => counts[data.items.indexOf(id)]!;
    const least = Math.min(...kept.items.map(count));
    for (const id of data.items) if (!inside.has(id)) assert.ok(count(id) <= least);
    assert.equal(kept.items.length, Math.min(items, data.items.length));
    assert.equal(ratingCount(kept), kept.items.map(count).reduce((a, b) => a + b, 0));
    assert.deepEqual([...popularityScores(kept)], kept.items.map(count));
  }));
});

Deno.test("keep popular: numbers that are none are refused", () => {
  for (const items of [0, -1, 1.5, NaN]) {
    assert.throws(() => keepPopular(read("ann,a,1,9\n"), { items }), {
      name: "RangeError",
      message: `Cannot keep ${items} items: expected a whole number above 0`,
    });
  }
});
