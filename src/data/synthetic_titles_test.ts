import assert from "node:assert/strict";
import { seededRng } from "../core/random.ts";
import { inventTitles } from "./synthetic_titles.ts";

Deno.test("titles: after all pairs of words a number tells them apart", () => {
  const titles = inventTitles(3300, seededRng(new Uint8Array(16).fill(7)));
  assert.equal(new Set(titles).size, 3300);
  assert.equal(titles[1600], `${titles[0]} 2`);
  assert.equal(titles[3200], `${titles[0]} 3`);
});
