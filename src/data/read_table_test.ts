import assert from "node:assert/strict";
import fc from "fast-check";
import { sharedData } from "../../tests/shared_data.ts";
import { concatBytes, utf8 } from "../core/bytes.ts";
import { unpackGzip } from "./gzip.ts";
import { columnOf, partitionByColumn, readTable } from "./read_table.ts";
import type { Table, TableLayout } from "./read_table.ts";

function read(text: string | Uint8Array, layout?: TableLayout): Table {
  const bytes = typeof text === "string" ? utf8(text) : text;
  return readTable({ name: "people.csv", bytes }, layout);
}

function refuses(text: string | Uint8Array, sentence: string, layout?: TableLayout): void {
  assert.throws(() => read(text, layout), {
    name: "TributaryError",
    code: "bad-data",
    message: `Cannot read people.csv: ${sentence}`,
  });
}

Deno.test("table: cells come by column, with the line of each row", () => {
  assert.deepEqual(read("age,job\n39,clerk\n\n50,?\n"), {
    file: "people.csv",
    columns: ["age", "job"],
    cells: [["39", "50"], ["clerk", "?"]],
    lines: Uint32Array.of(2, 4),
  });
});

Deno.test("table: byte order mark, line ends, quotes, blanks and another delimiter change nothing", () => {
  const plain = read("age,job\n39,clerk\n50,\n");
  const mark = Uint8Array.of(0xef, 0xbb, 0xbf);
  assert.deepEqual(read(concatBytes([mark, utf8('"age","job"\r\n39, clerk \r\n"50",""')])), plain);
  assert.deepEqual(read("age;job\r39;clerk\r50;\r", { delimiter: ";" }), plain);
});

Deno.test("table: names may come from elsewhere, and lines of comment be passed over", () => {
  const text = "|1x3 Cross validator\n25, Private|x, <=50K.\n|end\n38, ?, >50K.\n";
  assert.deepEqual(read(text, { columns: ["age", "work", "income"], comment: "|" }), {
    file: "people.csv",
    columns: ["age", "work", "income"],
    cells: [["25", "38"], ["Private|x", "?"], ["<=50K.", ">50K."]],
    lines: Uint32Array.of(2, 4),
  });
});

Deno.test("table: what is written is read again", () => {
  const cell = fc.string({ unit: "grapheme", maxLength: 5 })
    .filter((text) => !/[\r\n\0\ufeff]/.test(text) && text.trim() === text);
  const rows = fc.array(fc.tuple(cell, cell), { minLength: 1, maxLength: 8 });
  fc.assert(fc.property(rows, (rows) => {
    const quote = (text: string): string => `"${text.replaceAll('"', '""')}"`;
    const text = rows.map((row) => row.map(quote).join(",")).join("\n");
    const table = read(text, { columns: ["a", "b"] });
    // A row of two empty cells is a row all the same.
    assert.deepEqual(table.cells[0]!.map((a, row) => [a, table.cells[1]![row]]), rows);
  }));
});

Deno.test("table: rows of another length, and an empty table, are refused", () => {
  refuses("a,b\n1,2\n3\n", "line 3 has 1 field, expected 2, one for each column");
  refuses("a,b\n1,2,3\n", "line 2 has 3 fields, expected 2, one for each column");
  refuses("1,2\n", "line 1 has 2 fields, expected 1, one for each column", { columns: ["a"] });
  refuses("", "it is empty, expected lines of text");
  refuses("a,b\n", "it holds no rows, expected at least one");
  refuses("\n\n", "it holds no rows, expected at least one");
  refuses("|x\n", "it holds no rows, expected at least one", { columns: ["a"], comment: "|" });
});

Deno.test("table: names of columns that are empty or repeated are refused", () => {
  const expected = "expected a name for each column, each once";
  refuses("\na,b,a\n1,2,3\n", `line 2 has the column "a" twice, ${expected}`);
  refuses("a,,b\n1,2,3\n", `line 1 has a column without a name, ${expected}`);
  assert.throws(() => read("1,2\n", { columns: ["a", "a"] }), {
    name: "RangeError",
    message: `Cannot read people.csv by the column "a" twice, ${expected}`,
  });
  assert.throws(() => read("1\n", { columns: [] }), {
    message: `Cannot read people.csv by no columns, ${expected}`,
  });
});

Deno.test("table: open quotes, endless lines and other encodings are refused", () => {
  refuses(
    'a\n"1\n2\n',
    "line 2 opens a quote that it does not close, expected a closing quote on the same line",
  );
  refuses(`a\n${"1".repeat(65537)}\n`, "line 2 is 65537 bytes long, expected at most 65536");
  refuses(
    Uint8Array.of(0x61, 10, 0xe4, 10),
    "line 2 holds bytes that are not UTF-8, expected UTF-8: save the file again in that encoding",
  );
});

Deno.test("table: a column that is not there is refused with those that are", () => {
  const table = read("a,b\n1,2\n");
  assert.deepEqual(columnOf(table, "b"), ["2"]);
  assert.throws(() => columnOf(table, "c"), {
    code: "bad-data",
    message: 'Cannot use column "c" of people.csv: its columns are "a, b", expected one of them',
  });
});

Deno.test("table: each value of a column makes a part, in order of appearance", () => {
  const table = read("branch,n\nwest,1\neast,2\nwest,3\n__proto__,4\n");
  assert.deepEqual(partitionByColumn(table, "branch"), [
    { value: "west", rows: Uint32Array.of(0, 2) },
    { value: "east", rows: Uint32Array.of(1) },
    { value: "__proto__", rows: Uint32Array.of(3) },
  ]);
  assert.throws(() => partitionByColumn(table, "city"), { code: "bad-data" });
});

const ADULT = sharedData("uci-adult/adult.test.gz");
const CREDIT = sharedData("uci-default-credit/UCI_Credit_Card.csv");

Deno.test({
  name: "table: Adult's test file has 16 281 rows of 15 columns",
  ignore: ADULT.ignore,
  async fn() {
    const columns = Array.from({ length: 15 }, (_, at) => `c${at}`);
    const table = readTable(await unpackGzip(ADULT.read()), { columns, comment: "|" });
    assert.equal(table.file, "adult.test");
    assert.equal(table.lines.length, 16_281);
    assert.deepEqual(table.cells.map(([cell]) => cell), [
      ...["25", "Private", "226802", "11th", "7", "Never-married", "Machine-op-inspct"],
      ...["Own-child", "Black", "Male", "0", "0", "40", "United-States", "<=50K."],
    ]);
    assert.equal(table.lines[16_280], 16_281);
  },
});

Deno.test({
  name:
    "table: the credit cards have 30 000 rows under their own header, 22.1 % of them in default",
  ignore: CREDIT.ignore,
  fn() {
    const table = readTable(CREDIT.read());
    assert.equal(table.columns.length, 25);
    const parts = partitionByColumn(table, "default.payment.next.month");
    assert.deepEqual(parts.map(({ value, rows }) => [value, rows.length]), [
      ["1", 6636],
      ["0", 23_364],
    ]);
  },
});
