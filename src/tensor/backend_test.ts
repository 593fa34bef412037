import assert from "node:assert/strict";
import type { Backend } from "./backend.ts";
import { BACKENDS } from "./backends_testing.ts";
import { type KernelName, KERNELS } from "./kernels.ts";

/** A test of what every backend promises. */
function testBackend(name: string, body: (backend: Backend) => void | Promise<void>): void {
  for (const backend of BACKENDS) {
    Deno.test(`backend: ${name} (${backend.name})`, () => body(backend.create()));
  }
}

testBackend("what was written is read, also by parts", async (backend) => {
  const slot = backend.alloc(16);
  backend.write(slot, Float32Array.of(1, -2, NaN, Infinity));
  assert.deepEqual(await backend.read(slot), Float32Array.of(1, -2, NaN, Infinity));
  const part = backend.slice(slot, { offset: 4, bytes: 8 });
  assert.equal(part.bytes, 8);
  assert.deepEqual(await backend.read(part), Float32Array.of(-2, NaN));
  backend.write(part, Float32Array.of(5, 6));
  assert.deepEqual(await backend.read(slot), Float32Array.of(1, 5, 6, Infinity));
  assert.deepEqual(await backend.read(backend.alloc(0)), new Float32Array(0));
});

testBackend("slots that memory grows for leave others as they were", async (backend) => {
  const small = backend.alloc(4);
  backend.write(small, Float32Array.of(42));
  const large = backend.alloc(8 * 2 ** 20);
  backend.write(large, new Float32Array(2 * 2 ** 20).fill(1));
  assert.deepEqual(await backend.read(small), Float32Array.of(42));
});

testBackend("what is read is what was there when it was asked for", async (backend) => {
  const slot = backend.alloc(8);
  backend.write(slot, Float32Array.of(1, 2));
  const read = backend.read(slot);
  backend.run("fill", [slot], [2, 9]);
  assert.deepEqual(await read, Float32Array.of(1, 2));
  assert.deepEqual(await backend.read(slot), Float32Array.of(9, 9));
});

testBackend("lengths, parts and marks that make no sense are refused", (backend) => {
  for (const bytes of [-4, 6, NaN, 1.5, Infinity]) {
    assert.throws(() => backend.alloc(bytes), /^RangeError: Cannot allocate /, `${bytes}`);
  }
  const slot = backend.alloc(8);
  for (const part of [[-4, 4], [0, 12], [8, 4], [2, 4], [0, 3], [4, -4], [NaN, 4]]) {
    const [offset = 0, bytes = 0] = part;
    assert.throws(() => backend.slice(slot, { offset, bytes }), /^RangeError: Cannot slice /);
  }
  assert.throws(
    () => backend.write(slot, Float32Array.of(1)),
    /^RangeError: Cannot write 1 values: the slot holds 2$/,
  );
  const mark = backend.mark();
  backend.alloc(64);
  backend.release(mark);
  assert.throws(() => backend.release(mark + 16), /^RangeError: Cannot release to /);
  assert.throws(() => backend.release(-1), /^RangeError: Cannot release to /);
});

testBackend("slots of another backend, or that were given back, are refused", (backend) => {
  const mine = backend.alloc(4);
  for (const { create } of BACKENDS) {
    const foreign = create().alloc(4);
    assert.throws(
      () => backend.run("scale", [mine, foreign], [1, 2]),
      /^TypeError: Cannot use a slot of another backend$/,
    );
    assert.throws(() => backend.slice(foreign, { offset: 0, bytes: 4 }), TypeError);
  }
  const mark = backend.mark();
  const late = backend.alloc(4);
  backend.release(mark);
  assert.throws(() => backend.run("fill", [late], [1, 0]), /^RangeError: .*released$/);
});

testBackend("a call that does not fit is refused before anything is written", async (backend) => {
  const [a, b, out] = [backend.alloc(12), backend.alloc(12), backend.alloc(12)];
  const short = backend.alloc(8);
  for (const slot of [a, b, out]) backend.write(slot, Float32Array.of(1, 2, 3));
  const cases: [() => void, RegExp][] = [
    [
      () => backend.run("add", [a, b], [3]),
      /^RangeError: Cannot run add on 2 operands: expected a, b, out$/,
    ],
    [() => backend.run("linear", [a], [1, 1, 1, 0]), /: expected x, w, bias\?, z\?, y$/],
    [
      () => backend.run("add", [a, b, out], []),
      /^RangeError: Cannot run add with 0 numbers: expected len$/,
    ],
    [() => backend.run("scale", [a, out], [3]), /with 1 numbers: expected len, factor$/],
    [() => backend.run("add", [a, null, out], [3]), /^RangeError: Cannot run add without b$/],
    [
      () => backend.run("add", [a, short, out], [3]),
      /^RangeError: Cannot run add on b of 2 values: expected 3$/,
    ],
    [
      () => backend.run("add", [a, b, out], [2]),
      /^RangeError: Cannot run add on a of 3 values: expected 2$/,
    ],
    [
      () => backend.run("add", [a, b, out], [-3]),
      /^RangeError: Cannot run add with len -3: expected a whole number/,
    ],
    [() => backend.run("add", [a, b, out], [NaN]), /with len NaN/],
    [() => backend.run("add", [a, b, out], [2 ** 32]), /with len 4294967296/],
    [() => backend.run("add", [a, b, out], [1.5]), /with len 1.5/],
  ];
  for (const [use, sentence] of cases) assert.throws(use, sentence);
  assert.deepEqual(await backend.read(out), Float32Array.of(1, 2, 3));
});

testBackend(
  "an index outside is named with its position, and nothing is written",
  async (backend) => {
    const [table, out] = [backend.alloc(24), backend.alloc(24)];
    const squares = backend.alloc(12);
    backend.write(table, Float32Array.of(1, 2, 3, 4, 5, 6));
    backend.write(squares, Float32Array.of(1, 2, 3));
    backend.write(out, Float32Array.of(9, 9, 9, 9, 9, 9));
    const indices = backend.alloc(12);
    backend.write(indices, Uint32Array.of(2, 3, 7));
    const calls: [KernelName, () => void][] = [
      ["gather", () => backend.run("gather", [table, indices, out], [3, 2, 3])],
      ["scatter_add", () => backend.run("scatter_add", [table, indices, out], [3, 2, 3])],
      ["row_sgd", () => backend.run("row_sgd", [table, indices, out], [3, 2, 3, 1])],
      [
        "row_adagrad",
        () => backend.run("row_adagrad", [table, squares, indices, out], [3, 2, 3, 1, 0]),
      ],
    ];
    for (const [kernel, use] of calls) {
      assert.throws(use, {
        name: "RangeError",
        message: `Cannot ${kernel} index 3 at position 1: expected one below 3`,
      });
    }
    const [losses, slope] = [backend.alloc(12), backend.alloc(24)];
    assert.throws(
      () => backend.run("cross_entropy", [out, indices, losses, slope], [3, 2, 0]),
      /^RangeError: Cannot cross_entropy index 2 at position 0: expected one below 2$/,
    );
    assert.deepEqual(await backend.read(table), Float32Array.of(1, 2, 3, 4, 5, 6));
    assert.deepEqual(await backend.read(squares), Float32Array.of(1, 2, 3));
    assert.deepEqual(await backend.read(out), new Float32Array(6).fill(9));
  },
);

testBackend("kernels of nothing do nothing", async (backend) => {
  const none = backend.alloc(0);
  const row = backend.alloc(8);
  backend.write(row, Float32Array.of(3, 4));
  backend.run("add", [none, none, none], [0]);
  backend.run("gemm", [none, none, row], [1, 2, 0, 0, 1, 2, 1, 2, 1, 1, 1]);
  assert.deepEqual(await backend.read(row), Float32Array.of(3, 4));
  backend.run("column_sum", [none, row], [0, 2]);
  assert.deepEqual(await backend.read(row), Float32Array.of(3, 4));
  backend.run("gather", [row, none, none], [1, 2, 0]);
  backend.run("softmax", [none, none], [0, 5]);
  const total = backend.alloc(4);
  backend.run("sum", [none, total], [0]);
  assert.deepEqual(await backend.read(total), Float32Array.of(0));
});

Deno.test("kernels: what each takes is told in one way", () => {
  for (const [name, { operands, numbers, whole, lookup }] of Object.entries(KERNELS)) {
    const all = operands.map(({ name }) => name);
    assert.equal(new Set(all).size, all.length, name);
    assert.ok(operands.some(({ written }) => written), `${name} writes`);
    assert.ok(whole >= 1 && whole <= numbers.length, name);
    // With sizes of one, every operand has a size; one that did not parse would have none.
    for (const operand of operands) {
      assert.ok(operand.values(numbers.map(() => 1)) >= 1, `${name} ${operand.name}`);
    }
    if (lookup !== undefined) {
      assert.match(all[lookup.indices]!, /^(indices|labels)$/);
      assert.match(numbers[lookup.count]!, /^(count|rows)$/);
      assert.match(numbers[lookup.bound]!, /^(rows|cols)$/);
    }
  }
});
