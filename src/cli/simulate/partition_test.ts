import assert from "node:assert/strict";
import { seededRng } from "../../core/random.ts";
import { readTable } from "../../data/read_table.ts";
import { dealRows, type Partition, partitionWay } from "./partition.ts";

const ROWS = 120;
const labels = Float32Array.from({ length: ROWS }, (_, row) => row % 2);
const lines = Array.from({ length: ROWS }, (_, row) => `${row},${["a", "b", "a"][row % 3]}`);
const table = readTable({
  name: "rows.csv",
  bytes: new TextEncoder().encode(["number,branch", ...lines].join("\n")),
});

function deal(way: Partition, clients = 8) {
  return dealRows(table, { way, clients, labels, rng: seededRng(new Uint8Array(32)) });
}

Deno.test("partition: every row is somebody's, once, however rows are dealt", () => {
  const ways: Partition[] = [
    { kind: "iid" },
    { kind: "dirichlet", alpha: 0.1 },
    { kind: "column", name: "branch" },
  ];
  for (const way of ways) {
    const dealt = deal(way);
    const rows = dealt.flatMap(({ rows }) => [...rows]).toSorted((a, b) => a - b);
    assert.deepEqual(rows, Array.from({ length: ROWS }, (_, row) => row));
    assert.ok(dealt.every(({ rows }) => rows.length > 0));
    assert.equal(new Set(dealt.map(({ id }) => id)).size, dealt.length);
  }
});

Deno.test("partition: iid deals alike, Dirichlet by label, a column by its values", () => {
  assert.deepEqual(deal({ kind: "iid" }).map(({ rows }) => rows.length), Array(8).fill(15));
  const share = ({ rows }: { rows: Uint32Array }) =>
    rows.reduce((sum, row) => sum + (labels[row] ?? 0), 0) / rows.length;
  const shares = deal({ kind: "dirichlet", alpha: 0.05 }).map(share);
  assert.ok(shares.some((one) => one > 0.9) && shares.some((one) => one < 0.1));
  const branches = deal({ kind: "column", name: "branch" });
  assert.deepEqual(branches.map(({ id, rows }) => [id, rows.length]), [["a", 80], ["b", 40]]);
});

Deno.test("partition: a client that would have no row is none", () => {
  const dealt = deal({ kind: "iid" }, 2 * ROWS);
  assert.equal(dealt.length, ROWS);
});

Deno.test("partition: the way is read from its text", () => {
  assert.deepEqual(partitionWay("iid"), { kind: "iid" });
  assert.deepEqual(partitionWay("dirichlet:0.3"), { kind: "dirichlet", alpha: 0.3 });
  assert.deepEqual(partitionWay("column:a:b"), { kind: "column", name: "a:b" });
  for (const text of ["", "user", "iid:3", "dirichlet", "dirichlet:0", "dirichlet:-1", "column:"]) {
    assert.throws(() => partitionWay(text), /Expected iid, dirichlet:0.3 or column:NAME/, text);
  }
});
