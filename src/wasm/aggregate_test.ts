import assert from "node:assert/strict";
import fc from "fast-check";
import { isTributaryError } from "../core/errors.ts";
import { type AggregateCore, createAggregateCore, MAX_BITS, MIN_BITS } from "./aggregate.ts";
import type { Span } from "./core_memory.ts";
import { inlineModule } from "./inline.ts";

const module = await inlineModule("aggregate");

/** Puts values at a place that is `skip` words off the alignment that `alloc` gives. */
function place(core: AggregateCore, values: Uint32Array | Float32Array, skip = 0): Span {
  const whole = core.memory.alloc(values.byteLength + 4 * skip);
  const span = { ptr: whole.ptr + 4 * skip, bytes: values.byteLength };
  core.memory.u8(span).set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  return span;
}

/** Lengths that meet every tail of the kernels, and now and then a large one. */
const length = fc.oneof(
  { weight: 9, arbitrary: fc.nat(300) },
  fc.integer({ min: 4000, max: 9000 }),
);
const skip = fc.nat(3);
const words = length.chain((n) =>
  fc.tuple(
    fc.uint32Array({ minLength: n, maxLength: n }),
    fc.uint32Array({ minLength: n, maxLength: n }),
  )
);
const finite = length.chain((n) =>
  fc.float32Array({ minLength: n, maxLength: n, noNaN: true, noDefaultInfinity: true })
);

Deno.test("aggregate: addU32 and subU32 equal the scalar sum mod 2^32 at every length and offset", () => {
  fc.assert(
    fc.property(words, skip, skip, ([a, b], left, right) => {
      const core = createAggregateCore(module);
      const before = core.memory.alloc(16);
      const acc = place(core, a, left);
      const after = core.memory.alloc(16);
      const x = place(core, b, right);
      core.addU32(acc, x);
      assert.deepEqual(core.memory.u32(acc), a.map((word, i) => word + (b[i] ?? 0)));
      core.subU32(acc, x);
      assert.deepEqual(core.memory.u32(acc), a);
      core.subU32(acc, x);
      assert.deepEqual(core.memory.u32(acc), a.map((word, i) => word - (b[i] ?? 0)));
      assert.deepEqual(core.memory.u32(x), b);
      assert.deepEqual([...core.memory.u8(before), ...core.memory.u8(after)], Array(32).fill(0));
    }),
    { numRuns: 60 },
  );
});

Deno.test("aggregate: parcels add to the same bits in every order", () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint32Array({ minLength: 37, maxLength: 37 }), { minLength: 2, maxLength: 8 }),
      (parcels) => {
        const core = createAggregateCore(module);
        const spans = parcels.map((parcel) => place(core, parcel));
        const [one, two] = [core.memory.alloc(148), core.memory.alloc(148)];
        for (const span of spans) core.addU32(one, span);
        for (const span of spans.reverse()) core.addU32(two, span);
        assert.deepEqual(core.memory.u32(one), core.memory.u32(two));
      },
    ),
    { numRuns: 30 },
  );
});

Deno.test("aggregate: the squared norm equals eight partial sums in float64, bit for bit", () => {
  fc.assert(
    fc.property(finite, skip, (values, offset) => {
      const core = createAggregateCore(module);
      const s = new Float64Array(8);
      values.forEach((value, i) => s[i % 8] = s[i % 8]! + value * value);
      const [a, b, c, d, e, f, g, h] = [...s] as [
        number,
        number,
        number,
        number,
        number,
        number,
        number,
        number,
      ];
      const want = ((a + e) + (c + g)) + ((b + f) + (d + h));
      assert.equal(core.squaredNorm(place(core, values, offset)), want);
    }),
    { numRuns: 60 },
  );
});

Deno.test("aggregate: scale multiplies in float32, at every length and offset", () => {
  fc.assert(
    fc.property(
      finite,
      skip,
      fc.float({ noNaN: true, noDefaultInfinity: true }),
      (values, offset, factor) => {
        const core = createAggregateCore(module);
        const span = place(core, values, offset);
        core.scale(span, factor);
        assert.deepEqual(core.memory.f32(span), values.map((value) => value * factor));
      },
    ),
    { numRuns: 60 },
  );
});

Deno.test("aggregate: dequantise equals its rule in float64 rounded once, at every length and offset", () => {
  const grid = fc.integer({ min: MIN_BITS, max: MAX_BITS }).chain((bits) => {
    const limit = 2 ** (bits - 1) - 1;
    const most = Math.ceil(2 ** 31 / limit) - 1;
    return fc.tuple(
      fc.constant(bits),
      fc.integer({ min: 1, max: most }),
      length,
      fc.double({ min: 1e-6, max: 1e6, noNaN: true }),
    );
  });
  fc.assert(
    fc.property(
      grid,
      fc.infiniteStream(fc.nat(0xffffffff)),
      skip,
      ([bits, count, n, range], random, offset) => {
        const core = createAggregateCore(module);
        const limit = 2 ** (bits - 1) - 1;
        const sum = Uint32Array.from(
          { length: n },
          () => random.next().value % (2 * limit * count + 1),
        );
        const [at, out] = [place(core, sum, offset), core.memory.alloc(4 * n)];
        core.dequantise(at, out, { range, bits, count });
        assert.deepEqual(
          core.memory.f32(out),
          Float32Array.from(sum, (q) => (q - count * limit) * (range / limit)),
        );
      },
    ),
    { numRuns: 60 },
  );
});

Deno.test("aggregate: what does not fit is refused with a sentence, and nothing is changed", () => {
  const core = createAggregateCore(module);
  const a = place(core, Uint32Array.of(1, 2, 3, 4));
  const b = place(core, Uint32Array.of(5, 6, 7, 8));
  const short = { ptr: b.ptr, bytes: 12 };
  const late = { ptr: a.ptr + 4, bytes: 12 };
  const key = new Uint8Array(32);
  const grid = { range: 1, bits: 8 };
  const cases: [() => void, RegExp][] = [
    [
      () => core.addU32(a, short),
      /^RangeError: Cannot pair spans of 16 and 12 bytes: expected equal/,
    ],
    [
      () => core.subU32({ ptr: a.ptr, bytes: 12 }, late),
      /^RangeError: Cannot pair spans .* overlap$/,
    ],
    [() => core.addU32(a, a), /overlap$/],
    [() => core.addU32(a, { ptr: b.ptr + 2, bytes: 8 }), /whole aligned values of 4 bytes$/],
    [() => core.quantise(a, short, { ...grid, key, at: 0 }), /expected equal lengths$/],
    [
      () => core.quantise(a, b, { ...grid, key: key.subarray(1), at: 0 }),
      /key of 31 bytes: expected 32$/,
    ],
    [() => core.quantise(a, b, { ...grid, key, at: -1 }), /from word -1: a key's stream has 2\^36/],
    [
      () => core.quantise(a, b, { ...grid, key, at: 2 ** 36 - 3 }),
      /a key's stream has 2\^36 words$/,
    ],
    [() => core.dequantise(a, b, { ...grid, count: 0 }), /sum of 0 updates/],
    [() => core.dequantise(a, b, { range: 1, bits: 24, count: 257 }), /count·2L below 2\^32$/],
    [
      () => core.scale(a, Infinity),
      /^RangeError: Cannot scale by Infinity: expected a finite float32$/,
    ],
    [() => core.scale(a, 1e39), /^RangeError: Cannot scale by/],
  ];
  for (const bits of [1, 26, 8.5, NaN]) {
    cases.push([
      () => core.quantise(a, b, { range: 1, bits, key, at: 0 }),
      /whole number from 2 to 25$/,
    ]);
  }
  for (const range of [0, -1, NaN, Infinity, 1e-40, 1e60]) {
    cases.push([
      () => core.quantise(a, b, { range, bits: 8, key, at: 0 }),
      /^RangeError: Cannot quantise over/,
    ]);
    cases.push([
      () => core.dequantise(a, b, { range, bits: 8, count: 1 }),
      /^RangeError: Cannot quantise over/,
    ]);
  }
  const mark = core.memory.mark();
  for (const [use, sentence] of cases) assert.throws(use, sentence);
  assert.equal(core.memory.mark(), mark);
  assert.deepEqual([...core.memory.u32(a), ...core.memory.u32(b)], [1, 2, 3, 4, 5, 6, 7, 8]);
});

Deno.test("aggregate: a value that is not finite is refused wherever it stands, and named", () => {
  const core = createAggregateCore(module);
  for (const n of [1, 7, 64, 1029]) {
    for (const at of new Set([0, n >> 1, n - 1])) {
      for (const bad of [NaN, Infinity, -Infinity]) {
        const mark = core.memory.mark();
        const values = Float32Array.from({ length: n }, (_, i) => i === at ? bad : i);
        const [x, out] = [place(core, values), place(core, new Uint32Array(n).fill(9))];
        const named = (error: unknown): boolean =>
          isTributaryError(error, "update-not-finite") && error.status === 422 &&
          error.message ===
            `Cannot use a value that is ${bad} at index ${at}: expected finite values`;
        const key = new Uint8Array(32);
        assert.throws(() => core.quantise(x, out, { range: 1, bits: 8, key, at: 0 }), named);
        assert.throws(() => core.squaredNorm(x), named);
        assert.ok(core.memory.u32(out).every((word) => word === 9));
        core.memory.release(mark);
      }
    }
  }
});

Deno.test("aggregate: once disposed it refuses every use", () => {
  const core = createAggregateCore(module);
  const x = core.memory.alloc(4);
  core[Symbol.dispose]();
  assert.throws(() => core.squaredNorm(x), /^TypeError: Cannot use a core that was disposed$/);
});

Deno.test("aggregate: the first word above a bound is found at every length and offset", () => {
  const most = fc.oneof(fc.nat({ max: 2 ** 32 - 1 }), fc.constantFrom(0, 2 ** 32 - 1));
  fc.assert(
    fc.property(words, skip, most, ([found], left, most) => {
      using core = createAggregateCore(module);
      const span = place(core, found, left);
      assert.equal(core.firstAboveU32(span, most), found.findIndex((word) => word > most));
    }),
  );
  using core = createAggregateCore(module);
  for (const most of [-1, 2 ** 32, 1.5, NaN]) {
    assert.throws(() => core.firstAboveU32(core.memory.alloc(4), most), RangeError);
  }
});
