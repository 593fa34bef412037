import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { testFolder } from "../_testing.ts";
import { openTable, openTableReading } from "./table_file.ts";

const LABEL = { name: "rich", positive: ["yes"] };

Deno.test("table file: a schema says how the table stands in its file, and what it means", async () => {
  await using folder = await testFolder();
  const written = {
    ...{ header: ["age", "rich"], delimiter: ";", comment: "#", label: LABEL },
    ...{ exclude: ["age"], missing: ["-"], columns: { age: { buckets: 3, log1p: true } } },
  };
  const path = await folder.write("schema.json", JSON.stringify(written));
  const { layout, meaning } = await openTableReading(path);
  assert.deepEqual(layout, { columns: ["age", "rich"], delimiter: ";", comment: "#" });
  const { header: _header, delimiter: _delimiter, comment: _comment, ...rest } = written;
  assert.deepEqual(meaning, rest);
  const file = await folder.write("people.csv", "# people\n39;yes\n50;no\n");
  const { table, source } = await openTable(file, layout);
  assert.deepEqual(table.cells, [["39", "50"], ["yes", "no"]]);
  assert.equal(source.name, "people.csv");
});

Deno.test("table file: the label alone is enough, and a table may be compressed", async () => {
  await using folder = await testFolder();
  const path = await folder.write("schema.json", JSON.stringify({ label: LABEL }));
  const { layout, meaning } = await openTableReading(path);
  assert.deepEqual(meaning, { label: LABEL });
  const bytes = gzipSync(new TextEncoder().encode("age,rich\n39,yes\n"));
  const { table } = await openTable(await folder.write("people.csv.gz", bytes), layout);
  assert.deepEqual([table.file, table.columns], ["people.csv", ["age", "rich"]]);
});

Deno.test("table file: the example's schema reads Adult's rows", async () => {
  const example = new URL("../../../examples/adult.json", import.meta.url);
  const { layout, meaning } = await openTableReading(decodeURIComponent(example.pathname));
  assert.equal(layout.columns?.length, 15);
  assert.equal(layout.columns?.at(-1), meaning.label.name);
  for (const name of [...meaning.exclude ?? [], ...Object.keys(meaning.columns ?? {})]) {
    assert.ok(layout.columns?.includes(name), name);
  }
});

Deno.test("table file: what is missing or misspelt is refused by name", async () => {
  await using folder = await testFolder();
  await assert.rejects(openTableReading(folder.path("none.json")), {
    code: "bad-data",
    message: /^Cannot open .*none.json: expected a table's schema as JSON$/,
  });
  await assert.rejects(openTable(folder.path("none.csv"), {}), {
    code: "bad-data",
    message: /^Cannot open .*none.csv: expected a table$/,
  });
  const wrong: unknown[] = [
    {},
    { label: { name: "rich" } },
    { label: LABEL, colums: {} },
    { label: LABEL, columns: { age: { bucket: 3 } } },
    { label: LABEL, header: "age" },
    { label: LABEL, delimiter: "" },
    { label: LABEL, delimiter: '"' },
  ];
  for (const schema of wrong) {
    const path = await folder.write("schema.json", JSON.stringify(schema));
    await assert.rejects(openTableReading(path), { code: "bad-data", message: /schema\.json/ });
  }
});
