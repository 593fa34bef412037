import assert from "node:assert/strict";
import { faultsText, treeText } from "./describe.ts";

Deno.test("describe: a tree from the root down", () => {
  assert.equal(treeText([]), "all at the root");
  assert.equal(treeText([1]), "a root, 1 region");
  assert.equal(treeText([3, 4]), "a root, 3 regions, 4 regions below each");
});

Deno.test("describe: what goes wrong, and that nothing does", () => {
  assert.equal(faultsText({}), "nothing goes wrong");
  assert.equal(faultsText({ dropout: 0, pace: { trainMs: 0 } }), "nothing goes wrong");
  assert.equal(
    faultsText({ dropout: 0.1, lost: 0.025, regionDropout: 0.5 }),
    "10 % of the clients away in a round, 2.5 % of those who train lost before they send, " +
      "50 % of the regions away in a round",
  );
  assert.equal(
    faultsText({ pace: { trainMs: 2500, bytesPerSecond: 125_000 } }),
    "training takes 2.5 s at the median, links of 125 kB a second at the median",
  );
});
