import assert from "node:assert/strict";
import { openResults, renderTable, saveResults } from "./results.ts";

const rows = [
  { clients: 600, world: 1, method: "popularity", hitRate: 0.45 },
  { clients: 600, world: 2, method: "popularity", hitRate: 0.46 },
  { clients: 6000, world: 1, method: "ε = 2", hitRate: 0.7512 },
];

Deno.test("privacy table: a row a method, means with the lowest and the highest, a dash for what is missing", () => {
  const table = renderTable({ settings: {}, measurements: rows }, {
    methods: ["popularity", "ε = 2"],
    sizes: [600, 6000],
  });
  assert.deepEqual(table.split("\n"), [
    "| HR@10 | 600 clients | 6,000 clients |",
    "| --- | ---: | ---: |",
    "| popularity | 0.455 (0.450–0.460) | – |",
    "| ε = 2 | – | 0.751 (one world) |",
  ]);
});

Deno.test("privacy table: what was measured under the same settings is gone on with, else begun anew", async () => {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/results.json`;
  try {
    assert.deepEqual(await openResults(path, { dim: 8 }), {
      settings: { dim: 8 },
      measurements: [],
    });
    await saveResults(path, { settings: { dim: 8 }, measurements: rows });
    assert.deepEqual((await openResults(path, { dim: 8 })).measurements, rows);
    assert.deepEqual((await openResults(path, { dim: 16 })).measurements, []);
    assert.deepEqual([...Deno.readDirSync(folder)].map(({ name }) => name), ["results.json"]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
