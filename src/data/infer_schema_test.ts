import assert from "node:assert/strict";
import fc from "fast-check";
import { sharedData } from "../../tests/shared_data.ts";
import { utf8 } from "../core/bytes.ts";
import { encodeTable } from "./encode_table.ts";
import { inferSchema } from "./infer_schema.ts";
import type { ColumnHint, InferSchemaOptions } from "./infer_schema.ts";
import { readTable } from "./read_table.ts";
import type { Table } from "./read_table.ts";
import { type NumericColumn, tableWidth } from "./table_schema.ts";

function table(text: string): Table {
  return readTable({ name: "people.csv", bytes: utf8(text) });
}

const RICH: InferSchemaOptions = { label: { name: "rich", positive: ["yes"] } };

/** The schema's column of a table of one column beside the label. */
function column(cells: readonly string[], hint: ColumnHint = {}): unknown {
  const text = `x,rich\n${cells.map((cell) => `"${cell}",no\n`).join("")}`;
  return inferSchema(table(text), { ...RICH, columns: { x: hint } }).columns[0];
}

function refuses(act: () => unknown, sentence: string): void {
  assert.throws(act, { name: "TributaryError", code: "bad-data", message: sentence });
}

Deno.test("infer: numbers by mean and deviation, names in alphabetical order, the label apart", () => {
  const text = "id,age,job,rich\n1,30,king,yes\n2,50,clerk,no\n3,40,king,perhaps\n4,40,?,no\n";
  assert.deepEqual(inferSchema(table(text), { ...RICH, exclude: ["id"] }), {
    columns: [
      { kind: "numeric", name: "age", center: 40, scale: Math.sqrt(50), missing: "zeros" },
      {
        ...{ kind: "categorical", name: "job", values: ["clerk", "king"] },
        ...{ unknown: "zeros", missing: "slot" },
      },
    ],
    label: { name: "rich", positive: ["yes"], negative: ["no", "perhaps"] },
    missing: ["", "?"],
  });
});

Deno.test("infer: the order of the rows changes nothing, down to the last bit", () => {
  const row = fc.tuple(fc.double({ min: -1e6, max: 1e6 }), fc.constantFrom("a", "b", "c"));
  const rows = fc.array(row, { minLength: 2, maxLength: 20 });
  fc.assert(fc.property(rows, (rows) => {
    const read = (rows: readonly (readonly [number, string])[]): Table =>
      table(`n,job,rich\n${rows.map(([n, job]) => `${n},${job},no\n`).join("")}`);
    const options = { ...RICH, columns: { n: { buckets: 3 } } };
    assert.deepEqual(
      inferSchema(read(rows), options),
      inferSchema(read(rows.toReversed()), options),
    );
  }));
});

Deno.test("infer: a column of numbers may be taken as names, and all numbers equal have scale 1", () => {
  assert.deepEqual(column(["1", "2", "1"], { kind: "categorical" }), {
    ...{ kind: "categorical", name: "x", values: ["1", "2"], unknown: "zeros", missing: "zeros" },
  });
  assert.deepEqual(column(["7", "7"]), {
    ...{ kind: "numeric", name: "x", center: 7, scale: 1, missing: "zeros" },
  });
});

Deno.test("infer: centre and scale are those of the logarithms where these are asked for", () => {
  const { center, scale, log1p } = column(["0", String(Math.E ** 2 - 1)], {
    log1p: true,
  }) as NumericColumn;
  assert.ok(Math.abs(center - 1) < 1e-12 && Math.abs(scale - 1) < 1e-12);
  assert.equal(log1p, true);
});

Deno.test("infer: buckets have about equally many rows, and equal numbers share one", () => {
  const edges = (cells: readonly number[], buckets: number | readonly number[]): unknown =>
    (column(cells.map(String), { buckets }) as NumericColumn).edges;
  const hundred = Array.from({ length: 100 }, (_, at) => at);
  assert.deepEqual(edges(hundred, 4), [25, 50, 75]);
  assert.deepEqual(edges(hundred, [10, 20]), [10, 20]);
  assert.deepEqual(edges([0, 0, 0, 0, 0, 0, 0, 5, 6, 7], 5), [6]);
  assert.deepEqual(edges([0, 1], 5), [1]);
  assert.equal(edges([3, 3], 5), undefined);
  for (const buckets of [1, 2.5, NaN]) assert.throws(() => edges([1, 2], buckets), RangeError);
});

Deno.test("infer: with more buckets than rows, each number has its own", () => {
  const { edges } = column(["3", "1", "2", "2"], { buckets: 1e12 }) as NumericColumn;
  assert.deepEqual(edges, [2, 3]);
});

Deno.test("infer: every bucket has a row, whatever the numbers", () => {
  const numbers = fc.array(fc.nat(30), { minLength: 2, maxLength: 40 })
    .filter((list) => new Set(list).size > 1);
  fc.assert(
    fc.property(numbers, fc.integer({ min: 2, max: 8 }), (numbers, buckets) => {
      const rows = table(`x,rich\n${numbers.map((x) => `${x},no\n`).join("")}`);
      const schema = inferSchema(rows, { ...RICH, columns: { x: { buckets } } });
      const width = tableWidth(schema);
      assert.ok(width <= buckets);
      const { features } = encodeTable(rows, schema);
      for (let bucket = 0; bucket < width; bucket++) {
        assert.ok(numbers.some((_, row) => features[row * width + bucket] === 1));
      }
    }),
    { examples: [[[4, 3, 3], 2]], numRuns: 500 },
  );
});

Deno.test("infer: rare names share a slot, unless they are to be refused", () => {
  const cells = ["a", "a", "b", "c", "c"];
  const expected = { kind: "categorical", name: "x", values: ["a", "c"], missing: "zeros" };
  assert.deepEqual(column(cells, { leastRows: 2 }), { ...expected, unknown: "slot" });
  assert.deepEqual(column(cells, { leastRows: 2, unknown: "refuse" }), {
    ...expected,
    unknown: "refuse",
  });
});

Deno.test("infer: missing cells get a slot where there are some, unless something else is said", () => {
  const missing = (cells: readonly string[], hint?: ColumnHint): unknown =>
    (column(cells, hint) as NumericColumn).missing;
  assert.equal(missing(["1", "2"]), "zeros");
  assert.equal(missing(["1", "?"]), "slot");
  assert.equal(missing(["1", ""]), "slot");
  assert.equal(missing(["1", "?"], { missing: "refuse" }), "refuse");
});

Deno.test("infer: what does not fit is refused", () => {
  const one = table("x,y,rich\n1,?,no\n2,?,no\na,?,yes\n");
  refuses(
    () => inferSchema(one, { ...RICH, exclude: ["y"], columns: { x: { kind: "numeric" } } }),
    'Cannot take column "x" of people.csv as numeric: found "a", expected numbers only',
  );
  refuses(
    () => inferSchema(one, RICH),
    'Cannot tell what column "y" of people.csv is: all its cells are missing, ' +
      "expected some, or the column among the excluded",
  );
  for (const options of [{ ...RICH, exclude: ["z"] }, { ...RICH, columns: { z: {} } }]) {
    refuses(
      () => inferSchema(one, options),
      'Cannot use column "z" of people.csv: its columns are "x, y, rich", expected one of them',
    );
  }
  refuses(
    () => column(["1", "-1"], { kind: "numeric", log1p: true }),
    'Cannot take column "x" of people.csv as numeric: found "-1", expected numbers above -1 only',
  );
  refuses(
    () => inferSchema(table("x,rich\n1,yes\n"), RICH),
    "Cannot use the schema of a table: label.negative: must hold a value",
  );
  refuses(
    () => column(["1", "2"], { buckets: [2, 1] }),
    "Cannot use the schema of a table: columns.0.edges: must ascend",
  );
});

const CREDIT = sharedData("uci-default-credit/UCI_Credit_Card.csv");

Deno.test({
  name: "infer: the credit cards have 33 features when the codes are taken as names",
  ignore: CREDIT.ignore,
  fn() {
    const names: ColumnHint = { kind: "categorical" };
    const credit = readTable(CREDIT.read());
    const schema = inferSchema(credit, {
      label: { name: "default.payment.next.month", positive: ["1"] },
      exclude: ["ID"],
      columns: { SEX: names, EDUCATION: names, MARRIAGE: names },
    });
    assert.deepEqual(schema.label.negative, ["0"]);
    assert.equal(schema.columns.length, 23);
    assert.equal(tableWidth(schema), 20 + 2 + 7 + 4);
    const { center } = schema.columns[0] as NumericColumn;
    assert.ok(Math.abs(center - 167_484.322667) < 1e-6);
    const { features, labels } = encodeTable(credit, schema);
    assert.equal(features.length, 30_000 * 33);
    assert.ok(features.every(Number.isFinite));
    assert.equal(labels.reduce((sum, label) => sum + label, 0), 6636);
  },
});
