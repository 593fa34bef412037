import assert from "node:assert/strict";
import fc from "fast-check";
import { sharedData } from "../../tests/shared_data.ts";
import { utf8 } from "../core/bytes.ts";
import { encodeTable, readNumber, takeRows } from "./encode_table.ts";
import type { EncodedTable } from "./encode_table.ts";
import { unpackGzip } from "./gzip.ts";
import { inferSchema } from "./infer_schema.ts";
import { readTable } from "./read_table.ts";
import { featureNames, tableWidth } from "./table_schema.ts";
import type { CategoricalColumn, NumericColumn, TableColumn } from "./table_schema.ts";

const AGE: NumericColumn = { kind: "numeric", name: "age", center: 40, scale: 8, missing: "zeros" };
const JOB: CategoricalColumn = {
  ...{ kind: "categorical", name: "job", values: ["clerk", "king"] },
  ...{ unknown: "zeros", missing: "zeros" },
};

function encode(text: string, ...columns: TableColumn[]): EncodedTable {
  const label = { name: "rich", positive: ["yes", "yes."], negative: ["no", "no."] };
  const table = readTable({ name: "people.csv", bytes: utf8(`age,job,rich\n${text}`) });
  return encodeTable(table, { columns, label, missing: ["?", ""] });
}

function refuses(text: string, column: TableColumn, sentence: string): void {
  assert.throws(() => encode(text, column), {
    name: "TributaryError",
    code: "bad-data",
    message: `Cannot read people.csv: ${sentence}`,
  });
}

function rows({ features, labels }: EncodedTable): number[][] {
  const width = features.length / labels.length;
  return Array.from(labels, (_, row) => [...features.subarray(row * width, (row + 1) * width)]);
}

Deno.test("encode: numbers are centred and scaled, names get a one, labels of either spelling count", () => {
  const encoded = encode("48,clerk,no\n36,king,yes.\n40,clerk,no.\n", AGE, JOB);
  assert.equal(encoded.kind, "table");
  assert.deepEqual(rows(encoded), [[1, 1, 0], [-0.5, 0, 1], [0, 1, 0]]);
  assert.deepEqual([...encoded.labels], [0, 1, 0]);
});

Deno.test("encode: an edge begins the upper bucket", () => {
  const encoded = encode("9,x,no\n10,x,no\n19.9,x,no\n20,x,no\n-5,x,no\n", {
    ...AGE,
    edges: [10, 20],
  });
  assert.deepEqual(rows(encoded), [[1, 0, 0], [0, 1, 0], [0, 1, 0], [0, 0, 1], [1, 0, 0]]);
});

Deno.test("encode: a logarithm comes before centre, scale and edges", () => {
  const log: NumericColumn = { ...AGE, log1p: true, center: 0, scale: 1 };
  const encoded = encode("0,x,no\n99999,x,no\n", log, { ...log, edges: [1] });
  assert.deepEqual(rows(encoded), [[0, 1, 0], [Math.fround(Math.log1p(99999)), 0, 1]]);
  refuses("-1,x,no\n", log, 'line 2 has "-1" as "age", expected a finite number above -1');
});

Deno.test("encode: the same column may be used twice", () => {
  assert.deepEqual(rows(encode("48,x,no\n", AGE, { ...AGE, edges: [45] })), [[1, 0, 1]]);
});

Deno.test("encode: a missing number is zeros, a slot of its own, or refused", () => {
  assert.deepEqual(rows(encode("?,x,no\n,x,no\n", AGE)), [[0], [0]]);
  assert.deepEqual(rows(encode("?,x,no\n48,x,no\n", { ...AGE, missing: "slot" })), [[0, 1], [
    1,
    0,
  ]]);
  const buckets: NumericColumn = { ...AGE, edges: [45], missing: "slot" };
  assert.deepEqual(rows(encode("?,x,no\n48,x,no\n", buckets)), [[0, 0, 1], [0, 1, 0]]);
  refuses("?,x,no\n", { ...AGE, missing: "refuse" }, 'line 2 has "?" as "age", expected a number');
});

Deno.test("encode: other and missing names are zeros, slots of their own, or refused", () => {
  assert.deepEqual(rows(encode("1,cook,no\n1,?,no\n", JOB)), [[0, 0], [0, 0]]);
  const slots: CategoricalColumn = { ...JOB, unknown: "slot", missing: "slot" };
  assert.deepEqual(rows(encode("1,cook,no\n1,?,no\n1,king,no\n", slots)), [
    [0, 0, 1, 0],
    [0, 0, 0, 1],
    [0, 1, 0, 0],
  ]);
  assert.deepEqual(rows(encode("1,?,no\n", { ...JOB, missing: "slot" })), [[0, 0, 1]]);
  refuses(
    "1,king,no\n1,cook,no\n",
    { ...JOB, unknown: "refuse" },
    'line 3 has "cook" as "job", expected one of the 2 values of the schema',
  );
  refuses("1,?,no\n", { ...JOB, missing: "refuse" }, 'line 2 has "?" as "job", expected a value');
});

Deno.test("encode: a name of the schema is never missing, and __proto__ is a name", () => {
  const odd: CategoricalColumn = { ...JOB, values: ["?", "__proto__"], missing: "refuse" };
  assert.deepEqual(rows(encode("1,?,no\n1,__proto__,no\n1,constructor,no\n", odd)), [
    [1, 0],
    [0, 1],
    [0, 0],
  ]);
});

Deno.test("encode: numbers that are none, labels that are neither, lacking columns are refused", () => {
  for (const text of ["old", "1e39", "NaN", "Infinity", "0x1f", "1 2"]) {
    refuses(`${text},x,no\n`, AGE, `line 2 has "${text}" as "age", expected a finite number`);
  }
  refuses(
    "2e-30,x,no\n-1e20,x,no\n",
    { ...AGE, center: 0, scale: 1e-30 },
    'line 3 has "-1e20" as "age", expected a number nearer to 0, on a scale of 1e-30',
  );
  refuses(
    "1,x,no\n1,x,maybe\n",
    AGE,
    'line 3 has "maybe" as "rich", expected one of "no", "no.", "yes", "yes."',
  );
  assert.throws(() => encode("1,x,no\n", { ...AGE, name: "height" }), {
    message: 'Cannot use column "height" of people.csv: its columns are "age, job, rich", ' +
      "expected one of them",
  });
});

Deno.test("encode: numbers are read as they are written", () => {
  assert.equal(readNumber("-1.5e2", false), -150);
  assert.equal(readNumber("", false), undefined);
  assert.equal(readNumber("1e400", false), undefined);
  assert.equal(readNumber("-2", true), undefined);
  fc.assert(fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (value) => {
    assert.equal(readNumber(String(value), false), value === 0 ? Number(String(value)) : value);
  }));
});

Deno.test("encode: a client's part has the rows asked for, in buffers of its own", () => {
  const all = encode("48,clerk,no\n36,king,yes\n40,x,no\n", AGE, JOB);
  const part = takeRows(all, Uint32Array.of(2, 1, 1));
  assert.deepEqual(rows(part), [[0, 0, 0], [-0.5, 0, 1], [-0.5, 0, 1]]);
  assert.deepEqual([...part.labels], [0, 1, 1]);
  part.features[0] = 7;
  assert.equal(all.features[6], 0);
  assert.deepEqual(takeRows(all, new Uint32Array()).features.length, 0);
  assert.throws(() => takeRows(all, Uint32Array.of(3)), RangeError);
});

const TRAIN = sharedData("uci-adult/adult.data.gz");
const TEST = sharedData("uci-adult/adult.test.gz");
const ADULT_COLUMNS = [
  ...["age", "workclass", "fnlwgt", "education", "education-num", "marital-status", "occupation"],
  ...["relationship", "race", "sex", "capital-gain", "capital-loss", "hours-per-week"],
  ...["native-country", "income"],
];

Deno.test({
  name: "encode: Adult's two files become 106 features by the schema of the first",
  ignore: TRAIN.ignore || TEST.ignore,
  async fn() {
    const layout = { columns: ADULT_COLUMNS, comment: "|" };
    const train = readTable(await unpackGzip(TRAIN.read()), layout);
    const test = readTable(await unpackGzip(TEST.read()), layout);
    const schema = inferSchema(train, {
      label: { name: "income", positive: [">50K", ">50K."], negative: ["<=50K", "<=50K."] },
      exclude: ["fnlwgt", "education-num"],
      columns: { "capital-gain": { log1p: true }, "capital-loss": { log1p: true } },
    });
    // 4 numbers; 8 + 16 + 7 + 14 + 6 + 5 + 2 + 41 names; a slot for each of 3 columns with a "?".
    assert.equal(tableWidth(schema), 4 + 99 + 3);
    const [one, other] = [encodeTable(train, schema), encodeTable(test, schema)];
    assert.equal(one.labels.length, 32_561);
    assert.equal(other.features.length, 16_281 * tableWidth(schema));
    assert.deepEqual([one, other].map(({ labels }) => labels.reduce((a, b) => a + b, 0)), [
      7841,
      3846,
    ]);
    const missing = featureNames(schema).indexOf("occupation = (missing)");
    const count = one.labels.reduce(
      (sum, _, row) => sum + one.features[row * tableWidth(schema) + missing]!,
      0,
    );
    assert.equal(count, 1843);
    // Mean 0 and variance 1 over the rows that the schema was taken from.
    const ages = Float64Array.from(one.labels, (_, row) => one.features[row * tableWidth(schema)]!);
    assert.ok(Math.abs(ages.reduce((sum, x) => sum + x, 0)) / ages.length < 1e-6);
    assert.ok(Math.abs(ages.reduce((sum, x) => sum + x * x, 0) / ages.length - 1) < 1e-6);
  },
});
