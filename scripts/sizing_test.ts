import assert from "node:assert/strict";
import { sizingTable } from "./sizing.ts";
import figures from "./sizing/figures.json" with { type: "json" };
import { sizeOf } from "./sizing/model.ts";

/** Words alone: the formatter sets columns and lines as it likes. */
function words(text: string): string[] {
  return text.split(/[\s|]+/).filter((word) => !/^:?-*:?$/.test(word));
}

Deno.test("sizing: the table of DEPLOY.md is what the script makes of its figures", async () => {
  const page = await Deno.readTextFile(new URL("../docs/DEPLOY.md", import.meta.url));
  const [, section = ""] = page.match(/<!-- begin sizing -->(.*)<!-- end sizing -->/s) ?? [];
  assert.deepEqual(words(section), words(sizingTable()));
});

Deno.test("sizing: every price and rate says where it is from, and of when", () => {
  for (const [name, { source, date }] of Object.entries({ ...figures.prices, it: figures.rates })) {
    assert.ok(source.length > 20, name);
    assert.match(date, /^20\d\d-\d\d(-\d\d)?$/, name);
  }
});

Deno.test("sizing: uploads weigh what the library makes them, and rates are those measured", () => {
  const small = sizeOf({ clients: 1, values: 1000 });
  const large = sizeOf({ clients: 1, values: 1_000_000 });
  // Four values of 19 bits share three words.
  assert.ok(large.uploadBytes > 3_000_000 && large.uploadBytes < 3_200_000);
  assert.ok(small.uploadBytes < 100_000);
  // What was measured of uploads of 3 MB; a server is planned for half of that, for 600 s.
  const { uploadsPerS = NaN } = figures.rates.points.at(-1) ?? {};
  const most = (servers: number) => uploadsPerS * 0.5 * 600 * servers;
  assert.equal(sizeOf({ clients: Math.floor(0.9 * most(1)), values: 1_000_000 }).servers, 1);
  assert.equal(sizeOf({ clients: Math.ceil(1.1 * most(1)), values: 1_000_000 }).servers, 2);
});

Deno.test("sizing: a model of 64 M values takes four accumulators, one of 16 M none", () => {
  const accumulators = (values: number) => sizeOf({ clients: 10, values }).objects.accumulators;
  assert.deepEqual([16_000_000, 17_000_000, 64_000_000].map(accumulators), [0, 2, 4]);
});

Deno.test("sizing: more clients or more values never cost less", () => {
  const sizes = [1000, 10_000, 100_000].flatMap((clients) =>
    [10_000, 100_000, 1_000_000].map((values) => ({ clients, values }))
  );
  for (const work of sizes) {
    const { usd } = sizeOf(work);
    for (const factor of [{ clients: 3 * work.clients }, { values: 3 * work.values }]) {
      const more = sizeOf({ ...work, ...factor }).usd;
      for (const name of ["cloudflare", "denoDeploy", "servers", "fleet"] as const) {
        assert.ok(more[name] >= usd[name], `${name} of ${JSON.stringify({ ...work, ...factor })}`);
      }
    }
  }
});
