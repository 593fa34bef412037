import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { fromHex } from "../core/bytes.ts";
import { createAggregateCore, MAX_BITS, MIN_BITS } from "./aggregate.ts";
import { inlineModule } from "./inline.ts";

const module = await inlineModule("aggregate");
const vectors = new URL("../../../shared/vectors/", import.meta.url);
const ignore = Deno.env.get("CI") !== "true" && !existsSync(vectors);

/** Known answers of one kind. */
function known<T extends { readonly kind: string }>(file: string, kind: T["kind"]): T[] {
  const { cases } = JSON.parse(readFileSync(new URL(file, vectors), "utf8")) as { cases: T[] };
  const found = cases.filter((one) => one.kind === kind);
  assert.ok(found.length > 0);
  return found;
}

function wordsOf(bytes: Uint8Array): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: bytes.length / 4 }, (_, i) => view.getUint32(4 * i, true));
}

/** Scalar reference of the ChaCha20 block function, RFC 8439 section 2.3. */
function chachaBlock(key: Uint8Array, counter: number, nonce = new Uint8Array(12)): Uint32Array {
  const constants = [0x61707865, 0x3320646e, 0x79622d32, 0x6b206574];
  const initial = Uint32Array.of(...constants, ...wordsOf(key), counter, ...wordsOf(nonce));
  const s = initial.slice();
  const mix = (to: number, from: number, into: number, bits: number): void => {
    s[to]! += s[from]!;
    const word = s[into]! ^ s[to]!;
    s[into] = (word << bits) | (word >>> (32 - bits));
  };
  for (let round = 0; round < 20; round++) {
    for (let i = 0; i < 4; i++) {
      const turn = (by: number): number => round % 2 === 0 ? i : (i + by) % 4;
      const [a, b, c, d] = [i, 4 + turn(1), 8 + turn(2), 12 + turn(3)] as const;
      for (const [x, y, z, bits] of [[a, b, d, 16], [c, d, b, 12], [a, b, d, 8], [c, d, b, 7]]) {
        mix(x!, y!, z!, bits!);
      }
    }
  }
  return s.map((word, i) => word + initial[i]!);
}

/** Scalar reference of rounding: the grid point of `y`, given a uniform of 24 bits. */
function roundGiven(y: number, u: number): number {
  return Math.floor(y) + (u < Math.fround(y - Math.floor(y)) ? 1 : 0);
}

/** Scalar reference of the quantiser's rule, value by value. */
function reference(
  x: Float32Array,
  range: number,
  bits: number,
  key: Uint8Array,
  at: number,
): Uint32Array {
  const limit = 2 ** (bits - 1) - 1;
  const scale = Math.fround(limit / range);
  const blocks = new Map<number, Uint32Array>();
  return Uint32Array.from(x, (value, i) => {
    const y = Math.max(-limit, Math.min(limit, Math.fround(value * scale)));
    const block = Math.floor((at + i) / 16);
    const words = blocks.get(block) ?? chachaBlock(key, block);
    blocks.set(block, words);
    return roundGiven(y, (words[(at + i) % 16]! >>> 8) / 2 ** 24) + limit;
  });
}

function quantised(
  x: Float32Array,
  options: { range: number; bits: number; key: Uint8Array; at: number },
  skip = 0,
): Uint32Array {
  using core = createAggregateCore(module);
  const whole = core.memory.alloc(x.byteLength + 4 * skip);
  const span = { ptr: whole.ptr + 4 * skip, bytes: x.byteLength };
  core.memory.f32(span).set(x);
  const out = core.memory.alloc(x.byteLength);
  core.quantise(span, out, options);
  return core.memory.u32(out).slice();
}

const key = fc.uint8Array({ minLength: 32, maxLength: 32 });
const bits = fc.integer({ min: MIN_BITS, max: MAX_BITS });
const length = fc.oneof(
  { weight: 9, arbitrary: fc.nat(300) },
  fc.integer({ min: 3000, max: 5000 }),
);
const place = fc.oneof(fc.nat(200), fc.maxSafeNat().map((n) => n % (2 ** 36 - 5000)));
const values = length.chain((n) =>
  fc.float32Array({ minLength: n, maxLength: n, min: -3, max: 3, noNaN: true })
);

Deno.test({
  name: "quantise: the reference's keystream equals the known answers of RFC 8439",
  ignore,
  fn() {
    type Keystream = {
      kind: "block" | "keystream";
      key: string;
      nonce: string;
      counter: number;
      keystream: string;
    };
    const cases = [
      ...known<Keystream>("chacha20.json", "block"),
      ...known<Keystream>("chacha20.json", "keystream"),
    ];
    for (const { key, nonce, counter, keystream } of cases) {
      const blocks = Math.ceil(keystream.length / 128);
      const stream = Array.from(
        { length: blocks },
        (_, i) => chachaBlock(fromHex(key), counter + i, fromHex(nonce)),
      );
      const bytes = stream.flatMap((block) => [...new Uint8Array(block.buffer)]);
      assert.deepEqual(
        Uint8Array.from(bytes).subarray(0, keystream.length / 2),
        fromHex(keystream),
      );
    }
  },
});

Deno.test({
  name: "quantise: rounding turns exactly between u and u + 2^-24 for every word of RFC 8439 A.1",
  ignore,
  fn() {
    type Block = { kind: "block"; key: string; nonce: string; counter: number; keystream: string };
    const zero = "00".repeat(12);
    const cases = known<Block>("chacha20.json", "block").filter(({ nonce }) => nonce === zero);
    assert.ok(cases.length >= 4);
    const limit = 2 ** (MAX_BITS - 1) - 1;
    for (const { key, counter, keystream } of cases) {
      const u = wordsOf(fromHex(keystream)).map((word) => (word >>> 8) / 2 ** 24);
      // One unit is one grid step, so that a value in [0, 1) is compared with u itself.
      const options = { range: limit, bits: MAX_BITS, key: fromHex(key), at: 16 * counter };
      const down = quantised(Float32Array.from(u), options);
      const up = quantised(Float32Array.from(u, (it) => it + 2 ** -24), options);
      assert.deepEqual([...down], u.map(() => limit));
      assert.deepEqual([...up], u.map(() => limit + 1));
    }
  },
});

Deno.test({
  name: "quantise: the rounding rule equals floor(y + u) of the vectors, with u counted from above",
  ignore,
  fn() {
    type Round = {
      kind: "stochastic_round_given_u";
      scale: number;
      x: number[];
      u: number[];
      integers: number[];
    };
    for (
      const { scale, x, u, integers } of known<Round>("quantise.json", "stochastic_round_given_u")
    ) {
      // floor(y + u) rounds up when 1 - u <= frac(y); ours when u < frac(y): the two agree at 1 - u
      // except on a tie, which 24 bits of u make as likely as any other value. None is in the file.
      const got = x.map((value, i) => roundGiven(value * scale, 1 - (u[i] ?? NaN)));
      assert.deepEqual(got, integers);
    }
  },
});

Deno.test("quantise: it equals the scalar reference at every length, offset, width and place", () => {
  fc.assert(
    fc.property(
      values,
      bits,
      key,
      place,
      fc.nat(3),
      fc.double({ min: 1e-3, max: 1e3, noNaN: true }),
      (x, bits, key, at, skip, range) => {
        const got = quantised(x, { range, bits, key, at }, skip);
        assert.deepEqual(got, reference(x, range, bits, key, at));
      },
    ),
    { numRuns: 80 },
  );
});

Deno.test("quantise: any float32 that is finite lands on the grid", () => {
  const any = fc.float32Array({ maxLength: 100, noNaN: true, noDefaultInfinity: true });
  fc.assert(fc.property(any, bits, key, (x, bits, key) => {
    const got = quantised(x, { range: 0.37, bits, key, at: 5 });
    assert.deepEqual(got, reference(x, 0.37, bits, key, 5));
    assert.ok(got.every((q) => q <= 2 ** bits - 2));
  }));
});

Deno.test("quantise: in pieces it gives the same bits as in one call", () => {
  fc.assert(
    fc.property(
      values,
      key,
      place,
      fc.double({ min: 0, max: 1, noNaN: true }),
      (x, key, at, share) => {
        const cut = Math.floor(x.length * share);
        const options = { range: 2, bits: 16, key };
        const whole = quantised(x, { ...options, at });
        const pieces = [
          quantised(x.slice(0, cut), { ...options, at }),
          quantised(x.slice(cut), { ...options, at: at + cut }),
        ];
        assert.deepEqual([...pieces[0]!, ...pieces[1]!], [...whole]);
      },
    ),
    { numRuns: 60 },
  );
});

Deno.test("quantise: the last word of a key's stream can be used, and no later one", () => {
  const x = new Float32Array(20).fill(0.3);
  const key = new Uint8Array(32).fill(3);
  const at = 2 ** 36 - 20;
  assert.deepEqual(quantised(x, { range: 1, bits: 9, key, at }), reference(x, 1, 9, key, at));
  assert.throws(() => quantised(x, { range: 1, bits: 9, key, at: at + 1 }), RangeError);
});

Deno.test("quantise: rounding is unbiased, to five standard errors over 200 000 draws", () => {
  const n = 200_000;
  for (const value of [0.1, -0.37, 0.501]) {
    const x = new Float32Array(n).fill(value);
    const got = quantised(x, { range: 127, bits: 8, key: new Uint8Array(32).fill(11), at: 0 });
    const mean = got.reduce((sum, q) => sum + q - 127, 0) / n;
    const fraction = value - Math.floor(value);
    assert.ok(Math.abs(mean - value) < 5 * Math.sqrt(fraction * (1 - fraction) / n), `${mean}`);
  }
});

Deno.test("quantise: what is summed over many updates comes back within a step an update", () => {
  fc.assert(
    fc.property(
      fc.array(fc.float32Array({ minLength: 50, maxLength: 50, min: -1, max: 1, noNaN: true }), {
        minLength: 1,
        maxLength: 12,
      }),
      bits.filter((it) => it <= 20),
      (updates, bits) => {
        using core = createAggregateCore(module);
        const sum = core.memory.alloc(200);
        const [x, q] = [core.memory.alloc(200), core.memory.alloc(200)];
        updates.forEach((update, i) => {
          core.memory.f32(x).set(update);
          core.quantise(x, q, { range: 1, bits, key: new Uint8Array(32).fill(i), at: 0 });
          core.addU32(sum, q);
        });
        core.dequantise(sum, x, { range: 1, bits, count: updates.length });
        const step = 1 / (2 ** (bits - 1) - 1);
        core.memory.f32(x).forEach((got, i) => {
          const want = updates.reduce((sum, update) => sum + update[i]!, 0);
          assert.ok(Math.abs(got - want) <= updates.length * (step + 1e-6), `${got} for ${want}`);
        });
      },
    ),
    { numRuns: 40 },
  );
});
