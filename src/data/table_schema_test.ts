import assert from "node:assert/strict";
import fc from "fast-check";
import { featureNames, tableSchema, tableWidth } from "./table_schema.ts";
import type { TableColumn, TableSchema, Uncovered } from "./table_schema.ts";

const AGE: TableColumn = { kind: "numeric", name: "age", center: 40, scale: 10, missing: "zeros" };
const JOB: TableColumn = {
  kind: "categorical",
  name: "job",
  values: ["clerk", "king"],
  unknown: "slot",
  missing: "slot",
};
const SCHEMA: TableSchema = {
  columns: [AGE, JOB, { ...AGE, log1p: true, edges: [1, 2.5], missing: "slot" }],
  label: { name: "rich", positive: ["yes"], negative: ["no"] },
  missing: ["", "?"],
};

function refuses(change: Record<string, unknown>, sentence: string): void {
  assert.throws(() => tableSchema({ ...SCHEMA, ...change }), {
    name: "TributaryError",
    code: "bad-data",
    message: `Cannot use the schema of a table: ${sentence}`,
  });
}

Deno.test("table schema: what went through JSON is the same schema", () => {
  assert.deepEqual(tableSchema(JSON.parse(JSON.stringify(SCHEMA))), SCHEMA);
});

Deno.test("table schema: features are counted and named in order", () => {
  assert.equal(tableWidth(SCHEMA), 9);
  assert.deepEqual(featureNames(SCHEMA), [
    "age",
    "job = clerk",
    "job = king",
    "job = (other)",
    "job = (missing)",
    "ln(1 + age) < 1",
    "1 <= ln(1 + age) < 2.5",
    "2.5 <= ln(1 + age)",
    "age = (missing)",
  ]);
});

Deno.test("table schema: there are as many names as features, whatever the columns", () => {
  const uncovered = fc.constantFrom<Uncovered>("slot", "zeros", "refuse");
  const numeric = fc.record({ edges: fc.nat(4), missing: uncovered }).map((drawn): TableColumn => ({
    ...AGE,
    missing: drawn.missing,
    ...(drawn.edges > 0 && { edges: Array.from({ length: drawn.edges }, (_, at) => at) }),
  }));
  const categorical = fc.record({ values: fc.nat(4), unknown: uncovered, missing: uncovered }).map((
    drawn,
  ): TableColumn => ({
    ...{ kind: "categorical", name: "job", unknown: drawn.unknown, missing: drawn.missing },
    values: Array.from({ length: drawn.values }, (_, at) => `v${at}`),
  }));
  fc.assert(fc.property(fc.array(fc.oneof(numeric, categorical), { maxLength: 6 }), (columns) => {
    assert.equal(featureNames({ columns }).length, tableWidth({ columns }));
  }));
});

Deno.test("table schema: what is not one is refused with the part that does not fit", () => {
  assert.throws(() => tableSchema([]), { code: "bad-data" });
  refuses({ columns: [] }, "columns: must hold a column");
  refuses({ columns: "age" }, "columns: must be a list of columns");
  refuses(
    { columns: [AGE, { ...AGE, kind: "date" }] },
    "columns.1.kind: must be numeric or categorical",
  );
  refuses({ columns: [{ ...AGE, name: "" }] }, "columns.0.name: must not be empty");
  refuses({ columns: [{ ...AGE, center: NaN }] }, "columns.0.center: center must be a number");
  refuses({ columns: [{ ...AGE, scale: 0 }] }, "columns.0.scale: scale must be above 0");
  refuses({ columns: [{ ...AGE, edges: [] }] }, "columns.0.edges: must hold a number");
  refuses({ columns: [{ ...AGE, edges: [1, 1] }] }, "columns.0.edges: must ascend");
  refuses({ columns: [{ ...AGE, log1p: 1 }] }, "columns.0.log1p: must be true or false");
  refuses(
    { columns: [{ ...AGE, missing: "mean" }] },
    "columns.0.missing: must be slot, zeros or refuse",
  );
  refuses(
    { columns: [{ ...JOB, values: ["a", "a"] }] },
    "columns.0.values: must hold each text once",
  );
  refuses(
    { label: { name: "rich", positive: [], negative: ["no"] } },
    "label.positive: must hold a value",
  );
  refuses(
    { label: { name: "rich", positive: ["yes"], negative: ["no", "yes"] } },
    "label: positive and negative must have no value in common",
  );
  refuses({ missing: ["?", "?"] }, "missing: must hold each text once");
});

Deno.test("table schema: a stranger among the parts is refused, and so are too many features", () => {
  assert.throws(() => tableSchema({ ...SCHEMA, version: 2 }), {
    code: "bad-data",
    message: /version/,
  });
  assert.throws(
    () => tableSchema({ ...SCHEMA, columns: [{ ...AGE, weight: 1 }] }),
    /columns\.0\.weight/,
  );
  const values = Array.from({ length: 2 ** 19 }, (_, at) => String(at));
  const wide: TableColumn = { ...JOB, values, unknown: "zeros", missing: "zeros" };
  assert.equal(tableWidth(tableSchema({ ...SCHEMA, columns: [wide, wide] })), 2 ** 20);
  refuses({ columns: [wide, wide, AGE] }, "columns: must give at most 1048576 features");
});
